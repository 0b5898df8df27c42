//! The client: one portal, one right to call it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::batch::Batch;
use crate::builder::ClientBuilder;
use crate::call::{Call, Version};
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::list::{List, Tail};
use crate::observe::{Counters, Event, Observer, OperatingUsage, RateUsage, Stats, Usage};
use crate::room::auth::Access;
use crate::room::corridor::{self, Inbound, Outbound};
use crate::room::decode::{self, Decode};
use crate::room::gate::Gate;
use crate::room::operating::Ledger;
use crate::room::transport::Transport;
use crate::rt;

/// A portal and the right to call it. Cloning is cheap; all clones and all clients of a portal in this
/// process share one queue, because the portal counts requests per source address.
///
/// ```no_run
/// # async fn run() -> Result<(), b24::Error> {
/// let b24 = b24::Client::from_webhook("https://acme.bitrix24.com/rest/1/secret/")?;
/// let me = b24.v2().call("user.current").await?;
/// println!("{}", me["NAME"]);
/// # Ok(()) }
/// ```
#[doc(alias = "B24Hook")]
#[derive(Clone)]
pub struct Client(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) access: Access,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) gate: Arc<Gate>,
    /// Names the ledger of this right to call.
    pub(crate) credential: u64,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Duration,
    /// What the user has said about limits.
    pub(crate) limits: Limits,
    pub(crate) share: f64,
    pub(crate) counters: Counters,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl Client {
    /// A client of the portal behind a webhook, pasted in any form: with a trailing slash or without, with
    /// `/rest/api/`, with a method appended. It must be https; http is taken for this machine only.
    ///
    /// # Errors
    /// [`Kind::Usage`] for anything else; the error never shows the secret.
    #[doc(alias = "fromWebhookUrl")]
    pub fn from_webhook(url: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().webhook(url).build()
    }

    /// A client of the portal that the environment names: `B24_WEBHOOK`, or the file in `B24_WEBHOOK_FILE`.
    ///
    /// # Errors
    /// [`Kind::Auth`] if it names none, [`Kind::Local`] if the file cannot be read, [`Kind::Usage`] if the URL is malformed.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().webhook_from_env()?.build()
    }

    /// A client with settings of its own.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// REST v2: `/rest/`.
    pub fn v2(&self) -> V2 {
        V2(self.clone())
    }

    /// REST v3: `/rest/api/`.
    pub fn v3(&self) -> V3 {
        V3(self.clone())
    }

    /// How long the portal takes to tell the time (`server.time`), waits in the queue included.
    ///
    /// # Errors
    /// As any call.
    pub async fn ping(&self) -> Result<Duration, Error> {
        let begun = rt::now();
        self.v2().call("server.time").await?;
        Ok(begun.elapsed())
    }

    /// Whether the portal answers and accepts this right to call.
    #[doc(alias = "healthCheck")]
    pub async fn health_check(&self) -> bool {
        self.v2().call("server.time").await.is_ok()
    }

    /// Host and port of the portal, without any secret.
    pub fn portal(&self) -> &str {
        self.0.access.portal()
    }

    /// The webhook with its secret masked: `https://acme.bitrix24.com/rest/1/***/`; of an application the portal's
    /// `client_endpoint`.
    pub fn redacted_webhook(&self) -> String {
        self.0.access.shown()
    }

    /// What this client and its clones did so far.
    pub fn stats(&self) -> Stats {
        self.0.counters.stats()
    }

    /// How much of the portal's limits is used now, as far as this process knows.
    pub fn usage(&self) -> Usage {
        let rate = self.0.gate.fill().map(|(level, pace)| RateUsage {
            level,
            burst: pace.burst,
            rate: pace.rate,
        });
        let (operating_limit, operating) = self
            .0
            .ledger(|ledger| (ledger.limit(), ledger.all(rt::now())));
        Usage {
            rate,
            operating_limit,
            operating: operating
                .into_iter()
                .map(|(method, used)| OperatingUsage {
                    method,
                    seconds: used.seconds,
                    comes_back: used.comes_back,
                })
                .collect(),
        }
    }

    /// Goes by the portal's plan, as `LICENSE` of `app.info` names it, unless limits were stated; the limits that count.
    /// An answer to `app.info` does so by itself, whether it was called alone, in a batch, or forwarded.
    pub fn apply_licence(&self, licence: &str) -> Limits {
        self.0.apply_licence(licence)
    }

    pub(crate) async fn walk(&self, outbound: &Outbound) -> Result<Inbound, Error> {
        let inbound = self.walk_reading(outbound, decode::answer).await?;
        self.0
            .learn_result(&outbound.method, &inbound.success.result);
        Ok(inbound)
    }

    pub(crate) async fn walk_reading<R>(
        &self,
        outbound: &Outbound,
        decode: Decode<R>,
    ) -> Result<Inbound<R>, Error> {
        corridor::walk(&self.0, outbound, decode).await
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    pub(crate) fn tell(&self, event: &Event<'_>) {
        tracing::trace!(?event);
        if let Some(observer) = &self.observer {
            observer.on(event);
        }
    }

    pub(crate) fn ledger<R>(&self, f: impl FnOnce(&mut Ledger) -> R) -> R {
        self.gate.ledger(self.credential, f)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("portal", &self.portal())
            .finish_non_exhaustive()
    }
}

/// The methods of REST v2.
#[derive(Clone, Debug)]
pub struct V2(Client);

impl V2 {
    /// A call of one method: configure it, then `.await` it.
    #[doc(alias = "callMethod")]
    pub fn call(&self, method: impl Into<String>) -> Call<Value> {
        Call::new(self.0.clone(), Version::V2, method.into())
    }

    /// All rows of a list method, each once, at the portal's limit.
    #[doc(alias = "callList")]
    #[doc(alias = "fetchList")]
    pub fn list(&self, method: impl Into<String>) -> List {
        List::v2(self.0.clone(), method.into())
    }

    /// Any number of calls, 50 in a request.
    #[doc(alias = "batchByChunk")]
    #[doc(alias = "callBatch")]
    pub fn batch(&self) -> Batch {
        Batch::new(self.0.clone(), Version::V2)
    }
}

/// The methods of REST v3.
#[derive(Clone, Debug)]
pub struct V3(Client);

impl V3 {
    /// A call of one method: configure it, then `.await` it.
    pub fn call(&self, method: impl Into<String>) -> Call<Value> {
        Call::new(self.0.clone(), Version::V3, method.into())
    }

    /// All rows of a list method, each once, by keyset pages.
    pub fn list(&self, method: impl Into<String>) -> List {
        List::v3(self.0.clone(), method.into())
    }

    /// The rows of a tail method from a cursor on, for logs that only grow.
    #[doc(alias = "callTail")]
    #[doc(alias = "fetchTail")]
    pub fn tail(&self, method: impl Into<String>) -> Tail {
        Tail::new(self.0.clone(), method.into())
    }

    /// Sums, counts and extremes of a method `*.aggregate`.
    pub fn aggregate(&self, method: impl Into<String>) -> crate::aggregate::Aggregate {
        crate::aggregate::Aggregate::new(self.call(method))
    }

    /// Any number of calls, 50 in a request.
    pub fn batch(&self) -> Batch {
        Batch::new(self.0.clone(), Version::V3)
    }
}

/// The error of a client without a portal.
pub(crate) fn no_portal() -> Error {
    Error::local("which portal? set B24_WEBHOOK, or use Client::from_webhook").with_kind(Kind::Auth)
}
