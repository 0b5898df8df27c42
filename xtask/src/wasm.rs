//! The check that the crate `b24` compiles for browsers.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{cargo, output, run, target_directory};

const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler for the web, and the source of its standard library.
const PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library/Cargo.toml";

/// Checks `b24` for wasm, in a target directory of its own that leaves the main build alone.
pub(crate) fn check(root: &Path) -> Result<()> {
    let folder = target_directory(root)?.join("wasm");
    let mut command = cargo(
        root,
        &["check", "--package", "b24", "--lib", "--target", TARGET],
    );
    command
        .arg("--target-dir")
        .arg(folder)
        .env("RUSTFLAGS", "-D warnings");
    if !toolchain_has_target()? {
        install_missing_packages()?;
        command
            .args(["-Z", "build-std=std,panic_abort"])
            .env("RUSTC", DEBIAN_RUSTC)
            .env("RUSTC_BOOTSTRAP", "1");
    }
    run(&mut command)
}

/// Whether the toolchain in use has the standard library for wasm.
fn toolchain_has_target() -> Result<bool> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(TARGET)
        .join("lib");
    Ok(library.is_dir())
}

fn install_missing_packages() -> Result<()> {
    let missing = PACKAGES
        .into_iter()
        .filter(|package| !is_installed(package))
        .collect::<Vec<_>>();
    if missing.is_empty() && Path::new(DEBIAN_LIBRARY).exists() {
        return Ok(());
    }
    let names = PACKAGES.join(" ");
    let remedy = format!(
        "the toolchain cannot build for {TARGET}: run `rustup target add {TARGET}`, \
         or on Debian as root `apt-get install {names}`"
    );
    if !Path::new("/etc/debian_version").exists() || !is_root() {
        bail!(remedy);
    }
    eprintln!("installing Debian packages: {names}");
    run(Command::new("apt-get").args(["update", "--quiet"])).context(remedy.clone())?;
    let mut install = Command::new("apt-get");
    install
        .args(["install", "--quiet", "--yes", "--no-install-recommends"])
        .args(PACKAGES)
        .env("DEBIAN_FRONTEND", "noninteractive");
    run(&mut install).context(remedy)
}

fn is_installed(package: &str) -> bool {
    let query = ["--show", "--showformat=${db:Status-Status}", package];
    output(Command::new("dpkg-query").args(query)).is_ok_and(|status| status == "installed")
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
