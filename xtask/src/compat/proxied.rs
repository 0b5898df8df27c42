//! Clients of others through `b24 proxy`, under the documented limit.

use std::fmt;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Bench, Row};

/// Requests at once and a second (documentation, "Limits"), and what the clients ask for together.
const BURST: f64 = 50.0;
const RATE: f64 = 2.0;
const CALLS: f64 = 90.0;

impl Bench {
    /// Runs b24pysdk, in four threads, through a proxy before a portal of the usual plan: the portal must not refuse
    /// anything, though the client knows no limit.
    pub(crate) fn proxied(&self) -> Result<Proxied> {
        let mut portal = Command::new(&self.b24);
        let mut portal = portal
            .args(["--quiet", "portal", "--port", "0", "--deals", "100"])
            .args(["--print", "json", "--"])
            .arg(&self.b24)
            .args(["--quiet", "proxy", "--port", "0", "--https", "--"])
            .arg("sh")
            .args(["-c", WITH_COUNTS])
            .arg("sh")
            .arg(self.peers.python())
            .arg(self.scripts.join("proxied_b24pysdk.py"))
            .env_remove("B24_PROFILE")
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", self.b24.display()))?;
        let lines = lines(&mut portal)?;
        let status = portal.wait()?;
        ensure!(
            status.success(),
            "b24pysdk through the proxy failed: {status}"
        );
        let line = |from_end: usize| -> Result<Value> {
            let at = lines.len().checked_sub(from_end).context("too few lines")?;
            serde_json::from_str(&lines[at]).with_context(|| format!("no JSON: {}", lines[at]))
        };
        let (told, counts) = (line(2)?, line(1)?);
        let number = |value: &Value| value.as_f64().unwrap_or(-1.0);
        let refused = number(&counts["refusals"]["query_limit"]);
        let requests = number(&counts["requests"]);
        let seconds = number(&told["seconds"]);
        ensure!(
            number(&told["answered"]) >= CALLS && requests >= CALLS && refused == 0.0,
            "b24pysdk through the proxy: {told}, portal: {counts}"
        );
        Ok(Proxied {
            version: told["version"].as_str().unwrap_or("?").to_owned(),
            seconds,
            requests,
            refused,
        })
    }
}

/// What came of it: every call was answered.
pub(crate) struct Proxied {
    version: String,
    seconds: f64,
    requests: f64,
    refused: f64,
}

impl Proxied {
    fn note(&self) -> String {
        let floor = (CALLS - BURST) / RATE;
        format!(
            "{:.1} s, floor {floor:.1} s; {} requests, {} refused",
            self.seconds, self.requests, self.refused
        )
    }

    pub(crate) fn row(&self) -> Row {
        [
            "4 threads that know no limit, a portal of 50 at once and 2 a second".to_owned(),
            format!("b24pysdk {} through `b24 proxy`", self.version),
            CALLS.to_string(),
            CALLS.to_string(),
            String::new(),
            self.note(),
        ]
    }
}

impl fmt::Display for Proxied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "b24pysdk {} in 4 threads through b24 proxy: {CALLS} calls in {}",
            self.version,
            self.note()
        )
    }
}

/// The client, and after it what the portal has counted.
const WITH_COUNTS: &str = r#"
"$@" && "$1" -c '
import os, urllib.request
url = os.environ["B24_PORTAL_URL"] + "/_b24/stats"
head = {"Authorization": "Bearer " + os.environ["B24_PORTAL_TOKEN"]}
print(urllib.request.urlopen(urllib.request.Request(url, headers=head)).read().decode().strip())
'"#;

fn lines(child: &mut Child) -> Result<Vec<String>> {
    let stdout = child.stdout.take().context("no stdout")?;
    let text = std::io::read_to_string(stdout)?;
    Ok(text.lines().map(str::to_owned).collect())
}
