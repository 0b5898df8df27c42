//! Values as PHP has them: loosely typed scalars and ordered arrays.
//!
//! The portal is written in PHP, and what a client sees (an empty map printed as `[]`, `"5"` and `5`
//! being one key, `"12abc"` being 12) follows from that. Parameters and answers are such values.

mod array;
pub(crate) mod form;
pub(crate) mod json;
mod number;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub(crate) use array::{Key, PhpArray};

/// A PHP value as the portal sees it; arrays are ordered maps.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Php {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Box<str>),
    Array(PhpArray),
}

impl Php {
    /// An array with these entries, in this order.
    pub(crate) fn map<K: Into<Key>>(entries: impl IntoIterator<Item = (K, Php)>) -> Self {
        Self::Array(entries.into_iter().collect())
    }

    /// A list of these values.
    pub(crate) fn list(values: impl IntoIterator<Item = Php>) -> Self {
        let mut array = PhpArray::new();
        values.into_iter().for_each(|value| array.push(value));
        Self::Array(array)
    }

    /// `array()`.
    pub(crate) fn empty_array() -> Self {
        Self::Array(PhpArray::new())
    }

    /// `$value[$key]`, by PHP's rules for keys; `None` where there is no such key or this is no array.
    pub(crate) fn get(&self, key: &str) -> Option<&Php> {
        self.as_array()?.get(&Key::from(key))
    }

    /// As [`Self::get`], but the key's ASCII case does not matter; an exact match wins.
    pub(crate) fn get_ci(&self, key: &str) -> Option<&Php> {
        self.as_array()?.get_ci(key)
    }

    pub(crate) const fn as_array(&self) -> Option<&PhpArray> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }

    pub(crate) const fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// `(int)$value`.
    pub(crate) fn to_int(&self) -> i64 {
        match self {
            Self::Null => 0,
            Self::Bool(value) => i64::from(*value),
            Self::Int(value) => *value,
            Self::Float(value) => *value as i64,
            Self::Str(text) => number::leading_int(text),
            Self::Array(array) => i64::from(!array.is_empty()),
        }
    }

    /// `(float)$value`.
    pub(crate) fn to_float(&self) -> f64 {
        match self {
            Self::Float(value) => *value,
            Self::Str(text) => number::leading_float(text),
            other => other.to_int() as f64,
        }
    }

    /// `(string)$value`.
    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Null | Self::Bool(false) => Cow::Borrowed(""),
            Self::Bool(true) => Cow::Borrowed("1"),
            Self::Int(value) => Cow::Owned(value.to_string()),
            Self::Float(value) => Cow::Owned(number::float_text(*value)),
            Self::Str(text) => Cow::Borrowed(text),
            Self::Array(_) => Cow::Borrowed("Array"),
        }
    }

    /// `(bool)$value`: the text `"false"` is true, `"0"` is not.
    pub(crate) fn truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Str(text) => !matches!(&**text, "" | "0"),
            Self::Array(array) => !array.is_empty(),
        }
    }

    /// `empty($value)`.
    pub(crate) fn is_empty(&self) -> bool {
        !self.truthy()
    }

    /// `gettype($value)`, with the words of type declarations.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "string",
            Self::Array(_) => "array",
        }
    }

    /// `json_decode($json, true)`; `None` for what is not JSON.
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        json::parse(json)
    }

    /// `json_encode` with the portal's flags: see [`json`].
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        json::write(self, out);
    }
}

impl From<&str> for Php {
    fn from(text: &str) -> Self {
        Self::Str(text.into())
    }
}

impl From<String> for Php {
    fn from(text: String) -> Self {
        Self::Str(text.into())
    }
}

impl From<i64> for Php {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Php {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Php {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<Vec<Php>> for Php {
    fn from(values: Vec<Php>) -> Self {
        Self::list(values)
    }
}

impl From<PhpArray> for Php {
    fn from(array: PhpArray) -> Self {
        Self::Array(array)
    }
}

impl<T: Into<Php>> From<Option<T>> for Php {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
