//! What the OAuth server answers.

use std::fmt;

use serde::Serialize;

/// A pair of tokens as the OAuth server answers it; as JSON it is that answer. Secrets.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tokens {
    /// For calls, one hour.
    pub access_token: String,
    /// For the next pair, once, within 180 days.
    pub refresh_token: String,
    /// Unix seconds at which the access token ends.
    pub expires: u64,
    /// Seconds until then.
    pub expires_in: u64,
    /// The application's scopes, separated by commas.
    pub scope: String,
    /// The OAuth server's host, not the portal's.
    pub domain: String,
    /// `http://…/rest/` of the OAuth server.
    pub server_endpoint: String,
    /// `http://…/rest/` of the portal, where it is now.
    pub client_endpoint: String,
    /// The letter of [`AppStatus`](crate::AppStatus).
    pub status: &'static str,
    /// The portal, wherever it moves.
    pub member_id: String,
    /// Whose rights the token has.
    pub user_id: i64,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tokens")
            .field("expires", &self.expires)
            .field("client_endpoint", &self.client_endpoint)
            .field("member_id", &self.member_id)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// An application on a portal, with its first tokens; as JSON an object of its fields. Secrets.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InstalledApp {
    /// `local.…` or `app.…`.
    pub client_id: String,
    /// Goes with the id to the OAuth server only.
    pub client_secret: String,
    /// The portal.
    pub member_id: String,
    /// In every event from this portal to this application.
    pub application_token: String,
    /// Where a browser begins: the portal's `/oauth/authorize/`.
    pub authorize_url: String,
    /// Where codes and refresh tokens become tokens.
    pub token_url: String,
    /// A first pair, for the portal's acting user.
    pub tokens: Tokens,
}

impl fmt::Debug for InstalledApp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InstalledApp")
            .field("client_id", &self.client_id)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}

/// What the token endpoint did for one portal, since the start or the last reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct OAuthCounts {
    /// Codes that became tokens.
    pub codes: u64,
    /// Refresh tokens that became a new pair.
    pub refreshes: u64,
    /// Refreshes that were refused, for whatever reason.
    pub refused_refreshes: u64,
    /// Of those, with a refresh token that had been used before.
    pub reused_refresh_tokens: u64,
}

/// Why the OAuth server gives no tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoTokens {
    NoGrantType,
    NoParameter(&'static str),
    WrongClient,
    /// The grant belongs to another client.
    ForeignGrant,
    DeadGrant,
    /// As [`Self::DeadGrant`]; the refresh token was used before.
    Reused,
    WrongScope,
    NotInstalled,
    Unpaid,
}

impl NoTokens {
    /// Code, status and text.
    pub(crate) fn told(self) -> (&'static str, u16, String) {
        let (code, status, text) = match self {
            Self::NoGrantType => ("invalid_request", 400, "No grant_type parameter found"),
            Self::NoParameter(name) => {
                let text = format!("No \"{name}\" parameter found");
                return ("invalid_request", 400, text);
            }
            Self::WrongClient => ("invalid_client", 400, "Invalid client credentials"),
            Self::ForeignGrant => ("wrong_client", 200, "Wrong client"),
            Self::DeadGrant | Self::Reused => ("invalid_grant", 400, "Invalid grant"),
            Self::WrongScope => ("invalid_scope", 400, "Invalid scope"),
            Self::NotInstalled => ("ERROR_OAUTH", 401, "Application not installed"),
            Self::Unpaid => ("PAYMENT_REQUIRED", 401, "Payment required"),
        };
        (code, status, text.to_owned())
    }
}

impl OAuthCounts {
    /// One request to the token endpoint.
    pub(super) fn count(&mut self, is_refresh: bool, refusal: Option<&NoTokens>) {
        match (is_refresh, refusal) {
            (true, None) => self.refreshes += 1,
            (false, None) => self.codes += 1,
            (true, Some(refusal)) => {
                self.refused_refreshes += 1;
                self.reused_refresh_tokens += u64::from(*refusal == NoTokens::Reused);
            }
            (false, Some(_)) => {}
        }
    }
}
