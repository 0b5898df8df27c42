//! Where tokens of an application are kept, and the contract that every such store fulfils.
//!
//! A store keeps one secret text per application and portal, and replaces it only where nobody else has replaced it
//! since it was read. Everything else (who refreshes, leases, what a crash leaves behind) is decided in this crate on
//! top of that. [`MemoryStore`] serves one process; the crate `b24-store` has SQLite and PostgreSQL for many.

mod budget;
mod memory;

use std::fmt;
use std::time::Duration;

pub use budget::{Answer, Ask, SharedBudget, Spent};
pub use memory::MemoryStore;

use crate::rt::{BoxFuture, MaybeSend, MaybeSync};

/// Whose tokens: an application on a portal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenKey {
    /// The application: `local.5f…` or `app.5f…`.
    pub client_id: String,
    /// The portal: 32 hexadecimal digits that stay when its address changes.
    pub member_id: String,
}

/// What a store keeps under a [`TokenKey`]: secret bytes that only this crate reads.
#[derive(Clone, PartialEq, Eq)]
pub struct Record(Vec<u8>);

impl Record {
    /// Takes back what [`expose`](Self::expose) gave.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, secrets included: for a store that seals them before it writes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Record(***)")
    }
}

/// A record and how often it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What was written last.
    pub record: Record,
    /// Counts the writes, from 1.
    pub version: u64,
}

/// What a store knows of a key, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// `None`: nothing is kept.
    pub row: Option<Row>,
    /// The time since the Unix epoch on the store's own clock, which all processes share.
    pub now: Duration,
}

/// Keeps tokens. All methods may be called by many tasks and processes at once.
///
/// A custom store has to pass what `b24-store` demands of its own: see its contract tests.
pub trait TokenStore: MaybeSend + MaybeSync + fmt::Debug {
    /// Reads what is kept under `key`.
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Loaded, StoreError>>;

    /// Writes `record` if the row is still at version `expected` (0: if there is none), and makes that `expected + 1`.
    /// `false`: somebody else was first, and nothing changed. `true` is said only when the write is durable.
    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Forgets a key if its row is still at version `expected`; whether it did.
    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// The portals that an application has tokens for: their `member_id`s, in order.
    fn members<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>>;
}

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFault {
    /// It cannot be reached now: a server that is down, a lock that is not given up. Trying again is safe.
    Away,
    /// It can be read, not written.
    ReadOnly,
    /// It is no store, or a damaged one.
    Corrupt,
    /// A newer version of this program has made it.
    Newer,
    /// No key to read the secrets in it.
    KeyMissing,
    /// Another key than the one its secrets are sealed with, or none at all.
    KeyWrong,
    /// A key that others than its owner can read: it is not used.
    KeyExposed,
    /// Anything else; the text says what.
    Other,
}

/// Why a store failed. The text never shows what it keeps.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    fault: StoreFault,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// An error of a store; `message` names the store and says what to do.
    pub fn new(fault: StoreFault, message: impl Into<String>) -> Self {
        Self {
            fault,
            message: message.into(),
            source: None,
        }
    }

    /// Adds the cause, which must not show secrets.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What is wrong.
    pub fn fault(&self) -> StoreFault {
        self.fault
    }
}
