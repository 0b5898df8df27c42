//! `b24 call`

use anyhow::Result;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Call one REST method.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Call one REST method.
    method: String,
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let _ = session.connection().await?;
    Err(Failure::usage(format!("{} cannot be done yet", args.method)).into())
}
