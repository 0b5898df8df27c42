//! The portals of one process, and the OAuth server that they share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use tokio::runtime::Handle;

use super::registry::{Registry, host};
use crate::clock::Clock;
use crate::shared::{Shared, lock};

/// One OAuth server and its portals.
#[derive(Debug)]
pub(crate) struct Realm {
    pub(crate) registry: Mutex<Registry>,
    pub(crate) clock: Clock,
    /// HTTP statuses of the token endpoint's errors, where a test wants others.
    pub(crate) statuses: HashMap<String, u16>,
    /// Where events are sent from.
    pub(crate) runtime: Handle,
    portals: Mutex<Vec<Weak<Shared>>>,
}

/// Whom a `Host` header means.
#[derive(Debug)]
pub(crate) enum Host {
    Server,
    Portal(Arc<Shared>),
    /// A portal that has gone to this URL.
    Moved(String),
}

impl Realm {
    /// Needs a tokio runtime.
    pub(crate) fn new(registry: Registry, clock: Clock, statuses: HashMap<String, u16>) -> Self {
        Self {
            registry: Mutex::new(registry),
            clock,
            statuses,
            runtime: Handle::current(),
            portals: Mutex::default(),
        }
    }

    pub(crate) fn join(&self, portal: &Arc<Shared>) {
        lock(&self.registry).place(&portal.member_id, portal.url());
        lock(&self.portals).push(Arc::downgrade(portal));
    }

    /// The portals that are still there, in the order of their start.
    pub(crate) fn portals(&self) -> Vec<Arc<Shared>> {
        let mut portals = lock(&self.portals);
        portals.retain(|portal| portal.strong_count() > 0);
        portals.iter().filter_map(Weak::upgrade).collect()
    }

    /// The portal of this id.
    pub(crate) fn portal(&self, member_id: &str) -> Option<Arc<Shared>> {
        let portals = self.portals();
        let meant = |portal: &&Arc<Shared>| portal.member_id == member_id;
        portals.iter().find(meant).cloned()
    }

    /// Whom `host:port` means; `None` for names that nobody has.
    pub(crate) fn at(&self, authority: &str) -> Option<Host> {
        if host(lock(&self.registry).server()).eq_ignore_ascii_case(authority) {
            return Some(Host::Server);
        }
        let portals = self.portals();
        let here = portals.iter().find(|portal| portal.is_at(authority));
        if let Some(portal) = here {
            return Some(Host::Portal(Arc::clone(portal)));
        }
        let moved = portals.iter().find(|portal| portal.was_at(authority));
        moved.map(|portal| Host::Moved(portal.url()))
    }
}
