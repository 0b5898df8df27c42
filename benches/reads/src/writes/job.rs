//! The rows that all clients write, in the forms that they take.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use crate::portal::Portal;

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
    pub async fn found(&self, portal: &Portal) -> Result<Found> {
        let mut times: BTreeMap<String, u64> = BTreeMap::new();
        for deal in portal.deals().await? {
            *times.entry(deal.title).or_default() += 1;
        }
        let times = |row| times.get(&title(row)).copied().unwrap_or_default();
        let rows = 0..self.rows;
        Ok(Found {
            doubled: rows.clone().map(|row| times(row).saturating_sub(1)).sum(),
            missing: rows.filter(|row| times(*row) == 0).count() as u64,
        })
    }
}

/// Rows that are not on the portal exactly once.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Rows too many.
    pub doubled: u64,
    /// Rows that are not there.
    pub missing: u64,
}

fn title(row: u64) -> String {
    format!("bench row {row:06}")
}
