use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Method};

use super::params::{content_type, query_params, v2_params};
use super::route::Route;
use crate::access::Credentials;
use crate::faults::Fault;
use crate::methods::disk::transfer::Posted;
use crate::php::{Key, Php, PhpArray};
use crate::play::Version;
use crate::server::Secure;

/// A request as the protocol sees it.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) version: Version,
    /// Empty where the request names none.
    pub(crate) method: String,
    pub(crate) asks_for_xml: bool,
    pub(crate) params: PhpArray,
    /// Files of a form.
    pub(crate) files: Vec<Posted>,
    pub(crate) json: JsonBody,
    pub(crate) credentials: Credentials,
    pub(crate) is_https: bool,
    pub(crate) idempotency_key: Option<Vec<u8>>,
    pub(crate) wants_local_errors: bool,
    /// The application that was let in.
    pub(crate) client_id: Option<String>,
    /// A fault that hits one command of this batch.
    pub(crate) inner_fault: Option<Fault>,
}

/// What v3 finds in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonBody {
    /// A map or a list, or nothing where nothing is needed.
    Fine,
    EmptyPost,
    Invalid,
}

impl Incoming {
    /// Reads a request; `None` for paths outside `/rest/`.
    pub(super) async fn read(parts: &Parts, body: &Bytes) -> Option<Self> {
        let route = Route::of(parts.uri.path())?;
        let mut incoming = Self {
            version: route.version,
            method: String::new(),
            asks_for_xml: route.asks_for_xml,
            params: PhpArray::new(),
            files: Vec::new(),
            json: JsonBody::Fine,
            credentials: Credentials::None,
            is_https: parts.extensions.get::<Secure>().is_some()
                || parts.uri.scheme_str() == Some("https"),
            idempotency_key: parts
                .headers
                .get("idempotency-key")
                .map(|key| key.as_bytes().to_vec()),
            wants_local_errors: parts.headers.contains_key("x-local-error-language"),
            client_id: None,
            inner_fault: None,
        };
        match route.version {
            Version::V2 => {
                (incoming.params, incoming.files) = v2_params(parts, body).await;
                incoming.take_v2(route, &parts.headers);
            }
            Version::V3 => {
                (incoming.json, incoming.params) = v3_body(parts, body);
                let mut query = query_params(parts);
                let token = query.remove(&"auth".into());
                incoming.credentials = credentials(&parts.headers, [token, None], route.webhook);
                incoming.method = route.method.unwrap_or_default();
            }
        }
        Some(incoming)
    }

    /// Takes out of the parameters what belongs to the protocol.
    fn take_v2(&mut self, route: Route, headers: &HeaderMap) {
        let mut take = |name: &str| self.params.remove(&Key::from(name));
        let text = |value: Option<Php>| value.as_ref().and_then(Php::as_str).map(str::to_owned);
        let named = text(take("method"));
        let (user, secret) = (text(take("aplogin")), text(take("ap")));
        let tokens = [take("auth"), take("access_token")];
        take("auth_connector");
        take("state");
        self.credentials = credentials(headers, tokens, route.webhook.or(user.zip(secret)));
        self.method = route.method.or(named).unwrap_or_default();
    }
}

/// A webhook, else a Bearer header, then `auth`, then `access_token`.
fn credentials(
    headers: &HeaderMap,
    tokens: [Option<Php>; 2],
    webhook: Option<(String, String)>,
) -> Credentials {
    if let Some((user, secret)) = webhook {
        return Credentials::Webhook(user, secret);
    }
    let header = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let bearer = header
        .split_once(' ')
        .filter(|(word, _)| word.eq_ignore_ascii_case("bearer"));
    let bearer = bearer.map(|(_, token)| token.trim().to_owned());
    let tokens = tokens
        .into_iter()
        .flatten()
        .filter_map(|token| token.as_str().map(str::to_owned));
    bearer
        .into_iter()
        .chain(tokens)
        .find(|token| !token.is_empty())
        .map_or(Credentials::None, Credentials::Token)
}

fn v3_body(parts: &Parts, body: &[u8]) -> (JsonBody, PhpArray) {
    if body.is_empty() {
        let empty = if parts.method == Method::POST {
            JsonBody::EmptyPost
        } else {
            JsonBody::Fine
        };
        return (empty, PhpArray::new());
    }
    let kind = content_type(&parts.headers).to_ascii_lowercase();
    let is_json = kind == "application/json" || kind.ends_with("+json");
    match Php::from_json(body).filter(|_| is_json) {
        Some(Php::Array(params)) => (JsonBody::Fine, params),
        _ => (JsonBody::Invalid, PhpArray::new()),
    }
}

/// Loopback for requests that came without a socket.
pub(super) fn address(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| {
        peer.ip()
    })
}
