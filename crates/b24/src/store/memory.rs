//! Tokens in the memory of one process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Loaded, Record, Row, StoreError, TokenKey, TokenStore};
use crate::rt::{self, BoxFuture, Instant};

/// Keeps tokens in memory: for tests, for a single process that is given its tokens at each start, and for those who
/// keep them elsewhere and listen with [`OAuth::on_renewed`](crate::OAuth::on_renewed).
pub struct MemoryStore {
    rows: Mutex<BTreeMap<TokenKey, Row>>,
    epoch: Duration,
    begun: Instant,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            rows: Mutex::default(),
            epoch: rt::unix_time(),
            begun: rt::now(),
        }
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<TokenKey, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
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
