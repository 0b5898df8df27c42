//! What the OAuth server knows. It is told the time and does no I/O.

use std::collections::HashMap;
use std::time::Duration;

use super::app::{App, Installation};
use super::grants;
use crate::php::PhpArray;
use crate::secret::secret_hex;
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
pub(super) struct Place {
    /// `http://host:port`
    pub(super) url: String,
    pub(super) is_deleted: bool,
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
    pub(super) server: String,
    pub(super) apps: HashMap<String, App>,
    pub(super) portals: HashMap<String, Place>,
    seats: HashMap<Seat, Installed>,
    pub(super) grants: grants::Grants,
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
            application_token: secret_hex(32),
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
}

/// Without the scheme.
pub(crate) fn host(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, host)| host)
}
