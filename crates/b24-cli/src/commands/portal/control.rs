//! The control API of a running portal.

use std::fmt::Write as _;
use std::io::Write as _;
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::{Context, Result};
use b24_portal::{Fault, FaultRule};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::address::{self, Address};
use crate::exit::Exit;
use crate::failure::{Failure, Kind};
use crate::printer::grouped;
use crate::session::Session;

/// Which portal.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// Address of the portal; by default the one you started last.
    #[arg(long, value_name = "URL")]
    portal_url: Option<String>,
    /// Its control token.
    #[arg(long, value_name = "TOKEN")]
    portal_token: Option<String>,
}

/// Make something go wrong, or list what is going to.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 portal fault                                    what waits
  b24 portal fault query-limit --times 3
  b24 portal fault cut-after-run --method crm.item.add
  b24 portal fault cut-after-run --method batch --every 7    each 7th, until --clear
  b24 portal fault '{\"delay\": 2.5}' --method batch
  b24 portal fault --clear
")]
pub(super) struct FaultArgs {
    /// query-limit, operating-limit, overload, html502, html502-after-run, html504-after-run,
    /// cut-before-run, cut-after-run, cut-body, cut-request, cut-answer, truncate-body, empty-body,
    /// revoke-webhook, restore-webhook, or JSON for a fault with values; without one, those that wait are listed.
    fault: Option<String>,
    /// Only requests of this method.
    #[arg(long)]
    method: Option<String>,
    /// So many matching requests pass first.
    #[arg(long, default_value_t = 0, value_name = "N")]
    skip: u32,
    /// Of those after it, only each n-th is hit.
    #[arg(long, value_name = "N")]
    every: Option<NonZeroU32>,
    /// So many requests are hit; 1 by default, with --every until --clear.
    #[arg(long, value_name = "N")]
    times: Option<u32>,
    /// Disarm everything that waits.
    #[arg(long, conflicts_with = "fault")]
    clear: bool,
    #[command(flatten)]
    target: Target,
}

/// Put everything back to how it was at the start.
#[derive(Debug, clap::Args)]
pub(super) struct ResetArgs {
    #[command(flatten)]
    target: Target,
}

/// Print the requests the portal has seen, one JSON object a line.
#[derive(Debug, clap::Args)]
pub(super) struct LogArgs {
    /// Forget them.
    #[arg(long)]
    clear: bool,
    #[command(flatten)]
    target: Target,
}

/// Print every documented method and whether the portal plays it, one JSON object a line.
#[derive(Debug, clap::Args)]
pub(super) struct CoverageArgs {
    #[command(flatten)]
    target: Target,
}

pub(super) async fn fault(args: FaultArgs, session: &Session) -> Result<Exit> {
    let portal = Control::of(args.target, session)?;
    if args.clear {
        let told = "nothing goes wrong any more";
        return portal
            .change(Method::DELETE, "/faults", None, told, session)
            .await;
    }
    let Some(name) = args.fault else {
        let waiting = portal.ask(Method::GET, "/faults", None).await?;
        let waiting: Value = serde_json::from_str(&waiting).context("the portal's faults")?;
        let mut lines = String::new();
        for rule in waiting.as_array().into_iter().flatten() {
            writeln!(lines, "{rule}")?;
        }
        session.printer.report(&waiting, lines)?;
        return Ok(Exit::Done);
    };
    let mut rule = FaultRule::new(parse(&name)?).skip(args.skip);
    (rule.method, rule.every, rule.times) = (args.method, args.every, args.times);
    let rule = json!(rule);
    let told = format!("armed: {rule}");
    portal
        .change(Method::POST, "/faults", Some(&rule), &told, session)
        .await
}

pub(super) async fn reset(args: ResetArgs, session: &Session) -> Result<Exit> {
    let told = "everything is as it was at the start";
    Control::of(args.target, session)?
        .change(Method::POST, "/reset", None, told, session)
        .await
}

pub(super) async fn log(args: LogArgs, session: &Session) -> Result<Exit> {
    let portal = Control::of(args.target, session)?;
    if args.clear {
        let told = "the log is empty";
        return portal
            .change(Method::DELETE, "/log", None, told, session)
            .await;
    }
    let lines = portal.ask(Method::GET, "/log", None).await?;
    let mut out = session.printer.stdout();
    out.write_all(lines.as_bytes())?;
    out.flush()?;
    Ok(Exit::Done)
}

pub(super) async fn coverage(args: CoverageArgs, session: &Session) -> Result<Exit> {
    let portal = Control::of(args.target, session)?;
    let methods = portal.ask(Method::GET, "/coverage", None).await?;
    let methods: Value = serde_json::from_str(&methods).context("the portal's methods")?;
    let methods = methods.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut out = session.printer.stdout();
    for method in methods {
        writeln!(out, "{method}")?;
    }
    out.flush()?;
    let played = methods.iter().filter(|method| method["is_played"] == true);
    let text = format!(
        "{} of {} documented methods are played",
        grouped(played.count() as u64),
        grouped(methods.len() as u64)
    );
    session.printer.note(text);
    Ok(Exit::Done)
}

/// `cut-after-run`, `cut_after_run`, or the JSON of a fault; a name may leave out values that have a default.
fn parse(text: &str) -> Result<Fault, Failure> {
    let read = |value: Value| serde_json::from_value::<Fault>(value);
    let fault = if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
    } else {
        let name = text.replace('-', "_");
        read(json!(name)).or_else(|error| read(json!({name: {}})).map_err(|_| error))
    };
    fault.map_err(|error| {
        Failure::usage(format!("`{text}` is no fault: {error}"))
            .state("nothing was armed")
            .hint("b24 portal fault --help")
    })
}

/// The way to one portal's control API.
pub(super) struct Control {
    address: Address,
    http: reqwest::Client,
}

impl Control {
    pub(super) fn of(target: Target, session: &Session) -> Result<Self> {
        let address = address::running(target.portal_url, target.portal_token)?;
        let mut http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(session.global.timeout.unwrap_or(Duration::from_secs(30)));
        if let Some(path) = session.global.portal_ca.as_ref().or(address.ca.as_ref()) {
            let pem = std::fs::read(path).with_context(|| path.display().to_string())?;
            http = http.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem)?);
        }
        Ok(Self {
            address,
            http: http.build()?,
        })
    }

    /// Changes something and tells it, or tells what a dry run leaves out.
    async fn change(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        told: &str,
        session: &Session,
    ) -> Result<Exit> {
        if session.global.dry_run {
            let text = format_args!("a dry run changes nothing; else: {told}");
            session.printer.note(text);
        } else {
            self.ask(method, path, body).await?;
            session.printer.note(told);
        }
        Ok(Exit::Done)
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<String> {
        let url = format!("{}/_b24{path}", self.address.url);
        let mut request = self
            .http
            .request(method, url)
            .bearer_auth(&self.address.token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        let text = answer
            .text()
            .await
            .map_err(|error| self.unreachable(&error))?;
        if status.is_success() {
            return Ok(text);
        }
        let words: Value = serde_json::from_str(&text).unwrap_or_default();
        let words = words["error"]
            .as_str()
            .unwrap_or("no portal of ours")
            .to_owned();
        let kind = if status == StatusCode::UNAUTHORIZED {
            Kind::Auth
        } else {
            Kind::Refused
        };
        let message = format!("{} refused (HTTP {})", self.address.url, status.as_u16());
        let mut failure = Failure::new(kind, message).state("nothing changed");
        failure.portal = Some(words);
        Err(failure.into())
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Failure::new(
            Kind::Temporary,
            format!("no portal answers at {}: {cause}", self.address.url),
        )
        .state("nothing changed")
        .hint("b24 portal starts one")
    }
}
