//! Rows as files: what format, which columns, and the bytes of each row.

mod csv;
mod excel;
mod json;
mod json_text;
mod output;
mod row;
mod table;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(crate) use json_text::{compact, pretty};
pub(crate) use output::{Output, beside};
pub(crate) use row::{RowError, elements, entry, value};

use crate::failure::Failure;

const NOW: &str = "jsonl, json, csv, table";

/// A format that this version writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// One JSON object a line.
    JsonLines,
    /// One JSON array.
    Json,
    Csv,
    /// Aligned columns for a terminal.
    Table,
}

impl Format {
    /// The format that `-f` names, else the extension of the output, else JSON lines.
    pub(crate) fn choose(flag: Option<&str>, output: Option<&Path>) -> Result<Self, Failure> {
        if let Some(name) = flag {
            return Self::named(name, &format!("format {name:?}"));
        }
        let Some(path) = output else {
            return Ok(Self::JsonLines);
        };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(extension) => Self::named(
                extension,
                &format!("{}: the format {extension:?}", path.display()),
            ),
            None => Ok(Self::JsonLines),
        }
    }

    fn named(name: &str, shown: &str) -> Result<Self, Failure> {
        let last = name.rsplit('.').next().unwrap_or(name);
        match last.to_ascii_lowercase().as_str() {
            "jsonl" => Ok(Self::JsonLines),
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            "table" => Ok(Self::Table),
            "xlsx" | "parquet" | "gz" | "zst" => Err(Failure::usage(format!(
                "{shown} comes with a later version"
            ))
            .state("nothing was sent")
            .hint(format!("what works now: {NOW}"))),
            _ => Err(Failure::usage(format!("{shown} is not known"))
                .state("nothing was sent")
                .hint(format!("one of {NOW}: -f csv"))),
        }
    }

    /// The extension of a file in this format.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Table => "table",
        }
    }

    /// Whether the columns must be known before the first row.
    pub(crate) const fn has_columns(self) -> bool {
        matches!(self, Self::Csv | Self::Table)
    }
}

/// For whom a CSV file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CsvFor {
    /// Excel: byte order mark, semicolons, ids as text, formulas made harmless
    Excel,
}

/// What an encoder knows of the rows behind it, kept beside a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Columns that no row had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unseen: Vec<String>,
    /// Keys that had no column.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    strays: BTreeSet<String>,
    /// Width of each column of a table, and whether it holds numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    layout: Vec<(usize, bool)>,
}

/// Turns rows into bytes, whole rows at a time.
#[derive(Debug)]
pub(crate) enum Encoder {
    Json(json::Json),
    Csv(csv::Csv),
    Table(table::Table),
}

impl Encoder {
    /// JSON lines or one array. `only`: the keys to write; none for all.
    pub(crate) fn json(format: Format, only: Option<Vec<String>>) -> Self {
        Self::Json(json::Json::new(format == Format::Json, only))
    }

    /// A CSV file with these columns.
    pub(crate) fn csv(columns: Vec<String>, csv_for: Option<CsvFor>) -> Self {
        Self::Csv(csv::Csv::new(columns, csv_for))
    }

    /// A table with these columns.
    pub(crate) fn table(columns: Vec<String>) -> Self {
        Self::Table(table::Table::new(columns))
    }

    /// What comes before the first row.
    pub(crate) fn start(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Json(json) => json.start(out),
            Self::Csv(csv) => csv.start(out),
            Self::Table(_) => {}
        }
    }

    /// Rows. The table keeps the first ones back to see how wide they are.
    pub(crate) fn rows(
        &mut self,
        rows: &[Box<RawValue>],
        out: &mut Vec<u8>,
    ) -> Result<(), RowError> {
        match self {
            Self::Json(json) => json.rows(rows, out),
            Self::Csv(csv) => csv.rows(rows, out),
            Self::Table(table) => table.rows(rows, out),
        }
    }

    /// What comes after the last row.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Json(json) => json.finish(out),
            Self::Csv(_) => {}
            Self::Table(table) => table.finish(out),
        }
    }

    /// What going on behind the rows so far needs to know; none while rows are held back.
    pub(crate) fn state(&self) -> Option<State> {
        match self {
            Self::Json(_) => Some(State::default()),
            Self::Csv(csv) => Some(csv.state()),
            Self::Table(table) => table.state(),
        }
    }

    /// Goes on behind so many rows, instead of [`start`](Self::start).
    pub(crate) fn go_on(&mut self, rows: u64, state: State) {
        match self {
            Self::Json(json) => json.go_on(rows),
            Self::Csv(csv) => csv.go_on(rows, state),
            Self::Table(table) => table.go_on(rows, state),
        }
    }

    /// Columns that no row had.
    pub(crate) fn unseen(&self) -> Vec<String> {
        match self {
            Self::Json(_) => Vec::new(),
            Self::Csv(csv) => csv.unseen(),
            Self::Table(table) => table.unseen(),
        }
    }

    /// Keys of rows that had no column.
    pub(crate) fn strays(&self) -> Option<&BTreeSet<String>> {
        match self {
            Self::Json(_) => None,
            Self::Csv(csv) => Some(csv.strays()),
            Self::Table(table) => Some(table.strays()),
        }
    }
}
