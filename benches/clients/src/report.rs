//! The bench: its parts in order, their results in one file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clients::{CLIENTS, Client};
use crate::options::Options;
use crate::versions::Machine;
use crate::{change, growth, limit, page, speed};

/// Everything that was measured. A part that did not run keeps what an earlier run has told.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    pub machine: Option<Machine>,
    /// Whether the sizes were too small to tell anything.
    pub quick: bool,
    #[serde(default)]
    pub speed: Vec<speed::Row>,
    #[serde(default)]
    pub large: Vec<speed::Row>,
    #[serde(default)]
    pub limit: Vec<limit::Row>,
    #[serde(default)]
    pub change: Vec<change::Cell>,
    #[serde(default)]
    pub growth: Vec<growth::Row>,
    /// Medians of criterion, by name of the bench.
    #[serde(default)]
    pub criterion: Vec<Criterion>,
}

/// One figure of `cargo bench`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Criterion {
    pub group: String,
    pub name: String,
    pub nanoseconds: f64,
    /// Records a run reads, where the bench tells.
    pub elements: Option<u64>,
}

/// Rows of the larger table of part 1.
const LARGE: u64 = 1_000_000;

/// The part `run`.
pub async fn run(options: &Options) -> Result<std::process::ExitCode> {
    let file = options.out.join("reads.json");
    fs::create_dir_all(&options.out)?;
    let mut report = Report::kept(&file, options.quick);
    if ["1", "2", "4", "6"].iter().any(|part| options.wants(part)) {
        report.machine = Some(Machine::look(options)?);
    }
    if options.wants("1") {
        heading(&format!("1. {} rows, limits off", options.rows));
        let rows = speed::run(options).await?;
        join(&mut report.speed, rows, options, |row| {
            (&row.client, row.https)
        });
        report.keep(&file)?;
        let large = if options.quick {
            options.rows * 2
        } else {
            LARGE
        };
        heading(&format!("1. {large} rows, limits off"));
        let rows = speed::large(options, large).await?;
        join(&mut report.large, rows, options, |row| {
            (&row.client, row.https)
        });
        report.keep(&file)?;
    }
    if options.wants("2") {
        heading("2. under the documented limit");
        let rows = limit::run(options).await?;
        join(&mut report.limit, rows, options, |row| {
            (&row.client, row.https)
        });
        report.keep(&file)?;
    }
    if options.wants("4") {
        heading("4. under change");
        let cells = change::run(options).await?;
        join(&mut report.change, cells, options, |cell| {
            (&cell.client, cell.https)
        });
        report.keep(&file)?;
    }
    if options.wants("6") {
        heading("6. growth");
        let rows = growth::run(options).await?;
        join(&mut report.growth, rows, options, |row| {
            (&row.client, false)
        });
        report.keep(&file)?;
    }
    report.criterion = criterion(&options.out.with_file_name("criterion"))?;
    report.keep(&file)?;
    let text = page::make(&report);
    println!("{text}");
    eprintln!("results: {}", file.display());
    if options.write {
        page::write(options, &report, &text)?;
    }
    Ok(std::process::ExitCode::SUCCESS)
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

/// Puts new results in the places of old ones; clients that were not asked for keep theirs.
fn join<T>(old: &mut Vec<T>, new: Vec<T>, options: &Options, of: fn(&T) -> (&String, bool)) {
    old.retain(|row| !options.wants_client(of(row).0));
    old.extend(new);
    old.sort_by_key(|row| {
        let (name, https) = of(row);
        let is = |client: &Client| client.name == name && client.https == https;
        CLIENTS.iter().position(is)
    });
}

fn heading(text: &str) {
    eprintln!("\n== {text}");
}

/// What `cargo bench` has left: part 5.
fn criterion(folder: &Path) -> Result<Vec<Criterion>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            }
        }
        if folder.ends_with("new") {
            found.extend(estimate(&folder)?);
        }
    }
    found.sort_by(|one, other| (&one.group, &one.name).cmp(&(&other.group, &other.name)));
    Ok(found)
}

fn estimate(folder: &PathBuf) -> Result<Option<Criterion>> {
    let read = |name: &str| -> Result<Value> {
        Ok(serde_json::from_slice(&fs::read(folder.join(name))?)?)
    };
    let (Ok(bench), Ok(estimates)) = (read("benchmark.json"), read("estimates.json")) else {
        return Ok(None);
    };
    let text = |name: &str| bench[name].as_str().unwrap_or_default().to_owned();
    let nanoseconds = estimates["median"]["point_estimate"]
        .as_f64()
        .context("criterion has changed its estimates")?;
    Ok(Some(Criterion {
        group: text("group_id"),
        name: text("function_id"),
        nanoseconds,
        elements: bench["throughput"]["Elements"].as_u64(),
    }))
}
