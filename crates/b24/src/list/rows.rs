//! Rows in an answer: which they are, what their ids are, and reading them into the caller's type.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::chain::Ids;
use super::id::Id;
use crate::room::found::{Found, named};

/// The rows of one page as they came: pieces of the answer's body.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    body: Bytes,
    places: Vec<Range<usize>>,
    /// Whether they came as a list, and not as a map with numbers for keys.
    list: bool,
}

/// What stands where rows were expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotRows {
    /// The key is wrong, or missing where one is needed.
    #[error("the list is not {}; the result has the keys {}: name the list's key with .key(\"…\")",
        place(expected), keys.join(", "))]
    Key { expected: String, keys: Vec<String> },
    /// No list at all.
    #[error("{found} came where a list of rows was expected")]
    Nothing { found: String },
}

fn place(key: &str) -> String {
    if key.is_empty() {
        "the result itself".to_owned()
    } else {
        format!("under \"{key}\"")
    }
}

impl Rows {
    /// The list under `key` of what was found (the result itself for an empty key).
    pub(super) fn find(
        found: &Found<Range<usize>>,
        key: &str,
        body: &Bytes,
    ) -> Result<Self, NotRows> {
        let rows = match found {
            // PHP writes an empty map as a list.
            Found::List(rows) if key.is_empty() || rows.is_empty() => found,
            Found::Holes(_) if key.is_empty() => found,
            Found::Map(entries) => named(entries, key).ok_or_else(|| NotRows::key(key, entries))?,
            Found::Holes(_) => return Err(NotRows::key(key, &[])),
            Found::List(_) => {
                return Err(NotRows::Nothing {
                    found: format!("a list without the key \"{key}\""),
                });
            }
            Found::Other(words) => return Err(NotRows::nothing(words)),
        };
        let (places, list) = match rows {
            Found::List(places) => (places, true),
            Found::Holes(places) => (places, false),
            Found::Map(entries) => return Err(NotRows::key(key, entries)),
            Found::Other(words) => return Err(NotRows::nothing(words)),
        };
        Ok(Self {
            body: body.clone(),
            places: places.clone(),
            list,
        })
    }

    /// How long they are.
    pub(super) fn bytes(&self) -> usize {
        match (self.places.first(), self.places.last()) {
            (Some(first), Some(last)) => last.end - first.start,
            _ => 0,
        }
    }

    /// The rows but for the first `skip`.
    pub(super) fn without_first(mut self, skip: usize) -> Self {
        self.places.drain(..skip.min(self.places.len()));
        self
    }

    /// The first `keep` rows.
    pub(super) fn first(mut self, keep: usize) -> Self {
        self.places.truncate(keep);
        self
    }

    /// The ids of the rows under the name `row_id`.
    pub(super) fn ids(&self, row_id: &str) -> Result<Ids, serde_json::Error> {
        Ok(Ids {
            ids: self
                .rows()
                .map(|row| id_of(row, row_id))
                .collect::<Result<_, _>>()?,
            list: self.list,
        })
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> usize {
        self.places.len()
    }

    /// The rows in the caller's type; on failure the position of the row and what is wrong in it.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>, BadRow> {
        let read = |(index, row)| {
            serde_json::from_slice(row).map_err(|error| BadRow {
                index,
                text: at_path::<T>(row, &error),
            })
        };
        self.rows().enumerate().map(read).collect()
    }

    /// Each row by itself, decoded or not.
    pub(super) fn read_each<T: DeserializeOwned>(
        &self,
        row_id: &str,
    ) -> Vec<Result<T, super::BadRow>> {
        let read = |row: &[u8]| {
            serde_json::from_slice(row).map_err(|error| super::BadRow {
                id: field(row, row_id).map(|id| id.get().trim_matches('"').to_owned()),
                // The answer was read as a whole, so its rows are JSON.
                row: serde_json::from_slice(row).unwrap_or_default(),
                text: at_path::<T>(row, &error),
            })
        };
        self.rows().map(read).collect()
    }

    /// The value of `field` in the row at `index`, whatever it is.
    pub(super) fn value(&self, index: usize, name: &str) -> Option<serde_json::Value> {
        let row = self.body.get(self.places.get(index)?.clone())?;
        serde_json::from_str(field(row, name)?.get()).ok()
    }

    fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.places.iter().map(|place| &self.body[place.clone()])
    }
}

/// A row that is not what the caller's type says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadRow {
    /// Position on the page.
    pub(super) index: usize,
    pub(super) text: String,
}

/// What is wrong in a row, and where in it.
fn at_path<T: DeserializeOwned>(row: &[u8], error: &serde_json::Error) -> String {
    let mut reader = serde_json::Deserializer::from_slice(row);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(error) if error.path().iter().next().is_some() => {
            format!("{}: {}", error.path(), error.inner())
        }
        _ => error.to_string(),
    }
}

impl NotRows {
    fn key(expected: &str, map: &[(String, Found<Range<usize>>)]) -> Self {
        let keys = map.iter().map(|(name, _)| name.clone()).take(12).collect();
        Self::Key {
            expected: expected.to_owned(),
            keys,
        }
    }

    fn nothing(words: &str) -> Self {
        Self::Nothing {
            found: words.to_owned(),
        }
    }

    /// Whether nothing came at all, which asking again may mend. A wrong key stays wrong.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing { found } if found == "null" || found == "false")
    }
}

/// Where the rows of a result are when nobody has said it: the key of the only list of maps in
/// it, and the name of the id in its rows.
pub(super) fn guess(found: &Found<Range<usize>>, body: &[u8]) -> Option<(String, String)> {
    let entries = match found {
        Found::List(rows) | Found::Holes(rows) => {
            return Some((String::new(), guess_id(rows, body)?));
        }
        Found::Map(entries) => entries,
        Found::Other(_) => return None,
    };
    let mut lists = entries.iter().filter_map(|(key, found)| match found {
        Found::List(rows) => guess_id(rows, body).map(|id| (key.clone(), id)),
        _ => None,
    });
    let found = lists.next()?;
    lists.next().is_none().then_some(found)
}

fn guess_id(rows: &[Range<usize>], body: &[u8]) -> Option<String> {
    let row = body.get(rows.first()?.clone())?;
    let mut names = ["ID", "id"].into_iter();
    names
        .find(|name| field(row, name).is_some())
        .map(str::to_owned)
}

/// The id of a row.
fn id_of(row: &[u8], name: &str) -> Result<Id, serde_json::Error> {
    let mut id = None;
    let mut reader = serde_json::Deserializer::from_slice(row);
    let read = reader.deserialize_map(Field {
        name,
        value: &mut id,
    });
    // What comes behind the id is not looked at, which the reader takes for a mistake.
    match id {
        Some(id) => Ok(id),
        None => Err(match read {
            Err(error) => error,
            Ok(()) => serde::de::Error::custom(format_args!("a row has no field \"{name}\"")),
        }),
    }
}

/// One field of a row as it came.
fn field<'a>(row: &'a [u8], name: &str) -> Option<&'a RawValue> {
    let mut value = None;
    let mut reader = serde_json::Deserializer::from_slice(row);
    // As for the id.
    let _ = reader.deserialize_map(Field {
        name,
        value: &mut value,
    });
    value
}

/// Reads one field of a row and stops there.
struct Field<'a, T> {
    name: &'a str,
    value: &'a mut Option<T>,
}

impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for Field<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<(), A::Error> {
        while let Some(is_it) = row.next_key_seed(IsName(self.name))? {
            if is_it {
                *self.value = Some(row.next_value()?);
                return Ok(());
            }
            row.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Compares a key without keeping it.
struct IsName<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for IsName<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for IsName<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
#[path = "rows/tests.rs"]
mod tests;
