//! One budget of requests for several processes.

use std::fmt;
use std::time::Duration;

use super::StoreError;
use crate::rt::BoxFuture;

/// A request that asks for its place among those of all processes.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// The portal: host, and port if it is not the scheme's own.
    pub portal: String,
    /// The webhook or the application, by a name that is no secret: operating time is counted by it.
    pub credential: String,
    /// Requests that the portal takes at once.
    pub burst: f64,
    /// Requests a second that it takes after that.
    pub rate: f64,
    /// A place that is further away is not taken.
    pub within: Duration,
}

/// What a budget says to an [`Ask`].
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The place is taken.
    Reserved {
        /// How long until the request may leave.
        wait: Duration,
        /// What other processes have learned of the credential's operating time.
        spent: Vec<Spent>,
    },
    /// The next place is further away than the caller wants to wait; nothing is taken.
    TooLate {
        /// How far.
        wait: Duration,
    },
}

/// The operating time of a method, as an answer of the portal has told it.
#[derive(Clone, Debug, PartialEq)]
pub struct Spent {
    /// The method.
    pub method: String,
    /// Seconds used.
    pub seconds: f64,
    /// Seconds until the oldest of them come back, at most 600.
    pub frees_in: f64,
    /// The portal's own clock at that answer, unix seconds: a later one counts.
    pub told_at: f64,
}

/// Places in a portal's rate bucket and its ledger of operating time, for all processes behind one address.
///
/// A place is a moment, reserved by one write on the clock of the store: there are no leases, and a process that dies
/// loses only the places it has taken. It is `Send` and `Sync` on wasm, too: all clients of a portal have one.
pub trait SharedBudget: Send + Sync + fmt::Debug {
    /// Takes the next place.
    fn reserve<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Answer, StoreError>>;

    /// The portal has refused a request: its bucket is full, whoever filled it.
    fn refused<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<(), StoreError>>;

    /// An answer has told operating time.
    fn spent<'a>(
        &'a self,
        portal: &'a str,
        credential: &'a str,
        spent: &'a Spent,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}
