//! The vendor's client in processes that share the tokens of an application.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Bench, Row, told};

impl Bench {
    /// Runs it in 8 processes with one expired token in a file: first with the callback that saves, then with a refresher
    /// of one's own that reads the file first.
    pub(crate) fn processes(&self) -> Result<Vec<Row>> {
        let mut portal = Command::new(&self.b24);
        portal
            .args(["--quiet", "portal", "--port", "0", "--edition", "box"])
            .args(["--deals", "5", "--app", "http://127.0.0.1:9/", "--", "node"])
            .arg(self.scripts.join("b24jssdk_processes.mjs"))
            .env("COMPAT_MODULES", &self.peers.folder)
            .env_remove("B24_PROFILE");
        let told = told(&mut portal, "b24jssdk in processes")?;
        let version = told["version"].as_str().unwrap_or("?");
        let runs = told["runs"].as_array().context("b24jssdk told no runs")?;
        Ok(runs.iter().map(|run| row(version, run)).collect())
    }
}

fn row(version: &str, run: &Value) -> Row {
    let how = match run["how"].as_str() {
        Some("callback") => "the callback saves",
        _ => "own refresher, reads the file first",
    };
    let number = |key: &str| run[key].as_u64().unwrap_or_default();
    let (granted, refused) = (number("refreshes"), number("refused"));
    let errors = run["errors"].as_object().into_iter().flatten();
    let failed: Vec<String> = errors
        .map(|(error, count)| format!("{count} x {error}"))
        .collect();
    [
        "8 processes x 100 calls, one expired token".to_owned(),
        format!("b24jssdk {version}, {how}"),
        number("calls").to_string(),
        number("succeeded").to_string(),
        (granted + refused).to_string(),
        format!("{refused} refreshes refused; {}", failed.join(", ")),
    ]
}
