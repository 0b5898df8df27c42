//! JSON lines, and one JSON array.

use serde_json::value::RawValue;

use super::json_text::compact;
use super::row::{Entries, RowError};

/// Writes rows as they came; with `only`, without the keys that nobody asked for:
/// the id is always read, and some methods answer with all fields whatever is asked.
#[derive(Debug)]
pub(crate) struct Json {
    array: bool,
    only: Option<Vec<String>>,
    rows: u64,
}

impl Json {
    pub(super) fn new(array: bool, only: Option<Vec<String>>) -> Self {
        Self {
            array,
            only,
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
            match &self.only {
                None => compact(row.get(), out),
                Some(only) => {
                    let entries = Entries::read(row).ok_or(RowError { row: self.rows })?;
                    chosen(entries, only, out);
                }
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
}

fn chosen(Entries(entries): Entries<'_>, only: &[String], out: &mut Vec<u8>) {
    out.push(b'{');
    let mut first = true;
    let asked = |key: &str| only.iter().any(|name| name == key);
    for (key, value) in entries.into_iter().filter(|(key, _)| asked(key)) {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        out.extend_from_slice(serde_json::Value::from(key).to_string().as_bytes());
        out.push(b':');
        compact(value.get(), out);
    }
    out.push(b'}');
}
