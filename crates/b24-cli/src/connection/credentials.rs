//! The secrets of the profiles: `credentials.toml`, readable by its owner alone.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::Result;
use serde::Deserialize;

use super::config::{Files, read_toml, table};
use super::private::{self, Access, Turn};
use crate::failure::{Failure, Kind};

/// A text that must not be shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// Wraps what somebody typed or pasted.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What is kept for one profile.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    webhook: Option<Secret>,
    webhook_command: Option<String>,
    client_secret: Option<Secret>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    #[serde(default)]
    profile: BTreeMap<String, Entry>,
}

/// The file of secrets.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
}

impl Store {
    /// The one beside this configuration.
    pub(crate) fn beside(files: &Files) -> Self {
        Self {
            path: files.credentials(),
        }
    }

    /// The profiles that have a secret.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        Ok(self.read()?.profile.into_keys().collect())
    }

    /// The webhook of a profile: kept, or printed by its `webhook_command`.
    pub(crate) async fn webhook(&self, name: &str) -> Result<Option<Secret>> {
        match self.read()?.profile.remove(name) {
            Some(Entry {
                webhook: Some(webhook),
                ..
            }) => Ok(Some(webhook)),
            Some(Entry {
                webhook_command: Some(command),
                ..
            }) => printed_by(name, &command).await.map(Some),
            Some(Entry {
                webhook: None,
                webhook_command: None,
                ..
            })
            | None => Ok(None),
        }
    }

    /// The client secret of a profile's application.
    pub(crate) fn client_secret(&self, name: &str) -> Result<Option<Secret>> {
        let entry = self.read()?.profile.remove(name);
        Ok(entry.and_then(|entry| entry.client_secret))
    }

    /// Keeps a webhook.
    pub(crate) fn keep(&self, turn: &Turn, name: &str, webhook: &Secret) -> Result<()> {
        self.keep_only(turn, name, "webhook", webhook)
    }

    /// Keeps the client secret of an application.
    pub(crate) fn keep_client_secret(
        &self,
        turn: &Turn,
        name: &str,
        secret: &Secret,
    ) -> Result<()> {
        self.keep_only(turn, name, "client_secret", secret)
    }

    /// A profile has one secret: the new one.
    fn keep_only(&self, turn: &Turn, name: &str, key: &str, secret: &Secret) -> Result<()> {
        self.edit(turn, |profiles| {
            let entry = profiles.entry(name).or_insert_with(toml_edit::table);
            if let Some(entry) = entry.as_table_like_mut() {
                for old in ["webhook", "webhook_command", "client_secret"] {
                    if old != key {
                        entry.remove(old);
                    }
                }
            }
            entry[key] = toml_edit::value(secret.expose());
        })
    }

    /// Forgets a secret; false when there was none.
    pub(crate) fn forget(&self, turn: &Turn, name: &str) -> Result<bool> {
        let known = self.read()?.profile.contains_key(name);
        if known {
            self.edit(turn, |profiles| {
                profiles.remove(name);
            })?;
        }
        Ok(known)
    }

    fn read(&self) -> Result<Credentials> {
        private::check(&self.path)?;
        Ok(read_toml(&self.path)?.unwrap_or_default())
    }

    fn edit(&self, turn: &Turn, change: impl FnOnce(&mut toml_edit::Table)) -> Result<()> {
        private::check(&self.path)?;
        private::edit(&self.path, Access::Owner, turn, |document| {
            change(table(document, "profile"));
        })
    }
}

async fn printed_by(profile: &str, command: &str) -> Result<Secret> {
    let (shell, flag) = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    let output = tokio::process::Command::new(shell)
        .args([flag, command])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await;
    let failed = |why: String| {
        Failure::new(
            Kind::Auth,
            format!("webhook_command of profile {profile} {why}"),
        )
        .state("nothing was sent")
    };
    let output = output.map_err(|error| failed(format!("cannot be started: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed ({})", output.status)).into());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => Ok(Secret::new(line)),
        None => Err(failed("printed nothing".into()).into()),
    }
}
