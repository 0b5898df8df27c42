//! A row taken apart into columns, its values still as the portal wrote them.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::State;
use super::column::Column;
use super::json_text::compact;

/// A row that does not fit the format.
#[derive(Debug, thiserror::Error)]
#[error("row {row} is not an object with fields")]
pub(crate) struct RowError {
    /// Its number in the output, from 1.
    pub(crate) row: u64,
}

/// The entries of a row, in its order.
pub(crate) struct Entries<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Entries<'a> {
    pub(crate) fn read(row: &'a RawValue) -> Option<Self> {
        serde_json::from_str(row.get()).ok()
    }
}

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// A key, borrowed unless it holds escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(16));
        while let Some((Key(key), value)) = map.next_entry()? {
            entries.push((key, value));
        }
        Ok(Entries(entries))
    }
}

/// Where a value goes.
#[derive(Debug)]
struct Place {
    column: usize,
    /// The way to it inside the key's value; empty for the value itself.
    deeper: String,
}

fn dig<'a>(value: &'a RawValue, path: &str) -> Option<&'a RawValue> {
    path.split('.')
        .filter(|step| !step.is_empty())
        .try_fold(value, |value, step| {
            let Entries(entries) = Entries::read(value)?;
            let found = entries.into_iter().rev().find(|(name, _)| name == step)?;
            Some(found.1)
        })
}

/// Fixed columns, and the keys that rows have beside them.
#[derive(Debug)]
pub(super) struct Columns {
    all: Vec<Column>,
    /// The columns of a key; a column such as `responsible.name` lies deeper in it.
    places: HashMap<String, Vec<Place>>,
    strays: BTreeSet<String>,
    /// Whether a row had the column's key.
    seen: Vec<bool>,
    rows: u64,
}

impl Columns {
    pub(super) fn new(all: Vec<Column>) -> Self {
        let mut places: HashMap<String, Vec<Place>> = HashMap::new();
        for (column, Column { path, .. }) in all.iter().enumerate() {
            let (key, deeper) = path.split_once('.').unwrap_or((path, ""));
            let deeper = deeper.to_owned();
            places
                .entry(key.to_owned())
                .or_default()
                .push(Place { column, deeper });
        }
        Self {
            seen: vec![false; all.len()],
            all,
            places,
            strays: BTreeSet::new(),
            rows: 0,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Column> {
        self.all.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Column> {
        self.all.iter_mut()
    }

    /// The values of a row that have a column, without taking note of the row.
    pub(super) fn peek<'a>(
        &self,
        row: &'a RawValue,
        number: u64,
    ) -> Result<Vec<(&Column, Option<&'a RawValue>)>, RowError> {
        let Entries(entries) = Entries::read(row).ok_or(RowError { row: number })?;
        let mut values = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            for Place { column, deeper } in self.places.get(key.as_ref()).into_iter().flatten() {
                values.push((&self.all[*column], dig(value, deeper)));
            }
        }
        Ok(values)
    }

    pub(super) fn strays(&self) -> &BTreeSet<String> {
        &self.strays
    }

    /// Columns whose key no row had.
    pub(super) fn unseen(&self) -> Vec<String> {
        let unseen = self.all.iter().zip(&self.seen).filter(|(_, seen)| !**seen);
        unseen.map(|(column, _)| column.path.clone()).collect()
    }

    pub(super) fn state(&self) -> State {
        State {
            unseen: self.unseen(),
            strays: self.strays.clone(),
            ..State::default()
        }
    }

    /// Goes on behind so many rows.
    pub(super) fn go_on(&mut self, rows: u64, state: State) {
        let all = self.all.iter();
        self.seen = all
            .map(|column| !state.unseen.contains(&column.path))
            .collect();
        self.strays = state.strays;
        self.rows = rows;
    }

    /// The values of a row by column; none where it has no such key.
    pub(super) fn place<'a>(
        &mut self,
        row: &'a RawValue,
    ) -> Result<Vec<Option<&'a RawValue>>, RowError> {
        self.rows += 1;
        let Entries(entries) = Entries::read(row).ok_or(RowError { row: self.rows })?;
        let mut cells = vec![None; self.all.len()];
        for (key, value) in entries {
            match self.places.get(key.as_ref()) {
                Some(places) => {
                    for Place { column, deeper } in places {
                        self.seen[*column] = true;
                        cells[*column] = dig(value, deeper);
                    }
                }
                None if self.strays.contains(key.as_ref()) => {}
                None => {
                    self.strays.insert(key.into_owned());
                }
            }
        }
        Ok(cells)
    }
}

/// The text of a value: of a text its characters, of null nothing, of lists and objects their JSON.
pub(crate) fn text(value: Option<&RawValue>) -> Cow<'_, str> {
    let Some(value) = value else {
        return Cow::Borrowed("");
    };
    let raw = value.get();
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<Key<'_>>(raw).map_or(Cow::Borrowed(raw), |key| key.0),
        Some(b'n') | None => Cow::Borrowed(""),
        Some(b'[' | b'{') => {
            let mut out = Vec::with_capacity(raw.len());
            compact(raw, &mut out);
            Cow::Owned(String::from_utf8_lossy(&out).into_owned())
        }
        Some(_) => Cow::Borrowed(raw),
    }
}

/// Whether a value is a JSON number.
pub(super) fn is_number(value: &RawValue) -> bool {
    value
        .get()
        .starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// Whether a value is a JSON text.
pub(super) fn is_text(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

/// The text of one entry of a row.
pub(crate) fn entry(row: &RawValue, key: &str) -> Option<String> {
    value(row, key).map(|value| text(Some(&value)).into_owned())
}

/// One entry of an object; the key may be a path.
pub(crate) fn value(object: &RawValue, key: &str) -> Option<Box<RawValue>> {
    dig(object, key).map(ToOwned::to_owned)
}

/// The elements of a list, or of an object that PHP wrote for a list with holes.
pub(crate) fn elements(list: &RawValue) -> Vec<Box<RawValue>> {
    if let Ok(rows) = serde_json::from_str(list.get()) {
        return rows;
    }
    let entries = Entries::read(list)
        .map(|Entries(entries)| entries)
        .unwrap_or_default();
    entries
        .into_iter()
        .map(|(_, value)| value.to_owned())
        .collect()
}
