//! What the import came to: the summary, and the message where something is left.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use super::target::{External, Target};
use crate::bulk::{self, EXAMPLES, Ended, SharedJournal};
use crate::exit::Exit;
use crate::failure::{Failure, Kind};
use crate::journal::{State, Tally};
use crate::printer::{Summary, counted, grouped, lasting};
use crate::session::{Connection, Session};

/// Entries read from the journal at once.
const PAGE: usize = 1_000;

/// What is told.
pub(super) struct Told<'a> {
    pub(super) session: &'a Session,
    pub(super) connection: &'a Connection,
    pub(super) target: &'a Target,
    pub(super) external: &'a External,
    pub(super) journal: &'a SharedJournal,
    pub(super) rows: u64,
    pub(super) ended: &'a Ended,
    /// Where the failed rows are, and the command for them when they are mended.
    pub(super) failed_file: Option<PathBuf>,
    pub(super) mended: Option<String>,
}

impl Told<'_> {
    /// Tells it; the exit code is that of the worst.
    pub(super) fn tell(&self) -> Result<Exit> {
        let tally = self.journal.tally().map_err(|error| error.failure())?;
        self.differences();
        let took = self.session.started.elapsed();
        let text = format!(
            "{} of {} rows are on {} in {}",
            grouped(tally.done),
            grouped(self.rows),
            self.connection,
            lasting(took)
        );
        let (path, id) = self.journal.with(|journal| {
            (
                journal.path().display().to_string(),
                journal.id().to_owned(),
            )
        });
        self.session.finish(
            Summary::new(text)
                .field("rows", self.rows)
                .field("done", tally.done)
                .field("failed", tally.failed)
                .field("unknown", tally.unknown + tally.sent)
                .field("doubled", tally.doubled)
                .field("looked_up", self.ended.found + self.ended.absent)
                .field("journal", path)
                .field("journal_id", id)
                .field("failed_file", json!(self.failed_file)),
        );
        if tally.done == self.rows {
            return Ok(Exit::Done);
        }
        Err(self.failure(tally)?.into())
    }

    /// Rows that were found and are not as they were sent.
    fn differences(&self) {
        let differing = &self.ended.differing;
        if differing.is_empty() {
            return;
        }
        let examples: Vec<String> = differing
            .iter()
            .take(EXAMPLES)
            .map(|one| format!("row {} ({})", one.row, one.fields.join(", ")))
            .collect();
        self.session.printer.warning(format!(
            "{} found on the portal in another shape than it was sent: {}{}",
            counted(differing.len() as u64, "row was", "rows were"),
            examples.join("; "),
            if differing.len() > EXAMPLES {
                " …"
            } else {
                ""
            },
        ));
    }

    fn failure(&self, tally: Tally) -> Result<Failure, Failure> {
        let unknown = tally.unknown + tally.sent;
        let (rows, host) = (grouped(self.rows), &self.connection.host);
        let (kind, message) = if unknown > 0 {
            let message = format!(
                "{} of {rows} rows may be on {host}, or not: their answers were lost",
                grouped(unknown)
            );
            (Kind::Unknown, message)
        } else {
            let left = self.rows - tally.done - tally.doubled;
            let how = match (tally.done, tally.doubled) {
                (0, 0) => "",
                (_, 0) => ", each once",
                (..) => ", some twice",
            };
            let message = format!(
                "{} of {rows} rows were not imported; {} on {host}{how}",
                grouped(left),
                counted_there(tally.done + tally.doubled),
            );
            (Kind::Partial, message)
        };
        let mut failure = Failure::new(kind, message);
        let lines = bulk::leftover(self.journal, "row", "rows");
        for line in lines.map_err(|error| error.failure())? {
            failure = failure.cause(line);
        }
        if unknown > 0 {
            failure = failure
                .state("unknown; they were not sent again")
                .hint(format!("look first: {}", self.look()?));
            if *self.external == External::None {
                failure = failure.hint(format!(
                    "{} have no field by which b24 could find them itself",
                    self.target.entity.rows
                ));
            }
        }
        if let (Some(file), Some(command)) = (&self.failed_file, &self.mended) {
            failure = failure
                .hint(format!(
                    "mend {} and import that file; rows already loaded are not touched",
                    file.display()
                ))
                .hint(command);
        }
        Ok(failure)
    }

    /// The command that shows what was made since the first unknown row was sent.
    fn look(&self) -> Result<String, Failure> {
        let first = self
            .journal
            .with(|journal| journal.entries(&[State::Unknown, State::Sent], 0, PAGE))
            .map_err(|error| error.failure())?;
        let since = first.iter().filter_map(|entry| entry.sent).min();
        let word = match self.target.entity.type_id {
            Some(id) if self.target.entity.rows == "items" => format!("spa:{id}"),
            _ => self.target.entity.stem.clone(),
        };
        Ok(match since {
            Some(since) if self.target.entity.is_items() => format!(
                "b24 export {word} --filter 'createdTime>={}'",
                since.strftime("%Y-%m-%dT%H:%M:%SZ")
            ),
            _ => format!("b24 export {word}"),
        })
    }
}

/// `1 is`, `99,688 are`
fn counted_there(rows: u64) -> String {
    format!("{} {}", grouped(rows), if rows == 1 { "is" } else { "are" })
}
