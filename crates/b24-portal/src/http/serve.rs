//! The way of one request through the portal.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::{self, Body};
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::StreamExt;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{Method, Uri};
use tokio::time::{sleep, timeout};

use super::answer::{ConnectionCut, HttpAnswer, add_common_headers};
use super::incoming::Incoming;
use super::route::method_of;
use crate::clock::Moment;
use crate::faults::{Fault, Strike};
use crate::log::{self, LogEntry};
use crate::php::{Php, PhpArray};
use crate::play::{Refusal, Version};
use crate::run::refusal_of;
use crate::shared::{Shared, lock};
use crate::world::time;
use crate::{refusals, v2, v3};

/// Longer bodies are refused, as `post_max_size` would.
const LONGEST_BODY: usize = 256 << 20;

/// Answers everything under `/rest/`; other paths get the web server's 404 page.
pub(crate) async fn serve(State(portal): State<Arc<Shared>>, request: Request) -> Response {
    let arrived = portal.clock.now();
    let (parts, body) = request.into_parts();
    if parts.method == Method::OPTIONS {
        let mut response = Response::new(Body::empty());
        add_common_headers(response.headers_mut());
        return response;
    }
    if let Some(method) = method_of(parts.uri.path()) {
        let fault = lock(&portal.faults).strike_request(&method);
        if let Some(fault) = fault {
            return cut_request(&portal, &parts, body, &fault, arrived).await;
        }
    }
    let Ok(body) = body::to_bytes(body, LONGEST_BODY).await else {
        return HttpAnswer::page(413).into_response();
    };
    let Some(incoming) = Incoming::read(&parts, &body).await else {
        return HttpAnswer::page(404).into_response();
    };
    portal.counts.requests.fetch_add(1, Ordering::Relaxed);
    // A task of its own: a method runs on when its client goes away, as on a real portal.
    let handled = tokio::spawn(handle(
        portal,
        incoming,
        parts.method.clone(),
        parts.uri,
        arrived,
    ));
    let mut response = handled
        .await
        .unwrap_or_else(|_| HttpAnswer::page(500).into_response());
    if parts.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

/// Reads a part of the body and gives the connection up; the front has not counted the request.
async fn cut_request(
    portal: &Shared,
    parts: &Parts,
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
    if let Some(incoming) = Incoming::read(parts, &[]).await {
        portal.counts.requests.fetch_add(1, Ordering::Relaxed);
        let entry = entry_of(portal, &incoming, &parts.method, arrived);
        portal.log.add(LogEntry {
            faults: vec![fault.name()],
            seconds: portal.clock.now().saturating_sub(arrived).as_secs_f64(),
            ..entry
        });
    }
    HttpAnswer::page(502).into_cut_response(ConnectionCut::BeforeAnswer)
}

/// Front, faults, method, faults, log.
async fn handle(
    portal: Arc<Shared>,
    incoming: Incoming,
    verb: Method,
    uri: Uri,
    arrived: Moment,
) -> Response {
    let mut entry = entry_of(&portal, &incoming, &verb, arrived);
    let (answer, cut) = if portal.passes_the_front(incoming.address) {
        let strike = lock(&portal.faults).strike(&incoming.method);
        entry.faults = strike.names();
        struck(&portal, incoming, &uri, arrived, strike).await
    } else {
        portal.counts.query_limit.fetch_add(1, Ordering::Relaxed);
        (v2::refuse(&portal, refusals::query_limit()), None)
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

/// Runs a call with what hits it. Past the wall the client gets a page, and what has not run by then never will.
async fn struck(
    portal: &Shared,
    incoming: Incoming,
    uri: &Uri,
    arrived: Moment,
    strike: Strike,
) -> (HttpAnswer, Option<ConnectionCut>) {
    if let Some(change) = &strike.data {
        change_data(portal, change);
    }
    let work = perform(portal, incoming, uri, strike);
    let Some(wall) = portal.settings.wall else {
        return work.await;
    };
    let spent = portal.clock.now().saturating_sub(arrived);
    timeout(wall.saturating_sub(spent), work)
        .await
        .unwrap_or_else(|_| (HttpAnswer::page(504), None))
}

async fn perform(
    portal: &Shared,
    mut incoming: Incoming,
    uri: &Uri,
    strike: Strike,
) -> (HttpAnswer, Option<ConnectionCut>) {
    if let Some(Fault::Delay(time)) = strike.delay {
        sleep(time).await;
    }
    if strike.outcome == Some(Fault::CutBeforeRun) {
        return (HttpAnswer::page(502), Some(ConnectionCut::BeforeAnswer));
    }
    if let Some(answer) = strike
        .outcome
        .as_ref()
        .and_then(|fault| instead_of_running(portal, &incoming, uri, fault))
    {
        return (answer, None);
    }
    if matches!(strike.outcome, Some(Fault::InnerError { .. })) {
        incoming.inner_fault.clone_from(&strike.outcome);
    }
    let mut answer = run(portal, incoming).await;
    if let Some(Fault::DelayAnswer(time)) = strike.delay {
        sleep(time).await;
    }
    let cut = match &strike.outcome {
        Some(Fault::CutAfterRun) => Some(ConnectionCut::BeforeAnswer),
        Some(Fault::CutBody) => Some(ConnectionCut::InBody {
            sent: answer.body.len() / 2,
        }),
        Some(fault @ Fault::CutAnswer { .. }) => {
            Some(ConnectionCut::after(fault.place_of_cut(answer.length())))
        }
        _ => None,
    };
    match strike.outcome {
        Some(Fault::Html502AfterRun) => answer = HttpAnswer::page(502),
        Some(Fault::Html504AfterRun) => answer = HttpAnswer::page(504),
        Some(Fault::TruncateBody) => answer.body.truncate(answer.body.len() / 2),
        Some(Fault::EmptyBody) => answer.body.clear(),
        Some(Fault::Fatal) => answer = HttpAnswer::json(500, Vec::new()),
        _ => {}
    }
    (answer, cut)
}

/// Runs the call as soon as a worker is free.
async fn run(portal: &Shared, incoming: Incoming) -> HttpAnswer {
    let _worker = match &portal.workers {
        None => None,
        Some(workers) => workers.acquire().await.ok(),
    };
    match incoming.version {
        Version::V2 => v2::answer(portal, incoming).await,
        Version::V3 => v3::answer(portal, incoming).await,
    }
}

/// The answer of a fault that lets nothing run.
fn instead_of_running(
    portal: &Shared,
    incoming: &Incoming,
    uri: &Uri,
    fault: &Fault,
) -> Option<HttpAnswer> {
    let refuse = |refusal: Refusal| match incoming.version {
        Version::V2 => v2::refuse(portal, refusal),
        Version::V3 => v3::refuse(portal, &refusal, incoming.wants_local_errors),
    };
    Some(match fault {
        // The front speaks the old form on every path.
        Fault::QueryLimit => {
            portal.counts.query_limit.fetch_add(1, Ordering::Relaxed);
            v2::refuse(portal, refusals::query_limit())
        }
        Fault::Overload => v2::refuse(portal, refusals::overload()),
        Fault::Html200 => HttpAnswer::page(200),
        Fault::Html502 => HttpAnswer::page(502),
        Fault::OkWithError { code, text } => {
            v2::refuse(portal, Refusal::new(code, text).status(200))
        }
        Fault::Redirect { to } => {
            let base = if to.contains("://") {
                to.clone()
            } else {
                format!("https://{to}")
            };
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            HttpAnswer::redirect(&format!("{}{path}", base.trim_end_matches('/')))
        }
        other => refuse(refusal_of(portal, other, incoming.version)?),
    })
}

fn change_data(portal: &Shared, change: &Fault) {
    match change {
        Fault::DeleteRows { entity, ids } => {
            lock(&portal.world).delete_rows(entity, ids);
        }
        Fault::InsertRows { entity, count } => lock(&portal.world).insert_rows(entity, *count),
        Fault::UpdateRows {
            entity,
            ids,
            fields,
        } => lock(&portal.world).update_rows(entity, ids, fields),
        Fault::RevokeWebhook => lock(&portal.access).set_active(false),
        Fault::RestoreWebhook => lock(&portal.access).set_active(true),
        _ => {}
    }
}

fn entry_of(portal: &Shared, incoming: &Incoming, verb: &Method, arrived: Moment) -> LogEntry {
    let secrets = lock(&portal.access).secrets();
    let params = &incoming.params;
    let is_batch = incoming.method.eq_ignore_ascii_case("batch");
    let commands = match (is_batch, incoming.version) {
        (false, _) => None,
        (true, Version::V2) => params.get_ci("cmd").and_then(Php::as_array),
        (true, Version::V3) => Some(params),
    };
    let commands = commands
        .map(|commands| commands_of(commands, &secrets))
        .unwrap_or_default();
    let shown_params = if is_batch && incoming.version == Version::V3 {
        &PhpArray::new()
    } else {
        params
    };
    LogEntry {
        time: time::text(arrived.as_secs() as i64),
        address: incoming.address.to_string(),
        verb: verb.to_string(),
        method: incoming.method.clone(),
        version: incoming.version.number(),
        params: log::params_text(shown_params, &secrets),
        status: 0,
        error: None,
        rows: 0,
        seconds: 0.0,
        commands,
        faults: Vec::new(),
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
