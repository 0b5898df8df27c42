//! The store of tokens of this user, and the key that seals it.
//!
//! The file is `b24.db` among what the command keeps; every process of `b24` that refreshes does so under a lease in it.
//! The key lies elsewhere, beside the profiles: a copy of one of the two gives no token away.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use b24::store::{StoreError, StoreFault, TokenKey};
use b24_store::{KEY_FILE_VARIABLE, KEY_VARIABLE, Keys, SqliteStore};

use super::config::Files;
use super::state::state_directory;
use crate::failure::{Failure, Kind, from_store, quoted};

/// Opens the store, or makes it and its key. The profile is for messages.
pub(super) async fn open(files: &Files, profile: Option<&str>) -> Result<SqliteStore> {
    let path = file()?;
    let Some(keys) = keys(files, profile)? else {
        return first(&path, &files.store_key(), profile).await;
    };
    let store = SqliteStore::open_with(&path, keys).await;
    Ok(store.map_err(|error| from_store(&error, profile))?)
}

/// A store that is there already, and its keys; `None`: there is none, and none is made.
pub(crate) async fn existing(files: &Files) -> Result<Option<(SqliteStore, Keys)>> {
    let path = file()?;
    if !path.exists() {
        return Ok(None);
    }
    let Some(keys) = keys(files, None)? else {
        return Err(from_store(&no_key(&path, &files.store_key()), None).into());
    };
    let store = SqliteStore::open_with(&path, keys.clone()).await;
    let store = store.map_err(|error| from_store(&error, None))?;
    Ok(Some((store, keys)))
}

/// The keys that the environment or the file beside the profiles has; `None`: nobody has said where one is, and there is
/// no file.
fn keys(files: &Files, profile: Option<&str>) -> Result<Option<Keys>, Failure> {
    let keys = match key_file(files) {
        Some(file) if !is_told() => {
            if !file.exists() {
                return Ok(None);
            }
            Keys::from_file(file)
        }
        _ => Keys::from_env(),
    };
    keys.map(Some).map_err(|error| {
        let failure = from_store(&error, profile);
        let Some(file) = key_file(files) else {
            return failure;
        };
        let shown = quoted(&file.display().to_string());
        match error.fault() {
            StoreFault::KeyExposed => failure.hint(format!("chmod 600 {shown}")),
            StoreFault::KeyMissing if !file.exists() => failure.hint(format!(
                "if there was none yet: (umask 077; openssl rand -base64 32 > {shown})"
            )),
            _ => failure,
        }
    })
}

/// The file with the keys; `None`: they are in a variable.
pub(crate) fn key_file(files: &Files) -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if set(KEY_VARIABLE).is_some() {
        return None;
    }
    Some(set(KEY_FILE_VARIABLE).map_or_else(|| files.store_key(), PathBuf::from))
}

/// Forgets the tokens of an application on a portal; whether there were any. No key is needed for it.
pub(crate) async fn erase(client_id: &str, member_id: &str) -> Result<bool, StoreError> {
    // One that cannot be looked for may be there.
    if file().is_ok_and(|path| matches!(path.try_exists(), Ok(false))) {
        return Ok(false);
    }
    let key = TokenKey {
        client_id: client_id.to_owned(),
        member_id: member_id.to_owned(),
    };
    without_key().await?.erase(&key).await
}

/// Opens the store for what needs no key.
pub(super) async fn without_key() -> Result<SqliteStore, StoreError> {
    let path = file().map_err(|failure| StoreError::new(StoreFault::Other, failure.to_string()))?;
    SqliteStore::open_for_budgets(path).await
}

/// Where the store is.
pub(crate) fn file() -> Result<PathBuf, Failure> {
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
        Ok(store) if keep(file, &text)? => return Ok(store),
        // Another process was first: its key is in the file before it seals anything.
        Ok(_) => {}
        Err(error) if error.fault() == StoreFault::KeyWrong && file.exists() => {}
        Err(error) if error.fault() == StoreFault::KeyWrong => {
            return Err(from_store(&no_key(path, file), profile).into());
        }
        Err(error) => return Err(from_store(&error, profile).into()),
    }
    let keys = Keys::from_file(file).map_err(|error| from_store(&error, profile))?;
    let store = SqliteStore::open_with(path, keys).await;
    Ok(store.map_err(|error| from_store(&error, profile))?)
}

fn no_key(path: &Path, file: &Path) -> StoreError {
    let text = format!(
        "the key of {} is missing: there is no {}",
        path.display(),
        file.display()
    );
    StoreError::new(StoreFault::KeyMissing, text)
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

#[cfg(test)]
mod tests {
    use super::*;
    use b24::store::{Record, TokenKey, TokenStore};

    /// Looked for, the file was not there; meanwhile another process has made it, and has sealed tokens.
    #[tokio::test]
    async fn a_key_that_another_process_has_just_made_is_used() {
        let home = b24_seen::folder();
        let (path, file) = (home.path().join("b24.db"), home.path().join("store.key"));
        let row = TokenKey {
            client_id: "local.1".to_owned(),
            member_id: "m".to_owned(),
        };
        let theirs = first(&path, &file, None).await.unwrap();
        let record = Record::from_bytes(*b"tokens");
        assert!(theirs.swap(&row, 0, &record).await.unwrap());
        let ours = first(&path, &file, None).await.unwrap();
        let loaded = ours.load(&row).await.unwrap();
        assert_eq!(loaded.row.unwrap().record.expose(), b"tokens");
        // Without the file it is another matter: what is sealed must not be lost for a new key.
        fs::remove_file(&file).unwrap();
        let error = first(&path, &file, None).await.unwrap_err();
        assert!(error.to_string().contains("is missing"), "{error}");
    }
}
