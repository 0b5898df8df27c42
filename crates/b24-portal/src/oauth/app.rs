//! Applications, and what a portal has made of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::secret::secret_word;

/// How an application was obtained; one letter on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AppStatus {
    /// A free application of the Market.
    #[serde(rename = "F")]
    Free,
    /// A demo version of a paid one.
    #[serde(rename = "D")]
    Demo,
    /// A paid one on trial.
    #[serde(rename = "T")]
    Trial,
    /// A paid one.
    #[serde(rename = "P")]
    Paid,
    /// Of this portal only.
    #[default]
    #[serde(rename = "L")]
    Local,
    /// By subscription to the Market.
    #[serde(rename = "S")]
    Subscription,
}

impl AppStatus {
    /// `F`, `D`, `T`, `P`, `L` or `S`.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Free => "F",
            Self::Demo => "D",
            Self::Trial => "T",
            Self::Paid => "P",
            Self::Local => "L",
            Self::Subscription => "S",
        }
    }
}

/// Where an application stands on one portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Installation {
    /// Works.
    #[default]
    Installed,
    /// Added, but its set-up is not finished: tokens work, `app.info` says `INSTALLED: false`.
    Unfinished,
    /// Taken away: its tokens are dead (`APPLICATION_NOT_FOUND`), a refresh gets `ERROR_OAUTH`.
    Uninstalled,
    /// Not paid any more: `PAYMENT_REQUIRED` for calls and refreshes.
    PaymentExpired,
    /// Blocked by hand: calls get `OVERLOAD_LIMIT`, refreshes work.
    Blocked,
}

/// An application as its maker registers it: [`Portal::add_app`](crate::Portal::add_app) installs it.
///
/// As JSON (control API) it is an object of its fields; `url` alone is needed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use]
pub struct App {
    pub(crate) url: String,
    #[serde(default = "random_client_id")]
    pub(crate) client_id: String,
    #[serde(default = "random_client_secret")]
    pub(crate) client_secret: String,
    /// None for every scope there is.
    #[serde(default)]
    pub(crate) scopes: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) install_url: Option<String>,
    #[serde(default)]
    pub(crate) events_url: Option<String>,
    #[serde(default)]
    pub(crate) status: AppStatus,
    #[serde(default = "first_version")]
    pub(crate) version: i64,
    /// Everyone without this.
    #[serde(default)]
    pub(crate) users: Option<Vec<i64>>,
}

impl fmt::Debug for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("App")
            .field("client_id", &self.client_id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl App {
    /// A local application with all scopes, a random id and secret, and this address, to which browsers come back with
    /// a code.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            client_id: random_client_id(),
            client_secret: random_client_secret(),
            scopes: None,
            install_url: None,
            events_url: None,
            status: AppStatus::Local,
            version: first_version(),
            users: None,
        }
    }

    /// `local.…` or `app.…`.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// The secret that goes with the id.
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.client_secret = secret.into();
        self
    }

    /// Only these scopes.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Where `ONAPPINSTALL` is posted with the first tokens.
    pub fn install_url(mut self, url: impl Into<String>) -> Self {
        self.install_url = Some(url.into());
        self
    }

    /// Where `ONAPPUNINSTALL` is posted.
    pub fn events_url(mut self, url: impl Into<String>) -> Self {
        self.events_url = Some(url.into());
        self
    }

    /// How it was obtained; [`AppStatus::Local`] without this.
    pub fn status(mut self, status: AppStatus) -> Self {
        self.status = status;
        self
    }

    /// Only these users may use it.
    pub fn users(mut self, users: impl IntoIterator<Item = i64>) -> Self {
        self.users = Some(users.into_iter().collect());
        self
    }

    /// Whether a user may use it.
    pub(super) fn admits(&self, user_id: i64) -> bool {
        self.users
            .as_ref()
            .is_none_or(|users| users.contains(&user_id))
    }
}

fn random_client_id() -> String {
    format!(
        "local.{}.{:08}",
        super::hex(14),
        fastrand::u32(..100_000_000)
    )
}

fn random_client_secret() -> String {
    secret_word(50)
}

const fn first_version() -> i64 {
    1
}
