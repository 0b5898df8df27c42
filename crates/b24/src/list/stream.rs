//! The streams of a list: by rows and by pages.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::cursor::Cursor;
use super::feed::Feed;
use super::progress::Progress;
use crate::error::{Error, Kind, Reason};

/// Some rows of a list, and the place behind them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows, in the order of the list. Never empty.
    pub items: Vec<T>,
    /// Goes on behind the last of them, see [`List::resume`](super::List::resume).
    pub cursor: Cursor,
    /// How this page of a list [read by offset](super::List::by_offset) shows that rows have moved
    /// between the pages: then some may be missing, others come twice.
    pub moved: Option<Moved>,
}

/// Rows were inserted or deleted while a list was read by offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Moved {
    /// The portal counts another number of rows than before.
    #[error("the list had {before} rows and now has {now}: some may be missing, others come twice")]
    Total {
        /// On the page before.
        before: u64,
        /// On this page.
        now: u64,
    },
    /// A row of the page before came again.
    #[error("a row of the page before came again: rows have moved, and others may be missing")]
    Repeated,
}

/// The pages of a list, made by [`List::pages`](super::List::pages).
///
/// A [`Stream`], with a [`try_next`](Pages::try_next) of its own. After an error it ends.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<T> {
    feed: Feed,
    row: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Pages<T> {
    pub(super) fn new(feed: Feed) -> Self {
        Self {
            feed,
            row: PhantomData,
        }
    }

    /// The next page, `None` at the end.
    ///
    /// # Errors
    /// As any call; the error carries the [`cursor`](Error::cursor) behind the last page.
    pub async fn try_next(&mut self) -> Result<Option<Page<T>>, Error> {
        std::future::poll_fn(|cx| self.poll_page(cx)).await
    }

    /// The place behind the last page that came.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.feed.cursor()
    }

    /// All rows. Those before an error are dropped with it, so its cursor is where the reading began.
    pub(super) async fn collect(mut self, begin: Option<Cursor>) -> Result<Vec<T>, Error> {
        let mut rows = Vec::new();
        loop {
            match self.try_next().await {
                Ok(Some(page)) => rows.extend(page.items),
                Ok(None) => return Ok(rows),
                Err(error) => return Err(error.with_cursor(begin)),
            }
        }
    }

    /// How far the list is.
    pub fn progress(&self) -> Progress {
        self.feed.progress()
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Page<T>>, Error>> {
        let before = self.feed.cursor().cloned();
        let Some((page, cursor)) = ready!(self.feed.poll_next(cx))? else {
            return Poll::Ready(Ok(None));
        };
        match page.rows.read::<T>() {
            Ok(items) => Poll::Ready(Ok(Some(Page {
                items,
                cursor,
                moved: page.moved,
            }))),
            Err(bad) => {
                let text = format!("row {} of a page: {}", bad.index, bad.text);
                let error = Error::new(Kind::Answer, Reason::Unexpected(text));
                let error = self.feed.error_here(error, before);
                self.feed.stop();
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<T: DeserializeOwned> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_page(cx).map(Result::transpose)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("cursor", &self.feed.cursor())
            .finish_non_exhaustive()
    }
}

/// The rows of a list, made by [`List::items`](super::List::items).
///
/// A [`Stream`], with a [`try_next`](Items::try_next) of its own. After an error it ends.
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<T> {
    pages: Pages<T>,
    page: std::vec::IntoIter<T>,
    /// Behind the last page all of whose rows were taken.
    cursor: Option<Cursor>,
}

impl<T: DeserializeOwned> Items<T> {
    pub(super) fn new(pages: Pages<T>) -> Self {
        let cursor = pages.cursor().cloned();
        Self {
            pages,
            page: Vec::new().into_iter(),
            cursor,
        }
    }

    /// The next row, `None` at the end.
    ///
    /// # Errors
    /// As any call; the error carries the [`cursor`](Error::cursor) behind the last row.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        std::future::poll_fn(|cx| self.poll_item(cx)).await
    }

    /// The place behind the last page all of whose rows were taken. Going on from here may repeat
    /// rows of the page that is being read, and skips none.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// How far the list is.
    pub fn progress(&self) -> Progress {
        self.pages.progress()
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<T>, Error>> {
        loop {
            if let Some(item) = self.page.next() {
                if self.page.len() == 0 {
                    self.cursor = self.pages.cursor().cloned();
                }
                return Poll::Ready(Ok(Some(item)));
            }
            match ready!(self.pages.poll_page(cx))? {
                Some(page) => self.page = page.items.into_iter(),
                None => return Poll::Ready(Ok(None)),
            }
        }
    }
}

impl<T: DeserializeOwned> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(cx).map(Result::transpose)
    }
}

// Rows are handed out by value, never pinned.
impl<T> Unpin for Items<T> {}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}
