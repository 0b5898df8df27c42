//! What the tests leave behind: logs at their most talkative, what commands said, files.
//!
//! `cargo xtask test` sets [`VARIABLE`] to a folder, where all of it is kept, and searches it when the tests are over. The
//! secrets of the portal bear a mark, and those that tests write down are listed in the task; a secret made at random
//! is told with [`secret`]. Without the variable nothing is kept.

#![expect(clippy::expect_used, reason = "a test ends where it cannot write")]

mod logs;

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Output;
use std::sync::{Mutex, OnceLock, PoisonError};

use tempfile::TempDir;

pub use logs::{holds_no_secret, listen, shown, text, watch};

/// Where everything is kept.
pub const VARIABLE: &str = "B24_SEEN";

/// A line each: secrets that bear no mark.
const SECRETS: &str = "secrets.txt";

fn kept_in() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

/// A folder for a test: gone with it, or kept.
pub fn folder() -> TempDir {
    listen();
    let mut builder = tempfile::Builder::new();
    match kept_in() {
        Some(place) => builder.disable_cleanup(true).tempdir_in(place),
        None => builder.tempdir(),
    }
    .expect("a folder")
}

/// The variable that makes a `b24` write its log where it is kept.
pub fn log() -> Option<(&'static str, PathBuf)> {
    Some(("B24_LOG_FILE", file("b24")?))
}

/// A file that this process, or its children, may add to.
fn file(name: &str) -> Option<PathBuf> {
    Some(kept_in()?.join(format!("{name}-{}.log", std::process::id())))
}

/// Tells a secret that bears no mark, for the search to look for it.
pub fn secret(secret: String) -> String {
    if let Some(place) = kept_in() {
        let mut file = open(place.join(SECRETS));
        file.write_all(format!("{secret}\n").as_bytes())
            .expect("the secret is told");
    }
    secret
}

/// A process that has ended.
pub trait Said {
    /// Keeps both streams. Panics if the process did not run.
    fn said(self) -> Output;

    /// The same for a process whose standard output hands out secrets to who asked for them: stderr alone is kept.
    fn handed_out(self) -> Output;
}

impl Said for io::Result<Output> {
    fn said(self) -> Output {
        let output = self.expect("it runs");
        keep(&output.stdout);
        keep(&output.stderr);
        output
    }

    fn handed_out(self) -> Output {
        let output = self.expect("it runs");
        keep(&output.stderr);
        output
    }
}

/// Keeps what a test has seen.
pub fn keep(bytes: &[u8]) {
    static FILE: OnceLock<Option<Mutex<File>>> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let program = std::env::current_exe().expect("a path");
        let name = program.file_name().and_then(OsStr::to_str);
        file(name.unwrap_or("tests")).map(|path| Mutex::new(open(path)))
    });
    if let Some(file) = file {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&[bytes, b"\n"].concat())
            .expect("it is kept");
    }
}

/// To add to, for its owner only.
fn open(path: PathBuf) -> File {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).expect("a file")
}
