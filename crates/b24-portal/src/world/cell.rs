//! One value of a row.

/// A value as it is stored. What a number means (a count, money in hundredths, seconds, a flag) is the field's kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Cell {
    #[default]
    Null,
    Number(i64),
    Text(Box<str>),
    Numbers(Box<[i64]>),
    Texts(Box<[Box<str>]>),
    Contacts(Box<[Multifield]>),
}

impl Cell {
    pub(crate) fn text(text: impl Into<Box<str>>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn as_ref(&self) -> CellRef<'_> {
        match self {
            Self::Null => CellRef::Null,
            Self::Number(number) => CellRef::Number(*number),
            Self::Text(text) => CellRef::Text(text),
            Self::Numbers(numbers) => CellRef::Numbers(numbers),
            Self::Texts(texts) => CellRef::Texts(texts),
            Self::Contacts(contacts) => CellRef::Contacts(contacts),
        }
    }
}

/// A value as it is read from a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CellRef<'a> {
    Null,
    Number(i64),
    Text(&'a str),
    Numbers(&'a [i64]),
    Texts(&'a [Box<str>]),
    Contacts(&'a [Multifield]),
}

impl CellRef<'_> {
    pub(crate) fn to_cell(self) -> Cell {
        match self {
            Self::Null => Cell::Null,
            Self::Number(number) => Cell::Number(number),
            Self::Text(text) => Cell::text(text),
            Self::Numbers(numbers) => Cell::Numbers(numbers.into()),
            Self::Texts(texts) => Cell::Texts(texts.into()),
            Self::Contacts(contacts) => Cell::Contacts(contacts.into()),
        }
    }
}

/// A phone number, an address of e-mail, a site: one of several that a contact may have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Multifield {
    pub(crate) id: i64,
    /// `WORK`, `MOBILE`, `HOME` …
    pub(crate) value_type: Box<str>,
    pub(crate) value: Box<str>,
}

impl From<i64> for CellRef<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for CellRef<'_> {
    fn from(flag: bool) -> Self {
        Self::Number(i64::from(flag))
    }
}

impl<'a> From<&'a str> for CellRef<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Cell> for CellRef<'a> {
    fn from(cell: &'a Cell) -> Self {
        cell.as_ref()
    }
}
