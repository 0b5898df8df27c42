//! Lists, which PHP writes as a map when their keys have holes, and as `false`
//! or `""` when they are empty.
//!
//! ```
//! #[derive(serde::Deserialize)]
//! struct Element {
//!     #[serde(default, with = "b24::value::list")]
//!     values: Vec<String>,
//! }
//!
//! for (json, values) in [
//!     (r#"{"values": ["a", "b"]}"#, vec!["a", "b"]),
//!     (r#"{"values": {"7": "a", "9": "b"}}"#, vec!["a", "b"]),
//!     (r#"{"values": false}"#, vec![]),
//!     (r"{}", vec![]),
//! ] {
//!     assert_eq!(serde_json::from_str::<Element>(json)?.values, values);
//! }
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// Reads a list; of a map keyed by numbers its values, in their order.
///
/// # Errors
/// On a map with other keys and on anything else.
pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(ListVisitor(PhantomData))
}

/// Writes a list.
///
/// # Errors
/// Only the serializer's own.
pub fn serialize<T: Serialize, S: Serializer>(
    list: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list)
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, or a map keyed by numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element()? {
            list.push(item);
        }
        Ok(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key.parse::<u64>().is_err() {
                return Err(A::Error::invalid_value(
                    Unexpected::Str(&key),
                    &"a number as key",
                ));
            }
            list.push(map.next_value()?);
        }
        Ok(list)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Vec<T>, E> {
        if flag {
            Err(E::invalid_type(Unexpected::Bool(true), &self))
        } else {
            Ok(Vec::new())
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        if text.is_empty() {
            Ok(Vec::new())
        } else {
            Err(E::invalid_type(Unexpected::Str(text), &self))
        }
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_none<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}
