//! Values that may be missing, where the portal writes nothing as `null`,
//! `false`, `""`, `[]` or `{}`.
//!
//! ```
//! use b24::value::DateTime;
//!
//! #[derive(serde::Deserialize)]
//! struct Task {
//!     #[serde(default, with = "b24::value::maybe")]
//!     deadline: Option<DateTime>,
//!     #[serde(default, with = "b24::value::maybe")]
//!     group: Option<Group>,
//! }
//! #[derive(serde::Deserialize)]
//! struct Group {
//!     name: String,
//! }
//!
//! let task: Task = serde_json::from_str(r#"{"deadline": "", "group": []}"#)?;
//! assert!(task.deadline.is_none() && task.group.is_none());
//! let task: Task = serde_json::from_str(r#"{"group": {"name": "Sales"}}"#)?;
//! assert_eq!(task.group.unwrap().name, "Sales");
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

/// Reads a value, or nothing.
///
/// # Errors
/// What is something, and not a `T`.
pub fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let nothing = match &value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    };
    if nothing {
        Ok(None)
    } else {
        T::deserialize(value).map(Some).map_err(D::Error::custom)
    }
}

/// Writes the value, or empty text: what clears a field everywhere, where
/// `null` is ignored by some methods.
///
/// # Errors
/// Only the serializer's own.
pub fn serialize<T: Serialize, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.serialize(serializer),
        None => serializer.serialize_str(""),
    }
}
