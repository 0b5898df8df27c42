//! Maps, which PHP writes as a list when they are empty or their keys happen to
//! be `0`, `1`, …
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! #[derive(serde::Deserialize)]
//! struct Bots {
//!     #[serde(default, with = "b24::value::map")]
//!     by_id: BTreeMap<u32, String>,
//! }
//!
//! let bots: Bots = serde_json::from_str(r#"{"by_id": []}"#)?;
//! assert!(bots.by_id.is_empty());
//! let bots: Bots = serde_json::from_str(r#"{"by_id": ["zero", "one"]}"#)?;
//! assert_eq!(bots.by_id[&1], "one");
//! let bots: Bots = serde_json::from_str(r#"{"by_id": {"39": "helper"}}"#)?;
//! assert_eq!(bots.by_id[&39], "helper");
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

/// Reads a map, or a struct whose fields have defaults.
///
/// # Errors
/// On anything that is not one.
pub fn deserialize<'de, M: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<M, D::Error> {
    deserializer.deserialize_any(MapVisitor(PhantomData))
}

/// Writes the map.
///
/// # Errors
/// Only the serializer's own.
pub fn serialize<M: Serialize, S: Serializer>(map: &M, serializer: S) -> Result<S::Ok, S::Error> {
    map.serialize(serializer)
}

struct MapVisitor<M>(PhantomData<M>);

fn read<M: DeserializeOwned, E: Error>(map: Map<String, Value>) -> Result<M, E> {
    M::deserialize(Value::Object(map)).map_err(E::custom)
}

impl<'de, M: DeserializeOwned> Visitor<'de> for MapVisitor<M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<M, A::Error> {
        M::deserialize(MapAccessDeserializer::new(map))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<M, A::Error> {
        let mut map = Map::new();
        while let Some(item) = seq.next_element::<Value>()? {
            map.insert(map.len().to_string(), item);
        }
        read(map)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<M, E> {
        if flag {
            Err(E::invalid_type(Unexpected::Bool(true), &self))
        } else {
            read(Map::new())
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<M, E> {
        if text.is_empty() {
            read(Map::new())
        } else {
            Err(E::invalid_type(Unexpected::Str(text), &self))
        }
    }

    fn visit_unit<E: Error>(self) -> Result<M, E> {
        read(Map::new())
    }

    fn visit_none<E: Error>(self) -> Result<M, E> {
        read(Map::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<M, D::Error> {
        deserializer.deserialize_any(self)
    }
}
