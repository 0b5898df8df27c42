//! The file of a journal: its tables, its version, its lock.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

use super::JournalError;
use crate::resume::Question;

/// Marks the file as ours: "b24j".
const APPLICATION: i32 = 0x6232_346a;
/// Changes with the tables.
const VERSION: i32 = 1;

const TABLES: &str = "
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE rows (
        row INTEGER PRIMARY KEY,
        state INTEGER NOT NULL,
        sent INTEGER,
        lost INTEGER NOT NULL DEFAULT 0,
        id TEXT,
        code TEXT,
        reason TEXT
    ) STRICT;
    CREATE INDEX by_state ON rows (state, row);
";

/// What stands at the head of a journal.
pub(super) struct Head {
    pub(super) id: String,
    pub(super) begun: Timestamp,
    /// The latest time that was seen.
    pub(super) clock: Timestamp,
}

/// Opens and locks a journal, or makes it.
pub(super) fn open(
    path: &Path,
    question: &Question,
    restart: bool,
    now: Timestamp,
) -> Result<(Connection, Head), JournalError> {
    let failed = |error: rusqlite::Error| JournalError::from_sqlite(path, &error);
    make_private(path).map_err(|error| disk(path, &error))?;
    // Whatever else lies there is not touched.
    if !is_ours(path).map_err(|error| disk(path, &error))? {
        return Err(JournalError::Strange(path.to_owned()));
    }
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|db| lock(&db).map(|()| db))
        .map_err(failed)?;
    let version: i32 = pragma(&db, "user_version").map_err(failed)?;
    let tables: i32 = db
        .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
        .map_err(failed)?;
    let head = if tables == 0 {
        make(&db, question, now).map_err(failed)?
    } else if restart {
        // The lock stays on the file while it is emptied.
        empty(&db).map_err(failed)?;
        make(&db, question, now).map_err(failed)?
    } else if version > VERSION {
        return Err(JournalError::Newer(path.to_owned()));
    } else {
        read(&db, path, question)?
    };
    // After the first commit: until then the mark of the file would be in its write-ahead log only.
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
        .map_err(failed)?;
    Ok((db, head))
}

/// Every commit reaches the disk, and nobody else opens the file while this process has it.
fn lock(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(Duration::from_millis(100))?;
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    // The lock is taken with the first write, and kept.
    db.execute_batch("BEGIN EXCLUSIVE; COMMIT")
}

/// A file of ours, or one without anything in it.
fn is_ours(path: &Path) -> io::Result<bool> {
    // As far as the number of entries in the table of tables.
    let mut head = [0; 105];
    let mut file = File::open(path)?;
    let mut length = 0;
    while length < head.len() {
        match file.read(&mut head[length..])? {
            0 => break,
            read => length += read,
        }
    }
    if length == 0 {
        return Ok(true);
    }
    let is_sqlite = length == head.len() && head.starts_with(b"SQLite format 3\0");
    let application = &head[68..72];
    // The lock is taken before the tables are made: whoever is killed in between leaves a database without a table.
    let has_no_table = application == [0; 4] && head[103..] == [0; 2];
    Ok(is_sqlite && (application == APPLICATION.to_be_bytes() || has_no_table))
}

fn pragma(db: &Connection, name: &str) -> rusqlite::Result<i32> {
    db.pragma_query_value(None, name, |row| row.get(0))
}

fn empty(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("DROP TABLE IF EXISTS rows; DROP TABLE IF EXISTS facts")
}

fn make(db: &Connection, question: &Question, now: Timestamp) -> rusqlite::Result<Head> {
    let id = new_id();
    let text = serde_json::to_string(question).unwrap_or_default();
    let clock = now.as_millisecond().to_string();
    db.execute_batch("BEGIN")?;
    db.execute_batch(TABLES)?;
    let facts = [
        ("id", id.as_str()),
        ("question", &text),
        ("begun", &clock),
        ("clock", &clock),
    ];
    for (name, value) in facts {
        db.execute("INSERT INTO facts VALUES (?1, ?2)", [name, value])?;
    }
    db.pragma_update(None, "application_id", APPLICATION)?;
    db.pragma_update(None, "user_version", VERSION)?;
    db.execute_batch("COMMIT")?;
    Ok(Head {
        id,
        begun: now,
        clock: now,
    })
}

fn read(db: &Connection, path: &Path, question: &Question) -> Result<Head, JournalError> {
    let damaged = || JournalError::Damaged(path.to_owned());
    let fact = |name: &str| -> Result<String, JournalError> {
        db.query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .map_err(|error| JournalError::from_sqlite(path, &error))
    };
    let time = |name: &str| -> Result<Timestamp, JournalError> {
        let at = fact(name)?.parse().map_err(|_| damaged())?;
        Timestamp::from_millisecond(at).map_err(|_| damaged())
    };
    let asked: Question = serde_json::from_str(&fact("question")?).map_err(|_| damaged())?;
    let differs = asked.differs(question);
    if !differs.is_empty() {
        return Err(JournalError::Other {
            path: path.to_owned(),
            differs,
        });
    }
    Ok(Head {
        id: fact("id")?,
        begun: time("begun")?,
        clock: time("clock")?,
    })
}

/// Twelve letters and digits by chance: 60 bits.
fn new_id() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut chance = fastrand::u64(..);
    let mut id = String::with_capacity(12);
    for _ in 0..12 {
        id.push(char::from(LETTERS[(chance % 32) as usize]));
        chance /= 32;
    }
    id
}

/// SQLite creates the files beside it with the rights of this one.
fn make_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn disk(path: &Path, error: &io::Error) -> JournalError {
    match error.kind() {
        ErrorKind::StorageFull => JournalError::Full(path.to_owned()),
        _ => JournalError::Disk(path.to_owned(), error.to_string()),
    }
}
