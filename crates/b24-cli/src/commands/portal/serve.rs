//! Starting a portal: for as long as nobody stops it, or for one command.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use b24::Limits;
use b24_portal::{App, Edition, Operating, Portal, PortalBuilder, Rate, StartError, Unplayed};
use clap::ValueEnum;
use serde_json::json;

use super::address::{Address, LastStarted};
use crate::commands::child;
use crate::connection::{self, Access, write};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::{Printer, Summary, grouped};
use crate::session::Session;

/// How many deals the demo set has.
const DEALS: u64 = 5_000;

#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 8724)]
    port: u16,
    /// Speak https, with a certificate of the portal's own authority.
    #[arg(long)]
    https: bool,
    /// Write the authority's certificate here, for clients to trust; implies --https.
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// Refuse webhooks over http, as every real portal does.
    #[arg(long)]
    require_https: bool,
    /// The plan, and so the limits, unless --limits and --operating-limit set others.
    #[arg(long, value_enum, default_value = "cloud")]
    edition: EditionArg,
    /// How long one request may take; what takes longer is answered with a page (504) and stopped.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = crate::args::duration)]
    wall: Duration,
    /// How many deals; contacts, companies, leads and tasks grow with them.
    #[arg(long, value_name = "N", default_value_t = DEALS)]
    deals: u64,
    /// The secret of the webhook; by default a random one.
    #[arg(long, value_name = "WORD")]
    secret: Option<String>,
    /// Install an application with this address: its id, secret and tokens are printed, and in the
    /// environment of CMD.
    #[arg(long, value_name = "URL", value_parser = crate::args::address)]
    app: Option<String>,
    /// So many portals, each on a port of its own, with one OAuth server and one clock; variables of
    /// the second end in _2.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    portals: u16,
    /// The port of the OAuth server; 0 takes a free one.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    oauth_port: u16,
    /// What methods answer that the portal does not play.
    #[arg(long, value_enum, default_value = "501")]
    unplayed: UnplayedArg,
    /// What to print on stdout when the portal is ready; by default the webhook, and nothing before CMD.
    #[arg(long, value_enum, value_name = "FORM")]
    print: Option<Print>,
    /// Write where the portal is (as --print json) when it is ready.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Run this command with `B24_WEBHOOK` set, and end with its exit code.
    #[arg(last = true, value_name = "CMD")]
    command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EditionArg {
    /// An ordinary plan: 50 requests, then 2 a second.
    Cloud,
    /// The Enterprise plan: 250 requests, then 5 a second.
    Enterprise,
    /// A server of one's own: no limits.
    Box,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum UnplayedArg {
    /// An error that says so.
    #[value(name = "501")]
    NotImplemented,
    /// An invented answer in the documented shape.
    Stub,
    /// As if the method did not exist.
    #[value(name = "404")]
    NotFound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Print {
    /// The webhook.
    Url,
    /// NAME=value lines for a shell.
    Env,
    /// One object.
    Json,
}

/// Starts the portal, and serves until somebody stops it or the command ends.
pub(super) async fn run(args: ServeArgs, session: &Session) -> Result<Exit> {
    let started = match start(&args, session).await {
        Ok(started) => started,
        Err(error) if args.command.is_empty() => return Err(error),
        Err(error) => {
            session
                .printer
                .failure(&crate::failure::from_any(&error, None));
            return Ok(Exit::Child(125));
        }
    };
    let exit = if args.command.is_empty() {
        session.stop.requested().await.exit()
    } else {
        child::run(&args.command, &started.address.variables(), session).await
    };
    started.end(session);
    Ok(exit)
}

/// A portal that is ready.
struct Started {
    ready_file: Option<PathBuf>,
    portal: Portal,
    others: Vec<Portal>,
    address: Address,
    noted: Option<LastStarted>,
    /// The certificate's file, when nobody said where to put it.
    _ca: Option<tempfile::NamedTempFile>,
}

impl Started {
    fn end(&self, session: &Session) {
        if let Some(path) = &self.ready_file {
            not_ready(path);
        }
        if let Some(noted) = &self.noted {
            noted.forget(&self.address);
        }
        let all = std::iter::once(&self.portal).chain(&self.others);
        let requests = all.map(Portal::requests).sum();
        let text = format!(
            "the portal answered {} requests and is gone",
            grouped(requests)
        );
        session.finish(Summary::new(text).field("requests", requests));
    }
}

/// Nobody may take the word of a portal that is gone.
fn not_ready(path: &Path) {
    if !path.is_file() {
        return;
    }
    // If it cannot be removed, it cannot be replaced either, and that is told.
    let _ = std::fs::remove_file(path);
}

async fn start(args: &ServeArgs, session: &Session) -> Result<Started> {
    if let Some(path) = &args.ready_file {
        not_ready(path);
    }
    let portal = builder(args, session)?
        .start()
        .await
        .map_err(|error| not_started(&error))?;
    let (ca, ca_file) = certificate(args, &portal)?;
    let app = args.app.as_ref().map(App::new);
    let installed = app.clone().map(|app| portal.add_app(app));
    let mut address = Address::of(&portal, ca.clone(), installed.as_ref());
    let mut others = Vec::new();
    for _ in 1..args.portals {
        let other = builder(args, session)?.port(0).beside(&portal);
        let other = other.start().await.map_err(|error| not_started(&error))?;
        let installed = app.clone().map(|app| other.add_app(app));
        let known = Address::of(&other, ca.clone(), installed.as_ref());
        address.others.push(known);
        others.push(other);
    }
    // A portal for one command is found by its variables: who starts one goes on talking to the
    // portal that he started before.
    let alone = args.command.is_empty();
    let noted = LastStarted::locate().filter(|_| alone);
    let noted = noted.filter(|noted| match noted.note(&address) {
        Ok(()) => true,
        Err(error) => {
            session.printer.warning(format_args!(
                "b24 portal fault will not find this portal: {error}"
            ));
            false
        }
    });
    let note = match &args.ca_out {
        Some(path) => format!("; clients trust {}", path.display()),
        None => String::new(),
    };
    session.printer.note(format_args!(
        "a portal with {} deals listens at {}{note}",
        grouped(args.deals),
        address.url
    ));
    print(args, session, &address)?;
    if let Some(path) = &args.ready_file {
        write(
            path,
            Access::Owner,
            format!("{}\n", json!(address)).as_bytes(),
        )
        .map_err(|error| Failure::local(format!("--ready-file {}: {error}", path.display())))?;
    }
    Ok(Started {
        ready_file: args.ready_file.clone(),
        portal,
        others,
        address,
        noted,
        _ca: ca_file,
    })
}

fn builder(args: &ServeArgs, session: &Session) -> Result<PortalBuilder, Failure> {
    let mut builder = Portal::builder()
        .listen(args.listen)
        .port(args.port)
        .oauth_port(args.oauth_port)
        .deals(args.deals)
        .require_https(args.require_https)
        .wall(Some(args.wall))
        .edition(match args.edition {
            EditionArg::Cloud => Edition::Cloud,
            EditionArg::Enterprise => Edition::Enterprise,
            EditionArg::Box => Edition::Box,
        })
        .unplayed(match args.unplayed {
            UnplayedArg::NotImplemented => Unplayed::NotImplemented,
            UnplayedArg::Stub => Unplayed::Stub,
            UnplayedArg::NotFound => Unplayed::NotFound,
        });
    if let Some(rate) = rate(session.global.limits.as_deref())? {
        builder = builder.rate(rate);
    }
    if let Some(limit) = session.global.operating_limit {
        builder = builder.operating(Operating::Limit(limit.as_secs_f64()));
    }
    if args.https {
        builder = builder.https();
    }
    if let Some(path) = &args.ca_out {
        builder = builder.ca_out(path);
    }
    if let Some(secret) = &args.secret {
        builder = builder.secret(secret);
    }
    if session.printer.verbosity() > 0 {
        builder = builder.log_to(Requests(session.printer.clone()));
    }
    Ok(builder)
}

/// What `--limits` says of this portal's own; without it, and with `auto`, the edition does.
fn rate(told: Option<&str>) -> Result<Option<Rate>, Failure> {
    let bucket = |size, per_second| Some(Rate::Bucket { size, per_second });
    Ok(match connection::limits(told)? {
        Limits::Off => Some(Rate::Off),
        Limits::Standard => bucket(50.0, 2.0),
        Limits::Enterprise => bucket(250.0, 5.0),
        Limits::Custom { burst, rate } => bucket(burst.into(), rate),
        _ => None,
    })
}

/// Shows each request as a line of ours.
struct Requests(Printer);

impl Write for Requests {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.detail(1, String::from_utf8_lossy(line).trim_end());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The absolute path of the certificate that clients have to trust.
fn certificate(
    args: &ServeArgs,
    portal: &Portal,
) -> Result<(Option<PathBuf>, Option<tempfile::NamedTempFile>)> {
    let Some(pem) = portal.ca_pem() else {
        return Ok((None, None));
    };
    if let Some(path) = &args.ca_out {
        return Ok((Some(std::path::absolute(path)?), None));
    }
    let mut file = tempfile::Builder::new()
        .prefix("b24-portal-")
        .suffix(".pem")
        .tempfile()?;
    file.write_all(pem.as_bytes())?;
    Ok((Some(file.path().to_owned()), Some(file)))
}

fn print(args: &ServeArgs, session: &Session, address: &Address) -> Result<()> {
    let asked = if session.printer.is_json() {
        Some(Print::Json)
    } else {
        args.print
    };
    let form = match asked {
        Some(form) => form,
        None if args.command.is_empty() => Print::Url,
        None => return Ok(()),
    };
    let mut out = session.printer.stdout();
    match form {
        Print::Url => writeln!(out, "{}", address.webhook)?,
        Print::Env => {
            for (name, value) in address.variables() {
                writeln!(out, "{name}={value}")?;
            }
        }
        Print::Json => writeln!(out, "{}", json!(address))?,
    }
    out.flush()?;
    if args.command.is_empty() && io::stderr().is_terminal() {
        session.printer.note("Ctrl-C ends it");
    }
    Ok(())
}

fn not_started(error: &StartError) -> Failure {
    let cause = std::error::Error::source(error)
        .map(|cause| format!(": {cause}"))
        .unwrap_or_default();
    let failure = Failure::local(format!("the portal cannot start: {error}{cause}"));
    match error {
        StartError::Listen { .. } => failure.hint("b24 portal --port 0 takes a free port"),
        _ => failure,
    }
}
