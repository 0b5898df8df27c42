//! The part of the control API that is about applications, tokens, time and addresses.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::install::{install, set_installation};
use super::{App, Installation, Seat};
use crate::control::{failure, read, success};
use crate::portal;
use crate::shared::{Condition, Shared, lock};

type Portal = State<Arc<Shared>>;
type Answer = Result<Response, Response>;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/apps", get(list).post(add))
        .route("/apps/{client_id}", post(set_state))
        .route("/apps/{client_id}/tokens", post(issue))
        .route("/tokens/expire", post(expire))
        .route("/tokens/revoke", post(revoke))
        .route("/deliveries", get(deliveries))
        .route("/condition", post(set_condition))
        .route("/clock", get(clock).post(advance))
        .route("/rename", post(rename))
}

async fn list(State(portal): Portal) -> Response {
    let apps = lock(&portal.realm.registry).apps_of(&portal.member_id);
    let apps = apps
        .into_iter()
        .map(|(client_id, state)| json!({"client_id": client_id, "state": state}));
    success(&apps.collect())
}

async fn add(State(portal): Portal, body: Bytes) -> Answer {
    let app: App = read(&body, r#"{"url": "http://127.0.0.1:3000/"}"#)?;
    Ok(success(&json!(install(&portal, app))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewState {
    state: Installation,
}

async fn set_state(State(portal): Portal, Path(id): Path<String>, body: Bytes) -> Answer {
    let NewState { state } = read(&body, r#"{"state": "uninstalled"}"#)?;
    if set_installation(&portal, &id, state) {
        Ok(success(&json!({"state": state})))
    } else {
        Err(unknown(&id))
    }
}

fn unknown(client_id: &str) -> Response {
    let text = format!("there is no application `{client_id}` on this portal");
    failure(StatusCode::NOT_FOUND, &text)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct For {
    user: Option<i64>,
}

async fn issue(State(portal): Portal, Path(id): Path<String>, body: Bytes) -> Answer {
    let For { user } = read(&body, r#"{"user": 1}"#)?;
    let user_id = user.unwrap_or_else(|| portal.acting_user());
    let seat = Seat::of(&portal, &id);
    let mut registry = lock(&portal.realm.registry);
    registry.state(&seat).ok_or_else(|| unknown(&id))?;
    let tokens = registry.issue(&seat, user_id, portal.clock.now());
    Ok(success(&json!(tokens)))
}

async fn expire(State(portal): Portal) -> Response {
    lock(&portal.realm.registry).expire_access_tokens(&portal.member_id);
    success(&json!({"expired": "access"}))
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Which {
    Access,
    Refresh,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    tokens: Which,
}

async fn revoke(State(portal): Portal, body: Bytes) -> Answer {
    let Revocation { tokens } = read(&body, r#"{"tokens": "refresh"}"#)?;
    let mut registry = lock(&portal.realm.registry);
    let which = match tokens {
        Which::Access => {
            registry.revoke_access_tokens(&portal.member_id);
            "access"
        }
        Which::Refresh => {
            registry.revoke_refresh_tokens(&portal.member_id);
            "refresh"
        }
    };
    Ok(success(&json!({"revoked": which})))
}

async fn deliveries(State(portal): Portal) -> Response {
    success(&json!(*lock(&portal.deliveries)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCondition {
    condition: Condition,
}

async fn set_condition(State(portal): Portal, body: Bytes) -> Answer {
    let NewCondition { condition } = read(&body, r#"{"condition": "deleted"}"#)?;
    portal.set_condition(condition);
    Ok(success(&json!({"condition": condition})))
}

async fn clock(State(portal): Portal) -> Response {
    success(&json!({"now": portal.clock.now().as_secs_f64()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    /// Seconds.
    advance: f64,
}

async fn advance(State(portal): Portal, body: Bytes) -> Answer {
    let example = r#"{"advance": 3600}"#;
    let Advance { advance } = read(&body, example)?;
    let by = Duration::try_from_secs_f64(advance).map_err(|error| {
        let text = format!("expected {example}: {error}");
        failure(StatusCode::BAD_REQUEST, &text)
    })?;
    portal.clock.advance(by);
    Ok(clock(State(portal)).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewName {
    host: Option<String>,
}

async fn rename(State(portal): Portal, body: Bytes) -> Answer {
    let NewName { host } = read(&body, r#"{"host": "new.localhost"} or {}"#)?;
    let url = match host {
        Some(host) => portal::rename_to(&portal, &host),
        None => portal::rename(&portal).await.map_err(|error| {
            let text = format!("no port is free: {error}");
            failure(StatusCode::INTERNAL_SERVER_ERROR, &text)
        })?,
    };
    Ok(success(&json!({"url": url})))
}
