//! Ids of rows: integers, whether the portal writes them as numbers or as text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Unexpected, Visitor};
use serde::{Serialize, Serializer};

use crate::value::Tree;

/// The id of a row. Compared as a number: `"9"` comes before `"10"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(i128);

impl Id {
    /// How many ids lie from `self` to `other`, both counted; 0 if there are none.
    pub(super) fn span_to(self, other: Self) -> u64 {
        let span = other.0.saturating_sub(self.0).saturating_add(1);
        u64::try_from(span.max(0)).unwrap_or(u64::MAX)
    }

    /// The id so many behind this one.
    pub(super) fn plus(self, ids: i64) -> Self {
        Self(self.0.saturating_add(ids.into()))
    }

    /// Reads an id from a value of a parameter.
    pub(super) fn from_tree(tree: &Tree) -> Option<Self> {
        match tree {
            Tree::Number(number) => number
                .as_i64()
                .map(Self::from)
                .or_else(|| number.as_u64().map(Self::from)),
            Tree::Text(text) => Self::from_text(text),
            _ => None,
        }
    }

    /// As a parameter: a number where JSON can hold it exactly.
    pub(super) fn to_tree(self) -> Tree {
        if let Ok(id) = i64::try_from(self.0) {
            Tree::from(id)
        } else if let Ok(id) = u64::try_from(self.0) {
            Tree::from(id)
        } else {
            Tree::from(self.to_string())
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok().map(Self)
    }
}

impl From<i64> for Id {
    fn from(id: i64) -> Self {
        Self(id.into())
    }
}

impl From<u64> for Id {
    fn from(id: u64) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Integer;
        impl Visitor<'_> for Integer {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer, as a number or as text")
            }

            fn visit_i64<E: serde::de::Error>(self, id: i64) -> Result<Id, E> {
                Ok(Id::from(id))
            }

            fn visit_u64<E: serde::de::Error>(self, id: u64) -> Result<Id, E> {
                Ok(Id::from(id))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
                Id::from_text(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Integer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_compare_as_integers_in_either_spelling() {
        let nine: Id = serde_json::from_str("\"9\"").unwrap();
        let ten: Id = serde_json::from_str("10").unwrap();
        let huge: Id = serde_json::from_str("\"18446744073709551616\"").unwrap();
        assert!(nine < ten && ten < huge);
        assert_eq!(nine.span_to(ten), 2);
        assert_eq!(ten.span_to(nine), 0);
        assert_eq!(huge.to_tree(), Tree::from("18446744073709551616"));
        assert!(serde_json::from_str::<Id>("\"abc\"").is_err());
        assert!(serde_json::from_str::<Id>("1.5").is_err());
    }
}
