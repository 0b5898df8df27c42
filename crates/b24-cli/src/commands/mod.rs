//! One file a command. Each has `Args` (its flags) and `run(args, session)`.

pub(crate) mod auth;
pub(crate) mod batch;
pub(crate) mod call;
mod child;
pub(crate) mod completions;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod doctor;
pub(crate) mod download;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod limits;
pub(crate) mod ping;
pub(crate) mod portal;
pub(crate) mod proxy;
pub(crate) mod undo;
pub(crate) mod update;

use anyhow::Result;

use crate::args::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Runs one command.
pub(crate) async fn run(command: Command, session: &Session) -> Result<Exit> {
    match command {
        Command::Call(args) => call::run(args, session).await,
        Command::Export(args) => export::run(args, session).await,
        Command::Import(args) => import::run(args, session).await,
        Command::Batch(args) => batch::run(args, session).await,
        Command::Update(args) => update::run(args, session).await,
        Command::Delete(args) => delete::run(args, session).await,
        Command::Undo(args) => undo::run(args, session).await,
        Command::Download(args) => download::run(args, session).await,
        Command::Ping(args) => until_stopped("ping", ping::run(&args, session), session).await,
        Command::Describe(args) => {
            until_stopped("describe", describe::run(&args, session), session).await
        }
        Command::Limits(args) => {
            until_stopped("limits", limits::run(&args, session), session).await
        }
        Command::Doctor(args) => {
            until_stopped("doctor", doctor::run(&args, session), session).await
        }
        Command::Auth(args) => until_stopped("auth", auth::run(args, session), session).await,
        Command::Portal(args) => portal::run(args, session).await,
        Command::Proxy(args) => proxy::run(args, session).await,
        Command::Explain(args) => explain::run(&args, session),
        Command::Completions(args) => completions::run(&args, session),
    }
}

/// Runs what keeps no state: it ends where it is when somebody asks to stop.
async fn until_stopped(
    what: &str,
    work: impl Future<Output = Result<Exit>>,
    session: &Session,
) -> Result<Exit> {
    tokio::select! {
        ended = work => ended,
        reason = session.stop.requested() => Err(Failure::stopped(reason, what).into()),
    }
}
