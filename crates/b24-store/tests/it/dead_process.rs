//! What a process that shares a budget takes along when it dies: the places it has taken, nothing else. For every store
//! that processes share, as a part of its contract.
//!
//! The processes are this test binary again, running [`child`]. They take places so far apart that the time which
//! passes meanwhile is a small part of one: the wait of the next place tells how many are gone.

use std::time::{Duration, Instant};

use b24::store::{Answer, Ask, SharedBudget, Spent};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

use crate::process::running;
use crate::server::Server;
use crate::shared_budget::Any;

/// Seconds from one place to the next.
const STEP: f64 = 100.0;

/// A store that is held by somebody dead fails after ten seconds: what comes sooner was not held.
const NOT_BLOCKED: Duration = Duration::from_secs(5);

/// For ever, in places.
const ENDLESS: u32 = u32::MAX;

fn ask(portal: &str, credential: &str) -> Ask {
    Ask {
        portal: portal.to_owned(),
        credential: credential.to_owned(),
        burst: 1.0,
        rate: 1.0 / STEP,
        within: Duration::MAX,
    }
}

/// Not a test: a process that takes places, telling of each, and holds them until it is killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is a process of other tests"]
async fn child() {
    let Ok(address) = std::env::var("B24_TEST_BUDGET") else {
        return;
    };
    let text = |name: &str| std::env::var(name).unwrap();
    let ask = ask(&text("B24_TEST_PORTAL"), &text("B24_TEST_CREDENTIAL"));
    let places: u32 = text("B24_TEST_PLACES").parse().unwrap();
    let budget = Any::open(&address).await;
    for place in 1..=places {
        let told = Spent {
            method: "crm.item.list".to_owned(),
            seconds: f64::from(place),
            frees_in: 400.0,
            told_at: f64::from(place),
        };
        budget
            .spent(&ask.portal, &ask.credential, &told)
            .await
            .unwrap();
        budget.reserve(&ask).await.unwrap();
        println!("place {place}");
    }
    std::future::pending::<()>().await;
}

/// A process that takes places of a portal.
struct Taker {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    credential: String,
    /// The last place that it has told of.
    told: u32,
}

impl Taker {
    fn start(address: &str, portal: &str, credential: &str, places: u32) -> Self {
        let mut process = running("dead_process::child")
            .env("B24_TEST_BUDGET", address)
            .env("B24_TEST_PORTAL", portal)
            .env("B24_TEST_CREDENTIAL", credential)
            .env("B24_TEST_PLACES", places.to_string())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self {
            process,
            lines,
            credential: credential.to_owned(),
            told: 0,
        }
    }

    /// The next place that it tells of; `None` when it is dead and has told all.
    async fn next(&mut self) -> Option<u32> {
        while let Some(line) = self.lines.next_line().await.unwrap() {
            // The harness writes the name of the test into the first of them.
            if let Some((_, place)) = line.rsplit_once("place ") {
                self.told = place.parse().unwrap();
                return Some(self.told);
            }
        }
        None
    }

    async fn has_told(&mut self, places: u32) {
        while self.told < places {
            assert!(self.next().await.is_some(), "it lives");
        }
    }

    /// Kills it with SIGKILL, wherever it is.
    async fn killed(mut self) -> Self {
        self.process.kill().await.unwrap();
        while self.next().await.is_some() {}
        self
    }
}

/// The next process: it gets a place at once. Its wait in seconds, and what it hears of operating time.
async fn next_place(address: &str, ask: &Ask) -> (f64, Vec<Spent>) {
    let next = async { Any::open(address).await.reserve(ask).await.unwrap() };
    let next = tokio::time::timeout(NOT_BLOCKED, next).await;
    match next.expect("nobody holds the store") {
        Answer::Reserved { wait, spent } => (wait.as_secs_f64(), spent),
        too_late @ Answer::TooLate { .. } => panic!("{too_late:?}"),
    }
}

/// The one method in a ledger: seconds, and until they come back.
fn ledger(spent: &[Spent]) -> (f64, f64) {
    match spent {
        [one] if one.method == "crm.item.list" => (one.seconds, one.frees_in),
        _ => panic!("one method, as it was told: {spent:?}"),
    }
}

async fn places_that_a_dead_process_holds_are_lost_and_no_more(address: &str) {
    const PLACES: u32 = 7;
    let begun = Instant::now();
    let mut holder = Taker::start(address, "held.example", "a", PLACES);
    holder.has_told(PLACES).await;
    holder.killed().await;
    let ask = ask("held.example", "a");
    for taken in [PLACES, PLACES + 1] {
        let (wait, spent) = next_place(address, &ask).await;
        let passed = begun.elapsed().as_secs_f64();
        let free = STEP * f64::from(taken);
        assert!(
            (free - passed..=free).contains(&wait),
            "{wait} s, {passed} s after the first of {taken} places"
        );
        let (seconds, frees_in) = ledger(&spent);
        assert!((seconds - f64::from(PLACES)).abs() < 1e-9, "{spent:?}");
        assert!((400.0 - passed..=400.0).contains(&frees_in), "{spent:?}");
    }
}

/// Several die while they take one place after the other; each may have taken one more than it could tell of.
async fn processes_that_die_while_they_take_places_leave_whole_ones(address: &str) {
    const TOLD: u32 = 30;
    let begun = Instant::now();
    let mut takers: Vec<_> = ["a", "b", "c"]
        .map(|credential| Taker::start(address, "taken.example", credential, ENDLESS))
        .into();
    for taker in &mut takers {
        taker.has_told(TOLD).await;
    }
    let mut dead = Vec::new();
    for taker in takers {
        dead.push(taker.killed().await);
    }
    let told: u32 = dead.iter().map(|taker| taker.told).sum();
    let mut places = Vec::new();
    for taker in &dead {
        let (wait, spent) = next_place(address, &ask("taken.example", &taker.credential)).await;
        places.push((wait / STEP).ceil() as u32);
        let (seconds, _) = ledger(&spent);
        let newest = [taker.told, taker.told + 1].map(f64::from);
        assert!(newest.contains(&seconds), "{newest:?}: {spent:?}");
        let passed = begun.elapsed().as_secs_f64();
        assert!(
            (wait / STEP).ceil() * STEP - wait <= passed,
            "{wait} s is no whole place after {passed} s"
        );
    }
    // A statement that a dead process has sent may run a moment after its end.
    let (first, last) = (places[0], places[2]);
    assert!(
        first >= told && last <= told + 3 + 2,
        "{told} told: {places:?}"
    );
    assert!(places.is_sorted_by(|one, next| one < next), "{places:?}");
}

async fn holds(address: &str) {
    places_that_a_dead_process_holds_are_lost_and_no_more(address).await;
    processes_that_die_while_they_take_places_leave_whole_ones(address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loses_only_its_places_in_sqlite() {
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    holds(path.to_str().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loses_only_its_places_in_postgres() {
    let server = Server::shared();
    holds(&server.database("dead_process")).await;
}
