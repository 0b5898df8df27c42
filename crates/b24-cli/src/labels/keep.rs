//! Texts are asked for once an hour and portal. Names of people are in them: only the owner of the
//! file may read it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::ask::Answers;
use crate::connection::{Access, write};

const FRESH: Duration = Duration::from_secs(3600);

/// The file that keeps answers.
#[derive(Debug)]
pub(super) struct Place(PathBuf);

impl Place {
    /// None for a portal on this machine: it may be another one each time.
    pub(super) fn of(host: &str, type_id: Option<u64>, methods: &[&str]) -> Option<Self> {
        let directory = crate::connection::cache("labels", host)?;
        let kind = type_id.map(|id| format!("-{id}")).unwrap_or_default();
        Some(Self(
            directory.join(format!("{}{kind}.json", methods.join("-"))),
        ))
    }
}

pub(super) fn recall(Place(path): &Place) -> Option<Answers> {
    let age = fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()?;
    (age < FRESH).then_some(())?;
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

pub(super) fn keep(Place(path): &Place, answers: &Answers) {
    // Only time is lost if it cannot be kept.
    if let Ok(bytes) = serde_json::to_vec(answers) {
        let _ = write(path, Access::Owner, &bytes);
    }
}
