//! The clients, and one run of one of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::environment;
use crate::leash;
use crate::measure::Cost;
use crate::options::Options;
use crate::portal::Portal;
use crate::reader::{METHOD, Told};

/// A client and the way it reads.
#[derive(Debug)]
pub struct Client {
    pub name: &'static str,
    program: Program,
    /// Over https; some know nothing else.
    pub https: bool,
    /// What a reader of the table has to know.
    pub remark: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    /// `b24 export` into a file with this extension.
    Export(&'static str),
    Sdk(&'static str),
    Raw,
    /// A script in `scripts/`.
    Script(&'static str),
}

/// The limit first, then ours, then the others.
pub const CLIENTS: &[Client] = &[
    Client {
        name: "raw HTTP",
        program: Program::Raw,
        https: false,
        remark: "bare reqwest; finds the last id of an answer, nothing else",
    },
    Client {
        name: "raw HTTP",
        program: Program::Raw,
        https: true,
        remark: "",
    },
    Client {
        name: "b24 export",
        program: Program::Export("jsonl"),
        https: false,
        remark: "the command; writes all rows to a JSONL file",
    },
    Client {
        name: "b24 export",
        program: Program::Export("jsonl"),
        https: true,
        remark: "",
    },
    Client {
        name: "b24 SDK, text",
        program: Program::Sdk("text"),
        https: false,
        remark: "`items::<Box<RawValue>>()`",
    },
    Client {
        name: "b24 SDK, typed",
        program: Program::Sdk("typed"),
        https: false,
        remark: "`items::<Deal>()`: a struct of three fields",
    },
    Client {
        name: "b24 export, Parquet",
        program: Program::Export("parquet"),
        https: false,
        remark: "typed columns",
    },
    Client {
        name: "fast_bitrix24",
        program: Program::Script("run_fast_bitrix24.py"),
        https: false,
        remark: "`get_all`: offsets in batches, up to 50 at once",
    },
    Client {
        name: "b24pysdk, fast",
        program: Program::Script("run_b24pysdk_fast.py"),
        https: true,
        remark: "`as_list_fast`: chains; https only",
    },
    Client {
        name: "b24pysdk, list",
        program: Program::Script("run_b24pysdk_list.py"),
        https: true,
        remark: "`as_list`: offsets in batches; https only",
    },
    Client {
        name: "b24api, windows",
        program: Program::Script("run_b24api_windows.py"),
        https: false,
        remark: "`list_batched_no_count`: windows of ids",
    },
    Client {
        name: "b24api, list",
        program: Program::Script("run_b24api_list.py"),
        https: false,
        remark: "`list_batched`: offsets in batches",
    },
    Client {
        name: "@2bad/bitrix",
        program: Program::Script("2bad_bitrix.mjs"),
        https: false,
        remark: "`list`: offsets in batches; two requests a second are built in and cannot be lifted",
    },
    Client {
        name: "b24jssdk",
        program: Program::Script("b24jssdk.mjs"),
        https: true,
        remark: "`fetchList`: one page a request; https only; its limiter is lifted where the portal has none",
    },
];

/// What a client is told to do.
#[derive(Debug, Clone)]
pub struct Job {
    /// Only these fields; all, user fields too, if there are none.
    pub select: &'static [&'static str],
    pub filter: Value,
    /// Whether the portal limits requests.
    pub limited: bool,
    /// Whether it shall tell the ids of the rows.
    pub ids: bool,
    pub timeout_seconds: u64,
}

/// Three fields, as most exports have few.
pub const FEW: &[&str] = &["ID", "TITLE", "OPPORTUNITY"];

/// All fields.
pub const WHOLE: &[&str] = &[];

impl Job {
    pub fn new(select: &'static [&'static str]) -> Self {
        Self {
            select,
            filter: json!({}),
            limited: false,
            ids: false,
            timeout_seconds: 300,
        }
    }
}

/// One run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    pub cost: Cost,
    pub told: Told,
    /// As the portal counted them.
    pub requests: u64,
    /// Refused for the rate limit.
    pub refused: u64,
    /// Whether it warned of something on its standard error.
    pub warned: bool,
    #[serde(skip)]
    pub ids: Vec<u64>,
}

impl Client {
    pub fn is_ours(&self) -> bool {
        matches!(self.program, Program::Export(_) | Program::Sdk(_))
    }

    pub fn is_raw(&self) -> bool {
        self.program == Program::Raw
    }

    pub fn is_parquet(&self) -> bool {
        self.program == Program::Export("parquet")
    }

    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// Runs it to its end, or to the end of its time.
    pub async fn run(&self, options: &Options, portal: &Portal, job: &Job) -> Result<Run> {
        let before = portal.counts().await?;
        let files = Files::fresh(&options.out, self)?;
        let output = self.measured(options, portal, job, &files).output()?;
        let after = portal.counts().await?;
        let cost: Cost = serde_json::from_slice(&fs::read(&files.cost).with_context(|| {
            format!("{}: {}", self.name, String::from_utf8_lossy(&output.stderr))
        })?)?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let mut told = match self.program {
            Program::Export(_) => Told {
                rows: files.rows(),
                ..Told::default()
            },
            _ => last_line(&output.stdout),
        };
        if told.error.is_none() {
            told.error = failure(&cost, &stderr);
        }
        let ids = if job.ids {
            files.ids(matches!(self.program, Program::Export(_)))?
        } else {
            Vec::new()
        };
        Ok(Run {
            requests: after.requests - before.requests,
            refused: after.refused - before.refused,
            warned: stderr.to_lowercase().contains("warning"),
            cost,
            told,
            ids,
        })
    }

    fn measured(&self, options: &Options, portal: &Portal, job: &Job, files: &Files) -> Command {
        let this = leash::this();
        let mut command = Command::new(&this);
        command
            .arg("measure")
            .arg(&files.cost)
            .arg(job.timeout_seconds.to_string());
        match self.program {
            Program::Export(_) => {
                command
                    .arg(&options.b24)
                    .args(["--quiet", "export", METHOD]);
                command.arg("--output").arg(&files.rows);
                if !job.limited {
                    command.args(["--limits", "off"]);
                }
                if !job.select.is_empty() {
                    command.args(["--select", &job.select.join(",")]);
                }
                if job.filter != json!({}) {
                    command.args(["--filter-json", &job.filter.to_string()]);
                }
            }
            Program::Sdk(rows) => {
                command.arg(&this).args(["sdk", rows]);
            }
            Program::Raw => {
                command.arg(&this).arg("raw");
            }
            Program::Script(name) => {
                let [program, path] = environment::script(options, name);
                command.arg(program).arg(path);
            }
        }
        environment::lead(&mut command, options, portal);
        let select = if job.select.is_empty() {
            "*,UF_*".to_owned()
        } else {
            job.select.join(",")
        };
        command
            .env("BENCH_SELECT", select)
            .env("BENCH_FILTER", job.filter.to_string())
            .env("BENCH_LIMITED", if job.limited { "1" } else { "0" });
        if job.ids {
            command.env("BENCH_IDS", &files.ids);
        }
        command
    }
}

/// What a run leaves behind.
struct Files {
    cost: PathBuf,
    rows: PathBuf,
    ids: PathBuf,
}

impl Files {
    fn fresh(out: &Path, client: &Client) -> Result<Self> {
        let folder = out.join("run");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let extension = match client.program {
            Program::Export(extension) => extension,
            _ => "jsonl",
        };
        Ok(Self {
            cost: folder.join("cost.json"),
            rows: folder.join("deals").with_extension(extension),
            ids: folder.join("ids"),
        })
    }

    /// Rows of a JSONL file.
    fn rows(&self) -> Option<u64> {
        use std::io::Read;
        let mut file = fs::File::open(&self.rows).ok()?;
        let mut block = vec![0; 1 << 20];
        let mut rows = 0;
        if self.rows.extension().is_none_or(|name| name != "jsonl") {
            return None;
        }
        loop {
            match file.read(&mut block).ok()? {
                0 => return Some(rows),
                length => {
                    rows += block[..length]
                        .iter()
                        .filter(|byte| **byte == b'\n')
                        .count() as u64;
                }
            }
        }
    }

    fn ids(&self, exported: bool) -> Result<Vec<u64>> {
        #[derive(Deserialize)]
        struct Row {
            #[serde(rename = "ID")]
            id: String,
        }
        let text = fs::read_to_string(if exported { &self.rows } else { &self.ids });
        // Without a file it has delivered nothing.
        let text = text.unwrap_or_default();
        text.lines()
            .map(|line| {
                let id = if exported {
                    serde_json::from_str::<Row>(line)?.id
                } else {
                    line.to_owned()
                };
                id.parse().with_context(|| format!("{id} is no id"))
            })
            .collect()
    }
}

fn failure(cost: &Cost, stderr: &str) -> Option<String> {
    if cost.timed_out {
        return Some(format!("no end after {:.0} s", cost.wall_seconds));
    }
    if cost.exit == Some(0) {
        return None;
    }
    let first = stderr.lines().find(|line| !line.trim().is_empty());
    Some(first.unwrap_or("ended by a signal").to_owned())
}

fn last_line(stdout: &[u8]) -> Told {
    let text = String::from_utf8_lossy(stdout);
    let line = text.lines().last().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_default()
}
