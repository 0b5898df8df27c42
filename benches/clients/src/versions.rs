//! On what machine, and with which versions.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::options::Options;

/// Packages of others, as they call themselves.
const NPM: &[&str] = &["@bitrix24/b24jssdk", "@2bad/bitrix"];
const PYPI: &[&str] = &["b24pysdk", "fast_bitrix24", "b24api"];

/// What the figures depend on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Machine {
    pub day: String,
    pub commit: String,
    pub processor: String,
    pub cores: usize,
    pub memory_gigabytes: f64,
    pub kernel: String,
    /// Other work of the machine while it measured: the load before it began.
    pub load: String,
    pub versions: BTreeMap<String, String>,
}

impl Machine {
    pub fn look(options: &Options) -> Result<Self> {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kilobytes = field(&memory, "MemTotal").trim_end_matches(" kB").parse();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Ok(Self {
            day: first_line(Command::new("date").arg("+%Y-%m-%d"))?,
            commit: first_line(
                Command::new("git")
                    .args(["rev-parse", "--short", "HEAD"])
                    .current_dir(&options.root),
            )?,
            processor: field(&cpu, "model name"),
            cores: std::thread::available_parallelism()?.get(),
            memory_gigabytes: kilobytes.unwrap_or(0.0) * 1024.0 / 1e9,
            kernel: kernel.trim().to_owned(),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            versions: versions(options)?,
        })
    }
}

fn versions(options: &Options) -> Result<BTreeMap<String, String>> {
    let python = options.peers.join("venv/bin/python");
    let mut versions = BTreeMap::from([
        (
            "b24".to_owned(),
            last_word(Command::new(&options.b24).arg("--version"))?,
        ),
        (
            "node".to_owned(),
            first_line(Command::new("node").arg("--version"))?,
        ),
        (
            "python".to_owned(),
            last_word(Command::new(&python).arg("--version"))?,
        ),
        (
            "rustc".to_owned(),
            first_line(Command::new("rustc").arg("--version"))?,
        ),
    ]);
    for name in NPM {
        let path = options
            .peers
            .join("node_modules")
            .join(name)
            .join("package.json");
        versions.insert((*name).to_owned(), npm_version(&path)?);
    }
    for name in PYPI {
        let program =
            "import sys; from importlib.metadata import version; print(version(sys.argv[1]))";
        let version = first_line(Command::new(&python).args(["-c", program, name]))?;
        versions.insert((*name).to_owned(), version);
    }
    Ok(versions)
}

fn npm_version(package: &Path) -> Result<String> {
    let text = fs::read_to_string(package)
        .with_context(|| format!("{} is not installed", package.display()))?;
    let package: serde_json::Value = serde_json::from_str(&text)?;
    Ok(package["version"].as_str().unwrap_or_default().to_owned())
}

fn field(text: &str, name: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':'));
    value.map_or_else(String::new, |(_, value)| value.trim().to_owned())
}

fn first_line(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

fn last_word(command: &mut Command) -> Result<String> {
    let line = first_line(command)?;
    Ok(line.split(' ').next_back().unwrap_or_default().to_owned())
}
