//! The record behind `--once`: what was sent under which key, on which portal.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection as Database, OptionalExtension, TransactionBehavior, params};

use super::standing::{Noted, State};
use crate::connection::{private_file, state_directory};
use crate::failure::Failure;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS call (
        portal   TEXT NOT NULL,
        key      TEXT NOT NULL,
        question TEXT NOT NULL,
        method   TEXT NOT NULL,
        first    INTEGER NOT NULL,
        last     INTEGER NOT NULL,
        state    TEXT NOT NULL,
        answer   TEXT,
        PRIMARY KEY (portal, key)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS heeds_keys (portal TEXT PRIMARY KEY) WITHOUT ROWID;
";

/// The keys of one portal.
pub(super) struct Record {
    database: Database,
    place: PathBuf,
    portal: String,
}

impl Record {
    /// Opens the record, making it for its owner alone.
    pub(super) fn open(portal: &str) -> Result<Self, Failure> {
        let place = state_directory()?.join("once.db");
        private_file(&place)
            .map_err(|error| Failure::local(format!("{}: {error}", place.display())))?;
        let opened = Database::open(&place).and_then(|database| {
            database.busy_timeout(Duration::from_secs(10))?;
            // What is noted has to be on the disk before anything is sent.
            database.pragma_update(None, "synchronous", "FULL")?;
            database.execute_batch(TABLES)?;
            Ok(database)
        });
        match opened {
            Ok(database) => Ok(Self {
                database,
                place,
                portal: portal.to_owned(),
            }),
            Err(error) => Err(Failure::local(format!("{}: {error}", place.display()))),
        }
    }

    /// Notes that the call is sent now; or says what was noted of the key before.
    pub(super) fn begin(&mut self, key: &str, asked: &Noted) -> Result<Option<Noted>, Failure> {
        let portal = self.portal.clone();
        let begun = (|| {
            let transaction = self
                .database
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let before = find(&transaction, &portal, key)?;
            if before.is_none() {
                transaction.execute(
                    "INSERT INTO call (portal, key, question, method, first, last, state)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?5, 'sent')",
                    params![
                        portal,
                        key,
                        asked.question,
                        asked.method,
                        asked.first.as_millisecond()
                    ],
                )?;
            }
            transaction.commit()?;
            Ok(before)
        })();
        begun.map_err(|error| self.failed(&error))
    }

    /// Notes that the call is sent once more; false when another run was faster.
    pub(super) fn repeat(
        &self,
        key: &str,
        before: &Noted,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let changed = self.database.execute(
            "UPDATE call SET last = ?3, state = 'sent' WHERE portal = ?1 AND key = ?2 AND last = ?4",
            params![self.portal, key, now.as_millisecond(), before.last.as_millisecond()],
        );
        changed
            .map(|rows| rows == 1)
            .map_err(|error| self.failed(&error))
    }

    /// Keeps the answer.
    pub(super) fn done(&self, key: &str, answer: &str) -> Result<(), Failure> {
        self.note(
            "UPDATE call SET state = 'done', answer = ?3 WHERE portal = ?1 AND key = ?2",
            &[key, answer],
        )
    }

    /// The answer is lost.
    pub(super) fn unknown(&self, key: &str) -> Result<(), Failure> {
        self.note(
            "UPDATE call SET state = 'unknown' WHERE portal = ?1 AND key = ?2",
            &[key],
        )
    }

    /// The portal did not run it: the key is free.
    pub(super) fn forget(&self, key: &str) -> Result<(), Failure> {
        self.note("DELETE FROM call WHERE portal = ?1 AND key = ?2", &[key])
    }

    /// Whether this portal has echoed an `Idempotency-Key`.
    pub(super) fn heeds_keys(&self) -> Result<bool, Failure> {
        self.database
            .query_row(
                "SELECT 1 FROM heeds_keys WHERE portal = ?1",
                [&self.portal],
                |_| Ok(()),
            )
            .optional()
            .map(|found| found.is_some())
            .map_err(|error| self.failed(&error))
    }

    /// This portal has echoed an `Idempotency-Key`.
    pub(super) fn note_heeding(&self) -> Result<(), Failure> {
        self.note("INSERT OR IGNORE INTO heeds_keys (portal) VALUES (?1)", &[])
    }

    fn note(&self, sql: &str, more: &[&str]) -> Result<(), Failure> {
        let values = std::iter::once(self.portal.as_str()).chain(more.iter().copied());
        self.database
            .execute(sql, rusqlite::params_from_iter(values))
            .map(|_| ())
            .map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &rusqlite::Error) -> Failure {
        Failure::local(format!("{}: {error}", self.place.display()))
    }
}

fn find(database: &Database, portal: &str, key: &str) -> rusqlite::Result<Option<Noted>> {
    let time = |column: &'static str, row: &rusqlite::Row<'_>| {
        Timestamp::from_millisecond(row.get(column)?)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    };
    database
        .query_row(
            "SELECT question, method, first, last, state, answer FROM call WHERE portal = ?1 AND key = ?2",
            [portal, key],
            |row| {
                let state: String = row.get("state")?;
                Ok(Noted {
                    question: row.get("question")?,
                    method: row.get("method")?,
                    first: time("first", row)?,
                    last: time("last", row)?,
                    state: match state.as_str() {
                        "done" => State::Done(row.get("answer")?),
                        "unknown" => State::Unknown,
                        _ => State::Sent,
                    },
                })
            },
        )
        .optional()
}
