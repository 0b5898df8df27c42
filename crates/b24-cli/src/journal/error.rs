//! What can be wrong with a journal, and what to do about it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::failure::Failure;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("{} is the journal of another write ({})", .path.display(), .differs.join(", "))]
    Other {
        path: PathBuf,
        /// What differs: `content`, `portal`, …
        differs: Vec<String>,
    },
    #[error("another b24 is writing with {} now", .0.display())]
    InUse(PathBuf),
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
    #[error("{} is no journal of b24", .0.display())]
    Strange(PathBuf),
    #[error("{} was written by a newer b24", .0.display())]
    Newer(PathBuf),
    #[error("{}: no space left on device", .0.display())]
    Full(PathBuf),
    #[error("{}: {}", .0.display(), .1)]
    Disk(PathBuf, String),
}

impl JournalError {
    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        let text = match error {
            rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
            error => error.to_string(),
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse(path),
            Some(ErrorCode::DiskFull) => Self::Full(path),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) | None => {
                Self::Damaged(path)
            }
            Some(_) => Self::Disk(path, text),
        }
    }

    /// Whether the disk stood in the way of a write.
    pub(crate) fn is_disk(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Disk(..))
    }

    /// The message, for a journal that was just opened: nothing was sent.
    pub(crate) fn failure(&self) -> Failure {
        let message = self.to_string();
        let failure = match self {
            Self::Full(_) | Self::Disk(..) => Failure::local(message),
            _ => Failure::usage(message),
        };
        let failure = failure.state("nothing was sent");
        match self {
            Self::Other { .. } => failure
                .hint("the same file and flags go on with it")
                .hint("or --journal FILE keeps another one; --restart throws this one away, and everything is sent again"),
            Self::InUse(_) => failure.hint("wait for it to end"),
            Self::Damaged(_) => failure
                .hint("look on the portal what has come over; without this file everything is sent again"),
            Self::Strange(_) => failure.hint("it is untouched; --journal FILE names another one"),
            Self::Newer(_) => failure.hint("use the version that has written it"),
            Self::Full(_) => failure.hint("free space, then the same command"),
            Self::Disk(..) => failure.hint("make it writable, then the same command"),
        }
    }
}
