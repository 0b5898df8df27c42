//! The clients that write, and one run of one of them.

use std::fs::{self, File};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::job::{Job, Kind};
use crate::options::Options;
use crate::portal::Portal;
use crate::{environment, leash};

/// A run that takes longer is ended.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often a run is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A client and the way it writes.
#[derive(Debug)]
pub struct Writer {
    pub name: &'static str,
    program: Program,
    /// Over https; some know nothing else.
    pub https: bool,
    /// Two requests a second are built in: it gets a tenth of the rows.
    pub slow: bool,
    /// What a reader of the table has to know.
    pub remark: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    Import,
    Batch,
    /// A script in `scripts/writes/`.
    Script(&'static str),
}

/// Ours first.
pub const WRITERS: &[Writer] = &[
    Writer {
        name: "b24 import",
        program: Program::Import,
        https: false,
        slow: false,
        remark: "a CSV file; keeps a journal",
    },
    Writer {
        name: "b24 batch",
        program: Program::Batch,
        https: false,
        slow: false,
        remark: "a file of commands; tells the outcome of each, keeps no journal",
    },
    Writer {
        name: "b24jssdk",
        program: Program::Script("b24jssdk.mjs"),
        https: true,
        slow: false,
        remark: "`batchByChunk`; https only; its limiter is lifted where the portal has none",
    },
    Writer {
        name: "fast_bitrix24",
        program: Program::Script("run_fast_bitrix24.py"),
        https: false,
        slow: false,
        remark: "`call` with a list, up to 50 batches at once",
    },
    Writer {
        name: "b24pysdk",
        program: Program::Script("run_b24pysdk.py"),
        https: true,
        slow: false,
        remark: "`call_batches`; https only; no limiter",
    },
    Writer {
        name: "@2bad/bitrix",
        program: Program::Script("2bad_bitrix.mjs"),
        https: false,
        slow: true,
        remark: "`batch`; two requests a second are built in",
    },
];

/// How a run ended.
#[derive(Debug)]
pub struct End {
    pub seconds: f64,
    /// Its exit code; none if it was ended.
    pub exit: Option<i32>,
    /// What the client said of it, if it did not say that all went well.
    pub error: Option<String>,
}

/// A run under way.
pub struct Run {
    child: Child,
    started: Instant,
}

impl Writer {
    pub fn is_ours(&self) -> bool {
        !matches!(self.program, Program::Script(_))
    }

    /// Whether it goes on where an earlier run has ended.
    pub fn keeps_journal(&self) -> bool {
        self.program == Program::Import
    }

    pub fn start(&self, options: &Options, portal: &Portal, job: &Job) -> Result<Run> {
        let mut command = Command::new(leash::this());
        command.arg("leashed");
        match self.program {
            Program::Import => {
                command
                    .arg(&options.b24)
                    .args(["--quiet", "import", "deals"]);
                command
                    .arg(job.file("deals.csv"))
                    .args(["--yes", "--settle", "3s"]);
                if job.kind == Kind::Updates {
                    command.args(["--mode", "update"]);
                }
            }
            Program::Batch => {
                command
                    .arg(&options.b24)
                    .args(["--quiet", "--yes", "batch"]);
                command.arg(job.file("commands.jsonl"));
            }
            Program::Script(name) => {
                command.args(environment::script(options, &format!("writes/{name}")));
            }
        }
        environment::lead(&mut command, options, portal);
        if self.is_ours() && !job.limited {
            command.env("B24_LIMITS", "off");
        }
        command
            .env("BENCH_METHOD", job.kind.method())
            .env("BENCH_ROWS", job.file("params.jsonl"))
            .env("BENCH_LIMITED", if job.limited { "1" } else { "0" })
            .stdout(File::create(job.file("stdout"))?)
            .stderr(File::create(job.file("stderr"))?);
        let child = command
            .spawn()
            .with_context(|| format!("cannot run {}", self.name))?;
        Ok(Run {
            child,
            started: Instant::now(),
        })
    }

    /// What the client told of a run that ended by itself.
    fn told(&self, status: ExitStatus, job: &Job) -> Result<Option<String>> {
        let stdout = fs::read_to_string(job.file("stdout"))?;
        let stderr = String::from_utf8_lossy(&fs::read(job.file("stderr"))?).into_owned();
        if let (Program::Script(_), Some(last)) = (self.program, stdout.lines().last())
            && let Ok(told) = serde_json::from_str::<Told>(last)
        {
            return Ok(told.error);
        }
        if status.success() {
            return Ok(None);
        }
        let line = stderr.lines().find(|line| !line.is_empty());
        let line = line.unwrap_or("ended without a word").to_owned();
        Ok(Some(line))
    }
}

#[derive(Deserialize)]
struct Told {
    error: Option<String>,
}

impl Run {
    /// Waits for its end.
    pub async fn end(mut self, writer: &Writer, job: &Job) -> Result<End> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(End {
                    seconds: self.started.elapsed().as_secs_f64(),
                    exit: status.code(),
                    error: writer.told(status, job)?,
                });
            }
            if self.started.elapsed() > PATIENCE {
                let seconds = PATIENCE.as_secs();
                return Ok(End {
                    seconds: self.started.elapsed().as_secs_f64(),
                    exit: None,
                    error: Some(format!("not done after {seconds} s")),
                });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Lets so many requests reach the portal, then kills it. Whether it lived so long.
    pub async fn kill_after(mut self, requests: u64, portal: &Portal) -> Result<bool> {
        let before = portal.counts().await?.requests;
        loop {
            if self.child.try_wait()?.is_some() {
                return Ok(false);
            }
            let reached = portal.counts().await?.requests - before >= requests;
            if reached || self.started.elapsed() > PATIENCE {
                return Ok(true);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// SIGKILL, if it has not ended by itself.
impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
