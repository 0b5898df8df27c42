//! The clock of the store is set while processes share a budget: what was written before lies hours ahead then.

use std::time::{Duration, Instant};

use b24::store::{Answer, Ask, SharedBudget, Spent};
use rusqlite::Connection;

use crate::server::Server;
use crate::shared_budget::Any;

/// Seconds from one place to the next.
const STEP: f64 = 100.0;

const ASKED: usize = 3;

async fn place(budget: &Any, portal: &str) -> (f64, Vec<Spent>) {
    let ask = Ask {
        portal: portal.to_owned(),
        credential: "a".to_owned(),
        burst: 1.0,
        rate: 1.0 / STEP,
        within: Duration::from_secs(600),
    };
    match budget.reserve(&ask).await.unwrap() {
        Answer::Reserved { wait, spent } => (wait.as_secs_f64(), spent),
        too_late @ Answer::TooLate { .. } => panic!("{too_late:?}"),
    }
}

/// `write` runs a statement in the store; its tables have this prefix.
async fn blocks_nobody(address: &str, prefix: &str, write: impl Fn(&str)) {
    let budget = Any::open(address).await;
    let spent = Spent {
        method: "crm.item.list".to_owned(),
        seconds: 430.0,
        frees_in: 500.0,
        told_at: 1.0,
    };
    let clock_goes_back = |seconds: u32| {
        write(&format!(
            "UPDATE {prefix}places SET next = next + {seconds}, taken_at = taken_at + {seconds}"
        ));
        write(&format!(
            "UPDATE {prefix}spent SET frees_at = frees_at + {seconds}"
        ));
    };
    for (portal, seconds, later, kept) in [
        ("right.example", 0, 0.0, 1),
        // So far ahead may be what was written a moment ago.
        ("moment.example", 5, 5.0, 1),
        ("hours.example", 7 * 3600, 0.0, 0),
    ] {
        let begun = Instant::now();
        for _ in 0..ASKED {
            place(&budget, portal).await;
        }
        budget.spent(portal, "a", &spent).await.unwrap();
        clock_goes_back(seconds);
        for taken in [ASKED, ASKED + 1] {
            let (wait, spent) = place(&budget, portal).await;
            let free = STEP * taken as f64 + later;
            let passed = begun.elapsed().as_secs_f64() + 0.01;
            assert!(
                (free - passed..=free + 0.01).contains(&wait),
                "{portal}: {wait} s, {passed} s after the first of {taken}"
            );
            assert_eq!(spent.len(), kept, "{portal}: {spent:?}");
        }
    }
    // A refusal that lies ahead is over as soon as any other.
    let ask = Ask {
        portal: "refused.example".to_owned(),
        credential: "a".to_owned(),
        burst: 1.0,
        rate: 1.0 / STEP,
        within: Duration::ZERO,
    };
    budget.refused(&ask).await.unwrap();
    clock_goes_back(7 * 3600);
    match budget.reserve(&ask).await.unwrap() {
        Answer::TooLate { wait } => assert!(wait.as_secs_f64() <= STEP, "{wait:?}"),
        reserved @ Answer::Reserved { .. } => panic!("{reserved:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_back_blocks_nobody_in_sqlite() {
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    let write = |statement: &str| {
        let file = Connection::open(&path).unwrap();
        file.execute_batch(statement).unwrap();
    };
    blocks_nobody(path.to_str().unwrap(), "", write).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_back_blocks_nobody_in_postgres() {
    let server = Server::shared();
    let address = server.database("set_clock");
    let write = |statement: &str| server.sql("set_clock", statement);
    blocks_nobody(&address, "b24_", write).await;
}
