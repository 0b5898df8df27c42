//! What a profile allows: nothing that may change the portal is sent before it was allowed.

use anyhow::Result;
use b24::Effect;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::prompt::confirmed;
use crate::session::{Mode, Session};

/// Lets calls through, asks, or refuses them; `what` names them in the question.
pub(crate) fn allow(
    session: &Session,
    connection: &Connection,
    effect: Effect,
    what: &str,
) -> Result<()> {
    if effect == Effect::Read {
        return Ok(());
    }
    match connection.mode {
        Mode::Free => Ok(()),
        Mode::ReadOnly => Ok(writable(connection, what)?),
        Mode::Confirm if session.global.yes => Ok(()),
        Mode::Confirm if session.can_ask() => ask(connection, what),
        Mode::Confirm => Err(Failure::usage(format!(
            "{what} may change {connection}, and nobody can be asked here"
        ))
        .state("nothing was sent")
        .hint("--yes sends it")
        .into()),
    }
}

/// Refuses what may change a portal that is read-only here. For commands that ask with a plan of their own.
pub(crate) fn writable(connection: &Connection, what: &str) -> Result<(), Failure> {
    match connection.mode {
        Mode::Free | Mode::Confirm => Ok(()),
        Mode::ReadOnly => Err(Failure::usage(format!(
            "{what} may change {connection}, which is read-only here"
        ))
        .state("nothing was sent")
        .hint("without --read-only, or with a profile of another mode: b24 auth status")),
    }
}

fn ask(connection: &Connection, what: &str) -> Result<()> {
    if confirmed(&format!("{what} may change {connection}. Send it?"))? {
        return Ok(());
    }
    Err(Failure::usage(format!("{what} was not allowed"))
        .state("nothing was sent")
        .into())
}
