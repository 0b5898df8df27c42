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
use super::column::Column;
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
        let schema = schema::of(&columns);
        Self {
            properties: Arc::new(schema::properties(&columns, title)),
            columns: Columns::new(columns),
            schema,
            chunks: Vec::new(),
            held: 0,
            page: 0,
            groups: Vec::new(),
            unfit: BTreeMap::new(),
        }
    }

    /// Takes rows. Row groups end with what came at once, so that each is a place to go on from.
    pub(super) fn rows(
        &mut self,
        rows: &[Box<RawValue>],
        out: &mut Vec<u8>,
    ) -> Result<(), RowError> {
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
            ..self.columns.state()
        })
    }

    pub(super) fn go_on(&mut self, rows: u64, state: State) {
        self.groups.clone_from(&state.groups);
        self.unfit.clone_from(&state.unfit);
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

    pub(super) fn strays(&self) -> &BTreeSet<String> {
        self.columns.strays()
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
