//! The operating time of one credential: what the portal says it has charged, and when that is free again.
//!
//! The portal sums the run time of each method over ten one-minute baskets and refuses the next call
//! once the sum is above its limit (420 s in the sources of the REST module, 480 s in an example of the
//! documentation; no answer tells it). Pure: the caller brings the time.

use std::collections::HashMap;
use std::time::Duration;

use crate::rt::Instant;

/// Seconds of one method in ten minutes that are safe to plan with.
pub(crate) const ASSUMED_LIMIT: f64 = 420.0;
/// How long a basket lives after a refusal of which we know nothing more.
const BASKET: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    methods: HashMap<String, Account>,
    limit: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Account {
    /// Seconds charged, as the portal told last.
    used: f64,
    /// When the oldest basket leaves, on our clock.
    frees_at: Instant,
    refused: bool,
}

/// The part of a `time` block that tells about operating time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Charge {
    /// Seconds charged so far.
    pub(crate) used: f64,
    /// Seconds from the end of the answer until the oldest basket leaves.
    pub(crate) frees_in: Option<f64>,
}

impl Ledger {
    /// The limit that the user told, in seconds in ten minutes.
    pub(crate) fn set_limit(&mut self, seconds: f64) {
        self.limit = Some(seconds);
    }

    pub(crate) fn learn(&mut self, method: &str, charge: Charge, now: Instant) {
        let frees_in = charge
            .frees_in
            .and_then(|s| Duration::try_from_secs_f64(s.clamp(0.0, 600.0)).ok())
            .unwrap_or(BASKET);
        let account = Account {
            used: charge.used,
            frees_at: now + frees_in,
            refused: false,
        };
        match self.methods.get_mut(method) {
            Some(known) => *known = account,
            None => {
                self.methods.insert(method.to_owned(), account);
            }
        }
    }

    /// The portal refused the method for its operating time.
    pub(crate) fn refused(&mut self, method: &str, now: Instant) {
        let known = self.methods.get(method).copied();
        // A value far below any limit in use is old: others spend from the same account.
        if let Some(known) = known.filter(|known| known.used > ASSUMED_LIMIT / 2.0) {
            let learned = self.limit.map_or(known.used, |limit| limit.min(known.used));
            self.limit = Some(learned);
        }
        let frees_at = known
            .map(|known| known.frees_at)
            .filter(|at| *at > now)
            .unwrap_or(now + BASKET);
        let used = known.map_or(0.0, |known| known.used);
        self.methods.insert(
            method.to_owned(),
            Account {
                used,
                frees_at,
                refused: true,
            },
        );
    }

    /// How long `method` has to wait; `None` = it may go.
    pub(crate) fn wait(&self, method: &str, now: Instant) -> Option<Duration> {
        let account = self.methods.get(method)?;
        let full = account.refused || account.used >= self.limit.unwrap_or(ASSUMED_LIMIT);
        (full && account.frees_at > now).then(|| account.frees_at - now)
    }

    /// Seconds charged to `method`, as the portal told last.
    #[cfg(test)]
    fn used(&self, method: &str) -> f64 {
        self.methods.get(method).map_or(0.0, |account| account.used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(used: f64, frees_in: f64) -> Charge {
        Charge {
            used,
            frees_in: Some(frees_in),
        }
    }

    #[test]
    fn a_method_below_the_limit_may_go() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        ledger.learn("crm.item.list", charge(419.9, 30.0), now);
        assert_eq!(ledger.wait("crm.item.list", now), None);
        assert_eq!(ledger.wait("crm.item.get", now), None);
    }

    #[test]
    fn a_method_at_the_limit_waits_until_its_oldest_basket_leaves() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        ledger.learn("crm.item.list", charge(421.0, 30.0), now);
        assert_eq!(
            ledger.wait("crm.item.list", now),
            Some(Duration::from_secs(30))
        );
        assert_eq!(ledger.wait("crm.item.get", now), None);
        assert_eq!(
            ledger.wait("crm.item.list", now + Duration::from_secs(30)),
            None
        );
    }

    #[test]
    fn a_refusal_teaches_a_lower_limit() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        ledger.learn("crm.item.list", charge(300.0, 20.0), now);
        ledger.refused("crm.item.list", now);
        assert_eq!(
            ledger.wait("crm.item.list", now),
            Some(Duration::from_secs(20))
        );
        ledger.learn("crm.deal.list", charge(310.0, 40.0), now);
        assert_eq!(
            ledger.wait("crm.deal.list", now),
            Some(Duration::from_secs(40))
        );
        assert!((ledger.used("crm.deal.list") - 310.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_refusal_out_of_the_blue_waits_one_basket() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        ledger.refused("crm.item.list", now);
        assert_eq!(
            ledger.wait("crm.item.list", now),
            Some(Duration::from_secs(60))
        );
    }

    #[test]
    fn a_limit_that_was_told_counts() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        ledger.set_limit(480.0);
        ledger.learn("crm.item.list", charge(450.0, 20.0), now);
        assert_eq!(ledger.wait("crm.item.list", now), None);
    }
}
