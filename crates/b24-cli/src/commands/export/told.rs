//! What an export tells at its end: what is done, or what went wrong and what is kept.

use std::collections::BTreeSet;
use std::io;

use super::plan::bare_dates;
use super::read::Export;
use crate::failure::{Failure, Kind, from_sdk, refine};
use crate::printer::{StdoutClosed, Summary, counted, grouped, size};

/// Why an export ended early.
pub(super) enum End {
    Portal(b24::Error),
    Disk(io::Error),
    Row(crate::formats::RowError),
    Stopped(crate::stop::Reason),
}

impl Export<'_> {
    /// `41,000 of ~412,306 deals`.
    fn how_far(&self, rows: u64) -> String {
        let of = self
            .total
            .map(|total| format!(" of ~{}", grouped(total)))
            .unwrap_or_default();
        format!("{}{of} {}", grouped(rows), self.plan.entity.rows)
    }

    /// Keeps what came, and says so.
    pub(super) async fn failed(mut self, end: End) -> anyhow::Error {
        // What a format holds back after a disk or a row that failed is not to be trusted: the
        // last note stands.
        if matches!(end, End::Portal(_) | End::Stopped(_)) {
            self.encoder.settle_all(&mut self.block);
            let kept = self.note();
            if kept.is_err() {
                self.block.clear();
            }
        }
        let name = self.output.name();
        let mut failure = match end {
            End::Disk(error)
                if error
                    .get_ref()
                    .is_some_and(<dyn std::error::Error + Send + Sync>::is::<StdoutClosed>) =>
            {
                return error.into();
            }
            End::Disk(error) => {
                let text = format!(
                    "{} after {}",
                    self.output.failure(&error),
                    self.how_far(self.rows)
                );
                let free = if self.kept_rows() > 0 {
                    "free space, then --resume, or -o elsewhere"
                } else {
                    "free space, or -o elsewhere"
                };
                Failure::local(text).hint(free)
            }
            End::Portal(error) => {
                let failure = refine(from_sdk(&error, Some(self.connection)), self.connection);
                self.with_resume(failure.await)
            }
            End::Row(error) => Failure::new(
                Kind::Answer,
                format!("{}: {error}", self.plan.entity.method),
            )
            .hint("-f jsonl writes rows of any shape"),
            End::Stopped(reason) => self.with_resume(Failure::stopped(
                reason,
                &format!("the export of {}", self.plan.entity.rows),
            )),
        };
        failure.state = Some(self.kept(&name));
        if self.kept_rows() == 0 {
            self.give_up();
        }
        failure.into()
    }

    /// Says how to go on, where running again is worth it.
    fn with_resume(&self, mut failure: Failure) -> Failure {
        let kept = self.journal.as_ref().and_then(|journal| journal.noted());
        let again = matches!(
            failure.kind,
            Kind::Temporary | Kind::Interrupted | Kind::Terminated | Kind::Auth
        );
        if let (Some(mark), true) = (kept, again) {
            let behind = mark
                .last
                .as_ref()
                .map(|id| format!(" after {} {id}", self.plan.entity.row))
                .unwrap_or_default();
            let hint = format!("the same command with --resume goes on{behind}");
            failure.hints.insert(0, hint);
        }
        failure
    }

    /// Rows that a later run need not read.
    fn kept_rows(&self) -> u64 {
        let mark = self.journal.as_ref().and_then(|journal| journal.noted());
        mark.map_or(0, |mark| mark.rows)
    }

    /// Nothing in the part is worth going on with.
    fn give_up(&mut self) {
        // What may stay behind says nothing to anybody.
        if let Some(journal) = &mut self.journal {
            let _ = journal.forget();
        }
        let _ = self.output.cut(0);
        self.output.give_up();
    }

    /// What is left of the export.
    fn kept(&self, name: &str) -> String {
        let Some(part) = self.output.part() else {
            if self.rows == 0 || self.encoder.is_assembled() {
                return "nothing was written; reading is safe to repeat".to_owned();
            }
            return format!(
                "{} were written to {name}; reading is safe to repeat",
                self.how_far(self.rows)
            );
        };
        let noted = self.journal.as_ref().and_then(|journal| journal.noted());
        let Some(mark) = noted.filter(|mark| mark.rows > 0) else {
            return format!("{name} is untouched");
        };
        let up_to = mark
            .last
            .as_ref()
            .map(|id| format!(", up to {} {id}", self.plan.entity.row))
            .unwrap_or_default();
        format!(
            "{name} is untouched; {} are whole in {}{up_to}",
            self.how_far(mark.rows),
            part.display()
        )
    }

    pub(super) fn warn(&self, strays: &BTreeSet<String>) {
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
        if let Some(lost) = self.encoder.lost() {
            self.session.printer.warning(lost);
        }
        if let missing @ [_, ..] = self.source.missing() {
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

    pub(super) fn summary(self, strays: &BTreeSet<String>, requests: u64, bytes: u64) {
        let seconds = self.started.elapsed().as_secs_f64();
        let all = if self.plan.chosen { "" } else { ", all fields" };
        let place = if self.output.is_stdout() {
            String::new()
        } else {
            let sheets = self.encoder.sheets().filter(|sheets| *sheets > 1);
            let sheets = sheets.map(|sheets| format!(" ({sheets} sheets)"));
            format!(" in {}{}", self.output.name(), sheets.unwrap_or_default())
        };
        let before = match self.resumed {
            0 => String::new(),
            rows => format!(", {} of them from before", grouped(rows)),
        };
        let dates = self.plan.filter.as_ref().map(bare_dates);
        let dates: Vec<_> = dates.into_iter().flatten().collect();
        let zone = match dates.as_slice() {
            [] => String::new(),
            dates => format!("; {} at midnight of the portal's zone", dates.join(", ")),
        };
        let text = format!(
            "{}{place}{before}; {}, {}{all} in {seconds:.1} s, {}{zone}",
            counted(self.rows, &self.plan.entity.row, &self.plan.entity.rows),
            counted(requests, "request", "requests"),
            size(bytes),
            self.connection,
        );
        self.session.finish(
            Summary::new(text)
                .field("entity", self.plan.entity.rows.as_str())
                .field("method", self.plan.entity.method.as_str())
                .field("rows", self.rows)
                .field("resumed", self.resumed)
                .field("missing", self.source.missing().len())
                .field("output", self.output.name())
                .field("format", self.plan.file_type.extension())
                .field("requests", requests)
                .field("bytes", bytes)
                .field("seconds", seconds)
                .field("unseen", self.encoder.unseen())
                .field("strays", strays.iter().cloned().collect::<Vec<_>>())
                .field("portal", self.connection.host.as_str())
                .field("origin", self.connection.origin.as_str()),
        );
    }
}
