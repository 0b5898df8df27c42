//! JSON lines, and one JSON array.

use serde_json::value::RawValue;

use super::json_text::compact;
use super::row::{Entries, RowError};

/// Writes rows as they came; `without` is the key of an id that nobody asked for
/// (it is always read, it carries the place in the list).
#[derive(Debug)]
pub(crate) struct Json {
    array: bool,
    without: Option<String>,
    rows: u64,
}

impl Json {
    pub(super) fn new(array: bool, without: Option<String>) -> Self {
        Self {
            array,
            without,
            rows: 0,
        }
    }

    pub(super) fn start(&self, out: &mut Vec<u8>) {
        if self.array {
            out.push(b'[');
        }
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
            match &self.without {
                None => compact(row.get(), out),
                Some(key) => {
                    let entries = Entries::read(row).ok_or(RowError { row: self.rows })?;
                    others(entries, key, out);
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

fn others(Entries(entries): Entries<'_>, without: &str, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut first = true;
    for (key, value) in entries.into_iter().filter(|(key, _)| key != without) {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        out.extend_from_slice(serde_json::Value::from(key).to_string().as_bytes());
        out.push(b':');
        compact(value.get(), out);
    }
    out.push(b'}');
}
