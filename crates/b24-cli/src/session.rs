//! What every command gets: flags, printer, the stop switch, and the portal when it asks for it.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use crate::args::Global;
use crate::failure::Failure;
use crate::printer::{Printer, Summary};
use crate::stop::Stop;

/// What a profile allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// Everything.
    #[default]
    Free,
    /// Every write is asked for.
    Confirm,
    /// No writes, nothing of unknown effect.
    ReadOnly,
}

/// A chosen portal: who it is, where the choice came from, and the client that talks to it.
#[derive(Debug)]
pub(crate) struct Connection {
    /// `acme.bitrix24.com`, or `127.0.0.1:8724`.
    pub(crate) host: String,
    /// `B24_WEBHOOK`, `profile acme`, …
    pub(crate) origin: String,
    /// What may be done there.
    pub(crate) mode: Mode,
}

/// `acme.bitrix24.com (B24_WEBHOOK)`: as summaries and prompts name it.
impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.host, self.origin)
    }
}

/// One run of the command.
#[derive(Debug)]
pub(crate) struct Session {
    /// The global flags.
    pub(crate) global: Global,
    /// The way to the terminal.
    pub(crate) printer: Printer,
    /// Says when to stop early.
    pub(crate) stop: Stop,
    connection: tokio::sync::OnceCell<Connection>,
    summary: Mutex<Option<Summary>>,
}

impl Session {
    /// A session that has not chosen a portal yet.
    pub(crate) fn new(global: Global, printer: Printer) -> Self {
        let stop = Stop::new(global.deadline);
        Self {
            global,
            printer,
            stop,
            connection: tokio::sync::OnceCell::new(),
            summary: Mutex::new(None),
        }
    }

    /// The portal this command talks to; chosen (and for `--demo` started) at the first call.
    pub(crate) async fn connection(&self) -> Result<&Connection> {
        self.connection
            .get_or_try_init(|| async { Err(Failure::usage("no portal yet").into()) })
            .await
    }

    /// Prints the summary and keeps it for `--report`.
    pub(crate) fn finish(&self, summary: Summary) {
        self.printer.summary(&summary);
        *self.summary.lock().unwrap_or_else(PoisonError::into_inner) = Some(summary);
    }

    /// The summary printed so far.
    pub(crate) fn summary(&self) -> Option<Summary> {
        self.summary
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether a person can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        !self.global.no_input
            && !self.global.json
            && std::env::var_os("CI").is_none_or(|ci| ci.is_empty())
            && io::stdin().is_terminal()
            && io::stderr().is_terminal()
    }
}
