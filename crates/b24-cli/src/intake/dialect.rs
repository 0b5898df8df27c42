//! What separates the cells of a CSV file.

use csv_core::{ReadRecordResult, ReaderBuilder};

/// How many bytes are looked at.
pub(super) const LOOKED_AT: u64 = 64 * 1024;
/// How many rows are looked at.
const ROWS: usize = 50;
const DELIMITERS: &[u8] = b",;\t|";

/// How a file writes its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// Bytes of a first line `sep=;`, which Excel obeys and which is no row.
    pub(super) preface: usize,
}

impl Dialect {
    /// What was said, else what the file says in `sep=;`, else the separator that gives the most
    /// columns in rows as long as the first.
    pub(super) fn of(head: &[u8], said: Option<u8>) -> Self {
        let (named, preface) = preface(head);
        let delimiter = said.or(named).unwrap_or_else(|| {
            let score = |delimiter: &u8| score(&head[preface..], *delimiter);
            let best = DELIMITERS.iter().rev().copied().max_by_key(score);
            best.unwrap_or(b',')
        });
        Self { delimiter, preface }
    }
}

/// The separator that the first line names, and the length of that line.
fn preface(head: &[u8]) -> (Option<u8>, usize) {
    let line = head.split_inclusive(|byte| *byte == b'\n').next();
    let Some(line) = line else { return (None, 0) };
    match line.trim_ascii_end() {
        [b's', b'e', b'p', b'=', named] => (Some(*named), line.len()),
        // A tab is white space.
        b"sep=" if line.get(4) == Some(&b'\t') => (Some(b'\t'), line.len()),
        _ => (None, 0),
    }
}

/// How many columns there are, times the share of rows that have as many.
fn score(head: &[u8], delimiter: u8) -> usize {
    let lengths = lengths(head, delimiter);
    match lengths.split_first() {
        None | Some((1, _)) => 0,
        Some((columns, rows)) => {
            let alike = 1 + rows.iter().filter(|length| *length == columns).count();
            (columns - 1) * 1000 * alike / lengths.len()
        }
    }
}

/// The lengths of the first rows, without one that the end of the head has cut.
fn lengths(mut head: &[u8], delimiter: u8) -> Vec<usize> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
    let (mut out, mut ends) = (vec![0; head.len() + 1], vec![0; head.len() + 1]);
    let mut lengths = Vec::new();
    let mut cells = 0;
    while lengths.len() < ROWS {
        let (result, read, _, ended) = reader.read_record(head, &mut out, &mut ends);
        head = &head[read..];
        cells += ended;
        match result {
            ReadRecordResult::Record => lengths.push(std::mem::take(&mut cells)),
            ReadRecordResult::InputEmpty if lengths.is_empty() => {}
            _ => break,
        }
    }
    lengths
}
