//! The tokens of an application on a portal.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// How long an access token lives if its answer does not say: one hour (documentation, "OAuth").
pub(crate) const ACCESS_LIFETIME: Duration = Duration::from_secs(3600);

/// How long a refresh token lives: 180 days (documentation, "OAuth").
pub const REFRESH_LIFETIME: Duration = Duration::from_secs(180 * 86_400);

/// An application: what the portal calls `client_id` and `client_secret`.
#[derive(Clone)]
pub struct App {
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretString,
}

impl App {
    /// The application as its card on the portal, or in the vendor's cabinet, names it.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: SecretString::from(client_secret.into()),
        }
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// What a portal has granted an application: a pair of tokens, and where they are good.
#[derive(Clone)]
#[non_exhaustive]
pub struct Grant {
    /// The portal, under a name that stays when its address changes: 32 hexadecimal digits.
    pub member_id: String,
    /// Where the portal is called: `https://acme.bitrix24.com/rest/`.
    pub client_endpoint: String,
    /// Whose authorisation server it is: `https://oauth.bitrix.info/rest/`.
    pub server_endpoint: String,
    /// What the application may use: `crm`, `task` …; often just `app`.
    pub scope: Vec<String>,
    /// `L`ocal, `F`ree, `D`emo, `T`rial, `P`aid or `S`ubscription; empty if it was not told.
    pub status: String,
    /// The user whom the tokens act as, if that was told.
    pub user_id: Option<u64>,
    /// How long the access token lives, counted from its receipt.
    pub expires_in: Duration,
    access_token: SecretString,
    refresh_token: SecretString,
    application_token: Option<SecretString>,
}

impl Grant {
    /// A pair of tokens that was kept elsewhere, for [`OAuth::adopt`](crate::OAuth::adopt).
    ///
    /// `client_endpoint` is the portal's address with `/rest/`. The authorisation server is the vendor's main one
    /// until [`server_endpoint`](Self::server_endpoint) is set.
    pub fn new(
        member_id: impl Into<String>,
        client_endpoint: impl Into<String>,
        access_token: impl Into<String>,
        refresh_token: impl Into<String>,
    ) -> Self {
        Self {
            member_id: member_id.into(),
            client_endpoint: client_endpoint.into(),
            server_endpoint: super::endpoint::DEFAULT_SERVER.to_owned(),
            scope: Vec::new(),
            status: String::new(),
            user_id: None,
            expires_in: ACCESS_LIFETIME,
            access_token: SecretString::from(access_token.into()),
            refresh_token: SecretString::from(refresh_token.into()),
            application_token: None,
        }
    }

    /// The same grant with a new pair of tokens: what a [`Refresher`](super::Refresher) returns.
    #[must_use]
    pub fn renewed(
        &self,
        access_token: impl Into<String>,
        refresh_token: impl Into<String>,
        expires_in: Duration,
    ) -> Self {
        Self {
            access_token: SecretString::from(access_token.into()),
            refresh_token: SecretString::from(refresh_token.into()),
            expires_in,
            ..self.clone()
        }
    }

    /// With the token by which the portal's events are known to be the portal's.
    #[must_use]
    pub fn with_application_token(mut self, token: Option<String>) -> Self {
        self.application_token = token
            .filter(|token| !token.is_empty())
            .map(SecretString::from)
            .or(self.application_token);
        self
    }

    /// The access token. A secret.
    pub fn access_token(&self) -> &str {
        self.access_token.expose_secret()
    }

    /// The refresh token. A secret.
    pub fn refresh_token(&self) -> &str {
        self.refresh_token.expose_secret()
    }

    /// The token by which the portal's events are known, if one was ever told. A secret.
    pub fn application_token(&self) -> Option<&str> {
        self.application_token
            .as_ref()
            .map(ExposeSecret::expose_secret)
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("member_id", &self.member_id)
            .field("client_endpoint", &self.client_endpoint)
            .field("scope", &self.scope)
            .field("status", &self.status)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// A grant as it stands in a store. Not public: a grant must not be written where its tokens can be read by chance.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    member_id: String,
    client_endpoint: String,
    server_endpoint: String,
    scope: Vec<String>,
    status: String,
    user_id: Option<u64>,
    expires_in: u64,
    access_token: String,
    refresh_token: String,
    application_token: Option<String>,
}

impl From<&Grant> for Kept {
    fn from(grant: &Grant) -> Self {
        Self {
            member_id: grant.member_id.clone(),
            client_endpoint: grant.client_endpoint.clone(),
            server_endpoint: grant.server_endpoint.clone(),
            scope: grant.scope.clone(),
            status: grant.status.clone(),
            user_id: grant.user_id,
            expires_in: grant.expires_in.as_secs(),
            access_token: grant.access_token().to_owned(),
            refresh_token: grant.refresh_token().to_owned(),
            application_token: grant.application_token().map(str::to_owned),
        }
    }
}

impl From<Kept> for Grant {
    fn from(kept: Kept) -> Self {
        Self {
            member_id: kept.member_id,
            client_endpoint: kept.client_endpoint,
            server_endpoint: kept.server_endpoint,
            scope: kept.scope,
            status: kept.status,
            user_id: kept.user_id,
            expires_in: Duration::from_secs(kept.expires_in),
            access_token: SecretString::from(kept.access_token),
            refresh_token: SecretString::from(kept.refresh_token),
            application_token: kept.application_token.map(SecretString::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_do_not_show() {
        let grant = Grant::new("m", "https://a.bitrix24.com/rest/", "acc3ss", "r3fresh")
            .with_application_token(Some("appl1cation".to_owned()));
        let app = App::new("local.1", "cl13nt");
        let shown = format!("{grant:?} {app:?}");
        for secret in ["acc3ss", "r3fresh", "appl1cation", "cl13nt"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn a_kept_grant_is_the_same_grant() {
        let grant = Grant::new("m", "https://a.bitrix24.com/rest/", "a", "r")
            .with_application_token(Some("t".to_owned()));
        let back = Grant::from(Kept::from(&grant));
        assert_eq!((back.access_token(), back.refresh_token()), ("a", "r"));
        assert_eq!(back.application_token(), Some("t"));
        assert_eq!(back.client_endpoint, grant.client_endpoint);
    }
}
