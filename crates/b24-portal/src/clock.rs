//! The portal's clock: tokio's, so that paused time drives portal and client alike.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Time since the Unix epoch.
pub(crate) type Moment = Duration;

/// No portal is started after the last year that dates can show.
const LATEST: Moment = Duration::from_secs(253_402_000_000);

/// Tells the time; starts at a given moment and goes on with tokio's clock.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    origin: Moment,
    started: Instant,
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
        }
    }

    pub(crate) fn now(&self) -> Moment {
        self.origin + self.started.elapsed()
    }
}
