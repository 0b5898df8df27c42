//! Processes that share one store: many with one expired token, some that are killed in the middle of a refresh, some
//! that are stopped there and go on.
//!
//! The processes are this test binary again, running [`child`].

use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use b24::store::{Loaded, Record, StoreError, TokenKey, TokenStore};
use b24::{App, BoxFuture, Client, Grant, Limits, OAuth, Reason, TokenError};
use b24_portal::{Edition, Portal};
use b24_store::{Keys, PostgresStore, SqliteStore};
use tokio::process::Child;

use crate::process::running;
use crate::proof::proof;
use crate::server::{Server, signal};

const MEMBER: &str = "0123456789abcdef0123456789abcdef";
const CLIENT_ID: &str = "local.1";
const CLIENT_SECRET: &str = "cl13nt-s3cr3t";

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
            "killed between answer and save" => Some(Self::KillBefore(3)),
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
    /// What it is, for the proof.
    name: &'static str,
    address: String,
    key: String,
}

/// How calls ended.
#[derive(Debug, Default, PartialEq)]
struct Ends {
    good: u32,
    /// Told that the tokens are lost, and to authorise again.
    lost: u32,
}

impl Place {
    fn new(name: &'static str, address: String) -> Self {
        Self {
            name,
            address,
            key: b24_seen::secret(Keys::generate()),
        }
    }

    async fn open(&self) -> Arc<dyn TokenStore> {
        let keys = Keys::parse(&self.key).unwrap();
        if self.address.starts_with("postgresql:") {
            return Arc::new(PostgresStore::open_with(&self.address, keys).await.unwrap());
        }
        Arc::new(SqliteStore::open_with(&self.address, keys).await.unwrap())
    }

    /// A portal that refuses the access token of the application; the store has that token and the refresh token.
    async fn expired(&self) -> Portal {
        let builder = Portal::builder().edition(Edition::Box).member_id(MEMBER);
        let portal = builder.start().await.unwrap();
        let app = b24_portal::App::new("http://127.0.0.1:9/");
        let app = app.client_id(CLIENT_ID).client_secret(CLIENT_SECRET);
        let tokens = portal.add_app(app).tokens;
        let (access, refresh) = (tokens.access_token, tokens.refresh_token);
        let mut grant = Grant::new(MEMBER, tokens.client_endpoint, access, refresh);
        grant.server_endpoint = tokens.server_endpoint;
        let oauth = oauth(Bent::new(self.open().await, 0));
        let _ = oauth.forget(MEMBER).await.unwrap();
        oauth.adopt(grant).await.unwrap();
        portal.expire_access_tokens();
        portal
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

    /// Eight processes with a hundred tasks each.
    async fn eight_processes(&self, ahead: u64) -> Ends {
        let mut processes = tokio::task::JoinSet::new();
        for _ in 0..8 {
            processes.spawn(self.start(100, "", ahead).wait_with_output());
        }
        let mut all = Ends::default();
        for output in processes.join_all().await {
            let ends = ends(&self.key, &output.unwrap());
            all.good += ends.good;
            all.lost += ends.lost;
        }
        all
    }

    /// A line of the proof.
    fn proves(&self, what: &str, ends: &Ends, portal: &Portal) {
        let note = match ends.lost {
            0 => String::new(),
            lost => format!("{lost} told to authorise again, and why"),
        };
        let client = format!("b24, {}", self.name);
        proof(&[
            what,
            &client,
            "800",
            &ends.good.to_string(),
            &asked(portal).to_string(),
            &note,
        ]);
    }
}

fn oauth(store: Bent) -> OAuth {
    let settings = Client::builder().limits(Limits::Off);
    OAuth::new(App::new(CLIENT_ID, CLIENT_SECRET), store).settings(settings)
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
        name: "",
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

const ALL_GOOD: Ends = Ends { good: 800, lost: 0 };
const ALL_LOST: Ends = Ends { good: 0, lost: 800 };
const GOOD: Ends = Ends { good: 100, lost: 0 };
const LOST: Ends = Ends { good: 0, lost: 100 };

/// How often the portal was asked for new tokens.
fn asked(portal: &Portal) -> u64 {
    let counts = portal.oauth_counts();
    counts.refreshes + counts.refused_refreshes
}

async fn eight_processes_refresh_once(place: &Place) {
    let portal = place.expired().await;
    let ends = place.eight_processes(0).await;
    place.proves("8 processes x 100 calls, one expired token", &ends, &portal);
    assert_eq!(ends, ALL_GOOD);
    assert_eq!(asked(&portal), 1);
}

async fn a_killed_refresher_costs_nothing_or_is_told(place: &Place) {
    for (blow, before, then) in [
        ("killed before it asks", 0, ALL_GOOD),
        ("killed between answer and save", 1, ALL_LOST),
        ("killed after the save", 1, ALL_GOOD),
    ] {
        let portal = place.expired().await;
        let output = place.start(3, blow, 0).wait_with_output().await.unwrap();
        assert!(!output.status.success(), "it was to be {blow}");
        nothing_secret(&place.key, &output);
        assert_eq!(asked(&portal), before, "{blow}");
        // While the lease runs, the others wait for it; here it is over.
        let ends = place.eight_processes(LATER).await;
        place.proves(&format!("the same, a refresher {blow}"), &ends, &portal);
        assert_eq!(ends, then, "{blow}");
        assert_eq!(asked(&portal), 1, "{blow}: nobody asks twice");
    }
}

async fn a_stopped_refresher_goes_on_without_harm(place: &Place) {
    for (blow, meanwhile) in [
        ("stopped before it asks", GOOD),
        ("stopped while it asks", LOST),
    ] {
        let portal = place.expired().await;
        let stopped = place.start(100, blow, 0);
        let id = stopped.id().unwrap();
        // Read from the start: a pipe that is full would stop it elsewhere.
        let stopped = tokio::spawn(stopped.wait_with_output());
        while !is_stopped(id) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let other = place.start(100, "", LATER).wait_with_output().await;
        assert_eq!(ends(&place.key, &other.unwrap()), meanwhile, "{blow}");
        signal("-CONT", id);
        let output = stopped.await.unwrap().unwrap();
        assert_eq!(ends(&place.key, &output), GOOD, "{blow}");
        assert_eq!(asked(&portal), 1, "{blow}");
        // What the stopped one has brought is good for all.
        let other = place.start(100, "", LATER).wait_with_output().await;
        assert_eq!(ends(&place.key, &other.unwrap()), GOOD, "{blow}");
        assert_eq!(asked(&portal), 1, "{blow}");
    }
}

fn is_stopped(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    status.contains("State:\tT")
}

/// What a process has said of its calls.
fn ends(key: &str, output: &Output) -> Ends {
    nothing_secret(key, output);
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find(|line| line.contains(" succeeded, "));
    let log = String::from_utf8_lossy(&output.stderr);
    let line = line.unwrap_or_else(|| panic!("no word of its calls: {said} {log}"));
    let mut numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
    Ends {
        good: numbers.next().unwrap(),
        lost: numbers.next().unwrap(),
    }
}

/// What a process wrote at its most talkative.
fn nothing_secret(key: &str, output: &Output) {
    for bytes in [&output.stdout, &output.stderr] {
        b24_seen::keep(bytes);
        let text = String::from_utf8_lossy(bytes);
        for line in text.lines() {
            assert!(!holds_secret(key, line), "{line}");
        }
    }
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(
        log.contains("profile"),
        "the log shows what was done: {log}"
    );
}

/// The portal's tokens are 70 hexadecimal digits, more than anything else that is written.
fn holds_secret(key: &str, text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_ascii_hexdigit());
    words.any(|word| word.len() >= 60) || text.contains(CLIENT_SECRET) || text.contains(key)
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_with_one_sqlite_file() {
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    let place = Place::new("SQLite", path.to_str().unwrap().to_owned());
    eight_processes_refresh_once(&place).await;
    a_killed_refresher_costs_nothing_or_is_told(&place).await;
    a_stopped_refresher_goes_on_without_harm(&place).await;
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!holds_secret(&place.key, &text), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_with_one_postgres() {
    let server = Server::shared();
    let place = Place::new("PostgreSQL", server.database("processes"));
    eight_processes_refresh_once(&place).await;
    a_killed_refresher_costs_nothing_or_is_told(&place).await;
    a_stopped_refresher_goes_on_without_harm(&place).await;
}
