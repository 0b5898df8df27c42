//! One file a command. Each has `Args` (its flags) and `run(args, session)`.

pub(crate) mod batch;
pub(crate) mod call;
pub(crate) mod completions;
pub(crate) mod explain;
pub(crate) mod export;

use anyhow::Result;

use crate::args::Command;
use crate::exit::Exit;
use crate::session::Session;

/// Runs one command.
pub(crate) async fn run(command: Command, session: &Session) -> Result<Exit> {
    match command {
        Command::Call(args) => call::run(args, session).await,
        Command::Export(args) => export::run(args, session).await,
        Command::Batch(args) => batch::run(args, session).await,
        Command::Explain(args) => explain::run(&args, session),
        Command::Completions(args) => completions::run(&args, session),
    }
}
