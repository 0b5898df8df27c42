//! What the registry gives for codes, refresh tokens and access tokens.

use std::time::Duration;

use super::Installation;
use super::registry::{Place, Registry, Seat, host};
use super::tokens::{InstalledApp, NoTokens, Tokens};
use crate::clock::Moment;

/// What is brought to the token endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ask<'a> {
    Code(&'a str),
    Refresh(&'a str),
}

/// Why a token does not let a call in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoEntry {
    Unknown,
    Blocked,
    NoPlan,
    NotInstalled,
    Unpaid,
    Expired,
}

/// Whom a token lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppCall {
    pub(crate) seat: Seat,
    pub(crate) user_id: i64,
    pub(crate) scopes: Vec<String>,
    /// Whether the application is for this user.
    pub(crate) is_for_user: bool,
}

impl Registry {
    /// A code for a browser that comes back to the application.
    pub(crate) fn issue_code(&mut self, seat: Seat, user_id: i64, now: Moment) -> String {
        self.grants
            .issue_code(seat, user_id, now + self.lifetimes.code)
    }

    /// A token that a test asked for: with scopes of its own, without an end.
    pub(crate) fn issue_endless(
        &mut self,
        seat: Seat,
        user_id: i64,
        scopes: Vec<String>,
    ) -> String {
        self.grants.issue_access(seat, user_id, scopes, Moment::MAX)
    }

    /// A new pair of tokens.
    pub(crate) fn issue(&mut self, seat: &Seat, user_id: i64, now: Moment) -> Option<Tokens> {
        let app = self.apps.get(&seat.client_id)?;
        let place = self.portals.get(&seat.member_id)?;
        let until = now + self.lifetimes.access;
        let scopes = app.scopes.clone().unwrap_or_default();
        let scope = scopes.join(",");
        let server = &self.server;
        Some(Tokens {
            access_token: self
                .grants
                .issue_access(seat.clone(), user_id, scopes, until),
            refresh_token: self.grants.issue_refresh(
                seat.clone(),
                user_id,
                now + self.lifetimes.refresh,
            ),
            expires: until.as_secs(),
            expires_in: self.lifetimes.access.as_secs(),
            scope,
            domain: host(server).to_owned(),
            server_endpoint: format!("{server}/rest/"),
            client_endpoint: format!("{}/rest/", place.url),
            status: app.status.letter(),
            member_id: seat.member_id.clone(),
            user_id,
        })
    }

    /// What the maker of an application is told about its installation.
    pub(crate) fn describe(&self, seat: &Seat, tokens: Tokens) -> Option<InstalledApp> {
        let app = self.apps.get(&seat.client_id)?;
        let place = self.portals.get(&seat.member_id)?;
        Some(InstalledApp {
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.clone(),
            member_id: seat.member_id.clone(),
            application_token: self.application_token(seat)?.to_owned(),
            authorize_url: format!("{}/oauth/authorize/?client_id={}", place.url, app.client_id),
            token_url: format!("{}/oauth/token/", self.server),
            tokens,
        })
    }

    /// The portal that a code or a refresh token belongs to.
    pub(crate) fn member_of(&self, grant: &Ask<'_>) -> Option<&str> {
        let found = match grant {
            Ask::Code(code) => self.grants.codes.get(*code),
            Ask::Refresh(token) => self.grants.refreshes.get(*token),
        };
        Some(&found?.seat.member_id)
    }

    /// Tokens for a code or a refresh token, which is used up by it.
    pub(crate) fn exchange(
        &mut self,
        client_id: &str,
        client_secret: &str,
        ask: &Ask<'_>,
        scope: Option<&str>,
        now: Moment,
    ) -> Result<Tokens, NoTokens> {
        let app = self.apps.get(client_id);
        let app = app.filter(|app| app.client_secret == client_secret);
        let app = app.ok_or(NoTokens::WrongClient)?;
        let grant = match ask {
            Ask::Code(code) => self.grants.codes.get(*code),
            Ask::Refresh(token) => self.grants.refreshes.get(*token),
        };
        let grant = grant.ok_or(NoTokens::DeadGrant)?;
        if grant.seat.client_id != client_id {
            return Err(NoTokens::ForeignGrant);
        }
        match self.state(&grant.seat) {
            None | Some(Installation::Uninstalled) => return Err(NoTokens::NotInstalled),
            Some(Installation::PaymentExpired) => return Err(NoTokens::Unpaid),
            Some(_) => {}
        }
        let is_gone = |place: &Place| place.is_deleted;
        if now >= grant.until || self.portals.get(&grant.seat.member_id).is_none_or(is_gone) {
            return Err(NoTokens::DeadGrant);
        }
        let grace = match ask {
            Ask::Code(_) => Duration::ZERO,
            Ask::Refresh(_) => self.lifetimes.grace,
        };
        if grant
            .used
            .is_some_and(|used| grace.is_zero() || now > used + grace)
        {
            return Err(NoTokens::Reused);
        }
        let granted = |wanted: &str| {
            let own = app.scopes.as_deref().unwrap_or_default();
            own.iter().any(|scope| scope == wanted)
        };
        let wanted = scope.unwrap_or_default().split([',', ' ']);
        if !wanted.filter(|scope| !scope.is_empty()).all(granted) {
            return Err(NoTokens::WrongScope);
        }
        let (seat, user_id) = (grant.seat.clone(), grant.user_id);
        self.grants.use_up(ask, now);
        self.issue(&seat, user_id, now)
            .ok_or(NoTokens::NotInstalled)
    }

    /// Whom a token lets in, in the portal's order of checks; scope and user are looked at later.
    pub(crate) fn admit(
        &self,
        token: &str,
        member_id: &str,
        has_plan: bool,
        now: Moment,
    ) -> Result<AppCall, NoEntry> {
        let known = self.grants.accesses.get(token);
        let grant = known.filter(|grant| grant.seat.member_id == member_id);
        let grant = grant.ok_or(NoEntry::Unknown)?;
        let state = self.state(&grant.seat);
        if state == Some(Installation::Blocked) {
            return Err(NoEntry::Blocked);
        }
        if !has_plan {
            return Err(NoEntry::NoPlan);
        }
        match state {
            None | Some(Installation::Uninstalled) => return Err(NoEntry::NotInstalled),
            Some(Installation::PaymentExpired) => return Err(NoEntry::Unpaid),
            Some(_) => {}
        }
        if now >= grant.until {
            return Err(NoEntry::Expired);
        }
        let app = self.apps.get(&grant.seat.client_id);
        Ok(AppCall {
            seat: grant.seat.clone(),
            user_id: grant.user_id,
            scopes: grant.scopes.clone(),
            is_for_user: app.is_some_and(|app| app.admits(grant.user_id)),
        })
    }

    /// Every access token of a portal is past its time.
    pub(crate) fn expire_access_tokens(&mut self, member_id: &str) {
        self.grants.expire_accesses(member_id);
    }

    /// No access token of a portal is known any more.
    pub(crate) fn revoke_access_tokens(&mut self, member_id: &str) {
        self.grants
            .accesses
            .retain(|_, grant| grant.seat.member_id != member_id);
    }

    /// No refresh token of a portal is known any more.
    pub(crate) fn revoke_refresh_tokens(&mut self, member_id: &str) {
        self.grants
            .refreshes
            .retain(|_, grant| grant.seat.member_id != member_id);
    }
}
