//! Where an attempt goes, and with what right.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use percent_encoding::utf8_percent_encode;
use url::Url;

use crate::call::Version;
use crate::error::Error;
use crate::oauth::TokenError;
use crate::oauth::keeper::{Keeper, Live};
use crate::rt::{self, Instant};
use crate::webhook::{SEGMENT, WebhookUrl};

/// The right to call a portal, and where it is.
#[derive(Debug)]
pub(crate) struct Access {
    right: Right,
    portal: String,
    trusted_hosts: Vec<String>,
    /// Where a redirect has moved the portal of a webhook to: `https://new.example`.
    moved: Mutex<Option<String>>,
}

#[derive(Debug)]
enum Right {
    /// Its secret is part of the path.
    Webhook(WebhookUrl),
    /// A token that goes with each request.
    Token(Arc<Keeper>),
}

/// Where one attempt goes, and what it shows there.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    endpoint: String,
    token: Option<Arc<Live>>,
}

impl Access {
    pub(crate) fn webhook(webhook: WebhookUrl, trusted_hosts: Vec<String>) -> Self {
        let portal = authority(webhook.base()).to_owned();
        Self::new(Right::Webhook(webhook), portal, trusted_hosts)
    }

    pub(crate) fn token(keeper: Arc<Keeper>, trusted_hosts: Vec<String>) -> Self {
        let portal = authority(&keeper.current().grant.client_endpoint).to_owned();
        Self::new(Right::Token(keeper), portal, trusted_hosts)
    }

    fn new(right: Right, portal: String, trusted_hosts: Vec<String>) -> Self {
        Self {
            right,
            portal,
            trusted_hosts,
            moved: Mutex::default(),
        }
    }

    /// Sees to it that a token is good for the next minute.
    pub(crate) async fn ready(&self, deadline: Instant) -> Result<(), Error> {
        match &self.right {
            Right::Webhook(_) => Ok(()),
            Right::Token(keeper) => in_time(deadline, keeper.fresh()).await.map(drop),
        }
    }

    /// Where an attempt to call `method` goes, without a query.
    pub(crate) async fn ticket(
        &self,
        version: Version,
        method: &str,
        deadline: Instant,
    ) -> Result<Ticket, Error> {
        match &self.right {
            Right::Webhook(webhook) => Ok(Ticket {
                endpoint: self.webhook_endpoint(webhook, version, method),
                token: None,
            }),
            Right::Token(keeper) => {
                let live = in_time(deadline, keeper.usable()).await?;
                let root = &live.grant.client_endpoint;
                let method = utf8_percent_encode(method, SEGMENT);
                let endpoint = match version {
                    Version::V2 => format!("{root}{method}"),
                    Version::V3 => format!("{root}api/{method}"),
                };
                Ok(Ticket {
                    endpoint,
                    token: Some(live),
                })
            }
        }
    }

    fn webhook_endpoint(&self, webhook: &WebhookUrl, version: Version, method: &str) -> String {
        let endpoint = match version {
            Version::V2 => webhook.v2(method),
            Version::V3 => webhook.v3(method),
        };
        match &*self.moved.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(origin) => format!("{origin}{}", path(&endpoint)),
            None => endpoint,
        }
    }

    /// Whether a refused credential can be replaced by a new one.
    pub(crate) fn is_renewable(&self) -> bool {
        matches!(self.right, Right::Token(_))
    }

    /// The portal has refused the token of `ticket`: gets another.
    pub(crate) async fn renew(&self, ticket: &Ticket, deadline: Instant) -> Result<(), Error> {
        match (&self.right, &ticket.token) {
            (Right::Token(keeper), Some(refused)) => {
                in_time(deadline, keeper.renew(refused)).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Sends everything to the host of `location` from now on, if that is the same call on a host that may have it.
    /// Returns whether it is, and the host for the message.
    pub(crate) fn follow(&self, ticket: &Ticket, location: &str) -> (bool, String) {
        let (origin, host) = self.may_follow(&ticket.endpoint, location);
        let trusted = origin.is_some();
        if let Some(origin) = origin {
            match &self.right {
                Right::Webhook(_) => {
                    *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Some(origin);
                }
                Right::Token(keeper) => keeper.moved(&origin),
            }
        }
        (trusted, host)
    }

    /// The origin of `location` if it may be followed, and its host.
    fn may_follow(&self, endpoint: &str, location: &str) -> (Option<String>, String) {
        let (Ok(from), Ok(to)) = (
            Url::parse(endpoint),
            Url::parse(endpoint).and_then(|base| base.join(location)),
        ) else {
            return (None, "an unreadable address".to_owned());
        };
        let (Some(old), Some(new)) = (from.host_str(), to.host_str()) else {
            return (None, "an address without a host".to_owned());
        };
        let listed = self
            .trusted_hosts
            .iter()
            .any(|host| host.eq_ignore_ascii_case(new));
        let related = old == new || parent(old).is_some_and(|known| parent(new) == Some(known));
        let sibling = related && to.port() == from.port();
        let trusted = to.scheme() == "https" && to.path() == from.path() && (listed || sibling);
        let origin = trusted.then(|| to.origin().ascii_serialization());
        (origin, new.to_owned())
    }

    /// What a request with `ticket` shows the portal: the address it went to, up to `/rest/`, and the secret.
    pub(crate) fn shows<'a>(&'a self, ticket: &'a Ticket) -> (&'a str, &'a str) {
        let endpoint = ticket.endpoint.as_str();
        let origin = &endpoint[..endpoint.find("/rest/").unwrap_or(endpoint.len())];
        let secret = match (&self.right, &ticket.token) {
            (Right::Webhook(webhook), _) => webhook.secret(),
            (Right::Token(_), Some(live)) => live.grant.access_token(),
            (Right::Token(_), None) => "",
        };
        (origin, secret)
    }

    /// Host and port, for messages.
    pub(crate) fn portal(&self) -> &str {
        &self.portal
    }

    /// The address as it may be shown.
    pub(crate) fn shown(&self) -> String {
        match &self.right {
            Right::Webhook(webhook) => webhook.to_string(),
            Right::Token(keeper) => keeper.current().grant.client_endpoint.clone(),
        }
    }
}

impl Ticket {
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The body with the token in it; where a body has no place for one, the token beside it, for a header. Never in
    /// the address: those are logged on the way.
    pub(crate) fn sign(&self, body: &Bytes) -> (Bytes, Option<&str>) {
        let Some(live) = &self.token else {
            return (body.clone(), None);
        };
        let token = live.grant.access_token();
        match with_auth(body, token) {
            Some(signed) => (signed, None),
            None => (body.clone(), Some(token)),
        }
    }
}

/// A JSON object with the key `auth` at its end; `None` for any other JSON.
fn with_auth(body: &[u8], token: &str) -> Option<Bytes> {
    let rest = body.trim_ascii();
    let inside = rest.strip_prefix(b"{")?.strip_suffix(b"}")?;
    let comma = if inside.trim_ascii().is_empty() {
        ""
    } else {
        ","
    };
    let token = serde_json::Value::from(token);
    let mut signed = Vec::with_capacity(body.len() + 96);
    signed.push(b'{');
    signed.extend_from_slice(inside);
    signed.extend_from_slice(format!("{comma}\"auth\":{token}}}").as_bytes());
    Some(Bytes::from(signed))
}

async fn in_time<T>(
    deadline: Instant,
    token: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let left = deadline.saturating_duration_since(rt::now());
    rt::timeout(left, token).await.unwrap_or_else(|| {
        let late = "they did not come before the deadline".to_owned();
        Err(TokenError::NoAnswer(late).into())
    })
}

/// Host, and port if it is not the scheme's own.
fn authority(base: &str) -> &str {
    let host = base.find("://").map_or(base, |at| &base[at + 3..]);
    host.split('/').next().unwrap_or(host)
}

/// What follows scheme and host.
fn path(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or("", |at| &url[host + at..])
}

/// `bitrix24.com` of `acme.bitrix24.com`; an address or a bare domain has no parent to share. Nor has a domain right
/// under what reads like a registry's suffix (`co.uk`, `com.br`): strangers are neighbours there.
fn parent(host: &str) -> Option<&str> {
    if host.parse::<std::net::Ipv4Addr>().is_ok() || host.starts_with('[') {
        return None;
    }
    let (_, rest) = host.split_once('.')?;
    let (owner, top) = rest.split_once('.')?;
    let is_registry = top.len() == 2 && owner.len() <= 3;
    (!is_registry).then_some(rest)
}

#[cfg(test)]
mod tests;
