//! Budgets in SQLite.
//!
//! `next` is the moment at which a bucket of one would take the next request. A bucket of `burst` takes it `burst`
//! steps before that. `taken_at` is when it was written: if that lies ahead, the clock was set back by as much.

use b24::BoxFuture;
use b24::store::{Answer, Ask, SharedBudget, Spent, StoreError};
use rusqlite::{OptionalExtension, params};

use super::SqliteStore;
use crate::wire::{self, AHEAD};

const RESERVE: &str = "
    INSERT INTO places (portal, next, taken_at) VALUES (?1, unixepoch('subsec') + ?2, unixepoch('subsec'))
    ON CONFLICT (portal) DO UPDATE SET taken_at = excluded.taken_at, next = ?2 + max(excluded.taken_at,
            next - iif(taken_at > excluded.taken_at + ?6, taken_at - excluded.taken_at, 0))
        WHERE ?2 - ?3 + max(excluded.taken_at,
            next - iif(taken_at > excluded.taken_at + ?6, taken_at - excluded.taken_at, 0)) <= excluded.taken_at + ?4
    RETURNING next - ?3 - taken_at, (
        SELECT json_group_array(json_array(method, seconds, frees_at - unixepoch('subsec'), told_at))
        FROM spent WHERE spent.portal = ?1 AND credential = ?5
            AND frees_at > unixepoch('subsec') AND frees_at <= unixepoch('subsec') + 600 + ?6)";

const SOONEST: &str = "
    SELECT ?2 - ?3 - now + max(now, next - iif(taken_at > now + ?4, taken_at - now, 0))
    FROM places, (SELECT unixepoch('subsec') AS now) WHERE portal = ?1";

const REFUSED: &str = "
    INSERT INTO places (portal, next, taken_at) VALUES (?1, unixepoch('subsec') + ?2, unixepoch('subsec'))
    ON CONFLICT (portal) DO UPDATE SET taken_at = excluded.taken_at, next = max(excluded.next,
            next - iif(taken_at > excluded.taken_at + ?3, taken_at - excluded.taken_at, 0))";

const SPENT: &str = "
    INSERT INTO spent (portal, credential, method, seconds, frees_at, told_at)
    VALUES (?1, ?2, ?3, ?4, unixepoch('subsec') + ?5, ?6)
    ON CONFLICT DO UPDATE SET seconds = excluded.seconds, frees_at = excluded.frees_at, told_at = excluded.told_at
        WHERE excluded.told_at > told_at";

impl SharedBudget for SqliteStore {
    fn reserve<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Answer, StoreError>> {
        let own = ask.clone();
        Box::pin(async move {
            let answer = self.budget.run(move |connection| {
                let (step, burst) = (1.0 / own.rate, own.burst / own.rate);
                // More than any clock holds, for SQLite.
                let within = own.within.as_secs_f64().min(1e9);
                let reserved = connection
                    .prepare_cached(RESERVE)?
                    .query_row(
                        params![own.portal, step, burst, within, own.credential, AHEAD],
                        |row| Ok((row.get::<_, f64>(0)?, row.get::<_, String>(1)?)),
                    )
                    .optional()?;
                if let Some((wait, spent)) = reserved {
                    return Ok(Answer::Reserved {
                        wait: wire::wait(wait),
                        spent: wire::spent(&spent),
                    });
                }
                let wait = connection
                    .prepare_cached(SOONEST)?
                    .query_row(params![own.portal, step, burst, AHEAD], |row| row.get(0))?;
                Ok(Answer::TooLate {
                    wait: wire::wait(wait),
                })
            });
            answer.await.map_err(|error| self.name(&error))
        })
    }

    fn refused<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<(), StoreError>> {
        let own = ask.clone();
        Box::pin(async move {
            let filled = self.budget.run(move |connection| {
                let values = params![own.portal, own.burst / own.rate, AHEAD];
                connection
                    .prepare_cached(REFUSED)?
                    .execute(values)
                    .map(drop)
            });
            filled.await.map_err(|error| self.name(&error))
        })
    }

    fn spent<'a>(
        &'a self,
        portal: &'a str,
        credential: &'a str,
        spent: &'a Spent,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (portal, credential, spent) = (portal.to_owned(), credential.to_owned(), spent.clone());
        Box::pin(async move {
            let kept = self.budget.run(move |connection| {
                let values = params![
                    portal,
                    credential,
                    spent.method,
                    spent.seconds,
                    spent.frees_in,
                    spent.told_at
                ];
                connection.prepare_cached(SPENT)?.execute(values).map(drop)
            });
            kept.await.map_err(|error| self.name(&error))
        })
    }
}
