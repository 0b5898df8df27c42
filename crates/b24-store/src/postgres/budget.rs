//! Budgets in PostgreSQL. For `next` and `taken_at` see the SQLite store: the tables mean the same.

use b24::BoxFuture;
use b24::store::{Answer, Ask, SharedBudget, Spent, StoreError};
use tokio_postgres::types::Type;

use super::PostgresStore;
use crate::wire::{self, AHEAD};

const RESERVE: &str = "
    WITH clock AS MATERIALIZED (SELECT extract(epoch FROM clock_timestamp())::float8 AS now)
    INSERT INTO b24_places AS place (portal, next, taken_at) SELECT $1, now + $2, now FROM clock
    ON CONFLICT (portal) DO UPDATE SET taken_at = excluded.taken_at, next = $2 + greatest(excluded.taken_at,
            place.next - CASE WHEN place.taken_at > excluded.taken_at + $6
                THEN place.taken_at - excluded.taken_at ELSE 0 END)
        WHERE $2 - $3 + greatest(excluded.taken_at,
            place.next - CASE WHEN place.taken_at > excluded.taken_at + $6
                THEN place.taken_at - excluded.taken_at ELSE 0 END) <= excluded.taken_at + $4
    RETURNING next - $3 - taken_at, (
        SELECT coalesce(json_agg(json_build_array(method, seconds, frees_at - now, told_at)), '[]')::text
        FROM b24_spent, clock
        WHERE b24_spent.portal = $1 AND credential = $5 AND frees_at > now AND frees_at <= now + 600 + $6)";

const SOONEST: &str = "
    SELECT $2 - $3 - now + greatest(now, next - CASE WHEN taken_at > now + $4 THEN taken_at - now ELSE 0 END)
    FROM b24_places, (SELECT extract(epoch FROM clock_timestamp())::float8 AS now) AS clock WHERE portal = $1";

const REFUSED: &str = "
    WITH clock AS MATERIALIZED (SELECT extract(epoch FROM clock_timestamp())::float8 AS now)
    INSERT INTO b24_places AS place (portal, next, taken_at) SELECT $1, now + $2, now FROM clock
    ON CONFLICT (portal) DO UPDATE SET taken_at = excluded.taken_at, next = greatest(excluded.next,
            place.next - CASE WHEN place.taken_at > excluded.taken_at + $3
                THEN place.taken_at - excluded.taken_at ELSE 0 END)";

const SPENT: &str = "
    INSERT INTO b24_spent AS spent (portal, credential, method, seconds, frees_at, told_at)
    SELECT $1, $2, $3, $4, extract(epoch FROM clock_timestamp())::float8 + $5, $6
    ON CONFLICT (portal, credential, method) DO UPDATE
        SET seconds = excluded.seconds, frees_at = excluded.frees_at, told_at = excluded.told_at
        WHERE excluded.told_at > spent.told_at";

impl SharedBudget for PostgresStore {
    fn reserve<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Answer, StoreError>> {
        Box::pin(async move {
            let (step, burst) = (1.0 / ask.rate, ask.burst / ask.rate);
            let within = ask.within.as_secs_f64().min(1e9);
            let values = [
                (&ask.portal as _, Type::TEXT),
                (&step as _, Type::FLOAT8),
                (&burst as _, Type::FLOAT8),
                (&within as _, Type::FLOAT8),
                (&ask.credential as _, Type::TEXT),
                (&AHEAD as _, Type::FLOAT8),
            ];
            let rows = self.0.budget.query(RESERVE, &values).await?;
            if let Some(row) = rows.first() {
                return Ok(Answer::Reserved {
                    wait: wire::wait(row.get(0)),
                    spent: wire::spent(row.get(1)),
                });
            }
            let values = [&values[..3], &values[5..]].concat();
            let rows = self.0.budget.query(SOONEST, &values).await?;
            let wait = rows.first().map_or(0.0, |row| row.get(0));
            Ok(Answer::TooLate {
                wait: wire::wait(wait),
            })
        })
    }

    fn refused<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let full = ask.burst / ask.rate;
            let values = [
                (&ask.portal as _, Type::TEXT),
                (&full as _, Type::FLOAT8),
                (&AHEAD as _, Type::FLOAT8),
            ];
            self.0.budget.query(REFUSED, &values).await.map(drop)
        })
    }

    fn spent<'a>(
        &'a self,
        portal: &'a str,
        credential: &'a str,
        spent: &'a Spent,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let values = [
                (&portal as _, Type::TEXT),
                (&credential as _, Type::TEXT),
                (&spent.method as _, Type::TEXT),
                (&spent.seconds as _, Type::FLOAT8),
                (&spent.frees_in as _, Type::FLOAT8),
                (&spent.told_at as _, Type::FLOAT8),
            ];
            self.0.budget.query(SPENT, &values).await.map(drop)
        })
    }
}
