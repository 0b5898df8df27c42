//! Small ways to call a portal.

use axum::body::Body;
use b24_portal::{Portal, PortalBuilder, Unplayed};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// Answers every documented method with a stub: the protocol's tests need no data.
pub(crate) fn stubbing() -> PortalBuilder {
    b24_seen::listen();
    Portal::builder().unplayed(Unplayed::Stub)
}

/// Posts JSON to a v2 method of the portal's own webhook.
pub(crate) async fn call(portal: &Portal, method: &str, params: &Value) -> (u16, Value) {
    let response = reqwest::Client::new()
        .post(format!("{}{method}", portal.webhook()))
        .json(params)
        .send()
        .await;
    read(response.unwrap()).await
}

/// Posts JSON to a v3 method of the portal's own webhook.
pub(crate) async fn call_v3(portal: &Portal, method: &str, params: &Value) -> (u16, Value) {
    let response = reqwest::Client::new()
        .post(v3_url(portal, method))
        .json(params)
        .send()
        .await;
    read(response.unwrap()).await
}

pub(crate) fn v3_url(portal: &Portal, method: &str) -> String {
    format!(
        "{}{method}",
        portal.webhook().replace("/rest/", "/rest/api/")
    )
}

pub(crate) async fn get(url: &str) -> (u16, Value) {
    b24_seen::listen();
    read(reqwest::get(url).await.unwrap()).await
}

pub(crate) async fn read(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, value)
}

/// Posts JSON to a v2 method without a socket, so that paused time drives the portal.
pub(crate) async fn call_in_process(
    portal: &Portal,
    method: &str,
    params: &Value,
) -> (StatusCode, Value) {
    post_in_process(portal, &format!("{}{method}", portal.webhook()), params).await
}

/// Posts JSON to a URL of the portal without a socket.
pub(crate) async fn post_in_process(
    portal: &Portal,
    url: &str,
    params: &Value,
) -> (StatusCode, Value) {
    let request = Request::post(url.strip_prefix(&portal.url()).unwrap())
        .header("content-type", "application/json");
    let request = request.body(Body::from(params.to_string())).unwrap();
    let response = portal.router().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

/// `error` of a v2 body, `error.code` of a v3 body.
pub(crate) fn code(body: &Value) -> &str {
    body["error"]
        .as_str()
        .or_else(|| body["error"]["code"].as_str())
        .unwrap_or("no error")
}
