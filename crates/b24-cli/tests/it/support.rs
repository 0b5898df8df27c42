//! Running the command in a home of its own, and showing what it did.

use b24_seen::Said;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

/// A place where nothing is configured.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(b24_seen::folder())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A file below it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file below it.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// The command, here, with nothing of the outer environment.
    pub(crate) fn b24(&self) -> Command {
        self.bare(Command::cargo_bin("b24").expect("the binary"))
    }

    /// Runs a line of shell, connected to `webhook`; `b24` is this command there.
    #[cfg(unix)]
    pub(crate) fn sh(&self, webhook: &str, line: &str) -> String {
        let binary = Path::new(env!("CARGO_BIN_EXE_b24"));
        let directory = binary.parent().expect("a directory").display();
        let line = format!("PATH={directory}:$PATH; {line}");
        let mut shell = self.bare(Command::new("sh"));
        shell.args(["-c", &line]).env("B24_WEBHOOK", webhook);
        shown(&shell.output().said())
    }

    fn bare(&self, mut command: Command) -> Command {
        command
            .env_clear()
            .envs(b24_seen::log())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.file("config"))
            .env("XDG_STATE_HOME", self.file("state"))
            .env("TZ", "UTC")
            .current_dir(self.path());
        command
    }

    /// Runs `b24 WORDS` and shows it.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        shown(&self.b24().args(words).output().said())
    }
}

/// Exit code and both streams, as snapshots hold them.
pub(crate) fn shown(output: &Output) -> String {
    let code = output
        .status
        .code()
        .map_or_else(|| "signal".to_owned(), |code| code.to_string());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "exit: {code}\n--- stdout\n{}--- stderr\n{}",
        text(&output.stdout),
        text(&output.stderr)
    )
}

/// Compares with a snapshot in which what changes from run to run is masked.
macro_rules! assert_shown {
    ($name:expr, $text:expr $(,)?) => {{
        let (name, text) = ($name, $text);
        $crate::support::masked().bind(|| insta::assert_snapshot!(name, text));
    }};
    ($text:expr $(,)?) => {{
        let text = $text;
        $crate::support::masked().bind(|| insta::assert_snapshot!(text));
    }};
}
pub(crate) use assert_shown;

/// Masks what changes from run to run.
pub(crate) fn masked() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}";
    settings.add_filter(uuid, "[request]");
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[port]");
    settings.add_filter(r"\d+\.\d{3} s", "[time] s");
    // Only times of this run have this offset: the portal is three hours ahead.
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", "[moment]");
    settings.add_filter(r"\d\d:\d\d:\d\d\+00:00", "[clock]");
    settings.add_filter(r"\) in \d+ s\b", ") in [time]");
    settings.add_filter(r"/tmp/(b24-tests-\d+/)?\.tmp\w+", "[home]");
    settings.add_filter(r#""seconds":\d[\d.e-]*"#, r#""seconds":"[time]""#);
    settings
}
