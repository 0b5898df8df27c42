//! Fields that a model does not name.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::redact;

/// The fields of a row that its model does not name: custom fields (`ufCrm_…`, `UF_…`), links to
/// parents (`parentId128`), and what the portal added since. Empty ones (`null`) are left out.
///
/// [`read`](Self::read) reads them into a struct of your own, with the helpers of
/// [`value`](crate::value):
///
/// ```
/// use b24::model::Deal;
/// use b24::value::{self, Money};
///
/// #[derive(serde::Deserialize)]
/// struct MyFields {
///     #[serde(rename = "ufCrm_1704067201")]
///     machine: Option<String>,
///     #[serde(default, rename = "ufCrm_1704067207", with = "value::money::option")]
///     budget: Option<Money>,
/// }
///
/// let mut deal: Deal = serde_json::from_str(
///     r#"{"id": 5, "ufCrm_1704067201": "lathe", "ufCrm_1704067207": "10.50|EUR", "parentId128": null}"#,
/// )?;
/// let mine: MyFields = deal.extra.read()?;
/// assert_eq!(mine.machine.as_deref(), Some("lathe"));
/// assert_eq!(mine.budget.unwrap().currency, "EUR");
/// assert!(deal.extra.get("parentId128").is_none());
///
/// deal.extra.set("ufCrm_1704067201", "mill")?;
/// assert_eq!(deal.extra.get("ufCrm_1704067201").unwrap(), "mill");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `Debug` masks secrets: the portal gives files as links that carry a token.
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Extra(BTreeMap<String, Value>);

impl Extra {
    /// Reads the fields as a struct or map.
    ///
    /// # Errors
    /// [`Kind::Answer`](crate::Kind::Answer), with the field that is not what `T` says.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let fields = self.0.iter().map(|(name, value)| (name.as_str(), value));
        serde_path_to_error::deserialize(MapDeserializer::<_, serde_json::Error>::new(fields))
            .map_err(|error| Error::answer(error.to_string()))
    }

    /// The value of a field, by the name in the answer.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Sets a field, to be written with the model.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) if the value cannot be written as JSON.
    pub fn set(&mut self, name: impl Into<String>, value: impl Serialize) -> Result<(), Error> {
        let name = name.into();
        let value = serde_json::to_value(value)
            .map_err(|error| Error::usage(format!("field {name} cannot be sent: {error}")))?;
        self.0.insert(name, value);
        Ok(())
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self
            .iter()
            .map(|(name, value)| (name, redact::under(name, value)));
        f.debug_map().entries(shown).finish()
    }
}

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExtraVisitor;

        impl<'de> Visitor<'de> for ExtraVisitor {
            type Value = Extra;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Extra, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if !value.is_null() {
                        fields.insert(name, value);
                    }
                }
                Ok(Extra(fields))
            }
        }

        deserializer.deserialize_map(ExtraVisitor)
    }
}
