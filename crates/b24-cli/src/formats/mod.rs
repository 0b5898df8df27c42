//! Rows as files: what format, which columns, and the bytes of each row.

mod cell;
mod choice;
mod column;
mod csv;
mod encoder;
mod excel;
mod json;
mod json_text;
mod output;
mod packing;
mod parquet;
mod row;
mod table;
mod xlsx;

#[cfg(test)]
mod tests;

pub(crate) use choice::{FileType, Format};
pub(crate) use column::{Column, Kind};
pub(crate) use encoder::{Encoder, Layout, State};
pub(crate) use json_text::{compact, pretty};
pub(crate) use output::{Output, beside};
pub(crate) use packing::Packing;
pub(crate) use row::{Entries, RowError, elements, entry, text, value};
pub(crate) use xlsx::FIELDS_SHEET;

/// For whom a CSV file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CsvFor {
    /// Excel: byte order mark, semicolons, ids as text, formulas made harmless
    Excel,
}
