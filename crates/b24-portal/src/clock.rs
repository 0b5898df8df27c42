//! The portal's clock: tokio's, so that paused time drives portal and client alike.

use std::time::{Duration, SystemTime};

use jiff::tz::{Offset, TimeZone};
use tokio::time::Instant;

/// Time since the Unix epoch.
pub(crate) type Moment = Duration;

/// The portal's zone, UTC+3.
const ZONE_HOURS: i8 = 3;

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
            origin: origin.unwrap_or_else(real),
            started: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        self.origin + self.started.elapsed()
    }
}

/// `2026-11-20T13:25:01+03:00`
pub(crate) fn iso(unix_seconds: i64) -> String {
    let zone = TimeZone::fixed(Offset::constant(ZONE_HOURS));
    let stamp = jiff::Timestamp::from_second(unix_seconds).unwrap_or_default();
    stamp
        .to_zoned(zone)
        .strftime("%Y-%m-%dT%H:%M:%S%:z")
        .to_string()
}
