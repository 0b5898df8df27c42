//! The rows that all clients write, in the forms that they take.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::environment;
use crate::options::Options;
use crate::portal::{Deal, Portal};

/// The state of a row that is on the portal, in a journal of `b24 import`.
const DONE: u8 = 2;
/// The line of the file that holds row 0: the first behind the heading.
const FIRST_LINE: u64 = 2;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// New deals.
    Adds,
    /// A new title for deals that are there.
    Updates,
}

impl Kind {
    /// The method of one row.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Adds => "crm.deal.add",
            Self::Updates => "crm.deal.update",
        }
    }
}

/// Rows to write, as files in a folder of their own.
#[derive(Debug)]
pub struct Job {
    pub kind: Kind,
    pub rows: u64,
    /// Whether the portal limits requests.
    pub limited: bool,
    folder: PathBuf,
}

impl Job {
    /// Writes the files. Updates are of the deals that the portal has.
    pub async fn make(out: &Path, portal: &Portal, kind: Kind, rows: u64) -> Result<Self> {
        let folder = out.join("run");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let ids = match kind {
            Kind::Adds => Vec::new(),
            Kind::Updates => portal
                .deals()
                .await?
                .into_iter()
                .map(|deal| deal.id)
                .collect(),
        };
        let (mut csv, mut params, mut commands) = (String::new(), String::new(), String::new());
        csv.push_str(match kind {
            Kind::Adds => "title,opportunity\n",
            Kind::Updates => "id,title\n",
        });
        for row in 0..rows {
            let title = title(row);
            let (line, call) = match kind {
                Kind::Adds => (
                    format!("{title},{row}"),
                    json!({"fields": {"TITLE": title, "OPPORTUNITY": row}}),
                ),
                Kind::Updates => {
                    let id = &ids[usize::try_from(row)?];
                    (
                        format!("{id},{title}"),
                        json!({"id": id, "fields": {"TITLE": title}}),
                    )
                }
            };
            let command = json!({"method": kind.method(), "params": call});
            writeln!(csv, "{line}")?;
            writeln!(params, "{call}")?;
            writeln!(commands, "{command}")?;
        }
        fs::write(folder.join("deals.csv"), csv)?;
        fs::write(folder.join("params.jsonl"), params)?;
        fs::write(folder.join("commands.jsonl"), commands)?;
        Ok(Self {
            kind,
            rows,
            limited: false,
            folder,
        })
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What is on the portal of it.
    pub async fn found(&self, options: &Options, portal: &Portal) -> Result<Found> {
        let mut there: BTreeMap<String, Vec<Deal>> = BTreeMap::new();
        for deal in portal.deals().await? {
            there.entry(deal.title.clone()).or_default().push(deal);
        }
        let deals = |row| there.get(&title(row)).map_or(&[][..], Vec::as_slice);
        let times = |row| deals(row).len() as u64;
        let rows = 0..self.rows;
        let noted = self.noted(options)?;
        let agrees = |row: &u64| {
            let ids = deals(*row).iter().map(|deal| deal.id.as_str());
            noted.get(row).map(String::as_str).into_iter().eq(ids)
        };
        Ok(Found {
            doubled: rows.clone().map(|row| times(row).saturating_sub(1)).sum(),
            missing: rows.clone().filter(|row| times(*row) == 0).count() as u64,
            misnoted: if noted.is_empty() {
                0
            } else {
                rows.filter(|row| !agrees(row)).count() as u64
            },
        })
    }

    /// The rows that the journal of an import has on the portal, and their ids; none where there is no journal.
    fn noted(&self, options: &Options) -> Result<BTreeMap<u64, String>> {
        let journal = self.file("deals.csv.b24journal");
        if !journal.exists() {
            return Ok(BTreeMap::new());
        }
        let [python, script] = environment::script(options, "writes/journal.py");
        let output = Command::new(python).arg(script).arg(journal).output()?;
        ensure!(output.status.success(), "the journal cannot be read");
        let rows: Vec<(u64, u8, Option<String>)> =
            serde_json::from_slice(&output.stdout).context("the journal")?;
        let done = rows.into_iter().filter(|(_, state, _)| *state == DONE);
        Ok(done
            .map(|(line, _, id)| (line - FIRST_LINE, id.unwrap_or_default()))
            .collect())
    }
}

/// Rows that are not on the portal exactly once.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Rows too many.
    pub doubled: u64,
    /// Rows that are not there.
    pub missing: u64,
    /// Rows of which the journal of an import says something else.
    pub misnoted: u64,
}

fn title(row: u64) -> String {
    format!("bench row {row:06}")
}
