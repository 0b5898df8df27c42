//! The tables in a SQLite file.

use std::path::Path;
use std::time::Duration;

use b24::store::{StoreError, StoreFault};
use rusqlite::{Connection, TransactionBehavior};

use super::actor::failed;
use crate::wire::{SCHEMA, check_version};

/// "b24s" in the header of the file: it is ours.
const APPLICATION: i64 = 0x6232_3473;

/// What leads from each version of the tables to the next, the first from none.
const MIGRATIONS: [&str; SCHEMA as usize] = ["
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
"];

/// Another process may hold the file for so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the file, makes it if it is not there, and brings its tables up to date. `durable`: a commit is on the disk
/// before it is told.
pub(super) fn open(path: &Path, durable: bool) -> Result<Connection, StoreError> {
    create_private(path)?;
    let mut connection = Connection::open(path).map_err(failed)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    let number = |connection: &Connection, name: &str| {
        connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
    };
    let application = number(&connection, "application_id").map_err(failed)?;
    let version = number(&connection, "user_version").map_err(failed)?;
    if application != APPLICATION && (application != 0 || version != 0 || has_tables(&connection)?)
    {
        return Err(StoreError::new(
            StoreFault::Corrupt,
            "it is a database of something else: name another file",
        ));
    }
    check_version("the store", version)?;
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
        .map_err(failed)?;
    let sync = if durable { "full" } else { "normal" };
    connection
        .pragma_update(None, "synchronous", sync)
        .map_err(failed)?;
    migrate(&mut connection).map_err(failed)?;
    Ok(connection)
}

fn has_tables(connection: &Connection) -> Result<bool, StoreError> {
    let count: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    Ok(count > 0)
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
