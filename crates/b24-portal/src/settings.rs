//! What can be set before a portal starts: its edition and the switches where real portals differ.

use std::collections::HashMap;
use std::time::Duration;

/// The kind of portal: its limits and what it says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Edition {
    /// A cloud portal on an ordinary plan: 50 requests, 2 a second; operating time is counted.
    #[default]
    Cloud,
    /// A cloud portal on the Enterprise plan: 250 requests, 5 a second.
    Enterprise,
    /// A portal on a server of one's own: no limits, and no `operating` in answers.
    Box,
}

/// Which REST 3.0 generation the portal plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum V3Profile {
    /// 25.x: plural namespace of error codes, English messages with `localMessage`, no idempotency keys.
    V25,
    /// 26.x: singular namespace, `Idempotency-Key`, an empty filter is accepted.
    #[default]
    V26,
}

/// What a classic list answers to a `start` past its last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PastTheEnd {
    /// The first page again, as the portal's own page navigator does.
    #[default]
    FirstPage,
    /// An empty list.
    Empty,
}

/// What is answered to a method of the catalogue that this portal does not play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Unplayed {
    /// 501 `B24_PORTAL_NOT_PLAYED`, which no real portal says.
    #[default]
    NotImplemented,
    /// An invented answer in the documented shape.
    Stub,
    /// 404, as if the method did not exist.
    NotFound,
}

/// Whose HTTP statuses errors carry, where the sources and the documentation disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Statuses {
    /// As the portal's sources set them (and as measured): 401 for everything about authorization.
    #[default]
    Source,
    /// As documented: 403 for a wrong webhook or scope, 503 for a blocked portal.
    Docs,
}

/// How the requests of one address are limited.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Rate {
    /// As the edition has it.
    Edition,
    /// Not at all.
    Off,
    /// A leaky bucket.
    Bucket {
        /// Requests that fit (X).
        size: f64,
        /// Requests that leak a second (Y).
        per_second: f64,
    },
}

/// How the operating time of methods is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Operating {
    /// As the edition has it: up to 420 s in the cloud, off in the box.
    Edition,
    /// Not counted; answers carry no `operating`.
    Off,
    /// Counted and shown, never refused, and without `operating_reset_at`: a box without Redis.
    CountersOnly,
    /// Counted; past so many seconds in ten minutes the method is refused with 429.
    Limit(f64),
}

/// All settings of one portal.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) edition: Edition,
    pub(crate) v3: V3Profile,
    pub(crate) v3_task_list_cap: i64,
    pub(crate) past_the_end: PastTheEnd,
    pub(crate) unplayed: Unplayed,
    pub(crate) statuses: Statuses,
    pub(crate) rate: Rate,
    pub(crate) operating: Operating,
    /// Batched calls of webhooks are counted apart from direct ones, in one counter for all webhooks.
    pub(crate) batch_counted_apart: bool,
    pub(crate) wall: Option<Duration>,
    pub(crate) workers: Option<usize>,
    pub(crate) cost: Cost,
    pub(crate) require_https: bool,
    pub(crate) data: Data,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            edition: Edition::default(),
            v3: V3Profile::default(),
            v3_task_list_cap: 1000,
            past_the_end: PastTheEnd::default(),
            unplayed: Unplayed::default(),
            statuses: Statuses::default(),
            rate: Rate::Edition,
            operating: Operating::Edition,
            batch_counted_apart: false,
            wall: Some(Duration::from_secs(60)),
            workers: None,
            cost: Cost::default(),
            require_https: false,
            data: Data::Empty,
        }
    }
}

/// The operating limit of the portal's sources, in seconds of ten minutes.
const OPERATING_LIMIT: f64 = 420.0;

impl Settings {
    /// Size and leak of the bucket, if there is one.
    pub(crate) const fn bucket(&self) -> Option<(f64, f64)> {
        match (self.rate, self.edition) {
            (Rate::Bucket { size, per_second }, _) => Some((size, per_second)),
            (Rate::Edition, Edition::Cloud) => Some((50.0, 2.0)),
            (Rate::Edition, Edition::Enterprise) => Some((250.0, 5.0)),
            (Rate::Off, _) | (Rate::Edition, Edition::Box) => None,
        }
    }

    /// The counting of operating time, never [`Operating::Edition`].
    pub(crate) const fn operating(&self) -> Operating {
        match (self.operating, self.edition) {
            (Operating::Edition, Edition::Box) => Operating::Off,
            (Operating::Edition, _) => Operating::Limit(OPERATING_LIMIT),
            (set, _) => set,
        }
    }
}

/// What a portal begins with, and comes back to when it is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Data {
    /// Users, pipelines, currencies; no CRM rows and no tasks.
    Empty,
    /// The demo set with so many deals.
    Demo { deals: u64 },
}

/// Seconds that methods pretend to take.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cost {
    /// For each page of a list.
    pub(crate) page: Duration,
    /// By method in lower case, instead of the above.
    pub(crate) methods: HashMap<String, Duration>,
}

impl Cost {
    pub(crate) fn of(&self, method: &str, is_page: bool) -> Duration {
        let set = self.methods.get(&method.to_ascii_lowercase()).copied();
        set.unwrap_or(if is_page { self.page } else { Duration::ZERO })
    }
}
