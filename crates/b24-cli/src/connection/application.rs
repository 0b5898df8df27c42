//! An application: what the profile, the variables and the store of tokens say of it.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use b24::{App, ClientBuilder, Grant, OAuth};

use super::config::{Files, Profile};
use super::credentials::Secret;
use super::tokens;
use crate::failure::{Failure, Kind, from_tokens};

/// An application on a portal, before its tokens are looked up.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    /// `local.5f…` or `app.5f…`.
    pub(crate) client_id: String,
    pub(crate) secret: Secret,
    /// The portal, under the name that stays.
    pub(crate) member_id: String,
    /// The portal's address as it was told; it stays when the portal is renamed.
    pub(crate) portal: Option<String>,
    /// Tokens that came with the variables.
    pub(crate) brought: Option<Grant>,
}

impl Application {
    /// The application of a profile.
    pub(super) fn of_profile(
        name: &str,
        profile: &Profile,
        kept: Option<Secret>,
    ) -> Result<Option<Self>, Failure> {
        let Some(client_id) = profile.client_id.clone() else {
            return Ok(None);
        };
        let lacks = |what: &str| {
            Failure::new(Kind::Auth, format!("no {what} is kept for profile {name}"))
                .state("nothing was sent")
                .hint(format!("b24 auth login {name} --app"))
        };
        let member_id = profile.member_id.clone().ok_or_else(|| lacks("portal"))?;
        let secret = kept.ok_or_else(|| lacks("client secret"))?;
        Ok(Some(Self {
            client_id,
            secret,
            member_id,
            portal: profile.portal.clone(),
            brought: None,
        }))
    }

    /// The application of `B24_CLIENT_ID`, `B24_CLIENT_SECRET` and `B24_MEMBER_ID`, with the tokens that stand beside
    /// them; `None` unless the last two are there.
    pub(super) fn of_variables(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Option<Result<Self, Failure>> {
        let secret = variable("B24_CLIENT_SECRET")?;
        let member_id = variable("B24_MEMBER_ID")?;
        let Some(client_id) = variable("B24_CLIENT_ID") else {
            let failure = Failure::new(
                Kind::Auth,
                "B24_CLIENT_SECRET and B24_MEMBER_ID are set, B24_CLIENT_ID is not",
            );
            return Some(Err(failure.state("nothing was sent").hint(
                "an application is named by all three, or by a profile: b24 -p NAME …",
            )));
        };
        let brought = variable("B24_CLIENT_ENDPOINT").zip(variable("B24_REFRESH_TOKEN"));
        let brought = brought.map(|(endpoint, refresh)| {
            let access = variable("B24_ACCESS_TOKEN");
            let age = access.is_none().then_some(Duration::ZERO);
            let access = access.unwrap_or_default();
            let mut grant = Grant::new(member_id.as_str(), endpoint, access, refresh);
            // Without an access token the first call gets one.
            grant.expires_in = age.unwrap_or(grant.expires_in);
            if let Some(server) = variable("B24_SERVER_ENDPOINT") {
                grant.server_endpoint = server;
            }
            grant
        });
        let portal = brought.as_ref().map(|grant| host(&grant.client_endpoint));
        Some(Ok(Self {
            client_id,
            secret: Secret::new(&secret),
            member_id,
            portal,
            brought,
        }))
    }

    /// The application with the store of this user.
    pub(super) async fn open(
        &self,
        profile: Option<&str>,
        files: &Files,
        settings: ClientBuilder,
    ) -> Result<OAuth> {
        open(&self.client_id, &self.secret, profile, files, settings).await
    }

    /// Saves the tokens that were brought, unless the store has better ones: each refresh makes those in the
    /// variables older.
    pub(super) async fn adopt(&self, oauth: &OAuth) -> Result<(), b24::Error> {
        let Some(brought) = &self.brought else {
            return Ok(());
        };
        let is_better = |known: &b24::Portal| {
            known.problem.is_none() || known.grant.refresh_token() == brought.refresh_token()
        };
        oauth.adopt_unless(brought.clone(), is_better).await?;
        Ok(())
    }
}

/// An application that may have no portal yet.
pub(crate) async fn open(
    client_id: &str,
    secret: &Secret,
    profile: Option<&str>,
    files: &Files,
    settings: ClientBuilder,
) -> Result<OAuth> {
    let store = tokens::open(files, profile).await?;
    Ok(OAuth::new(App::new(client_id, secret.expose()), store).settings(settings))
}

/// Who calls: an application with its tokens.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) oauth: OAuth,
    pub(crate) client_id: String,
    pub(crate) member_id: String,
    /// Whom the tokens act as, if a login has told: tokens that came with variables tell it only once they are refreshed.
    pub(super) user_id: Option<u64>,
}

impl Standing {
    /// Looks the tokens up, with those that were brought.
    pub(super) async fn of(
        application: Application,
        oauth: OAuth,
        profile: Option<&str>,
    ) -> Result<(Self, b24::Client, String)> {
        let told = application.portal.clone();
        let host = told.as_deref().unwrap_or("the portal");
        let failed = |error: b24::Error| from_tokens(&error, host, profile);
        application.adopt(&oauth).await.map_err(failed)?;
        let client = oauth.client(&application.member_id).await;
        let client = client.map_err(failed)?;
        let known = oauth.portal(&application.member_id).await.map_err(failed)?;
        let standing = Self {
            oauth,
            client_id: application.client_id,
            member_id: application.member_id,
            user_id: profile.and(known).and_then(|known| known.grant.user_id),
        };
        let place = told.unwrap_or_else(|| standing.member_id.clone());
        Ok((standing, client, place))
    }
}

/// `application local.5f…`
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "application {}", self.client_id)
    }
}

/// Host and port of an address.
pub(crate) fn host(endpoint: &str) -> String {
    let bare = endpoint
        .split_once("://")
        .map_or(endpoint, |(_, bare)| bare);
    bare.split('/').next().unwrap_or(bare).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &'static [(&str, &str)]) -> Option<Result<Application, Failure>> {
        Application::of_variables(|asked| {
            let found = pairs.iter().find(|(name, _)| *name == asked);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn variables_name_an_application_or_say_what_is_missing() {
        assert!(of(&[("B24_CLIENT_ID", "local.1"), ("B24_CLIENT_SECRET", "s")]).is_none());
        assert!(of(&[("B24_CLIENT_ID", "local.1"), ("B24_MEMBER_ID", "m")]).is_none());
        let lacking = of(&[("B24_CLIENT_SECRET", "s3cr3t"), ("B24_MEMBER_ID", "m")]);
        let failure = lacking.expect("an application").expect_err("no id");
        assert_eq!(failure.kind, Kind::Auth);
        assert!(!format!("{failure:?}").contains("s3cr3t"));
        let whole = of(&[
            ("B24_CLIENT_ID", "local.1"),
            ("B24_CLIENT_SECRET", "s3cr3t"),
            ("B24_MEMBER_ID", "m"),
            ("B24_CLIENT_ENDPOINT", "https://acme.bitrix24.com/rest/"),
            ("B24_REFRESH_TOKEN", "r3fresh"),
        ]);
        let whole = whole.expect("an application").expect("whole");
        assert_eq!(whole.portal.as_deref(), Some("acme.bitrix24.com"));
        let brought = whole.brought.as_ref().expect("tokens");
        assert_eq!(brought.expires_in, Duration::ZERO);
        let shown = format!("{whole:?}");
        assert!(
            !shown.contains("s3cr3t") && !shown.contains("r3fresh"),
            "{shown}"
        );
    }
}
