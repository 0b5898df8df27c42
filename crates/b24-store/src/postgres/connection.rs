//! A connection that is made when it is needed, and made again when it was lost.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use b24::store::{StoreError, StoreFault};
use tokio::sync::Mutex;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row, Socket, Statement};

use super::tls::Tls;

/// What takes longer, the making of the connection included, has lost its server.
const PATIENCE: Duration = Duration::from_secs(10);

const CONNECT: Duration = Duration::from_secs(5);

/// A value and what it is.
pub(super) type Value<'a> = (&'a (dyn ToSql + Sync), Type);

pub(super) struct Connection {
    config: Config,
    tls: Tls,
    session: Mutex<Option<Arc<Session>>>,
}

/// A connection as long as it lasts.
pub(super) struct Session {
    client: Client,
    /// By text: what was sent once is parsed and planned, and takes one round trip from then on.
    prepared: std::sync::Mutex<HashMap<&'static str, Statement>>,
}

impl Session {
    async fn query(
        &self,
        text: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let known = self.prepared().get(text).cloned();
        let statement = if let Some(statement) = known {
            statement
        } else {
            let types: Vec<Type> = values.iter().map(|(_, kind)| kind.clone()).collect();
            let statement = self.client.prepare_typed(text, &types).await?;
            self.prepared().insert(text, statement.clone());
            statement
        };
        let values: Vec<_> = values.iter().map(|(value, _)| *value).collect();
        self.client.query(&statement, &values).await
    }

    fn prepared(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, Statement>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Connection {
    pub(super) fn new(mut config: Config, tls: Tls, options: &str) -> Self {
        config.connect_timeout(CONNECT).application_name("b24");
        if !options.is_empty() {
            config.options(options);
        }
        Self {
            config,
            tls,
            session: Mutex::default(),
        }
    }

    pub(super) async fn query(
        &self,
        text: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        self.patiently(async {
            let session = self.session().await?;
            session.query(text, values).await.map_err(failed)
        })
        .await
    }

    /// Waits for work with the connection as long as a server is waited for. If it does not come to its end, dropped by
    /// whoever waited for it or not, that connection is not used again: the server may never answer there.
    pub(super) async fn patiently<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let unfinished = Unfinished(self);
        let worked = tokio::time::timeout(PATIENCE, work).await;
        let worked = worked.map_err(|_| away("the server does not answer"))?;
        std::mem::forget(unfinished);
        worked
    }

    pub(super) async fn session(&self) -> Result<Arc<Session>, StoreError> {
        let mut known = self.session.lock().await;
        if let Some(session) = known.as_ref().filter(|session| !session.is_closed()) {
            return Ok(Arc::clone(session));
        }
        let client = match self.tls.clone() {
            None => connect(&self.config, NoTls).await,
            Some(tls) => connect(&self.config, tls).await,
        };
        let client = client.map_err(failed)?;
        let session = Arc::new(Session {
            client,
            prepared: std::sync::Mutex::default(),
        });
        *known = Some(Arc::clone(&session));
        Ok(session)
    }
}

async fn connect<T>(config: &Config, tls: T) -> Result<Client, tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket, Stream: Send + 'static>,
{
    let (client, connection) = config.connect(tls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(%error, "the connection to PostgreSQL is lost");
        }
    });
    Ok(client)
}

/// Work on a connection that is under way.
struct Unfinished<'a>(&'a Connection);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        // Whoever holds it makes another connection already.
        if let Ok(mut session) = self.0.session.try_lock() {
            session.take();
        }
    }
}

/// Without the configuration: a password may be in it.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

fn away(why: &str) -> StoreError {
    StoreError::new(
        StoreFault::Away,
        format!("PostgreSQL cannot be reached: {why}"),
    )
}

pub(super) fn failed(error: tokio_postgres::Error) -> StoreError {
    let Some(code) = error.code() else {
        // Not the server's words: the connection.
        let why = std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
        return away(&format!("{error} {why}")).with_source(error);
    };
    let away_codes = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
    ];
    let fault = if away_codes.contains(code) {
        StoreFault::Away
    } else if [
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::INSUFFICIENT_PRIVILEGE,
    ]
    .contains(code)
    {
        StoreFault::ReadOnly
    } else if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) {
        StoreFault::Corrupt
    } else {
        StoreFault::Other
    };
    let words = error.as_db_error().map_or("", |error| error.message());
    let text = match fault {
        StoreFault::Away => "PostgreSQL is not there now",
        StoreFault::ReadOnly => "PostgreSQL lets this user read, not write",
        StoreFault::Corrupt => "the tables in PostgreSQL are damaged",
        _ => "PostgreSQL refused",
    };
    StoreError::new(fault, format!("{text} ({}: {words})", code.code()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::{Instant, timeout};

    use super::*;

    /// A server that lets everybody in and then says nothing; how many have come.
    async fn silent() -> (Connection, Arc<AtomicU32>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let come = Arc::new(AtomicU32::new(0));
        let counting = Arc::clone(&come);
        tokio::spawn(async move {
            let mut visitors = Vec::new();
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut startup = [0; 1024];
                assert!(socket.read(&mut startup).await.unwrap() > 0);
                // AuthenticationOk, ReadyForQuery.
                let welcome = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
                socket.write_all(welcome).await.unwrap();
                counting.fetch_add(1, Relaxed);
                visitors.push(socket);
            }
        });
        let address = format!("postgresql://b24@127.0.0.1:{port}/b24");
        (Connection::new(address.parse().unwrap(), None, ""), come)
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_leaves_a_query_unanswered_is_not_used_again() {
        let (connection, come) = silent().await;
        let query = || connection.query("SELECT 1", &[]);
        let begun = Instant::now();
        let error = query().await.unwrap_err();
        assert_eq!(error.fault(), StoreFault::Away, "{error}");
        assert_eq!(begun.elapsed(), PATIENCE);
        // Nor where the caller has gone before that.
        assert!(timeout(PATIENCE / 2, query()).await.is_err());
        assert!(timeout(PATIENCE / 2, query()).await.is_err());
        assert_eq!(come.load(Relaxed), 3);
    }
}
