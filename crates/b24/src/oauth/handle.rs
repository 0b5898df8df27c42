//! The front door of an application.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::ExposeSecret;

use super::callback::{self, Callback};
use super::flight::Entry;
use super::keeper::Keeper;
use super::refresher::{Proof, Refresher, Server};
use super::refreshes::Refreshes;
use super::{App, Grant, Renewed, Shared, TokenError, endpoint, to_the_end};
use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::error::Error;
use crate::store::{Row, TokenKey, TokenStore};

/// An application and the tokens of all portals that have it.
///
/// Cloning is cheap; make one per application and process. Tokens are refreshed at a call that needs it, never by a
/// timer, and once for all tasks and for all processes that share the store.
///
/// No `Debug`, error or log shows a secret. Memory holds them in the clear: whether a crash may leave a core file, and who
/// may attach to the process, is for the program to decide (on Linux `prctl(PR_SET_DUMPABLE, 0)` forbids both, elsewhere
/// `setrlimit(RLIMIT_CORE)` the first; the command `b24` does so).
///
/// ```no_run
/// # async fn run(client_id: &str, client_secret: &str, query: &str) -> Result<(), b24::Error> {
/// let oauth = b24::OAuth::new(b24::App::new(client_id, client_secret), b24::MemoryStore::new());
///
/// let state = b24::OAuth::new_state(); // keep it with the browser's session
/// let url = oauth.authorize_url("acme.bitrix24.com", &state)?; // send the browser there
///
/// let grant = oauth.exchange(query, &state).await?; // it comes back with ?code=…&state=…
/// let b24 = oauth.client(&grant.member_id).await?; // the same type as with a webhook
/// # let _ = (url, b24);
/// # Ok(()) }
/// ```
#[doc(alias = "B24OAuth")]
#[derive(Clone, Debug)]
#[must_use]
pub struct OAuth(pub(super) Arc<Shared>);

/// What is known of a portal without asking it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Portal {
    /// The tokens.
    pub grant: Grant,
    /// How long the access token lives; zero if it has expired, which the next call mends.
    pub access_left: Duration,
    /// How long the refresh token lives: at its end the portal has to authorise again.
    pub refresh_left: Duration,
    /// Why no call can succeed, if none can.
    pub problem: Option<TokenError>,
}

impl OAuth {
    /// An application that keeps its tokens in `store`.
    pub fn new(app: App, store: impl TokenStore + 'static) -> Self {
        Self(Arc::new(Shared {
            server: Server {
                app: app.clone(),
                named: Vec::new(),
            },
            app,
            store: Arc::new(store),
            settings: Client::builder(),
            refresher: None,
            listener: None,
            keepers: Mutex::default(),
            refreshes: Refreshes::default(),
            transports: Default::default(),
        }))
    }

    /// Settings for all clients and for the requests for tokens: limits, time-outs, proxy, certificates, observer …
    /// A webhook in them does not count.
    pub fn settings(self, settings: ClientBuilder) -> Self {
        self.with(|shared| shared.settings = settings)
    }

    /// An authorisation server of one's own that the client secret may be sent to, over https, besides the vendor's.
    ///
    /// `localhost` stands for this machine and every port of it, over http too: without it the codes and installations
    /// of a local portal are refused, unless tokens of its server are kept already.
    pub fn trust_server(self, host: impl Into<String>) -> Self {
        self.with(|shared| shared.server.named.push(host.into()))
    }

    /// Refreshes tokens in a way of one's own instead of asking the authorisation server.
    #[doc(alias = "setCustomRefreshAuth")]
    pub fn refresher(self, refresher: impl Refresher + 'static) -> Self {
        self.with(|shared| shared.refresher = Some(Arc::new(refresher)))
    }

    /// Is told each new pair of tokens, after the store has it.
    #[doc(alias = "setCallbackRefreshAuth")]
    pub fn on_renewed(self, listener: impl Renewed + 'static) -> Self {
        self.with(|shared| shared.listener = Some(Arc::new(listener)))
    }

    /// Settings are made before the first use: a copy that is in use already keeps its own.
    fn with(self, set: impl FnOnce(&mut Shared)) -> Self {
        let mut shared = Arc::try_unwrap(self.0).unwrap_or_else(|used| Shared {
            app: used.app.clone(),
            store: Arc::clone(&used.store),
            settings: used.settings.clone(),
            server: Server {
                app: used.app.clone(),
                named: used.server.named.clone(),
            },
            refresher: used.refresher.clone(),
            listener: used.listener.clone(),
            keepers: Mutex::default(),
            refreshes: Refreshes::default(),
            transports: Default::default(),
        });
        set(&mut shared);
        Self(Arc::new(shared))
    }

    /// A state that nobody can guess: 122 random bits. Keep it with the browser's session.
    pub fn new_state() -> String {
        uuid::Uuid::new_v4().simple().to_string()
    }

    /// Where to send the browser of somebody who shall authorise the application on `portal`: `acme.bitrix24.com`, or
    /// its address. The portal sends it back to the address on the application's card.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) if `portal` is no address, or the state is empty.
    pub fn authorize_url(&self, portal: &str, state: &str) -> Result<String, Error> {
        let mut url = endpoint::portal(portal)
            .ok_or_else(|| Error::usage("a portal is named like acme.bitrix24.com, by https"))?;
        if state.is_empty() {
            return Err(Error::usage("the state is empty: anybody could guess it"));
        }
        let path = url.path().trim_end_matches("rest/").to_owned();
        url.set_path(&format!("{path}oauth/authorize/"));
        url.query_pairs_mut()
            .append_pair("client_id", &self.0.app.client_id)
            .append_pair("response_type", "code")
            .append_pair("state", state);
        Ok(url.into())
    }

    /// Takes the code that the browser came back with, as a query or a whole address, and saves the tokens that the
    /// authorisation server gives for it. `state` is the one that was sent. It goes on when its caller is gone: the code
    /// is good once.
    ///
    /// # Errors
    /// [`Kind::Auth`](crate::Kind::Auth) if the state is another one, if the answer leads to a server that is not trusted, or
    /// if the code is not taken (it is good for 30 s, and once); [`Kind::Temporary`](crate::Kind::Temporary) if the server does
    /// not answer.
    pub async fn exchange(&self, query: &str, state: &str) -> Result<Grant, Error> {
        let (oauth, callback) = (self.clone(), callback::read(query, state)?);
        let under_way = self.0.refreshes.begin()?;
        to_the_end(async move { under_way.ended(oauth.take_code(callback).await) }).await
    }

    async fn take_code(&self, callback: Callback) -> Result<Grant, Error> {
        let Callback { code, before } = callback;
        let kept = self.portal(&before.member_id).await?;
        self.0
            .server
            .vet(&before, kept.as_ref().map(|kept| &kept.grant))?;
        let proof = Proof::Code(code.expose_secret());
        let grant = self.prove(before, proof).await?;
        self.adopt(grant.clone()).await?;
        Ok(grant)
    }

    /// Saves tokens that were got elsewhere, in the place of those that the portal had.
    ///
    /// # Errors
    /// Those of the store; [`Kind::Usage`](crate::Kind::Usage) if the portal's address in it is none.
    pub async fn adopt(&self, grant: Grant) -> Result<(), Error> {
        self.adopt_unless(grant, |_| false).await?;
        Ok(())
    }

    /// Saves tokens that were got elsewhere, unless what the store has is to be kept; whether they were saved.
    ///
    /// `keep` is asked again if another process has written meanwhile: nothing is replaced that it has not seen.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    pub async fn adopt_unless(
        &self,
        mut grant: Grant,
        keep: impl Fn(&Portal) -> bool,
    ) -> Result<bool, Error> {
        let portal = endpoint::portal(&grant.client_endpoint)
            .ok_or_else(|| Error::usage("the grant's client_endpoint is no https address"))?;
        grant.client_endpoint = portal.into();
        let key = self.key(&grant.member_id);
        loop {
            let loaded = self.0.store.load(&key).await?;
            let version = loaded.row.as_ref().map_or(0, |row| row.version);
            let known = loaded.row.as_ref().map(entry_of).transpose()?;
            if let Some(known) = &known
                && keep(&portal_of(known, loaded.now))
            {
                return Ok(false);
            }
            let entry = match known {
                Some(known) => known.renewed(grant.clone(), loaded.now),
                None => Entry::new(grant.clone(), loaded.now),
            };
            if self.0.store.swap(&key, version, &entry.to_record()).await? {
                self.0.keepers().remove(&grant.member_id);
                return Ok(true);
            }
        }
    }

    /// A client of the portal `member_id`, with the tokens in the store.
    ///
    /// # Errors
    /// [`Kind::Auth`](crate::Kind::Auth) with [`TokenError::Missing`] if the store has none; those of the store.
    pub async fn client(&self, member_id: &str) -> Result<Client, Error> {
        self.0
            .settings
            .clone()
            .build_with(self.keeper(member_id).await?, &self.0)
    }

    pub(super) async fn keeper(&self, member_id: &str) -> Result<Arc<Keeper>, Error> {
        if let Some(keeper) = self.0.known(member_id) {
            return Ok(keeper);
        }
        let keeper = Keeper::open(Arc::clone(&self.0), self.key(member_id)).await?;
        Ok(self.0.settle(member_id, keeper))
    }

    /// What the store knows of a portal, without asking anybody; `None`: nothing.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn portal(&self, member_id: &str) -> Result<Option<Portal>, Error> {
        let loaded = self.0.store.load(&self.key(member_id)).await?;
        let entry = loaded.row.as_ref().map(entry_of).transpose()?;
        Ok(entry.map(|entry| portal_of(&entry, loaded.now)))
    }

    /// The portals in the store, by `member_id`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn members(&self) -> Result<Vec<String>, Error> {
        Ok(self.0.store.members(&self.0.app.client_id).await?)
    }

    /// Refreshes the tokens of a portal now: for one that is called less than once in 180 days.
    ///
    /// # Errors
    /// As any call that refreshes.
    pub async fn refresh(&self, member_id: &str) -> Result<Grant, Error> {
        let keeper = self.keeper(member_id).await?;
        let renewed = keeper.renew(&keeper.current()).await?;
        Ok(renewed.grant.clone())
    }

    /// Ends the use of the application in this process: lets no refresh begin any more, and waits for those under way,
    /// whose tokens would be lost with the process; codes and installations count too. To be awaited last, before the
    /// runtime ends.
    ///
    /// A refresh goes on when its caller is gone, and it takes 32 s at most, and 15 min more where the store cannot be
    /// written. Copies of this handle are closed too: their calls go on as long as the access tokens are good.
    ///
    /// ```no_run
    /// # async fn serve(until: impl Future<Output = ()>) {}
    /// # async fn run(oauth: b24::OAuth, terminated: impl Future<Output = ()>) -> Result<(), b24::Error> {
    /// serve(terminated).await; // takes no more requests, and has answered all
    /// oauth.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// Why a refresh that was waited for brought no tokens, or why they could not be saved.
    pub async fn close(&self) -> Result<(), Error> {
        self.0.refreshes.close().await
    }

    /// Forgets the tokens of a portal; whether there were any.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn forget(&self, member_id: &str) -> Result<bool, Error> {
        let key = self.key(member_id);
        loop {
            let Some(row) = self.0.store.load(&key).await?.row else {
                return Ok(false);
            };
            if self.0.store.remove(&key, row.version).await? {
                self.0.keepers().remove(member_id);
                return Ok(true);
            }
        }
    }

    /// Asks the server of `brought`, which comes from outside. The answer has to say itself whose the tokens are.
    pub(super) async fn prove(&self, mut brought: Grant, proof: Proof<'_>) -> Result<Grant, Error> {
        let said = std::mem::take(&mut brought.member_id);
        let transport = self.0.transport(&brought.server_endpoint)?;
        let asked = self.0.server.ask(&transport, &brought, proof).await;
        let proved = asked.map_err(TokenError::from)?;
        if proved.member_id.is_empty() {
            return Err(TokenError::Forged("the answer does not say whose the tokens are").into());
        }
        if !said.is_empty() && said != proved.member_id {
            return Err(TokenError::Forged("the tokens are those of another portal").into());
        }
        Ok(proved)
    }

    pub(super) fn key(&self, member_id: &str) -> TokenKey {
        TokenKey {
            client_id: self.0.app.client_id.clone(),
            member_id: member_id.to_owned(),
        }
    }
}

fn portal_of(entry: &Entry, now: Duration) -> Portal {
    Portal {
        access_left: entry.left(now),
        refresh_left: entry.refresh_left(now),
        problem: entry.ended(),
        grant: entry.grant.clone(),
    }
}

pub(super) fn entry_of(row: &Row) -> Result<Entry, TokenError> {
    Entry::from_record(&row.record)
}
