//! How far a list is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::room::decode::Time;
use crate::rt::{self, Instant, MaybeSend, MaybeSync};
use crate::value::DateTime;

/// How far a list is. [`List::on_progress`](super::List::on_progress) tells it after each answer and before each
/// wait, and [`Pages::progress`](super::Pages::progress) when asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Rows handed to the caller.
    pub rows: u64,
    /// Rows that this read is likely to bring in all, as far as the portal counts them or their
    /// ids tell.
    pub expected: Option<u64>,
    /// Answers that have come.
    pub requests: u64,
    /// What keeps the list from going faster.
    pub wall: Option<Wall>,
    /// Until when nothing can be asked, on the portal's clock and with its offset.
    pub waiting_until: Option<DateTime>,
}

/// What keeps a list from going faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wall {
    /// The portal takes so many requests a second.
    Rate,
    /// The method may run so many seconds in ten minutes.
    OperatingTime,
    /// The portal takes its time for each page.
    Seconds,
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rate => "request rate",
            Self::OperatingTime => "operating time",
            Self::Seconds => "seconds per page",
        })
    }
}

/// Who is told.
pub(super) trait Listener: Fn(&Progress) + MaybeSend + MaybeSync {}
impl<F: Fn(&Progress) + MaybeSend + MaybeSync> Listener for F {}

/// Counts, and tells the listener.
#[derive(Clone, Default)]
pub(super) struct Meter {
    pub(super) now: Progress,
    listener: Option<Arc<dyn Listener>>,
    clock: Option<PortalClock>,
}

/// What the portal's clock said when.
#[derive(Clone, Copy, Debug)]
struct PortalClock {
    told: DateTime,
    at: Instant,
}

impl Meter {
    pub(super) fn new(listener: Option<Arc<dyn Listener>>) -> Self {
        Self {
            listener,
            ..Self::default()
        }
    }

    /// Rows were handed to the caller.
    pub(super) fn delivered(&mut self, rows: usize) {
        self.now.rows += rows as u64;
    }

    /// An answer came; `to_come` rows are ready or likely left.
    pub(super) fn answered(&mut self, to_come: Option<u64>, wall: Wall, time: Option<&Time>) {
        self.now.requests += 1;
        self.now.expected = to_come.map(|rows| self.now.rows + rows);
        self.now.wall = Some(wall);
        self.now.waiting_until = None;
        let told = time.and_then(|time| time.date_finish.as_deref());
        if let Some(told) = told.and_then(|text| text.parse().ok()) {
            self.clock = Some(PortalClock {
                told,
                at: rt::now(),
            });
        }
        self.tell();
    }

    /// Nothing can be asked for so long.
    pub(super) fn waits(&mut self, wait: Duration) {
        self.now.wall = Some(Wall::OperatingTime);
        self.now.waiting_until = self.clock.and_then(|clock| {
            let from_then = rt::now().saturating_duration_since(clock.at) + wait;
            // Up to the next second: the portal tells whole ones.
            let seconds = from_then.as_secs_f64().ceil() as i64;
            DateTime::from_unix(
                clock.told.unix_seconds() + seconds,
                clock.told.offset_seconds(),
            )
        });
        self.tell();
    }

    fn tell(&self) {
        if let Some(listener) = &self.listener {
            listener(&self.now);
        }
    }
}
