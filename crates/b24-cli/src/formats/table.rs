//! Aligned columns. The widths come from the first rows, later texts are cut to them.

use std::borrow::Cow;

use console::{Alignment, measure_text_width, pad_str};
use serde_json::value::RawValue;

use super::State;
use super::column::Column;
use super::row::{Columns, RowError, is_number, text};

/// How many rows are looked at before the first is written.
const LOOK_AHEAD: usize = 100;
/// The widest column.
const WIDEST: usize = 40;
const GAP: &str = "  ";

/// Writes rows for people.
#[derive(Debug)]
pub(crate) struct Table {
    pub(super) columns: Columns,
    waiting: Vec<Vec<Cell>>,
    /// Width of each column and whether it holds numbers; empty until they are known.
    layout: Vec<(usize, bool)>,
}

#[derive(Debug)]
struct Cell {
    text: String,
    number: bool,
}

impl Table {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self {
            columns: Columns::new(columns),
            waiting: Vec::new(),
            layout: Vec::new(),
        }
    }

    /// None while the first rows wait to be measured.
    pub(super) fn state(&self) -> Option<State> {
        let layout = self.layout.clone();
        (!layout.is_empty()).then(|| State {
            layout,
            ..self.columns.state()
        })
    }

    pub(super) fn go_on(&mut self, rows: u64, state: State) {
        self.layout.clone_from(&state.layout);
        self.columns.go_on(rows, state);
    }

    pub(super) fn rows(
        &mut self,
        rows: &[Box<RawValue>],
        out: &mut Vec<u8>,
    ) -> Result<(), RowError> {
        for row in rows {
            let cells = self.columns.place(row)?.into_iter().map(cell).collect();
            if self.layout.is_empty() {
                self.waiting.push(cells);
                if self.waiting.len() == LOOK_AHEAD {
                    self.settle(out);
                }
            } else {
                self.line(&cells, out);
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if self.layout.is_empty() {
            self.settle(out);
        }
    }

    /// Fixes the widths and writes the header and the rows that waited.
    fn settle(&mut self, out: &mut Vec<u8>) {
        let waiting = std::mem::take(&mut self.waiting);
        let names: Vec<&str> = self
            .columns
            .iter()
            .map(|column| column.heading.as_str())
            .collect();
        self.layout = (0..names.len())
            .map(|at| {
                let cells = || waiting.iter().map(|row| &row[at]);
                let widths = cells().map(|cell| measure_text_width(&cell.text));
                let widest = widths.chain([measure_text_width(names[at])]).max();
                let filled = || cells().filter(|cell| !cell.text.is_empty());
                let numbers = filled().next().is_some() && filled().all(|cell| cell.number);
                (widest.unwrap_or(0).min(WIDEST), numbers)
            })
            .collect();
        let header: Vec<Cell> = names
            .iter()
            .map(|name| Cell {
                text: (*name).to_owned(),
                number: false,
            })
            .collect();
        self.line(&header, out);
        for row in &waiting {
            self.line(row, out);
        }
    }

    fn line(&self, cells: &[Cell], out: &mut Vec<u8>) {
        let mut line = String::new();
        for (cell, (width, numbers)) in cells.iter().zip(&self.layout) {
            let alignment = if *numbers {
                Alignment::Right
            } else {
                Alignment::Left
            };
            // Half a number would be another number.
            let cut = if cell.number {
                Cow::Borrowed(cell.text.as_str())
            } else {
                console::truncate_str(&cell.text, *width, "…")
            };
            line.push_str(&pad_str(&cut, *width, alignment, None));
            line.push_str(GAP);
        }
        out.extend_from_slice(line.trim_end().as_bytes());
        out.push(b'\n');
    }
}

fn cell(value: Option<&RawValue>) -> Cell {
    let text = one_line(text(value));
    // Classic methods write numbers as texts.
    let number = value.is_some_and(is_number) || text.parse::<f64>().is_ok_and(f64::is_finite);
    Cell { text, number }
}

/// Line ends become spaces, other control characters are shown and not obeyed.
fn one_line(text: Cow<'_, str>) -> String {
    if !text.contains(char::is_control) {
        return text.into_owned();
    }
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if c.is_control() => '\u{FFFD}',
            c => c,
        })
        .collect()
}
