//! A connection in a thread of its own: SQLite blocks, and async tasks must not.

use std::fmt;
use std::path::Path;
use std::sync::mpsc;

use b24::store::{StoreError, StoreFault};
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Runs closures on a connection, in order. The thread ends when this is dropped.
pub(super) struct Actor(mpsc::Sender<Job>);

impl Actor {
    pub(super) async fn start(
        open: impl FnOnce() -> Result<Connection, StoreError> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (sender, jobs) = mpsc::channel::<Job>();
        let (opened, answer) = oneshot::channel();
        let work = move || {
            let mut connection = match open() {
                Ok(connection) => connection,
                Err(error) => {
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            if opened.send(Ok(())).is_ok() {
                while let Ok(job) = jobs.recv() {
                    job(&mut connection);
                }
            }
        };
        std::thread::Builder::new()
            .name("b24-sqlite".to_owned())
            .spawn(work)
            .map_err(|error| StoreError::new(StoreFault::Other, error.to_string()))?;
        answer.await.unwrap_or_else(|_| Err(gone()))?;
        Ok(Self(sender))
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, answer) = oneshot::channel();
        let job = Box::new(move |connection: &mut Connection| {
            // Whoever asked may be gone; what was asked for is done all the same.
            let _ = sender.send(work(connection));
        });
        self.0.send(job).map_err(|_| gone())?;
        let done = answer.await.map_err(|_| gone())?;
        done.map_err(failed)
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Actor")
    }
}

fn gone() -> StoreError {
    StoreError::new(
        StoreFault::Other,
        "the thread of the SQLite store has ended",
    )
}

/// The error with the name of the file before it.
pub(super) fn named(path: &Path, error: &StoreError) -> StoreError {
    StoreError::new(error.fault(), format!("{}: {error}", path.display()))
}

pub(super) fn failed(error: rusqlite::Error) -> StoreError {
    let (fault, text) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            StoreFault::Away,
            "another process holds the store for too long",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            (StoreFault::ReadOnly, "the store can be read, not written")
        }
        Some(ErrorCode::NotADatabase) => (
            StoreFault::Corrupt,
            "it is no store of tokens: move it away, or name another file",
        ),
        Some(ErrorCode::DatabaseCorrupt) => (
            StoreFault::Corrupt,
            "the store is damaged: bring back a copy, or move it away and authorise again",
        ),
        Some(ErrorCode::DiskFull) => (StoreFault::Other, "the disk is full"),
        Some(ErrorCode::CannotOpen) => (
            StoreFault::Other,
            "the file cannot be opened: does its directory exist, and may this user write there?",
        ),
        _ => (StoreFault::Other, "SQLite failed"),
    };
    StoreError::new(fault, format!("{text} ({error})")).with_source(error)
}
