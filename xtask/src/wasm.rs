//! The check that the crate `b24` compiles for browsers.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::debian::{install, is_installed};
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
    if PACKAGES.iter().all(|package| is_installed(package)) && Path::new(DEBIAN_LIBRARY).exists() {
        return Ok(());
    }
    let remedy = format!(
        "the toolchain cannot build for {TARGET}: run `rustup target add {TARGET}`, \
         or on Debian as root `apt-get install {}`",
        PACKAGES.join(" ")
    );
    install(&PACKAGES, &remedy)
}
