//! A sheet of a workbook, taken apart into lines of JSON that can be read again and again:
//! `[row, [cells]]`.

use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx, XlsxError};

use super::window::Window;
use super::{BadRow, Row};
use crate::failure::{Failure, closest};
use crate::formats::FIELDS_SHEET;
use crate::parameters::Tree;

/// Digits that Excel shows of a number.
const DIGITS: usize = 15;
/// Whole numbers that a float has exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What a sheet holds.
pub(super) struct Sheet {
    pub(super) columns: Vec<String>,
    pub(super) rows: Window,
    pub(super) notes: Vec<String>,
}

/// Reads the named sheet, else the first.
pub(super) fn read(file: &Window, name: &str, wanted: Option<&str>) -> Result<Sheet, Failure> {
    let broken = |error: &XlsxError| {
        Failure::usage(format!("{name} is no workbook that can be read: {error}"))
            .state("nothing was sent")
    };
    let mut book = Xlsx::new(BufReader::new(file.clone())).map_err(|error| broken(&error))?;
    let names = book.sheet_names();
    let title = choose(&names, wanted, name)?;
    let mut notes = Vec::new();
    let others = names
        .iter()
        .filter(|other| **other != title && *other != FIELDS_SHEET);
    let others: Vec<String> = others.map(|other| format!("{other:?}")).collect();
    if wanted.is_none() && !others.is_empty() {
        notes.push(format!(
            "{name}: the sheet {title:?} is read; --sheet names another: {}",
            others.join(", ")
        ));
    }
    let mut cells = book
        .worksheet_cells_reader(&title)
        .map_err(|error| broken(&error))?;
    let mut rows = Lines::new().map_err(|error| kept(&error))?;
    while let Some(cell) = cells.next_cell().map_err(|error| broken(&error))? {
        let (row, column) = cell.get_position();
        rows.put(row, column as usize, value(cell.get_value()))
            .map_err(|error| kept(&error))?;
    }
    let (columns, rows) = rows.finish().map_err(|error| kept(&error))?;
    if columns.is_empty() {
        let message = format!("{name}: the sheet {title:?} is empty");
        return Err(Failure::usage(message).state("nothing was sent"));
    }
    Ok(Sheet {
        columns,
        rows,
        notes,
    })
}

fn choose(names: &[String], wanted: Option<&str>, file: &str) -> Result<String, Failure> {
    let Some(wanted) = wanted else {
        return names.first().cloned().ok_or_else(|| super::empty(file));
    };
    if let Some(found) = names.iter().find(|name| *name == wanted) {
        return Ok(found.clone());
    }
    let failure =
        Failure::usage(format!("{file} has no sheet {wanted:?}")).state("nothing was sent");
    Err(match closest(wanted, names.iter().map(String::as_str)) {
        Some(close) => failure.hint(format!("did you mean --sheet {close:?}?")),
        None => failure.hint(format!("it has: {}", names.join(", "))),
    })
}

/// A cell; an error of Excel is an object, which no cell is.
fn value(value: &DataRef<'_>) -> Tree {
    match value {
        DataRef::Empty => Tree::Null,
        DataRef::Int(number) => Tree::Number((*number).into()),
        DataRef::Float(number) => float(*number),
        DataRef::String(text) => text_of(text),
        DataRef::SharedString(text) => text_of(text),
        DataRef::Bool(flag) => Tree::Bool(*flag),
        DataRef::DateTime(moment) => moment_of(moment),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Tree::Text(text.clone()),
        DataRef::Error(error) => Tree::Map(vec![("error".to_owned(), error.to_string().into())]),
    }
}

fn text_of(text: &str) -> Tree {
    match text.trim() {
        "" => Tree::Null,
        _ => text.into(),
    }
}

/// A number as Excel shows it: `0.1+0.2` is 0.3 there.
fn float(number: f64) -> Tree {
    if number.fract() == 0.0 && number.abs() < EXACT {
        return Tree::Number((number as i64).into());
    }
    let shown = format!("{number:.*e}", DIGITS - 1);
    let shown = shown.parse().ok().and_then(serde_json::Number::from_f64);
    shown.map_or(Tree::Null, Tree::Number)
}

/// A date, or a date and a time, as the sheet shows it; a span of time stays a number of days.
fn moment_of(moment: &ExcelDateTime) -> Tree {
    if !moment.is_datetime() {
        return float(moment.as_f64());
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    // Times are fractions of days: half a second may be missing of a whole one.
    let wall = jiff::civil::date(year as i16, month as i8, day as i8)
        .at(
            hour as i8,
            minute as i8,
            second as i8,
            i32::from(milli) * 1_000_000,
        )
        .round(jiff::Unit::Second);
    match wall {
        Ok(wall) if wall.time() == jiff::civil::Time::midnight() => wall.date().to_string().into(),
        Ok(wall) => wall.to_string().into(),
        Err(_) => float(moment.as_f64()),
    }
}

/// The rows as they are put together.
struct Lines {
    out: BufWriter<std::fs::File>,
    columns: Vec<String>,
    row: u32,
    cells: Vec<Tree>,
}

impl Lines {
    fn new() -> io::Result<Self> {
        Ok(Self {
            out: BufWriter::new(tempfile::tempfile()?),
            columns: Vec::new(),
            row: 0,
            cells: Vec::new(),
        })
    }

    fn put(&mut self, row: u32, column: usize, value: Tree) -> io::Result<()> {
        if row != self.row {
            self.end_row()?;
            self.row = row;
        }
        if value != Tree::Null {
            self.cells
                .resize(self.cells.len().max(column + 1), Tree::Null);
            self.cells[column] = value;
        }
        Ok(())
    }

    fn end_row(&mut self) -> io::Result<()> {
        let cells = std::mem::take(&mut self.cells);
        if cells.is_empty() {
            return Ok(());
        }
        if self.columns.is_empty() {
            self.columns = cells.iter().map(heading).collect();
            return Ok(());
        }
        serde_json::to_writer(&mut self.out, &(self.row + 1, cells))?;
        self.out.write_all(b"\n")
    }

    fn finish(mut self) -> io::Result<(Vec<String>, Window)> {
        self.end_row()?;
        let mut file = self
            .out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok((self.columns, Window::new(file)?))
    }
}

fn heading(cell: &Tree) -> String {
    match cell {
        Tree::Text(text) => text.trim().to_owned(),
        Tree::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// The next row of a sheet that was taken apart.
pub(super) fn row(
    lines: &mut io::Lines<impl BufRead>,
    columns: usize,
) -> io::Result<Option<Result<Row, BadRow>>> {
    let Some(line) = lines.next().transpose()? else {
        return Ok(None);
    };
    let (number, mut cells): (u64, Vec<Tree>) = serde_json::from_str(&line)?;
    let wrong = cells.iter().enumerate().find_map(|(at, cell)| match cell {
        Tree::Map(entries) => Some((at, text(entries.first().map(|(_, error)| error)))),
        Tree::Null => None,
        _ if at >= columns => Some((at, "in a column without a heading".to_owned())),
        _ => None,
    });
    if let Some((at, what)) = wrong {
        return Ok(Some(Err(BadRow {
            number,
            message: format!("cell {}{number} is {what}", letters(at)),
            cells: cells.iter().map(|cell| text(Some(cell))).collect(),
        })));
    }
    cells.resize(columns, Tree::Null);
    Ok(Some(Ok(Row { number, cells })))
}

fn text(cell: Option<&Tree>) -> String {
    match cell {
        None | Some(Tree::Null) => String::new(),
        Some(Tree::Text(text)) => text.clone(),
        Some(Tree::Map(entries)) => text(entries.first().map(|(_, error)| error)),
        Some(other) => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// The letters of a column: A, Z, AA.
fn letters(mut at: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'A' + (at % 26) as u8);
        if at < 26 {
            break;
        }
        at = at / 26 - 1;
    }
    letters
        .iter()
        .rev()
        .map(|letter| char::from(*letter))
        .collect()
}

fn kept(error: &io::Error) -> Failure {
    Failure::local(format!(
        "the rows cannot be kept in a temporary file: {error}"
    ))
}
