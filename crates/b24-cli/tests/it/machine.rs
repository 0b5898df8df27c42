//! What scripts rely on: JSON lines, quiet, colour, signals.

use b24_seen::Said;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use b24_portal::{Fault, Portal};
use serde_json::Value;

use crate::support::{Home, shown};

/// A command that does not outlive its test, also when that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Most have ended by now.
        let _ = self.0.kill();
    }
}

impl std::ops::Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl std::ops::DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

fn start(home: &Home, words: &[&str], variables: &[(&str, &str)]) -> Running {
    let child = std::process::Command::new(assert_cmd::cargo::cargo_bin("b24"))
        .env_clear()
        .envs(b24_seen::log())
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.file("config"))
        .env("XDG_STATE_HOME", home.file("state"))
        .envs(variables.iter().copied())
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("b24 starts");
    Running(child)
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let status = std::process::Command::new("kill")
        .args(["-s", name, &id])
        .status();
    assert!(status.expect("kill runs").success());
}

#[test]
fn every_line_of_stderr_is_an_object_under_json() {
    let home = Home::new();
    let commands: &[&[&str]] = &[
        &["--json", "ping", "-v", "--demo"],
        &["--json", "ping"],
        &["--json", "auth", "list"],
        &["--json", "nonsense"],
        &[
            "--json", "portal", "--port", "0", "--deals", "0", "--", "true",
        ],
    ];
    for words in commands {
        // A portal tells its webhook on stdout.
        let output = home.b24().args(*words).output().handed_out();
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            let object: Value = serde_json::from_str(line).expect(line);
            let event = object["event"].as_str().expect(line);
            assert!(
                ["progress", "note", "warning", "error", "summary"].contains(&event),
                "{line}"
            );
        }
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            serde_json::from_str::<Value>(line).expect(line);
        }
    }
}

#[test]
fn quiet_keeps_errors_and_data_only() {
    let home = Home::new();
    let quiet = home.run(&["-q", "portal", "--port", "0", "--deals", "0", "--", "true"]);
    assert_eq!(quiet, "exit: 0\n--- stdout\n--- stderr\n");
    assert!(home.run(&["-q", "ping"]).contains("error: which portal?"));
}

#[test]
fn colour_is_asked_for_or_left_out() {
    let home = Home::new();
    let escape = '\x1b';
    assert!(
        !home.run(&["ping"]).contains(escape),
        "no terminal, no colour"
    );
    assert!(home.run(&["ping", "--color", "always"]).contains(escape));
    assert!(
        !home
            .run(&["ping", "--color", "always", "--json"])
            .contains(escape)
    );
    let with = |variables: &[(&str, &str)]| {
        let output = home
            .b24()
            .arg("ping")
            .envs(variables.iter().copied())
            .output();
        shown(&output.said()).contains(escape)
    };
    assert!(with(&[("CLICOLOR_FORCE", "1")]));
    assert!(!with(&[("CLICOLOR_FORCE", "0")]));
    assert!(!with(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[cfg(unix)]
#[test]
fn a_portal_serves_until_it_is_told_to_stop() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let home = Home::new();
        let mut portal = start(
            &home,
            &["portal", "--port", "0", "--deals", "5", "--print", "json"],
            &[],
        );
        let mut line = String::new();
        let mut out = BufReader::new(portal.stdout.take().expect("stdout"));
        out.read_line(&mut line).expect("a line");
        let address: Value = serde_json::from_str(&line).expect(&line);
        let state = home.file("state/b24/portal.json");
        assert!(state.exists(), "noted for `portal fault`");
        let webhook = address["webhook"].as_str().expect("a webhook");
        let ping = home
            .b24()
            .env("B24_WEBHOOK", webhook)
            .arg("ping")
            .output()
            .said();
        assert!(ping.status.success(), "{}", shown(&ping));
        assert!(
            home.run(&["portal", "fault", "overload", "--method", "server.time"])
                .starts_with("exit: 0")
        );
        let ping = home
            .b24()
            .env("B24_WEBHOOK", webhook)
            .arg("ping")
            .output()
            .said();
        assert_eq!(ping.status.code(), Some(1), "{}", shown(&ping));
        let log = home.run(&["portal", "log"]);
        assert!(
            log.contains("server.time") && log.contains("OVERLOAD_LIMIT"),
            "{log}"
        );
        assert!(home.run(&["portal", "reset"]).starts_with("exit: 0"));
        assert!(!home.run(&["portal", "log"]).contains("OVERLOAD_LIMIT"));
        signal(&portal, name);
        assert_eq!(portal.wait().expect("it ends").code(), Some(code));
        assert!(!state.exists(), "forgotten at the end");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_first_signal_stops_a_command_cleanly() {
    let server = Portal::start().await;
    server.fail_next(
        "server.time",
        Fault::Delay(std::time::Duration::from_secs(60)),
    );
    let home = Home::new();
    tokio::task::block_in_place(|| {
        let mut child = start(&home, &["ping"], &[("B24_WEBHOOK", server.webhook())]);
        // It has set its handlers by the time the request is out.
        while server.requests() == 0 {
            std::thread::yield_now();
        }
        signal(&child, "INT");
        assert_eq!(child.wait().expect("it ends").code(), Some(130));
        let mut text = String::new();
        child
            .stderr
            .take()
            .expect("stderr")
            .read_to_string(&mut text)
            .expect("text");
        assert_eq!(text, "error: ping was interrupted\n");
    });
}

#[cfg(unix)]
#[test]
fn the_second_signal_stops_at_once() {
    let home = Home::new();
    let words = [
        "portal",
        "--port",
        "0",
        "--deals",
        "0",
        "--",
        "sh",
        "-c",
        "echo started; exec sleep 20",
    ];
    let mut child = start(&home, &words, &[]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout"))
        .read_line(&mut line)
        .expect("a line");
    let begun = std::time::Instant::now();
    // The first waits for the command, which Ctrl-C on a terminal would have ended too.
    while child.try_wait().expect("a state").is_none() {
        signal(&child, "INT");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(
        begun.elapsed().as_secs() < 15,
        "it did not wait for the command"
    );
}

#[cfg(unix)]
#[test]
fn a_termination_is_passed_on_to_the_command() {
    let home = Home::new();
    let words = [
        "portal",
        "--port",
        "0",
        "--deals",
        "0",
        "--",
        "sh",
        "-c",
        "echo started; exec sleep 20",
    ];
    let mut child = start(&home, &words, &[]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout"))
        .read_line(&mut line)
        .expect("a line");
    signal(&child, "TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(143));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let home = Home::new();
    let b24 = assert_cmd::cargo::cargo_bin("b24");
    let script = format!("{} explain 0 > /dev/full", b24.display());
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(home.path())
        .output();
    assert_eq!(
        shown(&output.said()),
        "exit: 1\n--- stdout\n--- stderr\nerror: standard output: no space left on device\n"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_on_standard_output_goes_behind_the_data() {
    let home = Home::new();
    let line = "echo first > all; b24 --report /dev/stdout explain 100 >> all; cat all";
    let text = home.sh("", line);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[2], "first", "{text}");
    assert!(text.contains("means "), "{text}");
    assert!(text.contains(r#""command":"explain""#), "{text}");
    assert!(std::path::Path::new("/dev/stdout").is_symlink());
}
