//! What a change came to.

use std::path::Path;

use anyhow::Result;

use super::Action;
use super::run::{Change, forget};
use crate::bulk::{self, Ended, SharedJournal};
use crate::exit::Exit;
use crate::failure::{Failure, Kind};
use crate::journal::State;
use crate::printer::{Summary, grouped, lasting};

/// Entries read from the journal at once.
const PAGE: usize = 1_000;

impl Change<'_> {
    /// The summary; what failed is an error, and its rows are listed.
    pub(super) fn tell(
        &self,
        journal: &SharedJournal,
        ended: &Ended,
        total: u64,
        plan: &Path,
    ) -> Result<Exit> {
        let tally = journal.tally().map_err(|error| error.failure())?;
        for left_out in &self.left_out {
            self.session.printer.note(left_out);
        }
        if self.action == Action::Restore {
            self.new_ids(journal)?;
        }
        let undo = match &self.undo {
            Some(_) => format!("; undo: b24 undo {}", self.shown(plan)),
            None => String::new(),
        };
        let open = tally.unknown + tally.sent;
        let text = format!(
            "{} {} on {} in {}{undo}",
            self.count(tally.done),
            self.action.done(),
            self.connection,
            lasting(self.session.started.elapsed()),
        );
        let mut summary = Summary::new(text)
            .field("action", self.session.command)
            .field("entity", self.entity.rows.as_str())
            .field("method", self.method.name.as_str())
            .field("rows", total)
            .field("done", tally.done)
            .field("failed", tally.failed)
            .field("unknown", open)
            .field("doubled", tally.doubled)
            .field("looked_up", ended.found + ended.absent)
            .field("left_out", self.left_out.clone())
            .field("portal", self.connection.host.as_str())
            .field("origin", self.connection.origin.as_str());
        if self.undo.is_some() {
            summary = summary.field("undo", self.shown(plan));
        }
        self.session.finish(summary);
        let failure = (tally.done != total)
            .then(|| self.failure(journal, total, tally.done, open, plan))
            .transpose()?;
        if open == 0 {
            let place = journal.with(|journal| journal.path().to_owned());
            forget(&place);
            if self.undo.is_none() {
                let _ = std::fs::remove_file(plan);
            }
        }
        match failure {
            Some(failure) => Err(failure.into()),
            None => Ok(Exit::Done),
        }
    }

    /// No row was left to do.
    pub(super) fn tell_nothing(&self) {
        for left_out in &self.left_out {
            self.session.printer.note(left_out);
        }
        self.session.finish(
            Summary::new(format!(
                "{} {} on {}",
                self.count(0),
                self.action.done(),
                self.connection
            ))
            .field("action", self.session.command)
            .field("entity", self.entity.rows.as_str())
            .field("rows", 0)
            .field("done", 0)
            .field("left_out", self.left_out.clone()),
        );
    }

    /// Where the old values are is worth knowing also when the command ends early.
    pub(super) fn with_undo(&self, failure: Failure, plan: &Path) -> Failure {
        match &self.undo {
            Some(_) => failure.hint(format!("what was changed: b24 undo {}", self.shown(plan))),
            None => failure,
        }
    }

    /// As it was named, if it was; a path that is not looked for otherwise.
    fn shown(&self, plan: &Path) -> String {
        match &self.undo {
            Some(undo) if plan.ends_with(undo) => undo.display().to_string(),
            _ => plan.display().to_string(),
        }
    }

    fn failure(
        &self,
        journal: &SharedJournal,
        total: u64,
        done: u64,
        open: u64,
        plan: &Path,
    ) -> Result<Failure, Failure> {
        let (rows, host) = (&self.entity.rows, &self.connection.host);
        let (kind, message) = if open > 0 {
            let message = format!(
                "{} of {} may be {} on {host}, or not: the answers were lost",
                grouped(open),
                self.count(total),
                self.action.done()
            );
            (Kind::Unknown, message)
        } else {
            let message = format!(
                "{} of {} were not {}; {} are",
                grouped(total - done),
                self.count(total),
                self.action.done(),
                grouped(done)
            );
            (Kind::Partial, message)
        };
        let mut failure = Failure::new(kind, message);
        let lines = bulk::leftover(journal, &self.entity.row, rows);
        for line in lines.map_err(|error| error.failure())? {
            failure = failure.cause(line);
        }
        if open > 0 {
            failure = failure.state("unknown; they were not sent again");
            failure = if self.action == Action::Restore && self.external.is_none() {
                let list = &self.entity.method;
                failure.hint(format!(
                    "look first: b24 export {list}; {rows} have no field by which b24 could find them itself"
                ))
            } else {
                failure.hint("the same command looks for them again")
            };
        }
        Ok(self.with_undo(failure, plan))
    }

    /// Rows that were added again have new ids: `{"was":812,"id":9012}`, a line each.
    fn new_ids(&self, journal: &SharedJournal) -> Result<()> {
        use std::io::Write;
        let mut out = std::io::BufWriter::new(self.session.printer.stdout());
        let mut last = 0;
        loop {
            let page = journal
                .with(|journal| journal.entries(&[State::Done], last, PAGE))
                .map_err(|error| error.failure())?;
            let Some(end) = page.last() else { break };
            last = end.row;
            for entry in page {
                let id: Option<u64> = entry.id.and_then(|id| id.parse().ok());
                writeln!(out, "{}", serde_json::json!({ "was": entry.row, "id": id }))?;
            }
        }
        out.flush()?;
        Ok(())
    }
}
