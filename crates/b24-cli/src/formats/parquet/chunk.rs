//! One column of a row group, encoded into memory while the rows come.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::column::page::{CompressedPage, PageWriteSpec, PageWriter};
use parquet::column::writer::{ColumnCloseResult, ColumnWriter, get_column_writer};
use parquet::errors::Result;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::values::Values;

/// Bytes that the writer of a column and its chunk share.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|all| all.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A page writer that owns its sink: the library's own one borrows it.
struct Pages(TrackedWrite<Shared>);

impl PageWriter for Pages {
    fn write_page(&mut self, page: CompressedPage) -> Result<PageWriteSpec> {
        SerializedPageWriter::new(&mut self.0).write_page(page)
    }

    fn close(&mut self) -> Result<()> {
        SerializedPageWriter::new(&mut self.0).close()
    }
}

/// A column chunk that grows.
pub(super) struct Chunk {
    writer: ColumnWriter<'static>,
    bytes: Shared,
}

impl Chunk {
    pub(super) fn new(column: ColumnDescPtr, properties: &WriterPropertiesPtr) -> Self {
        let bytes = Shared::default();
        let pages = Box::new(Pages(TrackedWrite::new(bytes.clone())));
        Self {
            writer: get_column_writer(column, Arc::clone(properties), pages),
            bytes,
        }
    }

    /// Bytes that are encoded so far.
    pub(super) fn size(&self) -> usize {
        self.bytes.with(|bytes| bytes.len())
    }

    pub(super) fn write(&mut self, values: Values) -> Result<()> {
        values.write(&mut self.writer)
    }

    pub(super) fn close(self) -> Result<(Bytes, ColumnCloseResult)> {
        let close = self.writer.close()?;
        let bytes = self.bytes.with(std::mem::take);
        Ok((bytes.into(), close))
    }
}
