//! What both databases do alike.

use std::time::Duration;

use b24::store::{Spent, StoreError, StoreFault};

/// The version of the tables that this program makes and reads.
pub(crate) const SCHEMA: i64 = 3;

/// Whether tables of `version` can be read; what is older is migrated.
pub(crate) fn check_version(store: &str, version: i64) -> Result<(), StoreError> {
    if version > SCHEMA {
        return Err(StoreError::new(
            StoreFault::Newer,
            format!(
                "{store} was made by a newer version of this program (tables {version}, known are {SCHEMA}): update it"
            ),
        ));
    }
    Ok(())
}

/// Seconds that a row may lie ahead of the clock that a statement has read: it may have waited for the write of another
/// one, which had read it later. What lies further ahead was written before the clock was set back.
pub(crate) const AHEAD: f64 = 30.0;

/// Operating time as a list of `[method, seconds, frees_in, told_at]`.
pub(crate) fn spent(text: &str) -> Vec<Spent> {
    let rows: Vec<(String, f64, f64, f64)> = serde_json::from_str(text).unwrap_or_default();
    let spent = |(method, seconds, frees_in, told_at)| Spent {
        method,
        seconds,
        frees_in,
        told_at,
    };
    rows.into_iter().map(spent).collect()
}

/// Seconds until a place; one that has passed is free at once.
pub(crate) fn wait(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}
