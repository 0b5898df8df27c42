//! `b24 batch`

mod group;
mod input;
mod report;
mod results;
mod run;

use anyhow::Result;
use b24::Effect;

use crate::catalogue::Version;
use crate::entity::Api;
use crate::exit::Exit;
use crate::guard;
use crate::printer::grouped;
use crate::session::Session;

use input::{Input, Overview};

/// Run many commands from a file, 50 in a request.
///
/// One command a line: {"method":…,"params":…,"name":…} or method?query. One line of
/// output a command, in order: {"line":7,"outcome":"ok|error|skipped|unknown","result":…}.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 batch commands.jsonl
  printf 'user.current\\ncrm.deal.get?id=5\\n' | b24 batch -

A later line may use the result of an earlier one that has a name:
  {\"name\":\"me\",\"method\":\"user.current\"}
  {\"method\":\"crm.deal.list\",\"params\":{\"filter\":{\"ASSIGNED_BY_ID\":{\"$ref\":\"me.ID\"}}}}
")]
pub(crate) struct Args {
    /// The file, or - for standard input
    pub(crate) file: String,
    /// Stop at the first command that fails; the rest is skipped
    #[arg(long)]
    pub(crate) halt: bool,
    /// Which version of the API all commands use; auto is REST 2
    #[arg(long, value_enum, value_name = "VERSION", default_value = "auto")]
    pub(crate) api: Api,
    /// Short for --api v3
    #[arg(long, conflicts_with = "api")]
    pub(crate) v3: bool,
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let version = match args.api.chosen(args.v3) {
        Api::V3 => Version::V3,
        Api::Auto | Api::V2 => Version::V2,
    };
    let mut input = Input::open(&args.file)?;
    let overview = input.check()?;
    if session.global.dry_run {
        return plan(overview, version, session);
    }
    let connection = session.connection().await?;
    guard::allow(session, connection, overview.effect, &what(overview))?;
    run::run(
        session,
        connection,
        input.commands()?,
        overview,
        version,
        args.halt,
    )
    .await
}

fn what(overview: Overview) -> String {
    match overview.writes {
        1 => "a command of this batch".to_owned(),
        writes => format!("{} commands of this batch", grouped(writes)),
    }
}

fn plan(overview: Overview, version: Version, session: &Session) -> Result<Exit> {
    let Overview {
        commands,
        writes,
        effect,
    } = overview;
    let requests = commands.div_ceil(50);
    let report = serde_json::json!({
        "event": "plan", "commands": commands, "writes": writes, "requests": requests, "api": version.to_string(),
    });
    let text = format!(
        "commands  {} ({version}), {} of them {}\nrequests  about {}\nnothing was sent\n",
        grouped(commands),
        grouped(writes),
        if effect == Effect::Read {
            "writes"
        } else {
            "may change the portal"
        },
        grouped(requests),
    );
    session.printer.report(&report, text)?;
    Ok(Exit::Done)
}
