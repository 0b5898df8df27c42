//! One request, from its first line to the answer.

use std::sync::Arc;
use std::time::Duration;

use b24::{Client, Effect, Error, Forward, Forwarded, Version};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, Method, Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use super::access_log::{AccessLog, Line};
use super::address::{Asked, parameter};
use super::answer::{Body, No, handed_on, options};
use super::clients::Clients;
use super::deed::{Deed, parameters};
use super::given_up::{GivenUp, Identity, Stage};

/// A client's own word for who it is.
const CLIENT: HeaderName = HeaderName::from_static("x-b24-client");

const MEGABYTE: u64 = 1_000_000;

/// What every request needs.
pub(super) struct Proxy {
    pub(super) portal: Client,
    pub(super) clients: Clients,
    pub(super) log: AccessLog,
    /// Where links in answers lead.
    pub(super) origin: String,
    pub(super) read_only: bool,
    pub(super) wait: Duration,
    /// In MB.
    pub(super) max_body: u64,
    pub(super) given_up: Arc<GivenUp>,
    pub(super) stopping: CancellationToken,
}

/// A call that may be made.
struct Call {
    asked: Asked,
    method: String,
    deed: Deed,
    token: String,
}

impl Proxy {
    /// Answers a request, and writes it down.
    pub(super) async fn handle(&self, request: Request<Incoming>) -> Response<Body> {
        if request.method() == Method::OPTIONS {
            return options();
        }
        let text = |name: HeaderName| {
            let value = request.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let agent = text(CLIENT)
            .or_else(|| text(USER_AGENT))
            .unwrap_or_default();
        let mut line = self.log.begin(Version::V2, &agent);
        let response = match self.answer(request, &mut line).await {
            Ok(response) => response,
            Err(no) => {
                line.remark = Some(no.code);
                no.response(line.version)
            }
        };
        line.status = Some(response.status().as_u16());
        response
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        line: &mut Line<'_>,
    ) -> Result<Response<Body>, No> {
        let (mut parts, body) = request.into_parts();
        let query = parts.uri.query();
        let asked = Asked::read(parts.uri.path(), query).ok_or_else(No::unknown_method)?;
        line.version = asked.version;
        // Before its body is read: a stranger's is not.
        let early = asked
            .token
            .clone()
            .or_else(|| bearer(&parts.headers))
            .or_else(|| parameter(query, &["auth", "access_token"]));
        if let Some(token) = &early
            && self.clients.of(token).is_none()
        {
            return Err(No::unknown_client());
        }
        let body = self.read(&parts.headers, body, early.is_some()).await?;
        let call = self.call(asked, early, &parts, &body, line).await?;
        if self.read_only && call.deed.effect != Effect::Read {
            return Err(No::read_only(&call.deed.name));
        }
        let identity = (call.deed.effect == Effect::Write).then(|| {
            let kind = kind(&parts.headers);
            Identity::new(&line.client, &parts.method, &parts.uri, kind, &body)
        });
        parts.headers.remove(CLIENT);
        let effect = call.deed.effect;
        let stage = line.stage.clone();
        let forward = self.forward(call, Request::from_parts(parts, body), stage.clone());
        let outcome = match identity {
            None => self.read_from_portal(forward, &stage).await?,
            Some(identity) => self.write(identity, forward, stage, line).await?,
        };
        match outcome {
            Ok(forwarded) => {
                line.took = forwarded.took;
                line.attempts = forwarded.attempts;
                Ok(handed_on(forwarded))
            }
            Err(error) => {
                line.attempts = error.attempts();
                Err(No::of(&error, effect))
            }
        }
    }

    /// Who calls what.
    async fn call(
        &self,
        asked: Asked,
        token: Option<String>,
        parts: &http::request::Parts,
        body: &Bytes,
        line: &mut Line<'_>,
    ) -> Result<Call, No> {
        let query = parts.uri.query();
        let kind = kind(&parts.headers);
        // The portal reads the body of a POST alone.
        let posted = match parts.method {
            Method::POST => body,
            _ => &Bytes::new(),
        };
        let token = match token {
            Some(token) => token,
            None => self.token_in(query, kind, posted).await?,
        };
        let client = self.clients.of(&token).ok_or_else(No::unknown_client)?;
        client.clone_into(&mut line.client);
        let method = asked.method.clone().ok_or_else(No::unknown_method)?;
        let deed = Deed::of(asked.version, &method, query, kind, posted).await;
        if is_method(&deed.name) {
            deed.name.clone_into(&mut line.method);
        }
        Ok(Call {
            asked,
            method,
            deed,
            token,
        })
    }

    /// The token of a client that calls like an application.
    async fn token_in(&self, query: Option<&str>, kind: &str, body: &Bytes) -> Result<String, No> {
        let parameters = parameters(query, kind, body).await;
        let told = ["auth", "access_token"]
            .iter()
            .find_map(|name| parameters.get(*name)?.as_str());
        told.map(str::to_owned).ok_or_else(No::unknown_client)
    }

    async fn read(&self, headers: &HeaderMap, body: Incoming, known: bool) -> Result<Bytes, No> {
        // Who has shown no token yet shows it in a form, which is small.
        let most = if known { self.max_body } else { 1 };
        let told = headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if told.is_some_and(|length| length > most * MEGABYTE) {
            return Err(No::too_large(most));
        }
        let limit = usize::try_from(most * MEGABYTE).unwrap_or(usize::MAX);
        match Limited::new(body, limit).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(_) => Err(No::too_large(most)),
        }
    }

    fn forward(&self, call: Call, request: Request<Bytes>, stage: Stage) -> Forward {
        let stopping = self.stopping.clone();
        self.portal
            .forward(call.asked.version, call.method, request)
            .effect(call.deed.effect)
            .commands(call.deed.commands)
            .deadline(self.wait)
            .stand_in(&self.origin, call.token)
            .before_send(move |_: &[usize]| {
                if stopping.is_cancelled() || !stage.leave() {
                    return Err("it was called off".to_owned());
                }
                Ok(())
            })
    }

    async fn read_from_portal(
        &self,
        forward: Forward,
        stage: &Stage,
    ) -> Result<Result<Forwarded, Error>, No> {
        let mut sent = std::pin::pin!(forward.send());
        tokio::select! {
            biased;
            outcome = &mut sent => return Ok(outcome),
            () = self.stopping.cancelled() => {}
        }
        if stage.call_off() {
            return Err(No::stopping());
        }
        Ok(sent.await)
    }

    async fn write(
        &self,
        identity: Identity,
        forward: Forward,
        stage: Stage,
        line: &mut Line<'_>,
    ) -> Result<Result<Forwarded, Error>, No> {
        let mut under_way = match self.given_up.take(&identity) {
            Some(under_way) => {
                line.remark = Some("the same write was under way");
                under_way
            }
            None => self.given_up.start(identity, stage, forward.send()),
        };
        tokio::select! {
            biased;
            outcome = under_way.outcome() => return outcome.ok_or_else(No::stopping),
            () = self.stopping.cancelled() => {}
        }
        if under_way.stage().call_off() {
            return Err(No::stopping());
        }
        under_way.outcome().await.ok_or_else(No::stopping)
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (word, token) = value.split_once(' ')?;
    word.eq_ignore_ascii_case("bearer")
        .then(|| token.trim().to_owned())
}

fn kind(headers: &HeaderMap) -> &str {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Whether a name can stand in a line of the log.
fn is_method(name: &str) -> bool {
    name.len() <= 300
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._- (),…".contains(c))
}
