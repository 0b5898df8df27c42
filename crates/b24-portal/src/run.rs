//! Running one call, single or batched: who may, whether time is left, the method itself, its price.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::access::Admitted;
use crate::catalogue::{self, Documented};
use crate::clock::Moment;
use crate::faults::Fault;
use crate::links::Links;
use crate::methods;
use crate::php::{Key, Php, PhpArray};
use crate::play::{ActorKind, Call, Method, Refusal, Reply, Version};
use crate::refusals;
use crate::settings::{Operating, Unplayed};
use crate::shared::{Shared, lock};
use crate::stub;
use crate::world::time;

/// A method that exists on this portal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Known {
    Played(&'static Method),
    Documented(&'static Documented),
}

impl Known {
    /// Looks a method up; case does not matter.
    pub(crate) fn find(portal: &Shared, version: Version, name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        if let Some(method) = methods::find(version, &lower) {
            return Some(Self::Played(method));
        }
        let visible = portal.settings.unplayed != Unplayed::NotFound;
        catalogue::find(version, &lower)
            .filter(|_| visible)
            .map(Self::Documented)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Played(method) => method.name,
            Self::Documented(method) => method.name,
        }
    }

    pub(crate) const fn scope(self) -> &'static str {
        match self {
            Self::Played(method) => method.scope,
            Self::Documented(method) => method.scope,
        }
    }

    const fn app_only(self) -> bool {
        match self {
            Self::Played(method) => method.app_only,
            Self::Documented(method) => method.app_only,
        }
    }
}

/// One call that is known and let in.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    pub(crate) portal: &'a Shared,
    pub(crate) version: Version,
    pub(crate) who: &'a Admitted,
    /// Whose counter of operating time pays; `None` pays nothing (v3 batches).
    pub(crate) payer: Option<&'a str>,
    pub(crate) links: &'a Links,
}

/// A call that succeeded.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) reply: Reply,
    pub(crate) time: Timing,
}

impl Running<'_> {
    /// The refusal of a fault that was armed for a batched method.
    pub(crate) fn struck(&self, method: &str) -> Result<(), Refusal> {
        let fault = lock(&self.portal.faults).strike_batched(method);
        fault
            .and_then(|fault| refusal_of(self.portal, &fault, self.version))
            .map_or(Ok(()), Err)
    }

    /// The check of operating time that stands before every call.
    pub(crate) fn check_operating(&self, method: Known) -> Result<(), Refusal> {
        let Operating::Limit(limit) = self.portal.settings.operating() else {
            return Ok(());
        };
        let Some(payer) = self.payer else {
            return Ok(());
        };
        let spent = lock(&self.portal.ledgers).spent(payer, method.name(), self.portal.clock.now());
        if spent.seconds <= limit {
            return Ok(());
        }
        self.portal.counts.operating.fetch_add(1, Ordering::Relaxed);
        Err(refusals::operating_limit(self.version))
    }

    pub(crate) fn check_scope(&self, method: Known) -> Result<(), Refusal> {
        match (self.who.has_scope(method.scope()), self.version) {
            (true, _) => Ok(()),
            (false, Version::V2) => Err(refusals::insufficient_scope(self.who.actor.kind)),
            (false, Version::V3) => Err(refusals::v3_insufficient_scope()),
        }
    }

    /// Plays the method, takes its time and charges it.
    pub(crate) async fn play(&self, method: Known, params: PhpArray) -> Result<Played, Refusal> {
        let began = self.portal.clock.now();
        let meter = Meter {
            running: self,
            method,
            began,
        };
        let reply = self.play_now(method, params, began);
        let is_page = reply.as_ref().is_ok_and(|reply| reply.answer.is_page());
        let cost = self.portal.settings.cost.of(method.name(), is_page);
        if cost > Duration::ZERO {
            tokio::time::sleep(cost).await;
        }
        drop(meter);
        let reply = reply?;
        let time = Timing::new(self.portal, self.payer, method.name(), began);
        Ok(Played { reply, time })
    }

    fn play_now(&self, method: Known, mut params: PhpArray, now: Moment) -> Result<Reply, Refusal> {
        let now = now.as_secs() as i64;
        if method.app_only() && self.who.actor.kind == ActorKind::Webhook {
            return Err(refusals::wrong_auth_type());
        }
        match method {
            Known::Played(method) => {
                let start = take_start(&mut params, self.version);
                self.with_call(&Php::Array(params), start, now, method.play)
            }
            Known::Documented(method) if self.portal.settings.unplayed == Unplayed::Stub => {
                Ok(Reply::value(stub::fill(&method.shape(), now)))
            }
            Known::Documented(method) => Err(refusals::not_played(method.name)),
        }
    }
}

impl Running<'_> {
    /// Gives what a method is given.
    pub(crate) fn with_call<T>(
        &self,
        params: &Php,
        start: Option<i64>,
        now: i64,
        play: impl FnOnce(&mut Call<'_>) -> T,
    ) -> T {
        let mut world = lock(&self.portal.world);
        play(&mut Call {
            world: &mut world,
            params,
            start,
            actor: &self.who.actor,
            now,
            portal: &self.portal.facts(),
            oauth: &self.portal.realm.registry,
            links: self.links,
        })
    }
}

/// Charges a call when it ends, be it at the wall.
struct Meter<'a> {
    running: &'a Running<'a>,
    method: Known,
    began: Moment,
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        let Running { portal, payer, .. } = self.running;
        if let Some(payer) = payer {
            let now = portal.clock.now();
            let seconds = now.saturating_sub(self.began).as_secs_f64();
            lock(&portal.ledgers).charge(payer, self.method.name(), seconds, now);
        }
    }
}

/// `start` belongs to the protocol in v2, to the method in v3.
fn take_start(params: &mut PhpArray, version: Version) -> Option<i64> {
    match version {
        Version::V2 => params
            .remove(&Key::from("start"))
            .map(|start| start.to_int()),
        Version::V3 => None,
    }
}

/// A refusal that a fault makes; that of a limit is counted as the limit's own.
pub(crate) fn refusal_of(portal: &Shared, fault: &Fault, version: Version) -> Option<Refusal> {
    match fault {
        Fault::OperatingLimit => {
            portal.counts.operating.fetch_add(1, Ordering::Relaxed);
            Some(refusals::operating_limit(version))
        }
        Fault::Refuse { status, code, text } => Some(Refusal::new(code, text).status(*status)),
        _ => None,
    }
}

/// The `time` block of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Timing {
    began: Moment,
    ended: Moment,
    /// Seconds, and the time of release where it is told.
    operating: Option<(f64, Option<u64>)>,
}

impl Timing {
    /// The block of a call that began then and ends now.
    pub(crate) fn new(portal: &Shared, payer: Option<&str>, method: &str, began: Moment) -> Self {
        let ended = portal.clock.now();
        let spent = || lock(&portal.ledgers).spent(payer.unwrap_or_default(), method, ended);
        let operating = match portal.settings.operating() {
            Operating::Off => None,
            Operating::CountersOnly => Some((spent().seconds, None)),
            Operating::Edition | Operating::Limit(_) => {
                let spent = spent();
                Some((spent.seconds, Some(spent.reset_at)))
            }
        };
        Self {
            began,
            ended,
            operating,
        }
    }

    /// `start` and `processing` are whole seconds, as newer portals have them; so `duration` is up to one too long.
    pub(crate) fn to_php(&self) -> Php {
        let finish = microseconds(self.ended);
        let (start_second, end_second) = (self.began.as_secs() as i64, self.ended.as_secs() as i64);
        let mut block = PhpArray::new();
        block.insert("start", start_second.into());
        block.insert("finish", finish.into());
        block.insert(
            "duration",
            microseconds(
                self.ended
                    .saturating_sub(Duration::from_secs(self.began.as_secs())),
            )
            .into(),
        );
        block.insert("processing", (end_second - start_second).into());
        block.insert("date_start", time::text(start_second).into());
        block.insert("date_finish", time::text(end_second).into());
        if let Some((seconds, reset_at)) = self.operating {
            if let Some(at) = reset_at {
                block.insert("operating_reset_at", (at as i64).into());
            }
            block.insert("operating", seconds.into());
        }
        block.into()
    }
}

fn microseconds(moment: Duration) -> f64 {
    moment.as_micros() as f64 / 1e6
}
