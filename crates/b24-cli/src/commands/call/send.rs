//! The request of a call, and its answer.

use b24::{Effect, Replay, Reply};
use serde_json::value::RawValue;

use super::two_steps::Large;
use super::{Args, pages};
use crate::catalogue::Version;
use crate::connection::Connection;
use crate::failure::{Failure, Kind, Sent};
use crate::parameters::Tree;
use crate::session::Session;
use crate::stop::Reason;

/// What is sent.
pub(super) struct Asked<'a> {
    pub(super) args: &'a Args,
    pub(super) version: Version,
    pub(super) effect: Effect,
    pub(super) params: &'a Tree,
    pub(super) large: Option<&'a Large>,
}

/// What came back.
pub(super) struct Answer {
    /// As `--envelope` prints it.
    pub(super) whole: String,
    pub(super) replay: Replay,
    /// How to get the other rows, where this is the first page of many.
    pub(super) more: Option<String>,
}

/// Sends a call, and its large file behind it.
pub(super) async fn send(
    asked: &Asked<'_>,
    session: &Session,
    connection: &Connection,
) -> Result<Answer, Failure> {
    let method = asked.args.method.as_str();
    let sent = Sent {
        method,
        version: asked.version,
        params: asked.params,
        at: jiff::Zoned::now(),
    };
    let mut call = match asked.version {
        Version::V2 => connection.client.v2().call(method),
        Version::V3 => connection.client.v3().call(method),
    };
    call = call.params(asked.params);
    if let (Some(key), Version::V3) = (&asked.args.once, asked.version) {
        call = call.idempotency_key(key);
    }
    let before = connection.client.stats().requests;
    let ended = tokio::select! {
        ended = call.typed::<Box<RawValue>>().reply() => ended,
        reason = session.stop.requested() => {
            // It may have waited for limits or new tokens.
            let unsent = connection.client.stats().requests == before;
            let harmless = unsent || asked.effect == Effect::Read;
            return Err(stopped(&sent, harmless, reason));
        }
    };
    let reply = ended.map_err(|error| failed(&error, asked, &sent, connection))?;
    let whole = match asked.large {
        Some(large) => large.send(&reply.result, session, connection).await?,
        None => whole(&reply)?,
    };
    Ok(Answer {
        whole,
        replay: reply.replay,
        more: pages::more(method, asked.params, &reply),
    })
}

/// A new row that nobody can be sure of is told how it would have been safe.
fn failed(
    error: &b24::Error,
    asked: &Asked<'_>,
    sent: &Sent<'_>,
    connection: &Connection,
) -> Failure {
    let failure = sent.failure(error, connection);
    let adds = sent.method.to_lowercase().ends_with("add");
    if failure.kind == Kind::Unknown && adds && asked.args.once.is_none() {
        return failure.hint("next time add --once KEY");
    }
    failure
}

/// A write that was under way when the command was stopped may have run.
fn stopped(sent: &Sent<'_>, harmless: bool, reason: Reason) -> Failure {
    let failure = Failure::stopped(reason, sent.method);
    if harmless {
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

/// The answer with what stands beside the result, in the portal's order.
fn whole(reply: &Reply<Box<RawValue>>) -> Result<String, Failure> {
    let wrong = |error: serde_json::Error| Failure::new(Kind::Answer, error.to_string());
    let mut entries = vec![format!("\"result\":{}", reply.result.get())];
    entries.extend(reply.total.map(|total| format!("\"total\":{total}")));
    entries.extend(reply.next.map(|next| format!("\"next\":{next}")));
    if let Some(time) = &reply.time {
        entries.push(format!(
            "\"time\":{}",
            serde_json::to_string(time).map_err(wrong)?
        ));
    }
    entries.push(format!(
        "\"request_id\":{}",
        serde_json::to_string(&reply.request_id).map_err(wrong)?
    ));
    Ok(format!("{{{}}}", entries.join(",")))
}
