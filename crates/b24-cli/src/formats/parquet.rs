//! Parquet: typed columns, row groups of at most 50,000 rows.
//!
//! Each row group is written to the part as a small Parquet file of its own, so a part can be cut
//! behind any of them. At the end their column chunks are copied into one file, as they are.

mod chunk;
mod join;
mod schema;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{SchemaDescriptor, TypePtr};
use serde_json::value::RawValue;

use super::State;
use super::cell;
use super::column::{Column, Kind};
use super::row::{Columns, RowError};
use chunk::Chunk;
use values::Values;

/// Rows of a row group.
pub(super) const GROUP: usize = 50_000;
/// Encoded bytes of a row group: wide rows make smaller ones.
const GROUP_BYTES: usize = 16 << 20;

/// Writes rows as Parquet.
pub(crate) struct Parquet {
    pub(super) columns: Columns,
    schema: TypePtr,
    properties: WriterPropertiesPtr,
    /// The row group that is not whole yet, and its rows.
    chunks: Vec<Chunk>,
    held: usize,
    /// The largest number of rows that came at once.
    page: usize,
    /// The length of each row group in the part.
    groups: Vec<u64>,
    /// How many values of a column were not of its type.
    unfit: BTreeMap<String, u64>,
    title: String,
    /// Columns whose first values are not what the portal says: they are text.
    texts: Option<Vec<String>>,
}

impl std::fmt::Debug for Parquet {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Parquet")
            .field("columns", &self.columns)
            .field("held", &self.held)
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

impl Parquet {
    pub(super) fn new(columns: Vec<Column>, title: &str) -> Self {
        Self {
            schema: schema::of(&columns),
            properties: Arc::new(schema::properties(&columns, title)),
            columns: Columns::new(columns),
            chunks: Vec::new(),
            held: 0,
            page: 0,
            groups: Vec::new(),
            unfit: BTreeMap::new(),
            title: title.to_owned(),
            texts: None,
        }
    }

    /// Some methods describe a field as a number and write `Y` and `N` into it: columns that the
    /// first rows do not fit become text, so that nothing is lost.
    fn look_at(&mut self, rows: &[Box<RawValue>]) -> Result<(), RowError> {
        let mut unfit = BTreeSet::new();
        for (number, row) in (1..).zip(rows) {
            for (column, value) in self.columns.peek(row, number)? {
                if cell::read(value, column.kind).is_none() {
                    unfit.insert(column.path.clone());
                }
            }
        }
        self.make_text(unfit.into_iter().collect());
        Ok(())
    }

    fn make_text(&mut self, paths: Vec<String>) {
        for column in self.columns.iter_mut() {
            if paths.contains(&column.path) {
                column.kind = Kind::Text;
            }
        }
        let columns: Vec<Column> = self.columns.iter().cloned().collect();
        self.schema = schema::of(&columns);
        self.properties = Arc::new(schema::properties(&columns, &self.title));
        self.texts = Some(paths);
    }

    /// Takes rows. Row groups end with what came at once, so that each is a place to go on from.
    pub(super) fn rows(
        &mut self,
        rows: &[Box<RawValue>],
        out: &mut Vec<u8>,
    ) -> Result<(), RowError> {
        if self.texts.is_none() && !rows.is_empty() {
            self.look_at(rows)?;
        }
        self.page = self.page.max(rows.len());
        for rows in rows.chunks(GROUP) {
            if self.held + rows.len() > GROUP {
                self.flush(out);
            }
            self.take(rows)?;
        }
        let bytes: usize = self.chunks.iter().map(Chunk::size).sum();
        if self.held + self.page > GROUP || bytes > GROUP_BYTES {
            self.flush(out);
        }
        Ok(())
    }

    #[expect(
        clippy::expect_used,
        reason = "memory takes every write, and there is a level for each row"
    )]
    fn take(&mut self, rows: &[Box<RawValue>]) -> Result<(), RowError> {
        let kinds: Vec<_> = self.columns.iter().map(|column| column.kind).collect();
        let mut values: Vec<Values> = kinds.iter().map(|kind| Values::of(*kind)).collect();
        let mut unfit = vec![0_u64; kinds.len()];
        for row in rows {
            for (at, value) in self.columns.place(row)?.into_iter().enumerate() {
                let fits = cell::read(value, values[at].kind());
                let taken = fits.is_some_and(|cell| values[at].push(cell));
                if !taken {
                    values[at].skip();
                    unfit[at] += 1;
                }
            }
        }
        for (column, count) in self
            .columns
            .iter()
            .zip(unfit)
            .filter(|(_, count)| *count > 0)
        {
            *self.unfit.entry(column.heading.clone()).or_default() += count;
        }
        if self.chunks.is_empty() {
            let descriptor = SchemaDescriptor::new(Arc::clone(&self.schema));
            let columns = descriptor.columns().iter();
            self.chunks = columns
                .map(|column| Chunk::new(Arc::clone(column), &self.properties))
                .collect();
        }
        for (chunk, values) in self.chunks.iter_mut().zip(values) {
            chunk.write(values).expect("encoding into memory");
        }
        self.held += rows.len();
        Ok(())
    }

    /// Ends the row group.
    #[expect(clippy::expect_used, reason = "memory takes every write")]
    pub(super) fn flush(&mut self, out: &mut Vec<u8>) {
        let chunks = std::mem::take(&mut self.chunks);
        if std::mem::take(&mut self.held) == 0 {
            return;
        }
        let before = out.len();
        self.group(chunks, out).expect("a row group in memory");
        self.groups.push((out.len() - before) as u64);
    }

    fn group(&self, chunks: Vec<Chunk>, out: &mut Vec<u8>) -> Result<(), ParquetError> {
        let mut writer =
            SerializedFileWriter::new(out, Arc::clone(&self.schema), Arc::clone(&self.properties))?;
        let mut group = writer.next_row_group()?;
        for chunk in chunks {
            let (bytes, close) = chunk.close()?;
            group.append_column(&bytes, close)?;
        }
        group.close()?;
        writer.close()?;
        Ok(())
    }

    /// Whether all rows are in row groups that ended.
    pub(super) fn state(&self) -> Option<State> {
        (self.held == 0).then(|| State {
            groups: self.groups.clone(),
            unfit: self.unfit.clone(),
            texts: self.texts.clone(),
            ..self.columns.state()
        })
    }

    pub(super) fn go_on(&mut self, rows: u64, state: State) {
        self.groups.clone_from(&state.groups);
        self.unfit.clone_from(&state.unfit);
        if let Some(texts) = &state.texts {
            self.make_text(texts.clone());
        }
        self.columns.go_on(rows, state);
    }

    /// What is not in the file as it was on the portal.
    pub(super) fn lost(&self) -> Option<String> {
        let each = self
            .unfit
            .iter()
            .map(|(name, count)| format!("{name} ({})", crate::printer::grouped(*count)));
        let each: Vec<_> = each.collect();
        (!each.is_empty()).then(|| {
            format!(
                "values that are not of their column's type are empty in the file: {}; -f jsonl keeps them",
                each.join(", ")
            )
        })
    }

    /// Copies the row groups of the part into one file.
    pub(super) fn assemble(&self, part: &File, whole: &File) -> io::Result<()> {
        join::join(
            part,
            &self.groups,
            whole,
            Arc::clone(&self.schema),
            Arc::clone(&self.properties),
        )
        .map_err(from_parquet)
    }
}

/// An error of the disk stays one.
fn from_parquet(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
