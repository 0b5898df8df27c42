//! `cargo xtask bench reads`: clients side by side against one local portal.
//!
//! Builds the command and the bench (`benches/reads`, no member of the workspace) and installs the
//! clients of others; the bench does the rest.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::peers::Peers;
use crate::process::{cargo, run, target_directory};

/// Runs the bench with these options.
pub(crate) fn reads(root: &Path, options: &[&str]) -> Result<()> {
    let target = target_directory(root)?;
    let peers = Peers::install(root, &target)?;
    run(&mut cargo(
        root,
        &["build", "--release", "--package", "b24-cli"],
    ))?;
    let bench = root.join("benches/reads");
    let mut build = cargo(&bench, &["build", "--release", "--target-dir"]);
    run(build.arg(&target))?;
    run(Command::new(target.join("release/b24-bench-reads"))
        .arg("run")
        .arg("--root")
        .arg(root)
        .arg("--b24")
        .arg(target.join("release/b24"))
        .arg("--peers")
        .arg(&peers.folder)
        .arg("--out")
        .arg(target.join("bench"))
        .args(options))
}
