//! The registry against a plain model, in virtual time.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::exchange::{Ask, NoEntry};
use super::registry::{Lifetimes, Registry, Seat};
use super::tokens::NoTokens;
use super::{App, Installation};
use crate::clock::Moment;

const MEMBER: &str = "0123456789abcdef0123456789abcdef";

fn registry(grace: u64) -> (Registry, Seat) {
    let lifetimes = Lifetimes {
        grace: Duration::from_secs(grace),
        ..Lifetimes::default()
    };
    let mut registry = Registry::new("http://oauth.example".to_owned(), lifetimes);
    registry.place(MEMBER, "http://acme.example".to_owned());
    let app = App::new("http://app.example/")
        .client_id("id")
        .client_secret("secret");
    let seat = registry.install(app.scopes(["crm"]), MEMBER);
    (registry, seat)
}

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    /// The k-th refresh token so far.
    Refresh(usize),
    /// The k-th access token so far.
    Call(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let day = 86_400_u64;
    prop_oneof![
        prop_oneof![1..20_u64, 1_000..4_000_u64, day..200 * day].prop_map(Step::Wait),
        (0..20_usize).prop_map(Step::Refresh),
        (0..20_usize).prop_map(Step::Call),
    ]
}

proptest! {
    /// Each refresh token works until its first use and a grace after it, for 180 days; each access token an hour.
    #[test]
    fn tokens_live_and_die_as_the_table_says(
        steps in proptest::collection::vec(step(), 1..60),
        grace in prop_oneof![Just(0_u64), Just(10)],
    ) {
        let (mut registry, seat) = registry(grace);
        let mut now = Moment::from_secs(1_000_000);
        let first = registry.issue(&seat, 1, now).unwrap();
        let mut pairs = vec![(first.access_token, first.refresh_token, now)];
        let mut used: HashMap<usize, Moment> = HashMap::new();
        for step in steps {
            match step {
                Step::Wait(seconds) => now += Duration::from_secs(seconds),
                Step::Call(place) => {
                    let (access, _, issued) = &pairs[place % pairs.len()];
                    let admitted = registry.admit(access, MEMBER, true, now);
                    let lives = now < *issued + Duration::from_secs(3_600);
                    prop_assert_eq!(admitted.map(|call| call.user_id), if lives { Ok(1) } else { Err(NoEntry::Expired) });
                }
                Step::Refresh(place) => {
                    let place = place % pairs.len();
                    let (_, refresh, issued) = pairs[place].clone();
                    let answer = registry.exchange("id", "secret", &Ask::Refresh(&refresh), None, now);
                    let in_time = now < issued + Duration::from_secs(180 * 86_400);
                    let dead = used.get(&place).is_some_and(|used| grace == 0 || now > *used + Duration::from_secs(grace));
                    match (in_time, dead) {
                        (false, _) => prop_assert_eq!(answer.unwrap_err(), NoTokens::DeadGrant),
                        (true, true) => prop_assert_eq!(answer.unwrap_err(), NoTokens::Reused),
                        (true, false) => {
                            let tokens = answer.unwrap();
                            used.entry(place).or_insert(now);
                            pairs.push((tokens.access_token, tokens.refresh_token, now));
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_token_of_another_portal_is_unknown_and_blocks_come_before_expiry() {
    let (mut registry, seat) = registry(0);
    let now = Moment::from_secs(1_000_000);
    let token = registry.issue(&seat, 1, now).unwrap().access_token;
    let late = now + Duration::from_secs(4_000);
    let ask = |registry: &Registry, member, has_plan| {
        registry.admit(&token, member, has_plan, late).unwrap_err()
    };
    assert_eq!(ask(&registry, "another", true), NoEntry::Unknown);
    assert_eq!(ask(&registry, MEMBER, true), NoEntry::Expired);
    assert_eq!(ask(&registry, MEMBER, false), NoEntry::NoPlan);
    for (state, refusal) in [
        (Installation::PaymentExpired, NoEntry::Unpaid),
        (Installation::Blocked, NoEntry::Blocked),
        (Installation::Uninstalled, NoEntry::NotInstalled),
    ] {
        registry.set_state(&seat, state);
        assert_eq!(ask(&registry, MEMBER, true), refusal);
    }
    assert!(!registry.set_state(
        &Seat {
            client_id: "no".into(),
            ..seat
        },
        Installation::Installed
    ));
}
