//! Processes that share one store: many with one expired token, some that are killed in the middle of a refresh, some
//! that are stopped there and go on.
//!
//! The processes are this test binary again, running [`child`].

use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use b24::store::{Loaded, Record, StoreError, TokenKey, TokenStore};
use b24::{App, BoxFuture, Client, Limits, OAuth, Reason, TokenError};
use b24_store::{Keys, PostgresStore, SqliteStore};
use tokio::process::Child;

use crate::authority::{Authority, CLIENT_SECRET, MEMBER};
use crate::process::running;
use crate::server::{Server, signal};

/// Longer than a lease: a store whose clock is so far ahead takes it for over.
const LATER: u64 = 61;

/// A store whose clock may be ahead, and that strikes its process at a write.
#[derive(Clone, Debug)]
struct Bent {
    store: Arc<dyn TokenStore>,
    ahead: Duration,
    writes: Arc<AtomicU32>,
    blow: Option<Blow>,
}

/// A refresh writes three times: it claims, it is about to ask, it has tokens.
#[derive(Clone, Copy, Debug)]
enum Blow {
    KillAfter(u32),
    KillBefore(u32),
    StopAfter(u32),
}

impl Blow {
    fn named(name: &str) -> Option<Self> {
        match name {
            "killed before it asks" => Some(Self::KillAfter(1)),
            "killed between" => Some(Self::KillBefore(3)),
            "killed after the save" => Some(Self::KillAfter(3)),
            "stopped before it asks" => Some(Self::StopAfter(1)),
            "stopped while it asks" => Some(Self::StopAfter(2)),
            _ => None,
        }
    }
}

impl Bent {
    fn new(store: Arc<dyn TokenStore>, ahead: u64) -> Self {
        Self {
            store,
            ahead: Duration::from_secs(ahead),
            writes: Arc::default(),
            blow: None,
        }
    }
}

impl TokenStore for Bent {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(async move {
            let mut loaded = self.store.load(key).await?;
            loaded.now += self.ahead;
            Ok(loaded)
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let write = self.writes.fetch_add(1, SeqCst) + 1;
            if matches!(self.blow, Some(Blow::KillBefore(at)) if at == write) {
                std::process::abort();
            }
            let swapped = self.store.swap(key, expected, record).await;
            match self.blow {
                Some(Blow::KillAfter(at)) if at == write => std::process::abort(),
                Some(Blow::StopAfter(at)) if at == write => {
                    signal("-STOP", std::process::id());
                    // The system stops a thread a moment after the signal was sent: until then this one must not go on.
                    std::thread::sleep(Duration::from_millis(200));
                }
                _ => {}
            }
            swapped
        })
    }

    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.store.remove(key, expected)
    }

    fn members<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        self.store.members(client_id)
    }
}

/// A store and how another process finds it.
#[derive(Clone)]
struct Place {
    address: String,
    key: String,
}

impl Place {
    fn new(address: String) -> Self {
        Self {
            address,
            key: Keys::generate(),
        }
    }

    async fn open(&self) -> Arc<dyn TokenStore> {
        let keys = Keys::parse(&self.key).unwrap();
        if self.address.starts_with("postgresql:") {
            return Arc::new(PostgresStore::open_with(&self.address, keys).await.unwrap());
        }
        Arc::new(SqliteStore::open_with(&self.address, keys).await.unwrap())
    }

    /// Saves tokens of `authority` that have expired.
    async fn fill(&self, authority: &Authority) {
        let oauth = oauth(Bent::new(self.open().await, 0));
        let _ = oauth.forget(MEMBER).await.unwrap();
        oauth.adopt(authority.expired_grant()).await.unwrap();
    }

    /// Starts a process with so many tasks, struck in the middle of its refresh, or with a clock that is ahead.
    fn start(&self, tasks: u32, blow: &str, ahead: u64) -> Child {
        running("killed::child")
            .env("B24_TEST_STORE", &self.address)
            .env("B24_STORE_KEY", &self.key)
            .env("B24_TEST_TASKS", tasks.to_string())
            .env("B24_TEST_BLOW", blow)
            .env("B24_TEST_AHEAD", ahead.to_string())
            .env_remove("RUST_BACKTRACE")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Eight processes with a hundred tasks each; all of them end as `expected` says.
    async fn eight_processes(&self, ahead: u64, expected: &str) {
        let mut processes = tokio::task::JoinSet::new();
        for _ in 0..8 {
            processes.spawn(self.start(100, "", ahead).wait_with_output());
        }
        for output in processes.join_all().await {
            ended(&self.key, &output.unwrap(), expected);
        }
    }
}

fn oauth(store: Bent) -> OAuth {
    let settings = Client::builder().limits(Limits::Off);
    OAuth::new(App::new("local.1", CLIENT_SECRET), store).settings(settings)
}

/// Calls from so many tasks at once; how each ended.
async fn calls(oauth: &OAuth, tasks: u32) -> Vec<Result<(), b24::Error>> {
    let b24 = oauth.client(MEMBER).await.unwrap();
    let calls: Vec<_> = (0..tasks)
        .map(|_| {
            let b24 = b24.clone();
            tokio::spawn(async move { b24.v2().call("profile").await.map(drop) })
        })
        .collect();
    let mut ends = Vec::new();
    for call in calls {
        ends.push(call.await.unwrap());
    }
    ends
}

/// Not a test: what a process of the tests below does.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is a process of other tests"]
async fn child() {
    let Ok(address) = std::env::var("B24_TEST_STORE") else {
        return;
    };
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(std::io::stderr)
        .init();
    let place = Place {
        address,
        key: std::env::var("B24_STORE_KEY").unwrap(),
    };
    let number = |name: &str| std::env::var(name).unwrap().parse::<u32>().unwrap();
    let mut store = Bent::new(place.open().await, number("B24_TEST_AHEAD").into());
    store.blow = Blow::named(&std::env::var("B24_TEST_BLOW").unwrap());
    let oauth = oauth(store);
    let tasks = number("B24_TEST_TASKS");
    let ends = calls(&oauth, tasks).await;
    let good = ends.iter().filter(|end| end.is_ok()).count();
    let lost = ends.iter().filter(|end| is_told_lost(end)).count();
    let portal = oauth.portal(MEMBER).await.unwrap();
    eprintln!("{oauth:?} {portal:?} {ends:?}");
    println!("{good} succeeded, {lost} were told to authorise again");
}

/// Whether it says that the tokens are lost, and what to do.
fn is_told_lost(end: &Result<(), b24::Error>) -> bool {
    end.as_ref().is_err_and(|error| {
        let lost = matches!(error.reason(), Reason::Token(TokenError::Lost { .. }));
        lost && error.to_string().contains("authorise again")
    })
}

const ALL_GOOD: &str = "100 succeeded, 0 were told to authorise again";
const ALL_LOST: &str = "0 succeeded, 100 were told to authorise again";

async fn eight_processes_refresh_once(place: &Place) {
    let authority = Authority::start().await;
    place.fill(&authority).await;
    place.eight_processes(0, ALL_GOOD).await;
    assert_eq!(authority.refreshes(), 1);
}

async fn a_killed_refresher_costs_nothing_or_is_told(place: &Place) {
    for (blow, asked, then) in [
        ("killed before it asks", 0, ALL_GOOD),
        ("killed between", 1, ALL_LOST),
        ("killed after the save", 1, ALL_GOOD),
    ] {
        let authority = Authority::start().await;
        place.fill(&authority).await;
        let output = place.start(3, blow, 0).wait_with_output().await.unwrap();
        assert!(!output.status.success(), "it was to be {blow}");
        nothing_secret(&place.key, &output);
        assert_eq!(authority.refreshes(), asked, "{blow}");
        // While the lease runs, the others wait for it; here it is over.
        place.eight_processes(LATER, then).await;
        assert_eq!(authority.refreshes(), 1, "{blow}: nobody asks twice");
    }
}

async fn a_stopped_refresher_goes_on_without_harm(place: &Place) {
    for (blow, meanwhile) in [
        ("stopped before it asks", ALL_GOOD),
        ("stopped while it asks", ALL_LOST),
    ] {
        let authority = Authority::start().await;
        place.fill(&authority).await;
        let stopped = place.start(100, blow, 0);
        let id = stopped.id().unwrap();
        // Read from the start: a pipe that is full would stop it elsewhere.
        let stopped = tokio::spawn(stopped.wait_with_output());
        while !is_stopped(id) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let other = place.start(100, "", LATER).wait_with_output().await;
        ended(&place.key, &other.unwrap(), meanwhile);
        signal("-CONT", id);
        let output = stopped.await.unwrap().unwrap();
        ended(&place.key, &output, ALL_GOOD);
        assert_eq!(authority.refreshes(), 1, "{blow}");
        // What the stopped one has brought is good for all.
        let other = place.start(100, "", LATER).wait_with_output().await;
        ended(&place.key, &other.unwrap(), ALL_GOOD);
        assert_eq!(authority.refreshes(), 1, "{blow}");
    }
}

fn is_stopped(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    status.contains("State:\tT")
}

fn ended(key: &str, output: &Output, expected: &str) {
    let said = String::from_utf8_lossy(&output.stdout);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(expected), "{expected}: {said} {log}");
    nothing_secret(key, output);
}

/// What a process wrote at its most talkative.
fn nothing_secret(key: &str, output: &Output) {
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(bytes);
        for secret in ["acc3ss-0", "acc3ss-old", "r3fresh-", CLIENT_SECRET, key] {
            let shown = text.lines().find(|line| line.contains(secret));
            assert_eq!(shown, None, "{secret}");
        }
    }
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(
        log.contains("profile"),
        "the log shows what was done: {log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_with_one_sqlite_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("b24.db");
    let place = Place::new(path.to_str().unwrap().to_owned());
    eight_processes_refresh_once(&place).await;
    a_killed_refresher_costs_nothing_or_is_told(&place).await;
    a_stopped_refresher_goes_on_without_harm(&place).await;
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for secret in ["acc3ss", "r3fresh", CLIENT_SECRET, &place.key] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_with_one_postgres() {
    let server = Server::shared();
    let place = Place::new(server.database("processes"));
    eight_processes_refresh_once(&place).await;
    a_killed_refresher_costs_nothing_or_is_told(&place).await;
    a_stopped_refresher_goes_on_without_harm(&place).await;
}
