//! What every store has to hold to. A custom store passes it, too, if it is one.

use std::sync::Arc;
use std::time::Duration;

use b24::store::{Answer, Ask, Record, SharedBudget, Spent, TokenKey, TokenStore};

/// A row that no other test uses.
fn key(member_id: &str) -> TokenKey {
    TokenKey {
        client_id: format!("local.{member_id}"),
        member_id: member_id.to_owned(),
    }
}

fn record(text: &str) -> Record {
    Record::from_bytes(text)
}

/// The whole contract of tokens.
pub(crate) async fn tokens(store: Arc<dyn TokenStore>) {
    what_was_written_is_read(&*store).await;
    only_the_first_of_two_writers_succeeds(&*store).await;
    one_of_many_writers_succeeds_each_time(&store).await;
    rows_are_forgotten_and_listed_by_application(&*store).await;
    the_clock_goes_on(&*store).await;
}

async fn what_was_written_is_read(store: &dyn TokenStore) {
    let key = key("written");
    assert_eq!(store.load(&key).await.unwrap().row, None);
    let binary = Record::from_bytes(vec![0, 1, 255, b'\'', b'"', 0]);
    assert!(store.swap(&key, 0, &binary).await.unwrap());
    let row = store.load(&key).await.unwrap().row.unwrap();
    assert_eq!((row.record, row.version), (binary, 1));
    assert!(store.swap(&key, 1, &record("second")).await.unwrap());
    let row = store.load(&key).await.unwrap().row.unwrap();
    assert_eq!((row.record, row.version), (record("second"), 2));
}

async fn only_the_first_of_two_writers_succeeds(store: &dyn TokenStore) {
    let key = key("twice");
    assert!(!store.swap(&key, 1, &record("of nothing")).await.unwrap());
    assert!(store.swap(&key, 0, &record("first")).await.unwrap());
    assert!(!store.swap(&key, 0, &record("late")).await.unwrap());
    assert!(!store.swap(&key, 2, &record("early")).await.unwrap());
    assert!(store.swap(&key, 1, &record("second")).await.unwrap());
    assert!(!store.swap(&key, 1, &record("late")).await.unwrap());
    let row = store.load(&key).await.unwrap().row.unwrap();
    assert_eq!((row.record, row.version), (record("second"), 2));
}

async fn one_of_many_writers_succeeds_each_time(store: &Arc<dyn TokenStore>) {
    let key = key("many");
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let (store, key) = (Arc::clone(store), key.clone());
            tokio::spawn(async move {
                let mut won = 0;
                for _ in 0..8 {
                    let row = store.load(&key).await.unwrap().row;
                    let version = row.map_or(0, |row| row.version);
                    let text = format!("{writer} after {version}");
                    won += u64::from(store.swap(&key, version, &record(&text)).await.unwrap());
                }
                won
            })
        })
        .collect();
    let mut won = 0;
    for writer in writers {
        won += writer.await.unwrap();
    }
    let row = store.load(&key).await.unwrap().row.unwrap();
    assert_eq!(row.version, won, "each success is one version");
}

async fn rows_are_forgotten_and_listed_by_application(store: &dyn TokenStore) {
    let of = |client_id: &str, member_id: &str| TokenKey {
        client_id: client_id.to_owned(),
        member_id: member_id.to_owned(),
    };
    for (client_id, member_id) in [("app.list", "b"), ("app.list", "a"), ("app.list2", "c")] {
        let key = of(client_id, member_id);
        assert!(store.swap(&key, 0, &record(member_id)).await.unwrap());
    }
    assert_eq!(store.members("app.list").await.unwrap(), ["a", "b"]);
    assert!(store.members("app.").await.unwrap().is_empty());
    let key = of("app.list", "a");
    assert!(
        !store.remove(&key, 7).await.unwrap(),
        "somebody has written since"
    );
    assert!(store.remove(&key, 1).await.unwrap());
    assert!(!store.remove(&key, 1).await.unwrap());
    assert_eq!(store.members("app.list").await.unwrap(), ["b"]);
    assert!(!store.swap(&key, 1, &record("late")).await.unwrap());
    assert!(store.swap(&key, 0, &record("anew")).await.unwrap());
}

async fn the_clock_goes_on(store: &dyn TokenStore) {
    let key = key("clock");
    let before = store.load(&key).await.unwrap().now;
    assert!(before > Duration::from_secs(1_700_000_000), "{before:?}");
    let after = store.load(&key).await.unwrap().now;
    assert!((before..before + Duration::from_secs(60)).contains(&after));
}

fn ask(portal: &str, burst: f64, rate: f64) -> Ask {
    Ask {
        portal: portal.to_owned(),
        credential: "application".to_owned(),
        burst,
        rate,
        within: Duration::from_secs(3600),
    }
}

async fn wait(budget: &dyn SharedBudget, ask: &Ask) -> f64 {
    match budget.reserve(ask).await.unwrap() {
        Answer::Reserved { wait, .. } => wait.as_secs_f64(),
        Answer::TooLate { wait } => panic!("too late by {wait:?}"),
    }
}

/// The whole contract of budgets.
pub(crate) async fn budget(budget: Arc<dyn SharedBudget>) {
    a_burst_is_free_and_then_places_come_at_the_rate(&budget).await;
    a_place_that_is_too_far_is_not_taken(&*budget).await;
    a_refusal_fills_the_bucket(&*budget).await;
    operating_time_is_told_to_the_others(&*budget).await;
}

/// From many tasks at once, as from many processes: no two get one place.
async fn a_burst_is_free_and_then_places_come_at_the_rate(budget: &Arc<dyn SharedBudget>) {
    let ask = ask("burst.example", 5.0, 0.5);
    let asked: Vec<_> = (0..10)
        .map(|_| {
            let (budget, ask) = (Arc::clone(budget), ask.clone());
            tokio::spawn(async move { wait(&*budget, &ask).await })
        })
        .collect();
    let mut waits = Vec::new();
    for one in asked {
        waits.push(one.await.unwrap());
    }
    waits.sort_by(f64::total_cmp);
    assert!(waits[..5].iter().all(|wait| *wait < 0.01), "{waits:?}");
    for (place, wait) in waits[5..].iter().enumerate() {
        let floor = 2.0 * (place as f64 + 1.0);
        // The first of them was asked for a moment before the last.
        assert!((floor - 1.5..=floor + 0.01).contains(wait), "{waits:?}");
    }
    let other = wait(&**budget, &self::ask("other.example", 5.0, 0.5)).await;
    assert!(other < 0.01, "portals are apart");
}

async fn a_place_that_is_too_far_is_not_taken(budget: &dyn SharedBudget) {
    let mut ask = ask("far.example", 1.0, 0.1);
    wait(budget, &ask).await;
    ask.within = Duration::from_secs(2);
    for _ in 0..3 {
        match budget.reserve(&ask).await.unwrap() {
            Answer::TooLate { wait } => {
                assert!((8.0..=10.0).contains(&wait.as_secs_f64()), "{wait:?}");
            }
            reserved @ Answer::Reserved { .. } => panic!("{reserved:?}"),
        }
    }
    ask.within = Duration::from_secs(3600);
    assert!(wait(budget, &ask).await <= 10.0, "nobody has taken it");
}

async fn a_refusal_fills_the_bucket(budget: &dyn SharedBudget) {
    let ask = ask("full.example", 10.0, 1.0);
    budget.refused(&ask).await.unwrap();
    let wait = wait(budget, &ask).await;
    assert!((0.5..=1.01).contains(&wait), "{wait}");
}

async fn operating_time_is_told_to_the_others(budget: &dyn SharedBudget) {
    let ask = ask("spent.example", 50.0, 2.0);
    let spent = |seconds, frees_in, told_at| Spent {
        method: "crm.item.list".to_owned(),
        seconds,
        frees_in,
        told_at,
    };
    for told in [
        spent(100.0, 500.0, 10.0),
        spent(300.0, 400.0, 12.0),
        spent(200.0, 450.0, 11.0),
    ] {
        budget
            .spent("spent.example", "application", &told)
            .await
            .unwrap();
    }
    budget
        .spent("spent.example", "other", &spent(1.0, 400.0, 20.0))
        .await
        .unwrap();
    let mut gone = spent(5.0, -1.0, 30.0);
    "gone".clone_into(&mut gone.method);
    budget
        .spent("spent.example", "application", &gone)
        .await
        .unwrap();
    let Answer::Reserved { spent, .. } = budget.reserve(&ask).await.unwrap() else {
        panic!("there is room");
    };
    let [told] = &spent[..] else {
        panic!("one method of this application: {spent:?}");
    };
    assert_eq!(
        (told.method.as_str(), told.seconds, told.told_at),
        ("crm.item.list", 300.0, 12.0)
    );
    assert!((390.0..=400.0).contains(&told.frees_in), "{told:?}");
}
