//! A connection that is made when it is needed, and made again when it was lost.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use b24::store::{StoreError, StoreFault};
use tokio::sync::Mutex;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row};

/// A query that takes longer has lost its server.
const PATIENCE: Duration = Duration::from_secs(10);

const CONNECT: Duration = Duration::from_secs(5);

/// A value and what it is, so that a query takes one round trip.
pub(super) type Value<'a> = (&'a (dyn ToSql + Sync), Type);

pub(super) struct Connection {
    config: Config,
    client: Mutex<Option<Arc<Client>>>,
}

impl Connection {
    pub(super) fn new(mut config: Config, options: &str) -> Self {
        config.connect_timeout(CONNECT).application_name("b24");
        if !options.is_empty() {
            config.options(options);
        }
        Self {
            config,
            client: Mutex::default(),
        }
    }

    pub(super) async fn query(
        &self,
        text: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let client = self.client().await?;
        let query = client.query_typed(text, values);
        if let Ok(answer) = tokio::time::timeout(PATIENCE, query).await {
            return answer.map_err(failed);
        }
        // Whatever it does, the next query takes another connection.
        self.client.lock().await.take();
        Err(away("the server does not answer"))
    }

    pub(super) async fn client(&self) -> Result<Arc<Client>, StoreError> {
        let mut known = self.client.lock().await;
        if let Some(client) = known.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let (client, connection) = self.config.connect(NoTls).await.map_err(failed)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "the connection to PostgreSQL is lost");
            }
        });
        let client = Arc::new(client);
        *known = Some(Arc::clone(&client));
        Ok(client)
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
