//! What a key stands for, and what a call under it may do. Pure: the time comes in.

use std::time::Duration;

use jiff::Timestamp;

use crate::catalogue::Version;

/// A portal lets a request run for 60 s; until this long after its send it may still begin to count.
pub(super) const FENCE: Duration = Duration::from_secs(90);
/// A portal keeps the answer to an `Idempotency-Key` for 24 hours; the last one is left to the clocks.
const KEPT: Duration = Duration::from_secs(23 * 3600);

/// What was noted of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Noted {
    /// What was asked under the key: version, method and parameters.
    pub(super) question: String,
    pub(super) method: String,
    /// The first and the last time it was sent.
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) state: State,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was sent, and nobody noted how it ended: killed, or still under way.
    Sent,
    /// Its answer was lost.
    Unknown,
    /// Its answer, as `--envelope` prints it.
    Done(String),
}

/// What a call under a key that was used before may do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The answer is known.
    Answered(String),
    /// The key means another call.
    Another,
    /// It may have run, and another send could run it twice.
    Unknown,
    /// It may still be running; from this time on the portal tells the repetition from a new call.
    Wait(Timestamp),
    /// The portal tells the repetition from a new call.
    Again,
}

/// Judges a repetition. `heeds`: this portal has echoed an `Idempotency-Key` before.
pub(super) fn judge(
    noted: &Noted,
    question: &str,
    version: Version,
    heeds: bool,
    now: Timestamp,
) -> Standing {
    if noted.question != question {
        return Standing::Another;
    }
    if let State::Done(answer) = &noted.state {
        return Standing::Answered(answer.clone());
    }
    let fence = noted.last + FENCE;
    let kept = now >= noted.first && now < noted.first + KEPT;
    match version {
        Version::V3 if heeds && kept && now < fence => Standing::Wait(fence),
        Version::V3 if heeds && kept => Standing::Again,
        Version::V2 | Version::V3 => Standing::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn noted(state: State) -> Noted {
        Noted {
            question: "q".to_owned(),
            method: "tasks.task.add".to_owned(),
            first: at(0),
            last: at(100),
            state,
        }
    }

    #[test]
    fn only_a_portal_that_heeds_keys_is_asked_again_and_only_behind_the_fence() {
        let lost = noted(State::Unknown);
        let of = |version, heeds, now| judge(&lost, "q", version, heeds, at(now));
        assert_eq!(of(Version::V2, true, 1_000), Standing::Unknown);
        assert_eq!(of(Version::V3, false, 1_000), Standing::Unknown);
        assert_eq!(of(Version::V3, true, 101), Standing::Wait(at(190)));
        assert_eq!(of(Version::V3, true, 189), Standing::Wait(at(190)));
        assert_eq!(of(Version::V3, true, 190), Standing::Again);
        assert_eq!(of(Version::V3, true, 82_799), Standing::Again);
        assert_eq!(of(Version::V3, true, 82_800), Standing::Unknown);
        assert_eq!(
            of(Version::V3, true, -1),
            Standing::Unknown,
            "the clock went back"
        );
        let killed = noted(State::Sent);
        assert_eq!(
            judge(&killed, "q", Version::V2, true, at(1)),
            Standing::Unknown
        );
    }

    #[test]
    fn a_done_one_is_answered_and_another_call_is_not() {
        let done = noted(State::Done("{}".to_owned()));
        let of = |question| judge(&done, question, Version::V2, false, at(500));
        assert_eq!(of("q"), Standing::Answered("{}".to_owned()));
        assert_eq!(of("other"), Standing::Another);
    }
}
