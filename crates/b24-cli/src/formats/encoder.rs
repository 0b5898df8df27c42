//! Rows into bytes of any format.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::CsvFor;
use super::choice::{FileType, Format};
use super::column::Column;
use super::csv::Csv;
use super::json::Json;
use super::packing::Packer;
use super::parquet::Parquet;
use super::row::{Columns, RowError};
use super::table::Table;
use super::xlsx::Xlsx;

/// What a file looks like.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) file_type: FileType,
    /// The columns; formats without use only their headings.
    pub(crate) columns: Vec<Column>,
    /// The keys of a row that formats without columns write; none for all.
    pub(crate) only: Option<Vec<String>>,
    pub(crate) csv_for: Option<CsvFor>,
    /// What the rows are, such as `deals`.
    pub(crate) title: String,
}

/// What an encoder knows of the rows behind it, kept beside a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Columns that no row had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unseen: Vec<String>,
    /// Keys that had no column.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) strays: BTreeSet<String>,
    /// Width of each column of a table, and whether it holds numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) layout: Vec<(usize, bool)>,
    /// The length of each row group of a Parquet part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) groups: Vec<u64>,
    /// How many values of a Parquet column were not of its type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) unfit: BTreeMap<String, u64>,
    /// The columns of a Parquet file that are text whatever the portal says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) texts: Option<Vec<String>>,
}

/// Turns rows into bytes of a part, whole rows at a time.
#[derive(Debug)]
pub(crate) struct Encoder {
    form: Form,
    packer: Option<Packer>,
    /// Bytes before they are packed.
    plain: Vec<u8>,
    /// Whether nothing was packed before.
    fresh: bool,
}

#[derive(Debug)]
enum Form {
    Json(Json),
    Csv(Csv),
    Table(Table),
    Xlsx(Xlsx),
    Parquet(Box<Parquet>),
}

impl Encoder {
    pub(crate) fn new(layout: Layout) -> Self {
        let FileType { format, packing } = layout.file_type;
        let form = match format {
            Format::JsonLines | Format::Json => {
                let renamed = layout.columns.into_iter();
                let renamed = renamed.filter(|column| column.heading != column.path);
                let headings = renamed
                    .map(|column| (column.path, column.heading))
                    .collect();
                Form::Json(Json::new(format == Format::Json, layout.only, headings))
            }
            Format::Csv => Form::Csv(Csv::new(layout.columns, layout.csv_for)),
            Format::Table => Form::Table(Table::new(layout.columns)),
            Format::Xlsx => Form::Xlsx(Xlsx::new(layout.columns, layout.title)),
            Format::Parquet => Form::Parquet(Box::new(Parquet::new(layout.columns, &layout.title))),
        };
        Self {
            form,
            packer: packing.map(Packer::new),
            plain: Vec::new(),
            fresh: true,
        }
    }

    /// What comes before the first row.
    pub(crate) fn start(&mut self, out: &mut Vec<u8>) {
        match &mut self.form {
            Form::Json(json) => json.start(&mut self.plain),
            Form::Csv(csv) => csv.start(&mut self.plain),
            Form::Table(_) | Form::Xlsx(_) | Form::Parquet(_) => {}
        }
        self.pack(out);
    }

    /// Rows. Some may be held back: the first ones of a table to see how wide they are, those of a
    /// row group that is not whole, what a packer has not written. See [`settle`](Self::settle).
    pub(crate) fn rows(
        &mut self,
        rows: &[Box<RawValue>],
        out: &mut Vec<u8>,
    ) -> Result<(), RowError> {
        let taken = match &mut self.form {
            Form::Json(json) => json.rows(rows, &mut self.plain),
            Form::Csv(csv) => csv.rows(rows, &mut self.plain),
            Form::Table(table) => table.rows(rows, &mut self.plain),
            Form::Xlsx(xlsx) => xlsx.rows(rows, &mut self.plain),
            Form::Parquet(parquet) => parquet.rows(rows, &mut self.plain),
        };
        if taken.is_err() {
            self.plain.clear();
        }
        taken.map(|()| self.pack(out))
    }

    /// Writes what is held back, as far as that costs little, so that a part can be cut here.
    pub(crate) fn settle(&mut self, out: &mut Vec<u8>) {
        if let Some(packer) = &mut self.packer {
            packer.settle(out);
        }
    }

    /// Writes what is held back, whatever it costs: no more rows come for now.
    pub(crate) fn settle_all(&mut self, out: &mut Vec<u8>) {
        match &mut self.form {
            Form::Parquet(parquet) => parquet.flush(&mut self.plain),
            Form::Table(table) => table.finish(&mut self.plain),
            Form::Json(_) | Form::Csv(_) | Form::Xlsx(_) => {}
        }
        self.pack(out);
        self.settle(out);
    }

    /// What comes after the last row.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        match &mut self.form {
            Form::Json(json) => json.finish(&mut self.plain),
            Form::Table(table) => table.finish(&mut self.plain),
            Form::Parquet(parquet) => parquet.flush(&mut self.plain),
            Form::Csv(_) | Form::Xlsx(_) => {}
        }
        self.pack(out);
        if let Some(packer) = &mut self.packer {
            packer.finish(self.fresh, out);
        }
    }

    /// Whether the file is made of the part when all rows are there.
    pub(crate) const fn is_assembled(&self) -> bool {
        matches!(self.form, Form::Xlsx(_) | Form::Parquet(_))
    }

    /// Makes the file of the part, for formats that are not written from the first row on.
    pub(crate) fn assemble(&mut self, part: &File, whole: &File, scratch: &Path) -> io::Result<()> {
        match &mut self.form {
            Form::Xlsx(xlsx) => xlsx.assemble(part, whole, scratch),
            Form::Parquet(parquet) => parquet.assemble(part, whole),
            Form::Json(_) | Form::Csv(_) | Form::Table(_) => Ok(()),
        }
    }

    /// What going on behind the rows so far needs to know; none while rows are held back.
    pub(crate) fn state(&self) -> Option<State> {
        match &self.form {
            Form::Json(_) => Some(State::default()),
            Form::Csv(csv) => Some(csv.columns.state()),
            Form::Table(table) => table.state(),
            Form::Xlsx(xlsx) => Some(xlsx.columns.state()),
            Form::Parquet(parquet) => parquet.state(),
        }
    }

    /// Goes on behind so many rows, instead of [`start`](Self::start).
    pub(crate) fn go_on(&mut self, rows: u64, state: State) {
        self.fresh = false;
        match &mut self.form {
            Form::Json(json) => json.go_on(rows),
            Form::Csv(csv) => csv.columns.go_on(rows, state),
            Form::Table(table) => table.go_on(rows, state),
            Form::Xlsx(xlsx) => xlsx.go_on(rows, state),
            Form::Parquet(parquet) => parquet.go_on(rows, state),
        }
    }

    /// Columns that no row had.
    pub(crate) fn unseen(&self) -> Vec<String> {
        self.columns().map(Columns::unseen).unwrap_or_default()
    }

    /// Keys of rows that had no column.
    pub(crate) fn strays(&self) -> Option<&BTreeSet<String>> {
        self.columns().map(Columns::strays)
    }

    /// What is not in the file as it was on the portal.
    pub(crate) fn lost(&self) -> Option<String> {
        match &self.form {
            Form::Xlsx(xlsx) => xlsx.lost(),
            Form::Parquet(parquet) => parquet.lost(),
            Form::Json(_) | Form::Csv(_) | Form::Table(_) => None,
        }
    }

    /// How many sheets the rows fill; none but for workbooks.
    pub(crate) fn sheets(&self) -> Option<u64> {
        match &self.form {
            Form::Xlsx(xlsx) => Some(xlsx.sheets()),
            _ => None,
        }
    }

    fn columns(&self) -> Option<&Columns> {
        match &self.form {
            Form::Json(_) => None,
            Form::Csv(csv) => Some(&csv.columns),
            Form::Table(table) => Some(&table.columns),
            Form::Xlsx(xlsx) => Some(&xlsx.columns),
            Form::Parquet(parquet) => Some(&parquet.columns),
        }
    }

    fn pack(&mut self, out: &mut Vec<u8>) {
        match &mut self.packer {
            Some(packer) => {
                self.fresh &= self.plain.is_empty();
                packer.write(&self.plain, out);
                self.plain.clear();
            }
            None if out.is_empty() => std::mem::swap(&mut self.plain, out),
            None => out.append(&mut self.plain),
        }
    }
}
