//! What is wrong with the tokens of an application.

use std::time::Duration;

use crate::error::{ApiError, Error, Kind, Reason};
use crate::store::{StoreError, StoreFault};
use crate::value::DateTime;

/// Why an application has no token to call with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Nothing is kept for the portal: it was never authorised, or the application was uninstalled.
    #[error("the application is not authorised there; send its user to `authorize_url`")]
    Missing,
    /// A process ended after it had asked for new tokens and before it had saved them. They are lost, and the old ones
    /// are used up.
    #[error(
        "the tokens are lost: a process ended at {at} between asking for new ones and saving them; authorise again"
    )]
    Lost {
        /// When it had asked, by the store's clock.
        at: String,
    },
    /// New tokens came and could not be saved. They are lost, and the old ones are used up.
    #[error("the tokens are lost: new ones came and could not be saved ({0}); authorise again")]
    Unsaved(String),
    /// The authorisation server refused the tokens or the code for good.
    #[error("{}", refusal(.error, .unanswered.as_deref()))]
    Refused {
        /// Its words.
        error: Box<ApiError>,
        /// When the answer to an earlier request for these tokens was lost, if one was.
        unanswered: Option<String>,
    },
    /// The authorisation server did not answer, or with something else than tokens.
    #[error("the authorisation server did not give new tokens: {0}")]
    NoAnswer(String),
    /// The server that the grant names is none that a secret may go to.
    #[error("its authorisation server would be {host}, which is not trusted")]
    Untrusted {
        /// The host it names.
        host: String,
    },
    /// The tokens cannot be read or saved.
    #[error("the store of tokens failed: {0}")]
    Store(String),
    /// What came back from the browser, or from a portal, is not what was asked for.
    #[error("{0}")]
    Forged(&'static str),
}

fn refusal(error: &ApiError, lost_at: Option<&str>) -> String {
    let ApiError { code, status, .. } = error;
    let why = match code.as_str() {
        "invalid_grant" => "it was used up, has expired or was revoked; authorise again",
        "invalid_client" | "wrong_client" => {
            "client_id and client_secret do not belong together, or not to these tokens"
        }
        "PAYMENT_REQUIRED" => "the application's subscription has ended",
        "ERROR_OAUTH" | "NOT_INSTALLED" | "APPLICATION_NOT_FOUND" => {
            "the application is not installed there"
        }
        _ => "see its own words",
    };
    let lost = lost_at.map_or_else(String::new, |at| {
        format!("; the answer to an earlier request, at {at}, was lost")
    });
    format!("the authorisation server refused ({code}, HTTP {status}): {why}{lost}")
}

impl TokenError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoAnswer(_) => Kind::Temporary,
            Self::Store(_) => Kind::Local,
            Self::Refused { error, .. } if error.status >= 500 || error.status == 429 => {
                Kind::Temporary
            }
            _ => Kind::Auth,
        }
    }
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        Self::new(error.kind(), Reason::Token(error))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = if error.fault() == StoreFault::Away {
            Kind::Temporary
        } else {
            Kind::Local
        };
        Self::new(kind, Reason::Token(TokenError::Store(error.to_string()))).with_source(error)
    }
}

/// Why a portal does not let an application in: what to tell its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denial {
    /// The tokens are gone: somebody has to open the application, or [`OAuth::authorize_url`](crate::OAuth::authorize_url).
    AuthoriseAgain,
    /// The application is not installed on the portal, or not any more.
    NotInstalled,
    /// The application's subscription has ended.
    Unpaid,
    /// The portal's plan has no REST, or its Market subscription has ended.
    Plan,
    /// The vendor has blocked the application or the webhook for load; waiting does not help.
    Blocked,
    /// The user behind the token was dismissed, or may not use the application.
    User,
    /// The application lacks a scope.
    Scope,
    /// `client_id` and `client_secret` are wrong.
    Application,
    /// The portal itself is gone.
    PortalDeleted,
}

impl Denial {
    /// What a refusal of the portal or of the authorisation server means.
    pub(crate) fn of(error: &ApiError) -> Option<Self> {
        Some(match error.code.as_str() {
            "expired_token"
            | "invalid_token"
            | "invalid_grant"
            | "NO_AUTH_FOUND"
            | "INVALID_CREDENTIALS" => Self::AuthoriseAgain,
            "APPLICATION_NOT_FOUND" | "ERROR_OAUTH" | "NOT_INSTALLED" => Self::NotInstalled,
            "PAYMENT_REQUIRED" => Self::Unpaid,
            "ACCESS_DENIED" if error.status == 401 => Self::Plan,
            "OVERLOAD_LIMIT" => Self::Blocked,
            "QUERY_LIMIT_EXCEEDED" if error.status == 401 => Self::Blocked,
            "authorization_error" | "user_access_error" => Self::User,
            "insufficient_scope" | "invalid_scope" => Self::Scope,
            "invalid_client" | "wrong_client" => Self::Application,
            "PORTAL_DELETED" => Self::PortalDeleted,
            code if code.ends_with("INSUFFICIENTSCOPEEXCEPTION") => Self::Scope,
            code if code.ends_with("ACCESSDENIEDEXCEPTION") && error.status == 401 => {
                Self::AuthoriseAgain
            }
            _ => return None,
        })
    }

    pub(crate) fn of_token(error: &TokenError) -> Option<Self> {
        match error {
            TokenError::Missing | TokenError::Lost { .. } | TokenError::Unsaved(_) => {
                Some(Self::AuthoriseAgain)
            }
            TokenError::Refused { error, .. } => Self::of(error),
            _ => None,
        }
    }
}

/// A moment of a store's clock as text.
pub(super) fn moment(at: Duration) -> String {
    DateTime::from_unix(at.as_secs() as i64, 0).map_or_else(
        || format!("{} s after the epoch", at.as_secs()),
        |at| at.to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(status: u16, code: &str) -> ApiError {
        ApiError {
            code: code.to_owned(),
            description: String::new(),
            status,
            validation: Vec::new(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn uninstalled_unpaid_and_blocked_are_told_apart() {
        for (status, code, denial) in [
            (401, "APPLICATION_NOT_FOUND", Some(Denial::NotInstalled)),
            (401, "ERROR_OAUTH", Some(Denial::NotInstalled)),
            (401, "PAYMENT_REQUIRED", Some(Denial::Unpaid)),
            (401, "OVERLOAD_LIMIT", Some(Denial::Blocked)),
            (401, "ACCESS_DENIED", Some(Denial::Plan)),
            (403, "ACCESS_DENIED", None),
            (401, "authorization_error", Some(Denial::User)),
            (503, "QUERY_LIMIT_EXCEEDED", None),
            (400, "invalid_grant", Some(Denial::AuthoriseAgain)),
            (200, "wrong_client", Some(Denial::Application)),
        ] {
            assert_eq!(Denial::of(&api(status, code)), denial, "{status} {code}");
        }
    }
}
