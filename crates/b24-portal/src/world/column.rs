//! The values of one field in all rows, in the form that takes the least memory.

use std::collections::HashMap;

use super::cell::{Cell, CellRef};

/// The values of one field in all rows.
#[derive(Debug)]
pub(crate) enum Column {
    /// The same in every row, and not stored.
    Constant(Cell),
    /// `i64::MIN` is NULL.
    Numbers(Vec<i64>),
    /// Y/N flags; -1 is NULL.
    Flags(Vec<i8>),
    Codes(Codes),
    Texts(Texts),
    /// Values of fields that most rows leave empty.
    Rare(HashMap<u32, Cell>),
}

const NULL: i64 = i64::MIN;

impl Column {
    /// Adds a row with `value` in it.
    pub(crate) fn push(&mut self, row: u32, value: &Cell) {
        match self {
            Self::Constant(_) | Self::Rare(_) => {}
            Self::Numbers(numbers) => numbers.push(NULL),
            Self::Flags(flags) => flags.push(-1),
            Self::Codes(codes) => codes.rows.push(Codes::NULL),
            Self::Texts(texts) => texts.spans.push(Texts::NULL),
        }
        if *value != Cell::Null {
            self.set(row, value.as_ref());
        }
    }

    /// Puts a value into a row; one that the column cannot hold becomes NULL.
    pub(crate) fn set(&mut self, row: u32, value: CellRef<'_>) {
        let place = row as usize;
        match (self, value) {
            (Self::Constant(_), _) => {}
            (Self::Numbers(numbers), CellRef::Number(number)) => numbers[place] = number,
            (Self::Numbers(numbers), _) => numbers[place] = NULL,
            (Self::Flags(flags), CellRef::Number(number)) => flags[place] = i8::from(number != 0),
            (Self::Flags(flags), _) => flags[place] = -1,
            (Self::Codes(codes), CellRef::Text(text)) => codes.rows[place] = codes.code(text),
            (Self::Codes(codes), _) => codes.rows[place] = Codes::NULL,
            (Self::Texts(texts), CellRef::Text(text)) => texts.set(place, text),
            (Self::Texts(texts), _) => texts.spans[place] = Texts::NULL,
            (Self::Rare(cells), CellRef::Null) => {
                cells.remove(&row);
            }
            (Self::Rare(cells), value) => {
                cells.insert(row, value.to_cell());
            }
        }
    }

    pub(crate) fn get(&self, row: u32) -> CellRef<'_> {
        let place = row as usize;
        match self {
            Self::Constant(cell) => cell.as_ref(),
            Self::Numbers(numbers) if numbers[place] == NULL => CellRef::Null,
            Self::Numbers(numbers) => CellRef::Number(numbers[place]),
            Self::Flags(flags) if flags[place] < 0 => CellRef::Null,
            Self::Flags(flags) => CellRef::Number(i64::from(flags[place])),
            Self::Codes(codes) => codes.get(place).map_or(CellRef::Null, CellRef::Text),
            Self::Texts(texts) => texts.get(place).map_or(CellRef::Null, CellRef::Text),
            Self::Rare(cells) => cells.get(&row).map_or(CellRef::Null, Cell::as_ref),
        }
    }
}

/// Text of few different values: each row holds the number of its value.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    rows: Vec<u32>,
    values: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
}

impl Codes {
    const NULL: u32 = u32::MAX;

    fn code(&mut self, text: &str) -> u32 {
        if let Some(&code) = self.numbers.get(text) {
            return code;
        }
        let code = self.values.len() as u32;
        self.values.push(text.into());
        self.numbers.insert(text.into(), code);
        code
    }

    fn get(&self, place: usize) -> Option<&str> {
        self.values
            .get(self.rows[place] as usize)
            .map(|text| &**text)
    }

    /// All values so far, by number.
    pub(crate) fn values(&self) -> &[Box<str>] {
        &self.values
    }

    /// The number of a row's value; NULL is past the end of [`Self::values`].
    pub(crate) fn number(&self, row: u32) -> usize {
        self.rows[row as usize] as usize
    }
}

/// Free text: one run of bytes for all rows, and where each row's part lies.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: String,
    /// Start in the upper 40 bits, length in the lower 24.
    spans: Vec<u64>,
}

impl Texts {
    const NULL: u64 = u64::MAX;
    const LONGEST: usize = (1 << 24) - 1;

    /// A new value goes to the end; the old one's bytes stay behind, as in any log.
    fn set(&mut self, place: usize, text: &str) {
        let longest = (0..=text.len().min(Self::LONGEST))
            .rev()
            .find(|&end| text.is_char_boundary(end))
            .unwrap_or(0);
        let text = &text[..longest];
        self.spans[place] = (self.bytes.len() as u64) << 24 | text.len() as u64;
        self.bytes.push_str(text);
    }

    fn get(&self, place: usize) -> Option<&str> {
        let span = self.spans[place];
        if span == Self::NULL {
            return None;
        }
        let (start, length) = ((span >> 24) as usize, span as usize & Self::LONGEST);
        self.bytes.get(start..start + length)
    }
}
