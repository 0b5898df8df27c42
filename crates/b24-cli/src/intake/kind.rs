//! Which format a file has: what was said, else its name, else its first bytes.

use std::path::Path;

use crate::failure::Failure;

/// How many bytes are looked at.
pub(super) const LOOKED_AT: u64 = 1024;
const ARCHIVE: &[u8] = b"PK\x03\x04";

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Cells between , ; tab or |
    Csv,
    /// A workbook of Excel
    Xlsx,
    /// One JSON object a line
    Jsonl,
}

pub(super) fn choose(
    said: Option<Format>,
    path: &Path,
    name: &str,
    head: &[u8],
) -> Result<Format, Failure> {
    if let Some(format) = said {
        return Ok(format);
    }
    if head.starts_with(ARCHIVE) {
        return Ok(Format::Xlsx);
    }
    match ending(path).as_deref() {
        Some("csv" | "tsv" | "txt") => Ok(Format::Csv),
        Some("xlsx") => Ok(Format::Xlsx),
        Some("jsonl" | "ndjson") => Ok(Format::Jsonl),
        Some(other @ ("json" | "parquet" | "xls" | "ods")) => Err(Failure::usage(format!(
            "{name}: {other} cannot be imported"
        ))
        .state("nothing was sent")
        .hint(
            "csv, xlsx and jsonl can, the text ones also with .gz or .zst; -f jsonl if it is one",
        )),
        _ if object(head) => Ok(Format::Jsonl),
        _ => Ok(Format::Csv),
    }
}

/// The ending of a name without that of a packing.
fn ending(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let mut endings = name.rsplit('.');
    let last = endings.next()?;
    let ending = match last {
        "gz" | "zst" => endings.next()?,
        last => last,
    };
    (ending.len() < name.len()).then(|| ending.to_owned())
}

/// Whether a text begins as an object does.
fn object(head: &[u8]) -> bool {
    let mut text = head.iter().filter(|byte| {
        // In UTF-16 every other byte is nothing; the rest are marks of the byte order.
        !matches!(**byte, 0 | 0xEF | 0xBB | 0xBF | 0xFE | 0xFF) && !byte.is_ascii_whitespace()
    });
    text.next() == Some(&b'{')
}
