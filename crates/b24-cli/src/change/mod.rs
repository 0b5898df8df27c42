//! Changing and deleting rows that were chosen, and undoing it.
//!
//! Rows are read first and then written by their ids, so that a filter which the writes change neither skips rows nor
//! finds them twice. What is read goes into the undo file at once; it is on the disk before the first write, and it is
//! also the plan that a stopped run goes on with.
//!
//! ```text
//! choose -> undo file -> plan, consent -> journal -> bulk::run -> summary
//! ```

pub(crate) mod choose;
mod consent;
pub(crate) mod file;
pub(crate) mod methods;
mod run;
mod told;
pub(crate) mod values;

use std::path::PathBuf;

use crate::entity::Entity;
use crate::parameters::Tree;

pub(crate) use run::{Change, Lines, RunArgs};

/// What is done with rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// They get new values.
    Update,
    /// They go.
    Delete,
    /// They get their old values back.
    PutBack,
    /// Deleted ones are added as new ones.
    Restore,
}

impl Action {
    /// `update 412 deals`
    fn wish(self, count: &str) -> String {
        match self {
            Self::Update => format!("update {count}"),
            Self::Delete => format!("delete {count}"),
            Self::PutBack => format!("put back {count}"),
            Self::Restore => format!("add {count} again"),
        }
    }

    /// `updated`
    fn done(self) -> &'static str {
        match self {
            Self::Update => "updated",
            Self::Delete => "deleted",
            Self::PutBack => "put back",
            Self::Restore => "added again",
        }
    }
}

/// One row: what it was, and what it is to be.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Line {
    pub(crate) id: u64,
    /// The old values of the fields that change; of a row that goes, all of them.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub(crate) old: Tree,
    /// The new values; nothing for a row that goes.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub(crate) new: Tree,
}

fn nothing() -> Tree {
    Tree::Null
}

fn is_nothing(tree: &Tree) -> bool {
    *tree == Tree::Null
}

/// Where old values go: as named, or beside the other files of this directory.
pub(crate) fn undo_file(named: Option<PathBuf>, entity: &Entity) -> PathBuf {
    named.unwrap_or_else(|| {
        let time = jiff::Zoned::now().strftime("%Y%m%dT%H%M%S").to_string();
        let first = PathBuf::from(format!("{}.undo-{time}.jsonl", entity.stem));
        if !first.exists() {
            return first;
        }
        let others =
            (2..).map(|at| PathBuf::from(format!("{}.undo-{time}-{at}.jsonl", entity.stem)));
        others
            .into_iter()
            .find(|path| !path.exists())
            .unwrap_or(first)
    })
}
