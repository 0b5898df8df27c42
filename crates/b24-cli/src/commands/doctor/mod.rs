//! `b24 doctor`: a connection checked step by step, each step with a verdict and a way out.

mod network;
mod portal;

use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use crate::exit::Exit;
use crate::failure::{Failure, Kind};
use crate::session::Session;

/// Check a connection step by step: name, network, certificate, webhook or application, scopes, clock, plan,
/// what is used of the limits, REST 3.
///
/// It reads only, and sends at most five requests. The exit code is that of the first failed step:
/// 4 for the webhook or application, 5 for the network, 1 for the rest; warnings leave it 0.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 doctor
  b24 doctor -p acme
  b24 doctor --json | jq '.checks[] | select(.verdict != \"ok\")'
")]
pub(crate) struct Args {}

/// How a step came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warning,
    Failed,
    /// It cannot be told.
    Skipped,
}

/// One step.
#[derive(Debug, Clone, Serialize)]
struct Check {
    /// What is checked.
    #[serde(rename = "check")]
    step: &'static str,
    verdict: Verdict,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Of a failed step: decides the exit code.
    #[serde(skip)]
    kind: Option<Kind>,
}

impl Check {
    fn new(step: &'static str, verdict: Verdict, text: impl Into<String>) -> Self {
        Self {
            step,
            verdict,
            text: text.into(),
            hint: None,
            kind: None,
        }
    }

    fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, text)
    }

    fn warning(check: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..Self::new(check, Verdict::Warning, text)
        }
    }

    fn skipped(check: &'static str, text: impl Into<String>) -> Self {
        Self::new(check, Verdict::Skipped, text)
    }

    fn failed(check: &'static str, kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind: Some(kind),
            ..Self::new(check, Verdict::Failed, text)
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A step that failed as a command would.
    fn of(check: &'static str, failure: &Failure) -> Self {
        let mut text = failure.to_string();
        if let Some(words) = &failure.portal {
            let _ = write!(text, ": {words}");
        }
        Self {
            hint: failure.hints.first().cloned(),
            ..Self::failed(check, failure.kind, text)
        }
    }
}

/// Runs the command.
pub(crate) async fn run(_args: &Args, session: &Session) -> Result<Exit> {
    let connection = session.connection().await?;
    let mut checks = network::check(connection, session).await;
    let reached = !checks.iter().any(|check| check.verdict == Verdict::Failed);
    if reached {
        checks.extend(portal::check(connection).await);
    }
    let exit = checks
        .iter()
        .find_map(|check| check.kind)
        .map_or(Exit::Done, Kind::exit);
    let report = json!({
        "portal": connection.host,
        "origin": connection.origin,
        "healthy": exit == Exit::Done,
        "requests": connection.client.stats().requests,
        "checks": checks,
    });
    let text = text(&connection.to_string(), &checks);
    session.printer.report(&report, text)?;
    Ok(exit)
}

fn text(connection: &str, checks: &[Check]) -> String {
    let mut out = format!("{connection}\n");
    for check in checks {
        let verdict = match check.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Failed => "failed",
            Verdict::Skipped => "-",
        };
        let _ = writeln!(out, "{verdict:<8} {:<12} {}", check.step, check.text);
        if let Some(hint) = &check.hint {
            let _ = writeln!(out, "{:<8} {:<12} hint: {hint}", "", "");
        }
    }
    out
}
