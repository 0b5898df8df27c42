//! Tokens in PostgreSQL.

use std::time::Duration;

use b24::BoxFuture;
use b24::store::{Loaded, Record, Row, StoreError, StoreFault, TokenKey, TokenStore};
use tokio_postgres::types::Type;

use super::PostgresStore;
use crate::keys::Sealed;

impl TokenStore for PostgresStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(async move {
            let keys = self.keys()?;
            let text = "
                SELECT extract(epoch FROM clock_timestamp())::float8, key, sealed, version
                FROM (VALUES (1)) AS one LEFT JOIN b24_tokens ON client_id = $1 AND member_id = $2";
            let values = [
                (&key.client_id as _, Type::TEXT),
                (&key.member_id as _, Type::TEXT),
            ];
            let rows = self.0.tokens.query(text, &values).await?;
            let found = rows.first().ok_or_else(|| {
                StoreError::new(StoreFault::Other, "PostgreSQL answered with no row")
            })?;
            let row = match found.get::<_, Option<String>>(1) {
                Some(id) => {
                    let sealed = Sealed {
                        key: id,
                        bytes: found.get(2),
                    };
                    Some(Row {
                        record: Record::from_bytes(keys.open(key, &sealed)?),
                        version: found.get::<_, i64>(3) as u64,
                    })
                }
                None => None,
            };
            Ok(Loaded {
                row,
                now: Duration::try_from_secs_f64(found.get(0)).unwrap_or_default(),
            })
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let sealed = self.keys()?.seal(key, record.expose())?;
            self.write(key, expected, &sealed).await
        })
    }

    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let text = "DELETE FROM b24_tokens
                WHERE client_id = $1 AND member_id = $2 AND version = $3 RETURNING 1";
            let expected = expected as i64;
            let values = [
                (&key.client_id as _, Type::TEXT),
                (&key.member_id as _, Type::TEXT),
                (&expected as _, Type::INT8),
            ];
            Ok(!self.0.tokens.query(text, &values).await?.is_empty())
        })
    }

    fn members<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        Box::pin(async move {
            let text = "SELECT member_id FROM b24_tokens WHERE client_id = $1 ORDER BY member_id COLLATE \"C\"";
            let values = [(&client_id as _, Type::TEXT)];
            let rows = self.0.tokens.query(text, &values).await?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        })
    }
}
