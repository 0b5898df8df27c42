//! `b24 proxy`: one address of this machine, through which clients in any language call the portal under
//! its limits.
//!
//! What was decided, and why:
//!
//! - **The address reads like a webhook**, `http://127.0.0.1:8726/rest/1/TOKEN/`, because that is what every
//!   client takes: v2 and `/rest/api/` of v3, GET and POST, any body, `.json` and `.xml`. The number before the
//!   token is not looked at. A client that only knows applications may send TOKEN as `auth`, in query, body or
//!   a Bearer header. TOKEN is made here, 122 random bits for each run, or kept with `--tokens`; the webhook's
//!   secret and an application's tokens stay in this process.
//! - **A request goes as it came**, and an answer comes as the portal wrote it, byte for byte (but for the packing
//!   of the transport). Only an answer that holds the secret is changed: links with it (`DOWNLOAD_URL`, upload
//!   addresses) lead here, with TOKEN, so that they work; anywhere else TOKEN stands for it, and a header with it is
//!   left out. Links without the secret still lead to the portal. `next` is a number, and stays. Files are not searched.
//! - **Bodies of requests are held in memory** (`--max-body`), for a request that the portal refuses is sent again; and so
//!   are answers other than files, for the body says what happened and one that breaks off is asked for again. Of a large
//!   answer only the ends are read. Files stream.
//! - **Limits are those of the SDK**: one queue and one ledger of operating time for all clients. A batch is one request; its
//!   time is charged to the methods of its commands as its answer tells. 503 and 429 are waited for, up to
//!   `--wait`; then the client gets the portal's own words for it, and nothing has run.
//! - **A write is sent once.** If its answer is lost or no JSON, the client is told so by an error of ours with HTTP 409: the
//!   clients that send again by themselves do so on 5xx, 408, 429 or a broken connection. A read is sent again here.
//! - **A client that goes away** while its call waits takes it along. Of a write that was sent the answer is kept for ten
//!   minutes, and the same request again, byte for byte by the same client, gets that answer: waiting here must not turn a
//!   client's time-out into a second deal.
//! - **Whatever is not known to read is a write**, so `--read-only` refuses it, with 403; a batch is what its strongest
//!   command is. A profile that asks before writes cannot ask here: it refuses them unless `--yes`.
//! - **Nobody else's machine**, unless `--listen` says so.

mod access_log;
mod address;
mod answer;
mod clients;
mod deed;
mod given_up;
mod handle;
mod serve;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use serde_json::json;

use super::child;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::{Summary, counted, lasting};
use crate::session::{Mode, Session};
use clients::Clients;
use serve::Server;

/// Let any client call through one address of this machine: at the portal's pace, without its secret.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 proxy                                   an address at http://127.0.0.1:8726 to paste into any client
  b24 -p acme proxy -- python3 import.py      for one script, which finds it as B24_WEBHOOK
  b24 proxy --client crm-sync --client site   an address for each, told apart in the log
  b24 proxy --tokens proxy.json --port 8726   the same addresses after every start
  b24 proxy --read-only --access-log calls.log
  b24 proxy --https --ca-out ca.pem           for clients that insist on https
")]
pub(crate) struct Args {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1", value_name = "IP")]
    listen: IpAddr,
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 8726, value_name = "PORT")]
    port: u16,
    /// Serve https, with a certificate made for this run.
    #[arg(long)]
    https: bool,
    /// Write the authority's certificate here, for clients to trust; implies --https.
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// A client of this name has an address of its own; repeatable.
    #[arg(long = "client", value_name = "NAME", value_parser = clients::name)]
    clients: Vec<String>,
    /// Keep the tokens of the addresses in this file, readable by you alone.
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// How long a call may wait for the portal's limits, and be sent again.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = crate::args::duration)]
    wait: Duration,
    /// The largest body of a request, in MB.
    #[arg(long, value_name = "MB", default_value_t = 256)]
    max_body: u64,
    /// Write a line for each call to this file instead of stderr.
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
    /// What to print on stdout when it listens; by default the addresses, and nothing before CMD.
    #[arg(long, value_enum, value_name = "FORM")]
    print: Option<Print>,
    /// Run this command with `B24_WEBHOOK` set, and end with its exit code.
    #[arg(last = true, value_name = "CMD")]
    command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Print {
    /// The addresses.
    Url,
    /// NAME=value lines for a shell.
    Env,
    /// One object.
    Json,
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let server = match start(&args, session).await {
        Ok(server) => server,
        Err(error) if args.command.is_empty() => return Err(error),
        Err(error) => {
            let failure = crate::failure::from_any(&error, session.connected());
            session.printer.failure(&failure);
            return Ok(Exit::Child(125));
        }
    };
    let exit = if args.command.is_empty() {
        session.stop.requested().await.exit()
    } else {
        child::run(&args.command, &server.variables(), session).await
    };
    summarise(server.drain().await, session);
    Ok(exit)
}

fn summarise(calls: u64, session: &Session) {
    let stats = session
        .connected()
        .map(|connection| connection.client.stats());
    let stats = stats.unwrap_or_default();
    let refused = stats.refused_rate + stats.refused_operating;
    let waited = stats.waited_rate + stats.waited_operating;
    let mut told = vec![format!(
        "the proxy answered {}",
        counted(calls, "call", "calls")
    )];
    if refused > 0 {
        let refusals = counted(refused, "refusal", "refusals");
        told.push(format!("{refusals} of the portal absorbed"));
    }
    if waited > Duration::from_secs(1) {
        told.push(format!("{} waited for its limits", lasting(waited)));
    }
    session.finish(
        Summary::new(told.join(", "))
            .field("calls", calls)
            .field("requests", stats.requests)
            .field("refused", refused)
            .field("waited_seconds", waited.as_secs_f64()),
    );
}

async fn start(args: &Args, session: &Session) -> Result<Server> {
    let connection = session.connection().await?;
    let clients = Clients::new(&args.clients, args.tokens.as_deref())?;
    if !args.listen.is_loopback() {
        session.printer.warning(format_args!(
            "--listen {}: whoever reaches this machine and learns an address calls {connection}",
            args.listen
        ));
    }
    let read_only = match connection.mode {
        Mode::Free => session.global.dry_run,
        Mode::ReadOnly => true,
        Mode::Confirm if session.global.yes => false,
        Mode::Confirm => {
            session.printer.warning(format_args!(
                "{connection} asks before writes, and nobody can be asked here: they are refused; --yes lets them through"
            ));
            true
        }
    };
    let server = Server::start(args, clients, read_only, session, connection).await?;
    session.printer.note(format_args!(
        "{} leads to {connection}{}",
        server.origin(),
        if read_only { ", read-only" } else { "" }
    ));
    print(args, session, &server)?;
    Ok(server)
}

fn print(args: &Args, session: &Session, server: &Server) -> Result<()> {
    let form = match args.print {
        _ if session.printer.is_json() => Print::Json,
        Some(form) => form,
        None if args.command.is_empty() => Print::Url,
        None => return Ok(()),
    };
    let mut out = session.printer.stdout();
    match form {
        Print::Url if args.clients.is_empty() => {
            for (_, address) in server.addresses() {
                writeln!(out, "{address}")?;
            }
        }
        Print::Url => {
            for (name, address) in server.addresses() {
                writeln!(out, "{name} {address}")?;
            }
        }
        Print::Env => {
            for (name, value) in server.variables() {
                writeln!(out, "{name}={value}")?;
            }
        }
        Print::Json => {
            let clients: serde_json::Map<_, _> = server
                .addresses()
                .map(|(name, address)| (name.to_owned(), address.into()))
                .collect();
            let webhook = server.addresses().next().map(|(_, address)| address);
            let object = json!({
                "webhook": webhook, "url": server.origin(), "clients": clients, "ca": server.ca(),
            });
            writeln!(out, "{object}")?;
        }
    }
    out.flush()?;
    if args.command.is_empty() && std::io::stderr().is_terminal() {
        session.printer.note("Ctrl-C ends it");
    }
    Ok(())
}

/// The address cannot be listened on.
fn not_started(address: &str, error: &std::io::Error) -> Failure {
    let failure = Failure::local(format!(
        "the proxy cannot listen on {address}: {}",
        crate::printer::disk_words(error)
    ));
    match error.kind() {
        std::io::ErrorKind::AddrInUse => failure.hint("b24 proxy --port 0 takes a free port"),
        _ => failure,
    }
}
