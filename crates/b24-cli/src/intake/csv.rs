//! Rows of CSV: quotes, any line ends, and a bound on the length of a row.

use std::borrow::Cow;
use std::io::{self, BufRead};

use csv_core::{ReadRecordResult, ReaderBuilder};

use super::dialect::Dialect;
use super::encoding::Found;
use super::{BadRow, LONGEST_ROW, MOST_COLUMNS, Row};
use crate::failure::Failure;
use crate::parameters::Tree;

const NEVER_CLOSED: &str = "a quote that is not closed up to the end of the file";
const FIRST_ROOM: usize = 4096;

/// Reads rows of CSV.
pub(super) struct Reader<T> {
    text: T,
    core: csv_core::Reader,
    /// Bytes of a line before the header.
    preface: usize,
    /// The cells of the last record, one behind the other, and where each ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
    /// Whether the file is over.
    ended: bool,
    /// Whether CR was the last byte.
    after_return: bool,
}

/// The record that was read.
struct Record {
    /// The lines where it begins and ends.
    lines: std::ops::RangeInclusive<u64>,
    bytes: usize,
    columns: usize,
    too_long: bool,
    /// Its last cell begins with a quote, and the file ends within it.
    open: bool,
}

impl<T: BufRead> Reader<T> {
    pub(super) fn new(text: T, dialect: Dialect) -> Self {
        let delimiter = dialect.delimiter;
        Self {
            text,
            core: ReaderBuilder::new().delimiter(delimiter).build(),
            preface: dialect.preface,
            cells: vec![0; FIRST_ROOM],
            ends: vec![0; 64],
            ended: false,
            after_return: false,
        }
    }

    /// The columns that the first row names.
    pub(super) fn header(&mut self, name: &str, found: Found) -> Result<Vec<String>, Failure> {
        self.skip_preface()
            .map_err(|error| super::unreadable(name, &error))?;
        let record = self.record();
        let Some(record) = record.map_err(|error| super::unreadable(name, &error))? else {
            return Err(super::empty(name));
        };
        let line = *record.lines.start();
        let wrong = |what: String| {
            Failure::usage(format!("{name}: the header in line {line} {what}"))
                .state("nothing was sent")
        };
        if record.too_long {
            return Err(
                wrong("has no end".to_owned()).hint("is it a table, and are its quotes closed?")
            );
        }
        let cells = self.texts(&record).map_err(|_| {
            wrong(format!("is not {} text", found.encoding.name()))
                .hint("--encoding windows-1251, or another")
        })?;
        Ok(cells
            .iter()
            .map(|cell| plain(cell).trim().to_owned())
            .collect())
    }

    /// Passes over the header.
    pub(super) fn skip_header(&mut self) -> io::Result<()> {
        self.skip_preface()?;
        self.record().map(drop)
    }

    /// The next row with something in it.
    pub(super) fn row(
        &mut self,
        columns: usize,
        found: Found,
    ) -> io::Result<Option<Result<Row, BadRow>>> {
        loop {
            let Some(record) = self.record()? else {
                return Ok(None);
            };
            let number = *record.lines.start();
            let bad = |message: String, cells| {
                Ok(Some(Err(BadRow {
                    number,
                    message,
                    cells,
                })))
            };
            if record.too_long {
                return bad(too_long(&record.lines), Vec::new());
            }
            if record.open {
                return bad(NEVER_CLOSED.to_owned(), self.lossy(&record));
            }
            let cells = match self.texts(&record) {
                Ok(cells) if cells.iter().all(|cell| cell.is_empty()) => continue,
                Ok(cells) => cells,
                Err(at) => {
                    let cells = self.lossy(&record);
                    let encoding = found.encoding.name();
                    return bad(format!("cell {} is not {encoding} text", at + 1), cells);
                }
            };
            if cells.len() != columns {
                let message = ragged(cells.len(), columns, &record.lines);
                return bad(message, self.lossy(&record));
            }
            let cells = cells.iter().map(|cell| match plain(cell) {
                cell if cell.is_empty() => Tree::Null,
                cell => Tree::Text(cell.into_owned()),
            });
            return Ok(Some(Ok(Row {
                number,
                cells: cells.collect(),
            })));
        }
    }

    /// How many bytes a row has room for by now.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.cells.len()
    }

    /// Reads a record; empty lines are none. None at the end.
    fn record(&mut self) -> io::Result<Option<Record>> {
        self.skip_empty_lines()?;
        let mut record = Record {
            lines: self.core.line()..=self.core.line(),
            bytes: 0,
            columns: 0,
            too_long: false,
            open: false,
        };
        loop {
            let input = self.text.fill_buf()?;
            // A last line end shows whether the file ends within a quote: it is then one more
            // byte of the cell.
            let last = input.is_empty() && !self.ended;
            let input = if last { b"\n" } else { input };
            let (result, read, written, ended) = self.core.read_record(
                input,
                &mut self.cells[record.bytes..],
                &mut self.ends[record.columns..],
            );
            let quits = input[..read].last() == Some(&b'\n');
            self.after_return = input[..read].last() == Some(&b'\r');
            if last {
                self.ended = read > 0;
                record.open = written > 0;
            } else {
                self.text.consume(read);
            }
            record.bytes += written;
            record.columns += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.cells.len() >= LONGEST_ROW => {
                    record.too_long = true;
                    record.bytes = 0;
                }
                ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if self.ends.len() >= MOST_COLUMNS => {
                    record.too_long = true;
                    record.columns = 0;
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    if record.open {
                        self.ends[record.columns - 1] -= 1;
                    }
                    // The line end belongs to the last line of the record.
                    let last = self.core.line() - u64::from(quits);
                    record.lines = *record.lines.start()..=last.max(*record.lines.start());
                    return Ok(Some(record));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    fn skip_preface(&mut self) -> io::Result<()> {
        if self.preface > 0 {
            let mut line = Vec::new();
            self.text.read_until(b'\n', &mut line)?;
            self.core.set_line(2);
        }
        Ok(())
    }

    /// Passes over what ends lines; a record leaves the second half of its own line end.
    fn skip_empty_lines(&mut self) -> io::Result<()> {
        let mut line = self.core.line();
        loop {
            let input = self.text.fill_buf()?;
            let ends = input
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'));
            let ends = ends.count();
            for byte in &input[..ends] {
                // Of CR, LF is counted; CR alone is when something else follows.
                line += u64::from(*byte == b'\n' || self.after_return);
                self.after_return = *byte == b'\r';
            }
            let more = ends == input.len() && ends > 0;
            self.text.consume(ends);
            if !more {
                line += u64::from(std::mem::take(&mut self.after_return));
                self.core.set_line(line);
                return Ok(());
            }
        }
    }

    /// The cells as text; else the first that is none.
    fn texts(&self, record: &Record) -> Result<Vec<&str>, usize> {
        self.raw(record)
            .enumerate()
            .map(|(at, cell)| std::str::from_utf8(cell).map_err(|_| at))
            .collect()
    }

    fn lossy(&self, record: &Record) -> Vec<String> {
        self.raw(record)
            .map(|cell| String::from_utf8_lossy(cell).into_owned())
            .collect()
    }

    fn raw(&self, record: &Record) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends[..record.columns].iter().map(move |end| {
            let cell = &self.cells[start..*end];
            start = *end;
            cell
        })
    }
}

/// What Excel is made to show: `="007"` is 007, and the apostrophe before a formula is none.
fn plain(cell: &str) -> Cow<'_, str> {
    if let Some(text) = cell
        .strip_prefix("=\"")
        .and_then(|cell| cell.strip_suffix('"'))
    {
        return text.replace("\"\"", "\"").into();
    }
    match cell.strip_prefix('\'') {
        Some(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => text.into(),
        _ => cell.into(),
    }
}

fn ragged(cells: usize, columns: usize, lines: &std::ops::RangeInclusive<u64>) -> String {
    let count = crate::printer::counted(cells as u64, "cell", "cells");
    format!("{count}, the header has {columns}{}", over(lines))
}

pub(super) fn too_long(lines: &std::ops::RangeInclusive<u64>) -> String {
    format!(
        "longer than {} MB{}",
        LONGEST_ROW / 1024 / 1024,
        over(lines)
    )
}

/// What makes a row go over several lines.
fn over(lines: &std::ops::RangeInclusive<u64>) -> String {
    let (start, end) = (lines.start(), lines.end());
    if start == end {
        return String::new();
    }
    format!(" (lines {start} to {end}: is a quote not closed?)")
}
