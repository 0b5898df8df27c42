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
    fn chosen(&self, Entries(entries): Entries<'_>, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut first = true;
        let asked = |key: &str| {
            let only = self.only.as_ref();
            only.is_none_or(|only| only.iter().any(|name| name == key))
        };
        for (key, value) in entries.into_iter().filter(|(key, _)| asked(key)) {
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            let name = self
                .headings
                .get(key.as_ref())
                .map_or(key.as_ref(), String::as_str);
            out.extend_from_slice(serde_json::Value::from(name).to_string().as_bytes());
            out.push(b':');
            compact(value.get(), out);
        }
        out.push(b'}');
    }
}
