use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::catalogue;
use crate::clock::Clock;
use crate::log::RequestLog;
use crate::oauth::{self, Lifetimes, OAuthListener, Realm, Registry};
use crate::play::Facts;
use crate::portal::Portal;
use crate::secret::secret_word;
use crate::server::{self, Doors, Tls, TlsError};
use crate::settings::{
    Data, Edition, Operating, PastTheEnd, Rate, Settings, Statuses, Unplayed, V3Profile,
};
use crate::shared::{ADMINISTRATOR, Shared, lock};

/// Deals of the demo set where no number is asked for.
const DEMO_DEALS: u64 = 5000;

/// Prepares a [`Portal`].
#[must_use]
pub struct PortalBuilder {
    settings: Settings,
    listen: IpAddr,
    port: u16,
    secret: String,
    control_token: String,
    https: bool,
    https_hosts: Vec<String>,
    ca_out: Option<PathBuf>,
    started_at: Option<Duration>,
    log: Option<Box<dyn Write + Send>>,
    member_id: String,
    host_name: Option<String>,
    oauth_port: u16,
    lifetimes: Lifetimes,
    token_statuses: HashMap<String, u16>,
    beside: Option<Arc<OAuthListener>>,
}

impl fmt::Debug for PortalBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PortalBuilder")
            .field("settings", &self.settings)
            .field("listen", &SocketAddr::new(self.listen, self.port))
            .field("https", &self.https)
            .finish_non_exhaustive()
    }
}

/// Why a portal could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The certificate for https could not be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(String),
    /// The certificate of the authority could not be written.
    #[error("cannot write the CA certificate to {}", path.display())]
    WriteCa {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl From<TlsError> for StartError {
    fn from(error: TlsError) -> Self {
        Self::Certificate(error.to_string())
    }
}

impl Default for PortalBuilder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            secret: secret_word(16),
            control_token: secret_word(32),
            https: false,
            https_hosts: Vec::new(),
            ca_out: None,
            started_at: None,
            log: None,
            member_id: oauth::hex(32),
            host_name: None,
            oauth_port: 0,
            lifetimes: Lifetimes::default(),
            token_statuses: HashMap::new(),
            beside: None,
        }
    }
}

impl PortalBuilder {
    /// The kind of portal; cloud without this.
    pub fn edition(mut self, edition: Edition) -> Self {
        self.settings.edition = edition;
        self
    }

    /// Begins with the demo set of 5,000 deals and what belongs to them.
    pub fn demo(self) -> Self {
        self.deals(DEMO_DEALS)
    }

    /// Begins with a demo set of so many deals; the other entities grow with them.
    pub fn deals(mut self, deals: u64) -> Self {
        self.settings.data = Data::Demo { deals };
        self
    }

    /// The webhook's secret; a random one without this.
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = secret.into();
        self
    }

    /// The token of the control API; a random one without this.
    pub fn control_token(mut self, token: impl Into<String>) -> Self {
        self.control_token = token.into();
        self
    }

    /// Listens on this address; 127.0.0.1 without this.
    pub fn listen(mut self, address: IpAddr) -> Self {
        self.listen = address;
        self
    }

    /// Listens on this port; 0 (and the default) takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Speaks https, with a certificate of the portal's own authority for localhost and 127.0.0.1.
    pub fn https(mut self) -> Self {
        self.https = true;
        self
    }

    /// One more name or address in the certificate; implies [`Self::https`].
    pub fn https_host(mut self, host: impl Into<String>) -> Self {
        self.https_hosts.push(host.into());
        self.https()
    }

    /// Writes the authority's certificate (PEM) to a file; implies [`Self::https`].
    pub fn ca_out(mut self, file: impl Into<PathBuf>) -> Self {
        self.ca_out = Some(file.into());
        self.https()
    }

    /// Refuses webhooks over plain http, as every real portal does; off without this.
    pub fn require_https(mut self, required: bool) -> Self {
        self.settings.require_https = required;
        self
    }

    /// What is answered to documented methods that are not played.
    pub fn unplayed(mut self, answer: Unplayed) -> Self {
        self.settings.unplayed = answer;
        self
    }

    /// The leaky bucket of requests.
    pub fn rate(mut self, rate: Rate) -> Self {
        self.settings.rate = rate;
        self
    }

    /// The counting of operating time.
    pub fn operating(mut self, operating: Operating) -> Self {
        self.settings.operating = operating;
        self
    }

    /// Counts batched calls of webhooks apart from direct ones, in one counter for all webhooks, as sources of the
    /// portal suggest; together without this, as documented.
    pub fn batch_counted_apart(mut self, apart: bool) -> Self {
        self.settings.batch_counted_apart = apart;
        self
    }

    /// A request that takes longer is answered with an HTML 504; 60 s without this, `None` for no wall.
    pub fn wall(mut self, wall: Option<Duration>) -> Self {
        self.settings.wall = wall;
        self
    }

    /// Serves so many requests at once, at least one; the others wait. No bound without this.
    pub fn workers(mut self, workers: usize) -> Self {
        self.settings.workers = Some(workers);
        self
    }

    /// Every page of a list takes so long; the time is slept and charged as operating time.
    pub fn page_cost(mut self, cost: Duration) -> Self {
        self.settings.cost.page = cost;
        self
    }

    /// Every call of this method takes so long, instead of [`Self::page_cost`].
    pub fn method_cost(mut self, method: &str, cost: Duration) -> Self {
        self.settings
            .cost
            .methods
            .insert(method.to_ascii_lowercase(), cost);
        self
    }

    /// The generation of REST 3.0.
    pub fn v3_profile(mut self, profile: V3Profile) -> Self {
        self.settings.v3 = profile;
        self
    }

    /// The largest page of `tasks.task.list` in v3: 1000 as documented (and without this), 50 as measured on portals.
    pub fn v3_task_list_cap(mut self, rows: u32) -> Self {
        self.settings.v3_task_list_cap = i64::from(rows);
        self
    }

    /// Whose HTTP statuses errors carry.
    pub fn statuses(mut self, statuses: Statuses) -> Self {
        self.settings.statuses = statuses;
        self
    }

    /// What classic lists answer past their end.
    pub fn past_the_end(mut self, answer: PastTheEnd) -> Self {
        self.settings.past_the_end = answer;
        self
    }

    /// The portal's clock begins at this Unix time; at the machine's without this. It goes on with tokio's clock.
    pub fn started_at(mut self, since_epoch: Duration) -> Self {
        self.started_at = Some(since_epoch);
        self
    }

    /// Copies the request log to a writer, one JSON object a line.
    pub fn log_to(mut self, writer: impl Write + Send + 'static) -> Self {
        self.log = Some(Box::new(writer));
        self
    }

    /// What names the portal in tokens and events, wherever it moves: 32 hexadecimal digits; random ones without this.
    pub fn member_id(mut self, id: impl Into<String>) -> Self {
        self.member_id = id.into();
        self
    }

    /// The portal calls itself so in all its URLs (`acme.localhost`), with its port; by its address without this. Clients
    /// have to find the name. Requests are told apart by it, whatever portal of the process they reach.
    pub fn host_name(mut self, name: impl Into<String>) -> Self {
        self.host_name = Some(name.into());
        self
    }

    /// The OAuth server listens on this port; 0 (and the default) takes a free one.
    pub fn oauth_port(mut self, port: u16) -> Self {
        self.oauth_port = port;
        self
    }

    /// Access tokens live so long; an hour without this.
    pub fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetimes.access = lifetime;
        self
    }

    /// A used refresh token works again so long after its first use; not at all without this.
    pub fn refresh_token_grace(mut self, grace: Duration) -> Self {
        self.lifetimes.grace = grace;
        self
    }

    /// The HTTP status of an error of the token endpoint (`invalid_client`), where it shall not be the portal's own.
    pub fn token_status(mut self, code: impl Into<String>, status: u16) -> Self {
        self.token_statuses.insert(code.into(), status);
        self
    }

    /// One more portal beside another in this process: they share the OAuth server with its settings, the clock, and
    /// http or https.
    pub fn beside(mut self, portal: &Portal) -> Self {
        self.beside = Some(portal.oauth_listener());
        self
    }

    /// Makes the data and listens. Needs a tokio runtime with time and I/O.
    ///
    /// # Errors
    /// The address is taken, or the certificate cannot be made or written.
    pub async fn start(self) -> Result<Portal, StartError> {
        let asked = SocketAddr::new(self.listen, self.port);
        let listen_error = |source| StartError::Listen {
            address: asked,
            source,
        };
        let listener = TcpListener::bind(asked).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let oauth = match &self.beside {
            Some(oauth) => Arc::clone(oauth),
            None => Arc::new(self.oauth_server().await?),
        };

        let facts = Facts {
            host: match &self.host_name {
                Some(name) => format!("{name}:{}", address.port()),
                None => server::reachable(address).to_string(),
            },
            scheme: if oauth.tls.is_some() { "https" } else { "http" },
            edition: self.settings.edition,
            v3: self.settings.v3,
            past_the_end: self.settings.past_the_end,
            v3_task_list_cap: self.settings.v3_task_list_cap,
        };
        let acceptor = oauth.tls.as_ref().map(|tls| tls.acceptor.clone());
        let shared = Arc::new(Shared::new(
            self.settings,
            facts,
            Arc::clone(&oauth.realm),
            self.member_id,
            Doors::new(self.listen, acceptor),
            self.control_token,
            RequestLog::new(self.log),
        ));
        lock(&shared.access).add(ADMINISTRATOR, self.secret.clone(), catalogue::scopes());
        oauth.realm.join(&shared);
        Ok(Portal::serve(
            shared,
            oauth,
            &self.secret,
            listener,
            address,
        ))
    }

    async fn oauth_server(&self) -> Result<OAuthListener, StartError> {
        let asked = SocketAddr::new(self.listen, self.oauth_port);
        let listen_error = |source| StartError::Listen {
            address: asked,
            source,
        };
        let listener = TcpListener::bind(asked).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let tls = self.tls()?;
        let url = oauth::server_url(tls.is_some(), address);
        let registry = Registry::new(url, self.lifetimes.clone());
        let clock = Clock::starting_at(self.started_at);
        let realm = Realm::new(registry, clock, self.token_statuses.clone());
        Ok(OAuthListener::serve(Arc::new(realm), listener, tls))
    }

    fn tls(&self) -> Result<Option<Tls>, StartError> {
        if !self.https {
            return Ok(None);
        }
        let mut hosts = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "::1".to_owned(),
        ];
        hosts.extend(self.https_hosts.iter().cloned());
        if !self.listen.is_unspecified() {
            hosts.push(self.listen.to_string());
        }
        hosts.sort_unstable();
        hosts.dedup();
        let tls = Tls::for_hosts(hosts)?;
        if let Some(path) = &self.ca_out {
            std::fs::write(path, &tls.ca_pem).map_err(|source| StartError::WriteCa {
                path: path.clone(),
                source,
            })?;
        }
        Ok(Some(tls))
    }
}
