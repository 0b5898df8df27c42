//! Asking for tokens: by a form to the authorisation server, or in a way of the caller's own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use secrecy::ExposeSecret;

use super::{App, Grant, TokenError, answer, endpoint};
use crate::error::ApiError;
use crate::room::transport::{Sent, Transport};
use crate::rt::{self, BoxFuture, MaybeSend, MaybeSync};

/// A refresh may take so long; the lease on it lasts longer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Pauses after attempts that did not reach the server.
const PAUSES: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(1)];

/// Why new tokens did not come.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// Nothing was sent: the refresh token is as good as before.
    #[error("{0}")]
    NotSent(String),
    /// The answer is lost or unreadable: the refresh token may be used up.
    #[error("{0}")]
    Lost(String),
    /// The server said no.
    #[error("{0}")]
    Refused(ApiError),
    /// The grant names a server that is not trusted.
    #[error("{0} is not trusted")]
    Untrusted(String),
}

impl RefreshError {
    /// A refusal with this code, such as `invalid_grant`, which ends the tokens for good.
    pub fn refused(status: u16, code: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Refused(ApiError {
            code: code.into(),
            description: description.into(),
            status,
            validation: Vec::new(),
            extra: Vec::new(),
        })
    }
}

impl From<RefreshError> for TokenError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::NotSent(text) | RefreshError::Lost(text) => Self::NoAnswer(text),
            RefreshError::Refused(error) => Self::Refused {
                error: Box::new(error),
                unanswered: None,
            },
            RefreshError::Untrusted(host) => Self::Untrusted { host },
        }
    }
}

/// Makes new tokens from old ones in a way of its own: through a service that holds the secret, say.
///
/// It is asked once per refresh, under a lease of 60 s; it must be done, or have failed, before that.
pub trait Refresher: MaybeSend + MaybeSync {
    /// The new pair; see [`Grant::renewed`].
    fn refresh<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<Grant, RefreshError>>;
}

/// The vendor's way: a form by POST, so that no secret stands in an address.
pub(super) struct Server {
    pub(super) app: App,
    pub(super) named: Vec<String>,
}

/// What is shown for tokens.
pub(super) enum Proof<'a> {
    /// The code that came with the browser.
    Code(&'a str),
    /// The refresh token of the grant.
    Refresh,
}

impl Server {
    /// Whether the secret may go where `brought`, which comes from outside, leads; `kept` is what the store has of its
    /// portal.
    pub(super) fn vet(&self, brought: &Grant, kept: Option<&Grant>) -> Result<(), TokenError> {
        let server = &brought.server_endpoint;
        let kept = kept.map(|kept| &*kept.server_endpoint);
        if endpoint::may_be_brought(server, &self.named, kept) {
            return Ok(());
        }
        Err(TokenError::Untrusted {
            host: host_of(server),
        })
    }

    /// Asks the server of `grant`.
    pub(super) async fn ask(
        &self,
        transport: &Arc<dyn Transport>,
        grant: &Grant,
        proof: Proof<'_>,
    ) -> Result<Grant, RefreshError> {
        let unreadable = || RefreshError::Untrusted("an unreadable portal".to_owned());
        let portal = endpoint::portal(&grant.client_endpoint).ok_or_else(unreadable)?;
        let url = endpoint::token_url(&grant.server_endpoint, &portal, &self.named)
            .map_err(|_| RefreshError::Untrusted(host_of(&grant.server_endpoint)))?;
        let body = self.form(grant, &proof);
        let ends = rt::after(TIMEOUT);
        let mut pauses = PAUSES.iter();
        loop {
            let error = match self.send(transport, url.as_str(), &body, ends).await {
                Ok(response) => {
                    let status = response.status();
                    if status.is_redirection() {
                        return Err(RefreshError::Lost(format!(
                            "it redirects to {}, where no secret is sent",
                            response
                                .headers()
                                .get(http::header::LOCATION)
                                .and_then(|to| to.to_str().ok())
                                .map_or_else(|| "nowhere".to_owned(), host_of)
                        )));
                    }
                    return answer::read(status.as_u16(), response.body(), grant);
                }
                Err(error) => error,
            };
            match pauses.next() {
                Some(pause) if matches!(error, RefreshError::NotSent(_)) => {
                    rt::sleep(*pause).await;
                }
                _ => return Err(error),
            }
        }
    }

    async fn send(
        &self,
        transport: &Arc<dyn Transport>,
        url: &str,
        body: &Bytes,
        ends: rt::Instant,
    ) -> Result<http::Response<Bytes>, RefreshError> {
        let request = http::Request::post(url)
            .header(
                http::header::CONTENT_TYPE,
                "application/x-www-form-urlencoded",
            )
            .header(http::header::ACCEPT, "application/json")
            .body(body.clone())
            .map_err(|error| RefreshError::NotSent(error.to_string()))?;
        let left = ends.saturating_duration_since(rt::now());
        match rt::timeout(left, transport.send(request)).await {
            Some(Ok(response)) => Ok(response),
            Some(Err(error)) if error.sent == Sent::No => Err(RefreshError::NotSent(error.message)),
            Some(Err(error)) => Err(RefreshError::Lost(error.message)),
            None => Err(RefreshError::Lost(format!(
                "no answer within {} s",
                TIMEOUT.as_secs()
            ))),
        }
    }

    fn form(&self, grant: &Grant, proof: &Proof<'_>) -> Bytes {
        let (kind, key, value) = match proof {
            Proof::Code(code) => ("authorization_code", "code", *code),
            Proof::Refresh => ("refresh_token", "refresh_token", grant.refresh_token()),
        };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", kind)
            .append_pair("client_id", &self.app.client_id)
            .append_pair("client_secret", self.app.client_secret.expose_secret())
            .append_pair(key, value);
        Bytes::from(form.finish())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

/// The host of an address, for messages.
fn host_of(address: &str) -> String {
    url::Url::parse(address)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "an unreadable address".to_owned())
}
