//! How the fields of models are read: "nothing" in any spelling is `None`, and no field is built
//! into a tree first.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

use crate::value::{list, number};

/// A text, date or decimal that may be missing; a number counts as its digits.
pub(super) fn parsed<'de, T: Parsed, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(ParsedVisitor(PhantomData))
}

/// Several ids, as numbers or as text; nothing is none.
pub(super) fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Id(#[serde(with = "number")] u64);

    let ids: Vec<Id> = list::deserialize(deserializer)?;
    Ok(ids.into_iter().map(|Id(id)| id).collect())
}

/// Several texts; nothing is none.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Text(#[serde(deserialize_with = "parsed")] Option<String>);

    let texts: Vec<Text> = list::deserialize(deserializer)?;
    Ok(texts.into_iter().filter_map(|Text(text)| text).collect())
}

/// What is written as text, and says what it is.
pub(super) trait Parsed: FromStr<Err: fmt::Display> {
    const EXPECTED: &'static str;
}

impl Parsed for String {
    const EXPECTED: &'static str = "text";
}

impl Parsed for crate::value::Decimal {
    const EXPECTED: &'static str = "a decimal number";
}

impl Parsed for crate::value::Date {
    const EXPECTED: &'static str = "a date";
}

impl Parsed for crate::value::DateTime {
    const EXPECTED: &'static str = "a date and time with its offset";
}

struct ParsedVisitor<T>(PhantomData<T>);

impl<'de, T: Parsed> Visitor<'de> for ParsedVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        if flag {
            Err(E::invalid_type(Unexpected::Bool(true), &self))
        } else {
            Ok(None)
        }
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        match seq.next_element::<IgnoredAny>()? {
            None => Ok(None),
            Some(_) => Err(A::Error::invalid_type(Unexpected::Seq, &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        match map.next_key::<IgnoredAny>()? {
            None => Ok(None),
            Some(_) => Err(A::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}
