//! Which rows a filter lets through.

use std::collections::HashSet;

use super::cell::CellRef;
use super::table::{FieldNo, ID, Row, Table};

/// A filter, whatever grammar it was written in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    /// Also lets through rows where the negated comparison met NULL.
    Not(Box<Filter>),
    Field(FieldNo, Test),
    Always(bool),
}

/// What a value is held against.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// NULL or empty.
    Empty,
    Number(Relation, i64),
    /// One of these, rising.
    Numbers(Box<[i64]>),
    /// Text is compared without case, as the portal's database does; the operand is folded.
    Text(Relation, Box<str>),
    Texts(HashSet<Box<str>>),
    Contains(Box<str>),
    Like(Box<str>),
    /// The number of a text's characters.
    Length(Relation, i64),
    /// For fields kept by codes: whether the value of this number passes.
    Codes(Box<[bool]>),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Relation {
    fn holds<T: Ord + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Above => left > right,
            Self::AtLeast => left >= right,
            Self::Below => left < right,
            Self::AtMost => left <= right,
        }
    }
}

impl Filter {
    /// A test of one field. On a field kept by codes it is made once for each code, not for each row.
    pub(crate) fn field(table: &Table, field: FieldNo, test: Test) -> Self {
        match table.codes(field) {
            Some(codes) if test != Test::Empty => {
                let passes = codes
                    .values()
                    .iter()
                    .map(|text| test.passes(CellRef::Text(text)));
                Self::Field(field, Test::Codes(passes.collect()))
            }
            _ => Self::Field(field, test),
        }
    }

    pub(crate) fn negate(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Whether a row passes.
    pub(crate) fn passes(&self, table: &Table, row: Row) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.passes(table, row)),
            Self::Any(filters) => filters.iter().any(|filter| filter.passes(table, row)),
            Self::Not(filter) => !filter.passes(table, row),
            Self::Always(answer) => *answer,
            Self::Field(field, Test::Codes(passing)) => table
                .codes(*field)
                .is_some_and(|codes| passing.get(codes.number(row)).copied().unwrap_or(false)),
            Self::Field(field, test) => match table.single(*field) {
                Some(single) if table.get(row, *field) == CellRef::Null => {
                    test.passes(table.get(row, single))
                }
                _ => test.passes(table.get(row, *field)),
            },
        }
    }

    /// The run of ids outside of which no row passes.
    pub(crate) fn id_bounds(&self) -> (i64, i64) {
        let (mut low, mut high) = (i64::MIN, i64::MAX);
        match self {
            Self::All(filters) => {
                for (from, to) in filters.iter().map(Self::id_bounds) {
                    low = low.max(from);
                    high = high.min(to);
                }
            }
            Self::Any(filters) if !filters.is_empty() => {
                let bounds = filters.iter().map(Self::id_bounds);
                return bounds.fold((i64::MAX, i64::MIN), |(low, high), (from, to)| {
                    (low.min(from), high.max(to))
                });
            }
            Self::Field(ID, Test::Number(relation, id)) => match relation {
                Relation::Equal => (low, high) = (*id, *id),
                Relation::Above => low = id.saturating_add(1),
                Relation::AtLeast => low = *id,
                Relation::Below => high = id.saturating_sub(1),
                Relation::AtMost => high = *id,
            },
            Self::Field(ID, Test::Numbers(ids)) => {
                low = ids.first().copied().unwrap_or(i64::MAX);
                high = ids.last().copied().unwrap_or(i64::MIN);
            }
            _ => {}
        }
        (low, high)
    }

    /// Whether every row within [`Self::id_bounds`] passes, so that none need be looked at.
    pub(crate) fn is_id_range(&self) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(Self::is_id_range),
            Self::Field(ID, Test::Number(..)) | Self::Always(true) => true,
            _ => false,
        }
    }

    /// The only ids that may pass, if the filter lists them.
    pub(crate) fn listed_ids(&self) -> Option<&[i64]> {
        match self {
            Self::All(filters) => filters.iter().find_map(Self::listed_ids),
            Self::Field(ID, Test::Numbers(ids)) => Some(ids),
            _ => None,
        }
    }
}

impl Test {
    /// Whether a value passes; of a list, any of its values.
    pub(crate) fn passes(&self, value: CellRef<'_>) -> bool {
        match value {
            CellRef::Null => *self == Self::Empty,
            CellRef::Number(number) => self.number_passes(number),
            CellRef::Text(text) => self.text_passes(text),
            CellRef::Numbers(numbers) => numbers.iter().any(|&number| self.number_passes(number)),
            CellRef::Texts(texts) => texts.iter().any(|text| self.text_passes(text)),
            CellRef::Contacts(contacts) => contacts
                .iter()
                .any(|contact| self.text_passes(&contact.value)),
        }
    }

    fn number_passes(&self, number: i64) -> bool {
        match self {
            Self::Number(relation, bound) => relation.holds(&number, bound),
            Self::Numbers(numbers) => numbers.binary_search(&number).is_ok(),
            _ => false,
        }
    }

    fn text_passes(&self, text: &str) -> bool {
        match self {
            Self::Empty => text.is_empty(),
            Self::Text(Relation::Equal, wanted) => same(text, wanted),
            Self::Text(relation, wanted) => relation.holds(&*fold(text), wanted),
            Self::Texts(wanted) => wanted.contains(&*fold(text)),
            Self::Contains(part) => fold(text).contains(&**part),
            Self::Like(pattern) => like(&fold(text), pattern),
            Self::Length(relation, length) => {
                relation.holds(&(text.chars().count() as i64), length)
            }
            _ => false,
        }
    }
}

/// Text as it is compared: without case.
pub(crate) fn fold(text: &str) -> Box<str> {
    text.to_lowercase().into()
}

/// The characters of a text without case.
pub(super) fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

fn same(text: &str, wanted: &str) -> bool {
    if text.is_ascii() {
        return text.eq_ignore_ascii_case(wanted);
    }
    folded(text).eq(wanted.chars())
}

/// SQL's LIKE: `%` is any run of characters, `_` any one, a backslash makes the next plain.
fn like(text: &str, pattern: &str) -> bool {
    let pattern = wildcards(pattern);
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut wanted) = (0, 0);
    // Where the last `%` stands, and how much of the text it has taken: it takes one more when the rest does not fit.
    let mut run: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(wanted) {
            Some(Wildcard::Run) => {
                run = Some((wanted, at));
                wanted += 1;
                continue;
            }
            Some(Wildcard::One) => {}
            Some(Wildcard::Plain(character)) if *character == text[at] => {}
            _ => {
                let Some((percent, taken)) = run else {
                    return false;
                };
                run = Some((percent, taken + 1));
                (at, wanted) = (taken + 1, percent + 1);
                continue;
            }
        }
        at += 1;
        wanted += 1;
    }
    pattern[wanted..]
        .iter()
        .all(|wildcard| *wildcard == Wildcard::Run)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wildcard {
    Run,
    One,
    Plain(char),
}

fn wildcards(pattern: &str) -> Vec<Wildcard> {
    let mut characters = pattern.chars();
    let next = || match characters.next()? {
        '%' => Some(Wildcard::Run),
        '_' => Some(Wildcard::One),
        '\\' => characters.next().map(Wildcard::Plain),
        plain => Some(Wildcard::Plain(plain)),
    };
    std::iter::from_fn(next).collect()
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn patterns_fit_as_in_sql() {
        for (text, pattern, fits) in [
            ("", "", true),
            ("", "%", true),
            ("a", "", false),
            ("abc", "abc", true),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "%b%", true),
            ("abc", "a_c", true),
            ("abc", "_", false),
            ("abcbc", "a%bc", true),
            ("abcbd", "a%bc", false),
            ("сделка", "%лк_", true),
            ("100%", "100\\%", true),
            ("1000", "100\\%", false),
        ] {
            assert_eq!(like(text, pattern), fits, "{text:?} like {pattern:?}");
        }
        let long = "a".repeat(20_000);
        assert!(like(&long, &long));
        assert!(!like(&long, &"%a".repeat(50).replace("%a%a", "%a%b")));
    }
}
