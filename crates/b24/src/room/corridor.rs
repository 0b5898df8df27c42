//! The path of one request, in order.
//!
//! ```text
//! retry, attempt 1..n
//!   1 limiter     operating time of the methods first, then the fair queue of the portal's rate
//!   2 auth        endpoint and token of this attempt; who asked for it is told that the request leaves now
//!   3 transport   the request leaves, the answer comes; its error says whether it may have been sent
//!   4 decode      status and body -> success or the portal's error
//!   5 learn       what the answer tells about limits
//!   6 verdict     again after d | queue again | follow the redirect | renew the token | give up
//! ```
//! Every attempt takes a place of its own in the limiter: a retry is a request to the portal like any other.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tracing::Instrument;

use super::as_is::{self, AsIs};
use super::auth::Ticket;
use super::decode::{self, Decode, Success};
use super::gate::{Entered, Place, TooLate};
use super::retry::{self, Failure, Tried, Verdict};
use super::transport::{Sent, TransportError};
use crate::call::{Replay, Version};
use crate::client::Inner;
use crate::effect::Effect;
use crate::error::{Error, Kind, Reason};
use crate::observe::{Event, Permit};
use crate::redact;
use crate::rt::{self, Instant};

/// A request that is ready to go: everything is serialised, nothing is sent yet.
#[derive(Debug)]
pub(crate) struct Outbound {
    pub(crate) version: Version,
    pub(crate) method: Cow<'static, str>,
    pub(crate) body: Bytes,
    pub(crate) effect: Effect,
    /// Methods whose operating time the request spends: itself, or the commands of a batch.
    pub(crate) charges: Vec<String>,
    pub(crate) options: Options,
}

/// What a caller may decide for one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// For one attempt.
    pub(crate) timeout: Option<Duration>,
    /// For everything, waits included.
    pub(crate) deadline: Option<Duration>,
    pub(crate) request_id: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    /// Seconds of operating time that are reserved for a request that could be made smaller: lost, it is sent again only
    /// if there are as many once more.
    pub(crate) reserved: f64,
    /// Who is asked before each attempt leaves.
    pub(crate) permit: Option<Permit>,
    /// A request that somebody else wrote, instead of one of ours.
    pub(crate) as_is: Option<Arc<AsIs>>,
}

/// A success and the id it went under.
#[derive(Debug)]
pub(crate) struct Inbound<R = Bytes> {
    pub(crate) success: Success<R>,
    pub(crate) request_id: String,
    pub(crate) replay: Replay,
}

/// Sends `outbound` until it succeeds, fails for good or the deadline comes. `decode` reads the answer.
pub(crate) async fn walk<R>(
    client: &Inner,
    outbound: &Outbound,
    decode: Decode<R>,
) -> Result<Inbound<R>, Error> {
    let request_id = match &outbound.options.request_id {
        Some(id) => id.clone(),
        None => uuid::Uuid::now_v7().to_string(),
    };
    let span = tracing::debug_span!(
        "b24", portal = client.access.portal(), method = %outbound.method, request_id = %request_id
    );
    let mut trail = Trail::default();
    let walked = attempts(client, outbound, decode, &request_id, &mut trail)
        .instrument(span)
        .await;
    match walked {
        Ok((success, replay)) => Ok(Inbound {
            success,
            request_id,
            replay,
        }),
        Err(error) => {
            let may_have_run = error.may_have_run() || trail.may_have_run;
            Err(error
                .with_method(outbound.method.clone())
                .with_portal(client.access.portal())
                .with_request_id(&request_id)
                .with_attempts(trail.sent)
                .with_may_have_run(may_have_run))
        }
    }
}

/// What the attempts so far have left behind.
#[derive(Debug, Default)]
struct Trail {
    /// How often the request was sent.
    sent: u32,
    /// Whether one of them may have changed something, however the last one ended.
    may_have_run: bool,
}

async fn attempts<R>(
    client: &Inner,
    outbound: &Outbound,
    decode: Decode<R>,
    request_id: &str,
    trail: &mut Trail,
) -> Result<(Success<R>, Replay), Error> {
    let deadline = rt::after(outbound.options.deadline.unwrap_or(client.deadline));
    let mut tried = Tried {
        attempt: 1,
        followed: false,
        may_renew: client.access.is_renewable(),
    };
    loop {
        wait_for_operating_time(client, outbound, deadline).await?;
        // Before a place is taken: a refresh takes time.
        client.access.ready(deadline).await?;
        let Some(place) = queue(client, outbound, deadline).await? else {
            continue;
        };
        let (ticket, request) = match prepare(client, outbound, request_id, deadline).await {
            Ok(ready) => ready,
            Err(error) => {
                place.released();
                return Err(error);
            }
        };
        trail.sent += 1;
        client.tell(&Event::Sent {
            method: &outbound.method,
            request_id,
            attempt: tried.attempt,
        });
        let sent = send(
            client, outbound, &ticket, request, request_id, place, deadline,
        );
        let decoded = sent
            .await
            .and_then(|(place, answer)| read(client, place, &answer, decode));
        let failure = match decoded {
            Ok((success, replay)) => {
                learn(client, outbound, &success);
                return Ok((success, replay));
            }
            Err(failure) => failure,
        };
        trail.may_have_run |= outbound.effect != Effect::Read && retry::may_have_reached(&failure);
        let verdict = judge(client, outbound, &failure, tried);
        tracing::debug!(?verdict, attempt = tried.attempt, "attempt failed");
        let (pause, why) = match verdict {
            Verdict::Again(pause) => {
                tried.attempt += 1;
                client.counters.retried();
                (pause, "the answer is lost")
            }
            Verdict::Follow => {
                tried.followed = true;
                client.counters.redirected();
                (Duration::ZERO, "the portal has moved")
            }
            Verdict::Renew => {
                tried.may_renew = false;
                client.access.renew(&ticket, deadline).await?;
                (Duration::ZERO, "the token has expired")
            }
            Verdict::Queue => (Duration::ZERO, "the portal's bucket is full"),
            Verdict::WaitOperating => {
                outbound
                    .charges
                    .iter()
                    .for_each(|method| client.refused_for_operating(method));
                (Duration::ZERO, "the method's operating time is used up")
            }
            Verdict::GiveUp(kind, may_have_run) => {
                return Err(into_error(failure)
                    .with_kind(kind)
                    .with_may_have_run(may_have_run));
            }
        };
        if rt::now() + pause > deadline {
            return Err(into_error(failure)
                .with_kind(Kind::Temporary)
                .with_retry_after(pause));
        }
        client.tell(&Event::Again {
            method: &outbound.method,
            request_id,
            why,
            after: pause,
        });
        rt::sleep(pause).await;
    }
}

async fn wait_for_operating_time(
    client: &Inner,
    outbound: &Outbound,
    deadline: Instant,
) -> Result<(), Error> {
    while let Some((wait, method)) = operating_wait(client, outbound) {
        if rt::now() + wait > deadline {
            return Err(too_late("operating time", wait).with_method(method.clone()));
        }
        client.tell(&Event::Waiting {
            method,
            limit: "operating time",
            wait,
        });
        client.counters.waited_operating(wait);
        rt::sleep(wait).await;
    }
    Ok(())
}

/// What to do after a failure. An attempt that may have used its operating time up is repeated only if there is as much
/// once more: it is a read that can ask for less.
fn judge(client: &Inner, outbound: &Outbound, failure: &Failure, tried: Tried) -> Verdict {
    let (effect, version) = (outbound.effect, outbound.version);
    let verdict = retry::verdict(failure, effect, version, tried, fastrand::f64());
    let seconds = outbound.options.reserved;
    let is_again = matches!(verdict, Verdict::Again(_));
    if !is_again || seconds <= 0.0 || !retry::may_have_reached(failure) {
        return verdict;
    }
    let now = rt::now();
    let repeat = |method: &String| client.ledger(|ledger| ledger.repeat(method, seconds, now));
    if outbound.charges.iter().all(repeat) {
        verdict
    } else {
        Verdict::GiveUp(Kind::Temporary, false)
    }
}

/// The longest wait of the methods that a request spends operating time of.
fn operating_wait<'a>(client: &Inner, outbound: &'a Outbound) -> Option<(Duration, &'a String)> {
    let now = rt::now();
    client.gate.ledger(client.credential, |ledger| {
        let waits = outbound
            .charges
            .iter()
            .filter_map(|method| Some((ledger.wait(method, now)?, method)));
        waits.max_by_key(|(wait, _)| *wait)
    })
}

/// A place in the queue of the portal's rate; `None`: meanwhile another process has told that operating time is used up.
async fn queue(
    client: &Inner,
    outbound: &Outbound,
    deadline: Instant,
) -> Result<Option<Place>, Error> {
    let Entered {
        place,
        waited,
        spent,
        away,
    } = match client.gate.enter(client.credential, deadline).await {
        Ok(entered) => entered,
        Err(TooLate(wait)) => return Err(too_late("rate", wait)),
    };
    if waited > Duration::ZERO {
        client.counters.waited_rate(waited);
        client.tell(&Event::Waiting {
            method: &outbound.method,
            limit: "rate",
            wait: waited,
        });
    }
    if let Some(why) = &away {
        tracing::warn!(
            why,
            "the shared budget is away: a quarter of the limits is used until it is back"
        );
        client.tell(&Event::BudgetAway { why });
    }
    if !spent.is_empty() {
        client.learn_from_others(spent);
        if operating_wait(client, outbound).is_some() {
            place.released();
            return Ok(None);
        }
    }
    Ok(Some(place))
}

fn too_late(limit: &'static str, wait: Duration) -> Error {
    Error::new(Kind::Temporary, Reason::Limit { limit, wait }).with_retry_after(wait)
}

/// Where the attempt goes, and the request with the token of this moment, if it may leave.
async fn prepare(
    client: &Inner,
    outbound: &Outbound,
    request_id: &str,
    deadline: Instant,
) -> Result<(Ticket, http::Request<Bytes>), Error> {
    let as_is = outbound.options.as_is.as_deref();
    let path = as_is.map_or(&*outbound.method, |as_is| &as_is.path);
    let ticket = client
        .access
        .ticket(outbound.version, path, deadline)
        .await?;
    let request = match as_is {
        Some(as_is) => as_is.request(&ticket, &outbound.body)?,
        None => build(&ticket, outbound, request_id)?,
    };
    // Last, for who is asked notes the time of the send.
    if let Some(permit) = &outbound.options.permit {
        permit.get()?;
    }
    Ok((ticket, request))
}

async fn send(
    client: &Inner,
    outbound: &Outbound,
    ticket: &Ticket,
    request: http::Request<Bytes>,
    request_id: &str,
    place: Place,
    deadline: Instant,
) -> Result<(Place, http::Response<Bytes>), Failure> {
    client.counters.sent(request.body().len());
    trace_body("request", &outbound.body);
    let begun = rt::now();
    let limit = outbound
        .options
        .timeout
        .unwrap_or(client.timeout)
        .min(deadline.saturating_duration_since(begun));
    let answered = async {
        match &outbound.options.as_is {
            None => client.transport.send(request).await,
            Some(as_is) => {
                let opened = as_is.send(&*client.transport, request).await?;
                Ok(as_is.keep(ticket.clone(), opened, begun.elapsed()))
            }
        }
    };
    let response = match rt::timeout(limit, answered).await {
        Some(Ok(response)) => response,
        Some(Err(error)) => return Err(not_answered(error, place)),
        None => return Err(Failure::Lost(Reason::Timeout(limit))),
    };
    let (parts, body) = response.into_parts();
    let status = parts.status.as_u16();
    client.counters.received(body.len());
    trace_body("answer", &body);
    client.tell(&Event::Answered {
        method: &outbound.method,
        request_id,
        status,
        took: begun.elapsed(),
        bytes: body.len(),
    });
    if parts.status.is_redirection() {
        let location = parts
            .headers
            .get(http::header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        let (trusted, host) = client.access.follow(ticket, location);
        return Err(Failure::Redirect { trusted, host });
    }
    Ok((place, http::Response::from_parts(parts, body)))
}

/// Reads an answer, and gives its place in the portal's bucket back.
fn read<R>(
    client: &Inner,
    place: Place,
    answer: &http::Response<Bytes>,
    decode: Decode<R>,
) -> Result<(Success<R>, Replay), Failure> {
    match decode(answer.status().as_u16(), answer.body()) {
        Ok(success) => {
            place.answered();
            Ok((success, Replay::read(answer.headers())))
        }
        Err(Reason::Api(error)) if retry::is_rate_limit(&error) => {
            client.counters.refused_rate();
            place.refused();
            Err(Failure::Api(error))
        }
        Err(Reason::Api(error)) => Err(Failure::Api(error)),
        Err(reason @ Reason::Unexpected(_)) => Err(Failure::Answer(reason)),
        Err(reason) => Err(Failure::Lost(reason)),
    }
}

/// Bodies show at trace level only, with the secrets in them masked.
fn trace_body(what: &'static str, body: &Bytes) {
    tracing::trace!(what, body = %redact::Body(body));
}

/// Telemetry as the vendor's SDK sends it. Legacy `task.*` methods read parameters by position and take no query.
fn build(
    ticket: &Ticket,
    outbound: &Outbound,
    request_id: &str,
) -> Result<http::Request<Bytes>, Error> {
    let endpoint = ticket.endpoint();
    let (body, bearer) = ticket.sign(&outbound.body);
    let url = if outbound.method.starts_with("task.") {
        endpoint.to_owned()
    } else {
        let id: String = form_urlencoded::byte_serialize(request_id.as_bytes()).collect();
        let version = env!("CARGO_PKG_VERSION");
        format!("{endpoint}?bx24_request_id={id}&bx24_sdk_ver={version}&bx24_sdk_type=b24-rust")
    };
    let mut request = http::Request::post(url)
        .header(http::header::CONTENT_TYPE, "application/json")
        .header(http::header::ACCEPT, "application/json");
    if let Some(key) = &outbound.options.idempotency_key {
        request = request.header("Idempotency-Key", key);
    }
    if let Some(token) = bearer {
        request = request.header(http::header::AUTHORIZATION, as_is::bearer_header(token)?);
    }
    request
        .body(body)
        .map_err(|error| Error::usage(format!("the request cannot be built: {error}")))
}

fn not_answered(error: TransportError, place: Place) -> Failure {
    match error.sent {
        Sent::No => {
            place.released();
            Failure::NotSent(Reason::Connect(error.message))
        }
        Sent::Maybe => Failure::Lost(Reason::Lost(error.message)),
    }
}

fn learn<R>(client: &Inner, outbound: &Outbound, success: &Success<R>) {
    let Some(charge) = success.time.as_ref().and_then(decode::Time::charge) else {
        return;
    };
    client.learn(&outbound.method, charge);
}

fn into_error(failure: Failure) -> Error {
    match failure {
        Failure::NotSent(reason) | Failure::Lost(reason) | Failure::Answer(reason) => {
            Error::new(Kind::Temporary, reason)
        }
        Failure::Api(error) => Error::api(error),
        Failure::Redirect {
            trusted: true,
            host,
        } => Error::answer(format!("it is a second redirect, to {host}")),
        Failure::Redirect { host, .. } => Error::new(Kind::Refused, Reason::Redirect { host }),
    }
}
