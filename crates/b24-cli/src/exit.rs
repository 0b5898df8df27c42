//! How the command ends: one list for people, scripts and the machine output.

use std::process::ExitCode;

/// The exit codes of `b24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; also when the reader of our output closed it.
    Done,
    /// The portal refused for good, its answer makes no sense, or a file or disk failed.
    Failed,
    /// Wrong flag, file, field, or no consent: nothing was changed.
    Usage,
    /// Finished, but some rows failed.
    Partial,
    /// No, wrong or expired credential.
    Auth,
    /// Network, limit or deadline: safe to run again.
    Temporary,
    /// A write may have run: look first.
    Unknown,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// What the command started by `portal -- CMD` ended with.
    Child(u8),
}

impl Exit {
    /// The number the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Partial => 3,
            Self::Auth => 4,
            Self::Temporary => 5,
            Self::Unknown => 6,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Child(code) => code,
        }
    }

    /// The word used for the outcome in reports.
    pub(crate) fn outcome(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed | Self::Usage | Self::Auth | Self::Child(_) => "failed",
            Self::Partial => "partial",
            Self::Temporary => "temporary",
            Self::Unknown => "unknown",
            Self::Interrupted | Self::Terminated => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
