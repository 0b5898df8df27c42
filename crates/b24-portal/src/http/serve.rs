//! The way of one request through the portal.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::{self, Body};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt;
use http::Method;
use http::header::{CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::uri::Authority;

use super::answer::{ConnectionCut, HttpAnswer, add_common_headers};
use super::incoming::{Incoming, address};
use super::params::v2_params;
use super::route::method_of;
use super::struck;
use crate::clock::Moment;
use crate::faults::Fault;
use crate::log::{self, LogEntry};
use crate::oauth::{self, Door, Host, Realm};
use crate::php::{Php, PhpArray};
use crate::play::{Refusal, Version};
use crate::shared::{Condition, Shared, lock};
use crate::world::time;
use crate::{refusals, v2, v3};

/// Longer bodies are refused, as `post_max_size` would.
const LONGEST_BODY: usize = 256 << 20;

/// Answers everything under `/rest/` and `/oauth/`; other paths get the web server's 404 page.
pub(crate) async fn serve(State(portal): State<Arc<Shared>>, request: Request) -> Response {
    let portal = match authority(&request).and_then(|name| portal.named(name)) {
        None => portal,
        Some(Host::Portal(named)) => named,
        Some(Host::Server) => return serve_oauth(State(Arc::clone(&portal.realm)), request).await,
        Some(Host::Moved(url)) => {
            return HttpAnswer::redirect(&struck::at(&url, request.uri())).into_response();
        }
    };
    let arrived = portal.clock.now();
    let (parts, body) = request.into_parts();
    if parts.method == Method::OPTIONS {
        return allowed();
    }
    if let Some(method) = method_of(parts.uri.path()) {
        let fault = lock(&portal.faults).strike_request(&method);
        if let Some(fault) = fault {
            return cut_request(&portal, parts, body, &fault, arrived).await;
        }
    }
    let Ok(body) = body::to_bytes(body, LONGEST_BODY).await else {
        return HttpAnswer::page(413).into_response();
    };
    match Door::of(&parts) {
        Some(door) => {
            let (params, _) = v2_params(&parts, &body).await;
            let portal = match door {
                Door::Authorize => portal,
                Door::Token => granting(&portal.realm, &params).unwrap_or(portal),
            };
            answer(portal, Work::OAuth(door, params), parts, arrived).await
        }
        None => match Incoming::read(&parts, &body).await {
            Some(incoming) => {
                portal.counts.requests.fetch_add(1, Ordering::Relaxed);
                answer(portal, Work::Rest(incoming), parts, arrived).await
            }
            None => HttpAnswer::page(404).into_response(),
        },
    }
}

/// Answers at the OAuth server's own address, where there are only tokens.
pub(crate) async fn serve_oauth(State(realm): State<Arc<Realm>>, request: Request) -> Response {
    let arrived = realm.clock.now();
    let (parts, body) = request.into_parts();
    if parts.method == Method::OPTIONS {
        return allowed();
    }
    let Ok(body) = body::to_bytes(body, LONGEST_BODY).await else {
        return HttpAnswer::page(413).into_response();
    };
    let (params, _) = v2_params(&parts, &body).await;
    let portal = granting(&realm, &params).or_else(|| realm.portals().into_iter().next());
    match (Door::of(&parts), portal) {
        (Some(door @ Door::Token), Some(portal)) => {
            answer(portal, Work::OAuth(door, params), parts, arrived).await
        }
        _ => HttpAnswer::page(404).into_response(),
    }
}

/// The portal whose code or refresh token is brought.
fn granting(realm: &Realm, params: &PhpArray) -> Option<Arc<Shared>> {
    realm.portal(&oauth::member_of(realm, params)?)
}

/// `host:port` as the client sees it.
fn authority(request: &Request) -> Option<&str> {
    let header = || request.headers().get(HOST)?.to_str().ok();
    let of_uri = request.uri().authority().map(Authority::as_str);
    of_uri.or_else(header)
}

/// What browsers ask before they call from another origin.
fn allowed() -> Response {
    let mut response = Response::new(Body::empty());
    add_common_headers(response.headers_mut());
    response
}

/// What a request wants of a portal.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one a request")]
pub(super) enum Work {
    Rest(Incoming),
    OAuth(Door, PhpArray),
}

impl Work {
    pub(super) async fn run(self, portal: &Shared) -> HttpAnswer {
        match self {
            Self::OAuth(door, params) => door.answer(portal, &params),
            Self::Rest(incoming) => match incoming.version {
                Version::V2 => v2::answer(portal, incoming).await,
                Version::V3 => v3::answer(portal, incoming).await,
            },
        }
    }

    /// The protocol whose errors it understands.
    pub(super) const fn version(&self) -> Version {
        match self {
            Self::Rest(incoming) => incoming.version,
            Self::OAuth(..) => Version::V2,
        }
    }

    pub(super) fn refuse(&self, portal: &Shared, refusal: Refusal) -> HttpAnswer {
        match self {
            Self::Rest(incoming) if incoming.version == Version::V3 => {
                v3::refuse(portal, &refusal, incoming.wants_local_errors)
            }
            _ => v2::refuse(portal, refusal),
        }
    }

    fn entry(&self, portal: &Shared, parts: &Parts, arrived: Moment) -> LogEntry {
        let words = secrets(portal);
        let entry = LogEntry {
            time: time::text(arrived.as_secs() as i64),
            address: address(parts).to_string(),
            verb: parts.method.to_string(),
            ..LogEntry::default()
        };
        match self {
            Self::Rest(incoming) => rest_entry(incoming, &words, entry),
            Self::OAuth(door, params) => {
                let mut shown = params.clone();
                shown.remove(&"code".into());
                LogEntry {
                    method: door.name().to_owned(),
                    params: log::params_text(&shown, &words),
                    ..entry
                }
            }
        }
    }
}

async fn answer(portal: Arc<Shared>, work: Work, parts: Parts, arrived: Moment) -> Response {
    let verb = parts.method.clone();
    // A task of its own: a method runs on when its client goes away, as on a real portal.
    let handled = tokio::spawn(handle(portal, work, parts, arrived));
    let mut response = handled
        .await
        .unwrap_or_else(|_| HttpAnswer::page(500).into_response());
    if verb == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

/// Reads a part of the body and gives the connection up; the front has not counted the request.
async fn cut_request(
    portal: &Shared,
    parts: Parts,
    body: Body,
    fault: &Fault,
    arrived: Moment,
) -> Response {
    let length = parts.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let wanted = fault.place_of_cut(length.unwrap_or(0));
    let mut chunks = body.into_data_stream();
    let mut read = 0;
    while read < wanted
        && let Some(Ok(chunk)) = chunks.next().await
    {
        read += chunk.len();
    }
    if let Some(incoming) = Incoming::read(&parts, &Bytes::new()).await {
        portal.counts.requests.fetch_add(1, Ordering::Relaxed);
        let entry = Work::Rest(incoming).entry(portal, &parts, arrived);
        portal.log.add(LogEntry {
            faults: vec![fault.name()],
            seconds: portal.clock.now().saturating_sub(arrived).as_secs_f64(),
            ..entry
        });
    }
    HttpAnswer::page(502).into_cut_response(ConnectionCut::BeforeAnswer)
}

/// Front, faults, method, faults, log.
async fn handle(portal: Arc<Shared>, work: Work, parts: Parts, arrived: Moment) -> Response {
    let mut entry = work.entry(&portal, &parts, arrived);
    let strike = match &work {
        Work::Rest(_) if portal.condition() == Condition::Deleted => {
            Err(refusals::portal_deleted())
        }
        Work::Rest(incoming) if portal.passes_the_front(address(&parts)) => {
            Ok(lock(&portal.faults).strike(&incoming.method))
        }
        Work::Rest(_) => {
            portal.counts.query_limit.fetch_add(1, Ordering::Relaxed);
            Err(refusals::query_limit())
        }
        Work::OAuth(door, _) => Ok(lock(&portal.faults).strike_named(door.name())),
    };
    let (answer, cut) = match strike {
        Ok(strike) => {
            entry.faults = strike.names();
            struck::run(&portal, work, &parts.uri, arrived, strike).await
        }
        Err(refusal) => (v2::refuse(&portal, refusal), None),
    };
    entry.status = match cut {
        Some(ConnectionCut::BeforeAnswer | ConnectionCut::InHead { .. }) => 0,
        Some(ConnectionCut::InBody { .. }) | None => answer.status,
    };
    entry.error.clone_from(&answer.error_code);
    entry.rows = answer.row_count;
    entry.seconds = portal.clock.now().saturating_sub(arrived).as_secs_f64();
    portal.log.add(entry);
    match cut {
        None => answer.into_response(),
        Some(cut) => answer.into_cut_response(cut),
    }
}

/// Words to blot out; tokens are known by their form.
fn secrets(portal: &Shared) -> Vec<String> {
    let mut words: Vec<_> = lock(&portal.access).secrets().cloned().collect();
    words.extend(lock(&portal.realm.registry).secrets().cloned());
    words
}

fn rest_entry(incoming: &Incoming, secrets: &[String], entry: LogEntry) -> LogEntry {
    let params = &incoming.params;
    let is_batch = incoming.method.eq_ignore_ascii_case("batch");
    let commands = match (is_batch, incoming.version) {
        (false, _) => None,
        (true, Version::V2) => params.get_ci("cmd").and_then(Php::as_array),
        (true, Version::V3) => Some(params),
    };
    let commands = commands
        .map(|commands| commands_of(commands, secrets))
        .unwrap_or_default();
    let shown_params = if is_batch && incoming.version == Version::V3 {
        &PhpArray::new()
    } else {
        params
    };
    LogEntry {
        method: incoming.method.clone(),
        version: incoming.version.number(),
        params: log::params_text(shown_params, secrets),
        commands,
        ..entry
    }
}

/// v2: the command as it is; v3: the method and its query as JSON.
fn commands_of(commands: &PhpArray, secrets: &[String]) -> Vec<String> {
    let shown = |command: &Php| match command {
        Php::Str(text) => log::command_text(text, secrets),
        item => {
            let method = item.get("method").map(Php::to_text).unwrap_or_default();
            let query = item
                .get("query")
                .and_then(Php::as_array)
                .cloned()
                .unwrap_or_default();
            format!("{method}?{}", log::params_text(&query, secrets))
        }
    };
    commands.values().map(shown).collect()
}
