//! Tasks of the repository: `cargo xtask help`.
#![expect(clippy::print_stderr, reason = "a task tells the terminal what it does")]

mod codegen;

use std::path::{Path, PathBuf};

fn main() -> anyhow::Result<()> { codegen::run(&root(), std::env::args().any(|a| a == "--check")) }
/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}
