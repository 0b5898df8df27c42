//! Why a running command should end early, and how it learns of it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// Why the command was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// `--deadline` has passed.
    Deadline,
}

impl Reason {
    /// How the command ends because of it.
    pub(crate) fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate => Exit::Terminated,
            Self::Deadline => Exit::Temporary,
        }
    }
}

/// One switch for the whole command: set once, seen by everyone.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    token: CancellationToken,
    reason: Arc<OnceLock<Reason>>,
    deadline: Option<Instant>,
    /// Whether the next signal ends the process: one has come, or the command is over.
    ends_next: Arc<AtomicBool>,
}

impl Stop {
    /// A switch that nobody has touched; the deadline counts from now.
    pub(crate) fn new(deadline: Option<Duration>) -> Self {
        Self {
            token: CancellationToken::new(),
            reason: Arc::default(),
            deadline: deadline.and_then(|after| Instant::now().checked_add(after)),
            ends_next: Arc::default(),
        }
    }

    /// From now on a signal ends the process; whether it did before.
    pub(crate) fn next_signal_ends(&self) -> bool {
        self.ends_next.swap(true, Relaxed)
    }

    /// Asks everyone to stop; only the first reason counts. False when it was asked before.
    pub(crate) fn request(&self, reason: Reason) -> bool {
        let first = self.reason.set(reason).is_ok();
        self.token.cancel();
        first
    }

    /// Why we were asked to stop, if we were.
    pub(crate) fn reason(&self) -> Option<Reason> {
        self.reason.get().copied()
    }

    /// Waits until somebody asks to stop.
    pub(crate) async fn requested(&self) -> Reason {
        self.token.cancelled().await;
        self.reason().unwrap_or(Reason::Interrupt)
    }

    /// When the command must be over, from `--deadline`.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}
