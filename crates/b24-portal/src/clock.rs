//! The portal's clock: tokio's, so that paused time drives portal and client alike, and what a test moves it ahead.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Time since the Unix epoch.
pub(crate) type Moment = Duration;

/// No portal is started after the last year that dates can show, and none gets there.
const LATEST: Moment = Duration::from_secs(253_402_000_000);

/// Tells the time; starts at a given moment and goes on with tokio's clock. Clones are one clock.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    origin: Moment,
    started: Instant,
    /// Milliseconds.
    ahead: Arc<AtomicU64>,
}

impl Clock {
    /// A clock that shows `origin` now; without one, the machine's time.
    pub(crate) fn starting_at(origin: Option<Moment>) -> Self {
        let real = || {
            SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
        };
        Self {
            origin: origin.unwrap_or_else(real).min(LATEST),
            started: Instant::now(),
            ahead: Arc::default(),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        let ahead = Duration::from_millis(self.ahead.load(Ordering::Relaxed));
        (self.origin + self.started.elapsed())
            .saturating_add(ahead)
            .min(LATEST)
    }

    /// Moves the clock ahead; tokio's stays where it is.
    pub(crate) fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let further = |ahead: u64| Some(ahead.saturating_add(by));
        // The closure never declines.
        let _ = self
            .ahead
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, further);
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Duration, LATEST};

    #[tokio::test(start_paused = true)]
    async fn it_goes_with_tokio_and_is_moved_ahead() {
        let clock = Clock::starting_at(Some(Duration::from_secs(1_000)));
        let same = clock.clone();
        tokio::time::advance(Duration::from_secs(5)).await;
        clock.advance(Duration::from_millis(3_500));
        assert_eq!(same.now(), Duration::from_millis(1_008_500));
        clock.advance(Duration::MAX);
        assert_eq!(same.now(), LATEST);
    }
}
