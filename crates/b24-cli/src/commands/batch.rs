//! `b24 batch`

use anyhow::Result;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Run many commands from a file.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run many commands from a file.
    file: String,
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let _ = session.connection().await?;
    Err(Failure::usage(format!("{} cannot be done yet", args.file)).into())
}
