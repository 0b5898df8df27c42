//! A line for each call: who, what, how it ended, how long.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use b24::Version;
use serde_json::json;

use super::given_up::Stage;
use crate::failure::Failure;
use crate::printer::{Printer, disk_words};

/// The longest name of a program that is written down.
const AGENT: usize = 80;

/// Where the lines go.
pub(super) struct AccessLog {
    file: Option<Mutex<File>>,
    printer: Printer,
    json: bool,
    calls: AtomicU64,
    failed: std::sync::Once,
}

/// One call, which is written down when it ends, also by its client going away.
pub(super) struct Line<'a> {
    log: &'a AccessLog,
    begun: Instant,
    pub(super) client: String,
    /// `User-Agent`, or `X-B24-Client`.
    pub(super) agent: String,
    pub(super) version: Version,
    pub(super) method: String,
    /// How long the portal took for the last attempt; the rest is waiting.
    pub(super) took: Duration,
    pub(super) attempts: u32,
    /// Whether it has left for the portal.
    pub(super) stage: Stage,
    /// `None`: the client has gone.
    pub(super) status: Option<u16>,
    /// What the proxy says of it: a code of ours, or `answer of an earlier attempt`.
    pub(super) remark: Option<&'static str>,
}

impl AccessLog {
    /// Lines to a file, else to stderr.
    pub(super) fn open(file: Option<&Path>, json: bool, printer: Printer) -> Result<Self, Failure> {
        let open = |path: &Path| {
            let opened = OpenOptions::new().create(true).append(true).open(path);
            opened.map(Mutex::new).map_err(|error| {
                Failure::local(format!(
                    "--access-log {}: {}",
                    path.display(),
                    disk_words(&error)
                ))
            })
        };
        Ok(Self {
            file: file.map(open).transpose()?,
            printer,
            json,
            calls: AtomicU64::new(0),
            failed: std::sync::Once::new(),
        })
    }

    /// A call begins.
    pub(super) fn begin(&self, version: Version, agent: &str) -> Line<'_> {
        let agent: String = agent
            .chars()
            .take(AGENT)
            .map(|c| if c.is_control() || c == '"' { ' ' } else { c })
            .collect();
        Line {
            log: self,
            begun: Instant::now(),
            client: "-".to_owned(),
            agent: b24::redact::text(&agent).into_owned(),
            version,
            method: "-".to_owned(),
            took: Duration::ZERO,
            attempts: 0,
            stage: Stage::default(),
            status: None,
            remark: None,
        }
    }

    /// How many calls have ended.
    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }

    fn write(&self, line: &str) {
        let Some(file) = &self.file else {
            self.printer.log(line);
            return;
        };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(format!("{line}\n").as_bytes()) {
            self.failed.call_once(|| {
                let why = disk_words(&error);
                self.printer
                    .warning(format_args!("--access-log cannot be written: {why}"));
            });
        }
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.log.calls.fetch_add(1, Relaxed);
        if self.status.is_none() && self.stage.has_left() {
            self.attempts = self.attempts.max(1);
        }
        let total = self.begun.elapsed();
        let wait = total.saturating_sub(self.took).as_secs_f64();
        let ms = total.as_secs_f64() * 1e3;
        let time = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%.3f%:z");
        let version = match self.version {
            Version::V2 => "v2",
            Version::V3 => "v3",
        };
        if self.log.json {
            let object = json!({
                "event": "call",
                "time": time.to_string(),
                "client": self.client,
                "agent": self.agent,
                "version": version,
                "method": self.method,
                "status": self.status,
                "wait_seconds": (wait * 1e3).round() / 1e3,
                "ms": (ms * 10.0).round() / 10.0,
                "attempts": self.attempts,
                "remark": self.remark,
            });
            return self.log.write(&object.to_string());
        }
        let status = self
            .status
            .map_or_else(|| "gone".to_owned(), |status| status.to_string());
        let remark = self
            .remark
            .map(|remark| format!(" [{remark}]"))
            .unwrap_or_default();
        self.log.write(&format!(
            "{time} {} {version} {} {status} wait {wait:.3} s, {ms:.1} ms, sent {}{remark} \"{}\"",
            self.client, self.method, self.attempts, self.agent
        ));
    }
}
