//! What a place in a budget costs: `cargo xtask bench oauth` measures it in a release build.

use std::time::{Duration, Instant};

use b24::store::{Answer, Ask, SharedBudget};

use crate::process::{Waiting, running, wait_for_go};
use crate::server::Server;
use crate::shared_budget::Any;

/// By each process, one after the other.
const PLACES: usize = 5_000;

/// The milliseconds that each place took.
async fn taken(address: &str, go: impl FnOnce()) -> Vec<f64> {
    let budget = Any::open(address).await;
    let ask = Ask {
        portal: "acme.bitrix24.com".to_owned(),
        credential: "a".to_owned(),
        burst: 1e6,
        rate: 1e6,
        within: Duration::MAX,
    };
    go();
    let mut each = Vec::with_capacity(PLACES);
    for _ in 0..PLACES {
        let begun = Instant::now();
        let answer = budget.reserve(&ask).await.unwrap();
        each.push(begun.elapsed().as_secs_f64() * 1e3);
        assert!(matches!(answer, Answer::Reserved { .. }), "{answer:?}");
    }
    each
}

#[expect(clippy::print_stdout, reason = "the figures are its result")]
fn told(store: &str, processes: usize, mut each: Vec<f64>) {
    each.sort_by(f64::total_cmp);
    let part = |part: f64| each[(each.len() as f64 * part) as usize];
    let (median, p99) = (part(0.5), part(0.99));
    println!("{store}, {processes} at once: a place costs {median:.3} ms (p99 {p99:.3} ms)");
}

/// Not a test: one of several that take places.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is a process of the bench"]
async fn child() {
    let Ok(address) = std::env::var("B24_TEST_BUDGET") else {
        return;
    };
    for milliseconds in taken(&address, wait_for_go).await {
        println!("took {milliseconds}");
    }
}

async fn measured(store: &str, address: &str) {
    const PROCESSES: usize = 4;
    told(store, 1, taken(address, || ()).await);
    let mut processes = Vec::new();
    for _ in 0..PROCESSES {
        let mut command = running("place_cost::child");
        command.env("B24_TEST_BUDGET", address);
        processes.push(Waiting::start(command).await);
    }
    for process in &mut processes {
        process.go().await;
    }
    let mut all = Vec::new();
    for process in processes {
        let printed = process.succeeded().await;
        let took = printed.iter().filter_map(|line| line.strip_prefix("took "));
        all.extend(took.map(|milliseconds| milliseconds.parse::<f64>().unwrap()));
    }
    assert_eq!(all.len(), PROCESSES * PLACES);
    told(store, PROCESSES, all);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench oauth"]
async fn of_sqlite() {
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    measured("SQLite", path.to_str().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench oauth"]
async fn of_postgres() {
    let server = Server::shared();
    measured("PostgreSQL", &server.database("places")).await;
}
