//! What the clients written in Rust are told, and what every client tells: as in `scripts/`.

use std::env;
use std::fs;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The method that all clients read.
pub const METHOD: &str = "crm.deal.list";

/// What to read.
#[derive(Debug)]
pub struct Task {
    pub webhook: String,
    pub select: Vec<String>,
    pub filter: serde_json::Map<String, serde_json::Value>,
    pub limited: bool,
    /// The certificate to trust.
    pub ca: Option<Vec<u8>>,
    ids: Option<String>,
}

impl Task {
    pub fn from_env() -> Result<Self> {
        let variable = |name: &str| env::var(name).with_context(|| format!("no {name}"));
        Ok(Self {
            webhook: variable("B24_WEBHOOK")?,
            select: variable("BENCH_SELECT")?
                .split(',')
                .map(str::to_owned)
                .collect(),
            filter: serde_json::from_str(&variable("BENCH_FILTER")?)?,
            limited: variable("BENCH_LIMITED")? == "1",
            ca: env::var("BENCH_CA").ok().map(fs::read).transpose()?,
            ids: env::var("BENCH_IDS").ok(),
        })
    }

    /// Whether the ids are asked for.
    pub fn keeps_ids(&self) -> bool {
        self.ids.is_some()
    }

    /// Tells what came.
    pub fn told(&self, told: &Told, ids: &[String]) -> Result<()> {
        if let Some(path) = &self.ids {
            let lines: String = ids.iter().flat_map(|id| [id, "\n"]).collect();
            fs::write(path, lines)?;
        }
        println!("{}", serde_json::to_string(told)?);
        Ok(())
    }
}

/// The last line that a client prints.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Told {
    pub version: String,
    /// None if it does not look at rows.
    pub rows: Option<u64>,
    pub error: Option<String>,
}
