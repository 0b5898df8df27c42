//! What keeps an application out, in the words of the command: its tokens, its installation, the store of tokens.

use std::path::PathBuf;

use b24::store::{StoreError, StoreFault};
use b24::{ApiError, TokenError};

use super::portal::{Case, from_case, login};
use super::{Failure, Kind, quoted};
use crate::connection::store_file;

/// The message for an application that is not connected yet: its tokens could not be used.
pub(crate) fn from_tokens(error: &b24::Error, host: &str, profile: Option<&str>) -> Failure {
    from_case(&Case {
        error,
        host: error.portal().unwrap_or(host),
        method: error.method().unwrap_or("the call"),
        profile,
        means: "application",
    })
}

/// The message for a store of tokens that cannot be used by a profile, or by an application without one.
pub(crate) fn from_store(error: &StoreError, profile: Option<&str>) -> Failure {
    let text = error.to_string();
    match error.fault() {
        StoreFault::Away => Failure::new(Kind::Temporary, text)
            .state("nothing was sent; it is safe to repeat")
            .hint("another process of b24 writes there: the same command again"),
        StoreFault::KeyMissing | StoreFault::KeyWrong => Failure::new(Kind::Auth, text)
            .state("nothing was sent; the tokens are kept as they are, until their key is back")
            .hint_if(
                moved_away(&login("application", profile))
                    .map(|anew| format!("if it is lost: {anew}")),
            ),
        StoreFault::KeyExposed => Failure::new(Kind::Auth, text)
            .state("nothing was sent; the tokens are kept as they are"),
        StoreFault::Newer => Failure::local(text)
            .state("nothing was sent; the tokens are kept as they are")
            .hint("update b24 on this machine"),
        StoreFault::ReadOnly => Failure::local(text)
            .state("nothing was sent; the tokens are kept as they are")
            .hint_if(writable()),
        StoreFault::Corrupt => Failure::local(text)
            .state("nothing was sent")
            .hint_if(moved_away(&login("application", profile))),
        _ => Failure::local(text).state("nothing was sent"),
    }
}

/// The message for a profile that cannot be forgotten, because its tokens cannot.
pub(crate) fn not_forgotten(error: &StoreError, profile: &str) -> Failure {
    let failure = match error.fault() {
        StoreFault::Corrupt => Failure::local(error.to_string())
            .hint_if(moved_away(&format!("b24 auth logout {profile}"))),
        _ => from_store(error, Some(profile)),
    };
    failure.state("nothing was forgotten")
}

/// Moves the store away with what belongs to it, then goes on; `None`: there is no store.
fn moved_away(then: &str) -> Option<String> {
    let (directory, file) = store()?;
    let lost = quoted(&directory.join("lost").display().to_string());
    Some(format!("mkdir {lost} && mv {file}* {lost} && {then}"))
}

fn writable() -> Option<String> {
    let (directory, file) = store()?;
    let directory = quoted(&directory.display().to_string());
    Some(format!("chmod u+w {directory} {file}*"))
}

/// The directory of the store, and its file as a shell takes it.
fn store() -> Option<(PathBuf, String)> {
    let file = store_file().ok().filter(|file| file.exists())?;
    let shown = quoted(&file.display().to_string());
    Some((file.parent()?.to_owned(), shown))
}

impl Case<'_> {
    /// Why there is no token to call with.
    pub(super) fn tokens(&self, why: &TokenError) -> Failure {
        let host = self.host;
        match why {
            TokenError::Missing => self
                .failure(format!("no tokens of this application are kept for {host}"))
                .state("nothing was sent")
                .hint(self.login()),
            TokenError::Lost { at } => self
                .failure(format!(
                    "the tokens for {host} are lost: a process ended at {at} between asking for new ones and saving them"
                ))
                .state("nothing was sent, and nobody asks again with them")
                .hint(self.login()),
            TokenError::Unsaved(why) => self
                .failure(format!("the tokens for {host} are lost: new ones came and could not be saved"))
                .cause(why)
                .state("nothing was sent; the tokens that are kept are used up")
                .hint(self.login()),
            TokenError::Refused { error, unanswered } => {
                let failure = self.denied(error).unwrap_or_else(|| {
                    self.failure(format!(
                        "the authorisation server of {host} refused new tokens ({}, HTTP {})",
                        error.code, error.status
                    ))
                    .state("nothing was sent")
                });
                match unanswered {
                    Some(at) => failure.cause(format!(
                        "its answer to an earlier request, at {at}, was lost"
                    )),
                    None => failure,
                }
            }
            TokenError::NoAnswer(why) => self
                .failure(format!("the authorisation server of {host} gave no new tokens: {why}"))
                .state("nothing was sent to the portal; it is safe to repeat")
                .hint("the same command again; if it stays, b24 doctor"),
            TokenError::Untrusted { host: server } => self
                .failure(format!(
                    "the authorisation server of {host} would be {server}, which is not trusted"
                ))
                .state("no secret was sent"),
            TokenError::Store(text) => {
                let source = std::error::Error::source(self.error);
                match source.and_then(|source| source.downcast_ref::<StoreError>()) {
                    Some(store) => from_store(store, self.profile),
                    None => self.failure(text).state("nothing was sent"),
                }
            }
            TokenError::Forged(text) => self.failure(*text).state("nothing was kept"),
            _ => self.plain(),
        }
    }

    /// A refusal of an application, by the portal or the authorisation server; `None`: it is about something else.
    pub(super) fn denied(&self, api: &ApiError) -> Option<Failure> {
        let (host, code) = (self.host, api.code.as_str());
        Some(match code {
            "invalid_grant" => self
                .failure(format!(
                    "{host} has to be authorised again ({code}): the refresh token was used up or revoked, or is older \
                     than 180 days"
                ))
                .state("nothing was sent")
                .hint(self.login()),
            "expired_token" | "invalid_token" => self
                .failure(format!("{host} does not take the new tokens either ({code})"))
                .state("nothing changed")
                .hint(self.login()),
            "invalid_client" | "wrong_client" => self
                .failure(format!(
                    "the authorisation server of {host} does not take the client id and secret ({code})"
                ))
                .state("nothing was sent to the portal; the tokens are kept")
                .hint(format!(
                    "copy both again from the application's card: {}",
                    self.login()
                )),
            "APPLICATION_NOT_FOUND" | "ERROR_OAUTH" | "NOT_INSTALLED" => self
                .failure(format!("the application is not installed at {host} ({code})"))
                .state("nothing changed")
                .hint(format!(
                    "an administrator of the portal installs it, then {}",
                    self.login()
                )),
            "PAYMENT_REQUIRED" => self
                .failure(format!(
                    "the subscription of this application has ended at {host} ({code})"
                ))
                .state("nothing changed; the tokens stay good")
                .hint("an administrator of the portal renews it, then the same command again"),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(error: TokenError) -> Failure {
        from_tokens(&error.into(), "acme.bitrix24.com", Some("acme"))
    }

    #[test]
    fn tokens_lost_by_a_killed_process_say_when() {
        let failure = said(TokenError::Lost {
            at: "2026-11-20T14:01:00+00:00".to_owned(),
        });
        assert_eq!(failure.kind, Kind::Auth);
        let message = failure.to_string();
        assert!(
            message.contains("ended at 2026-11-20T14:01:00+00:00 between"),
            "{message}"
        );
        assert_eq!(failure.hints, ["b24 auth login acme --app"]);
    }

    #[test]
    fn a_store_that_is_busy_is_worth_another_try() {
        let busy = StoreError::new(StoreFault::Away, "b24.db: another process holds the store");
        assert_eq!(from_store(&busy, None).kind, Kind::Temporary);
        let read_only = StoreError::new(
            StoreFault::ReadOnly,
            "b24.db: the store can be read, not written",
        );
        let failure = from_tokens(&read_only.into(), "acme.bitrix24.com", Some("acme"));
        assert_eq!(failure.kind, Kind::Local);
    }
}
