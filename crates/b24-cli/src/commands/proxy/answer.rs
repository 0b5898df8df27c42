//! Answers of our own, in the portal's form.

use b24::{Effect, Error, Forwarded, ForwardedBody, Kind, Reason, Version};
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use serde_json::json;

/// Nothing watches its time but the client.
pub(super) type Body = UnsyncBoxBody<Bytes, b24::TransportError>;

/// No with a reason.
#[derive(Debug)]
pub(super) struct No {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) description: String,
}

/// The codes that no portal has.
const UNKNOWN_OUTCOME: &str = "B24_PROXY_UNKNOWN_OUTCOME";
const NO_ANSWER: &str = "B24_PROXY_NO_ANSWER";
const NO_TOKEN: &str = "B24_PROXY_NO_TOKEN";

impl No {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        description: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            description: description.into(),
        }
    }

    /// As the portal says it.
    pub(super) fn unknown_client() -> Self {
        let text = "Invalid request credentials: the address is not one of this proxy";
        Self::new(StatusCode::UNAUTHORIZED, "INVALID_CREDENTIALS", text)
    }

    /// As the portal says it.
    pub(super) fn unknown_method() -> Self {
        let text = "Method not found!";
        Self::new(StatusCode::NOT_FOUND, "ERROR_METHOD_NOT_FOUND", text)
    }

    /// A write where only reads are let through.
    pub(super) fn read_only(method: &str) -> Self {
        let text =
            format!("{method} may change the portal, and this proxy only reads; nothing was sent");
        Self::new(StatusCode::FORBIDDEN, "B24_PROXY_READ_ONLY", text)
    }

    pub(super) fn too_large(megabytes: u64) -> Self {
        let text = format!("the body is larger than --max-body {megabytes} MB; nothing was sent");
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "B24_PROXY_BODY_TOO_LARGE",
            text,
        )
    }

    pub(super) fn stopping() -> Self {
        let text = "the proxy is being stopped; nothing was sent";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "B24_PROXY_STOPPING", text)
    }

    /// Why the portal has given no answer that can be handed on.
    pub(super) fn of(error: &Error, effect: Effect) -> Self {
        let text = error.to_string();
        if effect == Effect::Write && (error.may_have_run() || error.kind() == Kind::Unknown) {
            // No client that sends again by itself does so on 409.
            let words = error.description().filter(|words| !words.is_empty());
            let words = words
                .map(|words| format!(" The portal said: {words}."))
                .unwrap_or_default();
            return Self::new(
                StatusCode::CONFLICT,
                UNKNOWN_OUTCOME,
                format!(
                    "{text}.{words} It may have run and was not sent again: look before you do"
                ),
            );
        }
        match error.reason() {
            Reason::Limit { limit: "rate", .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "QUERY_LIMIT_EXCEEDED",
                format!("{text}; nothing was run"),
            ),
            Reason::Limit { .. } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "OPERATION_TIME_LIMIT",
                format!("{text}; nothing was run"),
            ),
            Reason::Usage(_) => Self::unknown_method(),
            Reason::Local(_) => Self::stopping(),
            Reason::Token(_) if error.kind() == Kind::Auth => {
                Self::new(StatusCode::UNAUTHORIZED, NO_TOKEN, text)
            }
            Reason::Timeout(_) => Self::new(StatusCode::GATEWAY_TIMEOUT, NO_ANSWER, text),
            _ => Self::new(StatusCode::BAD_GATEWAY, NO_ANSWER, text),
        }
    }

    /// In the form of the version.
    pub(super) fn response(&self, version: Version) -> Response<Body> {
        let object = match version {
            Version::V2 => json!({ "error": self.code, "error_description": self.description }),
            Version::V3 => json!({ "error": { "code": self.code, "message": self.description } }),
        };
        let mut response = Response::new(whole(object.to_string().into()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        headers.insert(CONTENT_TYPE, json);
        cors(headers);
        response
    }
}

/// What the portal answers to OPTIONS.
pub(super) fn options() -> Response<Body> {
    let mut response = Response::new(whole(Bytes::new()));
    cors(response.headers_mut());
    response
}

fn cors(headers: &mut http::HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("origin, content-type, accept"),
    );
}

/// The portal's own.
pub(super) fn handed_on(forwarded: Forwarded) -> Response<Body> {
    forwarded.answer.map(|body| match body {
        ForwardedBody::Whole(bytes) => whole(bytes),
        ForwardedBody::File(stream) => {
            BodyExt::boxed_unsync(StreamBody::new(stream.map_ok(Frame::data)))
        }
    })
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync()
}
