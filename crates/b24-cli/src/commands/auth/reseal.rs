//! `b24 auth reseal`: the tokens get another key.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use crate::connection::{self, Files};
use crate::exit::Exit;
use crate::failure::{Failure, Kind, from_store, quoted};
use crate::session::Session;

/// Seals every row with the first of the keys at hand. Stopped in the middle, the same command goes on.
pub(super) async fn reseal(files: &Files, session: &Session) -> Result<Exit> {
    let Some((store, keys)) = connection::existing_store(files).await? else {
        let failure = Failure::usage("there are no tokens yet, so nothing is sealed");
        return Err(failure.hint("b24 auth login --app").into());
    };
    let file = connection::key_file(files);
    let mut ids = keys.ids();
    let key = ids.next().unwrap_or_default();
    let others: Vec<&str> = ids.filter(|id| *id != key).collect();
    if others.is_empty() {
        return Err(no_new_key(key, file.as_deref()).into());
    }
    let failed = |error| from_store(&error, None);
    if session.global.dry_run {
        let stale = store.stale().await.map_err(failed)?;
        let rows = rows(stale);
        let text = format!("{rows} would be sealed with key {key}; nothing was changed\n");
        let plan = json!({ "event": "plan", "rows": stale, "key": key });
        session.printer.report(&plan, text)?;
        return Ok(Exit::Done);
    }
    let resealed = store.reseal().await.map_err(failed)?;
    let left = store.stale().await.map_err(failed)?;
    if left > 0 {
        let failure = Failure::new(
            Kind::Temporary,
            format!(
                "a process that seals with another key than {key} has written meanwhile: {}",
                rows(left)
            ),
        )
        .state(format!("{} sealed anew; each still opens", rows(resealed)))
        .hint("start again what runs on, such as b24 proxy, then: b24 auth reseal");
        return Err(failure.into());
    }
    session.printer.note(format!(
        "nothing is sealed with key {} any more: take it out of {}",
        others.join(", "),
        file.map_or_else(
            || "B24_STORE_KEY".to_owned(),
            |file| file.display().to_string()
        )
    ));
    let text = format!(
        "{} sealed anew; all are sealed with key {key}\n",
        rows(resealed)
    );
    let report = json!({ "resealed": resealed, "key": key, "unused": others });
    session.printer.report(&report, text)?;
    Ok(Exit::Done)
}

/// Everything is sealed with the one key there is; how another is put before it.
fn no_new_key(key: &str, file: Option<&Path>) -> Failure {
    let failure = Failure::usage(format!(
        "there is no other key than {key}, which has sealed everything"
    ))
    .state("nothing was changed");
    match file {
        Some(file) => {
            let (now, next) = (file.display().to_string(), format!("{}.next", file.display()));
            let (now, next) = (quoted(&now), quoted(&next));
            failure.hint(format!(
                "(umask 077; {{ openssl rand -base64 32; cat {now}; }} > {next} && mv {next} {now}) && b24 auth reseal"
            ))
        }
        // A key that was made in a shell and kept nowhere would take the tokens with it.
        None => failure.hint(
            "where B24_STORE_KEY is set, put a new key (openssl rand -base64 32) and a comma before it; then b24 auth reseal",
        ),
    }
}

/// `1 row`, `3 rows`.
fn rows(count: u64) -> String {
    match count {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    }
}
