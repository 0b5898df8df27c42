//! Phones, e-mails, sites and messengers of the CRM.

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::number;

/// One phone, e-mail, site or messenger of a lead, contact or company.
///
/// It is read in the spelling of the classic methods (`PHONE: [{ID, VALUE,
/// VALUE_TYPE, TYPE_ID}]`) and of `crm.item.*` (`fm: [{id, value, valueType,
/// typeId}]`), and written in the former; for the latter use
/// [`items`].
///
/// In an update a value with its id is changed, one without is **added**, and
/// [`Multifield::remove`] takes one away: an update that is sent twice adds
/// twice.
///
/// ```
/// use b24::value::Multifield;
/// use serde_json::json;
///
/// let fields = json!({ "PHONE": [
///     Multifield::new("+49 30 901820", "WORK"),
///     Multifield::remove(17),
/// ]});
/// assert_eq!(fields, json!({ "PHONE": [
///     { "VALUE": "+49 30 901820", "VALUE_TYPE": "WORK" },
///     { "ID": 17, "DELETE": "Y" },
/// ]}));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Multifield {
    /// Its id; none before it is stored.
    pub id: Option<u64>,
    /// The phone number, the address …
    pub value: String,
    /// What it is for: `WORK`, `HOME`, `MOBILE`, `TELEGRAM` …
    pub value_type: String,
    /// What it is: `PHONE`, `EMAIL`, `WEB`, `IM` or `LINK`; may be missing in
    /// what is sent to classic methods, where the field says it.
    pub type_id: Option<String>,
    remove: bool,
}

impl Multifield {
    /// A new value of a field.
    pub fn new(value: impl Into<String>, value_type: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            value_type: value_type.into(),
            ..Self::default()
        }
    }

    /// The order to remove a stored value.
    pub fn remove(id: u64) -> Self {
        Self {
            id: Some(id),
            remove: true,
            ..Self::default()
        }
    }

    /// The same with its kind, which `crm.item.*` needs: `PHONE`, `EMAIL` …
    #[must_use]
    pub fn of_type(mut self, type_id: impl Into<String>) -> Self {
        self.type_id = Some(type_id.into());
        self
    }

    fn write<S: Serializer>(&self, names: &Names, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(id) = self.id {
            map.serialize_entry(names.id, &id)?;
        }
        if self.remove {
            map.serialize_entry(names.delete, "Y")?;
        } else {
            map.serialize_entry(names.value, &self.value)?;
            if !self.value_type.is_empty() {
                map.serialize_entry(names.value_type, &self.value_type)?;
            }
        }
        if let Some(type_id) = &self.type_id {
            map.serialize_entry(names.type_id, type_id)?;
        }
        map.end()
    }
}

struct Names {
    id: &'static str,
    value: &'static str,
    value_type: &'static str,
    type_id: &'static str,
    delete: &'static str,
}

const CLASSIC: Names = Names {
    id: "ID",
    value: "VALUE",
    value_type: "VALUE_TYPE",
    type_id: "TYPE_ID",
    delete: "DELETE",
};

const ITEM: Names = Names {
    id: "id",
    value: "value",
    value_type: "valueType",
    type_id: "typeId",
    delete: "delete",
};

impl Serialize for Multifield {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.write(&CLASSIC, serializer)
    }
}

impl<'de> Deserialize<'de> for Multifield {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Read {
            #[serde(alias = "ID", default, with = "number::option")]
            id: Option<u64>,
            #[serde(alias = "VALUE", default)]
            value: Option<String>,
            #[serde(alias = "VALUE_TYPE", alias = "valueType", default)]
            value_type: Option<String>,
            #[serde(alias = "TYPE_ID", alias = "typeId", default)]
            type_id: Option<String>,
        }

        let Read {
            id,
            value,
            value_type,
            type_id,
        } = Read::deserialize(deserializer)?;
        let (value, value_type) = (value.unwrap_or_default(), value_type.unwrap_or_default());
        Ok(Self {
            id,
            value,
            value_type,
            type_id,
            remove: false,
        })
    }
}

/// Writes multifields as `crm.item.*` takes them, in the field `fm`.
///
/// ```
/// use b24::value::Multifield;
///
/// #[derive(serde::Serialize)]
/// struct Contact {
///     #[serde(serialize_with = "b24::value::multifield::items")]
///     fm: Vec<Multifield>,
/// }
///
/// let phone = Multifield::new("+49 30 901820", "WORK").of_type("PHONE");
/// assert_eq!(
///     serde_json::to_string(&Contact { fm: vec![phone] })?,
///     r#"{"fm":[{"value":"+49 30 901820","valueType":"WORK","typeId":"PHONE"}]}"#,
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// Only the serializer's own.
pub fn items<S: Serializer>(fields: &[Multifield], serializer: S) -> Result<S::Ok, S::Error> {
    struct Item<'a>(&'a Multifield);

    impl Serialize for Item<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.write(&ITEM, serializer)
        }
    }

    serializer.collect_seq(fields.iter().map(Item))
}
