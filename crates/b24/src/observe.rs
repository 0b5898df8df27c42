//! What a client tells about its work: statistics, and events for progress and logs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::error::Error;
use crate::rt::{MaybeSend, MaybeSync};

/// One step of a call. No event carries parameters or secrets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The call has to wait for a limit of the portal, and does.
    Waiting {
        /// The method.
        method: &'a str,
        /// `rate` (told when the wait is over) or `operating time` (told before).
        limit: &'static str,
        /// How long.
        wait: Duration,
    },
    /// A request goes out.
    Sent {
        /// The method.
        method: &'a str,
        /// Its id, the same for all attempts.
        request_id: &'a str,
        /// Counts from 1.
        attempt: u32,
    },
    /// An answer came, of whatever sort.
    Answered {
        /// The method.
        method: &'a str,
        /// The request's id.
        request_id: &'a str,
        /// The HTTP status.
        status: u16,
        /// From the send to the last byte.
        took: Duration,
        /// Length of the body as it was read.
        bytes: usize,
    },
    /// Rows of a list that is read by offset have moved between its pages.
    Moved {
        /// The method.
        method: &'a str,
        /// How it shows.
        moved: crate::list::Moved,
    },
    /// The budget that is shared with other processes cannot be asked; until it can, a quarter of the limits is used.
    BudgetAway {
        /// Why.
        why: &'a str,
    },
    /// New tokens are needed, which another process has asked for: told once, after a second of waiting for them.
    TokensAwaited {
        /// The portal.
        member_id: &'a str,
        /// How long it may still take.
        left: Duration,
    },
    /// New tokens have come and cannot be saved, so nobody uses them yet: told once for each reason. It is tried for
    /// 15 min; after that, or when the process ends before, they are lost.
    TokensUnsaved {
        /// The portal.
        member_id: &'a str,
        /// Why.
        why: &'a str,
    },
    /// The tokens of an application on a portal were refreshed.
    Renewed {
        /// The portal.
        member_id: &'a str,
    },
    /// The refresh token of a portal expires soon: any call renews it, but none has come for long.
    Aging {
        /// The portal.
        member_id: &'a str,
        /// Until it expires.
        left: Duration,
    },
    /// An attempt failed, and the request is sent again.
    Again {
        /// The method.
        method: &'a str,
        /// The request's id.
        request_id: &'a str,
        /// Why.
        why: &'a str,
        /// After how long.
        after: Duration,
    },
}

/// Is told what a client does. It is called in the middle of a call: be quick.
pub trait Observer: MaybeSend + MaybeSync {
    /// Something happened.
    fn on(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + MaybeSend + MaybeSync> Observer for F {
    fn on(&self, event: &Event<'_>) {
        self(event);
    }
}

/// Is asked right before a request of a [`Batch`](crate::Batch) leaves, each time it does:
/// [`Batch::before_send`](crate::Batch::before_send) takes it.
///
/// All waits for limits are over by then, so a journal that is written here tells the time of the send, and
/// nothing is sent that is not journalled.
pub trait BeforeSend: MaybeSend + MaybeSync {
    /// The commands at these positions of the batch go out now. With an error they do not: nothing of the request
    /// is sent, and its commands fail with [`Kind::Local`](crate::Kind::Local) and the text of the error.
    ///
    /// # Errors
    /// Whatever forbids the send.
    fn before_send(&self, commands: &[usize]) -> Result<(), String>;
}

impl<F: Fn(&[usize]) -> Result<(), String> + MaybeSend + MaybeSync> BeforeSend for F {
    fn before_send(&self, commands: &[usize]) -> Result<(), String> {
        self(commands)
    }
}

/// A [`BeforeSend`] and the commands of one request.
#[derive(Clone)]
pub(crate) struct Permit {
    pub(crate) ask: Arc<dyn BeforeSend>,
    pub(crate) commands: Vec<usize>,
}

impl Permit {
    pub(crate) fn get(&self) -> Result<(), Error> {
        self.ask.before_send(&self.commands).map_err(Error::local)
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("commands", &self.commands)
            .finish_non_exhaustive()
    }
}

/// What a client did so far; [`Client::stats`](crate::Client::stats) takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// HTTP requests sent, attempts included.
    pub requests: u64,
    /// Requests refused by the portal's rate limit (503).
    pub refused_rate: u64,
    /// Requests or batch commands refused by the portal's operating limit (429).
    pub refused_operating: u64,
    /// Requests sent again because a connection failed or an answer was lost.
    pub retries: u64,
    /// Redirects followed.
    pub redirects: u64,
    /// Time spent in the queue of the rate limit.
    pub waited_rate: Duration,
    /// Time spent waiting for operating time.
    pub waited_operating: Duration,
    /// Bytes of request bodies.
    pub bytes_sent: u64,
    /// Bytes of answer bodies, decompressed.
    pub bytes_received: u64,
}

/// How much of the portal's limits is used now, as far as this process knows;
/// [`Client::usage`](crate::Client::usage) takes it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// The bucket of requests; `None` where the portal has no limit.
    pub rate: Option<RateUsage>,
    /// Seconds that one method may run in ten minutes: told by the user, learned from a refusal, or assumed.
    pub operating_limit: f64,
    /// The methods that have used operating time, by name. Only what answers have told in this process.
    pub operating: Vec<OperatingUsage>,
}

/// The bucket of requests.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RateUsage {
    /// Requests in it, as the portal counts them at worst.
    pub level: f64,
    /// Requests that it holds.
    pub burst: f64,
    /// Requests that leave it in a second.
    pub rate: f64,
}

/// The operating time of one method.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OperatingUsage {
    /// The method.
    pub method: String,
    /// Seconds used in the last ten minutes.
    pub seconds: f64,
    /// In how long how many of them come back, the next first.
    pub comes_back: Vec<(Duration, f64)>,
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: AtomicU64,
    refused_rate: AtomicU64,
    refused_operating: AtomicU64,
    retries: AtomicU64,
    redirects: AtomicU64,
    waited_rate_us: AtomicU64,
    waited_operating_us: AtomicU64,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
}

impl Counters {
    pub(crate) fn sent(&self, bytes: usize) {
        self.requests.fetch_add(1, Relaxed);
        self.bytes_sent.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.bytes_received.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn refused_rate(&self) {
        self.refused_rate.fetch_add(1, Relaxed);
    }

    pub(crate) fn refused_operating(&self) {
        self.refused_operating.fetch_add(1, Relaxed);
    }

    pub(crate) fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(crate) fn redirected(&self) {
        self.redirects.fetch_add(1, Relaxed);
    }

    pub(crate) fn waited_rate(&self, wait: Duration) {
        self.waited_rate_us
            .fetch_add(wait.as_micros() as u64, Relaxed);
    }

    pub(crate) fn waited_operating(&self, wait: Duration) {
        self.waited_operating_us
            .fetch_add(wait.as_micros() as u64, Relaxed);
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            requests: self.requests.load(Relaxed),
            refused_rate: self.refused_rate.load(Relaxed),
            refused_operating: self.refused_operating.load(Relaxed),
            retries: self.retries.load(Relaxed),
            redirects: self.redirects.load(Relaxed),
            waited_rate: Duration::from_micros(self.waited_rate_us.load(Relaxed)),
            waited_operating: Duration::from_micros(self.waited_operating_us.load(Relaxed)),
            bytes_sent: self.bytes_sent.load(Relaxed),
            bytes_received: self.bytes_received.load(Relaxed),
        }
    }
}
