//! Writes whose client went away before their answer came.
//!
//! A client that waited here for its turn may run out of time when its write has only just left. It sends the same
//! request again then, and must not get a second deal for it.

use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use b24::{Error, Forwarded};
use bytes::Bytes;
use tokio::task::JoinHandle;

/// How long an answer waits for its client.
const KEPT: Duration = Duration::from_secs(600);

/// How many do, the newest.
const MOST: usize = 256;

/// What makes two requests the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) client: String,
    pub(super) verb: http::Method,
    /// Path and query as they came; a request id in it is the client's own word for "the same".
    pub(super) target: String,
    pub(super) kind: String,
    pub(super) body: Bytes,
}

type Outcome = Result<Forwarded, Error>;

/// Whether a request has left.
#[derive(Debug, Clone, Default)]
pub(super) struct Stage(Arc<AtomicU8>);

const WAITING: u8 = 0;
const SENT: u8 = 1;
const CALLED_OFF: u8 = 2;

impl Stage {
    /// The request leaves now; false if it must not any more.
    pub(super) fn leave(&self) -> bool {
        let before = self.0.compare_exchange(WAITING, SENT, SeqCst, SeqCst);
        before != Err(CALLED_OFF)
    }

    /// Whether it has left.
    pub(super) fn has_left(&self) -> bool {
        self.0.load(SeqCst) == SENT
    }

    /// Keeps a request from leaving; false if it has left.
    pub(super) fn call_off(&self) -> bool {
        let before = self.0.compare_exchange(WAITING, CALLED_OFF, SeqCst, SeqCst);
        before != Err(SENT)
    }
}

/// A call that runs whether or not its client waits for it.
pub(super) struct UnderWay {
    identity: Identity,
    stage: Stage,
    /// Gone once its answer was taken.
    task: Option<JoinHandle<Outcome>>,
    home: Arc<GivenUp>,
}

/// The writes without a client.
#[derive(Default)]
pub(super) struct GivenUp(Mutex<Vec<(Instant, UnderWay)>>);

impl GivenUp {
    /// Starts a write.
    pub(super) fn start(
        self: &Arc<Self>,
        identity: Identity,
        stage: Stage,
        call: impl Future<Output = Outcome> + Send + 'static,
    ) -> UnderWay {
        UnderWay {
            identity,
            stage,
            task: Some(tokio::spawn(call)),
            home: Arc::clone(self),
        }
    }

    /// The same write, if its client has gone.
    pub(super) fn take(&self, identity: &Identity) -> Option<UnderWay> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = all.iter().position(|(since, under_way)| {
            since.elapsed() < KEPT && under_way.identity == *identity
        })?;
        Some(all.remove(place).1)
    }

    fn put(&self, under_way: UnderWay) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut old: Vec<_> = all
            .extract_if(.., |(since, _)| since.elapsed() >= KEPT)
            .collect();
        if all.len() >= MOST {
            old.push(all.remove(0));
        }
        all.push((Instant::now(), under_way));
        drop(all);
        // They have left, and go on by themselves.
        for (_, mut gone) in old {
            drop(gone.task.take());
        }
    }
}

impl UnderWay {
    /// Whether it has left for the portal.
    pub(super) fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Its outcome; `None` if it was called off.
    pub(super) async fn outcome(&mut self) -> Option<Outcome> {
        let task = self.task.as_mut()?;
        let outcome = task.await;
        self.task = None;
        outcome.ok()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Some(task) = self.task.take() else {
            return;
        };
        if self.stage.call_off() {
            task.abort();
            return;
        }
        self.home.put(UnderWay {
            identity: self.identity.clone(),
            stage: self.stage.clone(),
            task: Some(task),
            home: Arc::clone(&self.home),
        });
    }
}
