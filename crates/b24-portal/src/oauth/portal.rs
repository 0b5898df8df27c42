//! What a test does with the applications of a portal.

use std::time::Duration;

use super::install::{install, set_installation};
use super::{App, Delivery, Installation, InstalledApp, OAuthCounts, Seat, Tokens};
use crate::catalogue;
use crate::portal::Portal;
use crate::shared::{Condition, lock};

/// The application of tokens that no application asked for.
const OWN_APP: &str = "local.b24.portal";

impl Portal {
    /// What names the portal in tokens and events, wherever it moves.
    pub fn member_id(&self) -> &str {
        &self.shared().member_id
    }

    /// `http://host:port` of the OAuth server: tokens come from `/oauth/token/` there, and from the same path of every
    /// portal.
    pub fn oauth_url(&self) -> String {
        lock(&self.shared().realm.registry).server().to_owned()
    }

    /// Installs an application, and posts `ONAPPINSTALL` if it has an install URL. Again, after an uninstallation, it
    /// comes back without its old tokens.
    pub fn add_app(&self, app: App) -> InstalledApp {
        install(self.shared(), app)
    }

    /// A new pair of tokens for a user, as if a browser had brought a code; `None` for an application that is not here.
    pub fn issue_tokens(&self, client_id: &str, user_id: i64) -> Option<Tokens> {
        let shared = self.shared();
        let seat = Seat::of(shared, client_id);
        let mut registry = lock(&shared.realm.registry);
        registry.state(&seat)?;
        registry.issue(&seat, user_id, shared.clock.now())
    }

    /// A new token with these scopes: for a Bearer header, or the parameters `auth` and `access_token`. It does not
    /// expire. Its application is one of the portal's own.
    pub fn add_token(&self, user_id: i64, scopes: &[&str]) -> String {
        let shared = self.shared();
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let mut registry = lock(&shared.realm.registry);
        let seat = registry.install(own_app(), &shared.member_id);
        registry.issue_endless(seat, user_id, scopes)
    }

    /// Where an application stands from now on; `false` if it was never here. Tells it of its uninstallation.
    pub fn set_installation(&self, client_id: &str, state: Installation) -> bool {
        set_installation(self.shared(), client_id, state)
    }

    /// Whether the portal serves.
    pub fn set_condition(&self, condition: Condition) {
        self.shared().set_condition(condition);
    }

    /// Who stands before the browser that comes to `/oauth/authorize/` without a parameter `user`: 1 at the start.
    pub fn set_acting_user(&self, user_id: i64) {
        self.shared().set_acting_user(user_id);
    }

    /// Every access token of this portal is past its time: `expired_token`.
    pub fn expire_access_tokens(&self) {
        let shared = self.shared();
        lock(&shared.realm.registry).expire_access_tokens(&shared.member_id);
    }

    /// No access token of this portal is known any more: `invalid_token`.
    pub fn revoke_access_tokens(&self) {
        let shared = self.shared();
        lock(&shared.realm.registry).revoke_access_tokens(&shared.member_id);
    }

    /// No refresh token of this portal is known any more: `invalid_grant`.
    pub fn revoke_refresh_tokens(&self) {
        let shared = self.shared();
        lock(&shared.realm.registry).revoke_refresh_tokens(&shared.member_id);
    }

    /// The events that were sent to applications, each when its delivery has ended.
    pub fn deliveries(&self) -> Vec<Delivery> {
        lock(&self.shared().deliveries).clone()
    }

    /// What the token endpoint did for this portal; requests with an unknown code or token count with the first portal.
    pub fn oauth_counts(&self) -> OAuthCounts {
        *lock(&self.shared().oauth_counts)
    }

    /// Moves the clock of this portal, its OAuth server and its neighbours ahead. Tokio's clock stays where it is.
    pub fn advance(&self, by: Duration) {
        self.shared().clock.advance(by);
    }
}

fn own_app() -> App {
    App::new("http://127.0.0.1/")
        .client_id(OWN_APP)
        .scopes(catalogue::scopes())
}
