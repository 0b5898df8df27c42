//! `b24 export`

use anyhow::Result;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Read all rows of an entity or a list method.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Read all rows of an entity or a list method.
    entity: String,
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let _ = session.connection().await?;
    Err(Failure::usage(format!("{} cannot be done yet", args.entity)).into())
}
