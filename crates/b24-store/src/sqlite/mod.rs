//! One file for the processes of one machine.

mod actor;
mod budget;
mod schema;
mod tokens;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use b24::store::{StoreError, TokenKey};

use crate::keys::{Keys, Sealed, missing};
use actor::{Actor, named};

/// Tokens and budgets in a SQLite file, shared by the processes of one machine. Cloning is cheap.
///
/// The file is made for its owner only, with a write-ahead log beside it; it must lie on a local disk.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use b24_store::SqliteStore;
/// // the key to seal tokens with is in B24_STORE_KEY or B24_STORE_KEY_FILE
/// let store = SqliteStore::open("tokens.db").await?;
/// let oauth = b24::OAuth::new(b24::App::new("local.5f", "secret"), store);
/// # let _ = oauth;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    path: Arc<PathBuf>,
    keys: Option<Keys>,
    /// Each commit is on the disk before it is told.
    tokens: Arc<Actor>,
    /// A place that a power cut forgets is not missed.
    budget: Arc<Actor>,
}

impl SqliteStore {
    /// Opens a store, or makes it, with the key that the environment names; see [`Keys::from_env`].
    ///
    /// # Errors
    /// [`StoreError`]; its [`fault`](StoreError::fault) says whether the key is missing or wrong, the file read-only, damaged, of
    /// something else, or of a newer version.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, Keys::from_env()?).await
    }

    /// Opens a store, or makes it, with these keys.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with(path: impl AsRef<Path>, keys: Keys) -> Result<Self, StoreError> {
        let store = Self::start(path.as_ref(), Some(keys)).await?;
        store
            .check_keys()
            .await
            .map_err(|error| store.name(&error))?;
        Ok(store)
    }

    /// Opens a store, or makes it, for budgets only: no key is needed, and tokens cannot be kept.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_for_budgets(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::start(path.as_ref(), None).await
    }

    async fn start(path: &Path, keys: Option<Keys>) -> Result<Self, StoreError> {
        let actor = |durable: bool| {
            let own = path.to_owned();
            Actor::start(move || schema::open(&own, durable))
        };
        let at = |error| named(path, &error);
        Ok(Self {
            tokens: Arc::new(actor(true).await.map_err(at)?),
            budget: Arc::new(actor(false).await.map_err(at)?),
            path: Arc::new(path.to_owned()),
            keys,
        })
    }

    /// Seals every row with the first key; how many were sealed with another. Once none is [`stale`](Self::stale) the
    /// other keys can be taken away. Stopped in the middle, it goes on where it is called again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reseal(&self) -> Result<u64, StoreError> {
        let resealed = async {
            let keys = self.keys()?;
            let mut count = 0;
            for (row, sealed, version) in self.rows().await? {
                if keys.is_newest(&sealed.key) {
                    continue;
                }
                let plain = keys.open(&row, &sealed)?;
                let anew = keys.seal(&row, &plain)?;
                // A row that somebody has written meanwhile is sealed with his first key.
                count += u64::from(self.write(&row, version, anew).await?);
            }
            Ok(count)
        };
        resealed.await.map_err(|error| self.name(&error))
    }

    /// How many rows another key than the first has sealed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stale(&self) -> Result<u64, StoreError> {
        let keys = self.keys()?;
        let rows = self.rows().await.map_err(|error| self.name(&error))?;
        let stale = rows
            .iter()
            .filter(|(_, sealed, _)| !keys.is_newest(&sealed.key));
        Ok(stale.count() as u64)
    }

    /// Forgets what is kept under a key, whoever has sealed it; whether there was something. No key is needed: a store that
    /// was opened for budgets does it, too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase(&self, key: &TokenKey) -> Result<bool, StoreError> {
        let own = key.clone();
        let erased = self.tokens.run(move |connection| {
            let text = "DELETE FROM tokens WHERE client_id = ?1 AND member_id = ?2";
            let values = rusqlite::params![own.client_id, own.member_id];
            Ok(connection.execute(text, values)? == 1)
        });
        erased.await.map_err(|error| self.name(&error))
    }

    fn keys(&self) -> Result<&Keys, StoreError> {
        self.keys.as_ref().ok_or_else(|| {
            let text = format!("{} was opened for budgets only", self.path.display());
            missing(&text)
        })
    }

    fn name(&self, error: &StoreError) -> StoreError {
        named(&self.path, error)
    }

    /// A wrong key shows when the store is opened, not at the first call in the night.
    async fn check_keys(&self) -> Result<(), StoreError> {
        let ids = self.tokens.run(|connection| {
            let mut statement = connection.prepare("SELECT DISTINCT key FROM tokens")?;
            let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
            ids.collect::<rusqlite::Result<Vec<_>>>()
        });
        let keys = self.keys()?;
        ids.await?.iter().try_for_each(|id| keys.check(id))
    }

    async fn rows(&self) -> Result<Vec<(TokenKey, Sealed, u64)>, StoreError> {
        self.tokens
            .run(|connection| {
                let text = "SELECT client_id, member_id, key, sealed, version FROM tokens";
                let mut statement = connection.prepare(text)?;
                let rows = statement.query_map([], |row| {
                    let key = TokenKey {
                        client_id: row.get(0)?,
                        member_id: row.get(1)?,
                    };
                    let sealed = Sealed {
                        key: row.get(2)?,
                        bytes: row.get(3)?,
                    };
                    Ok((key, sealed, row.get::<_, i64>(4)? as u64))
                })?;
                rows.collect()
            })
            .await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
