//! Windows: pieces of a table that are read side by side, and what one tells the others.
//!
//! A window has no bound in its requests: its pages are full wherever the table goes on, and the
//! first row behind its end proves that all rows before it have come. That row and those after it
//! are left to the next window.

use super::{Chain, Id, Size};

/// What an answer has taught, for the other chains of the same list.
#[derive(Debug, Clone)]
pub(in crate::list) struct Lesson {
    size: Size,
    reach: usize,
    chained: bool,
    unlinked: u32,
    /// No row lies between the end of the window and this one.
    empty_before: Option<Id>,
}

impl Chain {
    /// Cuts a window of about so many pages off the front: the rest begins behind it. Not where
    /// nobody knows how much there is, nor where the rest would be shorter than a page.
    pub(in crate::list) fn split(&mut self, pages: usize) -> Option<Self> {
        let (after, highest) = (self.after?, self.highest?);
        if !self.chained || self.until.is_some() || self.barren > 0 {
            return None;
        }
        let until = after.plus(self.size.ids(pages));
        if until >= highest || self.size.pages(Some(until.span_to(highest)))? < 2 {
            return None;
        }
        let window = Self {
            until: Some(until),
            ..self.clone()
        };
        self.after = Some(until);
        Some(window)
    }

    pub(in crate::list) fn lesson(&self) -> Lesson {
        Lesson {
            size: self.size.clone(),
            reach: self.reach,
            chained: self.chained,
            unlinked: self.unlinked,
            empty_before: self.empty_before,
        }
    }

    /// Takes what another chain of the same list has learned.
    pub(in crate::list) fn learn(&mut self, lesson: &Lesson) {
        self.size = lesson.size.clone();
        self.reach = lesson.reach;
        self.chained = lesson.chained;
        self.unlinked = lesson.unlinked;
        if self.until.is_none()
            && let Some(row) = lesson.empty_before
        {
            self.after = self.after.max(Some(row.plus(-1)));
        }
    }

    /// Pages that are likely left; `None` = nobody knows.
    pub(in crate::list) fn pages_left(&self) -> Option<u64> {
        self.size.pages_in(self.ids_left()?)
    }

    /// Rows that are likely left.
    pub(in crate::list) fn rows_left(&self) -> Option<u64> {
        self.size.rows_in(self.ids_left()?)
    }

    pub(in crate::list) fn size(&self) -> &Size {
        &self.size
    }

    /// The most pages that one request may hold as things stand.
    pub(in crate::list) fn most_pages(&self) -> usize {
        self.size.fitting(self.reach)
    }

    /// The next request holds at most so many pages.
    pub(in crate::list) fn limit(&mut self, pages: usize) {
        self.most = pages.max(1);
    }
}
