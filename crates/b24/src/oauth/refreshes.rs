//! The refreshes under way in this process, for one who ends it: an answer that nobody saves loses the tokens.

use std::sync::Arc;

use tokio::sync::watch;

use super::TokenError;
use crate::error::Error;

/// Refreshes between the lease and the save.
#[derive(Clone, Default)]
pub(super) struct Refreshes(Arc<watch::Sender<State>>);

#[derive(Default)]
struct State {
    under_way: usize,
    closed: bool,
    /// Why one has failed, since it was closed.
    failed: Option<Error>,
}

/// A refresh under way, until it is dropped.
pub(super) struct UnderWay(Refreshes);

impl Refreshes {
    /// One more begins.
    pub(super) fn begin(&self) -> Result<UnderWay, TokenError> {
        let begun = self.0.send_if_modified(|state| {
            state.under_way += usize::from(!state.closed);
            !state.closed
        });
        if begun {
            Ok(UnderWay(self.clone()))
        } else {
            let closed = "the application is closed, and asks for none any more".to_owned();
            Err(TokenError::NoAnswer(closed))
        }
    }

    /// One that is under way leaves something to do behind.
    pub(super) fn linger(&self) -> UnderWay {
        self.0.send_modify(|state| state.under_way += 1);
        UnderWay(self.clone())
    }

    /// Lets none begin any more, and waits for those under way; why one of them failed.
    pub(super) async fn close(&self) -> Result<(), Error> {
        let mut seen = self.0.subscribe();
        self.0.send_modify(|state| state.closed = true);
        // The sender is here, and does not go away meanwhile.
        let _ = seen.wait_for(|state| state.under_way == 0).await;
        match &self.0.borrow().failed {
            None => Ok(()),
            Some(error) => Err(error.copy()),
        }
    }
}

impl UnderWay {
    /// It came to this.
    pub(super) fn ended<T>(self, end: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &end {
            self.0.0.send_if_modified(|state| {
                if state.closed {
                    state.failed = Some(error.copy());
                }
                state.closed
            });
        }
        end
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| state.under_way -= 1);
    }
}
