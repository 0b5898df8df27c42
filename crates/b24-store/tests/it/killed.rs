//! Processes that share one store: many with one expired token, and some that are killed in the middle of a refresh.
//!
//! The processes are this test binary again, running [`child`].

use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use b24::store::{Loaded, Record, StoreError, TokenKey, TokenStore};
use b24::{App, BoxFuture, Client, Limits, OAuth, Reason, TokenError};
use b24_store::{Keys, PostgresStore, SqliteStore};
use tokio::process::Command;

use crate::authority::{Authority, CLIENT_SECRET, MEMBER};
use crate::server::Server;

/// A store whose clock is ahead, so that a lease is over, and that ends its process at a write.
#[derive(Clone, Debug)]
struct Bent {
    store: Arc<dyn TokenStore>,
    ahead: Duration,
    writes: Arc<AtomicU32>,
    die: Option<Die>,
}

/// A refresh writes three times: it claims, it is about to ask, it has tokens.
#[derive(Clone, Copy, Debug)]
enum Die {
    After(u32),
    Before(u32),
}

impl Bent {
    fn new(store: Arc<dyn TokenStore>, ahead: u64) -> Self {
        Self {
            store,
            ahead: Duration::from_secs(ahead),
            writes: Arc::default(),
            die: None,
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
            if matches!(self.die, Some(Die::Before(at)) if at == write) {
                std::process::abort();
            }
            let swapped = self.store.swap(key, expected, record).await;
            if matches!(self.die, Some(Die::After(at)) if at == write) {
                std::process::abort();
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

    /// Runs a process with so many tasks.
    async fn process(&self, tasks: u32, die: &str) -> Output {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::child", "--nocapture", "--ignored"])
            .env("B24_TEST_STORE", &self.address)
            .env("B24_STORE_KEY", &self.key)
            .env("B24_TEST_TASKS", tasks.to_string())
            .env("B24_TEST_DIE", die)
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap()
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
    let mut store = Bent::new(place.open().await, 0);
    store.die = match std::env::var("B24_TEST_DIE").unwrap().as_str() {
        "before" => Some(Die::After(1)),
        "between" => Some(Die::Before(3)),
        "after" => Some(Die::After(3)),
        _ => None,
    };
    let oauth = oauth(store);
    let tasks = std::env::var("B24_TEST_TASKS").unwrap().parse().unwrap();
    let ends = calls(&oauth, tasks).await;
    let good = ends.iter().filter(|end| end.is_ok()).count();
    let portal = oauth.portal(MEMBER).await.unwrap();
    eprintln!("{oauth:?} {portal:?} {ends:?}");
    println!("{good} of {tasks} succeeded");
}

async fn eight_processes_refresh_once(place: &Place) {
    let authority = Authority::start().await;
    place.fill(&authority).await;
    let mut processes = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let place = place.clone();
        processes.spawn(async move { place.process(100, "").await });
    }
    for output in processes.join_all().await {
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            said.contains("100 of 100 succeeded"),
            "{said} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        nothing_secret(&place.key, &output);
    }
    assert_eq!(authority.refreshes(), 1);
}

async fn a_killed_refresher_costs_nothing_or_is_told(place: &Place) {
    for die in ["before", "between", "after"] {
        let authority = Authority::start().await;
        place.fill(&authority).await;
        let output = place.process(3, die).await;
        assert!(!output.status.success(), "it was to be killed {die}");
        nothing_secret(&place.key, &output);
        let asked = authority.refreshes();
        assert_eq!(asked, u32::from(die != "before"), "{die}");
        // While the lease runs, the others wait for it; here it is over.
        let ends = calls(&oauth(Bent::new(place.open().await, 61)), 50).await;
        for end in &ends {
            match (die, end) {
                ("between", Err(error)) => {
                    let Reason::Token(TokenError::Lost { .. }) = error.reason() else {
                        panic!("{error}");
                    };
                    assert!(error.to_string().contains("authorise again"), "{error}");
                }
                ("between", Ok(())) => panic!("the tokens are lost"),
                (_, end) => assert!(end.is_ok(), "{die}: {end:?}"),
            }
        }
        let expected = if die == "before" { 1 } else { asked };
        assert_eq!(authority.refreshes(), expected, "{die}: nobody asks twice");
    }
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
}
