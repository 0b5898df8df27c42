//! What to do about a failed attempt. Pure: no clock, no waiting; chance comes in as a number.

use std::time::Duration;

use crate::call::Version;
use crate::effect::Effect;
use crate::error::{ApiError, Kind, Reason};

/// How often a request is sent because of failures that are not a limit's refusal.
pub(crate) const ATTEMPTS: u32 = 4;

/// What came back from one attempt, as far as the decision needs it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing reached the portal: refused, unknown host, TLS, connect time-out.
    NotSent(Reason),
    /// The answer is lost or unreadable; the portal may have carried out the call.
    Lost(Reason),
    /// The portal answered with an error.
    Api(ApiError),
    /// The portal answered, and the answer makes no sense for this call.
    Answer(Reason),
    /// A redirect. `trusted` is where it may be re-posted to.
    Redirect { trusted: bool, host: String },
}

/// What to do now.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Send again after this time. Counts as an attempt.
    Again(Duration),
    /// The rate limit refused: queue again. Does not count.
    Queue,
    /// The operating limit refused: wait for it. Does not count.
    WaitOperating,
    /// Send to the new address. Once.
    Follow,
    /// Get another token, and send again. Once.
    Renew,
    /// It stays an error of this kind; the second value: whether the call may have run.
    GiveUp(Kind, bool),
}

/// Whether the portal may have begun to run the call: everything but a refusal and a request that never left.
pub(crate) fn may_have_reached(failure: &Failure) -> bool {
    match failure {
        Failure::Lost(_) | Failure::Answer(_) => true,
        Failure::Api(error) => {
            error.status >= 500
                && !is_rate_limit(error)
                && !is_operating_limit(error)
                && !is_final(error)
        }
        Failure::NotSent(_) | Failure::Redirect { .. } => false,
    }
}

/// What a call has tried so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tried {
    /// The number of this attempt, from 1.
    pub(crate) attempt: u32,
    /// Whether a redirect was followed.
    pub(crate) followed: bool,
    /// Whether a refused token can be replaced: under OAuth, once.
    pub(crate) may_renew: bool,
}

/// Judges a failure. `dice` is in 0..1.
pub(crate) fn verdict(
    failure: &Failure,
    effect: Effect,
    version: Version,
    tried: Tried,
    dice: f64,
) -> Verdict {
    let Tried {
        attempt,
        followed,
        may_renew,
    } = tried;
    let again = |schedule: [f64; 3]| {
        let base = schedule[(attempt as usize - 1).min(2)];
        Verdict::Again(Duration::from_secs_f64(base * (0.9 + 0.2 * dice)))
    };
    match failure {
        Failure::NotSent(_) if attempt < ATTEMPTS => again([0.3, 1.0, 3.0]),
        Failure::NotSent(_) => Verdict::GiveUp(Kind::Temporary, false),
        Failure::Redirect { trusted: true, .. } if !followed => Verdict::Follow,
        Failure::Redirect { .. } => Verdict::GiveUp(Kind::Refused, false),
        Failure::Answer(_) if effect == Effect::Write => Verdict::GiveUp(Kind::Unknown, true),
        Failure::Answer(_) => Verdict::GiveUp(Kind::Answer, false),
        Failure::Api(error) if is_rate_limit(error) => Verdict::Queue,
        Failure::Api(error) if is_operating_limit(error) => Verdict::WaitOperating,
        Failure::Api(error) if may_renew && is_token_refused(error, version) => Verdict::Renew,
        Failure::Api(error) if error.status < 500 || is_final(error) => {
            Verdict::GiveUp(kind_of(error), false)
        }
        // Any other 5xx, an HTML page, a lost answer: the call may have run.
        Failure::Api(_) | Failure::Lost(_) => match effect {
            Effect::Write => Verdict::GiveUp(Kind::Unknown, true),
            Effect::Read | Effect::IdempotentWrite if attempt < ATTEMPTS => again([1.0, 4.0, 10.0]),
            Effect::Read => Verdict::GiveUp(Kind::Temporary, false),
            Effect::IdempotentWrite => Verdict::GiveUp(Kind::Temporary, true),
        },
    }
}

/// The portal's bucket is full. With 401 the same code is a ban (server sources), which waiting does not lift.
pub(crate) fn is_rate_limit(error: &ApiError) -> bool {
    error.status == 503 && error.code == "QUERY_LIMIT_EXCEEDED"
}

/// The method has used up its operating time: 429, or inside a batch, or the v3 exception.
pub(crate) fn is_operating_limit(error: &ApiError) -> bool {
    error.code == "OPERATION_TIME_LIMIT" || error.code.ends_with("RATELIMITEXCEPTION")
}

/// The token is not taken. v3 has one code for every reason.
fn is_token_refused(error: &ApiError, version: Version) -> bool {
    matches!(error.code.as_str(), "expired_token" | "invalid_token")
        || (version == Version::V3 && error.status == 401)
}

/// 5xx answers that the portal gave before it ran anything.
fn is_final(error: &ApiError) -> bool {
    error.status == 501 || matches!(error.code.as_str(), "OVERLOAD_LIMIT" | "PORTAL_DELETED")
}

/// The kind of a refusal, by its code first and its status second: documentation and portals disagree about the latter.
pub(crate) fn kind_of(error: &ApiError) -> Kind {
    if is_rate_limit(error) || is_operating_limit(error) {
        return Kind::Temporary;
    }
    match error.code.as_str() {
        "OVERLOAD_LIMIT" | "QUERY_LIMIT_EXCEEDED" | "PORTAL_DELETED" | "WRONG_AUTH_TYPE" => {
            Kind::Refused
        }
        "NO_AUTH_FOUND"
        | "INVALID_CREDENTIALS"
        | "INVALID_REQUEST"
        | "expired_token"
        | "invalid_token"
        | "insufficient_scope"
        | "user_access_error"
        | "authorization_error"
        | "APPLICATION_NOT_FOUND"
        | "ERROR_OAUTH"
        | "PAYMENT_REQUIRED"
        | "NOT_INSTALLED"
        | "invalid_grant"
        | "invalid_client"
        | "wrong_client" => Kind::Auth,
        code if code.ends_with("INSUFFICIENTSCOPEEXCEPTION") => Kind::Auth,
        _ if error.status == 401 => Kind::Auth,
        _ if error.status == 501 => Kind::Refused,
        // The server's own words: not now.
        _ if matches!(error.status, 408 | 429) => Kind::Temporary,
        _ if error.status >= 500 => Kind::Temporary,
        _ => Kind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(status: u16, code: &str) -> Failure {
        Failure::Api(ApiError {
            code: code.to_owned(),
            description: String::new(),
            status,
            validation: Vec::new(),
            extra: Vec::new(),
        })
    }

    fn lost() -> Failure {
        Failure::Lost(Reason::Lost("reset".to_owned()))
    }

    fn tried(attempt: u32) -> Tried {
        Tried {
            attempt,
            followed: false,
            may_renew: false,
        }
    }

    fn judge(failure: &Failure, effect: Effect, attempt: u32) -> Verdict {
        verdict(failure, effect, Version::V2, tried(attempt), 0.5)
    }

    #[test]
    fn what_never_ran_is_sent_again_whatever_it_is() {
        for effect in [Effect::Read, Effect::IdempotentWrite, Effect::Write] {
            let refused = Failure::NotSent(Reason::Connect("refused".to_owned()));
            assert!(matches!(judge(&refused, effect, 1), Verdict::Again(_)));
            assert_eq!(
                judge(&api(503, "QUERY_LIMIT_EXCEEDED"), effect, 9),
                Verdict::Queue
            );
            assert_eq!(
                judge(&api(429, "OPERATION_TIME_LIMIT"), effect, 9),
                Verdict::WaitOperating
            );
            let moved = Failure::Redirect {
                trusted: true,
                host: "new".to_owned(),
            };
            assert_eq!(judge(&moved, effect, 1), Verdict::Follow);
        }
    }

    #[test]
    fn a_lost_write_is_never_sent_again() {
        for failure in [lost(), api(500, "INTERNAL_SERVER_ERROR"), api(502, "")] {
            assert_eq!(
                judge(&failure, Effect::Write, 1),
                Verdict::GiveUp(Kind::Unknown, true)
            );
        }
    }

    #[test]
    fn a_lost_read_is_sent_four_times_in_fifteen_seconds() {
        let mut waited = Duration::ZERO;
        for attempt in 1.. {
            match judge(&lost(), Effect::Read, attempt) {
                Verdict::Again(wait) => waited += wait,
                other => {
                    assert_eq!(
                        (attempt, other),
                        (4, Verdict::GiveUp(Kind::Temporary, false))
                    );
                    break;
                }
            }
        }
        assert_eq!(waited, Duration::from_secs(15));
    }

    #[test]
    fn blocks_and_bans_are_not_retried() {
        for failure in [
            api(503, "OVERLOAD_LIMIT"),
            api(401, "OVERLOAD_LIMIT"),
            api(401, "QUERY_LIMIT_EXCEEDED"),
        ] {
            assert_eq!(
                judge(&failure, Effect::Read, 1),
                Verdict::GiveUp(Kind::Refused, false)
            );
        }
    }

    /// b24jssdk's own table: these statuses are never retried, even with unknown codes.
    #[test]
    fn client_errors_are_final() {
        for status in [400, 401, 403, 404, 422, 451, 499] {
            for attempt in 1..4 {
                assert!(matches!(
                    judge(&api(status, "1048582"), Effect::Read, attempt),
                    Verdict::GiveUp(_, false)
                ));
            }
        }
    }

    #[test]
    fn credentials_and_scopes_are_about_authorisation() {
        for (status, code) in [
            (401, "NO_AUTH_FOUND"),
            (403, "insufficient_scope"),
            (401, "ACCESS_DENIED"),
            (200, "insufficient_scope"),
        ] {
            assert_eq!(
                judge(&api(status, code), Effect::Read, 1),
                Verdict::GiveUp(Kind::Auth, false)
            );
        }
        assert_eq!(
            judge(&api(403, "ACCESS_DENIED"), Effect::Read, 1),
            Verdict::GiveUp(Kind::Refused, false)
        );
    }

    #[test]
    fn a_second_redirect_is_an_error() {
        let moved = Failure::Redirect {
            trusted: true,
            host: "new".to_owned(),
        };
        let again = Tried {
            followed: true,
            ..tried(1)
        };
        assert_eq!(
            verdict(&moved, Effect::Read, Version::V2, again, 0.5),
            Verdict::GiveUp(Kind::Refused, false)
        );
    }

    #[test]
    fn a_refused_token_is_renewed_where_that_can_be_done() {
        let v3 = "BITRIX_REST_V3_EXCEPTION_ACCESSDENIEDEXCEPTION";
        for (status, code, version, renews) in [
            (401, "expired_token", Version::V2, true),
            (401, "invalid_token", Version::V2, true),
            (200, "expired_token", Version::V2, true),
            (401, "NO_AUTH_FOUND", Version::V2, false),
            (403, "insufficient_scope", Version::V2, false),
            (401, v3, Version::V3, true),
            (403, v3, Version::V3, false),
        ] {
            for may_renew in [true, false] {
                let past = Tried {
                    may_renew,
                    ..tried(1)
                };
                let verdict = verdict(&api(status, code), Effect::Write, version, past, 0.5);
                assert_eq!(
                    verdict == Verdict::Renew,
                    renews && may_renew,
                    "{status} {code}"
                );
            }
        }
    }
}
