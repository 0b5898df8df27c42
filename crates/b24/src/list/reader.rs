//! What every way of reading a list has in common: a request to send, and pages out of its answer.

use std::borrow::Cow;

use bytes::Bytes;

use super::chain::Chain;
use super::cursor::Position;
use super::rows::Rows;
use super::stream::Moved;
use crate::error::{Error, Kind, Reason};
use crate::room::decode::{self, Decode, Success};
use crate::room::found::Results;
use crate::room::operating::Charge;
use crate::value::Tree;

/// A way of reading a list. It decides; it does not wait or send.
pub(super) trait Reader: Send {
    /// The next request. `rows` is how many rows the caller still wants.
    fn ask(&mut self, rows: Option<u64>) -> Ask;

    /// Takes the answer to it.
    fn take(&mut self, success: &Success<Results>) -> Taken;

    /// The last request was lost as a whole, perhaps because it took too long. Whether there is a
    /// smaller one to ask for.
    fn shrink(&mut self) -> bool {
        false
    }

    /// The chain, where it reads in one: it can be split into windows.
    fn chain(&mut self) -> Option<&mut Chain> {
        None
    }

    /// Cuts a window of about so many pages off the front.
    fn split(&mut self, _pages: usize) -> Option<Box<dyn Reader>> {
        None
    }

    /// How many rows are left, as far as the portal tells.
    fn rows_left(&self) -> Option<u64> {
        None
    }

    /// The place behind the first `count` rows of a page, one or more.
    fn place_behind(&self, page: &PageRows, count: usize) -> Result<Position, Error>;
}

/// A request to send.
#[derive(Debug)]
pub(super) struct Ask {
    /// The method it goes to: the list's own, or `batch`.
    pub(super) method: Cow<'static, str>,
    pub(super) body: Bytes,
}

impl Ask {
    /// What reads the answer.
    pub(super) fn decode(&self) -> Decode<Results> {
        if self.method == "batch" {
            decode::pages
        } else {
            decode::page
        }
    }

    pub(super) fn call(method: &str, params: &Tree) -> Self {
        // A tree has text for keys and finite numbers: it can always be written.
        let body = serde_json::to_vec(params).unwrap_or_default();
        Self {
            method: Cow::Owned(method.to_owned()),
            body: Bytes::from(body),
        }
    }
}

/// The rows of one page, and where the list stands behind them.
#[derive(Debug, Clone)]
pub(super) struct PageRows {
    pub(super) rows: Rows,
    pub(super) count: usize,
    pub(super) behind: Position,
    /// How it shows that rows have moved between the pages.
    pub(super) moved: Option<Moved>,
}

/// What an answer brought.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) pages: Vec<PageRows>,
    pub(super) next: Next,
    /// What the commands of a batch have cost their method.
    pub(super) charge: Option<Charge>,
    /// Whether the operating limit refused a command of a batch.
    pub(super) refused: bool,
}

/// How it goes on.
#[derive(Debug)]
pub(super) enum Next {
    /// Ask on.
    More,
    /// Nothing came that counts; ask again after a pause.
    Again,
    /// The operating limit refused the first page: ask again when it allows.
    Postponed,
    /// The list is complete.
    Done,
    /// The list cannot go on.
    Failed(Error),
}

impl Taken {
    /// Pages and no more to say.
    pub(super) fn new(pages: Vec<PageRows>, next: Next) -> Self {
        Self {
            pages,
            next,
            charge: None,
            refused: false,
        }
    }

    pub(super) fn failed(error: Error) -> Self {
        Self::new(Vec::new(), Next::Failed(error))
    }
}

/// The list cannot be read on, for a reason that only the caller can mend.
pub(super) fn cannot_go_on(text: String) -> Error {
    Error::new(Kind::Answer, Reason::List(text))
}
