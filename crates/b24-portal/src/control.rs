//! The control API: what tests in any language use to make things go wrong and to look at what happened.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::catalogue;
use crate::faults::{Fault, FaultRule};
use crate::oauth;
use crate::shared::{Shared, lock};
use crate::world::World;

/// Where the control API lives.
pub(crate) const ROOT: &str = "/_b24";
/// Rows that one request may add.
const MOST_ROWS: usize = 1_000_000;

/// `/ready` without, everything under [`ROOT`] with the control token.
pub(crate) fn router(portal: &Arc<Shared>) -> Router<Arc<Shared>> {
    let guarded = Router::new()
        .route("/stats", get(stats))
        .route("/coverage", get(coverage))
        .route(
            "/faults",
            get(list_faults).post(add_fault).delete(clear_faults),
        )
        .route("/log", get(read_log).delete(clear_log))
        .route("/automation", get(automation).delete(clear_automation))
        .route("/reset", post(reset))
        .route("/webhook/revoke", post(revoke))
        .route("/webhook/restore", post(restore))
        .route("/rows/{entity}", get(rows))
        .route("/rows/{entity}/delete", post(delete_rows))
        .route("/rows/{entity}/insert", post(insert_rows))
        .merge(oauth::routes())
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(Arc::clone(portal), guard));
    Router::new()
        .route("/ready", get(ready))
        .nest(ROOT, guarded)
}

type Portal = State<Arc<Shared>>;

async fn guard(State(portal): Portal, request: Request, next: Next) -> Response {
    let expected = format!("Bearer {}", portal.control_token);
    let given = request
        .headers()
        .get(AUTHORIZATION)
        .map(HeaderValue::as_bytes);
    if given == Some(expected.as_bytes()) {
        next.run(request).await
    } else {
        failure(
            StatusCode::UNAUTHORIZED,
            "the control API needs `Authorization: Bearer` with the portal's control token",
        )
    }
}

async fn ready() -> Response {
    success(&json!({"ready": true}))
}

async fn unknown() -> Response {
    failure(
        StatusCode::NOT_FOUND,
        "the control API has no such path; see the README of b24-portal",
    )
}

async fn stats(State(portal): Portal) -> Response {
    let requests = portal.counts.requests.load(Ordering::Relaxed);
    let oauth = *lock(&portal.oauth_counts);
    success(&json!({"requests": requests, "refusals": portal.refusals(), "oauth": oauth}))
}

async fn coverage() -> Response {
    success(&json!(catalogue::coverage()))
}

async fn list_faults(State(portal): Portal) -> Response {
    success(&json!(lock(&portal.faults).waiting()))
}

async fn add_fault(State(portal): Portal, body: Bytes) -> Result<Response, Response> {
    let rule: FaultRule = read(&body, r#"{"fault": "cut_after_run"}"#)?;
    match &rule.fault {
        Fault::DeleteRows { entity, .. } | Fault::UpdateRows { entity, .. } => {
            known(&lock(&portal.world), entity)?;
        }
        Fault::InsertRows { entity, count } => {
            bearable(*count)?;
            known(&lock(&portal.world), entity)?;
        }
        _ => {}
    }
    lock(&portal.faults).add(rule);
    Ok(success(&json!({"added": true})))
}

async fn clear_faults(State(portal): Portal) -> Response {
    lock(&portal.faults).clear();
    success(&json!({"cleared": true}))
}

async fn read_log(State(portal): Portal) -> Response {
    let lines = portal
        .log
        .entries()
        .into_iter()
        .filter_map(|entry| serde_json::to_string(&entry).ok());
    let text: String = lines.flat_map(|line| [line, "\n".to_owned()]).collect();
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/jsonl; charset=utf-8"),
    );
    response
}

async fn clear_log(State(portal): Portal) -> Response {
    portal.log.clear();
    success(&json!({"cleared": true}))
}

async fn automation(State(portal): Portal) -> Response {
    success(&json!(lock(&portal.world).automation))
}

async fn clear_automation(State(portal): Portal) -> Response {
    lock(&portal.world).automation.clear();
    success(&json!({"cleared": true}))
}

async fn reset(State(portal): Portal) -> Response {
    portal.reset();
    success(&json!({"reset": true}))
}

async fn revoke(State(portal): Portal) -> Response {
    lock(&portal.access).set_active(false);
    success(&json!({"active": false}))
}

async fn restore(State(portal): Portal) -> Response {
    lock(&portal.access).set_active(true);
    success(&json!({"active": true}))
}

/// What a path under `/rows/` works on.
type Rows = Result<Response, Response>;

async fn rows(State(portal): Portal, Path(entity): Path<String>) -> Rows {
    let world = lock(&portal.world);
    known(&world, &entity)?;
    Ok(success(&Value::Array(world.rows(&entity))))
}

#[derive(Deserialize)]
struct Deletion {
    ids: Vec<i64>,
}

async fn delete_rows(State(portal): Portal, Path(entity): Path<String>, body: Bytes) -> Rows {
    let Deletion { ids } = read(&body, r#"{"ids": [1, 2]}"#)?;
    let mut world = lock(&portal.world);
    known(&world, &entity)?;
    let deleted = world.delete_rows(&entity, &ids);
    Ok(success(&json!({"deleted": deleted})))
}

#[derive(Deserialize)]
struct Insertion {
    count: usize,
}

async fn insert_rows(State(portal): Portal, Path(entity): Path<String>, body: Bytes) -> Rows {
    let Insertion { count } = read(&body, r#"{"count": 3}"#)?;
    bearable(count)?;
    let mut world = lock(&portal.world);
    known(&world, &entity)?;
    world.insert_rows(&entity, count);
    Ok(success(&json!({"inserted": count})))
}

/// Refuses what an entity of another name would pass over silently.
#[expect(clippy::result_large_err, reason = "an answer, made once a request")]
fn known(world: &World, entity: &str) -> Result<(), Response> {
    if world.has(entity) {
        return Ok(());
    }
    let text = format!("there is no entity `{entity}`: deal, contact, company, lead, task, user …");
    Err(failure(StatusCode::NOT_FOUND, &text))
}

/// Refuses what memory may not hold.
#[expect(clippy::result_large_err, reason = "an answer, made once a request")]
fn bearable(count: usize) -> Result<(), Response> {
    if count <= MOST_ROWS {
        return Ok(());
    }
    let text = format!("at most {MOST_ROWS} rows at once");
    Err(failure(StatusCode::BAD_REQUEST, &text))
}

#[expect(clippy::result_large_err, reason = "an answer, made once a request")]
pub(crate) fn read<T: DeserializeOwned>(body: &[u8], example: &str) -> Result<T, Response> {
    serde_json::from_slice(body).map_err(|error| {
        failure(
            StatusCode::BAD_REQUEST,
            &format!("expected {example}: {error}"),
        )
    })
}

pub(crate) fn success(value: &Value) -> Response {
    respond(StatusCode::OK, value)
}

pub(crate) fn failure(status: StatusCode, text: &str) -> Response {
    respond(status, &json!({"error": text}))
}

fn respond(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(format!("{value}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}
