//! The file of the rows that failed, with their own columns and the reason: mended, it is imported like any other.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use csv::Writer;

use crate::bulk::{SharedJournal, reason};
use crate::connection::{Access, write};
use crate::failure::Failure;
use crate::intake::Source;
use crate::journal::State;
use crate::parameters::Tree;
use crate::resume::Hash;

/// The column with the reason; an import leaves it out.
pub(super) const REASON: &str = "b24_reason";
/// Entries read from the journal at once.
const PAGE: usize = 1_000;

/// What was written last, by the journal: the hash, then the path.
const FACT: &str = "failed rows";
/// Excel takes a file without it for one of an old code page.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Where the failed rows go.
#[derive(Debug)]
pub(super) enum Place {
    /// As the command line says: what is there is replaced.
    Named(PathBuf),
    /// Beside the input: what a person has written or is mending there stays.
    Beside(PathBuf),
}

impl Place {
    pub(super) fn of(named: Option<&Path>, input: &Path, journal: &Path) -> Self {
        match named {
            Some(path) => Self::Named(path.to_owned()),
            // Standard input has no place; its journal has one.
            None if input == Path::new("-") => Self::Beside(beside(journal)),
            None => Self::Beside(beside(input)),
        }
    }

    /// The file to write these bytes to; or the one that has them already.
    fn choose(&self, hash: &str, kept: Option<&str>) -> io::Result<Chosen> {
        let first = match self {
            Self::Named(path) => return Ok(Chosen::Write(path.clone())),
            Self::Beside(path) => path,
        };
        let kept = kept.and_then(|kept| kept.split_once('\n'));
        if let Some((kept_hash, path)) = kept
            && kept_hash == hash
            && Path::new(path).exists()
        {
            return Ok(Chosen::There(PathBuf::from(path)));
        }
        let mut candidate = first.clone();
        for number in 2.. {
            let is_ours = match fs::read(&candidate) {
                Ok(bytes) => kept.is_some_and(|(kept_hash, path)| {
                    Path::new(path) == candidate && hash_of(&bytes) == kept_hash
                }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => true,
                Err(error) => return Err(error),
            };
            if is_ours {
                break;
            }
            candidate = first.with_extension(format!("{number}.csv"));
        }
        Ok(Chosen::Write(candidate))
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Chosen {
    Write(PathBuf),
    /// An earlier run has written the same rows; since then they are for a person to mend.
    There(PathBuf),
}

/// `deals.failed.csv` for `deals.csv`, `deals.xlsx` and `deals.jsonl.gz`.
fn beside(input: &Path) -> PathBuf {
    let name = input.file_name().unwrap_or_default().to_string_lossy();
    let mut stem = name.as_ref();
    for ending in [".gz", ".zst", ".csv", ".tsv", ".xlsx", ".jsonl"] {
        stem = stem.strip_suffix(ending).unwrap_or(stem);
    }
    input.with_file_name(format!("{stem}.failed.csv"))
}

/// Writes the failed rows, if there are any; tells where they are.
pub(super) fn write_failed(
    place: &Place,
    source: &Source,
    journal: &SharedJournal,
) -> Result<Option<PathBuf>, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        let (Place::Named(path) | Place::Beside(path)) = place;
        Failure::local(format!("{}: {error}", path.display()))
            .state("the rows and their reasons are in the journal")
            .hint(
                "the same command with --failed FILE writes them elsewhere; nothing is sent twice",
            )
    };
    let reasons = reasons(journal).map_err(|error| failed(&error))?;
    if reasons.is_empty() {
        return Ok(None);
    }
    let bytes = table(source, &reasons)?;
    let hash = hash_of(&bytes);
    let kept = journal.with(|journal| journal.kept(FACT));
    let kept = kept.map_err(|error| failed(&error))?;
    let chosen = place.choose(&hash, kept.as_deref());
    let path = match chosen.map_err(|error| failed(&error))? {
        Chosen::There(path) => return Ok(Some(path)),
        Chosen::Write(path) => path,
    };
    write(&path, Access::Anyone, &bytes).map_err(|error| failed(&error))?;
    let fact = format!("{hash}\n{}", path.display());
    let kept = journal.with(|journal| journal.keep(FACT, &fact));
    kept.map_err(|error| failed(&error))?;
    Ok(Some(path))
}

fn hash_of(bytes: &[u8]) -> String {
    let mut hash = Hash::default();
    hash.add(bytes);
    hash.text()
}

/// The rows with these reasons, in the columns of the source and one more.
fn table(source: &Source, reasons: &HashMap<u64, String>) -> Result<Vec<u8>, Failure> {
    let unwritten = |error: csv::Error| Failure::local(error.to_string());
    let own: Vec<usize> = (0..source.columns().len())
        .filter(|at| source.columns()[*at] != REASON)
        .collect();
    let header = own.iter().map(|at| source.columns()[*at].as_str());
    let mut out = Writer::from_writer(Vec::new());
    out.write_record(header.chain([REASON]))
        .map_err(unwritten)?;
    let mut rows = source.rows()?;
    while let Some(read) = rows.read()? {
        let (number, cells) = match read {
            Ok(row) => (row.number, row.cells.iter().map(text).collect()),
            Err(bad) => (bad.number, bad.cells),
        };
        let Some(why) = reasons.get(&number) else {
            continue;
        };
        let cell = |at: &usize| cells.get(*at).cloned().unwrap_or_default();
        let mut record: Vec<String> = own.iter().map(cell).collect();
        let more = cells.get(source.columns().len()..).unwrap_or_default();
        record.push(if cells.is_empty() {
            // A row that could not be kept can only be looked up.
            format!("row {number} of {}: {why}", source.name())
        } else if more.is_empty() {
            why.clone()
        } else {
            format!("{why}; left over: {}", more.join(" | "))
        });
        out.write_record(record).map_err(unwritten)?;
    }
    let bytes = out
        .into_inner()
        .map_err(|error| unwritten(error.into_error().into()))?;
    Ok(if bytes.is_ascii() {
        bytes
    } else {
        [MARK, &bytes].concat()
    })
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
