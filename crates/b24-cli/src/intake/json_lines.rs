//! Rows of JSON lines: one object a line.

use std::collections::HashSet;
use std::io::{self, BufRead, Read};

use serde_json::value::RawValue;

use super::encoding::Found;
use super::{BadRow, LONGEST_ROW, MOST_COLUMNS, Row};
use crate::failure::Failure;
use crate::formats::Entries;
use crate::parameters::Tree;

/// Reads lines of JSON.
pub(super) struct Reader<T> {
    text: T,
    number: u64,
    line: Vec<u8>,
}

/// What a line is.
enum Line {
    End,
    Blank,
    Whole,
    TooLong,
}

impl<T: BufRead> Reader<T> {
    pub(super) fn new(text: T) -> Self {
        Self {
            text,
            number: 0,
            line: Vec::new(),
        }
    }

    /// The keys that objects have, in the order in which they occur.
    pub(super) fn columns(&mut self, name: &str) -> Result<Vec<String>, Failure> {
        let mut columns: Vec<String> = Vec::new();
        let mut known: HashSet<String> = HashSet::new();
        let mut rows = 0_u64;
        loop {
            match self
                .advance()
                .map_err(|error| super::unreadable(name, &error))?
            {
                Line::End => break,
                Line::Blank => continue,
                Line::TooLong => {}
                Line::Whole => {
                    let entries = serde_json::from_slice::<Entries<'_>>(&self.line);
                    for (key, _) in entries.map(|Entries(entries)| entries).unwrap_or_default() {
                        if !known.contains(key.as_ref()) {
                            known.insert(key.clone().into_owned());
                            columns.push(key.into_owned());
                        }
                    }
                }
            }
            rows += 1;
            if columns.len() > MOST_COLUMNS {
                let message = format!("{name}: its objects have more than {MOST_COLUMNS} keys");
                return Err(Failure::usage(message).state("nothing was sent"));
            }
        }
        match (rows, columns.is_empty()) {
            (0, _) => Err(super::empty(name)),
            (_, true) => Err(
                Failure::usage(format!("{name} has no line that is a JSON object"))
                    .state("nothing was sent")
                    .hint("is it CSV? -f csv"),
            ),
            _ => Ok(columns),
        }
    }

    /// The next row.
    pub(super) fn row(
        &mut self,
        columns: &[String],
        found: Found,
    ) -> io::Result<Option<Result<Row, BadRow>>> {
        loop {
            let line = self.advance()?;
            let number = self.number;
            let text = self.line.trim_ascii();
            let (read, shown) = match line {
                Line::End => return Ok(None),
                Line::Blank => continue,
                Line::TooLong => (Err(super::csv::too_long(&(number..=number))), Vec::new()),
                Line::Whole => (
                    cells(text, columns, found),
                    vec![String::from_utf8_lossy(text).into_owned()],
                ),
            };
            return Ok(Some(match read {
                Ok(cells) => Ok(Row { number, cells }),
                Err(message) => Err(BadRow {
                    number,
                    message,
                    cells: shown,
                }),
            }));
        }
    }

    /// How many bytes a row has room for by now.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.line.capacity()
    }

    /// Reads a line, as far as it is not too long.
    fn advance(&mut self) -> io::Result<Line> {
        self.line.clear();
        self.number += 1;
        let bound = LONGEST_ROW as u64 + 1;
        let read = self
            .text
            .by_ref()
            .take(bound)
            .read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(Line::End);
        }
        if read as u64 == bound && self.line.last() != Some(&b'\n') {
            self.skip_line()?;
            return Ok(Line::TooLong);
        }
        Ok(match self.line.trim_ascii() {
            [] => Line::Blank,
            _ => Line::Whole,
        })
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let input = self.text.fill_buf()?;
            let end = input.iter().position(|byte| *byte == b'\n');
            let (read, done) = match end {
                Some(end) => (end + 1, true),
                None => (input.len(), input.is_empty()),
            };
            self.text.consume(read);
            if done {
                return Ok(());
            }
        }
    }
}

fn cells(line: &[u8], columns: &[String], found: Found) -> Result<Vec<Tree>, String> {
    let Ok(text) = std::str::from_utf8(line) else {
        return Err(format!("not {} text", found.encoding.name()));
    };
    let object: Entries<'_> =
        serde_json::from_str(text).map_err(|error| match serde_json::from_str::<Tree>(text) {
            Ok(other) => format!("{} where an object is wanted", other.kind()),
            Err(_) => format!("not JSON: {}", without_place(&error)),
        })?;
    let mut cells = vec![Tree::Null; columns.len()];
    let mut filled = vec![false; columns.len()];
    for (next, (key, value)) in object.0.into_iter().enumerate() {
        // Most rows have the keys of the first one, in its order.
        let at = match columns.get(next) {
            Some(column) if *column == key => Some(next),
            _ => columns.iter().position(|column| *column == key),
        };
        let Some(at) = at else {
            return Err(format!("a key {key:?} that was not there before"));
        };
        if std::mem::replace(&mut filled[at], true) {
            return Err(format!("the key {key:?} appears twice"));
        }
        cells[at] = cell(value)?;
    }
    Ok(cells)
}

/// A number whose digits a float would change stays the text of its digits.
fn cell(value: &RawValue) -> Result<Tree, String> {
    let raw = value.get();
    let tree = serde_json::from_str(raw)
        .map_err(|error| format!("not JSON: {}", without_place(&error)))?;
    Ok(match tree {
        Tree::Number(number) if number.to_string() != raw => Tree::Text(raw.to_owned()),
        tree => tree,
    })
}

/// The line is that of the text that was parsed, always the first.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(what) => format!("{what} at column {}", error.column()),
        None => text,
    }
}
