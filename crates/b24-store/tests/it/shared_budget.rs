//! Processes that share one budget before one portal, by the clock on the wall: `cargo xtask bench oauth`.
//!
//! The processes are this test binary again, running [`child`].

use std::sync::Arc;
use std::time::Instant;

use b24::store::{Answer, Ask, Spent, StoreError};
use b24::{BoxFuture, Client, Limits, SharedBudget};
use b24_portal::{Portal, Rate};
use b24_store::{PostgresStore, SqliteStore};

use crate::process::{Waiting, running, wait_for_go};
use crate::proof::proof;
use crate::server::Server;

const PROCESSES: u32 = 4;
const CALLS: u32 = 1_000;
const BURST: u32 = 50;
const RATE: u32 = 40;

/// A store of any kind, by its address.
#[derive(Clone, Debug)]
pub(crate) struct Any(Arc<dyn SharedBudget>);

impl Any {
    pub(crate) async fn open(address: &str) -> Self {
        if address.starts_with("postgresql:") {
            return Self(Arc::new(
                PostgresStore::open_for_budgets(address).await.unwrap(),
            ));
        }
        Self(Arc::new(
            SqliteStore::open_for_budgets(address).await.unwrap(),
        ))
    }
}

impl SharedBudget for Any {
    fn reserve<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Answer, StoreError>> {
        self.0.reserve(ask)
    }

    fn refused<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.refused(ask)
    }

    fn spent<'a>(
        &'a self,
        portal: &'a str,
        credential: &'a str,
        spent: &'a Spent,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.spent(portal, credential, spent)
    }
}

/// Not a test: what a process of the bench does, once it is told to.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is a process of the bench"]
async fn child() {
    let Ok(address) = std::env::var("B24_TEST_BUDGET") else {
        return;
    };
    let limits = Limits::Custom {
        burst: BURST,
        rate: RATE.into(),
    };
    let b24 = Client::builder()
        .webhook(std::env::var("B24_TEST_WEBHOOK").unwrap())
        .limits(limits)
        .shared_budget(Any::open(&address).await)
        .build()
        .unwrap();
    wait_for_go();
    let calls: Vec<_> = (0..CALLS / PROCESSES)
        .map(|_| {
            let b24 = b24.clone();
            tokio::spawn(async move { b24.v2().call("server.time").await.map(drop) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

async fn start(address: &str, webhook: &str) -> Waiting {
    let mut command = running("shared_budget::child");
    command
        .env("B24_TEST_BUDGET", address)
        .env("B24_TEST_WEBHOOK", webhook);
    Waiting::start(command).await
}

/// Nothing is refused; how long it took is told, not judged: that is a matter of the machine.
async fn thousand_calls(store: &str, address: &str) {
    let rate = Rate::Bucket {
        size: BURST.into(),
        per_second: RATE.into(),
    };
    let portal = Portal::builder().rate(rate).start().await.unwrap();
    let mut processes = Vec::new();
    for _ in 0..PROCESSES {
        processes.push(start(address, portal.webhook()).await);
    }
    let begun = Instant::now();
    for process in &mut processes {
        process.go().await;
    }
    for process in processes {
        process.succeeded().await;
    }
    let took = begun.elapsed().as_secs_f64();
    let floor = f64::from(CALLS - BURST) / f64::from(RATE);
    let times = took / floor;
    let refused = portal.refusals().query_limit;
    let note = format!("{took:.2} s, floor {floor} s: {times:.3}x; {refused} refused");
    proof(&[
        "4 processes, one budget of 50 at once and 40 a second",
        &format!("b24, {store}"),
        &CALLS.to_string(),
        &(portal.requests() - refused).to_string(),
        "",
        &note,
    ]);
    assert_eq!(portal.requests(), u64::from(CALLS));
    assert_eq!(refused, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "24 s: cargo xtask bench oauth"]
async fn four_processes_are_refused_nothing_with_sqlite() {
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    thousand_calls("SQLite", path.to_str().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "24 s: cargo xtask bench oauth"]
async fn four_processes_are_refused_nothing_with_postgres() {
    let server = Server::shared();
    thousand_calls("PostgreSQL", &server.database("budget")).await;
}
