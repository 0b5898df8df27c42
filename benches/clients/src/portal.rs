//! A local portal as a process of its own, and its control API.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Certificate, Client, Method};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::leash;
use crate::options::Options;

/// Times of a fault that shall not end.
const ALWAYS: u32 = u32::MAX;

/// A running portal; it ends with this value.
pub struct Portal {
    child: Child,
    http: Client,
    address: Address,
}

#[derive(Deserialize)]
struct Address {
    webhook: String,
    url: String,
    token: String,
    ca: Option<PathBuf>,
}

/// What the bench looks at in a row.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub struct Deal {
    pub id: String,
    pub title: String,
}

/// What the portal counted since its last reset.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    pub requests: u64,
    /// 503 `QUERY_LIMIT_EXCEEDED`.
    pub refused: u64,
}

impl Portal {
    /// `edition`: `box` has no limits, `cloud` takes 50 requests at once and 2 a second.
    pub fn start(options: &Options, edition: &str, https: bool, rows: u64) -> Result<Self> {
        Self::start_with(options, edition, https, rows, &[])
    }

    /// With more flags.
    pub fn start_with(
        options: &Options,
        edition: &str,
        https: bool,
        rows: u64,
        flags: &[&str],
    ) -> Result<Self> {
        let mut command = Command::new(leash::this());
        command
            .arg("leashed")
            .arg(&options.b24)
            .args(["--quiet", "portal", "--port", "0", "--print", "json"])
            .args(["--edition", edition, "--deals", &rows.to_string()])
            .args(flags)
            // Other portals of this user stay the ones that he started last.
            .env("XDG_STATE_HOME", options.out.join("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if https {
            let ca = options.out.join(format!("ca-{edition}-{rows}.pem"));
            command.arg("--https").arg("--ca-out").arg(ca);
        }
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot run {}", options.b24.display()))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address: Result<Address, _> = serde_json::from_str(&line);
        let address = match address {
            Ok(address) => address,
            Err(error) => {
                end(&mut child);
                return Err(error).context("the portal told no address");
            }
        };
        let mut http = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60));
        if let Some(ca) = &address.ca {
            let pem = std::fs::read(ca)?;
            http = http.tls_certs_only(Certificate::from_pem_bundle(&pem)?);
        }
        Ok(Self {
            child,
            http: http.build()?,
            address,
        })
    }

    pub fn webhook(&self) -> &str {
        &self.address.webhook
    }

    /// The certificate to trust, for https.
    pub fn ca(&self) -> Option<&PathBuf> {
        self.address.ca.as_ref()
    }

    /// All as at the start: rows, limits, faults, counts.
    pub async fn reset(&self) -> Result<()> {
        self.ask(Method::POST, "/reset", None).await?;
        Ok(())
    }

    /// Arms a fault.
    pub async fn arm(&self, rule: &Value) -> Result<()> {
        self.ask(Method::POST, "/faults", Some(rule)).await?;
        Ok(())
    }

    /// Every request takes so long.
    pub async fn slow_down(&self, seconds: f64) -> Result<()> {
        self.arm(&json!({"fault": {"delay": seconds}, "times": ALWAYS}))
            .await
    }

    /// No fault waits any more.
    pub async fn calm(&self) -> Result<()> {
        self.ask(Method::DELETE, "/faults", None).await?;
        Ok(())
    }

    pub async fn restore_webhook(&self) -> Result<()> {
        self.ask(Method::POST, "/webhook/restore", None).await?;
        Ok(())
    }

    pub async fn counts(&self) -> Result<Counts> {
        let stats = self.ask(Method::GET, "/stats", None).await?;
        Ok(Counts {
            requests: stats["requests"].as_u64().unwrap_or_default(),
            refused: stats["refusals"]["query_limit"]
                .as_u64()
                .unwrap_or_default(),
        })
    }

    /// All rows.
    pub async fn deals(&self) -> Result<Vec<Deal>> {
        let rows = self.bytes(Method::GET, "/rows/deal", None).await?;
        serde_json::from_slice(&rows).context("rows")
    }

    /// The id of the deal after so many others.
    pub async fn id_after(&self, deals: u64) -> Result<Option<u64>> {
        let page = json!({"select": ["ID"], "order": {"ID": "ASC"}, "start": deals});
        let answer = self.call("crm.deal.list", &page).await?;
        let id = answer["result"][0]["ID"].as_str();
        Ok(id.and_then(|id| id.parse().ok()))
    }

    /// Calls a method as a client would.
    pub async fn call(&self, method: &str, params: &Value) -> Result<Value> {
        let url = format!("{}{method}", self.address.webhook);
        let request = self.http.post(url).body(params.to_string());
        let request = request.header("content-type", "application/json");
        let answer = request.send().await?.error_for_status()?;
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let bytes = self.bytes(method, path, body).await?;
        serde_json::from_slice(&bytes).with_context(|| format!("the answer to {path}"))
    }

    async fn bytes(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Vec<u8>> {
        let url = format!("{}/_b24{path}", self.address.url);
        let mut request = self.http.request(method, url);
        request = request.bearer_auth(&self.address.token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        ensure!(
            status.is_success(),
            "the portal's control API answered {status} to {path}: {}",
            String::from_utf8_lossy(&bytes)
        );
        Ok(bytes.into())
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}
