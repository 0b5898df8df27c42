//! Writing a form by the rules of `http_build_query`.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::FormError;
use crate::value::Tree;

/// All but the unreserved characters of RFC 3986: brackets go encoded and a
/// space as `%20`, as the vendor's clients send them. `parse_str` reads both
/// spellings.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// PHP's `max_input_vars` as the portal demands it of its server: what comes
/// after is dropped without a word.
pub(crate) const MAX_PAIRS: usize = 10_000;

/// PHP's `max_input_nesting_level`: a key with more brackets is dropped.
const MAX_DEPTH: usize = 64;

/// What to do with an empty list or map, which a form cannot express.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Empty {
    /// Leave it out: right for reads, where an empty filter is no filter.
    Drop,
    /// Refuse it: in a write it would mean "clear this" and do nothing.
    Refuse,
}

/// Writes the pairs in their order: `true` as `1`, `false` as `0`, `null` as
/// empty text, lists with their indexes.
///
/// # Errors
/// [`FormError::Empty`] if so asked, [`FormError::Key`] for a key that PHP would
/// read as another one, [`FormError::TooManyPairs`] and [`FormError::TooDeep`]
/// for what it would drop.
pub(crate) fn encode(pairs: &[(String, Tree)], empty: Empty) -> Result<String, FormError> {
    let mut form = Form {
        out: String::new(),
        key: String::new(),
        depth: 0,
        pairs: 0,
        empty,
    };
    for (name, value) in pairs {
        if name.is_empty() || name.contains(['.', ' ', '[', '\0']) {
            return Err(FormError::Key { path: name.clone() });
        }
        form.key.clear();
        append(&mut form.key, name);
        form.value(value)?;
    }
    Ok(form.out)
}

struct Form {
    out: String,
    /// The encoded key of the value at hand.
    key: String,
    /// The brackets in it.
    depth: usize,
    pairs: usize,
    empty: Empty,
}

impl Form {
    fn value(&mut self, value: &Tree) -> Result<(), FormError> {
        match value {
            Tree::Null => self.pair("")?,
            Tree::Bool(true) => self.pair("1")?,
            Tree::Bool(false) => self.pair("0")?,
            Tree::Number(number) => self.pair(&number.to_string())?,
            Tree::Text(text) => self.pair(text)?,
            Tree::List(_) | Tree::Map(_) if value.is_empty_container() => match self.empty {
                Empty::Drop => {}
                Empty::Refuse => return Err(FormError::Empty { path: self.path() }),
            },
            Tree::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.nested(&index.to_string(), item)?;
                }
            }
            Tree::Map(pairs) => {
                for (key, value) in pairs {
                    self.nested(key, value)?;
                }
            }
        }
        Ok(())
    }

    fn nested(&mut self, key: &str, value: &Tree) -> Result<(), FormError> {
        let outer = self.key.len();
        self.key.push_str("%5B");
        append(&mut self.key, key);
        self.key.push_str("%5D");
        if !reads_back(key) {
            return Err(FormError::Key { path: self.path() });
        }
        if self.depth == MAX_DEPTH {
            return Err(FormError::TooDeep { limit: MAX_DEPTH });
        }
        self.depth += 1;
        self.value(value)?;
        self.depth -= 1;
        self.key.truncate(outer);
        Ok(())
    }

    fn pair(&mut self, value: &str) -> Result<(), FormError> {
        if self.pairs == MAX_PAIRS {
            return Err(FormError::TooManyPairs { limit: MAX_PAIRS });
        }
        self.pairs += 1;
        if !self.out.is_empty() {
            self.out.push('&');
        }
        self.out.push_str(&self.key);
        self.out.push('=');
        append(&mut self.out, value);
        Ok(())
    }

    /// The key at hand as a person writes it.
    fn path(&self) -> String {
        percent_encoding::percent_decode_str(&self.key)
            .decode_utf8_lossy()
            .into_owned()
    }
}

/// Whether PHP reads a nested key as written: it ends at the first `]` and at
/// a zero byte, and an empty one means "append".
fn reads_back(key: &str) -> bool {
    let only_space = matches!(key.as_bytes(), [byte] if is_c_space(*byte));
    !key.is_empty() && !only_space && !key.contains([']', '\0'])
}

/// C's `isspace`, by which PHP skips one character before a `]`.
pub(super) fn is_c_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn append(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{}", utf8_percent_encode(text, ENCODED));
}
