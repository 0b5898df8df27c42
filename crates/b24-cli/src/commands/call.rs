//! `b24 call`

use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::Result;
use b24::{Effect, Reply};
use serde_json::value::RawValue;

use crate::catalogue::{self, Version};
use crate::entity::Api;
use crate::exit::Exit;
use crate::failure::{Failure, Kind, Sent};
use crate::formats::{compact, pretty};
use crate::guard;
use crate::parameters::{self, Tree};
use crate::printer::grouped;
use crate::session::Session;

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
    /// Let the portal run it once under this key, however often it is sent (REST 3)
    #[arg(long, value_name = "KEY")]
    pub(crate) once: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit> {
    let version = args.api.chosen(args.v3).version(&args.method);
    let documented = catalogue::find_method(&args.method, Some(version));
    let params = parameters::parse(&args.params, documented.as_ref())
        .map_err(|error| Failure::usage(error.to_string()).state("nothing was sent"))?;
    if args.once.is_some() && version == Version::V2 {
        return Err(Failure::usage(
            "--once works with REST 3 only; for REST 2 it comes with a later version",
        )
        .state("nothing was sent")
        .into());
    }
    let effect = Effect::of(&args.method);
    if session.global.dry_run {
        return plan(&args, version, effect, &params, session);
    }
    let connection = session.connection().await?;
    guard::allow(session, connection, effect, &args.method)?;
    let call = match version {
        Version::V2 => connection.client.v2().call(&args.method),
        Version::V3 => connection.client.v3().call(&args.method),
    };
    let mut call = call.params(&params).typed::<Box<RawValue>>();
    if let Some(key) = &args.once {
        call = call.idempotency_key(key);
    }
    let sent = Sent {
        method: &args.method,
        version,
        params: &params,
        at: jiff::Zoned::now(),
    };
    let reply = tokio::select! {
        reply = call.reply() => reply.map_err(|error| sent.failure(&error, connection))?,
        reason = session.stop.requested() => return Err(stopped(&sent, effect, reason).into()),
    };
    print(&reply, args.envelope, session).map_err(|error| {
        let state = match effect {
            Effect::Read => "nothing changed",
            _ => "the portal has run it; what it answered is not written",
        };
        Failure::unwritten(error, state)
    })?;
    if let Some(text) = more_pages(&args.method, &params, &reply) {
        session.printer.note(text);
    }
    Ok(Exit::Done)
}

/// A write that was under way when the command was stopped may have run.
fn stopped(sent: &Sent<'_>, effect: Effect, reason: crate::stop::Reason) -> Failure {
    let failure = Failure::stopped(reason, sent.method);
    if effect == Effect::Read {
        return failure.state("nothing changed");
    }
    let failure = Failure::new(
        Kind::Unknown,
        format!("{}; it may have run", failure.message),
    );
    failure
        .state("unknown; it was not sent again")
        .hint(sent.look_first())
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

fn print(reply: &Reply<Box<RawValue>>, envelope: bool, session: &Session) -> io::Result<()> {
    let raw = if envelope {
        whole(reply)?
    } else {
        reply.result.get().to_owned()
    };
    let mut text = Vec::with_capacity(raw.len());
    if session.printer.stdout_is_terminal() {
        pretty(&raw, &mut text);
    } else {
        compact(&raw, &mut text);
    }
    text.push(b'\n');
    let mut out = session.printer.stdout();
    out.write_all(&text)?;
    out.flush()
}

/// The answer with what stands beside the result, in the portal's order.
fn whole(reply: &Reply<Box<RawValue>>) -> io::Result<String> {
    let mut entries = vec![format!("\"result\":{}", reply.result.get())];
    entries.extend(reply.total.map(|total| format!("\"total\":{total}")));
    entries.extend(reply.next.map(|next| format!("\"next\":{next}")));
    if let Some(time) = &reply.time {
        entries.push(format!("\"time\":{}", serde_json::to_string(time)?));
    }
    entries.push(format!(
        "\"request_id\":{}",
        serde_json::to_string(&reply.request_id)?
    ));
    Ok(format!("{{{}}}", entries.join(",")))
}

/// What to say when the answer is the first page of many.
fn more_pages(method: &str, params: &Tree, reply: &Reply<Box<RawValue>>) -> Option<String> {
    reply.next?;
    let rows = rows(&reply.result)?;
    let of = match reply.total {
        Some(total) => format!("{} of {} rows", grouped(rows), grouped(total)),
        None => format!("{} rows, there are more", grouped(rows)),
    };
    Some(format!(
        "{of}; all of them: b24 export {method}{}",
        export_flags(params)?
    ))
}

/// How many rows a page has, bare or under its key.
fn rows(result: &RawValue) -> Option<u64> {
    if let Some(rows) = count(result) {
        return Some(rows);
    }
    let keys: BTreeMap<String, &RawValue> = serde_json::from_str(result.get()).ok()?;
    keys.values().find_map(|value| count(value))
}

fn count(list: &RawValue) -> Option<u64> {
    let rows: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    Some(rows.len() as u64)
}

/// The same list as flags of `export`; none if a shell could not take them.
fn export_flags(params: &Tree) -> Option<String> {
    let mut flags = String::new();
    for (key, value) in params.entries() {
        let lower = key.to_lowercase();
        let text = serde_json::to_string(value).ok()?;
        let flag = match (lower.as_str(), value) {
            ("start" | "order", _) => continue,
            ("filter", _) => format!("--filter-json '{text}'"),
            ("select", Tree::List(names)) => {
                let names = names.iter().map(|name| match name {
                    Tree::Text(name) => Some(name.as_str()),
                    _ => None,
                });
                format!(
                    "--select '{}'",
                    names.collect::<Option<Vec<_>>>()?.join(",")
                )
            }
            _ => match value {
                Tree::Text(text) => format!("--param '{key}={text}'"),
                _ => format!("--param '{key}:={text}'"),
            },
        };
        if flag.matches('\'').count() != 2 {
            return None;
        }
        flags.push(' ');
        flags.push_str(&flag.replace(['\n', '\r'], " "));
    }
    Some(flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(params: &str) -> Option<String> {
        export_flags(&serde_json::from_str(params).unwrap())
    }

    #[test]
    fn the_export_of_a_page_is_the_same_list() {
        assert_eq!(
            flags(r#"{"entityTypeId":2,"filter":{">id":5},"select":["id","title"],"order":{"id":"ASC"},"start":50,"x":"y"}"#).unwrap(),
            " --param 'entityTypeId:=2' --filter-json '{\">id\":5}' --select 'id,title' --param 'x=y'"
        );
        assert_eq!(flags(r#"{"x":"it's"}"#), None);
    }

    #[test]
    fn rows_are_counted_bare_or_under_their_key() {
        let count = |text: &str| rows(&RawValue::from_string(text.to_owned()).unwrap());
        assert_eq!(count("[1,2]"), Some(2));
        assert_eq!(count(r#"{"items":[{},{},{}]}"#), Some(3));
        assert_eq!(count("true"), None);
    }
}
