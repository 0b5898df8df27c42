//! Nothing that the bench has started outlives it, however it ends.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;

/// The end of the parent ends this process, and what it becomes.
pub fn tie() -> Result<()> {
    Ok(set_pdeathsig(Signal::SIGKILL)?)
}

/// The part `leashed`: becomes the program.
pub fn turn_into(program: &str, arguments: &[&str]) -> Result<ExitCode> {
    tie()?;
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot run {program}"))
}

/// This program.
pub fn this() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| "b24-bench-clients".into())
}
