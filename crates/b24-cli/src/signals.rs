//! Ctrl-C and SIGTERM: the first asks, the second does not.

use crate::stop::{Reason, Stop};

/// Watches signals and the deadline from now on.
pub(crate) fn watch(stop: &Stop) {
    tokio::spawn(interrupts(stop.clone()));
    #[cfg(unix)]
    tokio::spawn(terminations(stop.clone()));
    if let Some(deadline) = stop.deadline() {
        let stop = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep_until(deadline.into()).await;
            stop.request(Reason::Deadline);
        });
    }
}

async fn interrupts(stop: Stop) {
    while tokio::signal::ctrl_c().await.is_ok() {
        ask(&stop, Reason::Interrupt);
    }
}

#[cfg(unix)]
async fn terminations(stop: Stop) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut signals) = signal(SignalKind::terminate()) else {
        return;
    };
    while signals.recv().await.is_some() {
        ask(&stop, Reason::Terminate);
    }
}

fn ask(stop: &Stop, reason: Reason) {
    let signalled = matches!(stop.reason(), Some(Reason::Interrupt | Reason::Terminate));
    if signalled {
        std::process::exit(reason.exit().code().into());
    }
    stop.request(reason);
}
