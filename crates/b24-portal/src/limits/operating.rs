use std::collections::{HashMap, VecDeque};

use crate::clock::Moment;

/// What is shorter costs nothing.
const FREE: f64 = 0.1;
/// Length of a basket in seconds.
const BASKET: u64 = 60;
/// A basket counts so long after its first call.
const WINDOW: u64 = 600;

/// Seconds spent by each credential in each method, in ten baskets of a minute.
#[derive(Debug, Default)]
pub(crate) struct Ledgers {
    by_method: HashMap<(String, String), VecDeque<Basket>>,
}

#[derive(Debug)]
struct Basket {
    minute: u64,
    /// Unix seconds of the first call in it.
    first: u64,
    spent: f64,
}

/// What the `time` block says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spent {
    pub(crate) seconds: f64,
    /// Unix seconds at which the oldest basket is released.
    pub(crate) reset_at: u64,
}

impl Ledgers {
    /// What a method has used by now.
    pub(crate) fn spent(&mut self, entity: &str, method: &str, now: Moment) -> Spent {
        let fresh = Spent {
            seconds: 0.0,
            reset_at: now.as_secs() + WINDOW,
        };
        let key = (entity.to_owned(), method.to_owned());
        let Some(baskets) = self.by_method.get_mut(&key) else {
            return fresh;
        };
        while baskets
            .front()
            .is_some_and(|basket| now.as_secs() >= basket.first + WINDOW)
        {
            baskets.pop_front();
        }
        baskets.front().map_or(fresh, |oldest| Spent {
            seconds: baskets.iter().map(|basket| basket.spent).sum(),
            reset_at: oldest.first + WINDOW,
        })
    }

    /// Adds a call of so many seconds.
    pub(crate) fn charge(&mut self, entity: &str, method: &str, seconds: f64, now: Moment) {
        if seconds <= FREE {
            return;
        }
        let baskets = self
            .by_method
            .entry((entity.to_owned(), method.to_owned()))
            .or_default();
        let minute = now.as_secs() / BASKET;
        match baskets.back_mut() {
            Some(basket) if basket.minute == minute => basket.spent += seconds,
            _ => baskets.push_back(Basket {
                minute,
                first: now.as_secs(),
                spent: seconds,
            }),
        }
    }
}
