//! `cargo xtask deny`: licences, advisories and sources by cargo-deny and `deny.toml`.

use std::path::Path;

use anyhow::{Result, bail};

use crate::process::{cargo, output, run};

/// Runs cargo-deny; if it is not installed, says how to get it and fails.
pub(crate) fn check(root: &Path) -> Result<()> {
    if output(&mut cargo(root, &["deny", "--version"])).is_err() {
        bail!("cargo-deny is missing: cargo install --locked cargo-deny");
    }
    run(&mut cargo(root, &["deny", "--all-features", "check"]))
}
