//! Fields as a write sends them.

use serde::ser::{Error, Serialize, Serializer};

use crate::value::{Tree, field};

/// The fields of a write, without those that are nothing: a batch would send `null` as empty text, which empties
/// the field.
pub(super) struct Fields<T> {
    fields: T,
    /// Names in upper case, for methods that know no others.
    upper: bool,
}

impl<T> Fields<T> {
    pub(super) const fn new(fields: T) -> Self {
        Self {
            fields,
            upper: false,
        }
    }

    pub(super) const fn upper(fields: T) -> Self {
        Self {
            fields,
            upper: true,
        }
    }
}

impl<T: Serialize> Serialize for Fields<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match Tree::from_serialize(&self.fields).map_err(S::Error::custom)? {
            Tree::Map(mut fields) => {
                fields.retain(|(_, value)| *value != Tree::Null);
                if self.upper {
                    for (name, _) in &mut fields {
                        *name = field::to_classic(name);
                    }
                }
                Tree::from_pairs(fields).serialize(serializer)
            }
            _ => Err(S::Error::custom("fields are a struct or a map")),
        }
    }
}
