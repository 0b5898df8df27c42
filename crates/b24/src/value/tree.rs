//! A parameter tree that keeps order.
//!
//! `serde_json::Map` sorts its keys, and the portal reads several maps in
//! order: `order`, `cmd`, positional lists of old methods. Parameters are kept
//! in this tree from the moment the caller hands them over until they are
//! written as JSON or as a PHP form.

mod de;
mod key;
mod ser;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Number, Value};

/// A JSON value whose maps keep the order in which they were written.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) enum Tree {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// Any finite number.
    Number(Number),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// A map; no key occurs twice.
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// An empty map.
    pub(crate) const fn map() -> Self {
        Self::Map(Vec::new())
    }

    /// Reads any serialisable value, keeping the order of fields and map keys.
    ///
    /// # Errors
    /// On numbers that are not finite, on map keys that are neither text nor
    /// integers, and whatever the value's own `Serialize` refuses.
    pub(crate) fn from_serialize(
        value: &(impl Serialize + ?Sized),
    ) -> Result<Self, serde_json::Error> {
        value.serialize(ser::TreeSerializer)
    }

    /// Builds a map. Of two equal keys the later value stays, at the place of
    /// the earlier: what PHP makes of a JSON text with a repeated key.
    pub(crate) fn from_pairs(pairs: Vec<(String, Self)>) -> Self {
        let mut places: HashMap<String, usize> = HashMap::with_capacity(pairs.len());
        let mut unique: Vec<(String, Self)> = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            if let Some(&place) = places.get(&key) {
                unique[place].1 = value;
            } else {
                places.insert(key.clone(), unique.len());
                unique.push((key, value));
            }
        }
        Self::Map(unique)
    }

    /// The pairs of a map.
    pub(crate) fn pairs(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// The text of a text node.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether this is a list or map without entries: what a PHP form cannot
    /// express.
    pub(crate) fn is_empty_container(&self) -> bool {
        match self {
            Self::List(items) => items.is_empty(),
            Self::Map(pairs) => pairs.is_empty(),
            _ => false,
        }
    }

    /// The value under `key`, spelled exactly so.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let (_, value) = self.pairs()?.iter().find(|(name, _)| name == key)?;
        Some(value)
    }

    /// The value under `key`, to change in place.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let Self::Map(pairs) = self else { return None };
        let (_, value) = pairs.iter_mut().find(|(name, _)| name == key)?;
        Some(value)
    }

    /// Sets `key`, at its old place or at the end; the old value comes back.
    /// Anything that is not a map becomes one first.
    pub(crate) fn set(&mut self, key: impl Into<String>, value: Self) -> Option<Self> {
        let key = key.into();
        if let Some(old) = self.get_mut(&key) {
            return Some(std::mem::replace(old, value));
        }
        match self {
            Self::Map(pairs) => pairs.push((key, value)),
            other => *other = Self::Map(vec![(key, value)]),
        }
        None
    }

    /// Takes `key` out, keeping the order of the others.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Self> {
        let Self::Map(pairs) = self else { return None };
        let place = pairs.iter().position(|(name, _)| name == key)?;
        Some(pairs.remove(place).1)
    }

    /// Calls `change` with every text of the tree (values, not keys), in order;
    /// it may put anything in its place, which is not walked again.
    ///
    /// # Errors
    /// The first error of `change` ends the walk.
    pub(crate) fn for_each_text<E>(
        &mut self,
        change: &mut impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Text(_) => change(self),
            Self::List(items) => items
                .iter_mut()
                .try_for_each(|item| item.for_each_text(change)),
            Self::Map(pairs) => pairs
                .iter_mut()
                .try_for_each(|(_, value)| value.for_each_text(change)),
            Self::Null | Self::Bool(_) | Self::Number(_) => Ok(()),
        }
    }

    /// Whether `holds` is true for some text of the tree (values, not keys).
    pub(crate) fn any_text(&self, holds: &impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Text(text) => holds(text),
            Self::List(items) => items.iter().any(|item| item.any_text(holds)),
            Self::Map(pairs) => pairs.iter().any(|(_, value)| value.any_text(holds)),
            Self::Null | Self::Bool(_) | Self::Number(_) => false,
        }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => value.serialize(serializer),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                for (key, value) in pairs {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl From<Value> for Tree {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(value) => Self::Number(value),
            Value::String(value) => Self::Text(value),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(map) => Self::Map(
                map.into_iter()
                    .map(|(key, value)| (key, value.into()))
                    .collect(),
            ),
        }
    }
}

impl From<Tree> for Value {
    fn from(tree: Tree) -> Self {
        match tree {
            Tree::Null => Self::Null,
            Tree::Bool(value) => Self::Bool(value),
            Tree::Number(value) => Self::Number(value),
            Tree::Text(value) => Self::String(value),
            Tree::List(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Tree::Map(pairs) => Self::Object(
                pairs
                    .into_iter()
                    .map(|(key, tree)| (key, tree.into()))
                    .collect(),
            ),
        }
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Tree {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<u64> for Tree {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Tree {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
