//! Reading the rows of one list into one file.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use serde_json::value::RawValue;

use super::columns;
use super::plan::Plan;
use super::source::{Rows, Source};
use super::told::End;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::formats::{Encoder, Output, entry};
use crate::labels::Labels;
use crate::printer::{Progress, counted};
use crate::resume::{Earlier, Journal, Mark, Place, Wish};
use crate::session::Session;

/// Bytes that are gathered before they are written.
const BLOCK: usize = 1 << 16;

/// Reads all rows of the plan.
pub(super) async fn read(
    plan: Plan,
    target: Option<&Path>,
    wish: Option<Wish>,
    session: &Session,
    connection: &Connection,
) -> Result<()> {
    let labels = columns::labels(&plan, session, connection).await?;
    let assembled = plan.file_type.format.is_assembled();
    let mut output = Output::open(target, assembled, &session.printer)?;
    if !plan.order.is_empty() {
        session.printer.note("an order of its own is read page by page: rows that change meanwhile may be missed or repeated");
    }
    let mut journal = target
        .filter(|_| output.part().is_some())
        .map(|target| Journal::of(target, plan.question(connection)));
    let earlier = match &mut journal {
        Some(journal) => begin(journal, &mut output, wish, &plan, session)?,
        None => None,
    };
    let from = earlier.as_ref().map(|earlier| &earlier.mark);
    let mut encoder = Encoder::new(columns::layout(&plan, labels.as_ref()));
    let mut block = Vec::new();
    match from {
        Some(mark) => encoder.go_on(mark.rows, mark.state.clone()),
        None => encoder.start(&mut block),
    }
    let before = connection.client.stats();
    let mut export = Export {
        encoder,
        labels,
        source: Source::of(&plan, connection, from),
        total: plan.limit.or(plan.ids.as_ref().map(|ids| ids.len() as u64)),
        place: from.map(|mark| mark.place.clone()),
        rows: from.map_or(0, |mark| mark.rows),
        resumed: from.map_or(0, |mark| mark.rows),
        last: None,
        plan,
        session,
        connection,
        output,
        journal,
        block,
        pending: 0,
        started: Instant::now(),
    };
    match export.run().await {
        Ok(()) => {}
        Err(end) => return Err(export.failed(end).await),
    }
    let strays = if export.plan.chosen {
        BTreeSet::new()
    } else {
        export.encoder.strays().cloned().unwrap_or_default()
    };
    export.warn(&strays);
    let after = connection.client.stats();
    let bytes = after.bytes_received - before.bytes_received;
    export.summary(&strays, after.requests - before.requests, bytes);
    Ok(())
}

/// Cuts the part to what counts of it: the rows of an earlier run, or nothing.
fn begin(
    journal: &mut Journal,
    output: &mut Output,
    wish: Option<Wish>,
    plan: &Plan,
    session: &Session,
) -> Result<Option<Earlier>, Failure> {
    let part = output.part().unwrap_or(Path::new("")).display().to_string();
    let failed = |error: io::Error| Failure::local(format!("{part}: {error}"));
    let length = output.length().map_err(failed)?;
    let found = match wish.map(|wish| journal.earlier(wish, length)) {
        None => None,
        Some(Ok(found)) => found,
        Some(Err(why)) => {
            let note = format!("{part} is left from another run, but {why}: starting afresh");
            session.printer.note(note);
            None
        }
    };
    let Some(earlier) = found else {
        journal.forget().map_err(failed)?;
        output.cut(0).map_err(failed)?;
        return Ok(None);
    };
    output.cut(earlier.mark.length).map_err(failed)?;
    session.printer.note(format!(
        "going on with {part} of {}: {} done",
        earlier.begun.strftime("%Y-%m-%d %H:%MZ"),
        counted(earlier.mark.rows, &plan.entity.row, &plan.entity.rows),
    ));
    Ok(Some(earlier))
}

/// One list on its way into one file.
pub(super) struct Export<'a> {
    pub(super) plan: Plan,
    pub(super) session: &'a Session,
    pub(super) connection: &'a Connection,
    pub(super) encoder: Encoder,
    labels: Option<Labels>,
    pub(super) source: Source,
    pub(super) output: Output,
    pub(super) journal: Option<Journal>,
    /// Whole rows that are not written yet, and how many.
    pub(super) block: Vec<u8>,
    pub(super) pending: u64,
    /// Rows that are written, those of an earlier run too.
    pub(super) rows: u64,
    /// Rows of an earlier run.
    pub(super) resumed: u64,
    /// Behind the last row of the block.
    place: Option<Place>,
    /// The last row of the block.
    last: Option<Box<RawValue>>,
    pub(super) total: Option<u64>,
    pub(super) started: Instant,
}

impl Export<'_> {
    async fn run(&mut self) -> Result<(), End> {
        while let Some(Rows { rows, place }) = self.next().await? {
            let rows = self.labelled(rows).await?;
            let whole = self.block.len();
            if let Err(error) = self.encoder.rows(&rows, &mut self.block) {
                self.block.truncate(whole);
                return Err(End::Row(error));
            }
            self.pending += rows.len() as u64;
            self.last = rows.into_iter().next_back().or(self.last.take());
            self.place = Some(place);
            if self.block.len() >= BLOCK || self.session.printer.stdout_is_terminal() {
                self.write().map_err(End::Disk)?;
            }
            if self.journal.as_ref().is_some_and(Journal::is_due) {
                self.encoder.settle(&mut self.block);
                self.note().map_err(End::Disk)?;
            }
            self.progress();
        }
        self.encoder.finish(&mut self.block);
        self.write().map_err(End::Disk)?;
        self.output.finish(&mut self.encoder).map_err(End::Disk)?;
        if let Some(journal) = &mut self.journal {
            journal.forget().map_err(End::Disk)?;
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<Rows>, End> {
        tokio::select! {
            biased;
            reason = self.session.stop.requested() => Err(End::Stopped(reason)),
            rows = self.source.next(&self.plan, self.connection) => rows.map_err(End::Portal),
        }
    }

    /// The rows with texts for codes, if they are wanted.
    async fn labelled(&mut self, rows: Vec<Box<RawValue>>) -> Result<Vec<Box<RawValue>>, End> {
        let Some(labels) = &mut self.labels else {
            return Ok(rows);
        };
        tokio::select! {
            biased;
            reason = self.session.stop.requested() => Err(End::Stopped(reason)),
            rows = labels.put(rows, self.connection) => rows.map_err(End::Portal),
        }
    }

    fn write(&mut self) -> io::Result<()> {
        self.output.write(&self.block)?;
        self.block.clear();
        self.rows += std::mem::take(&mut self.pending);
        Ok(())
    }

    /// Writes what came, and notes where a later run goes on.
    pub(super) fn note(&mut self) -> io::Result<()> {
        let since = Instant::now();
        self.write()?;
        let (Some(journal), Some(place)) = (&mut self.journal, &self.place) else {
            return Ok(());
        };
        let Some(state) = self.encoder.state() else {
            return Ok(());
        };
        let id = self.plan.entity.id_field();
        let last = self.last.as_ref().and_then(|row| entry(row, id));
        let mark = Mark {
            place: place.clone(),
            length: self.output.checkpoint()?,
            rows: self.rows,
            last: last.or_else(|| journal.noted()?.last.clone()),
            state,
        };
        journal.note(mark, since)
    }

    fn progress(&mut self) {
        let (expected, binds) = self.source.outlook();
        if let Some(rows) = expected {
            let all = (self.resumed + rows).max(self.rows + self.pending);
            self.total = Some(self.plan.limit.map_or(all, |limit| all.min(limit)));
        }
        self.session.printer.progress(&Progress {
            what: self.plan.entity.rows.clone(),
            done: self.rows + self.pending,
            before: self.resumed,
            total: self.total,
            binds,
        });
    }
}
