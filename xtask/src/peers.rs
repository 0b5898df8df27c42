//! Clients of others, installed from npm and PyPI in the versions that `compat/` pins.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::run;

/// Where they are installed.
#[derive(Debug)]
pub(crate) struct Peers {
    /// Has `node_modules` and `venv`.
    pub(crate) folder: PathBuf,
}

impl Peers {
    /// Installs the pinned clients below the target directory, unless they are there already.
    pub(crate) fn install(root: &Path, target: &Path) -> Result<Self> {
        let peers = Self {
            folder: target.join("compat"),
        };
        let pins = root.join("compat");
        fs::create_dir_all(&peers.folder)
            .with_context(|| format!("cannot make {}", peers.folder.display()))?;
        let npm = ["package.json", "package-lock.json"];
        peers.install_once(&pins, &npm, "node_modules", |peers| {
            let arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
            run(Command::new("npm")
                .args(arguments)
                .current_dir(&peers.folder))
        })?;
        peers.install_once(&pins, &["requirements.txt"], "venv", |peers| {
            let venv = peers.folder.join("venv");
            run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
            let arguments = ["-m", "pip", "install", "--quiet", "--requirement"];
            let requirements = peers.folder.join("requirements.txt");
            run(Command::new(peers.python())
                .args(arguments)
                .arg(requirements))
        })?;
        Ok(peers)
    }

    pub(crate) fn python(&self) -> PathBuf {
        self.folder.join("venv/bin/python")
    }

    /// Runs `install` if the files of `pins` changed since it last succeeded; the copies of the
    /// files in the folder tell.
    fn install_once(
        &self,
        pins: &Path,
        files: &[&str],
        made: &str,
        install: impl Fn(&Self) -> Result<()>,
    ) -> Result<()> {
        let same = |name: &&str| {
            let pinned = fs::read(pins.join(name));
            pinned
                .is_ok_and(|pinned| fs::read(self.folder.join(name)).is_ok_and(|old| old == pinned))
        };
        let finished = self.folder.join(format!("{made}.installed"));
        if finished.exists() && files.iter().all(same) {
            return Ok(());
        }
        fs::remove_file(&finished).or_else(ignore_missing)?;
        for name in files {
            fs::copy(pins.join(name), self.folder.join(name))
                .with_context(|| format!("cannot copy compat/{name}"))?;
        }
        install(self)?;
        fs::write(&finished, "").with_context(|| format!("cannot write {}", finished.display()))
    }
}

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound {
        Ok(())
    } else {
        Err(error)
    }
}
