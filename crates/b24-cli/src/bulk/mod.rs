//! Sending many writes so that none doubles and none vanishes.
//!
//! A command makes [`Job`]s, one a row, and gives them to [`run`] with a journal. Rows go in requests of 50, four
//! under way at most, at the portal's limit; each is journalled before it leaves and after its answer. A row whose
//! answer is lost waits until it cannot run any more (the fence), while others go on; then the portal is asked what
//! became of it, as the job's [`Proof`] says.
//!
//! ```ignore
//! let journal = SharedJournal::new(Journal::open(&path, &question, restart)?);
//! let ended = bulk::run(&mut jobs, &journal, &How { session, connection, settle, … }).await?;
//! let tally = journal.tally()?;             // what became of all rows, earlier runs included
//! ```

mod answer;
mod compare;
mod earlier;
mod external;
mod leftover;
mod look;
mod machine;
#[cfg(test)]
mod machine_tests;
mod send;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::journal::{Entry, Journal, JournalError, Tally};
use crate::parameters::Tree;
use crate::session::Session;

pub(crate) use compare::differs;
pub(crate) use earlier::{going_on, may_restart};
pub(crate) use external::{external_ids, external_names, highest_id};
pub(crate) use leftover::{EXAMPLES, Reasons, leftover, reason};
pub(crate) use look::{Look, Purpose, Question};
pub(crate) use send::run;

/// How long a request may run at the portal: its wall of 60 s, and 30 s for the way and the clocks.
pub(crate) const SETTLE: &str = "90s";

/// Requests that so many rows take.
pub(crate) const fn requests(rows: u64) -> u64 {
    rows.div_ceil(machine::REQUEST as u64)
}

/// One write.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Its number in the journal; each comes once.
    pub(crate) row: u64,
    pub(crate) method: String,
    pub(crate) params: Tree,
    pub(crate) proof: Proof,
}

/// What is done when the answer to a job is lost.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    /// Run twice, it leaves what one run leaves: it is sent again at once.
    Repeat,
    /// After the fence the portal is asked.
    Look(Look),
    /// Nothing can tell: it is reported as unknown.
    Nothing,
}

/// Where jobs come from.
pub(crate) trait Jobs {
    /// The next jobs, in order, some dozens at a time; none: that was all. Rows whose [entry](SharedJournal::entry)
    /// is final may be left out; if they come, they are passed over. A row that cannot be sent is
    /// [settled](SharedJournal::settle) here, and does not come.
    ///
    /// # Errors
    /// Ends the run; the journal stays.
    async fn next(&mut self) -> Result<Vec<Job>, Failure>;
}

/// What a run needs to know.
pub(crate) struct How<'a> {
    pub(crate) session: &'a Session,
    pub(crate) connection: &'a Connection,
    /// How long a row whose answer is lost waits, counted from its send.
    pub(crate) settle: Duration,
    /// What messages call the rows of the journal: `rows`, `deals`.
    pub(crate) rows: &'a str,
    /// How many there are in all.
    pub(crate) total: u64,
}

/// What a run has to tell beside the journal.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// Rows that were looked up and had run.
    pub(crate) found: u64,
    /// Rows that were looked up and had not.
    pub(crate) absent: u64,
    /// Rows that were found, and are not as they were sent.
    pub(crate) differing: Vec<Difference>,
}

/// A row that is on the portal in another shape than it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) row: u64,
    pub(crate) id: String,
    /// `title: sent "A", is "B"`
    pub(crate) fields: Vec<String>,
}

/// A journal that requests under way write, too.
#[derive(Clone, Debug)]
pub(crate) struct SharedJournal(Arc<Mutex<Journal>>);

impl SharedJournal {
    pub(crate) fn new(journal: Journal) -> Self {
        Self(Arc::new(Mutex::new(journal)))
    }

    /// See [`Journal::entry`].
    pub(crate) fn entry(&self, row: u64) -> Result<Option<Entry>, JournalError> {
        self.with(|journal| journal.entry(row))
    }

    /// See [`Journal::tally`].
    pub(crate) fn tally(&self) -> Result<Tally, JournalError> {
        self.with(|journal| journal.tally())
    }

    /// See [`Journal::settle`].
    pub(crate) fn settle(&self, ends: &[(u64, crate::journal::End)]) -> Result<(), JournalError> {
        self.with(|journal| journal.settle(ends))
    }

    /// Anything else. Do not wait inside.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Journal) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
