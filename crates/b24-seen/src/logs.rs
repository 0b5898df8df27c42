//! Every log of a test at its most talkative, every error and `Debug` that it shows.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

thread_local! {
    /// What this thread has shown, once it is watched. A test and all that it spawns share a thread.
    static SEEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn add(line: &str) {
    crate::keep(line.as_bytes());
    SEEN.with_borrow_mut(|seen| {
        if let Some(seen) = seen {
            seen.push_str(line);
            seen.push('\n');
        }
    });
}

/// Adds every field of every span and event, from whatever crate.
struct Everything;

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

impl Subscriber for Everything {
    /// Asked again each time: the answer depends on the thread.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        crate::kept_in().is_some() || SEEN.with_borrow(Option::is_some)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line::default();
        span.record(&mut line);
        add(&line.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line::default();
        values.record(&mut line);
        add(&line.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        add(&line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Begins to listen to this process.
pub fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        tracing::subscriber::set_global_default(Everything).expect("nobody else listens");
    });
}

/// Begins to watch this thread.
pub fn watch() {
    listen();
    SEEN.with_borrow_mut(|seen| {
        seen.get_or_insert_default();
    });
}

/// Adds what anybody can print.
pub fn shown(what: &dyn Debug) {
    add(&format!("{what:?} {what:#?}"));
}

/// All of it since this thread is watched.
pub fn text() -> String {
    SEEN.with_borrow(|seen| seen.clone().expect("the thread is watched"))
}

/// None of `secrets` was shown so far.
pub fn holds_no_secret(secrets: &[&str]) {
    let seen = text();
    for secret in secrets {
        let line = seen.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
