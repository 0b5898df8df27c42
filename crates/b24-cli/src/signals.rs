//! Ctrl-C and SIGTERM: the first asks, the second does not.

use crate::stop::{Reason, Stop};

/// Watches signals and the deadline from now on.
pub(crate) fn watch(stop: &Stop) {
    watch_signals(stop);
    if let Some(deadline) = stop.deadline() {
        let stop = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep_until(deadline.into()).await;
            stop.request(Reason::Deadline);
        });
    }
}

#[cfg(unix)]
fn watch_signals(stop: &Stop) {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [
        (SignalKind::interrupt(), Reason::Interrupt),
        (SignalKind::terminate(), Reason::Terminate),
    ];
    for (kind, reason) in kinds {
        // Where signals cannot be watched they end the process, as ever.
        let Ok(mut signals) = signal(kind) else {
            continue;
        };
        let stop = stop.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                ask(&stop, reason);
            }
        });
    }
}

#[cfg(not(unix))]
fn watch_signals(stop: &Stop) {
    let stop = stop.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            ask(&stop, Reason::Interrupt);
        }
    });
}

fn ask(stop: &Stop, reason: Reason) {
    if stop.next_signal_ends() {
        std::process::exit(reason.exit().code().into());
    }
    stop.request(reason);
}
