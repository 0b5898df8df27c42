//! The only door to the terminal: data to stdout, everything else to stderr.

mod progress;
mod style;
mod watch;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::failure::Failure;

use progress::Meter;
pub(crate) use progress::{Progress, counted, grouped, lasting, size};
pub(crate) use style::{ColorChoice, ProgressChoice, Style};
pub(crate) use watch::{time_after, watch};

/// Any other failure of standard output.
#[derive(Debug, thiserror::Error)]
#[error("standard output: {}", disk_words(.0))]
struct StdoutFailed(io::Error);

/// Marks an output error as "the reader has gone", which is a success.
#[derive(Debug, thiserror::Error)]
#[error("standard output was closed")]
pub(crate) struct StdoutClosed;

/// Writes what people and scripts read. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    style: Style,
    meter: Arc<Mutex<Meter>>,
}

/// What a command has done: one line for people, fields for scripts and `--report`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Summary {
    /// The line on stderr.
    pub(crate) text: String,
    /// The same, for machines.
    pub(crate) fields: Map<String, Value>,
}

impl Summary {
    /// A summary with its line for people.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            fields: Map::new(),
        }
    }

    /// Adds a field for machines.
    pub(crate) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }
}

impl Printer {
    /// A printer of this style.
    pub(crate) fn new(style: Style) -> Self {
        Self {
            style,
            meter: Arc::new(Mutex::new(Meter::new(style))),
        }
    }

    /// Whether `--json` was asked for: reports on stdout and lines on stderr are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.style.json
    }

    /// 0, 1 (`-v`: a line a request) or 2 (`-vv`: bodies, redacted).
    pub(crate) fn verbosity(&self) -> u8 {
        self.style.verbosity
    }

    /// Where data goes. A closed pipe is an error that ends the command as a success.
    #[expect(
        clippy::unused_self,
        reason = "the printer is the only door to the terminal"
    )]
    pub(crate) fn stdout(&self) -> Stdout {
        Stdout(io::stdout())
    }

    /// Whether a person looks at stdout (pretty `call` output; never decides a format).
    #[expect(
        clippy::unused_self,
        reason = "the printer is the only door to the terminal"
    )]
    pub(crate) fn stdout_is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// A report on stdout: JSON under `--json`, else lines of text.
    pub(crate) fn report(&self, value: &impl Serialize, text: impl Display) -> io::Result<()> {
        let mut out = self.stdout();
        if self.is_json() {
            serde_json::to_writer(&mut out, value).map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            write!(out, "{text}")?;
        }
        out.flush()
    }

    /// Something worth knowing; the result is what was asked for.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.style.quiet {
            self.line("note", &text.to_string());
        }
    }

    /// What a person has to do now: also under `-q`.
    pub(crate) fn instruction(&self, text: impl Display) {
        self.line("note", &text.to_string());
    }

    /// The result differs from what was asked for.
    pub(crate) fn warning(&self, text: impl Display) {
        self.line("warning", &text.to_string());
    }

    /// A line under `-v`: what went over the wire.
    pub(crate) fn detail(&self, level: u8, text: impl Display) {
        if self.style.verbosity >= level {
            self.line("note", &text.to_string());
        }
    }

    /// A line of a log, which is whole by itself.
    pub(crate) fn log(&self, line: &str) {
        if !self.style.quiet {
            self.above(line);
        }
    }

    /// Where the command is. Call it as often as you like.
    pub(crate) fn progress(&self, progress: &Progress) {
        self.meter().show(progress);
    }

    /// A part of the command is done; what comes next is counted anew.
    pub(crate) fn progress_ends(&self) {
        self.meter().clear();
    }

    /// What the command waits for.
    pub(crate) fn waiting(&self, text: &str) {
        self.meter().wait(text);
    }

    /// What was done; takes the progress bar away.
    pub(crate) fn summary(&self, summary: &Summary) {
        self.meter().clear();
        if self.style.quiet {
            return;
        }
        if self.style.json {
            let mut object = summary.fields.clone();
            object.insert("event".into(), "summary".into());
            object.insert("text".into(), summary.text.clone().into());
            emit(&Value::Object(object).to_string());
        } else {
            self.above(&summary.text);
        }
    }

    /// What went wrong.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.meter().clear();
        if self.style.json {
            emit(&failure_object(failure).to_string());
            return;
        }
        let mut text = format!("{} {failure}", self.style.label("error"));
        for (label, line) in failure.lines() {
            text.push('\n');
            match label {
                "" => text.push_str("  "),
                "request" => text.push_str("request "),
                label => text = text + &self.style.label(label) + " ",
            }
            text.push_str(line);
        }
        self.above(&text);
    }

    fn line(&self, event: &str, text: &str) {
        if self.style.json {
            emit(&json!({ "event": event, "text": text }).to_string());
        } else {
            self.above(&format!("{} {text}", self.style.label(event)));
        }
    }

    fn above(&self, text: &str) {
        self.meter().suspend(|| emit(text));
    }

    fn meter(&self) -> std::sync::MutexGuard<'_, Meter> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The `error` event: the fields of the failure and `event`.
pub(crate) fn failure_object(failure: &Failure) -> Value {
    let mut value = serde_json::to_value(failure).unwrap_or_else(|_| json!({}));
    value["event"] = "error".into();
    value["exit"] = failure.kind.exit().code().into();
    value
}

/// Writes one line to stderr; when even that fails there is nobody left to tell.
fn emit(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Standard output, which tells a closed pipe from every other failure.
#[derive(Debug)]
pub(crate) struct Stdout(io::Stdout);

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(closed)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(closed)
    }
}

fn closed(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        io::Error::new(io::ErrorKind::BrokenPipe, StdoutClosed)
    } else {
        io::Error::new(error.kind(), StdoutFailed(error))
    }
}

/// What the disk says, without the number that the system has for it.
pub(crate) fn disk_words(error: &io::Error) -> String {
    let failed = error.get_ref().and_then(|inner| inner.downcast_ref());
    if let Some(StdoutFailed(error)) = failed {
        return disk_words(error);
    }
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    match error.kind() {
        io::ErrorKind::StorageFull => "no space left on device".to_owned(),
        _ => text.to_lowercase(),
    }
}
