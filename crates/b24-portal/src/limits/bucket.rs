use std::collections::HashMap;
use std::net::IpAddr;

use crate::clock::Moment;

/// The leaky bucket in front of a cloud portal, one for each source address.
#[derive(Debug)]
pub(crate) struct Buckets {
    size: f64,
    per_second: f64,
    levels: HashMap<IpAddr, Level>,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    requests: f64,
    at: Moment,
}

/// Keeps sums of fractions from refusing a request that just fits.
const ROUNDING: f64 = 1e-6;

impl Buckets {
    pub(crate) fn new(size: f64, per_second: f64) -> Self {
        Self {
            size,
            per_second,
            levels: HashMap::new(),
        }
    }

    /// Counts one request; `false` means that it does not fit, and then it is not counted.
    pub(crate) fn admit(&mut self, from: IpAddr, now: Moment) -> bool {
        let level = self.levels.entry(from).or_insert(Level {
            requests: 0.0,
            at: now,
        });
        let leaked = now.saturating_sub(level.at).as_secs_f64() * self.per_second;
        *level = Level {
            requests: (level.requests - leaked).max(0.0),
            at: now,
        };
        let fits = level.requests + 1.0 <= self.size + ROUNDING;
        if fits {
            level.requests += 1.0;
        }
        fits
    }
}
