//! `b24 ping`

use anyhow::Result;
use serde_json::json;

use crate::exit::Exit;
use crate::session::Session;

/// Ask the portal for its time: does it answer, does it let us in, how fast.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 ping
  b24 ping -p acme --json
")]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) async fn run(_args: &Args, session: &Session) -> Result<Exit> {
    let connection = session.connection().await?;
    let took = connection.client.ping().await?;
    let report = json!({
        "portal": connection.host,
        "origin": connection.origin,
        "seconds": took.as_secs_f64(),
    });
    let text = format!("{connection} answered in {:.3} s\n", took.as_secs_f64());
    session.printer.report(&report, text)?;
    Ok(Exit::Done)
}
