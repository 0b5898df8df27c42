//! Reading the rows of one list into one file.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use b24::list::Pages;
use serde_json::value::RawValue;

use super::ids::ById;
use super::plan::Plan;
use crate::catalogue::Version;
use crate::connection::Connection;
use crate::failure::{Failure, Kind, from_sdk, refine};
use crate::formats::{Encoder, Format, Output, entry};
use crate::printer::{Progress, StdoutClosed, Summary, counted, grouped};
use crate::session::Session;

/// Bytes that are gathered before they are written.
const BLOCK: usize = 1 << 16;

/// Reads all rows of the plan.
pub(super) async fn read(
    plan: Plan,
    target: Option<&Path>,
    session: &Session,
    connection: &Connection,
) -> Result<()> {
    let output = Output::open(target, &session.printer)?;
    if !plan.order.is_empty() {
        session.printer.note("an order of its own is read page by page: rows that change meanwhile may be missed or repeated");
    }
    let before = connection.client.stats();
    let mut export = Export {
        encoder: encoder(&plan),
        source: source(&plan, connection),
        total: plan.limit.or(plan.ids.as_ref().map(|ids| ids.len() as u64)),
        plan,
        session,
        connection,
        output,
        block: Vec::new(),
        pending: 0,
        rows: 0,
        last: None,
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

fn encoder(plan: &Plan) -> Encoder {
    let columns = plan.columns.clone();
    match plan.format {
        Format::JsonLines | Format::Json => Encoder::json(plan.format, plan.only.clone()),
        Format::Csv => Encoder::csv(columns, plan.csv_for),
        Format::Table => Encoder::table(columns),
    }
}

/// Where rows come from.
enum Source {
    List(Box<Pages<Box<RawValue>>>),
    Ids(ById),
}

fn source(plan: &Plan, connection: &Connection) -> Source {
    if let Some(ids) = &plan.ids {
        let cut = plan
            .limit
            .map_or(ids.len(), |limit| ids.len().min(limit as usize));
        return Source::Ids(ById::new(ids[..cut].to_vec()));
    }
    let mut list = match plan.entity.version {
        Version::V2 => connection.client.v2().list(&plan.entity.method),
        Version::V3 => connection.client.v3().list(&plan.entity.method),
    };
    list = list.params(&plan.params);
    if let Some(filter) = &plan.filter {
        list = list.filter(filter);
    }
    if let Some(select) = &plan.select {
        list = list.select(select.iter().map(String::as_str));
    }
    if !plan.order.is_empty() {
        list = list.order(
            plan.order
                .iter()
                .map(|(name, direction)| (name.as_str(), *direction)),
        );
    }
    if plan.by_offset {
        list = list.by_offset();
    }
    if let Some(limit) = plan.limit {
        list = list.limit(limit);
    }
    Source::List(Box::new(list.pages()))
}

/// Why an export ended early.
enum End {
    Portal(b24::Error),
    Disk(io::Error),
    Row(crate::formats::RowError),
    Stopped(crate::stop::Reason),
}

struct Export<'a> {
    plan: Plan,
    session: &'a Session,
    connection: &'a Connection,
    encoder: Encoder,
    source: Source,
    output: Output,
    /// Whole rows that are not written yet, and how many.
    block: Vec<u8>,
    pending: u64,
    /// Rows that are written.
    rows: u64,
    /// The last row of the block.
    last: Option<Box<RawValue>>,
    total: Option<u64>,
    started: Instant,
}

impl Export<'_> {
    async fn run(&mut self) -> Result<(), End> {
        self.encoder.start(&mut self.block);
        while let Some(rows) = self.next().await? {
            self.encoder
                .rows(&rows, &mut self.block)
                .map_err(End::Row)?;
            self.pending += rows.len() as u64;
            self.last = rows.into_iter().next_back().or(self.last.take());
            if self.block.len() >= BLOCK || self.session.printer.stdout_is_terminal() {
                self.write().map_err(End::Disk)?;
            }
            self.progress();
        }
        self.encoder.finish(&mut self.block);
        self.write().map_err(End::Disk)?;
        self.output.finish().map_err(End::Disk)
    }

    async fn next(&mut self) -> Result<Option<Vec<Box<RawValue>>>, End> {
        let next = async {
            match &mut self.source {
                Source::List(pages) => Ok(pages.try_next().await?.map(|page| page.items)),
                Source::Ids(ids) => ids.next(&self.plan, self.connection).await,
            }
        };
        tokio::select! {
            biased;
            reason = self.session.stop.requested() => Err(End::Stopped(reason)),
            rows = next => rows.map_err(End::Portal),
        }
    }

    fn write(&mut self) -> io::Result<()> {
        self.output.write(&self.block)?;
        self.block.clear();
        self.rows += std::mem::take(&mut self.pending);
        Ok(())
    }

    fn progress(&self) {
        self.session.printer.progress(&Progress {
            what: self.plan.entity.rows.clone(),
            done: self.rows + self.pending,
            total: self.total,
        });
    }

    /// `41,000 of ~412,306 deals`.
    fn how_far(&self) -> String {
        let of = self
            .total
            .map(|total| format!(" of ~{}", grouped(total)))
            .unwrap_or_default();
        format!("{}{of} {}", grouped(self.rows), self.plan.entity.rows)
    }

    async fn failed(mut self, end: End) -> anyhow::Error {
        // Rows that have come are kept, but for a disk that does not take them.
        if self.pending > 0 && !matches!(end, End::Disk(_)) && self.write().is_err() {
            self.block.clear();
        }
        let name = self.output.name();
        let failure = match end {
            End::Disk(error)
                if error
                    .get_ref()
                    .is_some_and(<dyn std::error::Error + Send + Sync>::is::<StdoutClosed>) =>
            {
                return error.into();
            }
            End::Disk(error) => {
                let text = format!("{} after {}", self.output.failure(&error), self.how_far());
                Failure::local(text).hint("free space, or -o elsewhere")
            }
            End::Portal(error) => {
                refine(from_sdk(&error, Some(self.connection)), self.connection).await
            }
            End::Row(error) => Failure::new(
                Kind::Answer,
                format!("{}: {error}", self.plan.entity.method),
            )
            .hint("-f jsonl writes rows of any shape"),
            End::Stopped(reason) => {
                Failure::stopped(reason, &format!("the export of {}", self.plan.entity.rows))
            }
        };
        let failure = failure.state(self.kept(&name));
        self.output.give_up();
        failure.into()
    }

    /// What is left of the export.
    fn kept(&self, name: &str) -> String {
        let Some(part) = self.output.part() else {
            if self.rows == 0 {
                return "nothing was written; reading is safe to repeat".to_owned();
            }
            return format!(
                "{} were written to {name}; reading is safe to repeat",
                self.how_far()
            );
        };
        if self.rows == 0 {
            return format!("{name} is untouched");
        }
        let id = self.last.as_ref().filter(|_| self.pending == 0);
        let up_to = id.and_then(|row| entry(row, self.plan.entity.id_field()));
        let up_to = up_to
            .map(|id| format!(", up to {} {id}", self.plan.entity.row))
            .unwrap_or_default();
        format!(
            "{name} is untouched; {} are whole in {}{up_to}",
            self.how_far(),
            part.display()
        )
    }

    fn warn(&self, strays: &BTreeSet<String>) {
        let unseen = self.encoder.unseen();
        if self.plan.chosen && self.rows > 0 && !unseen.is_empty() {
            self.session
                .printer
                .warning(format!("no row has the field: {}", unseen.join(", ")));
        }
        if !strays.is_empty() {
            let names: Vec<_> = strays.iter().map(String::as_str).collect();
            self.session.printer.warning(format!(
                "rows have fields without a column, they are not in the file: {}; --select names the columns",
                names.join(", ")
            ));
        }
        if let Source::Ids(ids) = &self.source
            && let missing @ [_, ..] = ids.missing()
        {
            let shown: Vec<_> = missing.iter().take(3).map(String::as_str).collect();
            let more = if missing.len() > shown.len() {
                " …"
            } else {
                ""
            };
            self.session.printer.warning(format!(
                "{} no row: {}{more}",
                counted(missing.len() as u64, "id has", "ids have"),
                shown.join(", ")
            ));
        }
    }

    fn summary(self, strays: &BTreeSet<String>, requests: u64, bytes: u64) {
        let seconds = self.started.elapsed().as_secs_f64();
        let all = if self.plan.chosen { "" } else { ", all fields" };
        let place = if self.output.is_stdout() {
            String::new()
        } else {
            format!(" in {}", self.output.name())
        };
        let text = format!(
            "{}{place}; {}, {}{all} in {seconds:.1} s, {}",
            counted(self.rows, &self.plan.entity.row, &self.plan.entity.rows),
            counted(requests, "request", "requests"),
            size(bytes),
            self.connection,
        );
        let missing = match &self.source {
            Source::Ids(ids) => ids.missing().len(),
            Source::List(_) => 0,
        };
        self.session.finish(
            Summary::new(text)
                .field("entity", self.plan.entity.rows.as_str())
                .field("method", self.plan.entity.method.as_str())
                .field("rows", self.rows)
                .field("missing", missing)
                .field("output", self.output.name())
                .field("format", self.plan.format.extension())
                .field("requests", requests)
                .field("bytes", bytes)
                .field("seconds", seconds)
                .field("strays", strays.iter().cloned().collect::<Vec<_>>())
                .field("portal", self.connection.host.as_str())
                .field("origin", self.connection.origin.as_str()),
        );
    }
}

/// `8.1 MB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
