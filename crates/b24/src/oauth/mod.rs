//! Applications: authorisation by OAuth, and tokens that stay fresh for all tasks, processes and machines.

mod answer;
mod callback;
pub(crate) mod endpoint;
mod error;
mod flight;
mod grant;
mod handle;
mod installed;
pub(crate) mod keeper;
mod refresher;
mod refreshes;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

pub use error::{Denial, TokenError};
pub use grant::{App, Grant, REFRESH_LIFETIME};
pub use handle::{OAuth, Portal};
pub use refresher::{RefreshError, Refresher};

use crate::builder::ClientBuilder;
use crate::error::Error;
use crate::observe::Event;
use crate::room::transport::Transport;
use crate::rt::{self, MaybeSend, MaybeSync};
use crate::store::TokenStore;
use keeper::Keeper;
use refresher::Server;
use refreshes::Refreshes;

/// Is told each new pair of tokens after it was saved: for those who keep a copy elsewhere.
pub trait Renewed: MaybeSend + MaybeSync {
    /// These tokens are in use from now on.
    fn renewed(&self, grant: &Grant);
}

impl<F: Fn(&Grant) + MaybeSend + MaybeSync> Renewed for F {
    fn renewed(&self, grant: &Grant) {
        self(grant);
    }
}

/// What all portals of an application share.
pub(crate) struct Shared {
    pub(crate) app: App,
    pub(crate) store: Arc<dyn TokenStore>,
    pub(crate) settings: ClientBuilder,
    server: Server,
    refresher: Option<Arc<dyn Refresher>>,
    listener: Option<Arc<dyn Renewed>>,
    /// By portal, so that all clients of one portal refresh once.
    keepers: Mutex<HashMap<String, Weak<Keeper>>>,
    refreshes: Refreshes,
    /// For https, and for http on this machine.
    transports: [OnceLock<Arc<dyn Transport>>; 2],
}

impl Shared {
    /// What carries requests to `address`: one pool of connections for all portals.
    pub(crate) fn transport(&self, address: &str) -> Result<Arc<dyn Transport>, Error> {
        let plain = address.starts_with("http://");
        let slot = &self.transports[usize::from(plain)];
        if let Some(transport) = slot.get() {
            return Ok(Arc::clone(transport));
        }
        let made = self.settings.make_transport(plain)?;
        Ok(Arc::clone(slot.get_or_init(|| made)))
    }

    fn tell_renewed(&self, grant: &Grant) {
        if let Some(listener) = &self.listener {
            listener.renewed(grant);
        }
        self.settings.tell(&Event::Renewed {
            member_id: &grant.member_id,
        });
    }

    fn tell_awaited(&self, member_id: &str, left: Duration) {
        self.settings
            .tell(&Event::TokensAwaited { member_id, left });
    }

    fn tell_unsaved(&self, member_id: &str, why: &str) {
        self.settings.tell(&Event::TokensUnsaved { member_id, why });
    }

    fn tell_aging(&self, member_id: &str, left: Duration) {
        self.settings.tell(&Event::Aging { member_id, left });
    }

    fn keepers(&self) -> std::sync::MutexGuard<'_, HashMap<String, Weak<Keeper>>> {
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, member_id: &str) -> Option<Arc<Keeper>> {
        self.keepers().get(member_id).and_then(Weak::upgrade)
    }

    /// The keeper of a portal: `keeper`, unless another task was first.
    fn settle(&self, member_id: &str, keeper: Arc<Keeper>) -> Arc<Keeper> {
        let mut keepers = self.keepers();
        if let Some(first) = keepers.get(member_id).and_then(Weak::upgrade) {
            return first;
        }
        if keepers.len() == keepers.capacity() {
            keepers.retain(|_, keeper| keeper.strong_count() > 0);
        }
        keepers.insert(member_id.to_owned(), Arc::downgrade(&keeper));
        keeper
    }
}

/// Does `work` to its end, also when nobody waits for it any more: it uses up what can be had only once.
fn to_the_end<T: MaybeSend + 'static>(
    work: impl Future<Output = Result<T, Error>> + MaybeSend + 'static,
) -> impl Future<Output = Result<T, Error>> {
    let (sender, answer) = tokio::sync::oneshot::channel();
    rt::detach(async move {
        // Nobody may be waiting any more.
        let _ = sender.send(work.await);
    });
    // It holds the answer only: the work would make every future large that waits for it.
    async {
        answer.await.unwrap_or_else(|_| {
            let stopped = "the runtime stopped while it was asked".to_owned();
            Err(TokenError::NoAnswer(stopped).into())
        })
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth")
            .field("app", &self.app)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
