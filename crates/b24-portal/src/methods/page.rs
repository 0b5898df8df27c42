//! Pages of 50 as the families of methods cut them.

use crate::play::{Answer, JsonRows, Reply};
use crate::settings::PastTheEnd;
use crate::world::scan::Scan;
use crate::world::table::{Row, Table};
use crate::world::view::View;

pub(super) const SIZE: usize = 50;

/// The rows of a page and what the envelope says beside them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    next: Option<i64>,
    total: Option<i64>,
}

impl Page {
    /// Classic lists: `start` is rounded down to a page, a page past the last is the first one; with a negative
    /// `start` nothing is counted, and the total is zero.
    pub(super) fn navigator(scan: &Scan<'_>, start: Option<i64>, past_the_end: PastTheEnd) -> Self {
        let Ok(start) = usize::try_from(start.unwrap_or(0)) else {
            return Self {
                rows: scan.window(0, SIZE),
                next: None,
                total: Some(0),
            };
        };
        let total = scan.count();
        let pages = total.div_ceil(SIZE);
        let page = match start / SIZE {
            page if page >= pages && past_the_end == PastTheEnd::FirstPage => 0,
            page => page,
        };
        let rows = if page < pages {
            scan.window(page * SIZE, SIZE)
        } else {
            Vec::new()
        };
        let next = (page + 1 < pages).then(|| ((page + 1) * SIZE) as i64);
        Self {
            rows,
            next,
            total: Some(total as i64),
        }
    }

    /// Lists of the ORM: `start` is an offset.
    pub(super) fn offset(scan: &Scan<'_>, start: Option<i64>) -> Self {
        let Ok(start) = usize::try_from(start.unwrap_or(0)) else {
            return Self {
                rows: scan.window(0, SIZE),
                next: None,
                total: Some(0),
            };
        };
        let total = scan.count();
        Self::counted(scan.window(start, SIZE), start, total)
    }

    /// Lists of controllers: `start` is rounded down to a page; with a negative one nothing is counted or said.
    pub(super) fn controller(scan: &Scan<'_>, start: Option<i64>) -> Self {
        let Ok(start) = usize::try_from(start.unwrap_or(0)) else {
            return Self {
                rows: scan.window(0, SIZE),
                next: None,
                total: None,
            };
        };
        let (offset, total) = (start / SIZE * SIZE, scan.count());
        Self::counted(scan.window(offset, SIZE), offset, total)
    }

    fn counted(rows: Vec<Row>, offset: usize, total: usize) -> Self {
        let end = offset + rows.len();
        let next = (!rows.is_empty() && end < total).then_some(end as i64);
        Self {
            rows,
            next,
            total: Some(total as i64),
        }
    }

    /// The answer: each row's selected fields, and what `extra` adds before the row is closed.
    pub(super) fn reply(
        &self,
        key: Option<&'static str>,
        table: &Table,
        view: &View,
        selected: &[usize],
        mut extra: impl FnMut(Row, &mut Vec<u8>),
    ) -> Reply {
        let mut rows =
            JsonRows::with_capacity(self.rows.len(), self.rows.len() * selected.len() * 32);
        for &row in &self.rows {
            rows.push_with(|out| {
                view.open_row(selected, table, row, out);
                extra(row, out);
                out.push(b'}');
            });
        }
        Reply {
            answer: Answer::Rows { key, rows },
            next: self.next,
            total: self.total,
        }
    }

    /// A page of nothing says nothing beside it.
    pub(super) fn silent_if_empty(self) -> Self {
        if self.rows.is_empty() {
            Self {
                next: None,
                total: None,
                ..self
            }
        } else {
            self
        }
    }
}
