//! The state of one portal, shared by its requests.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::access::Access;
use crate::clock::Clock;
use crate::faults::FaultPlan;
use crate::limits::bucket::Buckets;
use crate::limits::operating::Ledgers;
use crate::log::RequestLog;
use crate::play::Facts;
use crate::settings::{Data, Settings};
use crate::v3::idempotency::Replays;
use crate::world::World;

/// Locks, and goes on after a panic elsewhere: what the mutexes hold is whole between statements.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state of one portal.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) facts: Facts,
    pub(crate) clock: Clock,
    pub(crate) control_token: String,
    pub(crate) log: RequestLog,
    pub(crate) access: Mutex<Access>,
    pub(crate) faults: Mutex<FaultPlan>,
    pub(crate) ledgers: Mutex<Ledgers>,
    pub(crate) replays: Mutex<Replays>,
    pub(crate) counts: Counts,
    /// Requests that are served at once.
    pub(crate) workers: Option<Semaphore>,
    pub(crate) world: Mutex<World>,
    buckets: Mutex<Option<Buckets>>,
}

/// What was served and refused.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) requests: AtomicU64,
    pub(crate) query_limit: AtomicU64,
    pub(crate) operating: AtomicU64,
}

impl Counts {
    fn clear(&self) {
        for count in [&self.requests, &self.query_limit, &self.operating] {
            count.store(0, Ordering::Relaxed);
        }
    }
}

/// How often a limit refused, since the start or the last reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[non_exhaustive]
pub struct Refusals {
    /// Requests refused with 503 `QUERY_LIMIT_EXCEEDED`.
    pub query_limit: u64,
    /// Calls, single or batched, refused with `OPERATION_TIME_LIMIT` (429 where they came alone).
    pub operating: u64,
}

impl Shared {
    pub(crate) fn new(
        settings: Settings,
        facts: Facts,
        clock: Clock,
        control_token: String,
        log: RequestLog,
    ) -> Self {
        Self {
            buckets: Mutex::new(new_buckets(&settings)),
            workers: settings
                .workers
                .map(|count| Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS))),
            world: Mutex::new(new_world(settings.data)),
            settings,
            facts,
            clock,
            control_token,
            log,
            access: Mutex::default(),
            faults: Mutex::default(),
            ledgers: Mutex::default(),
            replays: Mutex::default(),
            counts: Counts::default(),
        }
    }

    /// Everything as it was at the start: data, counters, faults, log, webhooks.
    pub(crate) fn reset(&self) {
        *lock(&self.world) = new_world(self.settings.data);
        *lock(&self.buckets) = new_buckets(&self.settings);
        *lock(&self.ledgers) = Ledgers::default();
        *lock(&self.replays) = Replays::default();
        lock(&self.faults).clear();
        lock(&self.access).set_active(true);
        self.log.clear();
        self.counts.clear();
    }

    /// Whether the bucket in front of the portal lets a request through.
    pub(crate) fn passes_the_front(&self, from: IpAddr) -> bool {
        let now = self.clock.now();
        lock(&self.buckets)
            .as_mut()
            .is_none_or(|buckets| buckets.admit(from, now))
    }

    pub(crate) fn refusals(&self) -> Refusals {
        Refusals {
            query_limit: self.counts.query_limit.load(Ordering::Relaxed),
            operating: self.counts.operating.load(Ordering::Relaxed),
        }
    }
}

fn new_buckets(settings: &Settings) -> Option<Buckets> {
    settings
        .bucket()
        .map(|(size, per_second)| Buckets::new(size, per_second))
}

fn new_world(data: Data) -> World {
    match data {
        Data::Empty => World::empty(),
        Data::Demo { deals } => World::demo(deals),
    }
}
