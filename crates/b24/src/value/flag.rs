//! Truths: `"Y"`, `"N"`, `true`, `1`, `"1"`, `"true"`.
//!
//! ```
//! #[derive(serde::Deserialize, serde::Serialize)]
//! struct Deal {
//!     #[serde(with = "b24::value::flag")]
//!     opened: bool,
//!     #[serde(default, with = "b24::value::flag::option")]
//!     closed: Option<bool>,
//! }
//!
//! let deal: Deal = serde_json::from_str(r#"{"opened": "Y", "closed": ""}"#)?;
//! assert!(deal.opened && deal.closed.is_none());
//! assert_eq!(serde_json::to_string(&deal)?, r#"{"opened":"Y","closed":null}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! It is written as `"Y"` or `"N"`, which all methods of the CRM take; a custom
//! field of the type boolean is filtered by `1` and `0`.

use std::fmt;

use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde::ser::Serializer;

/// Reads a truth; nothing (`null`, `""`, `[]`) is `false`.
///
/// # Errors
/// On anything else.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Writes `"Y"` or `"N"`.
///
/// # Errors
/// Only the serializer's own.
pub fn serialize<S: Serializer>(flag: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *flag { "Y" } else { "N" })
}

/// Truths that may be missing.
pub mod option {
    use super::{Deserializer, FlagVisitor, Serializer};

    /// Reads a truth; nothing (`null`, `""`, `[]`) is `None`.
    ///
    /// # Errors
    /// On anything else.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<bool>, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }

    /// Writes `"Y"`, `"N"` or `null`.
    ///
    /// # Errors
    /// Only the serializer's own.
    pub fn serialize<S: Serializer>(flag: &Option<bool>, serializer: S) -> Result<S::Ok, S::Error> {
        match flag {
            Some(flag) => super::serialize(flag, serializer),
            None => serializer.serialize_none(),
        }
    }
}

struct FlagVisitor;

impl<'de> Visitor<'de> for FlagVisitor {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a truth: \"Y\", \"N\", true, false, 1 or 0")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Some(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        if number == 0.0 {
            Ok(Some(false))
        } else if (number - 1.0).abs() < f64::EPSILON {
            Ok(Some(true))
        } else {
            Err(E::invalid_value(
                serde::de::Unexpected::Float(number),
                &self,
            ))
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text.trim().to_ascii_lowercase().as_str() {
            "" => Ok(None),
            "y" | "yes" | "1" | "true" => Ok(Some(true)),
            "n" | "no" | "0" | "false" => Ok(Some(false)),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        match seq.next_element::<IgnoredAny>()? {
            None => Ok(None),
            Some(_) => Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self)),
        }
    }
}
