use proptest::prelude::*;

use super::*;

const METHOD: &str = "crm.item.list";

fn charge(used: f64, frees_in: f64) -> Charge {
    Charge {
        used,
        frees_in: Some(frees_in),
        finish: None,
    }
}

#[test]
fn a_method_below_the_limit_may_go() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    ledger.learn(METHOD, charge(419.9, 30.0), now);
    assert_eq!(ledger.wait(METHOD, now), None);
    assert_eq!(ledger.wait("crm.item.get", now), None);
}

#[test]
fn a_method_at_the_limit_waits_until_its_oldest_basket_leaves() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    ledger.learn(METHOD, charge(421.0, 30.0), now);
    assert_eq!(ledger.wait(METHOD, now), Some(Duration::from_secs(30)));
    assert_eq!(ledger.wait("crm.item.get", now), None);
    assert_eq!(ledger.wait(METHOD, now + Duration::from_secs(30)), None);
}

#[test]
fn a_refusal_teaches_a_lower_limit() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    ledger.learn(METHOD, charge(300.0, 20.0), now);
    ledger.refused(METHOD, now);
    assert_eq!(ledger.wait(METHOD, now), Some(Duration::from_secs(20)));
    ledger.learn("crm.deal.list", charge(310.0, 40.0), now);
    assert_eq!(
        ledger.wait("crm.deal.list", now),
        Some(Duration::from_secs(40))
    );
    assert!((ledger.limit() - 300.0).abs() < 1e-9);
}

#[test]
fn a_lost_request_is_repeated_only_if_there_is_time_for_it_twice() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    ledger.learn(METHOD, charge(390.0, 300.0), now);
    assert_eq!(ledger.reserve(METHOD, 12.0, 1.0, now), Room::Granted(12.0));
    assert!(ledger.repeat(METHOD, 12.0, now));
    assert!(!ledger.repeat(METHOD, 12.0, now));
    ledger.settle(METHOD, 12.0, true, now);
    assert!((ledger.used(METHOD, now).seconds - 414.0).abs() < 1e-9);
    // A portal that only counts does not block.
    let mut open = Ledger::default();
    let counted = Charge {
        frees_in: None,
        ..charge(9_000.0, 0.0)
    };
    open.learn(METHOD, counted, now);
    assert!(open.repeat(METHOD, 12.0, now));
}

#[test]
fn a_refusal_out_of_the_blue_waits_one_basket() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    ledger.refused(METHOD, now);
    assert_eq!(ledger.wait(METHOD, now), Some(Duration::from_secs(60)));
    assert_eq!(
        ledger.reserve(METHOD, 15.0, 0.3, now),
        Room::After(Duration::from_secs(60))
    );
}

#[test]
fn a_limit_that_was_told_counts() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    ledger.set_limit(480.0);
    ledger.learn(METHOD, charge(450.0, 20.0), now);
    assert_eq!(ledger.wait(METHOD, now), None);
}

#[test]
fn requests_under_way_hold_what_they_may_cost() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    ledger.learn(METHOD, charge(400.0, 300.0), now);
    assert_eq!(ledger.reserve(METHOD, 15.0, 1.0, now), Room::Granted(15.0));
    assert_eq!(ledger.reserve(METHOD, 15.0, 1.0, now), Room::Granted(5.0));
    assert_eq!(ledger.reserve(METHOD, 15.0, 1.0, now), Room::AfterAnswer);
    ledger.settle(METHOD, 15.0, false, now);
    ledger.settle(METHOD, 5.0, true, now);
    // The lost request counts as if it had run.
    assert_eq!(ledger.reserve(METHOD, 15.0, 1.0, now), Room::Granted(15.0));
}

#[test]
fn a_portal_that_tells_no_release_only_counts() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    let counted = Charge {
        used: 5_000.0,
        frees_in: None,
        finish: None,
    };
    ledger.learn(METHOD, counted, now);
    assert_eq!(ledger.wait(METHOD, now), None);
    assert_eq!(ledger.reserve(METHOD, 15.0, 0.3, now), Room::Granted(15.0));
}

#[test]
fn what_is_used_comes_back_basket_by_basket() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    ledger.learn(METHOD, charge(30.0, 600.0), now);
    let later = now + Duration::from_secs(100);
    ledger.learn(METHOD, charge(50.0, 500.0), later);
    let used = ledger.used(METHOD, later);
    assert!((used.seconds - 50.0).abs() < 1e-9);
    assert_eq!(
        used.comes_back,
        [
            (Duration::from_secs(500), 30.0),
            (Duration::from_secs(600), 20.0)
        ]
    );
    assert_eq!(ledger.all(later).len(), 1);
}

/// The portal's baskets, as its sources have them.
struct Minutes {
    limit: f64,
    /// Where on the portal's clock the read begins: its minutes are not ours.
    begins: f64,
    baskets: Vec<(u64, f64, f64)>,
}

impl Minutes {
    fn spent(&mut self, at: f64) -> (f64, f64) {
        self.baskets
            .retain(|(_, first, _)| first.floor() + 600.0 > at);
        let sum = self.baskets.iter().map(|(_, _, seconds)| seconds).sum();
        let reset = self.baskets.first().map_or(at, |(_, first, _)| *first);
        (sum, reset.floor() + 600.0)
    }

    /// Runs one page that ends at `at`; whether it was let in.
    fn page(&mut self, at: f64, seconds: f64) -> bool {
        let begun = at - seconds;
        if self.spent(begun).0 > self.limit {
            return false;
        }
        let minute = (at / 60.0) as u64;
        match self.baskets.last_mut() {
            Some((last, _, sum)) if *last == minute => *sum += seconds,
            _ => self.baskets.push((minute, at, seconds)),
        }
        true
    }
}

struct Lane {
    free_at: f64,
    /// Pages still to run, the price reserved for them, and when the next ends.
    pages: u64,
    reserved: f64,
    /// Of the page that runs.
    price: f64,
}

/// Reads `pages` pages in `lanes` lanes through the ledger. Returns seconds and refusals.
fn read(mut portal: Minutes, mut pages: u64, prices: &[f64], lanes: usize) -> (f64, u32) {
    let start = Instant::now();
    let mut ledger = Ledger::default();
    ledger.set_limit(portal.limit);
    let highest = prices.iter().copied().fold(0.0, f64::max);
    let mut lanes: Vec<Lane> = (0..lanes)
        .map(|_| Lane {
            free_at: 0.0,
            pages: 0,
            reserved: 0.0,
            price: 0.0,
        })
        .collect();
    let (mut clock, mut refusals, mut price) = (0.0, 0, prices.iter().cycle());
    while pages > 0 || lanes.iter().any(|lane| lane.pages > 0) {
        let now = start + Duration::from_secs_f64(clock);
        let mut wait = f64::MAX;
        for lane in lanes.iter_mut().filter(|lane| lane.pages == 0) {
            let wanted = pages.min(50);
            if wanted == 0 {
                break;
            }
            match ledger.reserve(METHOD, wanted as f64 * highest, highest, now) {
                Room::Granted(seconds) => {
                    lane.pages = ((seconds / highest).round() as u64).clamp(1, wanted);
                    lane.reserved = seconds;
                    lane.price = *price.next().unwrap();
                    lane.free_at = clock + lane.price;
                    pages -= lane.pages;
                }
                Room::After(after) => {
                    wait = wait.min(after.as_secs_f64() + 1e-6);
                    break;
                }
                Room::AfterAnswer => break,
            }
        }
        let next = lanes
            .iter_mut()
            .filter(|lane| lane.pages > 0)
            .min_by(|a, b| a.free_at.total_cmp(&b.free_at));
        match next {
            Some(lane) if lane.free_at <= clock + wait => {
                clock = lane.free_at;
                let at = portal.begins + clock;
                if !portal.page(at, lane.price) {
                    refusals += 1;
                }
                lane.pages -= 1;
                lane.price = *price.next().unwrap();
                lane.free_at += lane.price;
                if lane.pages == 0 {
                    let (used, reset) = portal.spent(at);
                    let now = start + Duration::from_secs_f64(clock);
                    let charge = Charge {
                        used,
                        frees_in: Some(reset - at),
                        finish: Some(at),
                    };
                    ledger.learn(METHOD, charge, now);
                    ledger.settle(METHOD, lane.reserved, false, now);
                }
            }
            _ => clock += wait,
        }
        assert!(clock < 1e6, "the read does not end");
    }
    (clock, refusals)
}

#[test]
fn a_constant_price_is_read_at_the_optimum() {
    for begins in [0.0, 13.0, 59.5] {
        let portal = Minutes {
            limit: 480.0,
            begins,
            baskets: Vec::new(),
        };
        let (seconds, refusals) = read(portal, 5_000, &[0.3], 4);
        assert_eq!(refusals, 0);
        assert!(seconds <= 1.05 * 1_815.0, "{seconds}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_basket_of_the_portal_is_exceeded(
        begins in 0.0..60.0f64,
        limit in 60.0..600.0f64,
        prices in prop::collection::vec(0.11..1.0f64, 1..40),
        lanes in 1usize..=4,
        pages in 1u64..6_000,
    ) {
        let portal = Minutes { limit, begins, baskets: Vec::new() };
        let (_, refusals) = read(portal, pages, &prices, lanes);
        prop_assert_eq!(refusals, 0);
    }
}
