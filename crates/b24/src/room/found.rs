//! The results of a list, taken apart in the one pass that checks the answer: where its rows are.
//!
//! Rows stay pieces of the body until they are read into the caller's type.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::decode::{BatchResult, Time, range_in};
use crate::error::ApiError;

/// What stands where a page of rows is expected. `P` is a row: a piece of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found<P> {
    /// A list; its elements.
    List(Vec<P>),
    /// A map with nothing but numbers for keys, as PHP writes a list with holes; its values.
    Holes(Vec<P>),
    /// A map with names for keys.
    Map(Vec<(String, Found<P>)>),
    /// No list and no map; in words.
    Other(&'static str),
}

/// The results of a list's request.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) body: Bytes,
    /// By the names of the commands; the result of a call has no name.
    pub(crate) found: Vec<(String, Found<Range<usize>>)>,
    pub(crate) errors: Vec<(String, ApiError)>,
    pub(crate) times: Vec<(String, Time)>,
}

impl Results {
    pub(super) fn of_call(found: Found<&RawValue>, body: &Bytes, text: &str) -> Self {
        Self {
            body: body.clone(),
            found: vec![(String::new(), found.places_in(text))],
            errors: Vec::new(),
            times: Vec::new(),
        }
    }

    pub(super) fn of_batch(
        batch: BatchResult<'_, Found<&RawValue>>,
        body: &Bytes,
        text: &str,
    ) -> Self {
        let keys = batch.result_error.0.iter().map(|(key, _)| key);
        let errors = keys.filter_map(|key| Some((key.to_string(), batch.error(key)?)));
        let errors = errors.collect();
        let keys = batch.result_time.0.iter().map(|(key, _)| key);
        let times = keys.filter_map(|key| Some((key.to_string(), batch.time(key)?)));
        let times = times.collect();
        let found = batch.result.0.into_iter();
        Self {
            body: body.clone(),
            found: found
                .map(|(key, found)| (key.into_owned(), found.places_in(text)))
                .collect(),
            errors,
            times,
        }
    }

    /// The result of a call.
    pub(crate) fn only(&self) -> &Found<Range<usize>> {
        self.found
            .first()
            .map_or(&Found::Other("nothing"), |(_, found)| found)
    }
}

/// What stands under a name.
pub(crate) fn named<'a, T>(all: &'a [(String, T)], name: &str) -> Option<&'a T> {
    let mut all = all.iter();
    all.find(|(key, _)| key == name).map(|(_, value)| value)
}

impl Found<&RawValue> {
    fn places_in(self, text: &str) -> Found<Range<usize>> {
        let places = |rows: Vec<&RawValue>| {
            let places = rows.into_iter().map(|row| range_in(text, row.get()));
            places.collect()
        };
        match self {
            Self::List(rows) => Found::List(places(rows)),
            Self::Holes(rows) => Found::Holes(places(rows)),
            Self::Map(entries) => {
                let entries = entries.into_iter();
                Found::Map(
                    entries
                        .map(|(key, found)| (key, found.places_in(text)))
                        .collect(),
                )
            }
            Self::Other(words) => Found::Other(words),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Found<&'a RawValue> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Level::Result.deserialize(deserializer)
    }
}

/// How deep: rows are the elements of a result, or of what stands under a name in it.
#[derive(Clone, Copy)]
enum Level {
    Result,
    Named,
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Found<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Found<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::with_capacity(64);
        while let Some(row) = seq.next_element()? {
            rows.push(row);
        }
        Ok(Found::List(rows))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut rows, mut entries) = (Vec::new(), Vec::new());
        while let Some(Key(key)) = map.next_key()? {
            if key.parse::<i64>().is_ok() {
                rows.push(map.next_value()?);
                continue;
            }
            let found = match self {
                Self::Result => map.next_value_seed(Self::Named)?,
                Self::Named => {
                    map.next_value::<IgnoredAny>()?;
                    Found::Other("a field")
                }
            };
            entries.push((key.into_owned(), found));
        }
        Ok(if entries.is_empty() {
            Found::Holes(rows)
        } else {
            Found::Map(entries)
        })
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Found::Other("null"))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Found::Other(if value { "true" } else { "false" }))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Found::Other("text"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Found::Other("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Found::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Found::Other("a number"))
    }
}

/// A key, borrowed unless it holds escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
