//! What can go wrong, and what the caller may do about it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::oauth::{Denial, TokenError};
use crate::room::retry;

/// What sort of failure it is, and so what to do next. The same list as the exit codes of the command line tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The call was put together wrongly. Nothing was sent.
    Usage,
    /// The portal said no, for good. Nothing changed.
    Refused,
    /// The portal answered, and the answer cannot be understood.
    Answer,
    /// No, wrong or expired credentials, a missing scope, a plan without REST.
    Auth,
    /// The network, a failing server or a limit that outlasts the deadline. Trying again later is safe.
    Temporary,
    /// A write may have run, and its answer was lost. Look before you send it again.
    Unknown,
    /// This machine: a file, a certificate store, an environment variable.
    Local,
}

impl Kind {
    /// The word of the kind in JSON reports: `usage`, `refused`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::Answer => "answer",
            Self::Auth => "auth",
            Self::Temporary => "temporary",
            Self::Unknown => "unknown",
            Self::Local => "local",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One remark of a v3 validation error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validation {
    /// The field that is meant, if the portal named one.
    pub field: Option<String>,
    /// What is wrong with it, in the portal's words.
    pub message: String,
}

/// The portal's own words about a refusal. v2 and v3 look the same here.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", if self.description.is_empty() { &self.code } else { &self.description })]
#[non_exhaustive]
pub struct ApiError {
    /// The code as it came; classic CRM methods send an empty one.
    pub code: String,
    /// The description, tags stripped, control characters replaced, 300 characters at most.
    pub description: String,
    /// The HTTP status; an error inside a batch has that of the batch, 200.
    pub status: u16,
    /// What is wrong with which field (v3).
    pub validation: Vec<Validation>,
    /// Further keys of the error body, such as `argument`.
    pub extra: Vec<(String, Value)>,
}

/// Why a call failed, for a program that wants more than [`Kind`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The call was put together wrongly; the text says how.
    Usage(String),
    /// The portal refused, in its own words.
    Api(ApiError),
    /// A web page came instead of JSON.
    Page {
        /// The HTTP status.
        status: u16,
        /// The title of the page or its first words.
        title: String,
    },
    /// An empty, cut or otherwise unreadable answer.
    Unreadable {
        /// The HTTP status.
        status: u16,
        /// What is wrong with it.
        detail: String,
    },
    /// The answer is well formed and is not what the call expected.
    Unexpected(String),
    /// No connection: refused, unknown host, TLS.
    Connect(String),
    /// The connection broke after the request was, or may have been, sent.
    Lost(String),
    /// No answer within the time-out.
    Timeout(Duration),
    /// A limit of the portal would be free again only after the deadline.
    Limit {
        /// What limit: `rate` or `operating time`.
        limit: &'static str,
        /// Until it is free.
        wait: Duration,
    },
    /// The portal redirects to a host that is not trusted.
    Redirect {
        /// The host it named.
        host: String,
    },
    /// A list cannot go on; the text says why.
    List(String),
    /// An application has no token to call with.
    Token(TokenError),
    /// This machine.
    Local(String),
}

/// Why a call, list or batch failed.
///
/// `Display` is one line that names the method; the portal's own words are the
/// [`source`](std::error::Error::source) and [`description`](Error::description).
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    reason: Reason,
    method: Option<Cow<'static, str>>,
    portal: Option<String>,
    request_id: Option<String>,
    may_have_run: bool,
    retry_after: Option<Duration>,
    attempts: u32,
    cursor: Option<Box<crate::list::Cursor>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: Kind, reason: Reason) -> Self {
        Self(Box::new(Inner {
            kind,
            reason,
            method: None,
            portal: None,
            request_id: None,
            may_have_run: false,
            retry_after: None,
            attempts: 0,
            cursor: None,
            source: None,
        }))
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Kind::Usage, Reason::Usage(text.into()))
    }

    pub(crate) fn answer(text: impl Into<String>) -> Self {
        Self::new(Kind::Answer, Reason::Unexpected(text.into()))
    }

    pub(crate) fn local(text: impl Into<String>) -> Self {
        Self::new(Kind::Local, Reason::Local(text.into()))
    }

    pub(crate) fn api(error: ApiError) -> Self {
        Self::new(retry::kind_of(&error), Reason::Api(error))
    }

    pub(crate) fn with_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_method(mut self, method: impl Into<Cow<'static, str>>) -> Self {
        self.0.method = Some(method.into());
        self
    }

    pub(crate) fn with_portal(mut self, portal: &str) -> Self {
        self.0.portal = Some(portal.to_owned());
        self
    }

    pub(crate) fn with_request_id(mut self, id: &str) -> Self {
        self.0.request_id = Some(id.to_owned());
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_may_have_run(mut self, may: bool) -> Self {
        self.0.may_have_run = may;
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    pub(crate) fn with_cursor(mut self, cursor: Option<crate::list::Cursor>) -> Self {
        self.0.cursor = cursor.map(Box::new);
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error for another command of the batch that failed; the technical cause stays with the first.
    pub(crate) fn copy(&self) -> Self {
        let inner = &self.0;
        Self(Box::new(Inner {
            kind: inner.kind,
            reason: inner.reason.clone(),
            method: inner.method.clone(),
            portal: inner.portal.clone(),
            request_id: inner.request_id.clone(),
            may_have_run: inner.may_have_run,
            retry_after: inner.retry_after,
            attempts: inner.attempts,
            cursor: inner.cursor.clone(),
            source: None,
        }))
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Why, in full.
    pub fn reason(&self) -> &Reason {
        &self.0.reason
    }

    /// The portal's error code. It may be empty: classic CRM methods send an empty one.
    pub fn code(&self) -> Option<&str> {
        self.api_error().map(|e| e.code.as_str())
    }

    /// The portal's own description, tags stripped.
    pub fn description(&self) -> Option<&str> {
        self.api_error().map(|e| e.description.as_str())
    }

    /// The HTTP status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match &self.0.reason {
            Reason::Api(e) => Some(e.status),
            Reason::Token(TokenError::Refused { error, .. }) => Some(error.status),
            Reason::Page { status, .. } | Reason::Unreadable { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What is wrong with which field (v3); empty for everything else.
    pub fn validation(&self) -> &[Validation] {
        self.api_error().map_or(&[], |e| &e.validation)
    }

    /// Whether the portal may have carried out the call although this error came.
    ///
    /// `true` for writes only. Those whose answer was lost were not sent again, unless they are idempotent; of those
    /// that were, one of the attempts may have run. With [`Kind::Answer`] the write ran and its result reads badly.
    pub fn may_have_run(&self) -> bool {
        self.0.may_have_run
    }

    /// How long to wait before another try makes sense, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The id under which the request went out (`bx24_request_id`), for the portal's support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The method that failed.
    pub fn method(&self) -> Option<&str> {
        self.0.method.as_deref()
    }

    /// Host and port of the portal.
    pub fn portal(&self) -> Option<&str> {
        self.0.portal.as_deref()
    }

    /// How often the request was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Where a list stopped: give it to [`List::resume`](crate::List::resume) to go on. What came before it has been
    /// delivered; a list that was awaited whole has delivered nothing, and stands where it began.
    pub fn cursor(&self) -> Option<&crate::list::Cursor> {
        self.0.cursor.as_deref()
    }

    /// Whether the portal's limit of requests or of operating time was the cause.
    pub fn is_limit(&self) -> bool {
        match &self.0.reason {
            Reason::Limit { .. } => true,
            Reason::Api(error) => retry::is_rate_limit(error) || retry::is_operating_limit(error),
            _ => false,
        }
    }

    /// Why the portal does not let an application in, where that is the cause: what to tell its user.
    pub fn denial(&self) -> Option<Denial> {
        match &self.0.reason {
            Reason::Api(error) => Denial::of(error),
            Reason::Token(error) => Denial::of_token(error),
            _ => None,
        }
    }

    fn api_error(&self) -> Option<&ApiError> {
        match &self.0.reason {
            Reason::Api(error) => Some(error),
            Reason::Token(TokenError::Refused { error, .. }) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.0.method.as_deref().unwrap_or("the call");
        let portal = self.0.portal.as_deref().unwrap_or("the portal");
        match &self.0.reason {
            Reason::Usage(text) | Reason::Local(text) => match &self.0.method {
                Some(method) => write!(f, "{method}: {text}"),
                None => f.write_str(text),
            },
            Reason::Api(e) => {
                let code = if e.code.is_empty() { "\"\"" } else { &e.code };
                write!(f, "{method} was refused ({code}")?;
                // In a batch, and under 200, the status says nothing about the refusal.
                if !(200..300).contains(&e.status) {
                    write!(f, ", HTTP {}", e.status)?;
                }
                f.write_str(")")
            }
            Reason::Page { status, title } => {
                write!(
                    f,
                    "{portal} answered {method} with a web page (HTTP {status}, \"{title}\")"
                )?;
                self.times(f)
            }
            Reason::Unreadable { status, detail } => {
                write!(
                    f,
                    "{portal} answered {method} with {detail} (HTTP {status})"
                )?;
                self.times(f)
            }
            Reason::Unexpected(text) => {
                write!(f, "the answer to {method} is not as expected: {text}")
            }
            Reason::Connect(text) => write!(f, "{portal} cannot be reached for {method}: {text}"),
            Reason::Lost(text) => {
                write!(f, "the answer to {method} was lost: {text}")?;
                self.times(f)
            }
            Reason::Timeout(limit) => {
                let seconds = (limit.as_secs_f64() * 10.0).round() / 10.0;
                write!(f, "the answer to {method} was lost after {seconds} s")?;
                self.times(f)
            }
            Reason::Limit { limit, wait } => write!(
                f,
                "{method} has used up its {limit}; it is free again in {} s, after the deadline",
                wait.as_secs_f64().ceil()
            ),
            Reason::Redirect { host } => {
                write!(
                    f,
                    "{portal} redirects {method} to {host}, which is not trusted"
                )
            }
            Reason::Token(error) => match &self.0.method {
                Some(method) => write!(f, "{method} has no access to {portal}: {error}"),
                None => write!(f, "{error}"),
            },
            Reason::List(text) => write!(f, "{method} cannot be read on: {text}"),
        }
    }
}

impl Error {
    fn times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.attempts {
            0 | 1 => Ok(()),
            n => write!(f, ", {n} times"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("method", &inner.method)
            .field("portal", &inner.portal)
            .field("reason", &inner.reason)
            .field("may_have_run", &inner.may_have_run)
            .field("attempts", &inner.attempts)
            .field("request_id", &inner.request_id)
            .field("retry_after", &inner.retry_after)
            .field("source", &inner.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.reason {
            Reason::Api(error) => Some(error),
            Reason::Token(TokenError::Refused { error, .. }) => Some(error.as_ref()),
            _ => match &self.0.source {
                Some(source) => Some(source.as_ref()),
                None => None,
            },
        }
    }
}
