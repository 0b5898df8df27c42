//! The portal's own HTTP server: an accept loop that can also cut connections.

mod tls;
mod wire;

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::http::ConnectionCut;
use crate::shared::lock;
pub use tls::{Tls, TlsError};
use wire::{Scissors, Wire};

/// Request extension: it came over TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Secure;

/// Where a portal listens: one address, and one more each time it moves.
pub(crate) struct Doors {
    ip: IpAddr,
    acceptor: Option<TlsAcceptor>,
    servers: Mutex<Vec<AbortHandle>>,
}

impl fmt::Debug for Doors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Doors")
            .field("ip", &self.ip)
            .finish_non_exhaustive()
    }
}

impl Doors {
    pub(crate) fn new(ip: IpAddr, acceptor: Option<TlsAcceptor>) -> Self {
        Self {
            ip,
            acceptor,
            servers: Mutex::default(),
        }
    }

    /// Serves what comes to a listener until all is closed.
    pub(crate) fn open(&self, listener: TcpListener, router: Router) {
        let server = tokio::spawn(accept(listener, self.acceptor.clone(), router));
        lock(&self.servers).push(server.abort_handle());
    }

    /// A listener on a free port of the same address.
    pub(crate) async fn another(&self) -> std::io::Result<TcpListener> {
        TcpListener::bind((self.ip, 0)).await
    }

    /// Cuts all connections.
    pub(crate) fn close(&self) {
        lock(&self.servers).iter().for_each(AbortHandle::abort);
    }
}

/// An address that a client on this machine can connect to.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
    } else {
        address
    }
}

/// Before the next connection is accepted.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);

/// Serves connections until it is dropped; its connections go with it.
pub(crate) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(stream, peer, tls.clone(), router.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Out of file descriptors: trying at once would fail at once.
                    tokio::time::sleep(AFTER_A_FAILURE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>, router: Router) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let (wire, scissors) = Wire::new(stream);
    let context = Context {
        peer,
        is_secure: tls.is_some(),
        router,
        scissors,
    };
    match tls {
        None => speak(wire, context).await,
        Some(tls) => match tls.accept(wire).await {
            Ok(wire) => speak(wire, context).await,
            Err(error) => tracing::debug!(%error, "no TLS handshake"),
        },
    }
}

/// What a connection knows.
#[derive(Clone)]
struct Context {
    peer: SocketAddr,
    is_secure: bool,
    router: Router,
    scissors: Arc<Scissors>,
}

async fn speak(wire: impl AsyncRead + AsyncWrite + Unpin, context: Context) {
    let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        answer(request.map(Body::new), context.clone())
    });
    if let Err(error) = http1::Builder::new()
        .serve_connection(TokioIo::new(wire), service)
        .await
    {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// An error makes hyper drop the connection without an answer.
async fn answer(mut request: Request, context: Context) -> Result<Response, NoAnswer> {
    request.extensions_mut().insert(ConnectInfo(context.peer));
    if context.is_secure {
        request.extensions_mut().insert(Secure);
    }
    let answered: Result<Response, Infallible> = context.router.oneshot(request).await;
    let Ok(response) = answered;
    match response.extensions().get() {
        None => Ok(response),
        Some(ConnectionCut::InBody { .. }) => {
            context.scissors.cut_at_the_end();
            Ok(response)
        }
        Some(ConnectionCut::InHead { sent }) => {
            context.scissors.cut_after(*sent);
            Ok(response)
        }
        Some(ConnectionCut::BeforeAnswer) => {
            context.scissors.cut_at_the_end();
            Err(NoAnswer)
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the connection is cut without an answer")]
struct NoAnswer;
