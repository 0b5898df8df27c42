//! One client as a process of its own: how long, how much processor time, how much memory at most.
//!
//! A small process stands between the bench and the client, because the system tells the peak of
//! memory of a process's children only as the highest of all, and a child begins with its parent's.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::leash;
use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeVal;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// What a client cost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cost {
    /// From its start to its end.
    pub wall_seconds: f64,
    /// In user mode and in the kernel.
    pub cpu_seconds: f64,
    /// Resident memory at most.
    pub peak_megabytes: f64,
    /// 0 if it went well; none if a signal ended it.
    pub exit: Option<i32>,
    /// Whether it was killed for taking too long.
    pub timed_out: bool,
}

/// The part `measure`: runs the command and writes its cost to a file.
pub fn run(report: &str, seconds: u64, command: &[&str]) -> Result<ExitCode> {
    leash::tie()?;
    let started = Instant::now();
    let mut child = Command::new(leash::this())
        .arg("leashed")
        .args(command)
        .stdin(Stdio::null())
        .spawn()
        .context("cannot run a client")?;
    let pid = Pid::from_raw(i32::try_from(child.id())?);
    let (ended, end) = mpsc::channel::<()>();
    let guard = std::thread::spawn(move || {
        let late = end.recv_timeout(Duration::from_secs(seconds));
        let timed_out = late == Err(mpsc::RecvTimeoutError::Timeout);
        if timed_out {
            // It may have ended just now.
            let _ = kill(pid, Signal::SIGKILL);
        }
        timed_out
    });
    let status = child.wait()?;
    let wall_seconds = started.elapsed().as_secs_f64();
    drop(ended);
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cost = Cost {
        wall_seconds,
        cpu_seconds: seconds_of(usage.user_time()) + seconds_of(usage.system_time()),
        // Linux counts in kilobytes of 1,024.
        peak_megabytes: usage.max_rss() as f64 * 1024.0 / 1e6,
        exit: status.code(),
        timed_out: guard.join().unwrap_or(false),
    };
    fs::write(Path::new(report), serde_json::to_vec(&cost)?)?;
    Ok(ExitCode::SUCCESS)
}

fn seconds_of(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}
