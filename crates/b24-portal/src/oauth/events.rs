//! What an application is told when it comes and when it goes: a form, posted once.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{Request, Uri};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tokio::net::TcpStream;

use super::registry::{Registry, Seat, host};
use super::tokens::Tokens;
use crate::clock::Moment;
use crate::shared::lock;

/// One event on its way to an application; there is no second attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Delivery {
    /// `ONAPPINSTALL`, `ONAPPUNINSTALL`.
    pub event: &'static str,
    /// Where it went.
    pub url: String,
    /// What was answered; `None` where nobody did.
    pub status: Option<u16>,
}

/// Every delivery that has ended.
pub(crate) type Deliveries = Arc<Mutex<Vec<Delivery>>>;

/// An event, ready to be sent.
#[derive(Debug)]
pub(crate) struct Event {
    name: &'static str,
    fields: Vec<(String, String)>,
}

impl Event {
    /// `ONAPPINSTALL`, with tokens.
    pub(super) fn installed(
        registry: &Registry,
        seat: &Seat,
        tokens: &Tokens,
        now: Moment,
    ) -> Self {
        let version = registry.app(&seat.client_id).map_or(1, |app| app.version);
        let mut event = Self::new("ONAPPINSTALL", now);
        event.data("VERSION", &version.to_string());
        event.data("ACTIVE", "Y");
        event.data("INSTALLED", "Y");
        event.data("LANGUAGE_ID", "ru");
        event.auth("access_token", &tokens.access_token);
        event.auth("expires", &tokens.expires.to_string());
        event.auth("expires_in", &tokens.expires_in.to_string());
        event.auth("scope", &tokens.scope);
        event.auth("status", tokens.status);
        event.auth("user_id", &tokens.user_id.to_string());
        event.auth("refresh_token", &tokens.refresh_token);
        event.auth_of_portal(registry, seat);
        event
    }

    /// `ONAPPUNINSTALL`, without.
    pub(super) fn uninstalled(registry: &Registry, seat: &Seat, now: Moment) -> Self {
        let mut event = Self::new("ONAPPUNINSTALL", now);
        event.data("LANGUAGE_ID", "ru");
        event.data("CLEAN", "1");
        event.auth_of_portal(registry, seat);
        event
    }

    fn new(name: &'static str, now: Moment) -> Self {
        let fields = [
            ("event", name.to_owned()),
            ("ts", now.as_secs().to_string()),
        ];
        Self {
            name,
            fields: fields.map(|(key, value)| (key.to_owned(), value)).into(),
        }
    }

    fn data(&mut self, key: &str, value: &str) {
        self.fields.push((format!("data[{key}]"), value.to_owned()));
    }

    fn auth(&mut self, key: &str, value: &str) {
        self.fields.push((format!("auth[{key}]"), value.to_owned()));
    }

    /// What every event carries; `domain` is the portal here.
    fn auth_of_portal(&mut self, registry: &Registry, seat: &Seat) {
        let portal = registry.url(&seat.member_id).unwrap_or_default();
        self.auth("domain", host(portal));
        self.auth("client_endpoint", &format!("{portal}/rest/"));
        self.auth("server_endpoint", &format!("{}/rest/", registry.server()));
        self.auth("member_id", &seat.member_id);
        let token = registry.application_token(seat).unwrap_or_default();
        self.auth("application_token", token);
    }

    fn form(&self) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let pairs = self.fields.iter();
        let pairs = pairs.map(|(key, value)| format!("{}={}", encoded(key), encoded(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// Posts it and notes what came of it.
    pub(crate) async fn deliver(self, url: String, deliveries: Deliveries) {
        let status = match post(&url, self.form()).await {
            Ok(status) => Some(status),
            Err(error) => {
                tracing::warn!(event = self.name, %url, %error, "an event did not arrive");
                None
            }
        };
        lock(&deliveries).push(Delivery {
            event: self.name,
            url,
            status,
        });
    }
}

#[derive(Debug, thiserror::Error)]
enum NotDelivered {
    #[error("the portal delivers to http://host[:port]/… only")]
    Url,
    #[error(transparent)]
    Connect(#[from] std::io::Error),
    #[error(transparent)]
    Http(#[from] http::Error),
    #[error(transparent)]
    Exchange(#[from] hyper::Error),
}

async fn post(url: &str, form: String) -> Result<u16, NotDelivered> {
    let uri: Uri = url.parse().map_err(|_| NotDelivered::Url)?;
    let authority = uri.authority().ok_or(NotDelivered::Url)?;
    if uri.scheme_str() != Some("http") {
        return Err(NotDelivered::Url);
    }
    let port = authority.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((authority.host(), port)).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path)
        .header(HOST, authority.as_str())
        .header(USER_AGENT, "Bitrix24 Webhook Engine")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(form)))?;
    let exchange = async move { sender.send_request(request).await };
    let (answer, _) = tokio::join!(exchange, connection);
    Ok(answer?.status().as_u16())
}
