//! The tables in PostgreSQL.

use b24::store::StoreError;

use super::connection::{Connection, failed};
use crate::wire::{SCHEMA, check_version};

/// Processes that come at once migrate one after the other: "b24s" as a lock.
const LOCK: i64 = 0x6232_3473;

/// What leads from each version of the tables to the next, the first from none.
const MIGRATIONS: [&str; SCHEMA as usize] = [
    "
    CREATE TABLE b24_tokens (
        client_id text NOT NULL,
        member_id text NOT NULL,
        version   bigint NOT NULL,
        key       text NOT NULL,
        sealed    bytea NOT NULL,
        PRIMARY KEY (client_id, member_id)
    );
    CREATE TABLE b24_places (
        portal text PRIMARY KEY,
        next   double precision NOT NULL
    ) WITH (fillfactor = 50);
    CREATE TABLE b24_spent (
        portal     text NOT NULL,
        credential text NOT NULL,
        method     text NOT NULL,
        seconds    double precision NOT NULL,
        frees_at   double precision NOT NULL,
        told_at    double precision NOT NULL,
        PRIMARY KEY (portal, credential, method)
    );
",
    "ALTER TABLE b24_places ADD COLUMN taken_at double precision NOT NULL DEFAULT 0",
    // The names in it could be turned back into webhooks; nobody looks for them any more.
    "DELETE FROM b24_spent",
];

/// Brings the tables up to date, in one transaction.
pub(super) async fn migrate(connection: &Connection) -> Result<(), StoreError> {
    let version = version(connection).await?;
    check_version("the tables in PostgreSQL", version)?;
    if version == SCHEMA {
        return Ok(());
    }
    connection.patiently(migrate_from_any(connection)).await
}

async fn migrate_from_any(connection: &Connection) -> Result<(), StoreError> {
    let client = connection.session().await?;
    let begin = format!(
        "BEGIN; SELECT pg_advisory_xact_lock({LOCK});
         CREATE TABLE IF NOT EXISTS b24_schema (version bigint NOT NULL)"
    );
    let migrated = async {
        client.batch_execute(&begin).await?;
        let known = client
            .query_opt("SELECT max(version) FROM b24_schema", &[])
            .await?
            .and_then(|row| row.get::<_, Option<i64>>(0))
            .unwrap_or(0);
        for step in MIGRATIONS.iter().skip(known as usize) {
            client.batch_execute(step).await?;
        }
        if known < SCHEMA {
            client
                .execute("INSERT INTO b24_schema VALUES ($1)", &[&SCHEMA])
                .await?;
        }
        client.batch_execute("COMMIT").await
    };
    match migrated.await {
        Ok(()) => Ok(()),
        Err(error) => {
            // The connection is used on.
            let _ = client.batch_execute("ROLLBACK").await;
            Err(failed(error))
        }
    }
}

async fn version(connection: &Connection) -> Result<i64, StoreError> {
    let there = connection
        .query("SELECT to_regclass('b24_schema') IS NOT NULL", &[])
        .await?;
    if !there.first().is_some_and(|row| row.get(0)) {
        return Ok(0);
    }
    let rows = connection
        .query("SELECT coalesce(max(version), 0) FROM b24_schema", &[])
        .await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}
