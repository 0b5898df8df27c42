//! Applications come to a portal and leave it.

use super::events::Event;
use super::{App, Installation, InstalledApp, Seat};
use crate::catalogue;
use crate::shared::{Shared, lock};

/// Puts an application on a portal, gives it its first tokens and tells it so.
#[expect(clippy::expect_used, reason = "what was put there is there")]
pub(crate) fn install(portal: &Shared, mut app: App) -> InstalledApp {
    app.scopes.get_or_insert_with(catalogue::scopes);
    let url = app.install_url.clone();
    let now = portal.clock.now();
    let mut registry = lock(&portal.realm.registry);
    let seat = registry.install(app, &portal.member_id);
    let tokens = registry.issue(&seat, portal.acting_user(), now);
    let installed = tokens
        .and_then(|tokens| registry.describe(&seat, tokens))
        .expect("application and portal are registered");
    if let Some(url) = url {
        let event = Event::installed(&registry, &seat, &installed.tokens, now);
        portal.send(event, url);
    }
    installed
}

/// Changes where an application stands, and tells it when it has to go; `false` if it was never on the portal.
pub(crate) fn set_installation(portal: &Shared, client_id: &str, state: Installation) -> bool {
    let seat = Seat::of(portal, client_id);
    let mut registry = lock(&portal.realm.registry);
    let before = registry.state(&seat);
    let goes = state == Installation::Uninstalled && before.is_some_and(|before| before != state);
    let url = registry
        .app(client_id)
        .and_then(|app| app.events_url.clone());
    if let Some(url) = url.filter(|_| goes) {
        let event = Event::uninstalled(&registry, &seat, portal.clock.now());
        portal.send(event, url);
    }
    registry.set_state(&seat, state)
}
