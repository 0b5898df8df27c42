//! The bench of writes: its parts in order, their results in one file.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::job::Kind;
use super::{limit, page, troubles};
use crate::options::Options;
use crate::versions::Machine;

/// Everything that was measured. A part that did not run keeps what an earlier run has told.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    pub machine: Option<Machine>,
    /// Whether there were too few rows to tell anything.
    pub quick: bool,
    #[serde(default)]
    pub troubles: Vec<troubles::Cell>,
    #[serde(default)]
    pub limit: Vec<limit::Row>,
}

/// The part `writes`.
pub async fn run(options: &Options) -> Result<ExitCode> {
    let file = options.out.join("writes.json");
    fs::create_dir_all(&options.out)?;
    let mut report = Report::kept(&file, options.quick);
    if options.wants("1") || options.wants("2") {
        report.machine = Some(Machine::look(options)?);
    }
    if options.wants("1") {
        for kind in [Kind::Adds, Kind::Updates] {
            eprintln!("\n== 1. {} by {}", options.rows, kind.method());
            let cells = troubles::run(options, kind).await?;
            let updates = kind == Kind::Updates;
            report
                .troubles
                .retain(|cell| cell.updates != updates || !options.wants_client(&cell.client));
            report.troubles.extend(cells);
            report.keep(&file)?;
        }
    }
    if options.wants("2") {
        eprintln!("\n== 2. under the documented limit");
        let rows = limit::run(options).await?;
        report
            .limit
            .retain(|row| !options.wants_client(&row.client));
        report.limit.extend(rows);
        report.keep(&file)?;
    }
    let text = page::make(&report);
    println!("{text}");
    eprintln!("results: {}", file.display());
    if options.write {
        let path = options.root.join("docs/writes.md");
        fs::create_dir_all(options.root.join("docs"))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("written: docs/writes.md");
    }
    Ok(ExitCode::SUCCESS)
}

impl Report {
    fn kept(file: &Path, quick: bool) -> Self {
        let kept = fs::read(file)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        let kept = kept.filter(|kept| kept.quick == quick);
        Self {
            quick,
            ..kept.unwrap_or_default()
        }
    }

    fn keep(&self, file: &Path) -> Result<()> {
        fs::write(file, serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("cannot write {}", file.display()))
    }
}
