//! Row groups of a part, copied into one file without decoding them.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Take};

use bytes::Bytes;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::TypePtr;

/// A stretch of the part that is a Parquet file of its own.
struct Stretch<'a> {
    part: &'a File,
    start: u64,
    length: u64,
}

impl Length for Stretch<'_> {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Stretch<'_> {
    type T = BufReader<Take<File>>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut part = self.part.try_clone()?;
        part.seek(SeekFrom::Start(self.start + start))?;
        Ok(BufReader::new(part.take(self.length.saturating_sub(start))))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut bytes = vec![0; length];
        self.get_read(start)?.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// Joins the row groups of these lengths.
pub(super) fn join(
    part: &File,
    groups: &[u64],
    whole: &File,
    schema: TypePtr,
    properties: WriterPropertiesPtr,
) -> Result<()> {
    let mut writer = SerializedFileWriter::new(BufWriter::new(whole), schema, properties)?;
    let mut start = 0;
    for &length in groups {
        let stretch = Stretch {
            part,
            start,
            length,
        };
        start += length;
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&stretch)?;
        for group in metadata.row_groups() {
            let mut to = writer.next_row_group()?;
            for column in group.columns() {
                let close = ColumnCloseResult {
                    bytes_written: u64::try_from(column.compressed_size())
                        .map_err(|error| ParquetError::External(Box::new(error)))?,
                    rows_written: u64::try_from(group.num_rows())
                        .map_err(|error| ParquetError::External(Box::new(error)))?,
                    metadata: column.clone(),
                    bloom_filter: None,
                    column_index: None,
                    offset_index: None,
                };
                to.append_column(&stretch, close)?;
            }
            to.close()?;
        }
    }
    writer.close()?;
    Ok(())
}
