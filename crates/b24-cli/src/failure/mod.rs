//! What went wrong, in the words of the command: one shape for text and JSON.

mod look;
mod portal;
mod refine;
mod shell;
mod tokens;
mod usage;

use std::io;
use std::ops::{Deref, DerefMut};

use serde::Serialize;

use crate::exit::Exit;
use crate::session::Connection;
use crate::stop::Reason;

pub(crate) use look::Sent;
pub(crate) use portal::{from_sdk, portal_words};
pub(crate) use refine::refine;
pub(crate) use shell::quoted;
pub(crate) use tokens::{from_store, from_tokens, not_forgotten};
pub(crate) use usage::{closest, from_clap};

/// The message for whatever a command ended with.
pub(crate) fn from_any(error: &anyhow::Error, connection: Option<&Connection>) -> Failure {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        failure.clone()
    } else if let Some(error) = error.downcast_ref::<b24::Error>() {
        from_sdk(error, connection)
    } else {
        Failure::local(format!("{error:#}"))
    }
}

/// The kinds of failure, as scripts read them in `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The portal said no for good.
    Refused,
    /// The portal's answer cannot be understood.
    Answer,
    /// A file or the disk.
    Local,
    /// Wrong use; nothing was changed.
    Usage,
    /// Some rows failed.
    Partial,
    /// No, wrong or expired credential.
    Auth,
    /// Worth running again.
    Temporary,
    /// A write may have run.
    Unknown,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM; the exit code tells it from Ctrl-C.
    #[serde(rename = "interrupted")]
    Terminated,
}

impl Kind {
    /// The exit code of this kind.
    pub(crate) fn exit(self) -> Exit {
        match self {
            Self::Refused | Self::Answer | Self::Local => Exit::Failed,
            Self::Usage => Exit::Usage,
            Self::Partial => Exit::Partial,
            Self::Auth => Exit::Auth,
            Self::Temporary => Exit::Temporary,
            Self::Unknown => Exit::Unknown,
            Self::Interrupted => Exit::Interrupted,
            Self::Terminated => Exit::Terminated,
        }
    }
}

/// An error message of the command. `Display` is its first line without `error:`.
#[derive(Debug, Clone, Serialize, thiserror::Error)]
#[serde(transparent)]
#[error("{}", .0.message)]
pub(crate) struct Failure(Box<Parts>);

impl Deref for Failure {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.0
    }
}

/// The parts of a message.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Parts {
    /// Decides the exit code.
    pub(crate) kind: Kind,
    /// What failed: lower case, no full stop.
    pub(crate) message: String,
    /// One line for each cause, below the message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) causes: Vec<String>,
    /// The portal's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) portal: Option<String>,
    /// What changed, or is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    /// The next command, ready to paste.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) hints: Vec<String>,
    /// The REST method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    /// The portal's error code; may be empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// The HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// Whether the portal may have run it.
    pub(crate) may_have_run: bool,
    /// The id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

impl Failure {
    /// A failure with nothing but its message.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind,
            message: message.into(),
            causes: Vec::new(),
            portal: None,
            state: None,
            hints: Vec::new(),
            method: None,
            code: None,
            status: None,
            may_have_run: kind == Kind::Unknown,
            request_id: None,
        }))
    }

    /// Wrong use of the command: nothing was changed.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A file or the disk.
    pub(crate) fn local(message: impl Into<String>) -> Self {
        Self::new(Kind::Local, message)
    }

    /// The command was asked to stop before its end.
    pub(crate) fn stopped(reason: Reason, what: &str) -> Self {
        match reason {
            Reason::Interrupt => Self::new(Kind::Interrupted, format!("{what} was interrupted")),
            Reason::Terminate => Self::new(Kind::Terminated, format!("{what} was terminated")),
            Reason::Deadline => Self::new(
                Kind::Temporary,
                format!("{what} was not over at --deadline"),
            ),
        }
    }

    /// Standard output could not take the answer. A reader who has gone is no failure, and stays
    /// what it is.
    pub(crate) fn unwritten(error: io::Error, state: impl Into<String>) -> anyhow::Error {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return error.into();
        }
        Self::local(error.to_string()).state(state).into()
    }

    /// Says what changed or is kept.
    pub(crate) fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// Adds a way out.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a way out when there is one.
    pub(crate) fn hint_if(mut self, hint: Option<String>) -> Self {
        self.hints.extend(hint);
        self
    }

    /// Adds a line on one cause.
    pub(crate) fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// The lines below `error:`, each with its label.
    pub(crate) fn lines(&self) -> Vec<(&'static str, &str)> {
        let mut lines: Vec<_> = self
            .causes
            .iter()
            .map(|cause| ("", cause.as_str()))
            .collect();
        lines.extend(self.portal.iter().map(|words| ("portal", words.as_str())));
        lines.extend(self.state.iter().map(|state| ("state", state.as_str())));
        lines.extend(self.hints.iter().map(|hint| ("hint", hint.as_str())));
        lines.extend(self.request_id.iter().map(|id| ("request", id.as_str())));
        lines
    }
}
