//! What the OAuth server knows. It is told the time and does no I/O.

use std::collections::HashMap;
use std::time::Duration;

use super::app::{App, Installation};
use super::tokens::{InstalledApp, NoTokens, Tokens};
use super::{grants, hex};
use crate::clock::Moment;
use crate::php::PhpArray;
use crate::shared::Shared;

/// An application on a portal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Seat {
    pub(crate) client_id: String,
    pub(crate) member_id: String,
}

impl Seat {
    pub(crate) fn of(portal: &Shared, client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            member_id: portal.member_id.clone(),
        }
    }
}

/// How long things live, and what of a refresh token lives on.
#[derive(Debug, Clone)]
pub(crate) struct Lifetimes {
    pub(crate) code: Duration,
    pub(crate) access: Duration,
    pub(crate) refresh: Duration,
    /// A used refresh token works again so long after its first use.
    pub(crate) grace: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            code: Duration::from_secs(30),
            access: Duration::from_secs(3_600),
            refresh: Duration::from_secs(180 * 86_400),
            grace: Duration::ZERO,
        }
    }
}

/// What stands in a portal's list of applications.
#[derive(Debug)]
pub(super) struct Installed {
    /// As `app.info` numbers it.
    number: i64,
    state: Installation,
    application_token: String,
    options: PhpArray,
    options_of_users: HashMap<i64, PhpArray>,
}

/// Where a portal is.
#[derive(Debug)]
struct Place {
    /// `http://host:port`
    url: String,
    is_deleted: bool,
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

/// What `app.info` tells of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppFacts {
    pub(crate) number: i64,
    pub(crate) version: i64,
    pub(crate) status: &'static str,
    pub(crate) state: Installation,
}

/// Applications, portals and what was granted.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(super) lifetimes: Lifetimes,
    /// `http://host:port` of the OAuth server.
    server: String,
    apps: HashMap<String, App>,
    portals: HashMap<String, Place>,
    seats: HashMap<Seat, Installed>,
    grants: grants::Grants,
}

impl Registry {
    pub(crate) fn new(server: String, lifetimes: Lifetimes) -> Self {
        Self {
            lifetimes,
            server,
            ..Self::default()
        }
    }

    /// `http://host:port` of the OAuth server.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Notes where a portal is, at its start and when it has moved.
    pub(crate) fn place(&mut self, member_id: &str, url: String) {
        let place = Place {
            url,
            is_deleted: false,
        };
        self.portals.insert(member_id.to_owned(), place);
    }

    /// Tells that a portal is gone, or back.
    pub(crate) fn set_deleted(&mut self, member_id: &str, is_deleted: bool) {
        if let Some(place) = self.portals.get_mut(member_id) {
            place.is_deleted = is_deleted;
        }
    }

    /// Puts an application on a portal; one that was taken away comes back without its old tokens.
    pub(crate) fn install(&mut self, app: App, member_id: &str) -> Seat {
        let seat = Seat {
            client_id: app.client_id.clone(),
            member_id: member_id.to_owned(),
        };
        self.apps.insert(app.client_id.clone(), app);
        if self.seats.contains_key(&seat) {
            self.set_state(&seat, Installation::Installed);
            return seat;
        }
        let number = self
            .seats
            .keys()
            .filter(|known| known.member_id == member_id)
            .count() as i64
            + 1;
        let installed = Installed {
            number,
            state: Installation::Installed,
            application_token: hex(32),
            options: PhpArray::new(),
            options_of_users: HashMap::new(),
        };
        self.seats.insert(seat.clone(), installed);
        seat
    }

    /// `false` where the application is not on the portal.
    pub(crate) fn set_state(&mut self, seat: &Seat, state: Installation) -> bool {
        let Some(installed) = self.seats.get_mut(seat) else {
            return false;
        };
        let before = std::mem::replace(&mut installed.state, state);
        if state == Installation::Uninstalled {
            installed.options = PhpArray::new();
            installed.options_of_users.clear();
        } else if before == Installation::Uninstalled {
            self.grants.forget(seat);
        }
        true
    }

    /// Every application of a portal works again.
    pub(crate) fn restore(&mut self, member_id: &str) {
        let seats: Vec<Seat> = self.seats.keys().cloned().collect();
        for seat in seats.iter().filter(|seat| seat.member_id == member_id) {
            self.set_state(seat, Installation::Installed);
        }
        self.set_deleted(member_id, false);
    }

    /// The applications of a portal, in the order of their coming, and where they stand.
    pub(crate) fn apps_of(&self, member_id: &str) -> Vec<(String, Installation)> {
        let own = self
            .seats
            .iter()
            .filter(|(seat, _)| seat.member_id == member_id);
        let mut apps: Vec<_> = own
            .map(|(seat, installed)| (installed.number, seat.client_id.clone(), installed.state))
            .collect();
        apps.sort_unstable_by_key(|(number, ..)| *number);
        apps.into_iter().map(|(_, id, state)| (id, state)).collect()
    }

    /// `http://host:port` of a portal.
    pub(super) fn url(&self, member_id: &str) -> Option<&str> {
        self.portals.get(member_id).map(|place| place.url.as_str())
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.get(client_id)
    }

    pub(crate) fn state(&self, seat: &Seat) -> Option<Installation> {
        self.seats.get(seat).map(|installed| installed.state)
    }

    pub(crate) fn application_token(&self, seat: &Seat) -> Option<&str> {
        let installed = self.seats.get(seat)?;
        Some(&installed.application_token)
    }

    pub(crate) fn facts(&self, seat: &Seat) -> Option<AppFacts> {
        let (app, installed) = (self.apps.get(&seat.client_id)?, self.seats.get(seat)?);
        Some(AppFacts {
            number: installed.number,
            version: app.version,
            status: app.status.letter(),
            state: installed.state,
        })
    }

    /// The options of an application on a portal, or of one of its users there.
    pub(crate) fn options(&mut self, seat: &Seat, user_id: Option<i64>) -> Option<&mut PhpArray> {
        let installed = self.seats.get_mut(seat)?;
        Some(match user_id {
            None => &mut installed.options,
            Some(user_id) => installed.options_of_users.entry(user_id).or_default(),
        })
    }

    /// Secrets of applications, to blot them out of logs; tokens are known by their form.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &String> {
        let own = self.apps.values().map(|app| &app.client_secret);
        own.chain(
            self.seats
                .values()
                .map(|installed| &installed.application_token),
        )
    }

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

/// What is brought to the token endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ask<'a> {
    Code(&'a str),
    Refresh(&'a str),
}

/// Without the scheme.
pub(crate) fn host(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, host)| host)
}
