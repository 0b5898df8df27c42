//! The state of one portal, shared by its requests.

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::access::Access;
use crate::clock::Clock;
use crate::faults::FaultPlan;
use crate::limits::bucket::Buckets;
use crate::limits::operating::Ledgers;
use crate::log::RequestLog;
use crate::oauth::{Deliveries, Event, Host, OAuthCounts, Realm};
use crate::play::Facts;
use crate::server::Doors;
use crate::settings::{Data, Settings};
use crate::v3::idempotency::Replays;
use crate::world::World;

/// The user whose webhook the portal hands out, and who acts where nobody else is named.
pub(crate) const ADMINISTRATOR: i64 = 1;

/// Locks, and goes on after a panic elsewhere: what the mutexes hold is whole between statements.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state of one portal.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) realm: Arc<Realm>,
    /// Names the portal wherever it moves.
    pub(crate) member_id: String,
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
    pub(crate) oauth_counts: Mutex<OAuthCounts>,
    /// Changes only when the portal moves.
    facts: Mutex<Arc<Facts>>,
    pub(crate) deliveries: Deliveries,
    pub(crate) doors: Doors,
    /// `host:port` of before.
    former_hosts: Mutex<Vec<String>>,
    condition: Mutex<Condition>,
    acting_user: AtomicI64,
    buckets: Mutex<Option<Buckets>>,
}

/// Whether a portal serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// It serves.
    #[default]
    Running,
    /// Its plan has no REST (`ACCESS_DENIED`); refreshes work.
    Blocked,
    /// It is gone (`PORTAL_DELETED`), and so are its tokens.
    Deleted,
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
        realm: Arc<Realm>,
        member_id: String,
        doors: Doors,
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
            clock: realm.clock.clone(),
            realm,
            member_id,
            control_token,
            log,
            access: Mutex::default(),
            faults: Mutex::default(),
            ledgers: Mutex::default(),
            replays: Mutex::default(),
            counts: Counts::default(),
            oauth_counts: Mutex::default(),
            deliveries: Deliveries::default(),
            doors,
            facts: Mutex::new(Arc::new(facts)),
            former_hosts: Mutex::default(),
            condition: Mutex::default(),
            acting_user: AtomicI64::new(ADMINISTRATOR),
        }
    }

    /// Everything as it was at the start: data, counters, faults, log, webhooks; every application installed. Tokens
    /// live on, and the clock goes on.
    pub(crate) fn reset(&self) {
        *lock(&self.world) = new_world(self.settings.data);
        *lock(&self.buckets) = new_buckets(&self.settings);
        *lock(&self.ledgers) = Ledgers::default();
        *lock(&self.replays) = Replays::default();
        lock(&self.faults).clear();
        lock(&self.access).set_active(true);
        lock(&self.realm.registry).restore(&self.member_id);
        *lock(&self.condition) = Condition::Running;
        *lock(&self.oauth_counts) = OAuthCounts::default();
        lock(&self.deliveries).clear();
        self.set_acting_user(ADMINISTRATOR);
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

    pub(crate) fn facts(&self) -> Arc<Facts> {
        Arc::clone(&lock(&self.facts))
    }

    /// `http://host:port`
    pub(crate) fn url(&self) -> String {
        let facts = self.facts();
        format!("{}://{}", facts.scheme, facts.host)
    }

    pub(crate) fn is_at(&self, authority: &str) -> bool {
        lock(&self.facts).host.eq_ignore_ascii_case(authority)
    }

    pub(crate) fn was_at(&self, authority: &str) -> bool {
        let hosts = lock(&self.former_hosts);
        hosts
            .iter()
            .any(|host| host.eq_ignore_ascii_case(authority))
    }

    /// Whom of the process this name means, if not this portal.
    pub(crate) fn named(&self, authority: &str) -> Option<Host> {
        if self.is_at(authority) {
            return None;
        }
        self.realm.at(authority)
    }

    /// Goes to another host; the one it leaves redirects.
    pub(crate) fn move_to(&self, host: String) {
        let mut facts = lock(&self.facts);
        let moved = Facts {
            host,
            ..Facts::clone(&facts)
        };
        lock(&self.former_hosts).push(facts.host.clone());
        *facts = Arc::new(moved);
        drop(facts);
        lock(&self.realm.registry).place(&self.member_id, self.url());
    }

    pub(crate) fn condition(&self) -> Condition {
        *lock(&self.condition)
    }

    pub(crate) fn set_condition(&self, condition: Condition) {
        *lock(&self.condition) = condition;
        let is_deleted = condition == Condition::Deleted;
        lock(&self.realm.registry).set_deleted(&self.member_id, is_deleted);
    }

    /// Sends an event, once.
    pub(crate) fn send(&self, event: Event, url: String) {
        let deliveries = Arc::clone(&self.deliveries);
        self.realm.runtime.spawn(event.deliver(url, deliveries));
    }

    /// Who stands before the browser that comes to `/oauth/authorize/`.
    pub(crate) fn acting_user(&self) -> i64 {
        self.acting_user.load(Ordering::Relaxed)
    }

    pub(crate) fn set_acting_user(&self, user_id: i64) {
        self.acting_user.store(user_id, Ordering::Relaxed);
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
