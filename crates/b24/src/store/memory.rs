//! Tokens in the memory of one process.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{
    Answer, Ask, Loaded, Record, Row, SharedBudget, Spent, StoreError, TokenKey, TokenStore,
};
use crate::rt::{self, BoxFuture, Instant};

/// Operating time, and at how many seconds of the store's life it comes back.
type Told = Vec<(Spent, f64)>;

/// Keeps tokens in memory: for tests, for a single process that is given its tokens at each start, and for those who
/// keep them elsewhere and listen with [`OAuth::on_renewed`](crate::OAuth::on_renewed).
pub struct MemoryStore {
    rows: Mutex<BTreeMap<TokenKey, Row>>,
    /// By portal: seconds from `begun` to when a bucket of one would take the next request.
    places: Mutex<HashMap<String, f64>>,
    /// By portal and credential, with the seconds from `begun` at which they come back.
    spent: Mutex<HashMap<(String, String), Told>>,
    epoch: Duration,
    begun: Instant,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            rows: Mutex::default(),
            places: Mutex::default(),
            spent: Mutex::default(),
            epoch: rt::unix_time(),
            begun: rt::now(),
        }
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<TokenKey, Row>> {
        lock(&self.rows)
    }

    fn load_now(&self, key: &TokenKey) -> Loaded {
        Loaded {
            row: self.rows().get(key).cloned(),
            now: self.epoch + self.begun.elapsed(),
        }
    }

    fn swap_now(&self, key: &TokenKey, expected: u64, record: &Record) -> bool {
        let mut rows = self.rows();
        let version = rows.get(key).map_or(0, |row| row.version);
        if version != expected {
            return false;
        }
        let row = Row {
            record: record.clone(),
            version: expected + 1,
        };
        rows.insert(key.clone(), row);
        true
    }

    fn remove_now(&self, key: &TokenKey, expected: u64) -> bool {
        let mut rows = self.rows();
        let fits = rows.get(key).is_some_and(|row| row.version == expected);
        fits && rows.remove(key).is_some()
    }
}

impl MemoryStore {
    fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    fn reserve_now(&self, ask: &Ask) -> Answer {
        let now = self.seconds();
        let mut places = lock(&self.places);
        let next = places.entry(ask.portal.clone()).or_insert(now);
        let taken = next.max(now) + 1.0 / ask.rate;
        let wait = Duration::try_from_secs_f64((taken - ask.burst / ask.rate - now).max(0.0));
        let wait = wait.unwrap_or(Duration::MAX);
        if wait > ask.within {
            return Answer::TooLate { wait };
        }
        *next = taken;
        let key = (ask.portal.clone(), ask.credential.clone());
        let spent = lock(&self.spent);
        let told = spent.get(&key).into_iter().flatten();
        let told = told.filter(|(_, frees_at)| *frees_at > now);
        let spent = told.map(|(spent, frees_at)| Spent {
            frees_in: frees_at - now,
            ..spent.clone()
        });
        Answer::Reserved {
            wait,
            spent: spent.collect(),
        }
    }

    fn spent_now(&self, portal: &str, credential: &str, spent: &Spent) {
        let mut all = lock(&self.spent);
        let known = all
            .entry((portal.to_owned(), credential.to_owned()))
            .or_default();
        let place = known.iter().position(|(old, _)| old.method == spent.method);
        let told = (spent.clone(), self.seconds() + spent.frees_in);
        match place {
            Some(place) if known[place].0.told_at < spent.told_at => known[place] = told,
            Some(_) => {}
            None => known.push(told),
        }
    }
}

impl SharedBudget for MemoryStore {
    fn reserve<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Answer, StoreError>> {
        Box::pin(async move { Ok(self.reserve_now(ask)) })
    }

    fn refused<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<(), StoreError>> {
        let full = self.seconds() + ask.burst / ask.rate;
        Box::pin(async move {
            let mut places = lock(&self.places);
            let next = places.entry(ask.portal.clone()).or_insert(full);
            *next = next.max(full);
            Ok(())
        })
    }

    fn spent<'a>(
        &'a self,
        portal: &'a str,
        credential: &'a str,
        spent: &'a Spent,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.spent_now(portal, credential, spent);
            Ok(())
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl TokenStore for MemoryStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(async { Ok(self.load_now(key)) })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { Ok(self.swap_now(key, expected, record)) })
    }

    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { Ok(self.remove_now(key, expected)) })
    }

    fn members<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        Box::pin(async move {
            let rows = self.rows();
            let own = rows.keys().filter(|key| key.client_id == client_id);
            Ok(own.map(|key| key.member_id.clone()).collect())
        })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("rows", &self.rows().len())
            .finish_non_exhaustive()
    }
}
