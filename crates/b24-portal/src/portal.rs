use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

use crate::builder::PortalBuilder;
use crate::faults::{Fault, FaultRule};
use crate::log::LogEntry;
use crate::oauth::OAuthListener;
use crate::secret::secret_word;
use crate::server;
use crate::shared::{ADMINISTRATOR, Refusals, Shared, lock};
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
    oauth: Arc<OAuthListener>,
    router: Router,
    address: SocketAddr,
    webhook: String,
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
        self.shared.doors.close();
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
        shared: Arc<Shared>,
        oauth: Arc<OAuthListener>,
        secret: &str,
        listener: TcpListener,
        address: SocketAddr,
    ) -> Self {
        let webhook = webhook_url(&shared, ADMINISTRATOR, secret);
        let router = router(&shared);
        shared.doors.open(listener, router.clone());
        Self {
            shared,
            oauth,
            router,
            address,
            webhook,
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn oauth_listener(&self) -> Arc<OAuthListener> {
        Arc::clone(&self.oauth)
    }

    /// The webhook's full URL, with a slash at its end, where the portal was at its start. A secret.
    pub fn webhook(&self) -> &str {
        &self.webhook
    }

    /// `http://host:port`, without a secret.
    pub fn url(&self) -> String {
        self.shared.url()
    }

    /// Where the portal listens since its start.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Moves the portal to another port, as one that is renamed: its old address answers 302, refreshes tell the new one.
    /// The new URL.
    ///
    /// # Errors
    /// No port is free.
    pub async fn rename(&self) -> io::Result<String> {
        rename(&self.shared).await
    }

    /// As [`Self::rename`], to another name at the same port; clients have to find it.
    pub fn rename_to(&self, host_name: &str) -> String {
        rename_to(&self.shared, host_name)
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
        self.oauth.tls.as_ref().map(|tls| tls.ca_pem.as_str())
    }

    /// The portal as a service to call in process, without sockets: paused tokio time then drives it exactly.
    ///
    /// A cut connection shows as the extension [`ConnectionCut`](crate::ConnectionCut) and a body that fails.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// One more webhook, with these scopes; its URL.
    pub fn add_webhook(&self, user_id: i64, scopes: &[&str]) -> String {
        let secret = secret_word(16);
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        lock(&self.shared.access).add(user_id, secret.clone(), scopes);
        webhook_url(&self.shared, user_id, &secret)
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

fn router(shared: &Arc<Shared>) -> Router {
    control::router(shared)
        .fallback(http::serve)
        .with_state(Arc::clone(shared))
}

/// Moves a portal to another port; its new URL.
pub(crate) async fn rename(shared: &Arc<Shared>) -> io::Result<String> {
    let listener = shared.doors.another().await?;
    let address = server::reachable(listener.local_addr()?);
    shared.doors.open(listener, router(shared));
    shared.move_to(address.to_string());
    Ok(shared.url())
}

/// Gives a portal another name, at the port where it is; its new URL.
pub(crate) fn rename_to(shared: &Shared, host_name: &str) -> String {
    let url = shared.url();
    let port = url.rsplit_once(':').map_or("", |(_, port)| port);
    shared.move_to(format!("{host_name}:{port}"));
    shared.url()
}

fn webhook_url(shared: &Shared, user_id: i64, secret: &str) -> String {
    format!("{}/rest/{user_id}/{secret}/", shared.url())
}
