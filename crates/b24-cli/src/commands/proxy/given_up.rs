//! Writes whose client went away before their answer came.
//!
//! A client that waited here for its turn may run out of time when its write has only just left. It sends the same
//! request again then, and must not get a second deal for it.

use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use b24::{Error, Forwarded};
use bytes::Bytes;
use memchr::memmem;
use tokio::task::JoinHandle;

/// How long an answer waits for its client.
const KEPT: Duration = Duration::from_secs(600);

/// How many do, the newest.
const MOST: usize = 256;

/// What makes two requests the same.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    client: String,
    verb: http::Method,
    /// Path and query as they came; a request id in it is the client's own word for "the same".
    target: String,
    /// Without the boundary.
    kind: String,
    /// What stands between the parts of a form with files. Who sends it again makes a new one.
    boundary: Option<String>,
    body: Bytes,
}

impl Identity {
    /// `kind`: the type of the body.
    pub(super) fn new(
        client: &str,
        verb: &http::Method,
        target: &http::Uri,
        kind: &str,
        body: &Bytes,
    ) -> Self {
        let boundary = multer::parse_boundary(kind).ok();
        let is_boundary = |parameter: &&str| {
            let name = parameter.split('=').next().unwrap_or_default();
            name.trim().eq_ignore_ascii_case("boundary")
        };
        let without = || kind.split(';').filter(|part| !is_boundary(part)).collect();
        Self {
            client: client.to_owned(),
            verb: verb.clone(),
            target: target.to_string(),
            kind: boundary
                .as_ref()
                .map_or_else(|| kind.to_owned(), |_| without()),
            boundary,
            body: body.clone(),
        }
    }

    /// The parts of the body between its boundaries; without them all of it.
    fn parts(&self) -> Vec<&[u8]> {
        let Some(boundary) = &self.boundary else {
            return vec![&self.body];
        };
        let boundary = format!("\r\n--{boundary}");
        // The first stands at the start of the body, or after a line that nobody reads.
        let first = boundary.trim_start().as_bytes();
        let body = self.body.strip_prefix(first).unwrap_or(&self.body);
        let mut parts = Vec::new();
        let mut from = 0;
        for at in memmem::find_iter(body, &boundary) {
            parts.push(&body[from..at]);
            from = at + boundary.len();
        }
        parts.push(&body[from..]);
        parts
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.client == other.client
            && self.verb == other.verb
            && self.target == other.target
            && self.kind == other.kind
            && self.parts() == other.parts()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(kind: &str, body: &str) -> Identity {
        let target = http::Uri::from_static("/rest/1/t/crm.deal.add");
        let body = Bytes::copy_from_slice(body.as_bytes());
        Identity::new("default", &http::Method::POST, &target, kind, &body)
    }

    fn form(boundary: &str, parts: &[&str]) -> Identity {
        let part = |text: &&str| format!("--{boundary}\r\n{text}\r\n");
        let body: String = parts.iter().map(part).collect();
        identity(
            &format!("multipart/form-data; boundary={boundary}"),
            &format!("{body}--{boundary}--\r\n"),
        )
    }

    #[test]
    fn a_form_with_another_boundary_is_the_same() {
        let parts = [
            "Content-Disposition: form-data; name=\"a\"\r\n\r\none",
            "two",
        ];
        let once = form("----x1", &parts);
        for boundary in ["----x2", "y", "x1", "----x1----x1"] {
            assert_eq!(once, form(boundary, &parts), "{boundary}");
        }
        let quoted = identity(
            "multipart/form-data; BOUNDARY=\"q r\"",
            &format!(
                "--q r\r\n{}\r\n--q r\r\n{}\r\n--q r--\r\n",
                parts[0], parts[1]
            ),
        );
        assert_eq!(once, quoted);
    }

    #[test]
    fn a_form_with_other_parts_is_another() {
        let once = form("x1", &["one", "two"]);
        for parts in [
            &["one", "three"][..],
            &["two", "one"],
            &["one"],
            &["one", "two", ""],
            &["one\r\n\r\ntwo"],
        ] {
            assert_ne!(once, form("x2", parts), "{parts:?}");
        }
        // A boundary counts at the start of a line only, and nowhere else.
        assert_ne!(form("x1", &["a x1"]), form("x2", &["a x2"]));
        assert_ne!(form("x1", &["a --x1"]), form("x2", &["a --x2"]));
    }

    #[test]
    fn what_is_no_form_is_compared_as_it_is() {
        let json = "application/json";
        assert_eq!(identity(json, "{}"), identity(json, "{}"));
        assert_ne!(identity(json, "{}"), identity(json, "{ }"));
        assert_ne!(identity(json, "{}"), identity("text/plain", "{}"));
        let broken = "multipart/form-data";
        assert_ne!(identity(broken, "--a\r\n"), identity(broken, "--b\r\n"));
        // One without the form that it promises.
        let mixed = |boundary| identity(&format!("multipart/form-data; boundary={boundary}"), "{}");
        assert_eq!(mixed("a"), mixed("b"));
    }
}
