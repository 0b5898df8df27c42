//! What a portal posts when an application is installed or uninstalled.
//!
//! Anybody can post such forms: [`OAuth::install`](crate::OAuth::install) and [`OAuth::uninstall`](crate::OAuth::uninstall) find out who did.
//!
//! ```
//! use b24::{Installation, Uninstallation};
//!
//! let body = b"event=ONAPPINSTALL&data[VERSION]=1&auth[access_token]=a&auth[refresh_token]=r&auth[expires_in]=3600\
//!     &auth[client_endpoint]=https://acme.bitrix24.com/rest/&auth[server_endpoint]=https://oauth.bitrix.info/rest/\
//!     &auth[member_id]=a1b2&auth[application_token]=t";
//! let installation = Installation::from_event(body)?;
//! assert_eq!(installation.grant().member_id, "a1b2");
//!
//! let body = b"event=ONAPPUNINSTALL&data[CLEAN]=1&auth[member_id]=a1b2&auth[application_token]=t";
//! let uninstallation = Uninstallation::from_event(body)?;
//! assert!(uninstallation.clean && uninstallation.is_from("t"));
//! # Ok::<(), b24::InstallError>(())
//! ```

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::oauth::{Grant, endpoint};
use crate::value::form::{self, FormError, Limits};

/// Why a form is none of an installation. It never repeats the form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// It is no form of a sensible size.
    #[error(transparent)]
    Form(#[from] FormError),
    /// It is the form of another event.
    #[error("the form is no {expected}")]
    Event {
        /// The event that was expected.
        expected: &'static str,
    },
    /// Something that an installation has is missing.
    #[error("the form has no {0}")]
    Missing(&'static str),
    /// The portal's address is none that a token may go to.
    #[error("the portal's address in the form is not https")]
    Address,
}

/// An installation: the page that the portal opens with a form, or its event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Installation {
    grant: Grant,
    /// The application's version, if it was told (event).
    pub version: Option<String>,
    /// The portal's language: `de`.
    pub language: Option<String>,
    /// Where the page is shown: `DEFAULT`, or a placement (page).
    pub placement: Option<String>,
    /// What the placement is about, as JSON text (page).
    pub placement_options: Option<String>,
}

impl Installation {
    /// Reads the form that a portal posts to the page of an application: installer, main page or placement.
    ///
    /// `query` holds `DOMAIN`, `PROTOCOL` and `LANG`, `body` the tokens.
    ///
    /// # Errors
    /// [`InstallError`].
    pub fn from_page(query: &str, body: &[u8]) -> Result<Self, InstallError> {
        let query = form::decode(query.trim_start_matches('?').as_bytes(), Limits::default())?;
        let body = form::decode(body, Limits::default())?;
        let own = |key: &'static str| text(&body, key).or_else(|| text(&query, key));
        let need = |key| own(key).ok_or(InstallError::Missing(key));
        let scheme = match own("PROTOCOL").as_deref() {
            Some("0") => "http",
            _ => "https",
        };
        let portal = endpoint::portal(&format!("{scheme}://{}", need("DOMAIN")?))
            .ok_or(InstallError::Address)?;
        let server = own("SERVER_ENDPOINT").unwrap_or_else(|| endpoint::server_of(&portal));
        let mut grant = Grant::new(
            need("member_id")?,
            portal,
            need("AUTH_ID")?,
            need("REFRESH_ID")?,
        )
        .with_application_token(own("APPLICATION_TOKEN"));
        grant.server_endpoint = server;
        grant.expires_in = lifetime(own("AUTH_EXPIRES"), grant.expires_in);
        grant.scope = scopes(own("APPLICATION_SCOPE"));
        grant.status = own("status").unwrap_or_default();
        Ok(Self {
            grant,
            version: None,
            language: own("LANG"),
            placement: own("PLACEMENT"),
            placement_options: own("PLACEMENT_OPTIONS"),
        })
    }

    /// Reads the body of the event `ONAPPINSTALL`; that of `ONAPPUPDATE`, which brings tokens too, is taken as well.
    ///
    /// # Errors
    /// [`InstallError`].
    pub fn from_event(body: &[u8]) -> Result<Self, InstallError> {
        let event = form::decode(body, Limits::default())?;
        let name = text(&event, "event").unwrap_or_default();
        if !["ONAPPINSTALL", "ONAPPUPDATE"].contains(&name.to_ascii_uppercase().as_str()) {
            return Err(InstallError::Event {
                expected: "ONAPPINSTALL",
            });
        }
        let (auth, data) = (&event["auth"], &event["data"]);
        let own = |key: &'static str| text(auth, key);
        let need = |key| own(key).ok_or(InstallError::Missing(key));
        let address = own("client_endpoint").or_else(|| own("domain"));
        let address = address.ok_or(InstallError::Missing("client_endpoint"))?;
        let portal = endpoint::portal(&address).ok_or(InstallError::Address)?;
        let server = own("server_endpoint").unwrap_or_else(|| endpoint::server_of(&portal));
        let mut grant = Grant::new(
            need("member_id")?,
            portal,
            need("access_token")?,
            need("refresh_token")?,
        )
        .with_application_token(own("application_token"));
        grant.server_endpoint = server;
        grant.expires_in = lifetime(own("expires_in"), grant.expires_in);
        grant.scope = scopes(own("scope"));
        grant.status = own("status").unwrap_or_default();
        grant.user_id = own("user_id").and_then(|id| id.parse().ok());
        Ok(Self {
            grant,
            version: text(data, "VERSION"),
            language: text(data, "LANGUAGE_ID"),
            placement: None,
            placement_options: None,
        })
    }

    /// The tokens that it brings, not verified.
    pub fn grant(&self) -> Grant {
        self.grant.clone()
    }
}

/// The event `ONAPPUNINSTALL`. It brings no tokens.
#[derive(Clone)]
#[non_exhaustive]
pub struct Uninstallation {
    /// The portal.
    pub member_id: String,
    /// Whether its data shall be deleted with it.
    pub clean: bool,
    /// The portal's language: `de`.
    pub language: Option<String>,
    application_token: SecretString,
}

impl Uninstallation {
    /// Reads the body of the event.
    ///
    /// # Errors
    /// [`InstallError`].
    pub fn from_event(body: &[u8]) -> Result<Self, InstallError> {
        let event = form::decode(body, Limits::default())?;
        let name = text(&event, "event").unwrap_or_default();
        if !name.eq_ignore_ascii_case("ONAPPUNINSTALL") {
            return Err(InstallError::Event {
                expected: "ONAPPUNINSTALL",
            });
        }
        let (auth, data) = (&event["auth"], &event["data"]);
        let need = |key| text(auth, key).ok_or(InstallError::Missing(key));
        Ok(Self {
            member_id: need("member_id")?,
            application_token: SecretString::from(need("application_token")?),
            clean: text(data, "CLEAN").is_some_and(|clean| clean == "1"),
            language: text(data, "LANGUAGE_ID"),
        })
    }

    /// Whether it brings this `application_token`, compared in a time that does not tell how much of it is right.
    pub fn is_from(&self, application_token: &str) -> bool {
        let brought = self.application_token.expose_secret();
        !brought.is_empty()
            && brought
                .as_bytes()
                .ct_eq(application_token.as_bytes())
                .into()
    }
}

impl fmt::Debug for Uninstallation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uninstallation")
            .field("member_id", &self.member_id)
            .field("clean", &self.clean)
            .finish_non_exhaustive()
    }
}

fn text(map: &Value, key: &str) -> Option<String> {
    map.get(key)?
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn lifetime(seconds: Option<String>, otherwise: Duration) -> Duration {
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    seconds.map_or(otherwise, Duration::from_secs)
}

fn scopes(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    text.split([',', ' '])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "DOMAIN=acme.bitrix24.com&PROTOCOL=1&LANG=de&APP_SID=0123";
    const BODY: &[u8] =
        b"AUTH_ID=acc3ss&AUTH_EXPIRES=1800&REFRESH_ID=r3fresh&member_id=m1&status=L\
        &SERVER_ENDPOINT=https%3A%2F%2Foauth.bitrix24.tech%2Frest%2F&APPLICATION_TOKEN=t0ken\
        &APPLICATION_SCOPE=crm%2Ctask&PLACEMENT=DEFAULT&PLACEMENT_OPTIONS=%7B%22ID%22%3A5%7D";

    #[test]
    fn the_installer_page_brings_a_grant() {
        let page = Installation::from_page(QUERY, BODY).unwrap();
        let grant = page.grant();
        assert_eq!(grant.client_endpoint, "https://acme.bitrix24.com/rest/");
        assert_eq!(grant.server_endpoint, "https://oauth.bitrix24.tech/rest/");
        assert_eq!(grant.expires_in, Duration::from_secs(1800));
        assert_eq!(grant.scope, ["crm", "task"]);
        assert_eq!(grant.application_token(), Some("t0ken"));
        assert_eq!(page.placement_options.as_deref(), Some(r#"{"ID":5}"#));
        assert_eq!(page.language.as_deref(), Some("de"));
        let shown = format!("{page:?}");
        for secret in ["acc3ss", "r3fresh", "t0ken"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn what_is_missing_or_unsafe_is_named() {
        let without = |key: &str| {
            let body = String::from_utf8(BODY.to_vec()).unwrap();
            Installation::from_page(QUERY, body.replace(key, "X").as_bytes()).unwrap_err()
        };
        assert_eq!(without("AUTH_ID"), InstallError::Missing("AUTH_ID"));
        assert_eq!(without("REFRESH_ID"), InstallError::Missing("REFRESH_ID"));
        let plain = Installation::from_page("DOMAIN=acme.bitrix24.com&PROTOCOL=0", BODY);
        assert_eq!(plain.unwrap_err(), InstallError::Address);
        let other = Installation::from_event(b"event=ONCRMDEALADD&auth[member_id]=m");
        assert!(matches!(other.unwrap_err(), InstallError::Event { .. }));
        let huge = vec![b'a'; 2 << 20];
        assert!(matches!(
            Installation::from_event(&huge).unwrap_err(),
            InstallError::Form(_)
        ));
    }

    #[test]
    fn an_uninstallation_is_known_by_its_token_alone() {
        let body =
            b"event=ONAPPUNINSTALL&data[CLEAN]=0&auth[member_id]=m1&auth[application_token]=t0ken";
        let event = Uninstallation::from_event(body).unwrap();
        assert!(event.is_from("t0ken") && !event.clean);
        for wrong in ["", "t0ke", "t0kenn", "T0KEN"] {
            assert!(!event.is_from(wrong), "{wrong}");
        }
        let bare = b"event=ONAPPUNINSTALL&auth[member_id]=m1&auth[application_token]=";
        assert!(Uninstallation::from_event(bare).is_err());
    }
}
