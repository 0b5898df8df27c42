//! The tables in a SQLite file.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use b24::store::{StoreError, StoreFault};
use rusqlite::{Connection, TransactionBehavior};

use super::actor::failed;
use crate::wire::{SCHEMA, check_version};

/// "b24s" in the header of the file: it is ours.
const APPLICATION: i64 = 0x6232_3473;

/// What leads from each version of the tables to the next, the first from none.
const MIGRATIONS: [&str; SCHEMA as usize] = [
    "
    CREATE TABLE tokens (
        client_id TEXT NOT NULL,
        member_id TEXT NOT NULL,
        version   INTEGER NOT NULL,
        key       TEXT NOT NULL,
        sealed    BLOB NOT NULL,
        PRIMARY KEY (client_id, member_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE places (
        portal TEXT PRIMARY KEY,
        next   REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE spent (
        portal     TEXT NOT NULL,
        credential TEXT NOT NULL,
        method     TEXT NOT NULL,
        seconds    REAL NOT NULL,
        frees_at   REAL NOT NULL,
        told_at    REAL NOT NULL,
        PRIMARY KEY (portal, credential, method)
    ) STRICT, WITHOUT ROWID;
",
    "ALTER TABLE places ADD COLUMN taken_at REAL NOT NULL DEFAULT 0",
    // The names in it could be turned back into webhooks; nobody looks for them any more.
    "DELETE FROM spent",
];

/// Another process may hold the file for so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between attempts to open a file that others are opening.
const PAUSE: Duration = Duration::from_millis(5);

/// Opens the file, makes it if it is not there, and brings its tables up to date. `durable`: a commit is on the disk
/// before it is told.
///
/// SQLite itself does not wait where two connections turn on the write-ahead log at once: it fails in one of them.
pub(super) fn open(path: &Path, durable: bool) -> Result<Connection, StoreError> {
    let begun = Instant::now();
    loop {
        match attempt(path, durable) {
            Err(error) if error.fault() == StoreFault::Away && begun.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            opened => return opened,
        }
    }
}

fn attempt(path: &Path, durable: bool) -> Result<Connection, StoreError> {
    create_private(path)?;
    let mut connection = Connection::open(path).map_err(failed)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    check(&mut connection)?;
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
        .map_err(failed)?;
    // Not "off" for budgets: what one connection moves from the log into the file is the tokens of the others, too.
    let sync = if durable { "full" } else { "normal" };
    connection
        .pragma_update(None, "synchronous", sync)
        .map_err(failed)?;
    migrate(&mut connection).map_err(failed)?;
    Ok(connection)
}

/// Whether the file is a store, or empty.
fn check(connection: &mut Connection) -> Result<(), StoreError> {
    let (application, version, tables) = header(connection).map_err(failed)?;
    let is_empty = (application, version, tables) == (0, 0, 0);
    if application != APPLICATION && !is_empty {
        return Err(StoreError::new(
            StoreFault::Corrupt,
            "it is a database of something else: name another file",
        ));
    }
    check_version("the store", version)
}

/// Whose file it is, of which version, with how many tables: at one moment, for somebody may be making it.
fn header(connection: &mut Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let moment = connection.transaction()?;
    let tables = moment.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let number = |name: &str| moment.pragma_query_value(None, name, |row| row.get(0));
    Ok((number("application_id")?, number("user_version")?, tables))
}

/// Several processes may come at once: the first migrates, the others find it done.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version >= SCHEMA {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for step in MIGRATIONS.iter().skip(version as usize) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.commit()
}

/// A file with tokens is for its owner only, sealed or not.
fn create_private(path: &Path) -> Result<(), StoreError> {
    /// To close a file gives up the locks that other connections of this process have on it. So nobody here opens a file
    /// that is being made.
    static MAKING: Mutex<()> = Mutex::new(());
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::new(
            StoreFault::Other,
            format!("the file cannot be made: {error}"),
        )),
    }
}
