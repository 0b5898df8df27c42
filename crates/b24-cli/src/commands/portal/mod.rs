//! `b24 portal`: a portal of one's own, and what can be asked of a running one.

mod address;
mod control;
mod install;
mod serve;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Exit;
use crate::session::Session;

/// Start a portal of your own, or talk to a running one.
#[derive(Debug, clap::Args)]
#[command(
    subcommand_value_name = "ACTION",
    subcommand_help_heading = "Actions on a running portal",
    before_long_help = "\
Examples:
  b24 portal                                     5,000 deals at http://127.0.0.1:8724
  b24 portal --port 0 --secret demo -- npm test  a portal for one command, which finds B24_WEBHOOK
  b24 portal --https --ca-out ca.pem             for clients that insist on https
  b24 portal --app http://127.0.0.1:3000/back --print env
                                                 with an application and an OAuth server
  b24 portal fault cut-after-run --method crm.item.add
  b24 portal install --scope crm,user            an application on the running portal
"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    serve: serve::ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Install an application and print its id, secret and first tokens.
    Install(install::InstallArgs),
    /// Make something go wrong, or list what is going to.
    Fault(control::FaultArgs),
    /// Put everything back to how it was at the start.
    Reset(control::ResetArgs),
    /// Print the requests the portal has seen, one JSON object a line.
    Log(control::LogArgs),
    /// Print every documented method and whether the portal plays it, one JSON object a line.
    Coverage(control::CoverageArgs),
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    match args.action {
        None => serve::run(args.serve, session).await,
        Some(action) => super::until_stopped("portal", act(action, session), session).await,
    }
}

async fn act(action: Action, session: &Session) -> Result<Exit> {
    match action {
        Action::Install(args) => install::install(args, session).await,
        Action::Fault(args) => control::fault(args, session).await,
        Action::Reset(args) => control::reset(args, session).await,
        Action::Log(args) => control::log(args, session).await,
        Action::Coverage(args) => control::coverage(args, session).await,
    }
}
