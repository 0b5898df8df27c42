//! One refresh of a pair of tokens among many tasks and processes: who may ask, and what a crash leaves behind.
//!
//! Pure: an [`Entry`] is what the store keeps, the store's clock comes in, and what comes out is swapped in only if the
//! row has not changed meanwhile.
//!
//! ```text
//! idle --claim--> claimed --sending--> asked --saved--> idle, with new tokens
//!   claimed, row written by somebody else meanwhile: its holder claims again
//!   claimed, lease over: nothing was sent, the next one claims
//!   asked, lease over:   the refresh token may be used up: the entry ends as lost, and nobody asks again
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::TokenError;
use super::error::moment;
use super::grant::{Grant, Kept, REFRESH_LIFETIME};
use crate::error::ApiError;
use crate::store::Record;

/// How long a process may take over one refresh. Longer than the request, with its connection, may take.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// A token that lives no longer is refreshed before a call.
const MARGIN: Duration = Duration::from_secs(60);

/// The same for the token of `grant`: of one with a short life half is kept back, else every call would refresh it.
pub(super) fn margin(grant: &Grant) -> Duration {
    MARGIN.min(grant.expires_in / 2)
}

/// How an entry is written; a program leaves those of other versions alone.
const VERSION: u32 = 1;

/// What a store keeps of an application on a portal.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) grant: Grant,
    /// When the tokens came, by the store's clock.
    pub(super) received: Duration,
    flight: Option<Flight>,
    end: Option<End>,
    /// When the answer to a refresh was lost last, by a process that lived on.
    unanswered: Option<Duration>,
}

/// A refresh under way.
#[derive(Clone, Serialize, Deserialize)]
struct Flight {
    holder: String,
    until: Duration,
    /// When the request was about to leave.
    asked: Option<Duration>,
}

/// Why these tokens are of no use any more.
#[derive(Clone, Serialize, Deserialize)]
enum End {
    Lost {
        at: Duration,
        /// Who had asked, as far as others could see.
        holder: String,
    },
    Refused {
        status: u16,
        code: String,
        description: String,
    },
}

/// What to do about a token that was refused or is about to expire.
pub(super) enum Next {
    /// The store has a better one.
    Use,
    /// Another process is at it, for so long at most.
    Wait(Duration),
    /// Swap this in; whoever succeeds may refresh.
    Claim(Entry),
    /// Swap this in, and tell everybody why.
    Finish(Entry, TokenError),
    /// It is over.
    Over(TokenError),
}

impl Entry {
    pub(super) fn new(grant: Grant, received: Duration) -> Self {
        Self {
            grant,
            received,
            flight: None,
            end: None,
            unanswered: None,
        }
    }

    /// How long the access token lives after `now`.
    pub(super) fn left(&self, now: Duration) -> Duration {
        self.grant.expires_in.saturating_sub(self.age(now))
    }

    /// How long the refresh token lives after `now`.
    pub(super) fn refresh_left(&self, now: Duration) -> Duration {
        REFRESH_LIFETIME.saturating_sub(self.age(now))
    }

    /// Nothing was received in the future: the clock was set back since.
    fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.received)
    }

    /// `refused` is the access token that does not do any more. `watched` is for how long, by this process's own clock,
    /// the entry has been as it is: the store's may have been set back while a lease runs.
    pub(super) fn next(
        &self,
        refused: &str,
        holder: &str,
        now: Duration,
        watched: Duration,
    ) -> Next {
        if let Some(end) = &self.end {
            return Next::Over(self.error(end));
        }
        if self.grant.access_token() != refused && self.left(now) > margin(&self.grant) {
            return Next::Use;
        }
        match &self.flight {
            Some(flight)
                if flight.until > now
                    && watched < LEASE
                    && (flight.holder != holder || flight.asked.is_some()) =>
            {
                Next::Wait(
                    flight
                        .until
                        .saturating_sub(now)
                        .min(LEASE.saturating_sub(watched)),
                )
            }
            Some(Flight {
                asked: Some(asked),
                holder,
                ..
            }) => {
                let end = End::Lost {
                    at: *asked,
                    holder: holder.clone(),
                };
                let error = self.error(&end);
                let mut entry = self.clone();
                (entry.flight, entry.end) = (None, Some(end));
                Next::Finish(entry, error)
            }
            _ => {
                let mut entry = self.clone();
                entry.flight = Some(Flight {
                    holder: holder.to_owned(),
                    until: now + LEASE,
                    asked: None,
                });
                Next::Claim(entry)
            }
        }
    }

    /// Whether `holder` still has the lease, or was the last to have it, and is taken for dead.
    pub(super) fn is_held_by(&self, holder: &str) -> bool {
        let last = match (&self.flight, &self.end) {
            (Some(flight), _) => &flight.holder,
            (None, Some(End::Lost { holder, .. })) => holder,
            _ => return false,
        };
        last == holder
    }

    /// The holder is about to send its request.
    pub(super) fn asking(&self, now: Duration) -> Self {
        let mut entry = self.clone();
        if let Some(flight) = &mut entry.flight {
            flight.until = now + LEASE;
            flight.asked = Some(now);
        }
        entry
    }

    /// The holder's request has certainly not used the refresh token up, or nobody knows: the next one may ask. Whoever
    /// took the tokens for lost was wrong.
    pub(super) fn released(&self, unanswered: Option<Duration>) -> Self {
        Self {
            flight: None,
            end: None,
            unanswered: unanswered.or(self.unanswered),
            ..self.clone()
        }
    }

    /// The server has refused the refresh token for good.
    pub(super) fn refused(&self, error: &ApiError) -> Self {
        let end = End::Refused {
            status: error.status,
            code: error.code.clone(),
            description: error.description.clone(),
        };
        Self {
            flight: None,
            end: Some(end),
            ..self.clone()
        }
    }

    /// The new pair, made from this entry's refresh token. What was lost or refused meanwhile does not matter any more.
    pub(super) fn renewed(&self, grant: Grant, now: Duration) -> Self {
        let known = self.grant.application_token().map(str::to_owned);
        let token = grant.application_token().map(str::to_owned).or(known);
        Self::new(grant.with_application_token(token), now)
    }

    /// Why a refusal of these tokens is one, with what went before.
    pub(super) fn refusal(&self, error: ApiError) -> TokenError {
        TokenError::Refused {
            error: Box::new(error),
            unanswered: self.unanswered.map(moment),
        }
    }

    fn error(&self, end: &End) -> TokenError {
        match end {
            End::Lost { at, .. } => TokenError::Lost { at: moment(*at) },
            End::Refused {
                status,
                code,
                description,
            } => self.refusal(ApiError {
                code: code.clone(),
                description: description.clone(),
                status: *status,
                validation: Vec::new(),
                extra: Vec::new(),
            }),
        }
    }

    /// Why these tokens are of no use any more, if they are not.
    pub(super) fn ended(&self) -> Option<TokenError> {
        self.end.as_ref().map(|end| self.error(end))
    }

    pub(super) fn to_record(&self) -> Record {
        let written = Written {
            version: VERSION,
            grant: Kept::from(&self.grant),
            received: self.received,
            flight: self.flight.clone(),
            end: self.end.clone(),
            unanswered: self.unanswered,
        };
        #[expect(clippy::expect_used, reason = "texts and numbers are JSON")]
        let bytes = serde_json::to_vec(&written).expect("an entry is JSON");
        Record::from_bytes(bytes)
    }

    /// Fails if these bytes are no entry, or one of a version to come, whose new fields the next write would drop.
    pub(super) fn from_record(record: &Record) -> Result<Self, TokenError> {
        let written: Option<Written> = serde_json::from_slice(record.expose()).ok();
        let written = written.filter(|written| written.version == VERSION);
        let written = written.ok_or_else(|| {
            TokenError::Store("a record in it is not one of this version".to_owned())
        })?;
        Ok(Self {
            grant: written.grant.into(),
            received: written.received,
            flight: written.flight,
            end: written.end,
            unanswered: written.unanswered,
        })
    }
}

/// An entry in a store.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    grant: Kept,
    received: Duration,
    flight: Option<Flight>,
    end: Option<End>,
    unanswered: Option<Duration>,
}

#[cfg(test)]
mod tests;
