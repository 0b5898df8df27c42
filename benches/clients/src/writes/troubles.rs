//! Part 1: answers are lost, proxies answer, connections break, a webhook is revoked, the client is
//! killed. Every row has to be on the portal exactly once.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::job::{Job, Kind};
use super::writers::{WRITERS, Writer};
use crate::options::Options;
use crate::portal::Portal;

/// Commands of a batch.
const BATCH: u64 = 50;
/// After that the portal has ended a request: a write that is not there by then will not come.
const WALL: &[&str] = &["--wall", "2s"];
/// The exit code of `b24` whose webhook is no longer good.
const REVOKED: i32 = 4;
/// How often a client is killed.
const KILLS: u64 = 20;
/// A request of a client that is to be killed in the middle of its work.
const WORK_SECONDS: f64 = 0.02;

/// What one client made of one trouble.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cell {
    pub client: String,
    pub https: bool,
    pub trouble: String,
    pub updates: bool,
    pub rows: u64,
    pub doubled: u64,
    pub missing: u64,
    /// Rows of which the journal of an import says something else than the portal.
    #[serde(default)]
    pub misnoted: u64,
    /// The client said that it failed, at the last of its runs.
    pub error: Option<String>,
}

struct Trouble {
    name: &'static str,
    /// What the portal is told, for so many requests.
    rules: fn(u64) -> Vec<Value>,
    course: Course,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    /// The client is started once.
    Once,
    /// It is started again when its webhook works again.
    Restored,
    /// It is killed and started again, many times.
    Killed,
}

const TROUBLES: &[Trouble] = &[
    Trouble {
        name: "none",
        rules: |_| Vec::new(),
        course: Course::Once,
    },
    Trouble {
        name: "every 7th answer lost after execution",
        rules: |_| vec![every(7, &json!("cut_after_run"))],
        course: Course::Once,
    },
    Trouble {
        name: "every 11th request answered 502 by a proxy, not executed",
        rules: |_| vec![every(11, &json!("html502"))],
        course: Course::Once,
    },
    Trouble {
        name: "connections reset at a random byte: every 5th request, every 7th answer",
        rules: |_| {
            vec![
                every(5, &json!({"cut_request": {"seed": 1}})),
                every(7, &json!({"cut_answer": {"seed": 2}})),
            ]
        },
        course: Course::Once,
    },
    Trouble {
        name: "webhook revoked halfway, restored, started again",
        rules: |requests| vec![json!({"fault": "revoke_webhook", "skip": requests / 2})],
        course: Course::Restored,
    },
    Trouble {
        name: "killed 20 times, started again each time",
        rules: |_| vec![json!({"fault": {"delay": WORK_SECONDS}, "times": u32::MAX})],
        course: Course::Killed,
    },
];

fn every(nth: u32, fault: &Value) -> Value {
    json!({"fault": fault, "every": nth})
}

/// All clients through all troubles.
pub async fn run(options: &Options, kind: Kind) -> Result<Vec<Cell>> {
    let deals = if kind == Kind::Updates {
        options.rows
    } else {
        1
    };
    let plain = Portal::start_with(options, "box", false, deals, WALL)?;
    let secure = Portal::start_with(options, "box", true, deals, WALL)?;
    let mut cells = Vec::new();
    for writer in WRITERS {
        if !options.wants_client(writer.name) {
            continue;
        }
        eprintln!("  {}", writer.name);
        let portal = if writer.https { &secure } else { &plain };
        let rows = if writer.slow {
            options.rows / 10
        } else {
            options.rows
        };
        for trouble in TROUBLES {
            portal.reset().await?;
            let job = Job::make(&options.out, portal, kind, rows).await?;
            let error = course(options, portal, writer, trouble, &job).await?;
            portal.calm().await?;
            let found = job.found(options, portal).await?;
            let cell = Cell {
                client: writer.name.to_owned(),
                https: writer.https,
                trouble: trouble.name.to_owned(),
                updates: kind == Kind::Updates,
                rows,
                doubled: found.doubled,
                missing: found.missing,
                misnoted: found.misnoted,
                error,
            };
            eprintln!("    {:<58} {}", trouble.name, cell.text());
            cells.push(cell);
        }
    }
    Ok(cells)
}

/// Runs the client through a trouble, and tells what it said at its last end.
async fn course(
    options: &Options,
    portal: &Portal,
    writer: &Writer,
    trouble: &Trouble,
    job: &Job,
) -> Result<Option<String>> {
    for rule in (trouble.rules)(job.rows / BATCH) {
        portal.arm(&rule).await?;
    }
    if trouble.course == Course::Killed {
        for turn in 0..KILLS {
            let run = writer.start(options, portal, job)?;
            if !run.kill_after(3 + turn * 7 % 11, portal).await? {
                break;
            }
        }
    }
    let end = writer.start(options, portal, job)?.end(writer, job).await?;
    if trouble.course != Course::Restored {
        return Ok(end.error);
    }
    ensure!(
        !writer.keeps_journal() || end.exit == Some(REVOKED),
        "a revoked webhook ends with exit code {REVOKED}, not {:?}",
        end.exit
    );
    portal.restore_webhook().await?;
    let again = writer.start(options, portal, job)?.end(writer, job).await?;
    Ok(again.error)
}

impl Cell {
    /// `0`, or what went wrong.
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        if self.doubled > 0 {
            parts.push(format!("**{} doubled**", self.doubled));
        }
        if self.missing > 0 {
            parts.push(format!("**{} missing**", self.missing));
        }
        if self.misnoted > 0 {
            parts.push(format!("**{} misnoted**", self.misnoted));
        }
        match (&self.error, parts.is_empty()) {
            (None, true) => return "0".to_owned(),
            (None, false) => parts.push("success reported".to_owned()),
            (Some(_), true) => parts.push("0, error reported".to_owned()),
            (Some(_), false) => parts.push("error reported".to_owned()),
        }
        parts.join(", ")
    }
}
