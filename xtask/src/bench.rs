//! `cargo xtask bench reads` and `bench writes`: clients side by side against one local portal. `bench oauth`: what is
//! promised of applications. `bench proxy`: what a call takes longer through `b24 proxy`.
//!
//! The first two build the command and the bench (`benches/clients`, no member of the workspace) and install the
//! clients of others; the bench does the rest.

mod oauth;

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::peers::Peers;
use crate::process::{cargo, run, target_directory};

pub(crate) use oauth::prove as oauth;

/// The bench of reads.
pub(crate) fn reads(root: &Path, options: &[&str]) -> Result<()> {
    if wants_criterion(options) {
        let benches = ["--bench", "call", "--bench", "decode"];
        let arguments = [&["bench", "--package", "b24"], &benches[..]].concat();
        run(&mut cargo(root, &arguments))?;
    }
    bench(root, "run", options)
}

/// The bench of writes.
pub(crate) fn writes(root: &Path, options: &[&str]) -> Result<()> {
    bench(root, "writes", options)
}

/// The bench of the proxy.
pub(crate) fn proxy(root: &Path, options: &[&str]) -> Result<()> {
    let target = target_directory(root)?;
    run(&mut cargo(
        root,
        &["build", "--release", "--package", "b24-cli"],
    ))?;
    let bench = root.join("benches/proxy");
    let mut build = cargo(&bench, &["build", "--release", "--target-dir"]);
    run(build.arg(&target))?;
    run(Command::new(target.join("release/b24-bench-proxy"))
        .arg("--b24")
        .arg(target.join("release/b24"))
        .args(options))
}

fn bench(root: &Path, part: &str, options: &[&str]) -> Result<()> {
    let target = target_directory(root)?;
    let peers = Peers::install(root, &target)?;
    run(&mut cargo(
        root,
        &["build", "--release", "--package", "b24-cli"],
    ))?;
    let bench = root.join("benches/clients");
    let mut build = cargo(&bench, &["build", "--release", "--target-dir"]);
    run(build.arg(&target))?;
    run(Command::new(target.join("release/b24-bench-clients"))
        .arg(part)
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

/// Part 5 is measured by criterion, in the crate that it is about.
fn wants_criterion(options: &[&str]) -> bool {
    let mut only = options.iter().skip_while(|word| **word != "--only").skip(1);
    let is_wanted = only
        .next()
        .is_none_or(|parts| parts.split(',').any(|part| part == "5"));
    is_wanted && !options.contains(&"--quick")
}

#[cfg(test)]
mod tests {
    use super::wants_criterion;

    #[test]
    fn criterion_runs_unless_it_is_left_out() {
        assert!(wants_criterion(&[]));
        assert!(wants_criterion(&["--write", "--only", "1,5"]));
        assert!(!wants_criterion(&["--only", "1,2"]));
        assert!(!wants_criterion(&["--quick"]));
    }
}
