//! The tokens of one portal in this process: the pair in use, and one refresh of it at a time.
//!
//! The steps are those of [`flight`](super::flight); here they are carried out against the store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::flight::{Entry, Next, margin};
use super::grant::Grant;
use super::refresher::{Proof, RefreshError};
use super::{Shared, TokenError, to_the_end};
use crate::error::{Error, Kind};
use crate::room::transport::Transport;
use crate::rt::{self, Instant};
use crate::store::{Loaded, Row, StoreError, TokenKey};

/// First and longest pause between looks at what another process does.
const LOOK: (Duration, Duration) = (Duration::from_millis(30), Duration::from_millis(500));

/// First and longest pause between attempts to save, and how long they go on: new tokens are not given up lightly.
const SAVE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
const SAVE_PATIENCE: Duration = Duration::from_secs(900);

/// A wait for another process that is worth a word.
const AWAITED: Duration = Duration::from_secs(1);

/// A refresh token that lives no longer is worth a warning.
const AGING: Duration = Duration::from_secs(30 * 86_400);

/// A pair of tokens in use.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) grant: Grant,
    /// By this process's own clock: nobody else's is trusted.
    good_until: Instant,
}

impl Live {
    fn left(&self) -> Duration {
        self.good_until.saturating_duration_since(rt::now())
    }

    /// Whether a call may begin with it.
    fn is_fresh(&self) -> bool {
        self.left() > margin(&self.grant)
    }
}

/// What the store says.
struct Found {
    entry: Entry,
    version: u64,
    now: Duration,
    read_at: Instant,
}

impl Found {
    /// The store's clock, now.
    fn now(&self) -> Duration {
        self.now + self.read_at.elapsed()
    }
}

/// Keeps the tokens of one portal fresh.
#[derive(Debug)]
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    key: TokenKey,
    live: Mutex<Arc<Live>>,
    /// Its holder refreshes; tasks of this process wait for it in order.
    turn: tokio::sync::Mutex<()>,
    /// How many refreshes have failed, and why the last one did: those who waited for it share its error.
    failed: Mutex<(u64, Option<Error>)>,
}

impl Keeper {
    /// Reads the tokens of a portal from the store.
    pub(super) async fn open(shared: Arc<Shared>, key: TokenKey) -> Result<Arc<Self>, Error> {
        let found = load(&shared, &key).await?.ok_or(TokenError::Missing)?;
        let live = Mutex::new(live(&found.entry, found.now()));
        let keeper = Self {
            shared,
            key,
            live,
            turn: tokio::sync::Mutex::default(),
            failed: Mutex::default(),
        };
        let left = found.entry.refresh_left(found.now());
        if left < AGING {
            keeper.warn(left);
        }
        Ok(Arc::new(keeper))
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.key.client_id
    }

    /// The pair in use, whatever its age.
    pub(crate) fn current(&self) -> Arc<Live> {
        Arc::clone(&lock(&self.live))
    }

    /// A pair whose access token lives for another minute, or half its life: refreshed first if it does not.
    pub(crate) async fn fresh(self: &Arc<Self>) -> Result<Arc<Live>, Error> {
        let live = self.current();
        if live.is_fresh() {
            return Ok(live);
        }
        match self.renew(&live).await {
            // It is good for some seconds more.
            Err(error) if error.kind() != Kind::Auth && live.left() > Duration::ZERO => {
                tracing::warn!(%error, "the token could not be refreshed ahead of time");
                Ok(live)
            }
            renewed => renewed,
        }
    }

    /// A pair that has not expired, for a request that leaves now.
    pub(crate) async fn usable(self: &Arc<Self>) -> Result<Arc<Live>, Error> {
        let live = self.current();
        if live.left() > Duration::ZERO {
            return Ok(live);
        }
        self.renew(&live).await
    }

    /// Another pair than `refused`: from the store if it has one, else refreshed. Goes on when the caller is gone.
    pub(crate) async fn renew(self: &Arc<Self>, refused: &Live) -> Result<Arc<Live>, Error> {
        let (keeper, refused) = (Arc::clone(self), refused.grant.clone());
        to_the_end(async move { keeper.take_turn(refused.access_token()).await }).await
    }

    async fn take_turn(self: &Arc<Self>, refused: &str) -> Result<Arc<Live>, Error> {
        let failures = lock(&self.failed).0;
        let _turn = self.turn.lock().await;
        let live = self.current();
        if live.grant.access_token() != refused && live.is_fresh() {
            return Ok(live);
        }
        if let (count, Some(error)) = &*lock(&self.failed)
            && *count > failures
        {
            return Err(error.copy());
        }
        let renewed = self.refresh(refused).await;
        if let Err(error) = &renewed {
            let mut failed = lock(&self.failed);
            *failed = (failed.0 + 1, Some(error.copy()));
        }
        renewed
    }

    async fn refresh(self: &Arc<Self>, refused: &str) -> Result<Arc<Live>, Error> {
        let holder = uuid::Uuid::now_v7().to_string();
        let begun = rt::now();
        let mut told = false;
        let mut pause = LOOK.0;
        let mut seen = (0, rt::now());
        loop {
            let found = self.load().await?.ok_or(TokenError::Missing)?;
            if seen.0 != found.version {
                seen = (found.version, found.read_at);
            }
            let watched = seen.1.elapsed();
            match found.entry.next(refused, &holder, found.now(), watched) {
                Next::Use => return Ok(self.take(&found)),
                Next::Over(error) => return Err(error.into()),
                Next::Finish(ended, error) => {
                    if self.swap(found.version, &ended).await? {
                        return Err(error.into());
                    }
                }
                Next::Wait(left) => {
                    if !told && begun.elapsed() >= AWAITED {
                        self.shared.tell_awaited(&self.key.member_id, left);
                        told = true;
                    }
                    rt::sleep(pause.min(left)).await;
                    pause = (pause * 2).min(LOOK.1);
                }
                Next::Claim(claimed) => {
                    // What can fail without a request fails before the lease.
                    let transport = self.shared.transport(&claimed.grant.server_endpoint)?;
                    let under_way = self.shared.refreshes.begin()?;
                    if let Some(asking) = self.enter(&found, &claimed, &holder).await? {
                        return under_way.ended(self.ask(&transport, &asking, &holder).await);
                    }
                }
            }
        }
    }

    /// Writes the claim, and that the request is about to leave; `None`: somebody else was faster.
    async fn enter(
        self: &Arc<Self>,
        found: &Found,
        claimed: &Entry,
        holder: &str,
    ) -> Result<Option<Entry>, Error> {
        // A write that fails may be done all the same, and nothing was sent.
        match self.swap(found.version, claimed).await {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => {
                // Else the others wait until the lease is over, and lose nothing.
                let _ = self.let_go(holder, false).await;
                return Err(error.into());
            }
        }
        let asking = claimed.asking(found.now());
        match self.swap(found.version + 1, &asking).await {
            Ok(true) => Ok(Some(asking)),
            // Stopped for longer than the lease, we have lost it to somebody else.
            Ok(false) => Ok(None),
            Err(error) => {
                // Else the others would take the tokens for lost.
                self.release(holder, false).await;
                Err(error.into())
            }
        }
    }

    /// Sends the one request. `asking` is what the store holds now.
    async fn ask(
        self: &Arc<Self>,
        transport: &Arc<dyn Transport>,
        asking: &Entry,
        holder: &str,
    ) -> Result<Arc<Live>, Error> {
        let grant = &asking.grant;
        let answer = if let Some(refresher) = &self.shared.refresher {
            refresher.refresh(grant).await
        } else {
            let server = &self.shared.server;
            server.ask(transport, grant, Proof::Refresh).await
        };
        match answer {
            Ok(renewed) if renewed.member_id == self.key.member_id => {
                self.save(grant.refresh_token(), renewed).await
            }
            Ok(_) => {
                self.release(holder, true).await;
                let foreign = TokenError::Forged("the new tokens are those of another portal");
                Err(foreign.into())
            }
            Err(RefreshError::Refused(error)) if error.code == "invalid_grant" => {
                self.refused(grant.refresh_token(), error).await
            }
            Err(error) => {
                let lost = matches!(error, RefreshError::Lost(_));
                self.release(holder, lost).await;
                Err(TokenError::from(error).into())
            }
        }
    }

    /// Saves `renewed` in the place of the pair it was made from, and nothing else. Nobody uses it before that.
    async fn save(&self, from: &str, renewed: Grant) -> Result<Arc<Live>, Error> {
        let begun = rt::now();
        let mut pause = SAVE.0;
        let mut told = String::new();
        loop {
            match self.replace(from, &renewed).await {
                Ok(found) => {
                    let live = self.take(&found);
                    self.shared.tell_renewed(&live.grant);
                    return Ok(live);
                }
                Err(error) if error.kind() == Kind::Auth => return Err(error),
                Err(error) => {
                    let why = error.to_string();
                    if begun.elapsed() > SAVE_PATIENCE {
                        return Err(TokenError::Unsaved(why).into());
                    }
                    if told != why {
                        self.shared.tell_unsaved(&self.key.member_id, &why);
                        told = why;
                    }
                    tracing::warn!(%error, portal = renewed.client_endpoint, "new tokens are not saved yet");
                    rt::sleep(pause).await;
                    pause = (pause * 2).min(SAVE.1);
                }
            }
        }
    }

    async fn replace(&self, from: &str, renewed: &Grant) -> Result<Found, Error> {
        loop {
            let mut found = self.load().await?.ok_or(TokenError::Missing)?;
            if found.entry.grant.refresh_token() != from {
                tracing::warn!("somebody has authorised anew meanwhile: those tokens stay");
                return Ok(found);
            }
            let entry = found.entry.renewed(renewed.clone(), found.now());
            if self.swap(found.version, &entry).await? {
                found.entry = entry;
                return Ok(found);
            }
        }
    }

    /// The server does not take `used` any more. If the store has another by now, that one is used.
    async fn refused(&self, used: &str, error: crate::error::ApiError) -> Result<Arc<Live>, Error> {
        loop {
            let found = self.load().await?.ok_or(TokenError::Missing)?;
            if found.entry.grant.refresh_token() != used {
                return Ok(self.take(&found));
            }
            let ended = found.entry.refused(&error);
            if self.swap(found.version, &ended).await? {
                return Err(ended.refusal(error).into());
            }
        }
    }

    /// Gives the lease back, so that the next call may try again: at once, or when the store can be written again.
    async fn release(self: &Arc<Self>, holder: &str, lost: bool) {
        if self.let_go(holder, lost).await.is_ok() {
            return;
        }
        let (keeper, holder) = (Arc::clone(self), holder.to_owned());
        let under_way = self.shared.refreshes.linger();
        rt::detach(async move {
            let _under_way = under_way;
            let begun = rt::now();
            let mut pause = SAVE.0;
            while let Err(error) = keeper.let_go(&holder, lost).await {
                if begun.elapsed() > SAVE_PATIENCE {
                    tracing::warn!(%error, "the lease on a refresh could not be given back");
                    break;
                }
                rt::sleep(pause).await;
                pause = (pause * 2).min(SAVE.1);
            }
        });
    }

    async fn let_go(&self, holder: &str, lost: bool) -> Result<(), Error> {
        while let Some(found) = self.load().await? {
            if !found.entry.is_held_by(holder) {
                break;
            }
            let free = found.entry.released(lost.then(|| found.now()));
            if self.swap(found.version, &free).await? {
                break;
            }
        }
        Ok(())
    }

    /// A redirect has told where the portal is now: `https://new.example`. Kept for everybody, if that succeeds.
    pub(crate) fn moved(self: &Arc<Self>, origin: &str) {
        let mut live = lock(&self.live);
        let mut grant = live.grant.clone();
        let Some(path) = url::Url::parse(&grant.client_endpoint)
            .ok()
            .map(|url| url.path().to_owned())
        else {
            return;
        };
        grant.client_endpoint = format!("{origin}{path}");
        let (endpoint, used) = (grant.client_endpoint.clone(), grant.clone());
        *live = Arc::new(Live {
            grant,
            good_until: live.good_until,
        });
        drop(live);
        let keeper = Arc::clone(self);
        rt::detach(async move {
            let kept = async {
                while let Some(mut found) = keeper.load().await? {
                    if found.entry.grant.refresh_token() != used.refresh_token() {
                        break;
                    }
                    found.entry.grant.client_endpoint.clone_from(&endpoint);
                    if keeper.swap(found.version, &found.entry).await? {
                        break;
                    }
                }
                Ok::<(), Error>(())
            };
            if let Err(error) = kept.await {
                tracing::warn!(%error, "the portal's new address could not be kept");
            }
        });
    }

    fn take(&self, found: &Found) -> Arc<Live> {
        let live = live(&found.entry, found.now());
        *lock(&self.live) = Arc::clone(&live);
        live
    }

    fn warn(&self, left: Duration) {
        let days = left.as_secs() / 86_400;
        tracing::warn!(
            portal = self.current().grant.client_endpoint,
            days,
            "the refresh token expires soon; any call renews it, after that the portal has to authorise again"
        );
        self.shared.tell_aging(&self.key.member_id, left);
    }

    async fn load(&self) -> Result<Option<Found>, Error> {
        load(&self.shared, &self.key).await
    }

    async fn swap(&self, expected: u64, entry: &Entry) -> Result<bool, StoreError> {
        let record = entry.to_record();
        self.shared.store.swap(&self.key, expected, &record).await
    }
}

async fn load(shared: &Shared, key: &TokenKey) -> Result<Option<Found>, Error> {
    let Loaded { row, now } = shared.store.load(key).await?;
    let Some(Row { record, version }) = row else {
        return Ok(None);
    };
    Ok(Some(Found {
        entry: Entry::from_record(&record)?,
        version,
        now,
        read_at: rt::now(),
    }))
}

fn live(entry: &Entry, now: Duration) -> Arc<Live> {
    Arc::new(Live {
        grant: entry.grant.clone(),
        good_until: rt::after(entry.left(now)),
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
