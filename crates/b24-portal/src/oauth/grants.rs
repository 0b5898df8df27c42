//! Codes and tokens that were given out.

use std::collections::HashMap;

use super::exchange::Ask;
use super::registry::Seat;
use crate::clock::Moment;
use crate::secret::secret_hex;

/// Digits of a code or token, as portals make them; the log knows tokens by it.
pub(crate) const LENGTH: usize = 70;

/// A code or a refresh token.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) seat: Seat,
    pub(super) user_id: i64,
    pub(super) until: Moment,
    pub(super) used: Option<Moment>,
}

/// An access token.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) seat: Seat,
    pub(super) user_id: i64,
    pub(super) scopes: Vec<String>,
    pub(super) until: Moment,
}

/// Everything given out, dead or alive: it tells what is expired from what is unknown.
#[derive(Debug, Default)]
pub(super) struct Grants {
    pub(super) codes: HashMap<String, Grant>,
    pub(super) refreshes: HashMap<String, Grant>,
    pub(super) accesses: HashMap<String, Access>,
}

impl Grants {
    pub(super) fn issue_code(&mut self, seat: Seat, user_id: i64, until: Moment) -> String {
        issue(&mut self.codes, seat, user_id, until)
    }

    pub(super) fn issue_refresh(&mut self, seat: Seat, user_id: i64, until: Moment) -> String {
        issue(&mut self.refreshes, seat, user_id, until)
    }

    pub(super) fn issue_access(
        &mut self,
        seat: Seat,
        user_id: i64,
        scopes: Vec<String>,
        until: Moment,
    ) -> String {
        let token = secret_hex(LENGTH);
        let access = Access {
            seat,
            user_id,
            scopes,
            until,
        };
        self.accesses.insert(token.clone(), access);
        token
    }

    /// The first use counts.
    pub(super) fn use_up(&mut self, ask: &Ask<'_>, now: Moment) {
        let grant = match ask {
            Ask::Code(code) => self.codes.get_mut(*code),
            Ask::Refresh(token) => self.refreshes.get_mut(*token),
        };
        if let Some(grant) = grant {
            grant.used.get_or_insert(now);
        }
    }

    pub(super) fn expire_accesses(&mut self, member_id: &str) {
        for grant in self.accesses.values_mut() {
            if grant.seat.member_id == member_id {
                grant.until = Moment::ZERO;
            }
        }
    }

    /// Whatever an application got on a portal.
    pub(super) fn forget(&mut self, seat: &Seat) {
        self.codes.retain(|_, grant| grant.seat != *seat);
        self.refreshes.retain(|_, grant| grant.seat != *seat);
        self.accesses.retain(|_, grant| grant.seat != *seat);
    }
}

fn issue(grants: &mut HashMap<String, Grant>, seat: Seat, user_id: i64, until: Moment) -> String {
    let word = secret_hex(LENGTH);
    let grant = Grant {
        seat,
        user_id,
        until,
        used: None,
    };
    grants.insert(word.clone(), grant);
    word
}
