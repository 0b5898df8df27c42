//! Rows one by one, where a row of another shape is not the end.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::cursor::Cursor;
use super::feed::Feed;
use super::progress::Progress;
use crate::error::Error;

/// A row that does not decode into the caller's type.
#[derive(Clone, Debug, thiserror::Error)]
#[error("row {}: {text}", id.as_deref().unwrap_or("without an id"))]
#[non_exhaustive]
pub struct BadRow {
    /// Its id, as the portal wrote it.
    pub id: Option<String>,
    /// The row as it came.
    pub row: Box<RawValue>,
    /// What is wrong with it, and where in it.
    pub text: String,
}

/// The rows of a list, made by [`List::items_lossy`](super::List::items_lossy): those that do not
/// decode come as a [`BadRow`], and the list goes on.
///
/// A [`Stream`], with a [`try_next`](Lossy::try_next) of its own.
#[must_use = "a stream does nothing until it is polled"]
pub struct Lossy<T> {
    feed: Feed,
    row_id: String,
    page: std::vec::IntoIter<Result<T, BadRow>>,
    /// Behind the last page all of whose rows were taken.
    cursor: Option<Cursor>,
}

impl<T: DeserializeOwned> Lossy<T> {
    pub(super) fn new(feed: Feed, row_id: String) -> Self {
        let cursor = feed.cursor().cloned();
        Self {
            feed,
            row_id,
            page: Vec::new().into_iter(),
            cursor,
        }
    }

    /// The next row, decoded or not; `None` at the end.
    ///
    /// # Errors
    /// As any call; the error carries the [`cursor`](Error::cursor) behind the last page.
    pub async fn try_next(&mut self) -> Result<Option<Result<T, BadRow>>, Error> {
        std::future::poll_fn(|cx| self.poll_item(cx)).await
    }

    /// The place behind the last page all of whose rows were taken.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// How far the list is.
    pub fn progress(&self) -> Progress {
        self.feed.progress()
    }

    fn poll_item(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Result<T, BadRow>>, Error>> {
        loop {
            if let Some(item) = self.page.next() {
                if self.page.len() == 0 {
                    self.cursor = self.feed.cursor().cloned();
                }
                return Poll::Ready(Ok(Some(item)));
            }
            match ready!(self.feed.poll_next(cx))? {
                Some((page, _)) => self.page = page.rows.read_each(&self.row_id).into_iter(),
                None => return Poll::Ready(Ok(None)),
            }
        }
    }
}

impl<T: DeserializeOwned> Stream for Lossy<T> {
    type Item = Result<Result<T, BadRow>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(cx).map(Result::transpose)
    }
}

// Rows are handed out by value, never pinned.
impl<T> Unpin for Lossy<T> {}

impl<T> fmt::Debug for Lossy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lossy")
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}
