use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body::Frame;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::world::files::StoredFile;

use crate::settings::Edition;
use crate::shared::Shared;

/// Marks the answer of a call whose connection is cut ([`Fault::CutAfterRun`](crate::Fault) and its kin).
///
/// The portal's own server resets the connection. Where the router is called in process, the response carries this
/// extension, and reading its body fails with [`io::ErrorKind::ConnectionReset`]; a transport made of the router shows
/// such a response as a broken connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionCut {
    /// Not a byte of an answer was sent.
    BeforeAnswer,
    /// Status and headers were sent in part.
    InHead {
        /// Bytes of them.
        sent: usize,
    },
    /// Status and headers were sent, and the body in part.
    InBody {
        /// Bytes of it.
        sent: usize,
    },
}

impl ConnectionCut {
    /// After so many bytes of head and body: see [`HttpAnswer::length`].
    pub(super) const fn after(bytes: usize) -> Self {
        match bytes.checked_sub(HEAD) {
            None if bytes == 0 => Self::BeforeAnswer,
            None => Self::InHead { sent: bytes },
            Some(sent) => Self::InBody { sent },
        }
    }
}

/// Bytes of status and headers that every answer has at least.
const HEAD: usize = 240;

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html";

/// An answer before it becomes HTTP.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// For the log.
    pub(crate) error_code: Option<String>,
    /// For the log.
    pub(crate) row_count: u64,
    content_type: &'static str,
    headers: HeaderMap,
}

impl HttpAnswer {
    pub(crate) fn json(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            body,
            error_code: None,
            row_count: 0,
            content_type: JSON,
            headers: HeaderMap::new(),
        }
    }

    /// A page of the web server in front of the portal.
    pub(crate) fn page(status: u16) -> Self {
        let reason = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or_default();
        let page = format!(
            "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self {
            content_type: HTML,
            ..Self::json(status, page.into_bytes())
        }
    }

    /// A page for people.
    pub(crate) fn html(status: u16, page: &str) -> Self {
        Self {
            content_type: HTML,
            ..Self::json(status, page.as_bytes().to_vec())
        }
    }

    /// A file as it is, to be saved under its name.
    pub(crate) fn file(file: &StoredFile) -> Self {
        let name = utf8_percent_encode(&file.name, NON_ALPHANUMERIC);
        let answer = Self {
            content_type: "application/octet-stream",
            ..Self::json(200, file.bytes.to_vec())
        };
        answer.header(
            "content-disposition",
            &format!("attachment; filename*=utf-8''{name}"),
        )
    }

    pub(crate) fn redirect(to: &str) -> Self {
        let mut answer = Self::page(302);
        if let Ok(location) = HeaderValue::from_str(to) {
            answer.headers.insert(LOCATION, location);
        }
        answer
    }

    pub(crate) fn error(mut self, code: impl Into<String>) -> Self {
        self.error_code = Some(code.into());
        self
    }

    pub(crate) const fn rows(mut self, count: u64) -> Self {
        self.row_count = count;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Bytes of head and body together, as good as they are known before the server adds a date.
    pub(crate) fn length(&self) -> usize {
        HEAD + self.body.len()
    }

    /// Cloud portals name the application that calls.
    pub(crate) fn application(self, portal: &Shared, client_id: Option<&str>) -> Self {
        match client_id.filter(|_| portal.settings.edition != Edition::Box) {
            Some(client_id) => self.header("x-bitrix-rest-application", client_id),
            None => self,
        }
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = self.headers;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if self.content_type != HTML {
            add_common_headers(response.headers_mut());
        }
        response
    }

    /// The answer, broken off.
    pub(crate) fn into_cut_response(mut self, cut: ConnectionCut) -> Response {
        let whole = self.body.len();
        let sent = match cut {
            ConnectionCut::BeforeAnswer | ConnectionCut::InHead { .. } => Bytes::new(),
            ConnectionCut::InBody { sent } => Bytes::copy_from_slice(&self.body[..sent.min(whole)]),
        };
        self.body.clear();
        let (mut parts, _) = self.into_response().into_parts();
        parts
            .headers
            .insert(http::header::CONTENT_LENGTH, HeaderValue::from(whole));
        parts.extensions.insert(cut);
        Response::from_parts(
            parts,
            Body::new(BrokenBody {
                sent: Some(sent),
                was_flushed: false,
            }),
        )
    }
}

/// What every answer under `/rest/` carries; `Authorization` is not among the allowed headers on real portals either.
pub(super) fn add_common_headers(headers: &mut HeaderMap) {
    headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
    headers.insert(
        "access-control-allow-headers",
        HeaderValue::from_static("origin, content-type, accept"),
    );
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
}

/// Gives some bytes, lets the server flush them, and fails.
struct BrokenBody {
    sent: Option<Bytes>,
    was_flushed: bool,
}

impl http_body::Body for BrokenBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.sent.take().filter(|bytes| !bytes.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if !self.was_flushed {
            self.was_flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
    }
}
