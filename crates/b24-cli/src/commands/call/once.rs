//! `--once KEY`: a call that is never run twice under its key.
//!
//! The key is noted on this machine before the call is sent, for both versions of the API. REST 3 also gets it as
//! `Idempotency-Key`; a portal that was seen to echo one is trusted to tell a repetition from a new call, and no other.

use b24::Replay;
use jiff::Timestamp;

use super::record::Record;
use super::send::Answer;
use super::standing::{Noted, Standing, State, judge};
use crate::catalogue::Version;
use crate::connection::Connection;
use crate::failure::{Failure, Kind, Sent};
use crate::parameters::Tree;
use crate::resume::Question;

/// What to do with a call under a key.
pub(super) enum Begun {
    /// Send it, and tell how it ended.
    Send(Once),
    /// It was done before: its answer, and when it was sent.
    Answered(String, Timestamp),
}

/// A call that was noted and is to be sent.
pub(super) struct Once {
    record: Record,
    key: String,
}

impl Once {
    /// Notes the call, or says why it is not sent.
    pub(super) fn begin(
        key: &str,
        version: Version,
        method: &str,
        params: &Tree,
        connection: &Connection,
    ) -> Result<Begun, Failure> {
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Err(
                Failure::usage("--once: a key is 1 to 255 printable ASCII characters")
                    .state("nothing was sent"),
            );
        }
        let mut record = Record::open(&connection.place).map_err(not_sent)?;
        let now = Timestamp::now();
        let asked = Noted {
            question: question(version, method, params),
            method: method.to_owned(),
            first: now,
            last: now,
            state: State::Sent,
        };
        let Some(before) = record.begin(key, &asked).map_err(not_sent)? else {
            return Ok(Begun::Send(Self {
                record,
                key: key.to_owned(),
            }));
        };
        let heeds = record.heeds_keys().map_err(not_sent)?;
        match judge(&before, &asked.question, version, heeds, now) {
            Standing::Answered(answer) => Ok(Begun::Answered(answer, before.last)),
            Standing::Another => Err(another(key, &before)),
            Standing::Wait(until) => Err(wait(key, &before, until)),
            Standing::Again if record.repeat(key, &before, now).map_err(not_sent)? => {
                Ok(Begun::Send(Self {
                    record,
                    key: key.to_owned(),
                }))
            }
            Standing::Again | Standing::Unknown => Err(unknown(key, &before, version, params)),
        }
    }

    /// Keeps how the call ended. Why that failed, if it did: the call itself is over.
    pub(super) fn end(&self, ended: &Result<Answer, Failure>) -> Result<(), Failure> {
        match ended {
            Ok(answer) => {
                if answer.replay != Replay::Unheeded {
                    self.record.note_heeding()?;
                }
                self.record.done(&self.key, &answer.whole)
            }
            Err(failure) if failure.may_have_run => self.record.unknown(&self.key),
            Err(_) => self.record.forget(&self.key),
        }
    }
}

/// What tells one call from another. Parameters may be personal: only their hash is kept.
fn question(version: Version, method: &str, params: &Tree) -> String {
    let question = Question::default()
        .with("method", &(method.to_lowercase(), version.to_string()))
        .with("parameters", params);
    serde_json::to_string(&question).unwrap_or_default()
}

fn not_sent(failure: Failure) -> Failure {
    failure.state("nothing was sent")
}

fn another(key: &str, before: &Noted) -> Failure {
    Failure::usage(format!(
        "--once {key} stands for another call: {} of {}",
        before.method,
        shown(before.first)
    ))
    .state("nothing was sent")
    .hint("a key is for one call with one set of parameters; take another key")
}

fn wait(key: &str, before: &Noted, until: Timestamp) -> Failure {
    Failure::new(
        Kind::Temporary,
        format!(
            "{} under --once {key} may still be running; it was sent at {}",
            before.method,
            shown(before.last)
        ),
    )
    .state("it was not sent again")
    .hint(format!(
        "the same command after {}: this portal tells a repetition from a new call",
        shown(until)
    ))
}

fn unknown(key: &str, before: &Noted, version: Version, params: &Tree) -> Failure {
    let why = match before.state {
        State::Unknown => "its answer was lost",
        State::Sent | State::Done(_) => "no answer was kept",
    };
    let failure = Failure::new(
        Kind::Unknown,
        format!(
            "{} was sent under --once {key} at {}, and {why}; it may have run",
            before.method,
            shown(before.last)
        ),
    );
    let sent = Sent {
        method: &before.method,
        version,
        params,
        at: before.last.to_zoned(jiff::tz::TimeZone::system()),
    };
    failure
        .state("unknown; it was not sent again")
        .hint(sent.look_first())
        .hint("if it was not, send it under another key")
}

/// A time with its offset, as messages have it.
pub(super) fn shown(time: Timestamp) -> String {
    time.to_zoned(jiff::tz::TimeZone::system())
        .strftime("%Y-%m-%dT%H:%M:%S%:z")
        .to_string()
}
