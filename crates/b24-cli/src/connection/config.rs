//! The configuration files: `config.toml` of the user and `b24.toml` of a project. No secrets.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use etcetera::BaseStrategy;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml_edit::DocumentMut;

use super::private::{self, Turn};
use crate::failure::Failure;
use crate::labels::Labelling;
use crate::session::Mode;

/// The user's own file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The profile when nothing else names one.
    pub(crate) default_profile: Option<String>,
    /// What is known of each portal.
    #[serde(default)]
    pub(crate) profile: BTreeMap<String, Profile>,
}

/// One portal of the user's.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// Its host.
    pub(crate) portal: Option<String>,
    /// What may be done there.
    #[serde(default)]
    pub(crate) mode: Mode,
    /// As `--limits`.
    pub(crate) limits: Option<String>,
    /// As `--share`.
    pub(crate) share: Option<String>,
    /// As `--shared-budget`.
    #[serde(default)]
    pub(crate) shared_budget: bool,
    /// As `--operating-limit`.
    pub(crate) operating_limit: Option<String>,
    /// The plan, as the portal told it at `auth login`; it settles `limits = "auto"`.
    pub(crate) licence: Option<String>,
    /// The application it connects by; absent: a webhook.
    pub(crate) client_id: Option<String>,
    /// The portal of that application, under the name that stays.
    pub(crate) member_id: Option<String>,
    /// The address on the application's card, if it is not the usual one.
    pub(crate) callback: Option<String>,
}

/// The file of a project, which may be committed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Project {
    /// The profile of the project.
    pub(crate) profile: Option<String>,
    /// What `export` takes when flags say nothing, by entity.
    #[serde(default)]
    pub(crate) export: BTreeMap<String, ExportDefaults>,
}

/// What a project wants exported.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportDefaults {
    /// As `--select`.
    pub(crate) select: Option<Vec<String>>,
    /// As `--labels`.
    pub(crate) labels: Option<WithLabels>,
}

/// `labels = true`, or `labels = "both"`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(crate) enum WithLabels {
    Plain(bool),
    Named(Labelling),
}

impl WithLabels {
    /// What is put in place of codes.
    pub(crate) fn labelling(self) -> Option<Labelling> {
        match self {
            Self::Plain(on) => on.then_some(Labelling::Text),
            Self::Named(labelling) => Some(labelling),
        }
    }
}

/// Where the files of the user are.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    /// `config.toml`.
    pub(crate) config: PathBuf,
}

impl Files {
    /// `--config` or `B24_CONFIG`, else the place the platform has for it.
    pub(crate) fn locate(config: Option<&Path>) -> Result<Self> {
        if let Some(config) = config {
            return Ok(Self {
                config: config.to_owned(),
            });
        }
        let base = etcetera::choose_base_strategy().map_err(|_| {
            Failure::local("no home directory: HOME is not set").hint("--config FILE, or set HOME")
        })?;
        Ok(Self {
            config: base.config_dir().join("b24").join("config.toml"),
        })
    }

    /// `credentials.toml`, beside the configuration.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.config.with_file_name("credentials.toml")
    }

    /// `store.key`, beside the configuration: what seals the tokens, unless the environment names another.
    pub(crate) fn store_key(&self) -> PathBuf {
        self.config.with_file_name("store.key")
    }

    /// Reads the user's configuration; a missing file is an empty one.
    pub(crate) fn read(&self) -> Result<Config> {
        Ok(read_toml(&self.config)?.unwrap_or_default())
    }

    /// Waits until this process may change the files of profiles: this one and the secrets.
    pub(crate) fn turn(&self) -> Result<Turn, Failure> {
        private::turn(&self.config)
    }

    /// Notes a portal under a name, and what of it is known; the first becomes the default.
    pub(crate) fn add_profile(&self, turn: &Turn, name: &str, known: &Profile) -> Result<()> {
        self.edit(turn, |document| {
            let profiles = table(document, "profile");
            let profile = profiles.entry(name).or_insert_with(toml_edit::table);
            if let Some(licence) = &known.licence {
                profile["licence"] = toml_edit::value(licence);
            }
            for (key, value) in [
                ("portal", &known.portal),
                ("client_id", &known.client_id),
                ("member_id", &known.member_id),
                ("callback", &known.callback),
            ] {
                if let Some(value) = value {
                    profile[key] = toml_edit::value(value);
                } else if let Some(profile) = profile.as_table_like_mut() {
                    profile.remove(key);
                }
            }
            if document.get("default_profile").is_none() {
                document["default_profile"] = toml_edit::value(name);
            }
        })
    }

    /// Makes a profile the default.
    pub(crate) fn set_default(&self, turn: &Turn, name: &str) -> Result<()> {
        self.edit(turn, |document| {
            document["default_profile"] = toml_edit::value(name);
        })
    }

    /// Forgets a profile.
    pub(crate) fn remove_profile(&self, turn: &Turn, name: &str) -> Result<()> {
        self.edit(turn, |document| {
            table(document, "profile").remove(name);
            if document
                .get("default_profile")
                .and_then(toml_edit::Item::as_str)
                == Some(name)
            {
                document.remove("default_profile");
            }
        })
    }

    fn edit(&self, turn: &Turn, change: impl FnOnce(&mut DocumentMut)) -> Result<()> {
        private::edit(&self.config, private::Access::Anyone, turn, change)
    }
}

/// The table of this name, made when it is not there.
pub(super) fn table<'a>(document: &'a mut DocumentMut, name: &str) -> &'a mut toml_edit::Table {
    let item = document.entry(name).or_insert_with(|| {
        let mut table = toml_edit::Table::new();
        table.set_implicit(true);
        toml_edit::Item::Table(table)
    });
    if !item.is_table() {
        *item = toml_edit::table();
    }
    #[expect(clippy::expect_used, reason = "made a table just above")]
    item.as_table_mut().expect("a table")
}

/// The project file of this directory or the nearest one above it.
pub(crate) fn project() -> Result<Option<(PathBuf, Project)>> {
    let Ok(here) = env::current_dir() else {
        return Ok(None);
    };
    for directory in here.ancestors() {
        let path = directory.join("b24.toml");
        if let Some(project) = read_toml(&path)? {
            return Ok(Some((path, project)));
        }
    }
    Ok(None)
}

/// Reads a TOML file; `None` when there is none.
pub(super) fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if absent(&error) => return Ok(None),
        Err(error) => return Err(Failure::local(format!("{}: {error}", path.display())).into()),
    };
    match toml_edit::de::from_str(&text) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(wrong(path, &text, &error).into()),
    }
}

fn absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Names the line, never its text: it may hold a secret.
fn wrong(path: &Path, text: &str, error: &toml_edit::de::Error) -> Failure {
    let line = error.span().map_or(1, |span| {
        1 + text[..span.start.min(text.len())].matches('\n').count()
    });
    let message = error.message().lines().next().unwrap_or_default();
    Failure::usage(format!("{}, line {line}: {message}", path.display())).state("nothing was sent")
}
