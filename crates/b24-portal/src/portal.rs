use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::builder::{PortalBuilder, random_word};
use crate::faults::{Fault, FaultRule};
use crate::log::LogEntry;
use crate::server::{self, Tls};
use crate::shared::{Refusals, Shared, lock};
use crate::world::automation::Automation;
use crate::{control, http};

/// A running portal. It is gone, with its connections and data, when this is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let portal = b24_portal::Portal::start().await;
/// assert!(portal.webhook().starts_with("http://127.0.0.1:"));
/// assert!(portal.rows("deal").is_empty());
/// # }
/// ```
pub struct Portal {
    shared: Arc<Shared>,
    router: Router,
    address: SocketAddr,
    webhook: String,
    ca_pem: Option<String>,
    server: AbortHandle,
}

impl fmt::Debug for Portal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Portal")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Portal {
    /// A cloud portal without CRM rows on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When no port of the loopback interface is free.
    #[expect(clippy::expect_used, reason = "a test without a portal cannot go on")]
    pub async fn start() -> Self {
        Self::builder()
            .start()
            .await
            .expect("a free port on 127.0.0.1")
    }

    /// Sets what [`Self::start`] takes as it is.
    pub fn builder() -> PortalBuilder {
        PortalBuilder::default()
    }

    pub(crate) fn serve(
        shared: Shared,
        user_id: i64,
        secret: &str,
        listener: TcpListener,
        address: SocketAddr,
        tls: Option<Tls>,
    ) -> Self {
        let webhook = webhook_url(&shared, user_id, secret);
        let shared = Arc::new(shared);
        let router = control::router(&shared)
            .fallback(http::serve)
            .with_state(Arc::clone(&shared));
        let (acceptor, ca_pem) = tls.map(|tls| (tls.acceptor, tls.ca_pem)).unzip();
        let server =
            tokio::spawn(server::accept(listener, acceptor, router.clone())).abort_handle();
        Self {
            shared,
            router,
            address,
            webhook,
            ca_pem,
            server,
        }
    }

    /// The webhook's full URL, with a slash at its end. A secret.
    pub fn webhook(&self) -> &str {
        &self.webhook
    }

    /// `http://host:port`, without a secret.
    pub fn url(&self) -> String {
        format!("{}://{}", self.shared.facts.scheme, self.shared.facts.host)
    }

    /// Where the portal listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the control API is.
    pub fn control_url(&self) -> String {
        format!("{}{}", self.url(), control::ROOT)
    }

    /// The token of the control API.
    pub fn control_token(&self) -> &str {
        &self.shared.control_token
    }

    /// The certificate (PEM) that clients of an https portal have to trust.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The portal as a service to call in process, without sockets: paused tokio time then drives it exactly.
    ///
    /// A cut connection shows as the extension [`ConnectionCut`](crate::ConnectionCut) and a body that fails.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// One more webhook, with these scopes; its URL.
    pub fn add_webhook(&self, user_id: i64, scopes: &[&str]) -> String {
        let secret = random_word(16);
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        lock(&self.shared.access).add(user_id, secret.clone(), scopes);
        webhook_url(&self.shared, user_id, &secret)
    }

    /// A new token of an application, with these scopes: for a Bearer header, or the parameters `auth` and
    /// `access_token`. It does not expire.
    pub fn add_token(&self, user_id: i64, scopes: &[&str]) -> String {
        let token = random_word(70);
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        lock(&self.shared.access).add_token(user_id, token.clone(), scopes);
        token
    }

    /// Makes the next request of this method go wrong. Calls queue up: two faults hit two requests.
    pub fn fail_next(&self, method: &str, fault: Fault) {
        self.add_fault(FaultRule::new(fault).method(method));
    }

    /// Arms a fault with all its conditions.
    pub fn add_fault(&self, rule: FaultRule) {
        lock(&self.shared.faults).add(rule);
    }

    /// The faults that have not struck yet.
    pub fn faults(&self) -> Vec<FaultRule> {
        lock(&self.shared.faults).waiting()
    }

    /// Disarms all faults.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// All rows of an entity (`deal`, `contact`, `task` …) with the names of the classic methods; none of an entity that
    /// the portal does not have.
    pub fn rows(&self, entity: &str) -> Vec<serde_json::Value> {
        lock(&self.shared.world).rows(entity)
    }

    /// The ids of an entity, rising.
    pub fn ids(&self, entity: &str) -> Vec<i64> {
        lock(&self.shared.world).ids(entity)
    }

    /// Deletes rows, as another user would.
    pub fn delete_rows(&self, entity: &str, ids: &[i64]) {
        lock(&self.shared.world).delete_rows(entity, ids);
    }

    /// Adds rows, as another user would.
    pub fn insert_rows(&self, entity: &str, count: usize) {
        lock(&self.shared.world).insert_rows(entity, count);
    }

    /// The robots and workflows that writes would have started, oldest first.
    pub fn automation(&self) -> Vec<Automation> {
        lock(&self.shared.world).automation.clone()
    }

    /// The last requests, oldest first; never a secret in them.
    pub fn log(&self) -> Vec<LogEntry> {
        self.shared.log.entries()
    }

    /// How many requests came in under `/rest/`.
    pub fn requests(&self) -> u64 {
        self.shared.counts.requests.load(Ordering::Relaxed)
    }

    /// What the limits refused.
    pub fn refusals(&self) -> Refusals {
        self.shared.refusals()
    }

    /// Everything as it was at the start: data, limits, faults, log, webhooks.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Every webhook stops working, as if its user had deleted it.
    pub fn revoke_webhook(&self) {
        lock(&self.shared.access).set_active(false);
    }

    /// Every webhook works again.
    pub fn restore_webhook(&self) {
        lock(&self.shared.access).set_active(true);
    }

    /// The portal's clock, as time since the Unix epoch.
    pub fn now(&self) -> Duration {
        self.shared.clock.now()
    }
}

fn webhook_url(shared: &Shared, user_id: i64, secret: &str) -> String {
    format!(
        "{}://{}/rest/{user_id}/{secret}/",
        shared.facts.scheme, shared.facts.host
    )
}
