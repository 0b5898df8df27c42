//! What the client does, as a person wants to see it: waits as progress, requests under `-v`.

use std::time::Duration;

use b24::{Event, Observer};

use super::Printer;

/// Shorter waits are noise.
const WORTH_TELLING: Duration = Duration::from_millis(50);

/// An observer that prints.
pub(crate) fn watch(printer: Printer) -> impl Observer + 'static {
    move |event: &Event<'_>| show(&printer, event)
}

fn show(printer: &Printer, event: &Event<'_>) {
    match event {
        Event::Waiting {
            limit: "operating time",
            method,
            wait,
        } => {
            printer.waiting(&format!(
                "waiting for operating time until {} ({method})",
                time_after(*wait)
            ));
        }
        Event::Waiting { limit, wait, .. } if *wait >= WORTH_TELLING => {
            printer.detail(
                1,
                format_args!("waited {} s for the {limit} limit", tenths(*wait)),
            );
        }
        Event::Answered {
            method,
            request_id,
            status,
            took,
            bytes,
        } => printer.detail(
            1,
            format_args!(
                "{method}: HTTP {status} in {} s, {bytes} bytes, request {request_id}",
                tenths(*took)
            ),
        ),
        Event::Again {
            method, why, after, ..
        } => {
            printer.detail(
                1,
                format_args!("{method} again in {} s: {why}", tenths(*after)),
            );
        }
        Event::TokensAwaited { left, .. } => printer.waiting(&format!(
            "waiting for new tokens, which another process has asked for: until {} at most",
            time_after(*left)
        )),
        Event::TokensUnsaved { why, .. } => printer.warning(format_args!(
            "new tokens have come and cannot be saved, so they are lost if this ends now: {why}"
        )),
        Event::BudgetAway { why } => printer.warning(format_args!(
            "the shared budget cannot be used ({why}); a quarter of the portal's limits is taken until it can"
        )),
        Event::Renewed { .. } => printer.detail(1, "the tokens were refreshed"),
        _ => {}
    }
}

/// The time of day, with its offset, when a wait is over.
pub(crate) fn time_after(wait: Duration) -> String {
    let now = jiff::Zoned::now();
    let end = jiff::SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| now.checked_add(wait).ok());
    end.unwrap_or(now).strftime("%H:%M:%S%:z").to_string()
}

fn tenths(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}
