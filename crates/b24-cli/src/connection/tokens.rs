//! The store of tokens of this user, and the key that seals it.
//!
//! The file is `b24.db` among what the command keeps; every process of `b24` that refreshes does so under a lease in it.
//! The key lies elsewhere, beside the profiles: a copy of one of the two gives no token away.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use b24::store::{StoreError, StoreFault};
use b24_store::{KEY_FILE_VARIABLE, KEY_VARIABLE, Keys, SqliteStore};

use super::config::Files;
use super::state::state_directory;
use crate::failure::{Failure, Kind, from_store};

/// Opens the store, or makes it and its key. The profile is for messages.
pub(super) async fn open(files: &Files, profile: Option<&str>) -> Result<SqliteStore> {
    let path = file()?;
    let keys = match Keys::from_env() {
        Ok(keys) => keys,
        Err(error) if error.fault() == StoreFault::KeyMissing && !is_told() => {
            let file = files.store_key();
            if !file.exists() {
                return first(&path, &file, profile).await;
            }
            Keys::from_file(&file).map_err(|error| from_store(&error, profile))?
        }
        Err(error) => return Err(from_store(&error, profile).into()),
    };
    let store = SqliteStore::open_with(&path, keys).await;
    Ok(store.map_err(|error| from_store(&error, profile))?)
}

/// Opens the store for the budgets of portals, which need no key.
pub(super) async fn budgets() -> Result<SqliteStore> {
    let store = SqliteStore::open_for_budgets(file()?).await;
    Ok(store.map_err(|error| from_store(&error, None))?)
}

fn file() -> Result<PathBuf, Failure> {
    Ok(state_directory()?.join("b24.db"))
}

/// Whether the environment says where a key is: then no other is made.
fn is_told() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    set(KEY_VARIABLE) || set(KEY_FILE_VARIABLE)
}

/// Makes a key, if nothing is sealed with another one.
async fn first(path: &Path, file: &Path, profile: Option<&str>) -> Result<SqliteStore> {
    let text = Keys::generate();
    let keys = Keys::parse(&text).map_err(|error| from_store(&error, profile))?;
    match SqliteStore::open_with(path, keys).await {
        Ok(store) if keep(file, &text)? => Ok(store),
        // Another process was first.
        Ok(_) => {
            let keys = Keys::from_file(file).map_err(|error| from_store(&error, profile))?;
            let store = SqliteStore::open_with(path, keys).await;
            Ok(store.map_err(|error| from_store(&error, profile))?)
        }
        Err(error) if error.fault() == StoreFault::KeyWrong => {
            let text = format!(
                "the key of {} is missing: there is no {}",
                path.display(),
                file.display()
            );
            let missing = StoreError::new(StoreFault::KeyMissing, text);
            Err(from_store(&missing, profile).into())
        }
        Err(error) => Err(from_store(&error, profile).into()),
    }
}

/// Writes the key for its owner alone; false if there is one by now.
fn keep(file: &Path, text: &str) -> Result<bool> {
    let failed = |error: std::io::Error| {
        Failure::new(Kind::Local, format!("{}: {error}", file.display())).state("nothing was kept")
    };
    let directory = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(failed)?;
    // Temporary files are their owner's alone.
    let mut written = tempfile::Builder::new()
        .prefix(".b24-")
        .tempfile_in(directory)
        .map_err(failed)?;
    writeln!(written, "{text}").map_err(failed)?;
    written.as_file().sync_all().map_err(failed)?;
    match written.persist_noclobber(file) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(error.error).into()),
    }
}
