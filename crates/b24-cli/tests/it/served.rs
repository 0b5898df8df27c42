//! A portal that runs beside the command under test.

use assert_cmd::Command;
use b24_portal::{Portal, PortalBuilder};
use tokio::runtime::Runtime;

use crate::support::Home;

/// A portal with the demo set, gone on drop.
pub(crate) struct Served {
    pub(crate) portal: Portal,
    runtime: Runtime,
}

impl Served {
    pub(crate) fn demo() -> Self {
        Self::of(Portal::builder().demo())
    }

    /// A portal of one's own choice.
    pub(crate) fn of(builder: PortalBuilder) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let portal = runtime.block_on(builder.start());
        Self {
            portal: portal.expect("a portal"),
            runtime,
        }
    }

    /// Moves the portal to another address; from the old one it redirects.
    pub(crate) fn rename(&self) {
        let renamed = self.runtime.block_on(self.portal.rename());
        renamed.expect("a free port");
    }

    /// The command, connected to this portal.
    pub(crate) fn b24(&self, home: &Home) -> Command {
        let mut command = home.b24();
        command.env("B24_WEBHOOK", self.portal.webhook());
        command
    }

    /// The secret of the webhook, which nothing may show.
    pub(crate) fn secret(&self) -> &str {
        let path = self.portal.webhook().trim_end_matches('/');
        path.rsplit('/').next().expect("a secret")
    }
}

/// Ctrl-C once the portal has got so many requests.
#[cfg(unix)]
pub(crate) fn interrupt_after(served: &Served, requests: u64, child: &std::process::Child) {
    let begun = std::time::Instant::now();
    while served.portal.requests() < requests {
        assert!(begun.elapsed().as_secs() < 20, "request {requests} comes");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let id = child.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(kill.expect("kill runs").success());
}
