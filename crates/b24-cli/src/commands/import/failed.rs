//! The file of the rows that failed, with their own columns and the reason: mended, it is imported like any other.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use csv::Writer;

use super::survey::reason;
use crate::bulk::SharedJournal;
use crate::connection::{Access, write};
use crate::failure::Failure;
use crate::intake::Source;
use crate::journal::State;
use crate::parameters::Tree;

/// The column with the reason; an import leaves it out.
pub(super) const REASON: &str = "b24_reason";
/// Entries read from the journal at once.
const PAGE: usize = 1_000;

/// `deals.failed.csv` for `deals.csv`, `deals.xlsx` and `deals.jsonl.gz`.
pub(super) fn beside(input: &Path) -> PathBuf {
    let name = input.file_name().unwrap_or_default().to_string_lossy();
    let mut stem = name.as_ref();
    for ending in [".gz", ".zst", ".csv", ".tsv", ".xlsx", ".jsonl"] {
        stem = stem.strip_suffix(ending).unwrap_or(stem);
    }
    input.with_file_name(format!("{stem}.failed.csv"))
}

/// Writes the failed rows; how many there are.
pub(super) fn write_failed(
    path: &Path,
    source: &Source,
    journal: &SharedJournal,
) -> Result<u64, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::local(format!("{}: {error}", path.display()))
            .state("the rows and their reasons are in the journal")
            .hint(
                "the same command with --failed FILE writes them elsewhere; nothing is sent twice",
            )
    };
    let reasons = reasons(journal).map_err(|error| failed(&error))?;
    if reasons.is_empty() {
        return Ok(0);
    }
    let mut out = Writer::from_writer(Vec::new());
    let columns: Vec<&str> = source.columns().iter().map(String::as_str).collect();
    let own = columns.iter().filter(|name| **name != REASON).copied();
    let put = |out: &mut Writer<Vec<u8>>, record: Vec<String>| {
        out.write_record(record).map_err(io::Error::other)
    };
    let header = own.chain([REASON]).map(str::to_owned).collect();
    put(&mut out, header).map_err(|error| failed(&error))?;
    let mut rows = source.rows()?;
    while let Some(read) = rows.read()? {
        let (number, cells) = match read {
            Ok(row) => (row.number, row.cells.iter().map(text).collect()),
            Err(bad) => (bad.number, bad.cells),
        };
        let Some(why) = reasons.get(&number) else {
            continue;
        };
        let mut record: Vec<String> = columns
            .iter()
            .enumerate()
            .filter(|(_, name)| **name != REASON)
            .map(|(at, _)| cells.get(at).cloned().unwrap_or_default())
            .collect();
        record.push(why.clone());
        put(&mut out, record).map_err(|error| failed(&error))?;
    }
    let bytes = out.into_inner().map_err(|error| failed(&error))?;
    write(path, Access::Anyone, &bytes).map_err(|error| failed(&error))?;
    Ok(reasons.len() as u64)
}

fn reasons(journal: &SharedJournal) -> Result<HashMap<u64, String>, crate::journal::JournalError> {
    let mut all = HashMap::new();
    let mut last = 0;
    loop {
        let page = journal.with(|journal| journal.entries(&[State::Failed], last, PAGE))?;
        let Some(end) = page.last() else {
            return Ok(all);
        };
        last = end.row;
        for entry in page {
            let code = entry.code.unwrap_or_default();
            let text = reason(&code, &entry.reason.unwrap_or_default());
            all.insert(entry.row, text);
        }
    }
}

/// A cell as CSV has it.
fn text(cell: &Tree) -> String {
    match cell {
        Tree::Null => String::new(),
        Tree::Text(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_lies_beside_its_input() {
        for (input, failed) in [
            ("deals.csv", "deals.failed.csv"),
            ("in/deals.xlsx", "in/deals.failed.csv"),
            ("deals.jsonl.gz", "deals.failed.csv"),
            ("deals.failed.csv", "deals.failed.failed.csv"),
            ("deals", "deals.failed.csv"),
        ] {
            assert_eq!(beside(Path::new(input)), Path::new(failed));
        }
    }
}
