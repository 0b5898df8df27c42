//! `cargo xtask compat`: unmodified clients of others run against the local portal, and their
//! results are compared with ours.

mod application;
mod difference;
mod processes;
mod proxied;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::peers::Peers;
use crate::process::{cargo, run, target_directory};
use difference::difference;

/// What each client prints under these keys is compared.
const TASKS: [&str; 3] = ["call", "list", "batch"];

struct Client {
    name: &'static str,
    script: &'static str,
    /// The client refuses plain http, or is shown to work over https too.
    https: bool,
}

/// The first is ours: the others are compared with it.
const CLIENTS: &[Client] = &[
    Client {
        name: "b24",
        script: "run_b24.py",
        https: false,
    },
    Client {
        name: "b24",
        script: "run_b24.py",
        https: true,
    },
    Client {
        name: "@bitrix24/b24jssdk",
        script: "b24jssdk.mjs",
        https: true,
    },
    Client {
        name: "@2bad/bitrix",
        script: "2bad_bitrix.mjs",
        https: false,
    },
    Client {
        name: "fast_bitrix24",
        script: "run_fast_bitrix24.py",
        https: false,
    },
    Client {
        name: "b24pysdk",
        script: "run_b24pysdk.py",
        https: true,
    },
];

/// Everything a client needs to run.
pub(crate) struct Bench {
    pub(crate) scripts: PathBuf,
    pub(crate) peers: Peers,
    pub(crate) b24: PathBuf,
}

/// A line of the table of `cargo xtask bench oauth`: what, who, calls, succeeded, refreshes, and a note.
pub(crate) type Row = [String; 6];

/// Builds the command, installs the clients, runs all of them and prints a table.
pub(crate) fn check(root: &Path) -> Result<()> {
    let target = target_directory(root)?;
    run(&mut cargo(root, &["build", "--package", "b24-cli"]))?;
    let bench = Bench {
        scripts: root.join("compat/clients"),
        peers: Peers::install(root, &target)?,
        b24: target.join("debug/b24"),
    };

    eprintln!(
        "\n{:<20}{:<10}{:<7}{:<12}{:<24}batch",
        "client", "version", "over", "call", "list"
    );
    let mut ours = None;
    let mut differences = Vec::new();
    for client in CLIENTS {
        let answers = bench.answers(client)?;
        let expected = ours.get_or_insert_with(|| answers.clone());
        let cells = TASKS.map(|task| {
            let found = difference(&expected[task], &answers[task]);
            let rows = answers[task]
                .as_array()
                .map(|rows| format!(" ({} rows)", rows.len()));
            let verdict = if found.is_none() { "same" } else { "DIFFERENT" };
            differences.extend(found.map(|text| format!("{} {task}: {text}", client.name)));
            format!("{verdict}{}", rows.unwrap_or_default())
        });
        eprintln!(
            "{:<20}{:<10}{:<7}{:<12}{:<24}{}",
            client.name,
            answers["version"].as_str().unwrap_or("?"),
            if client.https { "https" } else { "http" },
            cells[0],
            cells[1],
            cells[2]
        );
    }
    if !differences.is_empty() {
        bail!(
            "results differ from those of b24:\n  {}",
            differences.join("\n  ")
        );
    }
    bench.application()?;
    eprintln!("\n{}", bench.proxied()?);
    Ok(())
}

impl Bench {
    /// Runs one client against a portal of its own, so that none meets another's limits.
    fn answers(&self, client: &Client) -> Result<Value> {
        let ca = self.peers.folder.join("ca.pem");
        let mut portal = Command::new(&self.b24);
        portal.args(["--quiet", "portal", "--port", "0", "--secret", "demo"]);
        if client.https {
            portal.args([
                OsStr::new("--https"),
                OsStr::new("--ca-out"),
                ca.as_os_str(),
            ]);
            for variable in ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"] {
                portal.env(variable, &ca);
            }
        }
        portal.arg("--");
        match Path::new(client.script).extension().and_then(OsStr::to_str) {
            Some("py") => portal.arg(self.peers.python()),
            _ => portal.arg("node"),
        };
        portal
            .arg(self.scripts.join(client.script))
            .env("COMPAT_B24", &self.b24)
            .env("COMPAT_MODULES", &self.peers.folder)
            .env_remove("B24_PROFILE");
        let answers = told(&mut portal, client.name)?;
        for task in TASKS {
            let is_there = match &answers[task] {
                Value::Array(rows) => !rows.is_empty(),
                Value::Object(parts) => parts.values().all(|part| !part.is_null()),
                _ => false,
            };
            ensure!(is_there, "{} brought nothing for `{task}`", client.name);
        }
        Ok(answers)
    }
}

/// Runs a portal with a client as its command: what the client has printed on its last line.
fn told(portal: &mut Command, client: &str) -> Result<Value> {
    let output = portal.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run the portal for {client}"))?;
    ensure!(
        output.status.success(),
        "{client} failed: {}",
        output.status
    );
    let text =
        String::from_utf8(output.stdout).with_context(|| format!("{client} printed no UTF-8"))?;
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).with_context(|| format!("{client} printed no JSON on its last line"))
}
