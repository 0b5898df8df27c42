//! The portal's leaky bucket, kept for the worst case. Pure: the caller brings the time.
//!
//! The portal adds one at the *arrival* of a request, drains steadily, and refuses what would
//! overflow. We see only the send and the answer, and the arrival lies somewhere between. So a
//! finished request counts as if it had arrived at its answer (nothing drained yet), and the next
//! one as if it arrived at its send.

use std::time::Duration;

use crate::rt::Instant;

/// What a portal lets through: `burst` requests at once, then `rate` a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace {
    pub(crate) burst: f64,
    pub(crate) rate: f64,
}

/// How long until a place may be free.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wait {
    For(Duration),
    /// All places are held by requests under way: one of them has to come back first.
    ForAnswer,
}

#[derive(Debug)]
pub(crate) struct Bucket {
    pace: Option<Pace>,
    level: f64,
    drained_at: Option<Instant>,
    in_flight: u32,
}

impl Bucket {
    /// `None` = no limit (a box without one).
    pub(crate) fn new(pace: Option<Pace>) -> Self {
        Self {
            pace,
            level: 0.0,
            drained_at: None,
            in_flight: 0,
        }
    }

    /// Requests a second that it takes for good; `None` = no limit.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.pace.map(|pace| pace.rate)
    }

    /// How full it is, and of how many; `None` = no limit.
    pub(crate) fn fill(&mut self, now: Instant) -> Option<(f64, Pace)> {
        let pace = self.pace?;
        self.drain(now, pace);
        Some((self.level + f64::from(self.in_flight), pace))
    }

    pub(crate) fn set_pace(&mut self, pace: Option<Pace>) {
        self.pace = pace;
    }

    /// Takes a place for a request that is sent now.
    pub(crate) fn try_take(&mut self, now: Instant) -> Result<(), Wait> {
        let Some(pace) = self.pace else {
            self.in_flight += 1;
            return Ok(());
        };
        self.drain(now, pace);
        let under_way = f64::from(self.in_flight) + 1.0;
        let over = self.level + under_way - pace.burst;
        // A rest below a nanosecond's drain would make the caller spin.
        if over <= pace.rate * 1e-9 {
            self.in_flight += 1;
            return Ok(());
        }
        if under_way > pace.burst {
            return Err(Wait::ForAnswer);
        }
        let wait = Duration::try_from_secs_f64(over / pace.rate).unwrap_or(Duration::MAX);
        Err(Wait::For(wait))
    }

    /// The soonest that a request may go which stands behind all that are under way.
    pub(crate) fn soonest(&mut self, now: Instant) -> Duration {
        let Some(pace) = self.pace else {
            return Duration::ZERO;
        };
        self.drain(now, pace);
        let over = self.level + f64::from(self.in_flight) + 1.0 - pace.burst;
        Duration::try_from_secs_f64(over.max(0.0) / pace.rate).unwrap_or(Duration::MAX)
    }

    /// A request came back, answered or lost: the portal may have counted it just now.
    pub(crate) fn answered(&mut self, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(pace) = self.pace {
            self.drain(now, pace);
            self.level += 1.0;
        }
    }

    /// A request never reached the portal.
    pub(crate) fn released(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The portal refused: others use the bucket too, and it is full.
    pub(crate) fn refused(&mut self, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(pace) = self.pace {
            self.drain(now, pace);
            self.level = self.level.max(pace.burst);
        }
    }

    fn drain(&mut self, now: Instant, pace: Pace) {
        if let Some(then) = self.drained_at {
            let gone = now.saturating_duration_since(then).as_secs_f64() * pace.rate;
            self.level = (self.level - gone).max(0.0);
        }
        self.drained_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The portal as its documentation describes it: counts on arrival.
    struct Portal {
        level: f64,
        at: f64,
        pace: Pace,
    }

    impl Portal {
        fn arrives(&mut self, at: f64) -> bool {
            self.level = (self.level - (at - self.at) * self.pace.rate).max(0.0) + 1.0;
            self.at = at;
            self.level <= self.pace.burst + 1e-6
        }
    }

    fn at(start: Instant, seconds: f64) -> Instant {
        start + Duration::from_secs_f64(seconds)
    }

    proptest! {
        /// One request after the other, arriving anywhere between send and answer: never refused.
        #[test]
        fn no_request_overflows_the_portal(
            burst in 1u32..60, rate in 1u32..6,
            trips in prop::collection::vec((0.0f64..0.4, 0.0f64..=1.0, 0.0f64..2.0), 1..300),
        ) {
            let pace = Pace { burst: f64::from(burst), rate: f64::from(rate) };
            let start = Instant::now();
            let (mut bucket, mut portal) = (Bucket::new(Some(pace)), Portal { level: 0.0, at: 0.0, pace });
            let mut clock = 0.0;
            for (latency, arrival, pause) in trips {
                loop {
                    match bucket.try_take(at(start, clock)) {
                        Ok(()) => break,
                        Err(Wait::For(wait)) => clock += wait.as_secs_f64() + 1e-9,
                        Err(Wait::ForAnswer) => unreachable!("nothing is under way"),
                    }
                }
                prop_assert!(portal.arrives(clock + latency * arrival));
                clock += latency;
                bucket.answered(at(start, clock));
                clock += if pause > 1.7 { pause } else { 0.0 };
            }
        }
    }

    #[test]
    fn a_hundred_and_one_requests_take_their_floor_and_one_latency() {
        let pace = Pace {
            burst: 50.0,
            rate: 2.0,
        };
        let start = Instant::now();
        let mut bucket = Bucket::new(Some(pace));
        let mut clock = 0.0;
        for _ in 0..101 {
            while let Err(Wait::For(wait)) = bucket.try_take(at(start, clock)) {
                clock += wait.as_secs_f64();
            }
            clock += 0.15;
            bucket.answered(at(start, clock));
        }
        assert!(clock <= 25.5 + 0.15 + 0.15 + 1e-6, "{clock}");
    }

    #[test]
    fn places_in_flight_are_held_until_an_answer() {
        let mut bucket = Bucket::new(Some(Pace {
            burst: 2.0,
            rate: 1.0,
        }));
        let now = Instant::now();
        assert_eq!(bucket.try_take(now), Ok(()));
        assert_eq!(bucket.try_take(now), Ok(()));
        assert_eq!(bucket.try_take(now), Err(Wait::ForAnswer));
        bucket.released();
        assert_eq!(bucket.try_take(now), Ok(()));
    }

    #[test]
    fn a_refusal_fills_the_bucket() {
        let mut bucket = Bucket::new(Some(Pace {
            burst: 50.0,
            rate: 2.0,
        }));
        let now = Instant::now();
        assert_eq!(bucket.try_take(now), Ok(()));
        bucket.refused(now);
        assert_eq!(
            bucket.try_take(now),
            Err(Wait::For(Duration::from_millis(500)))
        );
    }
}
