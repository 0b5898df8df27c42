//! The operating time of one credential: what the portal has charged, and when that is free again.
//!
//! The portal sums the run time of each method over ten one-minute baskets and refuses the next call
//! once the sum is above its limit (420 s in the sources of the REST module, 480 s in an example of the
//! documentation; no answer tells it). Pure: the caller brings the time.

mod account;

use std::collections::HashMap;
use std::time::Duration;

use account::Account;

use crate::rt::Instant;

/// Seconds of one method in ten minutes that are safe to plan with.
pub(crate) const ASSUMED_LIMIT: f64 = 420.0;

/// A request that would get less than this part of what it wants waits for more.
const LEAST_PART: f64 = 0.125;

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    accounts: HashMap<String, Account>,
    limit: Option<f64>,
}

/// What an answer tells about operating time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Charge {
    /// Seconds charged so far.
    pub(crate) used: f64,
    /// Seconds from the end of the answer until the oldest basket leaves.
    pub(crate) frees_in: Option<f64>,
    /// When the portal said so, on its own clock.
    pub(crate) finish: Option<f64>,
}

/// Whether a request may spend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Room {
    /// So many seconds, and they are reserved.
    Granted(f64),
    /// Not before so long.
    After(Duration),
    /// Not before a request under way has come back.
    AfterAnswer,
}

/// What one method has used, and when it comes back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Used {
    pub(crate) seconds: f64,
    /// Seconds that come back, and in how long, the next first.
    pub(crate) comes_back: Vec<(Duration, f64)>,
}

impl Ledger {
    /// The limit that the user told, in seconds in ten minutes.
    pub(crate) fn set_limit(&mut self, seconds: f64) {
        self.limit = Some(seconds);
    }

    /// The limit to plan with: told, learned from a refusal, or assumed.
    pub(crate) fn limit(&self) -> f64 {
        self.limit.unwrap_or(ASSUMED_LIMIT)
    }

    pub(crate) fn learn(&mut self, method: &str, charge: Charge, now: Instant) {
        if let Some(account) = self.accounts.get_mut(method) {
            account.learn(charge, now);
        } else {
            let mut account = Account::default();
            account.learn(charge, now);
            self.accounts.insert(method.to_owned(), account);
        }
    }

    /// The portal refused the method for its operating time.
    pub(crate) fn refused(&mut self, method: &str, now: Instant) {
        let account = self.accounts.entry(method.to_owned()).or_default();
        let used = account.used();
        // A value far below any limit in use is old: others spend from the same account.
        if used > ASSUMED_LIMIT / 2.0 {
            self.limit = Some(self.limit.map_or(used, |limit| limit.min(used)));
        }
        account.refused(now);
    }

    /// How long `method` has to wait; `None` = it may go.
    pub(crate) fn wait(&self, method: &str, now: Instant) -> Option<Duration> {
        let account = self.accounts.get(method)?;
        account.wait(self.limit(), now)
    }

    /// Asks for `wanted` seconds of `method`, or fewer; `unit` is the price of its smallest request.
    /// What is granted has to be given back by [`settle`](Self::settle).
    pub(crate) fn reserve(&mut self, method: &str, wanted: f64, unit: f64, now: Instant) -> Room {
        let limit = self.limit();
        let account = self.accounts.entry(method.to_owned()).or_default();
        if account.is_refused(now) {
            return account
                .wait(limit, now)
                .map_or(Room::AfterAnswer, Room::After);
        }
        if !account.blocks() {
            return account.grant(wanted);
        }
        let left = limit - account.used() - account.reserved();
        if left >= wanted {
            return account.grant(wanted);
        }
        let whole = (left / unit).floor() * unit;
        if whole >= unit && whole >= wanted * LEAST_PART {
            return account.grant(whole);
        }
        if account.reserved() > 0.0 {
            return Room::AfterAnswer;
        }
        // Something has left its basket, and no answer has told how much: ask with the smallest request.
        if account.may_look(limit, unit, now) {
            return account.grant(unit);
        }
        match account.next_release(now) {
            Some(wait) => Room::After(wait),
            None => account.grant(unit),
        }
    }

    /// A request that had reserved `seconds` was lost, and may have cost them. Whether it may be sent once more with the same
    /// reservation; then they are charged.
    pub(crate) fn repeat(&mut self, method: &str, seconds: f64, now: Instant) -> bool {
        let limit = self.limit();
        let Some(account) = self.accounts.get_mut(method) else {
            return true;
        };
        if account.blocks() && account.used() + account.reserved() + seconds > limit {
            return false;
        }
        account.charge(seconds, now);
        true
    }

    /// A request that had reserved `seconds` is over. Lost, it may have cost them all.
    pub(crate) fn settle(&mut self, method: &str, seconds: f64, lost: bool, now: Instant) {
        if let Some(account) = self.accounts.get_mut(method) {
            account.settle(seconds, lost, now);
        }
    }

    /// What `method` has used.
    pub(crate) fn used(&self, method: &str, now: Instant) -> Used {
        self.accounts
            .get(method)
            .map_or_else(Used::nothing, |account| account.show(now))
    }

    /// What every method has used that has used anything.
    pub(crate) fn all(&self, now: Instant) -> Vec<(String, Used)> {
        let mut all: Vec<_> = self
            .accounts
            .iter()
            .map(|(method, account)| (method.clone(), account.show(now)))
            .filter(|(_, used)| used.seconds > 0.0)
            .collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all
    }
}

impl Used {
    fn nothing() -> Self {
        Self {
            seconds: 0.0,
            comes_back: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
