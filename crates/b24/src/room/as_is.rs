//! A request that goes as somebody else wrote it, and its answer as the portal wrote it.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

use super::auth::Ticket;
use super::transport::{ByteStream, MOST_ROOM, Transport, TransportError};
use crate::error::Error;

/// What belongs to one connection, what the transport writes itself, and what would go against the client's own right.
const NOT_PASSED_ON: &[HeaderName] = &[
    header::ACCEPT_ENCODING,
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::COOKIE,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::SET_COOKIE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What stands for a file where an answer is judged: a success that says nothing.
const FILE: &[u8] = br#"{"result":null}"#;

/// The parts of a request beside its body, and the newest answer.
pub(crate) struct AsIs {
    verb: http::Method,
    /// The last segment of the path: `crm.deal.list.json`.
    pub(crate) path: String,
    query: Option<String>,
    headers: HeaderMap,
    attempts: AtomicU32,
    kept: Mutex<Option<Kept>>,
}

/// The newest answer.
pub(crate) struct Kept {
    pub(crate) ticket: Ticket,
    pub(crate) head: http::response::Parts,
    pub(crate) body: Bytes,
    /// The body of a file, which is not read here.
    pub(crate) file: Option<ByteStream>,
    /// From the send to the last byte, of a file to its head.
    pub(crate) took: Duration,
}

/// An answer whose body, if it is a file, is still to be read.
pub(crate) struct Opened {
    head: http::response::Parts,
    body: Bytes,
    file: Option<ByteStream>,
}

impl AsIs {
    pub(crate) fn new(path: String, request: http::request::Parts) -> Self {
        Self {
            verb: request.method,
            path,
            query: request.uri.query().map(str::to_owned),
            headers: passed_on(request.headers),
            attempts: AtomicU32::new(0),
            kept: Mutex::default(),
        }
    }

    /// The request with the right to call of this attempt.
    pub(crate) fn request(
        &self,
        ticket: &Ticket,
        body: &Bytes,
    ) -> Result<http::Request<Bytes>, Error> {
        let (body, bearer) = ticket.sign(body);
        let endpoint = ticket.endpoint();
        let url = match &self.query {
            Some(query) => format!("{endpoint}?{query}"),
            None => endpoint.to_owned(),
        };
        let mut request = http::Request::builder()
            .method(self.verb.clone())
            .uri(url)
            .body(body)
            .map_err(|error| Error::usage(format!("the request cannot be built: {error}")))?;
        *request.headers_mut() = self.headers.clone();
        if let Some(token) = bearer {
            let value = bearer_header(token)?;
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        Ok(request)
    }

    /// Sends a request, and reads its answer unless that is a file.
    pub(crate) async fn send(
        &self,
        transport: &dyn Transport,
        request: http::Request<Bytes>,
    ) -> Result<Opened, TransportError> {
        self.attempts.fetch_add(1, Relaxed);
        *self.lock() = None;
        let (mut head, mut stream) = transport.open(request).await?.into_parts();
        let length = head.headers.get(header::CONTENT_LENGTH).cloned();
        head.headers = passed_on(std::mem::take(&mut head.headers));
        if is_file(&head) {
            // It goes as it is, so that whoever takes it sees how far he is.
            head.headers
                .extend(length.map(|length| (header::CONTENT_LENGTH, length)));
            return Ok(Opened {
                head,
                body: Bytes::from_static(FILE),
                file: Some(stream),
            });
        }
        let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
        let room = length.unwrap_or(0).min(MOST_ROOM);
        let mut body = stream.next().await.transpose()?.unwrap_or_default();
        let mut rest = Vec::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            if rest.is_empty() {
                rest.reserve_exact(room.max(body.len() + chunk.len()));
                rest.extend_from_slice(&body);
            }
            rest.extend_from_slice(&chunk);
        }
        if !rest.is_empty() {
            body = rest.into();
        }
        Ok(Opened {
            head,
            body,
            file: None,
        })
    }

    /// Keeps the answer to an attempt; what is left is for judging it.
    pub(crate) fn keep(
        &self,
        ticket: Ticket,
        opened: Opened,
        took: Duration,
    ) -> http::Response<Bytes> {
        let Opened { head, body, file } = opened;
        let judged = http::Response::from_parts(head.clone(), body.clone());
        *self.lock() = Some(Kept {
            ticket,
            head,
            body,
            file,
            took,
        });
        judged
    }

    /// The newest answer, if the last attempt got one.
    pub(crate) fn take(&self) -> Option<Kept> {
        self.lock().take()
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token in a header, which is not shown.
pub(crate) fn bearer_header(token: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| Error::usage("the access token has characters that no header takes"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn passed_on(mut headers: HeaderMap) -> HeaderMap {
    for name in NOT_PASSED_ON {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers
}

/// Whether an answer is a file: a success that is not text, or that is to be saved under a name.
fn is_file(head: &http::response::Parts) -> bool {
    let kind = head
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_text = kind.is_empty()
        || kind.starts_with("text/")
        || ["json", "xml", "javascript"]
            .iter()
            .any(|word| kind.contains(word));
    head.status.is_success() && (!is_text || head.headers.contains_key(header::CONTENT_DISPOSITION))
}

/// Neither the query nor the headers, where secrets may be.
impl fmt::Debug for AsIs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsIs")
            .field("verb", &self.verb)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
