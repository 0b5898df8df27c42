//! What every command gets: flags, printer, the stop switch, and the portal when it asks for it.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::Result;
use b24::OAuth;
use tokio::sync::OnceCell;

use crate::args::Global;
use crate::connection;
use crate::failure::Failure;
use crate::printer::{Printer, Summary};
use crate::stop::Stop;

pub(crate) use crate::connection::Connection;

/// What a profile allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
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

/// One run of the command.
#[derive(Debug)]
pub(crate) struct Session {
    /// `call`, `export`, …
    pub(crate) command: &'static str,
    /// The global flags.
    pub(crate) global: Global,
    /// The way to the terminal.
    pub(crate) printer: Printer,
    /// Says when to stop early.
    pub(crate) stop: Stop,
    /// When the command began.
    pub(crate) started: Instant,
    connection: OnceCell<Connection>,
    applications: Arc<Mutex<Vec<OAuth>>>,
    summary: Mutex<Option<Summary>>,
}

impl Session {
    /// A session that has not chosen a portal yet.
    pub(crate) fn new(command: &'static str, global: Global, printer: Printer) -> Self {
        let stop = Stop::new(global.deadline);
        Self {
            command,
            global,
            printer,
            stop,
            started: Instant::now(),
            connection: OnceCell::new(),
            applications: Arc::default(),
            summary: Mutex::new(None),
        }
    }

    /// A session of another profile, which stops with this one.
    pub(crate) fn of_profile(&self, name: String) -> Self {
        let global = Global {
            profile: Some(name),
            ..self.global.clone()
        };
        Self {
            stop: self.stop.clone(),
            applications: Arc::clone(&self.applications),
            ..Self::new(self.command, global, self.printer.clone())
        }
    }

    /// The portal this command talks to; chosen (and for `--demo` started) at the first call.
    pub(crate) async fn connection(&self) -> Result<&Connection> {
        let chosen = self.connection.get_or_try_init(|| async {
            let deadline = self.stop.deadline();
            let connection = connection::connect(&self.global, &self.printer, deadline).await?;
            if let Some(standing) = &connection.application {
                self.applications().push(standing.oauth.clone());
            }
            Ok(connection)
        });
        tokio::select! {
            chosen = chosen => chosen,
            reason = self.stop.requested() => Err(Failure::stopped(reason, self.command).into()),
        }
    }

    /// The applications whose tokens this command has used.
    pub(crate) fn applications(&self) -> MutexGuard<'_, Vec<OAuth>> {
        self.applications
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The portal, if one was chosen already.
    pub(crate) fn connected(&self) -> Option<&Connection> {
        self.connection.get()
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
