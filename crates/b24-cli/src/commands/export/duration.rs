//! How long an export is likely to take, and which wall it meets.

use std::fmt;
use std::time::Duration;

use b24::Limits;

use crate::commands::limits::ASSUMED;
use crate::connection::Manners;

/// What is known before the first row is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) requests: u64,
    pub(super) pages: u64,
    /// Seconds that the portal takes for one page.
    pub(super) page: f64,
    /// Seconds that a request is under way beside that.
    pub(super) way: f64,
    /// Operating time that the method has used.
    pub(super) used: f64,
}

/// What keeps an export from going faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wall {
    Rate,
    Operating,
    Pages,
    Network,
}

impl fmt::Display for Wall {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Rate => "the request rate",
            Self::Operating => "the operating time of the method",
            Self::Pages => "the time that the portal takes for a page",
            Self::Network => "the network",
        })
    }
}

/// The time that the highest wall takes.
pub(super) fn expected(facts: Facts, manners: Manners) -> (Duration, Wall) {
    let (requests, work) = (facts.requests as f64, facts.pages as f64 * facts.page);
    let network = requests * facts.way;
    let walls = [
        (rate(requests, manners), Wall::Rate),
        (operating(work, facts.used, manners), Wall::Operating),
        (
            work,
            if work >= network {
                Wall::Pages
            } else {
                Wall::Network
            },
        ),
    ];
    let highest = walls
        .into_iter()
        .reduce(|a, b| if b.0 > a.0 { b } else { a });
    let (seconds, wall) = highest.unwrap_or((0.0, Wall::Network));
    // Whatever binds, the last request comes back.
    let seconds = match wall {
        Wall::Pages | Wall::Network => work + network,
        Wall::Rate | Wall::Operating => seconds + facts.way + work / requests.max(1.0),
    };
    (
        Duration::try_from_secs_f64(seconds).unwrap_or_default(),
        wall,
    )
}

/// What does not fit into the bucket waits for it to drain.
fn rate(requests: f64, manners: Manners) -> f64 {
    let (burst, rate) = match manners.limits {
        Limits::Off => return 0.0,
        Limits::Enterprise => (250.0, 5.0),
        Limits::Custom { burst, rate } => (f64::from(burst), rate),
        _ => (50.0, 2.0),
    };
    let burst = (burst * manners.share).floor().max(1.0);
    (requests - burst).max(0.0) / (rate * manners.share)
}

/// What does not fit into the time that is left waits until some comes back: as much in ten
/// minutes as the limit.
fn operating(work: f64, used: f64, manners: Manners) -> f64 {
    const WINDOW: f64 = 600.0;
    let limit = manners.operating.unwrap_or(ASSUMED).as_secs_f64();
    let left = (limit - used).max(0.0);
    (work - left).max(0.0) / limit * WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANNERS: Manners = Manners {
        limits: Limits::Standard,
        share: 1.0,
        operating: None,
    };

    fn told(facts: Facts, manners: Manners) -> (u64, Wall) {
        let (time, wall) = expected(facts, manners);
        (time.as_secs(), wall)
    }

    #[test]
    fn the_highest_wall_binds() {
        // 250,000 rows in 101 requests: 51 wait for half a second each.
        let facts = Facts {
            requests: 101,
            pages: 5_000,
            page: 0.001,
            way: 0.1,
            used: 0.0,
        };
        assert_eq!(told(facts, MANNERS), (25, Wall::Rate));
        let half = Manners {
            share: 0.5,
            ..MANNERS
        };
        assert_eq!(told(facts, half), (76, Wall::Rate));
        let off = Manners {
            limits: Limits::Off,
            ..MANNERS
        };
        assert_eq!(told(facts, off), (15, Wall::Network));
        // 1,500 s of work where 420 s are granted in ten minutes.
        let heavy = Facts { page: 0.3, ..facts };
        assert_eq!(told(heavy, off).1, Wall::Operating);
        assert_eq!(told(heavy, off).0 / 60, 25);
        let short = Facts {
            pages: 500,
            requests: 11,
            ..heavy
        };
        assert_eq!(told(short, off), (151, Wall::Pages));
        let spent = Facts {
            used: 410.0,
            ..short
        };
        assert_eq!(told(spent, off).1, Wall::Operating);
    }
}
