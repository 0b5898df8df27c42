//! The kinds of CRM objects and links to them.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use super::number;

/// A kind of CRM object: what `crm.item.*` calls `entityTypeId`.
///
/// ```
/// use b24::value::EntityType;
///
/// assert_eq!(EntityType::Deal.id(), 2);
/// assert_eq!(EntityType::Deal.name(), "DEAL");
/// assert_eq!(EntityType::Company.abbreviation(), "CO");
///
/// // Smart processes have ids from 128 on.
/// let process = EntityType::from_id(128).unwrap();
/// assert_eq!((process.name().as_ref(), process.abbreviation().as_ref()), ("DYNAMIC_128", "T80"));
///
/// assert_eq!("deal".parse(), Ok(EntityType::Deal));
/// assert_eq!("T80".parse(), Ok(process));
/// assert_eq!("31".parse(), Ok(EntityType::SmartInvoice));
/// ```
///
/// It is written as its id, and read from the id as a number or as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EntityType {
    /// 1
    Lead,
    /// 2
    Deal,
    /// 3
    Contact,
    /// 4
    Company,
    /// 5: the old invoices.
    Invoice,
    /// 7: estimates.
    Quote,
    /// 8
    Requisite,
    /// 14
    Order,
    /// 31: invoices.
    SmartInvoice,
    /// From 128 on: smart processes, by their `entityTypeId`.
    Dynamic(u32),
}

/// Not a kind of CRM object, or not a link to one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct EntityError {
    text: String,
    expected: &'static str,
}

/// Ids, names, abbreviations and the entities of custom fields.
const KNOWN: [(EntityType, u32, &str, &str, &str); 9] = [
    (EntityType::Lead, 1, "LEAD", "L", "CRM_LEAD"),
    (EntityType::Deal, 2, "DEAL", "D", "CRM_DEAL"),
    (EntityType::Contact, 3, "CONTACT", "C", "CRM_CONTACT"),
    (EntityType::Company, 4, "COMPANY", "CO", "CRM_COMPANY"),
    (EntityType::Invoice, 5, "INVOICE", "I", "CRM_INVOICE"),
    (EntityType::Quote, 7, "QUOTE", "Q", "CRM_QUOTE"),
    (EntityType::Requisite, 8, "REQUISITE", "RQ", "CRM_REQUISITE"),
    (EntityType::Order, 14, "ORDER", "O", "ORDER"),
    (
        EntityType::SmartInvoice,
        31,
        "SMART_INVOICE",
        "SI",
        "CRM_SMART_INVOICE",
    ),
];

/// The first id of smart processes.
const FIRST_DYNAMIC: u32 = 128;

type Text = std::borrow::Cow<'static, str>;

impl EntityType {
    /// The kind with this id, if there is one.
    pub fn from_id(id: u32) -> Option<Self> {
        if id >= FIRST_DYNAMIC {
            return Some(Self::Dynamic(id));
        }
        KNOWN
            .iter()
            .find(|(_, known, ..)| *known == id)
            .map(|(kind, ..)| *kind)
    }

    /// Its id.
    pub fn id(self) -> u32 {
        match self {
            Self::Dynamic(id) => id,
            known => known.row().1,
        }
    }

    /// Its name: `DEAL`, `DYNAMIC_128`.
    pub fn name(self) -> Text {
        match self {
            Self::Dynamic(id) => format!("DYNAMIC_{id}").into(),
            known => known.row().2.into(),
        }
    }

    /// Its abbreviation in links: `D`, and of a smart process the id in
    /// hexadecimal digits, `T80`.
    pub fn abbreviation(self) -> Text {
        match self {
            Self::Dynamic(id) => format!("T{id:x}").into(),
            known => known.row().3.into(),
        }
    }

    /// The entity of its custom fields: `CRM_DEAL`. Those of smart processes
    /// are numbered otherwise (`CRM_` and the id that `crm.type.list` tells),
    /// so there is none.
    pub fn field_entity(self) -> Option<&'static str> {
        match self {
            Self::Dynamic(_) => None,
            known => Some(known.row().4),
        }
    }

    /// A link to one object of this kind.
    pub const fn with_id(self, id: u64) -> EntityRef {
        EntityRef {
            entity_type: self,
            id,
        }
    }

    fn row(self) -> (Self, u32, &'static str, &'static str, &'static str) {
        let place = match self {
            Self::Lead | Self::Dynamic(_) => 0,
            Self::Deal => 1,
            Self::Contact => 2,
            Self::Company => 3,
            Self::Invoice => 4,
            Self::Quote => 5,
            Self::Requisite => 6,
            Self::Order => 7,
            Self::SmartInvoice => 8,
        };
        KNOWN[place]
    }

    fn from_abbreviation(text: &str) -> Option<Self> {
        if let Some((kind, ..)) = KNOWN.iter().find(|row| row.3.eq_ignore_ascii_case(text)) {
            return Some(*kind);
        }
        let hex = text.strip_prefix(['T', 't'])?;
        let id = u32::from_str_radix(hex, 16)
            .ok()
            .filter(|_| !hex.starts_with('+'))?;
        (id >= FIRST_DYNAMIC).then_some(Self::Dynamic(id))
    }
}

impl fmt::Display for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

impl FromStr for EntityType {
    type Err = EntityError;

    /// Reads an id, a name (`deal`, `DYNAMIC_128`), an abbreviation (`D`,
    /// `T80`) or an entity of custom fields (`CRM_DEAL`).
    fn from_str(text: &str) -> Result<Self, EntityError> {
        let wrong = || EntityError {
            text: text.to_owned(),
            expected: "a kind of CRM object",
        };
        if let Ok(id) = text.parse() {
            return Self::from_id(id).ok_or_else(wrong);
        }
        let upper = text.to_ascii_uppercase();
        if let Some(id) = upper.strip_prefix("DYNAMIC_") {
            let id = id
                .parse()
                .ok()
                .filter(|id| *id >= FIRST_DYNAMIC)
                .ok_or_else(wrong)?;
            return Ok(Self::Dynamic(id));
        }
        let by_name = KNOWN.iter().find(|row| row.2 == upper || row.4 == upper);
        by_name
            .map(|row| row.0)
            .or_else(|| Self::from_abbreviation(text))
            .ok_or_else(wrong)
    }
}

impl Serialize for EntityType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.id())
    }
}

impl<'de> Deserialize<'de> for EntityType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id: u32 = number::deserialize(deserializer)?;
        Self::from_id(id)
            .ok_or_else(|| D::Error::custom(format_args!("{id} is no kind of CRM object")))
    }
}

/// A link to a CRM object, as custom fields and tasks hold it: `CO_3`, `T80_6`.
///
/// ```
/// use b24::value::{EntityRef, EntityType};
///
/// let link: EntityRef = "CO_3".parse()?;
/// assert_eq!((link.entity_type, link.id), (EntityType::Company, 3));
/// assert_eq!(EntityType::Deal.with_id(5).to_string(), "D_5");
/// # Ok::<(), b24::value::EntityError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityRef {
    /// The kind of the object.
    pub entity_type: EntityType,
    /// Its id.
    pub id: u64,
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.entity_type.abbreviation(), self.id)
    }
}

impl FromStr for EntityRef {
    type Err = EntityError;

    fn from_str(text: &str) -> Result<Self, EntityError> {
        let link = text.split_once('_').and_then(|(kind, id)| {
            let id = id.parse().ok().filter(|_| !id.starts_with('+'))?;
            Some(EntityType::from_abbreviation(kind)?.with_id(id))
        });
        link.ok_or_else(|| EntityError {
            text: text.to_owned(),
            expected: "a link to a CRM object, like D_5",
        })
    }
}

impl Serialize for EntityRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntityRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
