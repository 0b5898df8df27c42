//! Settings of a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::client::{Client, Inner, no_portal};
use crate::error::Error;
use crate::limits::Limits;
use crate::oauth::Shared;
use crate::oauth::keeper::Keeper;
use crate::observe::{Counters, Event, Observer};
use crate::redact;
use crate::room::auth::Access;
use crate::room::gate::Gate;
use crate::room::transport::{Http, HttpSettings, Transport, innermost};
use crate::rt;
use crate::store::SharedBudget;
use crate::webhook::WebhookUrl;

/// Settings of a [`Client`]; [`build`](ClientBuilder::build) makes it.
///
/// ```
/// use std::time::Duration;
/// let b24 = b24::Client::builder()
///     .webhook("https://acme.bitrix24.com/rest/1/secret/")
///     .limits(b24::Limits::Enterprise)
///     .share(0.5)
///     .deadline(Duration::from_secs(3600))
///     .build()?;
/// assert_eq!(b24.portal(), "acme.bitrix24.com");
/// # Ok::<(), b24::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "settings do nothing until `build`"]
pub struct ClientBuilder {
    webhook: Option<String>,
    allow_http: bool,
    timeout: Duration,
    connect_timeout: Duration,
    deadline: Duration,
    proxy: Option<String>,
    ca_certificates: Vec<Vec<u8>>,
    limits: Limits,
    share: f64,
    operating_limit: Option<f64>,
    trusted_hosts: Vec<String>,
    user_agent: Option<String>,
    observer: Option<Arc<dyn Observer>>,
    transport: Option<Arc<dyn Transport>>,
    budget: Option<Arc<dyn SharedBudget>>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            webhook: None,
            allow_http: false,
            // The portal ends a request after 60 s; a shorter time-out would lose answers of writes that ran.
            timeout: Duration::from_secs(90),
            connect_timeout: Duration::from_secs(10),
            deadline: Duration::from_secs(600),
            proxy: None,
            ca_certificates: Vec::new(),
            limits: Limits::Auto,
            share: 1.0,
            operating_limit: None,
            trusted_hosts: Vec::new(),
            user_agent: None,
            observer: None,
            transport: None,
            budget: None,
        }
    }
}

impl ClientBuilder {
    /// The webhook, in any pasted form.
    pub fn webhook(mut self, url: impl AsRef<str>) -> Self {
        self.webhook = Some(url.as_ref().to_owned());
        self
    }

    /// The webhook in `B24_WEBHOOK`, or in the file that `B24_WEBHOOK_FILE` names.
    ///
    /// # Errors
    /// [`Kind::Auth`](crate::Kind::Auth) if there is none, [`Kind::Local`](crate::Kind::Local) if the file cannot be read.
    pub fn webhook_from_env(self) -> Result<Self, Error> {
        self.webhook_from(|name| std::env::var(name).ok())
    }

    fn webhook_from(self, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let filled = |name| variable(name).filter(|value| !value.trim().is_empty());
        if let Some(url) = filled("B24_WEBHOOK") {
            return Ok(self.webhook(url));
        }
        let file = filled("B24_WEBHOOK_FILE").ok_or_else(no_portal)?;
        let url = std::fs::read_to_string(&file)
            // Some set it to the webhook itself.
            .map_err(|error| Error::local(format!("{}: {error}", redact::text(&file))))?;
        Ok(self.webhook(url.trim()))
    }

    /// Takes http for hosts other than this machine too: the secret then travels in the clear.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// How long one request may take. Default 90 s: the portal itself ends one after 60 s (documentation, "Limits").
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long the connection may take. Default 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one call may take with all its waits and repetitions. Default 10 minutes.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// An HTTP proxy for everything. Without one the environment decides (`HTTPS_PROXY`, `NO_PROXY`).
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Trusts these certificates (PEM) besides those of the operating system: a box or a test portal with its own CA.
    pub fn ca_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates.push(pem.into());
        self
    }

    /// What the portal's plan lets through.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The part of the limits that this process may use, above 0 and at most 1; the rest is left to others.
    pub fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    /// Seconds of operating time a method has in ten minutes. Default 420: no answer of the portal tells it.
    pub fn operating_limit(mut self, seconds: f64) -> Self {
        self.operating_limit = Some(seconds);
        self
    }

    /// A host that a redirect of the portal may lead to, besides hosts under the same parent domain.
    pub fn trust_host(mut self, host: impl Into<String>) -> Self {
        self.trusted_hosts.push(host.into());
        self
    }

    /// The `User-Agent`. Default `b24-rust/VERSION`.
    pub fn user_agent(mut self, agent: impl Into<String>) -> Self {
        self.user_agent = Some(agent.into());
        self
    }

    /// Is told about every request, answer and wait.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Something else than HTTP to carry requests: a router in the same process, say.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Shares the portal's limits with all processes that use the same budget: those behind one address, for the portal
    /// counts requests by it. A budget that cannot be asked is a warning, and a quarter of the limits until it can.
    pub fn shared_budget(mut self, budget: impl SharedBudget + 'static) -> Self {
        self.budget = Some(Arc::new(budget));
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) for a malformed webhook, limit, share or proxy, [`Kind::Auth`](crate::Kind::Auth) without a webhook, [`Kind::Local`](crate::Kind::Local)
    /// when this machine's certificates cannot be read, or for https without the feature `rustls`.
    pub fn build(self) -> Result<Client, Error> {
        let url = self.webhook.as_deref().ok_or_else(no_portal)?;
        let webhook = WebhookUrl::parse_with(url, self.allow_http)
            .map_err(|error| Error::usage(error.to_string()))?;
        self.check()?;
        let transport = self.make_transport(!webhook.is_https())?;
        let credential = credential(&webhook.expose());
        let access = Access::webhook(webhook, self.trusted_hosts.clone());
        Ok(self.finish(access, transport, credential))
    }

    /// A client that calls with the tokens of `keeper`.
    pub(crate) fn build_with(self, keeper: Arc<Keeper>, shared: &Shared) -> Result<Client, Error> {
        self.check()?;
        let transport = shared.transport(&keeper.current().grant.client_endpoint)?;
        // The portal counts operating time by application.
        let credential = credential(keeper.client_id());
        let access = Access::token(keeper, self.trusted_hosts.clone());
        Ok(self.finish(access, transport, credential))
    }

    fn check(&self) -> Result<(), Error> {
        if !(self.share > 0.0 && self.share <= 1.0) {
            return Err(Error::usage(format!(
                "a share is above 0 and at most 1, not {}",
                self.share
            )));
        }
        if !self.limits.is_valid() {
            return Err(Error::usage(format!(
                "a limit is at least one request at once and more than none a second, not {:?}",
                self.limits
            )));
        }
        if self
            .operating_limit
            .is_some_and(|seconds| seconds.is_nan() || seconds <= 0.0)
        {
            return Err(Error::usage("an operating limit is more than 0 s"));
        }
        Ok(())
    }

    fn finish(self, access: Access, transport: Arc<dyn Transport>, credential: u64) -> Client {
        let pace = self.limits.pace(self.share);
        let gate = if self.transport.is_some() {
            // A transport of the caller's own leads to a portal that nobody else in the process reaches.
            Gate::new(pace)
        } else {
            let stated = self.limits != Limits::Auto || self.share < 1.0;
            Gate::shared(access.portal(), self.proxy.as_deref(), pace, stated)
        };
        if let Some(budget) = &self.budget {
            gate.share(Arc::clone(budget), access.portal());
        }
        if let Some(seconds) = self.operating_limit {
            gate.ledger(credential, |ledger| ledger.set_limit(seconds));
        }
        Client::from_inner(Inner {
            access,
            transport,
            gate,
            credential,
            timeout: self.timeout,
            deadline: self.deadline,
            limits: self.limits,
            share: self.share,
            counters: Counters::default(),
            observer: self.observer,
        })
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        if let Some(observer) = &self.observer {
            observer.on(event);
        }
    }

    /// What carries the requests: the caller's own, or HTTP, without certificates where it is plain.
    pub(crate) fn make_transport(&self, plain_http: bool) -> Result<Arc<dyn Transport>, Error> {
        match &self.transport {
            Some(transport) => Ok(Arc::clone(transport)),
            None => Ok(Arc::new(self.http(plain_http)?)),
        }
    }

    fn http(&self, plain_http: bool) -> Result<Http, Error> {
        if !plain_http && !rt::HAS_TLS {
            return Err(Error::local(
                "this program was built without TLS: turn on the feature `rustls` of b24",
            ));
        }
        let settings = HttpSettings {
            connect_timeout: self.connect_timeout,
            user_agent: self
                .user_agent
                .clone()
                .unwrap_or_else(|| concat!("b24-rust/", env!("CARGO_PKG_VERSION")).to_owned()),
            proxy: self.proxy.clone(),
            ca_certificates: self.ca_certificates.clone(),
            plain_http,
        };
        Http::new(&settings).map_err(|error| {
            let error = error.without_url();
            let why = innermost(&error);
            let why = why.trim_start_matches("unexpected error: ");
            if self.proxy.is_some() {
                // Without the cause: it shows the proxy's address, password and all.
                return Error::usage(format!("the proxy cannot be used: {why}"));
            }
            Error::local(format!(
                "no trusted certificates: {why}; install the package ca-certificates, or name a file in SSL_CERT_FILE"
            ))
            .with_source(error)
        })
    }
}

/// Tells credentials apart, alike in all processes: the beginning of SHA-256. Stores keep it in the clear.
fn credential(name: &str) -> u64 {
    let hash = Sha256::digest(name);
    hash.iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("limits", &self.limits)
            .field("share", &self.share)
            .field("timeout", &self.timeout)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn from(name: &str, value: &str) -> Result<Client, Error> {
        let variable = |asked: &str| (asked == name).then(|| value.to_owned());
        ClientBuilder::default().webhook_from(variable)?.build()
    }

    /// It lies in stores that others may read, and must not lead back to the webhook.
    #[test]
    fn the_name_of_a_credential_cannot_be_turned_back() {
        // The beginning of SHA-256("abc"), as FIPS 180 has it.
        assert_eq!(credential("abc"), 0xba78_16bf_8f01_cfea);
    }

    #[test]
    fn the_environment_names_the_portal_or_a_file_with_it() {
        let url = "https://acme.bitrix24.com/rest/1/s3cr3t/";
        assert_eq!(
            from("B24_WEBHOOK", url).unwrap().portal(),
            "acme.bitrix24.com"
        );
        assert_eq!(from("B24_WEBHOOK", " ").unwrap_err().kind(), Kind::Auth);
        assert_eq!(
            from("B24_WEBHOOK_FILE", "/no/such/file")
                .unwrap_err()
                .kind(),
            Kind::Local
        );
        let mistaken = from("B24_WEBHOOK_FILE", url).unwrap_err();
        assert!(!format!("{mistaken} {mistaken:?}").contains("s3cr3t"));
    }
}
