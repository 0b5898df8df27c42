//! The places that all processes share, and what to do when their store is away.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::bucket::Pace;
use crate::rt::{self, Instant};
use crate::store::{Answer, Ask, SharedBudget, Spent, StoreError, StoreFault};

/// Requests arrive at the portal up to so much later than their place, and may then come together: as many as the rate
/// lets through in that time are kept free. More than this is a 503, which is waited for.
const LATENESS: f64 = 0.25;

/// The part of the limits that is used while nobody tells what the other processes do.
const CAREFUL: f64 = 0.25;

/// A store that is away is asked again after so long.
const AGAIN: Duration = Duration::from_secs(2);

/// A store that works has answered by then. A call whose deadline is nearer gives it half of the time that is left.
const PATIENCE: Duration = Duration::from_secs(5);

/// It is left alone for so many times the time that was waited for nothing.
const LEFT_ALONE: u32 = 10;

/// The budget of one portal.
#[derive(Debug)]
pub(super) struct Places {
    budget: Arc<dyn SharedBudget>,
    portal: String,
    /// Until when the store is left alone, if it is away.
    away: Mutex<Option<Instant>>,
}

/// What became of a request for a place.
pub(super) enum Turn {
    /// It was taken, and its moment has come.
    Now(Vec<Spent>),
    TooLate(Duration),
    /// The store is away; the first to see it hears why.
    Away(Option<String>),
    /// Local limits count for now.
    StillAway,
}

impl Places {
    pub(super) fn new(budget: Arc<dyn SharedBudget>, portal: &str) -> Self {
        Self {
            budget,
            portal: portal.to_owned(),
            away: Mutex::default(),
        }
    }

    pub(super) async fn reserve(&self, pace: Pace, credential: u64, within: Duration) -> Turn {
        let known = *self.away();
        if known.is_some_and(|until| until > rt::now()) {
            return Turn::StillAway;
        }
        let ask = self.ask(pace, credential, within);
        let begun = rt::now();
        let answer = rt::timeout(PATIENCE.min(within / 2), self.budget.reserve(&ask)).await;
        let silent = || StoreError::new(StoreFault::Away, "it does not answer");
        match answer.unwrap_or_else(|| Err(silent())) {
            Ok(Answer::Reserved { wait, spent }) => {
                *self.away() = None;
                rt::sleep(wait).await;
                Turn::Now(spent)
            }
            Ok(Answer::TooLate { wait }) => {
                *self.away() = None;
                Turn::TooLate(wait)
            }
            Err(error) => {
                let waited = rt::now().saturating_duration_since(begun);
                *self.away() = Some(rt::after(AGAIN.max(waited * LEFT_ALONE)));
                Turn::Away(known.is_none().then(|| error.to_string()))
            }
        }
    }

    /// The portal has refused: tells the others, if it can.
    pub(super) fn refused(self: &Arc<Self>, pace: Pace) {
        let (common, ask) = (Arc::clone(self), self.ask(pace, 0, Duration::ZERO));
        rt::detach(async move {
            if let Some(Err(error)) = rt::timeout(PATIENCE, common.budget.refused(&ask)).await {
                tracing::debug!(%error, "the shared budget was not told of a refusal");
            }
        });
    }

    /// Tells the others how much operating time is used.
    pub(super) fn spent(self: &Arc<Self>, credential: u64, spent: Spent) {
        let common = Arc::clone(self);
        rt::detach(async move {
            let credential = name(credential);
            let told = common.budget.spent(&common.portal, &credential, &spent);
            if let Some(Err(error)) = rt::timeout(PATIENCE, told).await {
                tracing::debug!(%error, "the shared budget was not told of operating time");
            }
        });
    }

    fn ask(&self, pace: Pace, credential: u64, within: Duration) -> Ask {
        Ask {
            portal: self.portal.clone(),
            credential: name(credential),
            burst: (pace.burst - (pace.rate * LATENESS).ceil()).max(1.0),
            rate: pace.rate,
            within,
        }
    }

    fn away(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Local limits while the store is away.
pub(super) fn careful(pace: Pace) -> Pace {
    Pace {
        burst: (pace.burst * CAREFUL).floor().max(1.0),
        rate: pace.rate * CAREFUL,
    }
}

fn name(credential: u64) -> String {
    format!("{credential:016x}")
}
