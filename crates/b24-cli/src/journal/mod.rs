//! What became of each row of a bulk write, on the disk: written before a row is sent and after its
//! answer, so that a killed run neither doubles nor loses one.
//!
//! One SQLite file, readable by its owner alone. Every method that writes has committed to the disk
//! when it returns. A row without an entry waits.
//!
//! ```text
//! waiting -> sent -> done | failed | doubled
//!             └> unknown -> done | failed | doubled | waiting (sent again)
//! ```

mod error;
mod file;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::resume::Question;

pub(crate) use error::JournalError;

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Not sent, or sent and surely not run.
    Waiting,
    /// Sent; nobody has seen the answer yet.
    Sent,
    /// It is on the portal.
    Done,
    /// Refused for good.
    Failed,
    /// The answer is lost, and nothing has proved yet whether it ran.
    Unknown,
    /// It is on the portal more than once.
    Doubled,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Sent,
        Self::Done,
        Self::Failed,
        Self::Unknown,
        Self::Doubled,
    ];

    /// Whether nothing is left to do about the row.
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Doubled)
    }
}

/// What the journal knows of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The row's number in its input.
    pub(crate) row: u64,
    pub(crate) state: State,
    /// When it was sent last, by this machine's clock.
    pub(crate) sent: Option<Timestamp>,
    /// How often its answer was lost.
    pub(crate) lost: u32,
    /// The portal's id; of a doubled row all of them, with commas.
    pub(crate) id: Option<String>,
    /// The portal's code, or the name of the field that is wrong.
    pub(crate) code: Option<String>,
    /// Why it failed or is unknown, for a person.
    pub(crate) reason: Option<String>,
}

/// What a row came to; [`Journal::settle`] writes it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is on the portal, under this id where there is one.
    Done { id: Option<String> },
    /// It was refused for good, or cannot be sent.
    Failed { code: String, reason: String },
    /// Its answer is lost.
    Unknown { reason: String },
    /// It is on the portal under all these ids.
    Doubled { ids: Vec<String> },
    /// It surely did not run: it waits again.
    Again,
}

/// How many rows stand where. Rows without an entry are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) waiting: u64,
    pub(crate) sent: u64,
    pub(crate) done: u64,
    pub(crate) failed: u64,
    pub(crate) unknown: u64,
    pub(crate) doubled: u64,
}

impl Tally {
    /// Rows for which nothing is left to do.
    pub(crate) const fn ended(self) -> u64 {
        self.done + self.failed + self.doubled
    }
}

/// The journal of one bulk write. One process at a time.
#[derive(Debug)]
pub(crate) struct Journal {
    db: Connection,
    path: PathBuf,
    id: String,
    begun: Timestamp,
    /// The clock of this machine is behind what an earlier run has seen.
    went_back: bool,
}

impl Journal {
    /// Opens the journal of this question at `path`, or makes it; `restart` throws an earlier one away.
    ///
    /// # Errors
    /// Another question's journal, one that another process writes now, one that cannot be read, a full disk.
    pub(crate) fn open(
        path: &Path,
        question: &Question,
        restart: bool,
    ) -> Result<Self, JournalError> {
        Self::open_at(path, question, restart, Timestamp::now())
    }

    fn open_at(
        path: &Path,
        question: &Question,
        restart: bool,
        now: Timestamp,
    ) -> Result<Self, JournalError> {
        let (db, head) = file::open(path, question, restart, now)?;
        Ok(Self {
            db,
            path: path.to_owned(),
            id: head.id,
            begun: head.begun,
            went_back: now < head.clock,
        })
    }

    /// Its name, twelve letters and digits: no other journal has it.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// When the first run began.
    pub(crate) fn begun(&self) -> Timestamp {
        self.begun
    }

    /// Whether the clock has gone back since an earlier run: its times of sending say nothing then.
    pub(crate) fn clock_went_back(&self) -> bool {
        self.went_back
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many rows stand where.
    pub(crate) fn tally(&self) -> Result<Tally, JournalError> {
        let mut tally = Tally::default();
        let mut counted = self
            .db
            .prepare_cached("SELECT state, count(*) FROM rows GROUP BY state")
            .map_err(|error| self.failed(error))?;
        let each = counted
            .query_map([], |row| Ok((row.get::<_, u8>(0)?, row.get::<_, i64>(1)?)))
            .map_err(|error| self.failed(error))?;
        for counted in each {
            let (state, rows) = counted.map_err(|error| self.failed(error))?;
            let rows = rows as u64;
            match self.state(state)? {
                State::Waiting => tally.waiting = rows,
                State::Sent => tally.sent = rows,
                State::Done => tally.done = rows,
                State::Failed => tally.failed = rows,
                State::Unknown => tally.unknown = rows,
                State::Doubled => tally.doubled = rows,
            }
        }
        Ok(tally)
    }

    /// What is known of a row; `None`: it waits.
    pub(crate) fn entry(&self, row: u64) -> Result<Option<Entry>, JournalError> {
        let found = self
            .db
            .prepare_cached(
                "SELECT row, state, sent, lost, id, code, reason FROM rows WHERE row = ?1",
            )
            .and_then(|mut one| one.query_row([row as i64], read).optional());
        found.map_err(|error| self.failed(error))
    }

    /// The rows in one of these states whose number is above `after`, in order, `limit` at most.
    pub(crate) fn entries(
        &self,
        states: &[State],
        after: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, JournalError> {
        let wanted: Vec<String> = states
            .iter()
            .map(|state| (*state as u8).to_string())
            .collect();
        let question = format!(
            "SELECT row, state, sent, lost, id, code, reason FROM rows
             WHERE state IN ({}) AND row > ?1 ORDER BY row LIMIT ?2",
            wanted.join(",")
        );
        let entries = || -> rusqlite::Result<Vec<Entry>> {
            let mut some = self.db.prepare_cached(&question)?;
            let rows = some.query_map(params![after as i64, limit as i64], read)?;
            rows.collect()
        };
        entries().map_err(|error| self.failed(error))
    }

    /// These rows leave now.
    ///
    /// # Errors
    /// The disk: then they must not be sent.
    pub(crate) fn sent(&mut self, rows: &[u64]) -> Result<(), JournalError> {
        self.sent_at(rows, Timestamp::now())
    }

    fn sent_at(&mut self, rows: &[u64], now: Timestamp) -> Result<(), JournalError> {
        self.write(now, |db| {
            let mut put = db.prepare_cached(
                "INSERT INTO rows (row, state, sent) VALUES (?1, ?2, ?3)
                 ON CONFLICT (row) DO UPDATE SET state = ?2, sent = ?3",
            )?;
            for row in rows {
                put.execute(params![
                    *row as i64,
                    State::Sent as u8,
                    now.as_millisecond()
                ])?;
            }
            Ok(())
        })
    }

    /// What became of rows. A lost answer is counted.
    ///
    /// # Errors
    /// The disk: the rows then stay as they were, and a later run looks for them.
    pub(crate) fn settle(&mut self, ends: &[(u64, End)]) -> Result<(), JournalError> {
        if ends.is_empty() {
            return Ok(());
        }
        self.write(Timestamp::now(), |db| {
            let mut put = db.prepare_cached(
                "INSERT INTO rows (row, state, lost, id, code, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (row) DO UPDATE SET state = ?2, lost = lost + ?3, id = ?4, code = ?5, reason = ?6",
            )?;
            for (row, end) in ends {
                let (state, id, code, reason) = match end {
                    End::Done { id } => (State::Done, id.clone(), None, None),
                    End::Failed { code, reason } => {
                        (State::Failed, None, Some(code), Some(reason))
                    }
                    End::Unknown { reason } => (State::Unknown, None, None, Some(reason)),
                    End::Doubled { ids } => (State::Doubled, Some(ids.join(",")), None, None),
                    End::Again => (State::Waiting, None, None, None),
                };
                let lost = u8::from(state == State::Unknown);
                put.execute(params![*row as i64, state as u8, lost, id, code, reason])?;
            }
            Ok(())
        })
    }

    /// Keeps a fact about the whole write, such as the highest id before it.
    pub(crate) fn keep(&mut self, name: &str, value: &str) -> Result<(), JournalError> {
        self.write(Timestamp::now(), |db| {
            db.execute(
                "INSERT INTO facts (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = ?2",
                [name, value],
            )
            .map(drop)
        })
    }

    /// A fact that was kept.
    pub(crate) fn kept(&self, name: &str) -> Result<Option<String>, JournalError> {
        self.db
            .query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|error| self.failed(error))
    }

    /// One transaction, with the clock that was seen.
    fn write(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), JournalError> {
        let all = || {
            let transaction = self.db.unchecked_transaction()?;
            work(&transaction)?;
            transaction.execute(
                "UPDATE facts SET value = ?1 WHERE name = 'clock' AND CAST(value AS INTEGER) < ?1",
                [now.as_millisecond()],
            )?;
            transaction.commit()
        };
        all().map_err(|error| self.failed(error))
    }

    fn state(&self, number: u8) -> Result<State, JournalError> {
        State::ALL
            .get(usize::from(number))
            .copied()
            .ok_or_else(|| JournalError::Damaged(self.path.clone()))
    }

    #[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
    fn failed(&self, error: rusqlite::Error) -> JournalError {
        JournalError::from_sqlite(&self.path, &error)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let state: u8 = row.get(1)?;
    let state = State::ALL.get(usize::from(state)).copied();
    let sent: Option<i64> = row.get(2)?;
    Ok(Entry {
        row: row.get::<_, i64>(0)? as u64,
        state: state.ok_or(rusqlite::Error::InvalidQuery)?,
        sent: sent.and_then(|at| Timestamp::from_millisecond(at).ok()),
        lost: row.get(3)?,
        id: row.get(4)?,
        code: row.get(5)?,
        reason: row.get(6)?,
    })
}
