//! The values of one column, as its writer takes them.

use jiff::civil::Date;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};

use super::super::cell::Cell;
use super::super::column::Kind;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Values that are there, and a level for each row: 1 where there is one.
pub(super) struct Values {
    levels: Vec<i16>,
    all: All,
}

enum All {
    Integer(Vec<i64>),
    Number(Vec<f64>),
    Boolean(Vec<bool>),
    /// Days since 1970.
    Date(Vec<i32>),
    /// Milliseconds since 1970, UTC.
    Time(Vec<i64>),
    Text(Vec<ByteArray>),
}

impl Values {
    pub(super) const fn of(kind: Kind) -> Self {
        let all = match kind {
            Kind::Integer => All::Integer(Vec::new()),
            Kind::Number => All::Number(Vec::new()),
            Kind::Boolean => All::Boolean(Vec::new()),
            Kind::Date => All::Date(Vec::new()),
            Kind::Time => All::Time(Vec::new()),
            Kind::Text | Kind::Any => All::Text(Vec::new()),
        };
        Self {
            levels: Vec::new(),
            all,
        }
    }

    /// What cells must be read as.
    pub(super) const fn kind(&self) -> Kind {
        match self.all {
            All::Integer(_) => Kind::Integer,
            All::Number(_) => Kind::Number,
            All::Boolean(_) => Kind::Boolean,
            All::Date(_) => Kind::Date,
            All::Time(_) => Kind::Time,
            All::Text(_) => Kind::Text,
        }
    }

    /// Takes a cell, if it is of the column's type.
    pub(super) fn push(&mut self, cell: Cell<'_>) -> bool {
        match (&mut self.all, cell) {
            (_, Cell::Empty) => {
                self.levels.push(0);
                return true;
            }
            (All::Integer(all), Cell::Integer(integer)) => all.push(integer),
            (All::Number(all), Cell::Number(number)) => all.push(number),
            (All::Boolean(all), Cell::Boolean(boolean)) => all.push(boolean),
            (All::Date(all), Cell::Date(date)) => match EPOCH.until(date) {
                Ok(span) => all.push(span.get_days()),
                Err(_) => return false,
            },
            (All::Time(all), Cell::Time(_, Some(moment))) => all.push(moment.as_millisecond()),
            (All::Text(all), Cell::Text(text)) => all.push(text.into_owned().into_bytes().into()),
            _ => return false,
        }
        self.levels.push(1);
        true
    }

    /// A row without a value.
    pub(super) fn skip(&mut self) {
        self.levels.push(0);
    }

    pub(super) fn write(self, writer: &mut ColumnWriter<'static>) -> Result<()> {
        let levels = Some(self.levels.as_slice());
        match (writer, &self.all) {
            (ColumnWriter::Int64ColumnWriter(writer), All::Integer(all) | All::Time(all)) => {
                writer.write_batch(all, levels, None)
            }
            (ColumnWriter::DoubleColumnWriter(writer), All::Number(all)) => {
                writer.write_batch(all, levels, None)
            }
            (ColumnWriter::BoolColumnWriter(writer), All::Boolean(all)) => {
                writer.write_batch(all, levels, None)
            }
            (ColumnWriter::Int32ColumnWriter(writer), All::Date(all)) => {
                writer.write_batch(all, levels, None)
            }
            (ColumnWriter::ByteArrayColumnWriter(writer), All::Text(all)) => {
                writer.write_batch(all, levels, None)
            }
            _ => Err(ParquetError::General("a column of another type".to_owned())),
        }
        .map(drop)
    }
}
