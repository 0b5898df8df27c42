use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use proptest::prelude::*;

use super::bucket::Buckets;
use super::operating::{Ledgers, Spent};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(1_000_000.0 + seconds)
}

#[test]
fn a_full_bucket_leaks_two_a_second() {
    let mut bucket = Buckets::new(50.0, 2.0);
    assert_eq!((0..60).filter(|_| bucket.admit(HERE, at(0.0))).count(), 50);
    assert!(bucket.admit(THERE, at(0.0)), "another address has its own");
    assert!(!bucket.admit(HERE, at(0.4)));
    assert!(
        bucket.admit(HERE, at(0.5)),
        "a refused request is not counted"
    );
    assert!(!bucket.admit(HERE, at(0.5)));
    assert_eq!(
        (0..60).filter(|_| bucket.admit(HERE, at(1000.0))).count(),
        50,
        "it never gets emptier than empty"
    );
}

proptest! {
    #[test]
    fn no_window_admits_more_than_size_and_leak(gaps in prop::collection::vec(0.0..2.0f64, 1..300)) {
        let mut bucket = Buckets::new(10.0, 2.0);
        let (mut now, mut admitted) = (0.0, Vec::new());
        for gap in gaps {
            now += gap;
            if bucket.admit(HERE, at(now)) {
                admitted.push(now);
            }
        }
        for (first, from) in admitted.iter().enumerate() {
            for (last, to) in admitted.iter().enumerate().skip(first) {
                let count = (last - first + 1) as f64;
                prop_assert!(count <= 10.0 + 2.0 * (to - from) + 1e-3, "{count} in {from}..{to}");
            }
        }
    }
}

#[test]
fn baskets_are_released_ten_minutes_after_their_first_call() {
    let mut ledgers = Ledgers::default();
    assert_eq!(
        ledgers.spent("hook", "m", at(0.0)),
        Spent {
            seconds: 0.0,
            reset_at: 1_000_600
        }
    );
    ledgers.charge("hook", "m", 0.1, at(0.0));
    assert!(
        (ledgers.spent("hook", "m", at(0.0)).seconds - 0.0).abs() < 1e-9,
        "a tenth of a second is free"
    );
    ledgers.charge("hook", "m", 30.0, at(10.0));
    ledgers.charge("hook", "m", 5.0, at(15.0));
    ledgers.charge("hook", "m", 7.0, at(300.0));
    assert_eq!(
        ledgers.spent("hook", "m", at(300.0)),
        Spent {
            seconds: 42.0,
            reset_at: 1_000_610
        }
    );
    assert!((ledgers.spent("hook", "other", at(300.0)).seconds - 0.0).abs() < 1e-9);
    assert!((ledgers.spent("other", "m", at(300.0)).seconds - 0.0).abs() < 1e-9);
    assert!((ledgers.spent("hook", "m", at(609.9)).seconds - 42.0).abs() < 1e-9);
    assert_eq!(
        ledgers.spent("hook", "m", at(610.0)),
        Spent {
            seconds: 7.0,
            reset_at: 1_000_900
        }
    );
    assert!((ledgers.spent("hook", "m", at(900.0)).seconds - 0.0).abs() < 1e-9);
}

proptest! {
    /// Minutes are let go whole, by their first call: what is older than ten minutes is never counted, what is younger
    /// than nine always.
    #[test]
    fn operating_time_is_that_of_the_last_ten_minutes(
        calls in prop::collection::vec((0_u64..200, 0.0..30.0f64), 1..200),
        later in 0_u64..900,
    ) {
        let mut ledgers = Ledgers::default();
        let (mut now, mut charged) = (0, Vec::new());
        for (gap, seconds) in calls {
            now += gap;
            ledgers.charge("hook", "m", seconds, at(now as f64));
            charged.push((now, if seconds > 0.1 { seconds } else { 0.0 }));
        }
        now += later;
        let within = |age: u64| -> f64 {
            charged.iter().filter(|(then, _)| now - then < age).map(|(_, seconds)| seconds).sum()
        };
        let spent = ledgers.spent("hook", "m", at(now as f64));
        prop_assert!(spent.seconds >= within(541) - 1e-6, "{spent:?}");
        prop_assert!(spent.seconds <= within(600) + 1e-6, "{spent:?}");
        let left = spent.reset_at - (1_000_000 + now);
        prop_assert!((1..=600).contains(&left), "{left} s to the next release");
    }
}
