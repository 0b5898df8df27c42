//! A server for many machines.

mod budget;
mod connection;
mod schema;
mod tls;
mod tokens;

use std::fmt;
use std::sync::Arc;

use b24::store::{StoreError, TokenKey};
use tokio_postgres::types::Type;

use crate::keys::{Keys, Sealed, missing};
use connection::Connection;

/// Tokens and budgets in PostgreSQL (12 or newer), shared by many machines. Cloning is cheap.
///
/// It opens two connections, and makes its tables, `b24_…`, in the schema that the connection finds first. A server that
/// goes away and comes back is connected to again.
///
/// To another machine TLS is spoken if the server does; `sslmode=require` insists on it, `sslmode=disable` keeps it off.
/// The certificate is always checked, with its name: by what this machine trusts, or by the file of `sslrootcert=`.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use b24_store::PostgresStore;
/// // the key to seal tokens with is in B24_STORE_KEY or B24_STORE_KEY_FILE
/// let store = PostgresStore::open("postgresql://b24@db.acme.com/b24?sslmode=require").await?;
/// let oauth = b24::OAuth::new(b24::App::new("local.5f", "secret"), store);
/// # let _ = oauth;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    keys: Option<Keys>,
    /// Each commit is on the disk before it is told.
    tokens: Connection,
    /// A place that a crash of the server forgets is not missed.
    budget: Connection,
}

impl PostgresStore {
    /// Opens a store, or makes its tables, with the key that the environment names; see [`Keys::from_env`]. `config` is a
    /// connection string or URL as libpq takes it.
    ///
    /// # Errors
    /// [`StoreError`]; its [`fault`](StoreError::fault) says whether the server is away, the key missing or wrong, the tables
    /// read-only or of a newer version. No password is shown.
    pub async fn open(config: &str) -> Result<Self, StoreError> {
        Self::open_with(config, Keys::from_env()?).await
    }

    /// Opens a store, or makes its tables, with these keys.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with(config: &str, keys: Keys) -> Result<Self, StoreError> {
        let store = Self::start(config, Some(keys)).await?;
        let known = "SELECT DISTINCT key FROM b24_tokens";
        for row in store.0.tokens.query(known, &[]).await? {
            store.keys()?.check(row.get(0))?;
        }
        Ok(store)
    }

    /// Opens a store, or makes its tables, for budgets only: no key is needed, and tokens cannot be kept.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_for_budgets(config: &str) -> Result<Self, StoreError> {
        Self::start(config, None).await
    }

    async fn start(config: &str, keys: Option<Keys>) -> Result<Self, StoreError> {
        let (config, tls) = tls::read(config)?;
        let inner = Inner {
            keys,
            tokens: Connection::new(config.clone(), tls.clone(), ""),
            budget: Connection::new(config, tls, "-c synchronous_commit=off"),
        };
        schema::migrate(&inner.tokens).await?;
        Ok(Self(Arc::new(inner)))
    }

    /// Seals every row with the first key; how many were sealed with another. Once none is [`stale`](Self::stale) the
    /// other keys can be taken away. Stopped in the middle, it goes on where it is called again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reseal(&self) -> Result<u64, StoreError> {
        let text = "SELECT client_id, member_id, key, sealed, version FROM b24_tokens";
        let keys = self.keys()?;
        let mut count = 0;
        for row in self.0.tokens.query(text, &[]).await? {
            let key = TokenKey {
                client_id: row.get(0),
                member_id: row.get(1),
            };
            let sealed = Sealed {
                key: row.get(2),
                bytes: row.get(3),
            };
            if keys.is_newest(&sealed.key) {
                continue;
            }
            let plain = keys.open(&key, &sealed)?;
            let version = row.get::<_, i64>(4) as u64;
            // A row that somebody has written meanwhile is sealed with his first key.
            count += u64::from(self.write(&key, version, &keys.seal(&key, &plain)?).await?);
        }
        Ok(count)
    }

    /// How many rows another key than the first has sealed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stale(&self) -> Result<u64, StoreError> {
        let keys = self.keys()?;
        let rows = self.0.tokens.query("SELECT key FROM b24_tokens", &[]);
        let rows = rows.await?;
        let stale = rows.iter().filter(|row| !keys.is_newest(row.get(0)));
        Ok(stale.count() as u64)
    }

    fn keys(&self) -> Result<&Keys, StoreError> {
        self.0
            .keys
            .as_ref()
            .ok_or_else(|| missing("the store was opened for budgets only"))
    }

    async fn write(
        &self,
        key: &TokenKey,
        expected: u64,
        sealed: &Sealed,
    ) -> Result<bool, StoreError> {
        let text = if expected == 0 {
            "INSERT INTO b24_tokens (client_id, member_id, key, sealed, version) VALUES ($1, $2, $3, $4, $5 + 1)
             ON CONFLICT DO NOTHING RETURNING 1"
        } else {
            "UPDATE b24_tokens SET key = $3, sealed = $4, version = version + 1
             WHERE client_id = $1 AND member_id = $2 AND version = $5 RETURNING 1"
        };
        let expected = expected as i64;
        let values = [
            (&key.client_id as _, Type::TEXT),
            (&key.member_id as _, Type::TEXT),
            (&sealed.key as _, Type::TEXT),
            (&sealed.bytes as _, Type::BYTEA),
            (&expected as _, Type::INT8),
        ];
        let written = self.0.tokens.query(text, &values);
        Ok(!written.await?.is_empty())
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresStore")
    }
}
