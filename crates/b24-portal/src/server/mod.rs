//! The portal's own HTTP server: an accept loop that can also cut connections.

mod tls;
mod wire;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
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
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::http::ConnectionCut;
pub(crate) use tls::{Tls, TlsError};
use wire::{Scissors, Wire};

/// Request extension: it came over TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Secure;

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
