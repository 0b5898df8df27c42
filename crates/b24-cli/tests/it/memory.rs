//! What the memory of a running command holds stays there.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use crate::support::Home;

/// How a program ended that was aborted after its first line, with core files allowed as far as they can be.
fn aborted(home: &Home, line: &str, webhook: Option<&str>) -> ExitStatus {
    let line = format!("ulimit -c $(ulimit -H -c); exec {line}");
    let mut child = Command::new("sh")
        .args(["-c", &line])
        .env("HOME", home.path())
        .env("B24", assert_cmd::cargo::cargo_bin!("b24"))
        .envs(webhook.map(|webhook| ("B24_WEBHOOK", webhook)))
        .current_dir(home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh runs");
    let mut first = String::new();
    let stdout = child.stdout.as_mut().expect("stdout");
    BufReader::new(stdout)
        .read_line(&mut first)
        .expect("a line");
    let id = child.id().to_string();
    let kill = Command::new("kill").args(["-ABRT", &id]).status();
    assert!(kill.expect("kill runs").success());
    child.wait().expect("it is gone")
}

#[test]
fn a_command_that_crashes_leaves_no_core_file() {
    const SIGABRT: i32 = 6;
    let home = Home::new();
    for line in [
        "\"$B24\" proxy --port 0 --print json",
        "\"$B24\" portal --port 0 --deals 0 --print env",
    ] {
        let ended = aborted(&home, line, Some("http://127.0.0.1:9/rest/1/verysecret/"));
        assert_eq!(ended.signal(), Some(SIGABRT), "{line}");
        assert!(!ended.core_dumped(), "{line}");
    }
    let files = std::fs::read_dir(home.path()).expect("the home");
    for file in files {
        let name = file.expect("a file").file_name();
        assert!(!name.to_string_lossy().starts_with("core"), "{name:?}");
    }
}

/// Else the test above would show nothing: where core files may be written, another program leaves one.
#[test]
#[cfg(target_os = "linux")]
fn another_program_leaves_one() {
    let limit = Command::new("sh").args(["-c", "ulimit -H -c"]).output();
    let may = limit.expect("sh runs").stdout.trim_ascii() != b"0";
    let ended = aborted(&Home::new(), "sh -c 'echo; exec sleep 60'", None);
    assert_eq!(ended.core_dumped(), may);
}
