//! CSV: columns fixed before the first row, lists and objects as JSON text.

use std::borrow::Cow;

use csv::{ByteRecord, Terminator, WriterBuilder};
use serde_json::value::RawValue;

use super::column::Column;
use super::row::{Columns, RowError, text};
use super::{CsvFor, excel};

/// Byte order mark: Excel takes a file without it for one of an old code page.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Writes rows as CSV.
#[derive(Debug)]
pub(crate) struct Csv {
    pub(super) columns: Columns,
    excel: bool,
}

impl Csv {
    pub(super) fn new(columns: Vec<Column>, csv_for: Option<CsvFor>) -> Self {
        Self {
            columns: Columns::new(columns),
            excel: csv_for == Some(CsvFor::Excel),
        }
    }

    pub(super) fn start(&self, out: &mut Vec<u8>) {
        if self.excel {
            out.extend_from_slice(MARK);
        }
        let header: ByteRecord = self
            .columns
            .iter()
            .map(|column| column.heading.as_bytes())
            .collect();
        self.write([header], out);
    }

    pub(super) fn rows(
        &mut self,
        rows: &[Box<RawValue>],
        out: &mut Vec<u8>,
    ) -> Result<(), RowError> {
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            records.push(self.record(row)?);
        }
        self.write(records, out);
        Ok(())
    }

    fn record(&mut self, row: &RawValue) -> Result<ByteRecord, RowError> {
        let cells = self.columns.place(row)?;
        let mut record = ByteRecord::new();
        for (column, value) in self.columns.iter().zip(cells) {
            let cell: Cow<'_, str> = match value {
                Some(value) if self.excel => excel::cell(&column.path, value),
                value => text(value),
            };
            record.push_field(cell.as_bytes());
        }
        Ok(record)
    }

    #[expect(clippy::expect_used, reason = "a vector takes every write")]
    fn write(&self, records: impl IntoIterator<Item = ByteRecord>, out: &mut Vec<u8>) {
        let mut builder = WriterBuilder::new();
        if self.excel {
            builder.delimiter(b';').terminator(Terminator::CRLF);
        }
        let mut writer = builder.from_writer(out);
        for record in records {
            writer
                .write_byte_record(&record)
                .expect("writing to memory");
        }
        writer.flush().expect("writing to memory");
    }
}
