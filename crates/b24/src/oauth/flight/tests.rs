use proptest::prelude::*;

use super::*;

fn grant(number: u32) -> Grant {
    Grant::new(
        "m",
        "https://a.bitrix24.com/rest/",
        format!("a{number}"),
        format!("r{number}"),
    )
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(1_000_000 + seconds)
}

/// What is next for somebody who has just come.
fn next(entry: &Entry, refused: &str, holder: &str, now: Duration) -> Next {
    entry.next(refused, holder, now, Duration::ZERO)
}

fn claimed(entry: &Entry, holder: &str, now: Duration) -> Entry {
    match next(entry, "a0", holder, now) {
        Next::Claim(claimed) => claimed,
        _ => panic!("it can be claimed"),
    }
}

#[test]
fn a_token_that_the_store_has_replaced_is_not_refreshed() {
    let entry = Entry::new(grant(1), at(0));
    assert!(matches!(next(&entry, "a0", "me", at(10)), Next::Use));
    assert!(matches!(next(&entry, "a1", "me", at(10)), Next::Claim(_)));
    // Under 60 s are left of it, too.
    assert!(matches!(next(&entry, "a0", "me", at(3541)), Next::Claim(_)));
}

#[test]
fn a_holder_that_never_asked_costs_nothing_but_time() {
    let entry = claimed(&Entry::new(grant(0), at(0)), "dead", at(0));
    match next(&entry, "a0", "me", at(20)) {
        Next::Wait(left) => assert_eq!(left, Duration::from_secs(40)),
        _ => panic!("it is held"),
    }
    assert!(matches!(next(&entry, "a0", "me", at(60)), Next::Claim(_)));
}

/// Somebody has written the row between its claim and its request: sealed it anew, or moved the portal.
#[test]
fn a_holder_that_has_not_asked_yet_claims_again() {
    let entry = claimed(&Entry::new(grant(0), at(0)), "me", at(0));
    assert!(matches!(next(&entry, "a0", "me", at(1)), Next::Claim(_)));
    assert!(matches!(next(&entry, "a0", "you", at(1)), Next::Wait(_)));
    let asked = entry.asking(at(1));
    assert!(matches!(next(&asked, "a0", "me", at(2)), Next::Wait(_)));
}

#[test]
fn a_holder_that_asked_and_died_has_lost_the_tokens_for_all() {
    let entry = claimed(&Entry::new(grant(0), at(0)), "dead", at(0)).asking(at(1));
    assert!(matches!(next(&entry, "a0", "me", at(60)), Next::Wait(_)));
    let Next::Finish(ended, TokenError::Lost { at: when }) = next(&entry, "a0", "me", at(61))
    else {
        panic!("it is lost");
    };
    assert_eq!(when, "1970-01-12T13:46:41+00:00");
    for holder in ["me", "dead", "other"] {
        assert!(matches!(
            next(&ended, "a0", holder, at(90)),
            Next::Over(TokenError::Lost { .. })
        ));
    }
    // The holder was only stopped, and comes back with an answer: good for all.
    let cured = ended.renewed(grant(1), at(100));
    assert!(matches!(next(&cured, "a0", "me", at(101)), Next::Use));
}

/// It could not reach the store for longer than its lease.
#[test]
fn a_holder_that_lived_on_gives_back_what_was_taken_for_lost() {
    let entry = claimed(&Entry::new(grant(0), at(0)), "me", at(0)).asking(at(0));
    let Next::Finish(ended, _) = next(&entry, "a0", "you", at(60)) else {
        panic!("it is lost");
    };
    let ended = Entry::from_record(&ended.to_record()).unwrap();
    assert!(ended.is_held_by("me") && !ended.is_held_by("you"));
    let free = ended.released(None);
    assert!(!free.is_held_by("me"));
    assert!(matches!(next(&free, "a0", "you", at(70)), Next::Claim(_)));
    // Authorised anew, there is nothing to give back.
    assert!(!ended.renewed(grant(1), at(61)).is_held_by("me"));
}

/// The clock of the store was set back while the lease ran, or its holder's was ahead.
#[test]
fn a_lease_ends_by_the_clock_of_whoever_waits_for_it() {
    let entry = claimed(&Entry::new(grant(0), at(7200)), "dead", at(7200));
    let watched =
        |entry: &Entry, seconds| entry.next("a0", "me", at(0), Duration::from_secs(seconds));
    for (seconds, left) in [(0, 60), (59, 1)] {
        match watched(&entry, seconds) {
            Next::Wait(wait) => assert_eq!(wait, Duration::from_secs(left)),
            _ => panic!("it may be at it"),
        }
    }
    assert!(matches!(watched(&entry, 60), Next::Claim(_)));
    let asked = entry.asking(at(7201));
    assert!(matches!(watched(&asked, 60), Next::Finish(..)));
}

#[test]
fn tokens_from_the_future_are_new() {
    let entry = Entry::new(grant(0), at(7200));
    for now in [at(0), at(7200)] {
        assert_eq!(entry.left(now), Duration::from_secs(3600));
        assert_eq!(entry.refresh_left(now), REFRESH_LIFETIME);
    }
    assert_eq!(entry.left(at(7201)), Duration::from_secs(3599));
    assert_eq!(entry.left(at(70_000)), Duration::ZERO);
}

#[test]
fn an_end_says_what_went_before() {
    let entry = claimed(&Entry::new(grant(0), at(0)), "me", at(0)).asking(at(0));
    let free = entry.released(Some(at(30)));
    assert!(matches!(next(&free, "a0", "me", at(31)), Next::Claim(_)));
    let error = ApiError {
        code: "invalid_grant".to_owned(),
        description: String::new(),
        status: 400,
        validation: Vec::new(),
        extra: Vec::new(),
    };
    let Next::Over(error) = next(&free.refused(&error), "a0", "me", at(40)) else {
        panic!("it is over");
    };
    let text = error.to_string();
    assert!(
        text.contains("invalid_grant") && text.contains("was lost"),
        "{text}"
    );
}

#[test]
fn an_entry_is_read_back_as_it_was_written() {
    let entry = claimed(&Entry::new(grant(0), at(0)), "me", at(5)).asking(at(6));
    let back = Entry::from_record(&entry.to_record()).unwrap();
    assert!(back.is_held_by("me"));
    assert_eq!(back.left(at(0)), entry.left(at(0)));
    assert_eq!(back.to_record(), entry.to_record());
    assert!(Entry::from_record(&Record::from_bytes(*b"{}")).is_err());
}

/// What one process does next in the model below.
#[derive(Clone, Copy, Debug)]
enum Step {
    Look(usize, u64, Write),
    Ask(usize, Write),
    Release(usize),
    Answer(usize),
    Save(usize),
    Die(usize),
    Wait(u64),
    SetClock(u64),
}

/// What the store says of a write.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Write {
    Done,
    /// It is done, and the store went away before it could say so.
    DoneUnsaid,
    /// It is not, for the store is away.
    Failed,
}

fn writes() -> impl Strategy<Value = Write> {
    prop_oneof![4 => Just(Write::Done), 1 => Just(Write::DoneUnsaid), 1 => Just(Write::Failed)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..3usize;
    prop::collection::vec(
        prop_oneof![
            4 => (who.clone(), 0..80u64, writes()).prop_map(|(who, watched, write)| Step::Look(who, watched, write)),
            3 => (who.clone(), writes()).prop_map(|(who, write)| Step::Ask(who, write)),
            2 => (0..9usize).prop_map(Step::Release),
            3 => who.clone().prop_map(Step::Answer),
            3 => who.clone().prop_map(Step::Save),
            1 => who.prop_map(Step::Die),
            2 => (1..80u64).prop_map(Step::Wait),
            1 => (0..30_000u64).prop_map(Step::SetClock),
        ],
        1..60,
    )
}

/// A process between two steps, stopped there for as long as the others like.
#[derive(Clone)]
enum Place {
    Idle,
    Claimed(Entry, u64, String),
    Asked(Entry),
    Answered(Entry, Grant),
}

proptest! {
    /// However three processes are stopped, killed and interleaved, and the clocks set: one refresh token is sent at most
    /// once, what the server gave last is never overwritten by something older, and tokens are taken for lost only if
    /// somebody was about to ask with them, or could not give his lease back.
    #[test]
    fn nobody_asks_twice_with_one_token(steps in steps()) {
        let mut row = (Entry::new(grant(0), at(0)), 1u64);
        let mut places = [Place::Idle, Place::Idle, Place::Idle];
        let (mut clock, mut given, mut asked_with) = (0, 0, Vec::new());
        // Leases that are still to be given back, and tokens that somebody was about to ask with.
        let (mut releases, mut about, mut holders) = (Vec::new(), Vec::new(), 0);
        for step in steps {
            let now = at(clock);
            match step {
                Step::Wait(seconds) => clock += seconds,
                Step::SetClock(seconds) => clock = seconds,
                Step::Die(who) => places[who] = Place::Idle,
                Step::Look(who, watched, write) => if matches!(places[who], Place::Idle) {
                    let current = row.0.grant.access_token().to_owned();
                    let watched = Duration::from_secs(watched);
                    holders += 1;
                    let holder = format!("{who}-{holders}");
                    match row.0.next(&current, &holder, now, watched) {
                        Next::Claim(claimed) => {
                            if write != Write::Failed {
                                row = (claimed.clone(), row.1 + 1);
                            }
                            if write == Write::Done {
                                places[who] = Place::Claimed(claimed, row.1, holder);
                            } else {
                                releases.push(holder);
                            }
                        }
                        Next::Finish(ended, _) if write != Write::Failed => {
                            let token = row.0.grant.refresh_token().to_owned();
                            let held = releases.iter().any(|holder| row.0.is_held_by(holder));
                            prop_assert!(about.contains(&token) || held, "{token} was not lost");
                            row = (ended, row.1 + 1);
                        }
                        _ => {}
                    }
                },
                Step::Ask(who, write) => if let Place::Claimed(claimed, version, holder) = places[who].clone() {
                    places[who] = Place::Idle;
                    if row.1 == version {
                        let asking = claimed.asking(now);
                        if write != Write::Failed {
                            row = (asking.clone(), version + 1);
                        }
                        if write == Write::Done {
                            about.push(asking.grant.refresh_token().to_owned());
                            places[who] = Place::Asked(asking);
                        } else {
                            releases.push(holder);
                        }
                    } else if write != Write::Done {
                        releases.push(holder);
                    }
                },
                Step::Release(which) => if which < releases.len() {
                    let holder = releases.swap_remove(which);
                    if row.0.is_held_by(&holder) {
                        row = (row.0.released(None), row.1 + 1);
                    }
                },
                Step::Answer(who) => if let Place::Asked(asking) = places[who].clone() {
                    let used = asking.grant.refresh_token().to_owned();
                    prop_assert!(!asked_with.contains(&used), "{used} twice");
                    asked_with.push(used);
                    given += 1;
                    places[who] = Place::Answered(asking, grant(given));
                },
                Step::Save(who) => if let Place::Answered(asking, renewed) = places[who].clone() {
                    places[who] = Place::Idle;
                    if row.0.grant.refresh_token() == asking.grant.refresh_token() {
                        row = (row.0.renewed(renewed, now), row.1 + 1);
                    }
                },
            }
            let stored = row.0.grant.refresh_token().to_owned();
            let number: u32 = stored[1..].parse().unwrap();
            prop_assert!(number == given || number + 1 == given, "{number} of {given}");
        }
    }
}
