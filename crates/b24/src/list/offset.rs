//! Reading by `start` and `next`, for methods that cannot filter by id and for an order of the
//! caller's own. Rows that are deleted or inserted meanwhile shift the pages.

use super::chain::PAGE;
use super::cursor::Position;
use super::id::Id;
use super::query::{is_called, order_by, refuse_start, respell};
use super::reader::{Ask, Next, PageRows, Reader, Taken, cannot_go_on};
use super::rows::{self, NotRows, Rows};
use super::shape::{Order, Shape};
use super::stream::Moved;
use crate::error::Error;
use crate::room::decode::Success;
use crate::room::found::Results;
use crate::value::Tree;

/// Reads a list page by page, by `start` and `next`.
#[derive(Debug)]
pub(super) struct ByOffset {
    method: String,
    shape: Shape,
    params: Vec<(String, Tree)>,
    offset: Offset,
    /// Rows of the first page that were delivered before: portals begin a page at a multiple of
    /// its size only.
    skip: usize,
    /// Offset of the first row of the last page that was delivered.
    taken_from: u64,
    /// A v3 method that answers everything at once takes no `start`.
    pages: bool,
    /// What the last page said about all of them.
    total: Option<u64>,
    /// The ids of the last page.
    last_page: Vec<Id>,
}

impl ByOffset {
    /// Prepares `params`; the text says what is wrong with them.
    pub(super) fn new(
        method: &str,
        version: u8,
        shape: Shape,
        params: &Tree,
        from: u64,
    ) -> Result<Self, String> {
        let mut params = params.pairs().unwrap_or_default().to_vec();
        refuse_start(&params)?;
        respell(&mut params, "filter", shape.filter);
        respell(&mut params, "select", shape.select);
        let sorted = |name: &str| match shape.order {
            Order::Map(order) => is_called(name, order),
            Order::Scalars(sort, order) => is_called(name, sort) || is_called(name, order),
            Order::None => true,
        };
        match shape.order {
            Order::Map(order) => respell(&mut params, "order", order),
            Order::Scalars(sort, order) => flatten_order(&mut params, sort, order)?,
            Order::None => {}
        }
        // Without an order the database may deal the rows anew for each page.
        if shape.sorts_by_id && !params.iter().any(|(name, _)| sorted(name)) {
            params.extend(order_by(&shape, "ASC"));
        }
        let skip = (from % PAGE as u64) as usize;
        let offset = Offset::new(from - skip as u64);
        Ok(Self {
            method: method.to_owned(),
            shape,
            params,
            offset,
            skip,
            taken_from: from,
            pages: version == 2,
            total: None,
            last_page: Vec::new(),
        })
    }

    /// Whether a page shows that rows have moved since the one before it.
    fn moved(&mut self, rows: &Rows, total: Option<u64>) -> Option<Moved> {
        let ids = rows
            .ids(&self.shape.row_id)
            .map_or(Vec::new(), |ids| ids.ids);
        let repeated = ids.iter().any(|id| self.last_page.contains(id));
        self.last_page = ids;
        let before = std::mem::replace(&mut self.total, total);
        match (before, total) {
            (Some(before), Some(now)) if before != now => Some(Moved::Total { before, now }),
            _ => repeated.then_some(Moved::Repeated),
        }
    }

    fn rows(&mut self, results: &Results) -> Result<Rows, NotRows> {
        let Results { body, .. } = results;
        Rows::find(results.only(), &self.shape.key, body).or_else(|error| {
            match rows::guess(results.only(), body).filter(|_| self.shape.guessed) {
                Some((key, _)) => {
                    let rows = Rows::find(results.only(), &key, body);
                    self.shape.key = key.into();
                    rows
                }
                None => Err(error),
            }
        })
    }
}

impl Reader for ByOffset {
    fn ask(&mut self, _rows: Option<u64>) -> Ask {
        let mut params = self.params.clone();
        if self.pages {
            params.push(("start".to_owned(), Tree::from(self.offset.start())));
        }
        Ask::call(&self.method, &Tree::Map(params))
    }

    fn take(&mut self, success: &Success<Results>) -> Taken {
        let rows = match self.rows(&success.result) {
            Ok(rows) => rows,
            Err(error) => return Taken::failed(cannot_go_on(error.to_string())),
        };
        let count = rows.count();
        let start = self.offset.start();
        let after = self.offset.accept(success.next, success.total);
        let next = if after == After::More {
            Next::More
        } else {
            Next::Done
        };
        let mut skip = std::mem::take(&mut self.skip);
        let mut page_from = start;
        if count > PAGE {
            // All rows at once, whatever the start.
            skip += start as usize;
            page_from = 0;
        }
        let moved = self.moved(&rows, success.total);
        if after == After::PastEnd || count <= skip {
            return Taken::new(Vec::new(), next);
        }
        self.taken_from = page_from + skip as u64;
        let behind = match after {
            After::More => Position::Offset(self.offset.start()),
            _ => Position::Offset(self.taken_from + (count - skip) as u64),
        };
        Taken::new(
            vec![PageRows {
                rows: rows.without_first(skip),
                count: count - skip,
                behind,
                moved,
            }],
            next,
        )
    }

    fn rows_left(&self) -> Option<u64> {
        Some(self.total?.saturating_sub(self.offset.start()))
    }

    fn place_behind(&self, _page: &PageRows, count: usize) -> Result<Position, Error> {
        Ok(Position::Offset(self.taken_from + count as u64))
    }
}

/// Writes `order: { NAME: "ASC" }` as `sort: "NAME"`, `order: "ASC"`.
fn flatten_order(params: &mut Vec<(String, Tree)>, sort: &str, order: &str) -> Result<(), String> {
    let map = |(name, value): &(String, Tree)| is_called(name, order) && value.pairs().is_some();
    let Some(place) = params.iter().position(map) else {
        return Ok(());
    };
    let fields = params.remove(place).1;
    match fields.pairs() {
        Some([]) | None => Ok(()),
        Some([(field, direction)]) => {
            params.push((sort.to_owned(), Tree::from(field.as_str())));
            params.push((order.to_owned(), direction.clone()));
            Ok(())
        }
        Some(_) => Err("the method sorts by one field only".to_owned()),
    }
}

/// Where an offset read stands.
#[derive(Debug, Clone)]
pub(super) struct Offset {
    start: u64,
}

/// What to do after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Deliver the page and ask on.
    More,
    /// Deliver the page; it is the last.
    Last,
    /// The page lies past the end: some methods answer with the first page there.
    PastEnd,
}

impl Offset {
    pub(super) fn new(start: u64) -> Self {
        Self { start }
    }

    /// The offset of the next page.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Takes the `next` and `total` of an answer. The end is where `next` is missing, not an
    /// empty page: rights may be applied after the page was cut.
    pub(super) fn accept(&mut self, next: Option<u64>, total: Option<u64>) -> After {
        match (next, total) {
            (Some(next), _) if next > self.start => {
                self.start = next;
                After::More
            }
            (Some(_), _) => After::PastEnd,
            (None, Some(total)) if self.start > 0 && total <= self.start => After::PastEnd,
            (None, _) => After::Last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_where_next_is_missing() {
        let mut offset = Offset::new(0);
        assert_eq!(offset.accept(Some(50), Some(120)), After::More);
        assert_eq!(offset.start(), 50);
        assert_eq!(offset.accept(Some(100), Some(120)), After::More);
        assert_eq!(offset.accept(None, Some(120)), After::Last);
    }

    #[test]
    fn the_first_page_past_the_end_is_not_read_again() {
        // start = 1000 of 60 rows: rows 1 to 50 with `next: 50`.
        assert_eq!(
            Offset::new(1_000).accept(Some(50), Some(60)),
            After::PastEnd
        );
        // start = 1000 of 30 rows: all of them, without `next`.
        assert_eq!(Offset::new(1_000).accept(None, Some(30)), After::PastEnd);
        assert_eq!(Offset::new(0).accept(Some(0), None), After::PastEnd);
        // A method that counts its page, not its table.
        assert_eq!(Offset::new(0).accept(None, Some(0)), After::Last);
    }
}
