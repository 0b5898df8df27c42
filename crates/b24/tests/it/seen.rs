//! What the tests of applications show to anybody: every log at its most talkative, every error, every `Debug`. It is
//! searched for secrets when the authority of a test is gone.
//!
//! A test and all that it spawns share a thread, so each test sees what is its own.

use std::cell::RefCell;
use std::error::Error as _;
use std::fmt::{Debug, Write as _};
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

thread_local! {
    /// What this thread has shown, once it is watched.
    static SEEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn add(line: std::fmt::Arguments<'_>) {
    SEEN.with_borrow_mut(|seen| {
        if let Some(seen) = seen {
            writeln!(seen, "{line}").unwrap();
        }
    });
}

/// Adds every field of every span and event, from whatever crate but the portal's.
struct Everything;

impl Visit for Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        add(format_args!("{field}={value:?}"));
    }
}

impl Subscriber for Everything {
    /// Asked again each time: the answer depends on the thread.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let is_watched = SEEN.with_borrow(Option::is_some);
        is_watched && !metadata.target().starts_with("b24_portal")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Everything);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Everything);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Everything);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Begins to listen to this thread.
pub(crate) fn watch() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| tracing::subscriber::set_global_default(Everything).unwrap());
    SEEN.with_borrow_mut(|seen| {
        seen.get_or_insert_default();
    });
}

/// Adds what anybody can print.
pub(crate) fn shown(what: &dyn Debug) {
    add(format_args!("{what:?} {what:#?}"));
}

/// All of it so far.
pub(crate) fn text() -> String {
    SEEN.with_borrow(|seen| seen.clone().expect("the thread is watched"))
}

/// None of `secrets` was shown so far.
pub(crate) fn holds_no_secret(secrets: &[&str]) {
    let seen = text();
    for secret in secrets {
        let line = seen.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

/// An error that a test expects: shown in full.
pub(crate) trait Failed {
    fn failed(self) -> b24::Error;
}

impl<T> Failed for Result<T, b24::Error> {
    fn failed(self) -> b24::Error {
        let Err(error) = self else {
            panic!("it was to fail");
        };
        shown(&error);
        shown(&error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            shown(&cause);
            shown(&cause.to_string());
            source = cause.source();
        }
        error
    }
}
