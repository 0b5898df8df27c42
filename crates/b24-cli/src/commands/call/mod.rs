//! `b24 call`

mod append;
mod once;
mod pages;
mod record;
mod send;
mod standing;
mod two_steps;

use std::io::{self, Write};

use anyhow::Result;
use b24::{Effect, Replay};
use serde_json::value::RawValue;

use crate::catalogue::{self, Version};
use crate::entity::Api;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::formats::{compact, pretty};
use crate::guard;
use crate::parameters::{self, Tree};
use crate::session::Session;

use once::{Begun, Once};
use send::Asked;
use two_steps::Large;

/// Call one REST method.
///
/// Prints its result: pretty on a terminal, one line otherwise.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 call user.current
  b24 call crm.item.get entityTypeId=2 id=5
  b24 call crm.deal.list 'filter[>=OPPORTUNITY]=1000' 'select[]=ID' 'select[]=TITLE'
  b24 call crm.item.add entityTypeId=2 'fields:={\"title\":\"New pump\"}'
  b24 call disk.folder.uploadfile id=8 data[NAME]=offer.pdf fileContent@offer.pdf
  b24 call tasks.task.list --v3 'select:=[\"id\",\"title\"]'
  b24 call crm.item.add entityTypeId=2 'fields[title]=New pump' --once order-1001
")]
pub(crate) struct Args {
    /// The method, such as crm.item.get
    pub(crate) method: String,
    /// key=text, key:=json, key=@file, key:=@file, key@file (upload), a[b][]=x, @file or - (all)
    #[arg(value_name = "PARAM")]
    pub(crate) params: Vec<String>,
    /// Print the whole answer: total, next, time
    #[arg(long)]
    pub(crate) envelope: bool,
    /// Which version of the API
    #[arg(long, value_enum, value_name = "VERSION", default_value = "auto")]
    pub(crate) api: Api,
    /// Short for --api v3
    #[arg(long, conflicts_with = "api")]
    pub(crate) v3: bool,
    /// Run it once under this key: noted on this machine before it is sent, a repetition prints the kept answer. REST 3 also sends it as Idempotency-Key
    #[arg(long, value_name = "KEY")]
    pub(crate) once: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(mut args: Args, session: &Session) -> Result<Exit> {
    let version = args.api.chosen(args.v3).version(&args.method);
    let documented = catalogue::find_method(&args.method, Some(version));
    let large = Large::take(&args.method, &mut args.params);
    let mut params = parameters::parse(&args.params, documented.as_ref())
        .map_err(|error| Failure::usage(error.to_string()).state("nothing was sent"))?;
    let mut marked = params.clone();
    if let Some(large) = &large {
        large.name_it(&mut params);
        marked.set("fileContent", large.mark());
    }
    let effect = Effect::of(&args.method);
    if session.global.dry_run {
        return plan(&args, version, effect, &marked, session);
    }
    let connection = session.connection().await?;
    guard::allow(session, connection, effect, &args.method)?;
    if let (Version::V2, Some(kept)) = (
        version,
        append::existing(&args, &mut params, session, connection).await?,
    ) {
        session.printer.note(kept);
    }
    let once = match args.once.as_deref().filter(|_| effect != Effect::Read) {
        None => None,
        Some(key) => match Once::begin(key, version, &args.method, &marked, connection)? {
            Begun::Send(once) => Some(once),
            Begun::Answered(answer, sent) => {
                print(&answer, args.envelope, session)?;
                session.printer.note(format!(
                    "{} ran under this key at {}; this is its kept answer, nothing was sent",
                    args.method,
                    once::shown(sent)
                ));
                return Ok(Exit::Done);
            }
        },
    };
    let asked = Asked {
        args: &args,
        version,
        effect,
        params: &params,
        large: large.as_ref(),
    };
    let ended = send::send(&asked, session, connection).await;
    if let Some(once) = &once
        && let Err(failure) = once.end(&ended)
    {
        session.printer.warning(format!(
            "how the call ended is not kept ({failure}); a repetition under this key is not sent"
        ));
    }
    let answer = ended?;
    print(&answer.whole, args.envelope, session).map_err(|error| {
        let state = match effect {
            Effect::Read => "nothing changed",
            _ => "the portal has run it; what it answered is not written",
        };
        Failure::unwritten(error, state)
    })?;
    if answer.replay == Replay::Replayed {
        session.printer.note(format!(
            "{} ran before; the portal answered from what it keeps under the key",
            args.method
        ));
    }
    if let Some(text) = answer.more {
        session.printer.note(text);
    }
    Ok(Exit::Done)
}

fn plan(
    args: &Args,
    version: Version,
    effect: Effect,
    params: &Tree,
    session: &Session,
) -> Result<Exit> {
    let effect = match effect {
        Effect::Read => "read",
        Effect::IdempotentWrite => "write that may be repeated",
        Effect::Write => "write",
    };
    let report = serde_json::json!({
        "event": "plan", "method": args.method, "api": version.to_string(), "effect": effect, "params": params,
    });
    let shown = serde_json::to_string(params)?;
    let text = format!(
        "method  {} ({version}, {effect})\nparams  {shown}\nnothing was sent\n",
        args.method
    );
    session.printer.report(&report, text)?;
    Ok(Exit::Done)
}

/// Prints the answer, or its result alone.
fn print(answer: &str, envelope: bool, session: &Session) -> io::Result<()> {
    #[derive(serde::Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        result: &'a RawValue,
    }
    let raw = if envelope {
        answer
    } else {
        serde_json::from_str::<Answer<'_>>(answer)?.result.get()
    };
    let mut text = Vec::with_capacity(raw.len());
    if session.printer.stdout_is_terminal() {
        pretty(raw, &mut text);
    } else {
        compact(raw, &mut text);
    }
    text.push(b'\n');
    let mut out = session.printer.stdout();
    out.write_all(&text)?;
    out.flush()
}
