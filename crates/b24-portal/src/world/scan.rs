//! Reading a table: filter, order, a window of the result, and how many there are.

use std::cmp::Ordering;
use std::ops::Range;

use super::cell::CellRef;
use super::filter::{Filter, fold, folded};
use super::table::{FieldNo, ID, Row, Table};

/// One key of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) field: FieldNo,
    pub(crate) descending: bool,
}

/// What is asked of a table. Without an order rows come by id.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    pub(crate) table: &'a Table,
    pub(crate) filter: Filter,
    pub(crate) order: Vec<Sort>,
}

impl Scan<'_> {
    /// At most `limit` rows after the first `offset`.
    pub(crate) fn window(&self, offset: usize, limit: usize) -> Vec<Row> {
        if let Some(ids) = self.filter.listed_ids() {
            let listed = ids.iter().filter_map(|&id| self.table.find(id));
            let rows = listed
                .filter(|&row| self.filter.passes(self.table, row))
                .collect();
            return self.sorted(rows, offset, limit);
        }
        if let Some(rows) = self.table.results().find(&self.filter, &self.order) {
            return rows.iter().skip(offset).take(limit).copied().collect();
        }
        let places = self.places();
        let mut passing = places.clone().filter(|&row| self.lets(row));
        match self.order.first() {
            None
            | Some(Sort {
                field: ID,
                descending: false,
            }) => passing.skip(offset).take(limit).collect(),
            Some(Sort {
                field: ID,
                descending: true,
            }) => places
                .rev()
                .filter(|&row| self.lets(row))
                .skip(offset)
                .take(limit)
                .collect(),
            Some(_) => self.sorted(passing.by_ref().collect(), offset, limit),
        }
    }

    /// How many rows pass. What had to be looked for is kept for the windows that follow.
    pub(crate) fn count(&self) -> usize {
        if let Some(ids) = self.filter.listed_ids() {
            let listed = ids.iter().filter_map(|&id| self.table.find(id));
            return listed
                .filter(|&row| self.filter.passes(self.table, row))
                .count();
        }
        let comes_by_id = self.order.first().is_none_or(|sort| sort.field == ID);
        if comes_by_id && self.filter.is_id_range() {
            return self.table.live_in(self.places());
        }
        if let Some(rows) = self.table.results().find(&self.filter, &self.order) {
            return rows.len();
        }
        let rows = self.sorted(self.rows().collect(), 0, usize::MAX);
        let count = rows.len();
        self.table
            .results()
            .keep(self.filter.clone(), self.order.clone(), rows.into());
        count
    }

    /// All rows that pass, by id.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        self.places().filter(|&row| self.lets(row))
    }

    fn lets(&self, row: Row) -> bool {
        self.table.is_live(row) && self.filter.passes(self.table, row)
    }

    /// The places that can hold passing rows: the bounds of the id are found, not looked for.
    fn places(&self) -> Range<Row> {
        let all = self.table.places();
        let (low, high) = self.filter.id_bounds();
        let start = if low == i64::MIN {
            all.start
        } else {
            self.table.lower_bound(low)
        };
        let end = high
            .checked_add(1)
            .map_or(all.end, |above| self.table.lower_bound(above));
        start..end.max(start)
    }

    fn sorted(&self, rows: Vec<Row>, offset: usize, limit: usize) -> Vec<Row> {
        let end = offset.saturating_add(limit);
        if offset >= rows.len() {
            return Vec::new();
        }
        // What is compared most is read and folded once a row, not once a comparison.
        let mut keyed: Vec<(Leading, Row)> = rows
            .into_iter()
            .map(|row| (self.leading(row), row))
            .collect();
        let descends = self.order.first().is_some_and(|sort| sort.descending);
        let order = |left: &(Leading, Row), right: &(Leading, Row)| {
            let order = left.0.cmp(&right.0);
            let order = if descends { order.reverse() } else { order };
            order.then_with(|| self.compare(left.1, right.1))
        };
        if end < keyed.len() {
            keyed.select_nth_unstable_by(end, order);
            keyed.truncate(end);
        }
        keyed.sort_unstable_by(order);
        keyed.drain(..offset);
        keyed.into_iter().map(|(_, row)| row).collect()
    }

    fn leading(&self, row: Row) -> Leading {
        let value = self
            .order
            .first()
            .map(|sort| self.table.get(row, sort.field));
        match value {
            None | Some(CellRef::Null) => Leading::Null,
            Some(CellRef::Number(number)) => Leading::Number(number),
            Some(CellRef::Text(text)) => Leading::Text(fold(text)),
            Some(_) => Leading::List,
        }
    }

    /// By the keys after the first, and by id where they are equal.
    fn compare(&self, left: Row, right: Row) -> Ordering {
        let keys = self.order.iter().skip(1).map(|sort| {
            let order = compare(
                self.table.get(left, sort.field),
                self.table.get(right, sort.field),
            );
            if sort.descending {
                order.reverse()
            } else {
                order
            }
        });
        keys.fold(Ordering::Equal, Ordering::then)
            .then(left.cmp(&right))
    }
}

/// The value of an order's first key: NULL comes first, text is without case, lists are not compared.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Leading {
    Null,
    List,
    Number(i64),
    Text(Box<str>),
}

/// As [`Leading`] for the keys that follow: NULL comes first; text without case; lists are not compared.
fn compare(left: CellRef<'_>, right: CellRef<'_>) -> Ordering {
    match (left, right) {
        (CellRef::Number(left), CellRef::Number(right)) => left.cmp(&right),
        (CellRef::Text(left), CellRef::Text(right)) if left == right => Ordering::Equal,
        (CellRef::Text(left), CellRef::Text(right)) => folded(left).cmp(folded(right)),
        (CellRef::Null, CellRef::Null) => Ordering::Equal,
        (CellRef::Null, _) => Ordering::Less,
        (_, CellRef::Null) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}
