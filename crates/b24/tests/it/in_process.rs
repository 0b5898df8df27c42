//! The local portal called as a transport, without sockets: paused time drives client and portal together.

use axum::Router;
use axum::body::{Body, to_bytes};
use b24::{BoxFuture, Client, ClientBuilder, Sent, Transport, TransportError};
use b24_portal::{ConnectionCut, Portal};
use bytes::Bytes;
use tower::ServiceExt;

#[derive(Clone)]
pub(crate) struct InProcess(Router);

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InProcess")
    }
}

/// A client of `portal` that needs no socket.
pub(crate) fn builder(portal: &Portal) -> ClientBuilder {
    Client::builder()
        .webhook(portal.webhook())
        .transport(transport(portal))
}

pub(crate) fn client(portal: &Portal) -> Client {
    builder(portal).build().unwrap()
}

/// `portal` as a transport.
pub(crate) fn transport(portal: &Portal) -> InProcess {
    b24_seen::listen();
    InProcess(portal.router())
}

fn lost(message: &str) -> TransportError {
    TransportError {
        sent: Sent::Maybe,
        message: message.to_owned(),
        source: None,
    }
}

impl Transport for InProcess {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let response = self
                .0
                .clone()
                .oneshot(request.map(Body::from))
                .await
                .map_err(|_| lost("router"))?;
            if response.extensions().get() == Some(&ConnectionCut::BeforeAnswer) {
                return Err(lost("the connection was cut"));
            }
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX)
                .await
                .map_err(|_| lost("the body was cut"))?;
            Ok(http::Response::from_parts(parts, body))
        })
    }
}
