//! Going on with an export that was stopped or killed: a note beside the part says what the part
//! answers, how much of it counts and where the list goes on.
//!
//! The note is written after the data has reached the disk, under another name that then becomes
//! its own: whenever the run is killed, the part holds at least what the note says. What is behind
//! that is cut off, and read again.

mod question;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::connection::{Access, write};
use crate::formats::{State, beside};

pub(crate) use question::{Hash, Question};

/// The ending of the note: `deals.csv.b24state`.
const NOTE: &str = "b24state";
/// How long nothing is noted after a note.
const PAUSE: Duration = Duration::from_millis(250);
/// A note may take this part of the time at most: with a slow disk they are rarer.
const SHARE: u32 = 20;

/// Where an export stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Behind the last row that was read.
    pub(crate) place: Place,
    /// How much of the part counts, in bytes.
    pub(crate) length: u64,
    pub(crate) rows: u64,
    /// The id of the last row.
    pub(crate) last: Option<String>,
    /// What the format knows of the rows so far.
    #[serde(default)]
    pub(crate) state: State,
}

/// A place between two rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// Of a list.
    Cursor(b24::Cursor),
    /// Of rows asked for by their ids.
    Ids {
        /// How many ids were looked up.
        done: usize,
        /// Those of them that had no row.
        missing: Vec<String>,
    },
}

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    question: Question,
    begun: Timestamp,
    written: Timestamp,
    mark: Mark,
}

/// What may be gone on with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// Only a part that was written to within this time.
    pub(crate) within: Option<Duration>,
}

/// An earlier run to go on with.
#[derive(Debug)]
pub(crate) struct Earlier {
    pub(crate) begun: Timestamp,
    pub(crate) mark: Mark,
}

/// Keeps the note of one part.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    question: Question,
    begun: Timestamp,
    /// The mark of the last note.
    noted: Option<Mark>,
    /// When the next note is due.
    due: Instant,
}

impl Journal {
    /// The journal of a target whose part is locked by this run.
    pub(crate) fn of(target: &Path, question: Question) -> Self {
        Self {
            path: beside(target, NOTE),
            question,
            begun: Timestamp::now(),
            noted: None,
            due: Instant::now(),
        }
    }

    /// The run to go on with; or why an earlier one does not fit; or nothing to tell.
    pub(crate) fn earlier(&mut self, wish: Wish, length: u64) -> Result<Option<Earlier>, String> {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{}: {error}", self.path.display())),
        };
        let note: Note = serde_json::from_slice(&bytes)
            .map_err(|_| format!("{} is not readable", self.path.display()))?;
        // The note of a run that was killed after its file had got its name.
        if length == 0 && note.mark.length > 0 {
            return Ok(None);
        }
        fits(&note, &self.question, length, wish, Timestamp::now())?;
        self.begun = note.begun;
        self.noted = Some(note.mark.clone());
        Ok(Some(Earlier {
            begun: note.begun,
            mark: note.mark,
        }))
    }

    /// Whether it is time for a note.
    pub(crate) fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    /// The mark that a later run would go on from.
    pub(crate) fn noted(&self) -> Option<&Mark> {
        self.noted.as_ref()
    }

    /// Notes a mark whose data is on the disk; `since` is when the work for it began.
    pub(crate) fn note(&mut self, mark: Mark, since: Instant) -> io::Result<()> {
        let note = Note {
            question: self.question.clone(),
            begun: self.begun,
            written: Timestamp::now(),
            mark,
        };
        let bytes = serde_json::to_vec(&note)?;
        write(&self.path, Access::Anyone, &bytes)?;
        self.noted = Some(note.mark);
        self.due = Instant::now() + PAUSE.max(since.elapsed() * SHARE);
        Ok(())
    }

    /// Forgets the mark: the part is cut, or has become the file.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        self.noted = None;
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Whether a later run may go on; the text says why not.
fn fits(
    note: &Note,
    question: &Question,
    length: u64,
    wish: Wish,
    now: Timestamp,
) -> Result<(), String> {
    let other = note.question.differs(question);
    if !other.is_empty() {
        return Err(format!(
            "it answers another question ({})",
            other.join(", ")
        ));
    }
    if length < note.mark.length {
        return Err("it is shorter than it was".to_owned());
    }
    let age = now.duration_since(note.written);
    match wish.within.map(SignedDuration::try_from) {
        Some(Ok(within)) if age > within => Err(format!(
            "it was last written at {}, longer ago than --resume-within",
            note.written.strftime("%Y-%m-%d %H:%M:%SZ")
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
