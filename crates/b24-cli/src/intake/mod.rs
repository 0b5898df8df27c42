//! The rows of a file that is to be imported, whatever its format and encoding, one at a time.
//!
//! A source can be read as often as wanted, and never holds more than a row: standard input and
//! workbooks are kept in an unnamed temporary file. What is wrong with one row is told with the row
//! and does not end the reading.

mod csv;
mod decode;
mod dialect;
mod encoding;
mod json_lines;
mod kind;
mod sheet;
mod window;

#[cfg(test)]
mod tests;

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use encoding_rs::Encoding;

use crate::failure::Failure;
use crate::formats::Packing;
use crate::parameters::Tree;
use decode::Decoded;
use dialect::Dialect;
use encoding::Found;
pub(crate) use kind::Format;
use window::Window;

/// The longest row, in bytes: one that is longer is a bad row.
pub(crate) const LONGEST_ROW: usize = 16 * 1024 * 1024;
/// The most columns.
const MOST_COLUMNS: usize = 16_384;

/// How a file is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// None: by the name of the file, else by its first bytes.
    pub(crate) format: Option<Format>,
    /// None: by its bytes.
    pub(crate) encoding: Option<&'static Encoding>,
    /// The sheet of a workbook; None: the first.
    pub(crate) sheet: Option<String>,
    /// What separates the cells of CSV; None: what separates most of them.
    pub(crate) delimiter: Option<u8>,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// As a person counts: the line of CSV where it begins, the row of the sheet, the line of JSON.
    pub(crate) number: u64,
    /// One for each column: texts of CSV, also numbers and booleans of a workbook, anything of
    /// JSON. Null where there is nothing.
    pub(crate) cells: Vec<Tree>,
}

/// A row that cannot be read. Those behind it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadRow {
    /// Its number, as in [`Row`].
    pub(crate) number: u64,
    /// What is wrong, without the number.
    pub(crate) message: String,
    /// The cells as far as they can be read, possibly more than there are columns; of JSON the line
    /// itself. None of a row that is too long.
    pub(crate) cells: Vec<String>,
}

/// A file of rows.
#[derive(Debug)]
pub(crate) struct Source {
    name: String,
    file: Window,
    packing: Option<Packing>,
    form: Form,
    columns: Vec<String>,
    notes: Vec<String>,
}

/// How rows are told apart.
#[derive(Clone, Debug)]
enum Form {
    Csv(Found, Dialect),
    Lines(Found),
    /// A workbook is taken apart when it is opened: the file is then one of JSON lists.
    Sheet,
}

/// Opens a file, or standard input for `-`: finds out what it is and reads its columns.
pub(crate) fn open(path: &Path, options: &Options) -> Result<Source, Failure> {
    let (name, file) = window::open(path)?;
    let failed = |error: &io::Error| unreadable(&name, error);
    if file.len() == 0 {
        return Err(empty(&name));
    }
    let packing = Packing::begins(&file.head().map_err(|error| failed(&error))?);
    let mut plain = unpacked(&file, packing).map_err(|error| failed(&error))?;
    let mut head = Vec::new();
    plain
        .by_ref()
        .take(kind::LOOKED_AT)
        .read_to_end(&mut head)
        .map_err(|error| failed(&error))?;
    let format = kind::choose(options.format, path, &name, &head)?;
    let source = Source {
        name: name.clone(),
        file,
        packing,
        form: Form::Sheet,
        columns: Vec::new(),
        notes: Vec::new(),
    };
    match format {
        Format::Xlsx => source.workbook(options),
        Format::Csv => source.csv(options, path),
        Format::Jsonl => source.json_lines(options),
    }
}

impl Source {
    /// What messages call the file.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The columns, in the order of the cells of a row; a column without a heading is empty.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What was found out and may be wrong, such as the encoding.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The rows, from the first on.
    pub(crate) fn rows(&self) -> Result<Rows, Failure> {
        let failed = |error: &io::Error| unreadable(&self.name, error);
        self.file.check(&self.name)?;
        let reader = match &self.form {
            Form::Csv(found, dialect) => {
                let mut reader = csv::Reader::new(self.text(found)?, *dialect);
                reader.skip_header().map_err(|error| failed(&error))?;
                Reader::Csv(Box::new(reader), *found)
            }
            Form::Lines(found) => Reader::Lines(json_lines::Reader::new(self.text(found)?), *found),
            Form::Sheet => {
                let text = BufReader::new(Box::new(self.file.clone()) as Box<dyn Read + Send>);
                Reader::Sheet(text.lines())
            }
        };
        Ok(Rows {
            name: self.name.clone(),
            columns: self.columns.clone(),
            reader,
        })
    }

    fn csv(mut self, options: &Options, path: &Path) -> Result<Self, Failure> {
        let found = self.found(options)?;
        let mut head = Vec::new();
        self.text(&found)?
            .take(dialect::LOOKED_AT)
            .read_to_end(&mut head)
            .map_err(|error| self.failed(&error))?;
        let tabs = path.extension().is_some_and(|ending| ending == "tsv");
        let delimiter = options.delimiter.or(tabs.then_some(b'\t'));
        let dialect = Dialect::of(&head, delimiter);
        let mut reader = csv::Reader::new(self.text(&found)?, dialect);
        self.columns = reader.header(&self.name, found)?;
        distinct(&self.columns, &self.name)?;
        self.form = Form::Csv(found, dialect);
        self.note_encoding(&found);
        self.with_rows_or_note()
    }

    fn json_lines(mut self, options: &Options) -> Result<Self, Failure> {
        let found = self.found(options)?;
        let mut reader = json_lines::Reader::new(self.text(&found)?);
        self.columns = reader.columns(&self.name)?;
        self.form = Form::Lines(found);
        self.note_encoding(&found);
        Ok(self)
    }

    fn workbook(mut self, options: &Options) -> Result<Self, Failure> {
        let sheet = sheet::read(&self.file, &self.name, options.sheet.as_deref())?;
        self.columns = sheet.columns;
        distinct(&self.columns, &self.name)?;
        self.notes.extend(sheet.notes);
        self.file = sheet.rows;
        self.packing = None;
        self.with_rows_or_note()
    }

    fn with_rows_or_note(mut self) -> Result<Self, Failure> {
        if self.rows()?.read()?.is_none() {
            self.notes
                .push(format!("{} has a header and no rows", self.name));
        }
        Ok(self)
    }

    fn found(&self, options: &Options) -> Result<Found, Failure> {
        let open = || unpacked(&self.file, self.packing);
        encoding::find(open, options.encoding).map_err(|error| self.failed(&error))
    }

    fn note_encoding(&mut self, found: &Found) {
        self.notes.extend(found.note(&self.name));
    }

    /// The text from its start, as UTF-8. A byte that no text has stands for what cannot be decoded.
    fn text(&self, found: &Found) -> Result<BufReader<Decoded>, Failure> {
        let plain = unpacked(&self.file, self.packing).map_err(|error| self.failed(&error))?;
        let decoded = Decoded::new(plain, found).map_err(|error| self.failed(&error))?;
        Ok(BufReader::with_capacity(decode::CHUNK, decoded))
    }

    fn failed(&self, error: &io::Error) -> Failure {
        unreadable(&self.name, error)
    }
}

/// Rows, one after the other.
pub(crate) struct Rows {
    name: String,
    columns: Vec<String>,
    reader: Reader,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Rows({})", self.name)
    }
}

enum Reader {
    Csv(Box<csv::Reader<BufReader<Decoded>>>, Found),
    Lines(json_lines::Reader<BufReader<Decoded>>, Found),
    Sheet(io::Lines<BufReader<Box<dyn Read + Send>>>),
}

impl Rows {
    /// The next row; none at the end. Rows without anything in them are passed over.
    pub(crate) fn read(&mut self) -> Result<Option<Result<Row, BadRow>>, Failure> {
        let read = match &mut self.reader {
            Reader::Csv(reader, found) => reader.row(self.columns.len(), *found),
            Reader::Lines(reader, found) => reader.row(&self.columns, *found),
            Reader::Sheet(lines) => sheet::row(lines, self.columns.len()),
        };
        read.map_err(|error| unreadable(&self.name, &error))
    }
}

/// The bytes of a file without its packing.
fn unpacked(file: &Window, packing: Option<Packing>) -> io::Result<Box<dyn Read + Send>> {
    let file = BufReader::with_capacity(decode::CHUNK, file.clone());
    match packing {
        Some(packing) => packing.unpack(file),
        None => Ok(Box::new(file)),
    }
}

/// Refuses a heading that two columns have.
fn distinct(columns: &[String], name: &str) -> Result<(), Failure> {
    for (at, column) in columns.iter().enumerate() {
        let before = columns[..at].iter().position(|other| other == column);
        if let (Some(before), false) = (before, column.is_empty()) {
            let message = format!(
                "{name}: columns {} and {} are both called {column:?}",
                before + 1,
                at + 1
            );
            return Err(Failure::usage(message)
                .state("nothing was sent")
                .hint("rename one of them"));
        }
    }
    Ok(())
}

fn empty(name: &str) -> Failure {
    Failure::usage(format!("{name} is empty")).state("nothing was sent")
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::local(format!("{name} cannot be read: {error}"))
}
