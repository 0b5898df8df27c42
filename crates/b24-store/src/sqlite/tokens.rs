//! Tokens in SQLite.

use std::time::Duration;

use b24::BoxFuture;
use b24::store::{Loaded, Record, Row, StoreError, TokenKey, TokenStore};
use rusqlite::{OptionalExtension, params};

use super::SqliteStore;
use crate::keys::Sealed;

impl SqliteStore {
    async fn read(&self, key: &TokenKey) -> Result<Loaded, StoreError> {
        let keys = self.keys()?;
        let wanted = key.clone();
        let (found, now) = self
            .tokens
            .run(move |connection| {
                let text = "SELECT key, sealed, version FROM tokens WHERE client_id = ?1 AND member_id = ?2";
                let mut statement = connection.prepare_cached(text)?;
                let found = statement
                    .query_row(params![wanted.client_id, wanted.member_id], |row| {
                        let sealed = Sealed {
                            key: row.get(0)?,
                            bytes: row.get(1)?,
                        };
                        Ok((sealed, row.get::<_, i64>(2)? as u64))
                    })
                    .optional()?;
                let now: f64 =
                    connection.query_row("SELECT unixepoch('subsec')", [], |row| row.get(0))?;
                Ok((found, now))
            })
            .await?;
        let row = match found {
            Some((sealed, version)) => Some(Row {
                record: Record::from_bytes(keys.open(key, &sealed)?),
                version,
            }),
            None => None,
        };
        Ok(Loaded {
            row,
            now: Duration::try_from_secs_f64(now).unwrap_or_default(),
        })
    }

    pub(super) async fn write(
        &self,
        key: &TokenKey,
        expected: u64,
        sealed: Sealed,
    ) -> Result<bool, StoreError> {
        let key = key.clone();
        self.tokens
            .run(move |connection| {
                let text = if expected == 0 {
                    "INSERT INTO tokens (client_id, member_id, key, sealed, version) VALUES (?1, ?2, ?3, ?4, ?5 + 1)
                     ON CONFLICT DO NOTHING"
                } else {
                    "UPDATE tokens SET key = ?3, sealed = ?4, version = version + 1
                     WHERE client_id = ?1 AND member_id = ?2 AND version = ?5"
                };
                let changed = connection.prepare_cached(text)?.execute(params![
                    key.client_id,
                    key.member_id,
                    sealed.key,
                    sealed.bytes,
                    expected as i64
                ])?;
                Ok(changed == 1)
            })
            .await
    }
}

impl TokenStore for SqliteStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(async move { self.read(key).await.map_err(|error| self.name(&error)) })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let sealed = self.keys()?.seal(key, record.expose())?;
            let written = self.write(key, expected, sealed).await;
            written.map_err(|error| self.name(&error))
        })
    }

    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let own = key.clone();
        Box::pin(async move {
            let removed = self.tokens.run(move |connection| {
                let text =
                    "DELETE FROM tokens WHERE client_id = ?1 AND member_id = ?2 AND version = ?3";
                let values = params![own.client_id, own.member_id, expected as i64];
                Ok(connection.prepare_cached(text)?.execute(values)? == 1)
            });
            removed.await.map_err(|error| self.name(&error))
        })
    }

    fn members<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        let client_id = client_id.to_owned();
        Box::pin(async move {
            let members = self.tokens.run(move |connection| {
                let text = "SELECT member_id FROM tokens WHERE client_id = ?1 ORDER BY member_id";
                let mut statement = connection.prepare_cached(text)?;
                let members = statement.query_map([client_id], |row| row.get(0))?;
                members.collect()
            });
            members.await.map_err(|error| self.name(&error))
        })
    }
}
