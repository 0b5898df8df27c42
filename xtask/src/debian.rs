//! Packages of Debian that a step needs and a fresh machine lacks.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{output, run};

/// Installs packages, as root on Debian; elsewhere `remedy` says what to do.
pub(crate) fn install(packages: &[&str], remedy: &str) -> Result<()> {
    if !Path::new("/etc/debian_version").exists() || !is_root() {
        bail!(remedy.to_owned());
    }
    eprintln!("installing Debian packages: {}", packages.join(" "));
    run(Command::new("apt-get").args(["update", "--quiet"])).context(remedy.to_owned())?;
    let mut install = Command::new("apt-get");
    install
        .args(["install", "--quiet", "--yes", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    run(&mut install).context(remedy.to_owned())
}

pub(crate) fn is_installed(package: &str) -> bool {
    let query = ["--show", "--showformat=${db:Status-Status}", package];
    output(Command::new("dpkg-query").args(query)).is_ok_and(|status| status == "installed")
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
