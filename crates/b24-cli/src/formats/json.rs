//! JSON lines, and one JSON array.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::json_text::compact;
use super::row::{Entries, RowError};

/// Writes rows as they came; with `only`, without the keys that nobody asked for:
/// the id is always read, and some methods answer with all fields whatever is asked.
#[derive(Debug)]
pub(crate) struct Json {
    array: bool,
    only: Option<Vec<String>>,
    /// Keys that are written under another name.
    headings: HashMap<String, String>,
    /// How each key that came is written; none if nobody asked for it.
    written: HashMap<String, Option<Vec<u8>>>,
    rows: u64,
}

impl Json {
    pub(super) fn new(
        array: bool,
        only: Option<Vec<String>>,
        headings: HashMap<String, String>,
    ) -> Self {
        Self {
            array,
            only,
            headings,
            written: HashMap::new(),
            rows: 0,
        }
    }

    pub(super) fn start(&self, out: &mut Vec<u8>) {
        if self.array {
            out.push(b'[');
        }
    }

    pub(super) fn go_on(&mut self, rows: u64) {
        self.rows = rows;
    }

    pub(super) fn rows(
        &mut self,
        rows: &[Box<RawValue>],
        out: &mut Vec<u8>,
    ) -> Result<(), RowError> {
        for row in rows {
            if self.array {
                out.extend_from_slice(if self.rows == 0 { b"\n" } else { b",\n" });
            }
            self.rows += 1;
            if self.only.is_none() && self.headings.is_empty() {
                compact(row.get(), out);
            } else {
                let entries = Entries::read(row).ok_or(RowError { row: self.rows })?;
                self.chosen(entries, out);
            }
            if !self.array {
                out.push(b'\n');
            }
        }
        Ok(())
    }

    pub(super) fn finish(&self, out: &mut Vec<u8>) {
        if self.array {
            out.extend_from_slice(if self.rows == 0 { b"]\n" } else { b"\n]\n" });
        }
    }

    /// The entries that were asked for, under the names that they shall have.
    fn chosen(&mut self, Entries(entries): Entries<'_>, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut first = true;
        for (key, value) in entries {
            let Some(name) = self.written(&key) else {
                continue;
            };
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            out.extend_from_slice(name);
            compact(value.get(), out);
        }
        out.push(b'}');
    }

    /// `"name":` for a key.
    fn written(&mut self, key: &str) -> Option<&[u8]> {
        if !self.written.contains_key(key) {
            let only = self.only.as_ref();
            let asked = only.is_none_or(|only| only.iter().any(|name| name == key));
            let name = self.headings.get(key).map_or(key, String::as_str);
            let written = asked.then(|| format!("{}:", serde_json::Value::from(name)).into_bytes());
            self.written.insert(key.to_owned(), written);
        }
        self.written.get(key)?.as_deref()
    }
}
