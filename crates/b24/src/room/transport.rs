//! How a request leaves and an answer arrives.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;

use crate::redact;
use crate::rt::{self, BoxFuture, BoxStream, MaybeSend, MaybeSync};

/// Whether a request that failed may have reached the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Certainly not: no connection came about.
    No,
    /// It may have.
    Maybe,
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    /// Whether the request may have reached the portal.
    pub sent: Sent,
    /// What happened, without any URL.
    pub message: String,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The bytes of an answer as they come.
pub type ByteStream = BoxStream<Result<Bytes, TransportError>>;

/// For a body of which only the length is known, more room than this is not made before its bytes have come.
pub(crate) const MOST_ROOM: usize = 8 << 20;

/// Carries requests to the portal. The default is HTTP; a test may put a router in its place.
///
/// A transport does not retry, does not follow redirects and keeps no time: the client does.
pub trait Transport: MaybeSend + MaybeSync + fmt::Debug {
    /// Sends `request` and reads the whole answer.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>>;

    /// Sends `request` and hands out the answer before its body is read. Unless a transport knows better, it is read.
    fn open(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ByteStream>, TransportError>> {
        let sent = self.send(request);
        Box::pin(async move {
            let whole = |body| -> ByteStream { Box::pin(stream::iter([Ok(body)])) };
            Ok(sent.await?.map(whole))
        })
    }
}

/// What the HTTP transport is made from.
#[derive(Clone)]
pub(crate) struct HttpSettings {
    pub(crate) connect_timeout: Duration,
    pub(crate) user_agent: String,
    pub(crate) proxy: Option<String>,
    pub(crate) ca_certificates: Vec<Vec<u8>>,
    pub(crate) plain_http: bool,
}

/// HTTP by reqwest: natively with its own connections, in a browser by `fetch`.
#[derive(Debug)]
pub(crate) struct Http(reqwest::Client);

impl Http {
    pub(crate) fn new(settings: &HttpSettings) -> Result<Self, reqwest::Error> {
        rt::http_client(settings).map(Self)
    }
}

impl Transport for Http {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(failed)?;
            let mut response = self.0.execute(request).await.map_err(failed)?;
            let mut answer = http::Response::new(Bytes::new());
            *answer.status_mut() = response.status();
            std::mem::swap(answer.headers_mut(), response.headers_mut());
            *answer.body_mut() = rt::body(response).await.map_err(failed)?;
            Ok(answer)
        })
    }

    fn open(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ByteStream>, TransportError>> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(failed)?;
            let mut response = self.0.execute(request).await.map_err(failed)?;
            let mut head = http::Response::new(());
            *head.status_mut() = response.status();
            std::mem::swap(head.headers_mut(), response.headers_mut());
            Ok(head.map(|()| rt::body_stream(response, failed)))
        })
    }
}

fn failed(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let sent = if rt::never_sent(&error) {
        Sent::No
    } else {
        Sent::Maybe
    };
    TransportError {
        sent,
        message: redact::text(&innermost(&error)).into_owned(),
        source: Some(Box::new(error)),
    }
}

/// The words of the innermost cause: the outer ones only say "error sending request".
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
