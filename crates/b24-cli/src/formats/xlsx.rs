//! Excel workbooks. A workbook is one archive that nobody can go on with, so rows wait in the part
//! as lines of JSON, and the workbook is made of them at the end, row by row.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek};
use std::path::Path;

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use serde_json::value::RawValue;

use super::State;
use super::cell::{self, Cell};
use super::column::Column;
use super::json_text::compact;
use super::row::{Columns, RowError, text};

/// The sheet that says what the columns are.
pub(crate) const FIELDS_SHEET: &str = "fields";
/// Rows of a sheet below its header.
const SHEET_ROWS: u64 = 1_048_575;
/// UTF-16 units of a text.
const LONGEST: usize = 32_767;
/// Digits that Excel keeps of a number.
const DIGITS: usize = 15;
/// How many rows the widths of the columns come from.
const MEASURED: usize = 200;
const WIDTHS: std::ops::RangeInclusive<usize> = 8..=60;

/// Writes rows for Excel.
#[derive(Debug)]
pub(crate) struct Xlsx {
    pub(super) columns: Columns,
    /// What the sheet is called.
    title: String,
    pub(super) sheet_rows: u64,
    /// Rows that the part holds.
    rows: u64,
    /// Texts that Excel has no room for.
    cut: u64,
}

impl Xlsx {
    pub(super) fn new(columns: Vec<Column>, title: String) -> Self {
        Self {
            columns: Columns::new(columns),
            title,
            sheet_rows: SHEET_ROWS,
            rows: 0,
            cut: 0,
        }
    }

    pub(super) fn rows(
        &mut self,
        rows: &[Box<RawValue>],
        out: &mut Vec<u8>,
    ) -> Result<(), RowError> {
        for row in rows {
            let cells = self.columns.place(row)?;
            let mut before = b'[';
            for value in cells {
                out.push(std::mem::replace(&mut before, b','));
                compact(value.map_or("null", RawValue::get), out);
            }
            out.extend_from_slice(b"]\n");
        }
        self.rows += rows.len() as u64;
        Ok(())
    }

    pub(super) fn go_on(&mut self, rows: u64, state: State) {
        self.rows = rows;
        self.columns.go_on(rows, state);
    }

    /// How many sheets the rows need.
    pub(super) fn sheets(&self) -> u64 {
        self.rows.div_ceil(self.sheet_rows).max(1)
    }

    /// What is not in the file as it was on the portal.
    pub(super) fn lost(&self) -> Option<String> {
        (self.cut > 0).then(|| {
            let texts = crate::printer::counted(self.cut, "text is", "texts are");
            format!("{texts} longer than Excel takes (32,767 characters) and cut; -f csv keeps them whole")
        })
    }

    /// Makes the workbook of the part.
    pub(super) fn assemble(
        &mut self,
        mut part: &File,
        whole: &File,
        scratch: &Path,
    ) -> io::Result<()> {
        part.rewind()?;
        let widths = self.widths(BufReader::new(part))?;
        part.rewind()?;
        let mut lines = BufReader::new(part).lines();
        let mut workbook = Workbook::new();
        workbook.set_tempdir(scratch).map_err(from_xlsx)?;
        for number in 1..=self.sheets() {
            let sheet = workbook
                .add_worksheet_with_constant_memory()
                .map_err(from_xlsx)?;
            self.sheet(number, &widths, &mut lines, sheet)?;
        }
        let sheet = workbook.add_worksheet_with_constant_memory();
        sheet
            .and_then(|sheet| describe(sheet, &self.columns))
            .map_err(from_xlsx)?;
        workbook
            .save_to_writer(BufWriter::new(whole))
            .map_err(from_xlsx)
    }

    fn sheet(
        &mut self,
        number: u64,
        widths: &[usize],
        lines: &mut impl Iterator<Item = io::Result<String>>,
        sheet: &mut Worksheet,
    ) -> io::Result<()> {
        let name = sheet_name(&self.title, number);
        sheet.set_name(name).map_err(from_xlsx)?;
        sheet.set_freeze_panes(1, 0).map_err(from_xlsx)?;
        let bold = Format::new().set_bold();
        for (at, (column, width)) in (0..).zip(self.columns.iter().zip(widths)) {
            sheet
                .set_column_width(at, *width as f64)
                .map_err(from_xlsx)?;
            sheet
                .write_string_with_format(0, at, &column.heading, &bold)
                .map_err(from_xlsx)?;
        }
        let formats = Formats::new();
        for (row, line) in (1..).zip(lines.take(self.sheet_rows as usize)) {
            let line = line?;
            for (at, (column, value)) in (0..).zip(self.columns.iter().zip(values(&line)?)) {
                let cell = cell::read(value, column.kind).filter(|cell| is_kept(cell, value));
                let cell = cell.unwrap_or_else(|| Cell::Text(text(value)));
                self.cut += u64::from(put(sheet, row, at, cell, &formats).map_err(from_xlsx)?);
            }
        }
        Ok(())
    }

    fn widths(&self, part: impl BufRead) -> io::Result<Vec<usize>> {
        let wide =
            |text: &str| console::measure_text_width(text.lines().next().unwrap_or_default());
        let headings = self.columns.iter().map(|column| wide(&column.heading) + 1);
        let mut widths: Vec<usize> = headings.collect();
        for line in part.lines().take(MEASURED) {
            let line = line?;
            for (width, value) in widths.iter_mut().zip(values(&line)?) {
                *width = wide(&text(value)).max(*width);
            }
        }
        let fit = |width: usize| width.clamp(*WIDTHS.start(), *WIDTHS.end());
        Ok(widths.into_iter().map(fit).collect())
    }
}

/// The cells of a line of the part.
fn values(line: &str) -> io::Result<Vec<Option<&RawValue>>> {
    serde_json::from_str(line).map_err(io::Error::other)
}

struct Formats {
    date: Format,
    time: Format,
}

impl Formats {
    fn new() -> Self {
        Self {
            date: Format::new().set_num_format("yyyy-mm-dd"),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }
}

/// Writes one cell; whether its text had to be cut.
fn put(
    sheet: &mut Worksheet,
    row: u32,
    at: u16,
    cell: Cell<'_>,
    formats: &Formats,
) -> Result<bool, XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Integer(integer) => {
            sheet.write_number(row, at, integer as f64)?;
        }
        Cell::Number(number) => {
            sheet.write_number(row, at, number)?;
        }
        Cell::Boolean(boolean) => {
            sheet.write_boolean(row, at, boolean)?;
        }
        Cell::Date(date) => match excel(date.to_datetime(jiff::civil::Time::midnight())) {
            Some(excel) => {
                sheet.write_datetime_with_format(row, at, &excel, &formats.date)?;
            }
            None => {
                sheet.write_string(row, at, date.to_string())?;
            }
        },
        Cell::Time(wall, _) => match excel(wall) {
            Some(excel) => {
                sheet.write_datetime_with_format(row, at, &excel, &formats.time)?;
            }
            None => {
                sheet.write_string(row, at, wall.to_string())?;
            }
        },
        Cell::Text(text) if text.is_empty() => {}
        Cell::Text(text) => {
            let fitting = fitting(&text);
            sheet.write_string(row, at, fitting)?;
            return Ok(fitting.len() < text.len());
        }
    }
    Ok(false)
}

/// Excel would round a longer number.
fn is_kept(cell: &Cell<'_>, value: Option<&RawValue>) -> bool {
    let digits = || text(value).bytes().filter(u8::is_ascii_digit).count();
    !matches!(cell, Cell::Integer(_) | Cell::Number(_)) || digits() <= DIGITS
}

/// As much of a text as Excel takes.
fn fitting(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > LONGEST
    });
    end.map_or(text, |(end, _)| &text[..end])
}

/// None before 1900, where Excel has no dates.
fn excel(wall: jiff::civil::DateTime) -> Option<ExcelDateTime> {
    let part = |part: i8| u8::try_from(part).ok();
    let year = u16::try_from(wall.year()).ok()?;
    ExcelDateTime::from_ymd(year, part(wall.month())?, part(wall.day())?)
        .ok()?
        .and_hms(
            part(wall.hour())?.into(),
            part(wall.minute())?,
            f64::from(wall.second()),
        )
        .ok()
}

/// The last sheet: what each column is.
fn describe(sheet: &mut Worksheet, columns: &Columns) -> Result<(), XlsxError> {
    sheet.set_name(FIELDS_SHEET)?;
    sheet.set_freeze_panes(1, 0)?;
    let bold = Format::new().set_bold();
    for (at, (heading, width)) in (0..).zip([
        ("column", 30.0),
        ("field", 30.0),
        ("title", 30.0),
        ("type", 20.0),
        ("note", 40.0),
    ]) {
        sheet.set_column_width(at, width)?;
        sheet.write_string_with_format(0, at, heading, &bold)?;
    }
    for (row, column) in (1..).zip(columns.iter()) {
        let note = match column.kind {
            super::column::Kind::Time => "as the portal's clock showed it",
            _ => column.note(),
        };
        let title = column.title.as_deref().unwrap_or_default();
        for (at, text) in (0..).zip([
            &column.heading,
            &column.path,
            title,
            &column.portal_type,
            note,
        ]) {
            sheet.write_string(row, at, text)?;
        }
    }
    Ok(())
}

/// A name without what Excel refuses, 31 characters at most.
fn sheet_name(title: &str, number: u64) -> String {
    let number = match number {
        1 => String::new(),
        number => format!(" {number}"),
    };
    let clean = title
        .chars()
        .map(|c| if "[]:*?/\\'".contains(c) { '_' } else { c });
    let clean: String = clean.take(31 - number.len()).collect();
    let clean = if clean.is_empty() {
        "rows".to_owned()
    } else {
        clean
    };
    format!("{clean}{number}")
}

/// An error of the disk stays one.
fn from_xlsx(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
