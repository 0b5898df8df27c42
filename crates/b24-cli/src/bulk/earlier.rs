//! The journal of an earlier run: what is said of it, and what may throw it away.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::failure::Failure;
use crate::journal::Journal;
use crate::printer::{counted, grouped, lasting};
use crate::prompt;
use crate::session::Session;

/// Says what the run goes on with. `row` and `rows` are what the journal's rows are called.
pub(crate) fn going_on(
    journal: &Journal,
    [row, rows]: [&str; 2],
    total: u64,
    settle: Duration,
    session: &Session,
) -> Result<(), Failure> {
    let tally = journal.tally().map_err(|error| error.failure())?;
    let begun = journal.begun().to_zoned(jiff::tz::TimeZone::system());
    let mut text = format!(
        "going on with the journal of {}: {} done, {} unknown",
        begun.strftime("%Y-%m-%d %H:%M"),
        counted(tally.done, row, rows),
        grouped(tally.unknown + tally.sent)
    );
    if tally.failed > 0 {
        text = format!("{text}, {} failed", grouped(tally.failed));
    }
    if tally.ended() >= total {
        text = format!("{text}; nothing is left to send");
    }
    session.printer.note(text);
    if journal.clock_went_back() {
        session.printer.note(format!(
            "the clock of this machine has gone back: unknown {rows} wait {} in full",
            lasting(settle)
        ));
    }
    Ok(())
}

/// Asks whether the journal may be thrown away. `loss` says what that means.
pub(crate) fn may_restart(place: &Path, loss: &str, session: &Session) -> Result<()> {
    let what = format!("--restart throws {} away: {loss}", place.display());
    if session.global.yes {
        return Ok(());
    }
    if !session.can_ask() {
        return Err(
            Failure::usage(format!("{what}, and nobody can be asked here"))
                .state("nothing was sent")
                .hint("without --restart it goes on; --yes throws it away")
                .into(),
        );
    }
    if prompt::confirmed(&format!("{what}. Do it?"))? {
        return Ok(());
    }
    Err(Failure::usage("the journal was kept")
        .state("nothing was sent")
        .into())
}
