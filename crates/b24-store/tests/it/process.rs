//! This test binary again as another process, which runs one of the tests that are none: `child`.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The command that runs `test`; the process ends with its parent.
pub(crate) fn running(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture", "--ignored"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A process that waits for its word.
pub(crate) struct Waiting {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Waiting {
    /// Starts it, and waits until it says that it is ready.
    pub(crate) async fn start(mut command: Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        while lines.next_line().await.unwrap().as_deref() != Some("ready") {}
        Self { process, lines }
    }

    /// Lets it go.
    pub(crate) async fn go(&mut self) {
        let mut stdin = self.process.stdin.take().unwrap();
        stdin.write_all(b"go\n").await.unwrap();
    }

    /// What it prints until it has succeeded.
    pub(crate) async fn succeeded(mut self) -> Vec<String> {
        let mut printed = Vec::new();
        while let Some(line) = self.lines.next_line().await.unwrap() {
            printed.push(line);
        }
        assert!(self.process.wait().await.unwrap().success(), "{printed:?}");
        printed
    }
}

/// What such a process does first.
#[expect(clippy::print_stdout, reason = "its parent reads it")]
pub(crate) fn wait_for_go() {
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}
