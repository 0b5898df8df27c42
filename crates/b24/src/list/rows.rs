//! Rows in an answer: where they are, what their ids are, and reading them into the caller's type.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::chain::Ids;
use super::id::Id;

/// The rows of one page as they came: a piece of the answer's body.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    json: Bytes,
    /// Rows at the front that do not count.
    skip: usize,
    /// Rows behind them that do; all of them where it is `None`.
    keep: Option<usize>,
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
    /// The list under `key` of `result` (the result itself for an empty key), as a piece of `body`.
    pub(super) fn find(result: &RawValue, key: &str, body: &Bytes) -> Result<Self, NotRows> {
        let text = result.get();
        let list = match first_byte(text) {
            // PHP writes an empty map as a list.
            b'[' if key.is_empty() || is_empty_list(text) => text,
            b'{' if key.is_empty() && !has_named_keys(text) => text,
            b'{' => match entries(text).into_iter().find(|(name, _)| name == key) {
                Some((_, list)) if matches!(first_byte(list.get()), b'[' | b'{') => list.get(),
                Some((_, other)) => return Err(NotRows::nothing(other.get())),
                None => return Err(NotRows::key(key, text)),
            },
            b'[' => {
                return Err(NotRows::Nothing {
                    found: format!("a list without the key \"{key}\""),
                });
            }
            _ => return Err(NotRows::nothing(text)),
        };
        if first_byte(list) == b'{' && has_named_keys(list) {
            return Err(NotRows::key(key, list));
        }
        Ok(Self {
            json: body.slice_ref(list.as_bytes()),
            skip: 0,
            keep: None,
        })
    }

    /// How long they are.
    pub(super) fn bytes(&self) -> usize {
        self.json.len()
    }

    /// The rows but for the first `skip`.
    pub(super) fn without_first(self, skip: usize) -> Self {
        Self {
            skip: self.skip + skip,
            ..self
        }
    }

    /// The first `keep` rows.
    pub(super) fn first(self, keep: usize) -> Self {
        Self {
            keep: Some(keep),
            ..self
        }
    }

    /// The ids of the rows under the name `row_id`.
    pub(super) fn ids(&self, row_id: &str) -> Result<Ids, serde_json::Error> {
        let ids = self.elements(|| RowId(row_id))?;
        Ok(Ids {
            ids,
            list: self.json.first() == Some(&b'['),
        })
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> Result<usize, serde_json::Error> {
        Ok(self.elements(|| PhantomData::<IgnoredAny>)?.len())
    }

    /// The rows in the caller's type; on failure the position of the row and what is wrong in it.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>, BadRow> {
        self.elements(|| PhantomData::<T>)
            .or_else(|_| self.read_slowly())
    }

    /// Reads row by row, to tell which one is wrong, and where in it.
    fn read_slowly<T: DeserializeOwned>(&self) -> Result<Vec<T>, BadRow> {
        let rows = self
            .elements(|| PhantomData::<&RawValue>)
            .map_err(|error| BadRow {
                index: 0,
                text: error.to_string(),
            })?;
        let read = |(index, row): (usize, &RawValue)| {
            let mut reader = serde_json::Deserializer::from_str(row.get());
            serde_path_to_error::deserialize(&mut reader).map_err(|error| BadRow {
                index,
                text: at_path(&error),
            })
        };
        rows.into_iter().enumerate().map(read).collect()
    }

    /// Each row by itself, decoded or not.
    pub(super) fn read_each<T: DeserializeOwned>(
        &self,
        row_id: &str,
    ) -> Vec<Result<T, super::BadRow>> {
        if let Ok(rows) = self.elements(|| PhantomData::<T>) {
            return rows.into_iter().map(Ok).collect();
        }
        let rows = self.elements(|| PhantomData::<&RawValue>);
        let read = |row: &RawValue| {
            let mut reader = serde_json::Deserializer::from_str(row.get());
            serde_path_to_error::deserialize(&mut reader).map_err(|error| super::BadRow {
                id: entries(row.get())
                    .into_iter()
                    .find(|(name, _)| name == row_id)
                    .map(|(_, id)| id.get().trim_matches('"').to_owned()),
                row: row.to_owned(),
                text: at_path(&error),
            })
        };
        // The ids of the rows were read, so they are JSON.
        rows.unwrap_or_default().into_iter().map(read).collect()
    }

    /// The value of `field` in the row at `index`, whatever it is.
    pub(super) fn value(&self, index: usize, field: &str) -> Option<serde_json::Value> {
        let rows = self.elements(|| PhantomData::<&RawValue>).ok()?;
        let row = entries(rows.get(index)?.get());
        let (_, value) = row.into_iter().find(|(name, _)| name == field)?;
        serde_json::from_str(value.get()).ok()
    }

    fn elements<'a, S, F>(&'a self, seed: F) -> Result<Vec<S::Value>, serde_json::Error>
    where
        S: DeserializeSeed<'a>,
        F: Fn() -> S,
    {
        let mut reader = serde_json::Deserializer::from_slice(&self.json);
        let mut elements = Elements(seed).deserialize(&mut reader)?;
        elements.drain(..self.skip.min(elements.len()));
        elements.truncate(self.keep.unwrap_or(usize::MAX));
        Ok(elements)
    }
}

/// A row that is not what the caller's type says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadRow {
    /// Position on the page.
    pub(super) index: usize,
    pub(super) text: String,
}

fn at_path(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    match error.path().to_string().as_str() {
        "." => error.inner().to_string(),
        path => format!("{path}: {}", error.inner()),
    }
}

impl NotRows {
    fn key(expected: &str, map: &str) -> Self {
        let keys = entries(map)
            .into_iter()
            .map(|(name, _)| name)
            .take(12)
            .collect();
        Self::Key {
            expected: expected.to_owned(),
            keys,
        }
    }

    fn nothing(found: &str) -> Self {
        let found = match first_byte(found) {
            b'"' => "text".to_owned(),
            b'0'..=b'9' | b'-' => "a number".to_owned(),
            _ => found.to_owned(),
        };
        Self::Nothing { found }
    }

    /// Whether nothing came at all, which asking again may mend. A wrong key stays wrong.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing { found } if found == "null" || found == "false")
    }
}

/// Where the rows of a result are when nobody has said it: the key of the only list of maps in
/// it, and the name of the id in its rows.
pub(super) fn guess(result: &RawValue) -> Option<(String, String)> {
    let text = result.get();
    if first_byte(text) == b'[' || !has_named_keys(text) {
        return Some((String::new(), guess_id(text)?));
    }
    let mut lists = entries(text).into_iter().filter_map(|(key, value)| {
        (first_byte(value.get()) == b'[')
            .then(|| guess_id(value.get()))?
            .map(|id| (key, id))
    });
    let found = lists.next()?;
    lists.next().is_none().then_some(found)
}

fn guess_id(list: &str) -> Option<String> {
    let mut reader = serde_json::Deserializer::from_str(list);
    let rows = Elements(|| PhantomData::<&RawValue>)
        .deserialize(&mut reader)
        .ok()?;
    let fields = entries(rows.first()?.get());
    let named = |name: &str| fields.iter().any(|(field, _)| field == name);
    ["ID", "id"]
        .into_iter()
        .find(|name| named(name))
        .map(str::to_owned)
}

fn first_byte(json: &str) -> u8 {
    json.as_bytes().first().copied().unwrap_or(b' ')
}

fn is_empty_list(json: &str) -> bool {
    json.trim_start_matches('[').trim_start().starts_with(']')
}

/// Whether a map has a key that is not a number: then it is no list with holes.
fn has_named_keys(map: &str) -> bool {
    entries(map)
        .iter()
        .any(|(key, _)| key.parse::<i64>().is_err())
}

/// The entries of a map; nothing for anything else.
fn entries(map: &str) -> Vec<(String, &RawValue)> {
    struct Entries<'a>(PhantomData<&'a ()>);
    impl<'de> Visitor<'de> for Entries<'de> {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }
    serde_json::Deserializer::from_str(map)
        .deserialize_map(Entries(PhantomData))
        .unwrap_or_default()
}

/// Reads the elements of a list, or the values of a map in their order: PHP writes a list with
/// holes as a map.
struct Elements<F>(F);

impl<'de, S, F> DeserializeSeed<'de> for Elements<F>
where
    S: DeserializeSeed<'de>,
    F: Fn() -> S,
{
    type Value = Vec<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S, F> Visitor<'de> for Elements<F>
where
    S: DeserializeSeed<'de>,
    F: Fn() -> S,
{
    type Value = Vec<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::with_capacity(super::chain::PAGE);
        while let Some(value) = seq.next_element_seed(self.0())? {
            values.push(value);
        }
        Ok(values)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::with_capacity(super::chain::PAGE);
        while map.next_key::<IgnoredAny>()?.is_some() {
            values.push(map.next_value_seed(self.0())?);
        }
        Ok(values)
    }
}

/// Reads the id out of one row and passes over the rest.
struct RowId<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for RowId<'_> {
    type Value = Id;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Id, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowId<'_> {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<Id, A::Error> {
        let mut id = None;
        while let Some(is_id) = row.next_key_seed(IsName(self.0))? {
            if is_id {
                id = Some(row.next_value()?);
            } else {
                row.next_value::<IgnoredAny>()?;
            }
        }
        id.ok_or_else(|| {
            serde::de::Error::custom(format_args!("a row has no field \"{}\"", self.0))
        })
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
