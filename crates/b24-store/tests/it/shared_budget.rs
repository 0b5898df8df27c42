//! Processes that share one budget before one portal, by the clock on the wall: `cargo xtask bench oauth`.
//!
//! The processes are this test binary again, running [`child`].

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use b24::store::{Answer, Ask, Spent, StoreError};
use b24::{BoxFuture, Client, Limits, SharedBudget};
use b24_portal::{Portal, Rate};
use b24_store::{PostgresStore, SqliteStore};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

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
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
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

async fn start(address: &str, webhook: &str) -> Child {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "shared_budget::child",
            "--nocapture",
            "--ignored",
        ])
        .env("B24_TEST_BUDGET", address)
        .env("B24_TEST_WEBHOOK", webhook)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.as_mut().unwrap()).lines();
    while lines.next_line().await.unwrap().as_deref() != Some("ready") {}
    process
}

/// Nothing is refused; how long it took is told, not judged: that is a matter of the machine.
#[expect(clippy::print_stdout, reason = "the figures are its result")]
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
        process
            .stdin
            .take()
            .unwrap()
            .write_all(b"go\n")
            .await
            .unwrap();
    }
    for process in &mut processes {
        assert!(process.wait().await.unwrap().success());
    }
    let took = begun.elapsed().as_secs_f64();
    let floor = f64::from(CALLS - BURST) / f64::from(RATE);
    let times = took / floor;
    println!(
        "{store}: {CALLS} calls of {PROCESSES} processes in {took:.2} s, floor {floor} s, {times:.3}x"
    );
    assert_eq!(portal.requests(), u64::from(CALLS));
    assert_eq!(portal.refusals().query_limit, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "24 s: cargo xtask bench oauth"]
async fn four_processes_are_refused_nothing_with_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("b24.db");
    thousand_calls("SQLite", path.to_str().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "24 s: cargo xtask bench oauth"]
async fn four_processes_are_refused_nothing_with_postgres() {
    let server = Server::shared();
    thousand_calls("PostgreSQL", &server.database("budget")).await;
}

/// What a place costs, one after the other.
#[expect(clippy::print_stdout, reason = "the figures are its result")]
async fn places(store: &str, budget: &dyn SharedBudget) {
    const PLACES: u32 = 5_000;
    let ask = Ask {
        portal: "acme.bitrix24.com".to_owned(),
        credential: "a".to_owned(),
        burst: 1e6,
        rate: 1e6,
        within: Duration::MAX,
    };
    let begun = Instant::now();
    for _ in 0..PLACES {
        budget.reserve(&ask).await.unwrap();
    }
    let each = begun.elapsed().as_secs_f64() * 1e3 / f64::from(PLACES);
    println!("{store}: a place costs {each:.3} ms");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench oauth"]
async fn a_place_costs_one_statement() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("b24.db");
    let sqlite = Any::open(path.to_str().unwrap()).await;
    places("SQLite", &sqlite).await;
    let server = Server::shared();
    let postgres = Any::open(&server.database("places")).await;
    places("PostgreSQL", &postgres).await;
}
