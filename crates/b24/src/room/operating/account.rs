//! The operating time of one method: ten baskets of a minute, modelled on our side.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Charge, Room, Used};
use crate::rt::Instant;

/// What is charged in so long goes into one basket.
const MINUTE: Duration = Duration::from_secs(60);

/// A basket leaves so long after the first call in it.
const WINDOW: Duration = Duration::from_secs(600);

/// Sums of fractions of seconds are as exact as this.
const ROUNDING: f64 = 1e-6;

#[derive(Debug, Default)]
pub(super) struct Account {
    /// The oldest first. One whose time has come stays until an answer confirms that it is gone.
    baskets: VecDeque<Basket>,
    /// Seconds of requests under way.
    reserved: f64,
    /// When the oldest basket leaves, as the portal told last.
    frees_at: Option<Instant>,
    /// The portal's clock at the newest answer.
    told_at: f64,
    refused: bool,
    /// Whether the portal has told anything yet.
    answered: bool,
}

#[derive(Debug)]
struct Basket {
    begun: Instant,
    frees_at: Instant,
    seconds: f64,
}

impl Account {
    pub(super) fn learn(&mut self, charge: Charge, now: Instant) {
        let finish = charge.finish.unwrap_or(self.told_at);
        if finish < self.told_at {
            return; // overtaken by a newer answer
        }
        self.told_at = finish;
        self.answered = true;
        self.refused = false;
        self.frees_at = charge.frees_in.map(|seconds| {
            let seconds = seconds.clamp(0.0, WINDOW.as_secs_f64());
            now + Duration::try_from_secs_f64(seconds).unwrap_or(WINDOW)
        });
        self.baskets.retain(|basket| basket.frees_at > now);
        let over = charge.used.max(0.0) - self.used();
        if over > 0.0 {
            self.charge(over, now);
        } else {
            self.remove(-over);
        }
        if let (Some(oldest), Some(frees_at)) = (self.baskets.front_mut(), self.frees_at) {
            oldest.frees_at = frees_at;
        }
    }

    pub(super) fn refused(&mut self, now: Instant) {
        self.refused = true;
        if self.frees_at.is_none_or(|at| at <= now) {
            self.frees_at = Some(now + MINUTE);
        }
    }

    pub(super) fn is_refused(&self, now: Instant) -> bool {
        self.refused && self.frees_at.is_some_and(|at| at > now)
    }

    /// Whether this portal blocks at all: one that does not tell when time is free again only counts.
    pub(super) fn blocks(&self) -> bool {
        self.refused || self.frees_at.is_some() || !self.answered
    }

    /// Seconds charged, those included whose release no answer has confirmed.
    pub(super) fn used(&self) -> f64 {
        self.baskets.iter().map(|basket| basket.seconds).sum()
    }

    pub(super) fn reserved(&self) -> f64 {
        self.reserved
    }

    pub(super) fn grant(&mut self, seconds: f64) -> Room {
        self.reserved += seconds;
        Room::Granted(seconds)
    }

    pub(super) fn settle(&mut self, seconds: f64, lost: bool, now: Instant) {
        self.reserved = (self.reserved - seconds).max(0.0);
        if self.reserved < ROUNDING {
            self.reserved = 0.0;
        }
        if lost {
            self.charge(seconds, now);
        }
    }

    /// How long a call has to wait that does not reserve; `None` = it may go.
    pub(super) fn wait(&self, limit: f64, now: Instant) -> Option<Duration> {
        let full = self.refused || (self.blocks() && self.used() >= limit);
        let frees_at = self.frees_at.filter(|at| full && *at > now)?;
        Some(frees_at.saturating_duration_since(now))
    }

    /// Whether the time of a release has come, so that a small request may look what is left.
    pub(super) fn may_look(&self, limit: f64, unit: f64, now: Instant) -> bool {
        let told = self.frees_at.is_some_and(|at| at <= now);
        let kept = self.baskets.iter().filter(|basket| basket.frees_at > now);
        let kept: f64 = kept.map(|basket| basket.seconds).sum();
        told || (kept < self.used() && kept + unit <= limit)
    }

    /// How long until the next basket leaves.
    pub(super) fn next_release(&self, now: Instant) -> Option<Duration> {
        let modelled = self.baskets.iter().map(|basket| basket.frees_at);
        let next = modelled.chain(self.frees_at).filter(|at| *at > now).min()?;
        Some(next.saturating_duration_since(now))
    }

    pub(super) fn show(&self, now: Instant) -> Used {
        let kept = self.baskets.iter().filter(|basket| basket.frees_at > now);
        let comes_back: Vec<_> = kept
            .map(|basket| {
                (
                    basket.frees_at.saturating_duration_since(now),
                    basket.seconds,
                )
            })
            .collect();
        Used {
            seconds: comes_back.iter().map(|(_, seconds)| seconds).sum(),
            comes_back,
        }
    }

    /// Charges seconds now. They leave later than the portal says, never earlier.
    pub(super) fn charge(&mut self, seconds: f64, now: Instant) {
        match self.baskets.back_mut() {
            Some(basket) if now.saturating_duration_since(basket.begun) < MINUTE => {
                basket.seconds += seconds;
            }
            _ => self.baskets.push_back(Basket {
                begun: now,
                frees_at: now + WINDOW,
                seconds,
            }),
        }
    }

    /// The portal counts fewer seconds than we do: the oldest are gone.
    fn remove(&mut self, mut seconds: f64) {
        while let Some(oldest) = self.baskets.front_mut() {
            if oldest.seconds > seconds + ROUNDING {
                oldest.seconds -= seconds;
                return;
            }
            seconds -= oldest.seconds;
            self.baskets.pop_front();
        }
    }
}
