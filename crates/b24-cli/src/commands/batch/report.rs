//! What became of each command: one line of output, and all of it in the end.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use super::input::Line;
use super::results::Results;
use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Kind};
use crate::formats::compact;
use crate::printer::{Progress, Summary, counted, grouped};
use crate::session::Session;

/// How many lines an error names.
const EXAMPLES: usize = 3;
/// Bytes that are gathered before they are written.
const BLOCK: usize = 1 << 16;

/// How many commands came to which end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) ok: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
    pub(super) unknown: u64,
}

impl Counts {
    pub(super) const fn all(self) -> u64 {
        self.ok + self.failed + self.skipped + self.unknown
    }
}

/// Why some commands failed.
#[derive(Debug, Default)]
struct Reason {
    count: u64,
    /// The first lines.
    lines: Vec<u64>,
    /// What the portal said to the first of them.
    words: Option<String>,
}

/// Tells what became of the commands, and keeps what later ones refer to.
pub(super) struct Report<'a> {
    session: &'a Session,
    connection: &'a Connection,
    pub(super) counts: Counts,
    pub(super) results: Results,
    /// Failures by method and code.
    reasons: BTreeMap<String, Reason>,
    out: Vec<u8>,
    started: Instant,
}

impl<'a> Report<'a> {
    pub(super) fn new(session: &'a Session, connection: &'a Connection) -> Self {
        Self {
            session,
            connection,
            counts: Counts::default(),
            results: Results::default(),
            reasons: BTreeMap::new(),
            out: Vec::new(),
            started: Instant::now(),
        }
    }

    /// The command ran.
    pub(super) fn ok(&mut self, line: &Line, result: &[u8]) {
        self.counts.ok += 1;
        self.results.keep(line, Some(result));
        self.begin(line, "ok");
        self.out.extend_from_slice(b",\"result\":");
        compact(&String::from_utf8_lossy(result), &mut self.out);
        self.out.extend_from_slice(b"}\n");
    }

    /// The command was refused, or could not be sent.
    pub(super) fn failed(&mut self, line: &Line, failure: &Failure) {
        self.counts.failed += 1;
        self.error(line, "error", failure);
    }

    /// The command is a write that may have run.
    pub(super) fn unknown(&mut self, line: &Line, failure: &Failure) {
        self.counts.unknown += 1;
        self.error(line, "unknown", failure);
    }

    /// The command was not sent.
    pub(super) fn skipped(&mut self, line: &Line) {
        self.counts.skipped += 1;
        self.results.keep(line, None);
        self.begin(line, "skipped");
        self.out.extend_from_slice(b"}\n");
    }

    fn error(&mut self, line: &Line, outcome: &str, failure: &Failure) {
        self.results.keep(line, None);
        let words = failure.portal.as_deref();
        let key = match &failure.code {
            // Such a code says nothing: the words are the reason.
            Some(code) if code.is_empty() => {
                format!("{}: \"\" {}", line.method, words.unwrap_or_default())
            }
            Some(code) if code.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{}: {code} {}", line.method, words.unwrap_or_default())
            }
            Some(code) => format!("{}: {code}", line.method),
            None => failure.message.clone(),
        };
        let is_told = words.is_none_or(|words| key.ends_with(words));
        let reason = self.reasons.entry(key).or_insert_with(|| Reason {
            words: failure.portal.clone().filter(|_| !is_told),
            ..Reason::default()
        });
        reason.count += 1;
        if reason.lines.len() < EXAMPLES {
            reason.lines.push(line.number);
        }
        self.begin(line, outcome);
        self.out.extend_from_slice(b",\"error\":");
        let object = serde_json::to_value(failure).unwrap_or_default();
        self.out.extend_from_slice(object.to_string().as_bytes());
        self.out.extend_from_slice(b"}\n");
    }

    fn begin(&mut self, line: &Line, outcome: &str) {
        let name = line
            .name
            .as_ref()
            .map(|name| format!(",\"name\":{}", json!(name)))
            .unwrap_or_default();
        let begin = format!("{{\"line\":{}{name},\"outcome\":\"{outcome}\"", line.number);
        self.out.extend_from_slice(begin.as_bytes());
    }

    /// Writes the lines that are ready, if they are many.
    pub(super) fn flush_block(&mut self) -> io::Result<()> {
        if self.out.len() < BLOCK {
            return Ok(());
        }
        self.flush()
    }

    /// Writes the lines that are ready.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let mut stdout = self.session.printer.stdout();
        stdout.write_all(&self.out)?;
        stdout.flush()?;
        self.out.clear();
        Ok(())
    }

    /// Shows how far it is.
    pub(super) fn progress(&self, total: u64) {
        self.session.printer.progress(&Progress {
            what: "commands".to_owned(),
            done: self.counts.all(),
            total: Some(total),
            ..Progress::default()
        });
    }

    /// Says what was done.
    pub(super) fn summary(&self) {
        let Counts {
            ok,
            failed,
            skipped,
            unknown,
        } = self.counts;
        let others = [
            (failed, "failed"),
            (skipped, "skipped"),
            (unknown, "unknown"),
        ];
        let others: Vec<_> = others
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!(", {} {what}", grouped(*count)))
            .collect();
        let others = others.concat();
        let requests = self.connection.client.stats().requests;
        let seconds = self.started.elapsed().as_secs_f64();
        let text = format!(
            "{} ok{others}; {} in {seconds:.1} s, {}",
            counted(ok, "command", "commands"),
            counted(requests, "request", "requests"),
            self.connection,
        );
        self.session.finish(
            Summary::new(text)
                .field("ok", ok)
                .field("failed", failed)
                .field("skipped", skipped)
                .field("unknown", unknown)
                .field("requests", requests)
                .field("seconds", seconds)
                .field("portal", self.connection.host.as_str())
                .field("origin", self.connection.origin.as_str()),
        );
    }

    /// How the command ends.
    pub(super) fn conclude(&self) -> Result<Exit> {
        let Counts {
            failed, unknown, ..
        } = self.counts;
        if failed + unknown == 0 {
            return Ok(Exit::Done);
        }
        let total = self.counts.all();
        let (kind, message, state) = if unknown > 0 {
            let message = format!(
                "nobody knows what became of {} of {} commands",
                grouped(unknown),
                grouped(total)
            );
            (Kind::Unknown, message, "unknown; they were not sent again")
        } else {
            let message = format!("{} of {} commands failed", grouped(failed), grouped(total));
            (
                Kind::Partial,
                message,
                "the others have run, unless their line says skipped",
            )
        };
        let mut failure = Failure::new(kind, message).state(state);
        for (key, reason) in &self.reasons {
            let shown: Vec<_> = reason.lines.iter().map(u64::to_string).collect();
            let (lines, more) = match reason.count {
                1 => ("line", ""),
                count if count > reason.lines.len() as u64 => ("lines", " …"),
                _ => ("lines", ""),
            };
            let words = reason.words.as_ref().map(|words| format!(" {words}"));
            failure = failure.cause(format!(
                "{} x {}{}        {lines} {}{more}",
                reason.count,
                key.trim_end(),
                words.unwrap_or_default(),
                shown.join(", ")
            ));
        }
        Err(failure.into())
    }
}
