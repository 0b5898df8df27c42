//! The last thing of a command: new tokens that are under way are waited for, for they would be lost with the process.

use std::pin::pin;
use std::time::Duration;

use b24::Denial;

use crate::exit::Exit;
use crate::failure::{Failure, from_tokens};
use crate::session::Session;

/// A wait that is worth a word.
const NOTED: Duration = Duration::from_secs(1);

/// Waits for the tokens that are under way. What went wrong says what came of them.
pub(crate) async fn close(
    session: &Session,
    (exit, failure): (Exit, Option<Failure>),
) -> (Exit, Option<Failure>) {
    let again = if session.stop.next_signal_ends() {
        " again"
    } else {
        ""
    };
    let applications = session.applications().clone();
    let mut waited = false;
    let mut failed = None;
    for oauth in applications {
        let mut closing = pin!(oauth.close());
        let mut quiet = Duration::ZERO;
        let end = loop {
            match tokio::time::timeout(quiet, closing.as_mut()).await {
                Ok(end) => break end,
                Err(_) if quiet.is_zero() => (waited, quiet) = (true, NOTED),
                Err(_) => {
                    session.printer.note(format_args!(
                        "waiting for new tokens, which would be lost otherwise; Ctrl-C{again} gives them up"
                    ));
                    break closing.await;
                }
            }
        };
        failed = end.err().or(failed);
    }
    let failure = failure.map(|failure| match &failed {
        Some(error) => without_tokens(failure, error, session),
        None if waited && failure.state.is_none() => failure.state("the tokens are kept"),
        None => failure,
    });
    if let (None, Some(error)) = (&failure, failed) {
        session
            .printer
            .warning(format_args!("no new tokens came: {error}"));
    }
    (exit, failure)
}

fn without_tokens(failure: Failure, error: &b24::Error, session: &Session) -> Failure {
    let connection = session.connected();
    let (host, profile) = connection.map_or(("the portal", None), |connection| {
        (connection.host.as_str(), connection.profile.as_deref())
    });
    let told = from_tokens(error, host, profile);
    let mut failure = failure.cause(&told.message);
    if error.denial() == Some(Denial::AuthoriseAgain) {
        (failure.state, failure.hints) = (told.state.clone(), told.hints.clone());
    }
    failure
}
