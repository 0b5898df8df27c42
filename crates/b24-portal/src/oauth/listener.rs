//! The OAuth server's own address.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::Realm;
use crate::http;
use crate::server::{self, Tls};

/// Listens for the OAuth server; gone with the last of its portals.
pub(crate) struct OAuthListener {
    pub(crate) realm: Arc<Realm>,
    pub(crate) tls: Option<Tls>,
    task: AbortHandle,
}

impl fmt::Debug for OAuthListener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OAuthListener")
            .finish_non_exhaustive()
    }
}

impl Drop for OAuthListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl OAuthListener {
    pub(crate) fn serve(realm: Arc<Realm>, listener: TcpListener, tls: Option<Tls>) -> Self {
        let router = Router::new()
            .fallback(http::serve_oauth)
            .with_state(Arc::clone(&realm));
        let acceptor = tls.as_ref().map(|tls| tls.acceptor.clone());
        let task = tokio::spawn(server::accept(listener, acceptor, router)).abort_handle();
        Self { realm, tls, task }
    }
}

/// `http://host:port` of a listening address.
pub(crate) fn url(is_https: bool, address: SocketAddr) -> String {
    let scheme = if is_https { "https" } else { "http" };
    format!("{scheme}://{}", server::reachable(address))
}
