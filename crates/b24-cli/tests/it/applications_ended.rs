//! Commands that end, or wait, while new tokens are under way: nothing is lost, and it is told.

use b24_seen::Said;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command};
use std::time::{Duration, Instant};

use b24_portal::{Fault, FaultRule};

use crate::stage::{SECRET, Stage};
use crate::support::shown;

/// A portal whose next new tokens are made at once, and answered so late.
fn late(answer: Duration) -> Stage {
    let stage = Stage::connected();
    stage.served.portal.expire_access_tokens();
    let late = FaultRule::new(Fault::DelayAnswer(answer)).method("oauth/token");
    stage.served.portal.add_fault(late.times(1));
    stage
}

/// Until the portal has made new tokens.
fn asked(stage: &Stage) {
    let begun = Instant::now();
    while stage.served.portal.oauth_counts().refreshes == 0 {
        assert!(begun.elapsed().as_secs() < 60, "it asks for tokens");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let status = Command::new("kill").args(["-s", name, &id]).status();
    assert!(status.expect("kill runs").success());
}

/// A later call has tokens, and nobody has asked twice.
fn goes_on(stage: &Stage) {
    let text = stage.run(&["call", "profile"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    let counts = stage.served.portal.oauth_counts();
    assert_eq!((counts.refreshes, counts.refused_refreshes), (1, 0));
}

/// What is true afterwards, of a call and of other commands.
const STATES: [&str; 2] = ["state: nothing changed\n", "state: the tokens are kept\n"];

const NOTE: &str = "note: waiting for new tokens, which would be lost otherwise; Ctrl-C";

#[test]
fn a_stopped_command_waits_for_the_tokens_it_has_asked_for() {
    for (words, name, exit, what) in [
        (&["auth", "refresh"][..], "INT", 130, "auth was interrupted"),
        (
            &["auth", "refresh", "acme"],
            "TERM",
            143,
            "auth was terminated",
        ),
        (&["call", "profile"], "INT", 130, "profile was interrupted"),
    ] {
        let stage = late(Duration::from_millis(2500));
        let child = stage.b24(words).spawn().expect("b24 runs");
        asked(&stage);
        signal(&child, name);
        let text = shown(&child.wait_with_output().said());
        assert!(text.starts_with(&format!("exit: {exit}\n")), "{text}");
        assert!(text.contains(&format!("error: {what}\n")), "{text}");
        assert!(
            text.contains(&format!("{NOTE} again gives them up\n")),
            "{text}"
        );
        assert!(STATES.iter().any(|state| text.contains(state)), "{text}");
        goes_on(&stage);
    }
}

#[test]
fn a_deadline_does_not_cost_the_tokens() {
    for words in [&["call", "profile"][..], &["auth", "refresh"], &["ping"]] {
        let stage = late(Duration::from_secs(3));
        let text = stage.run(&[words, &["--deadline", "1s"]].concat());
        assert!(text.starts_with("exit: 5\n"), "{text}");
        assert!(text.contains(&format!("{NOTE} gives them up\n")), "{text}");
        assert!(STATES.iter().any(|state| text.contains(state)), "{text}");
        goes_on(&stage);
    }
}

/// A write that has waited for tokens was not sent: nobody has to look whether it has run.
#[test]
fn a_write_that_waits_for_tokens_has_not_run() {
    let stage = Stage::new();
    let late = FaultRule::new(Fault::DelayAnswer(Duration::from_millis(1500)));
    stage
        .served
        .portal
        .add_fault(late.method("oauth/token").times(1));
    let run = |words: &[&str]| shown(&bringing(&stage, words).output().said());
    let write = ["call", "crm.deal.update", "id=1", "fields[TITLE]=New"];
    let text = run(&[&write[..], &["--deadline", "1s"]].concat());
    assert!(text.starts_with("exit: 5\n"), "{text}");
    assert!(text.contains("state: nothing changed\n"), "{text}");
    let text = run(&["call", "profile"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_eq!(stage.served.portal.oauth_counts().refreshes, 1);
}

#[test]
fn a_second_signal_gives_the_tokens_up_at_once() {
    let stage = late(Duration::from_secs(25));
    let mut child = stage.b24(&["auth", "refresh"]).spawn().expect("b24 runs");
    let mut stderr = BufReader::new(child.stderr.take().expect("stderr"));
    asked(&stage);
    let begun = Instant::now();
    signal(&child, "INT");
    until(&mut stderr, NOTE);
    signal(&child, "INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
}

#[test]
fn a_proxy_that_is_stopped_keeps_the_tokens_it_has_asked_for() {
    let stage = late(Duration::from_millis(2500));
    let mut child = stage
        .b24(&["proxy", "--port", "0"])
        .spawn()
        .expect("b24 runs");
    let mut address = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout"));
    stdout.read_line(&mut address).expect("an address");
    let bare = address.trim().strip_prefix("http://").expect("plain http");
    let (host, path) = bare.split_once('/').expect("a path");
    let path = crate::proxy::known(path.to_owned());
    let mut client = TcpStream::connect(host).expect("the proxy listens");
    write!(
        client,
        "GET /{path}profile HTTP/1.1\r\nHost: {host}\r\n\r\n"
    )
    .expect("it is asked");
    asked(&stage);
    // The call ends with its client.
    drop(client);
    signal(&child, "TERM");
    let output = child.wait_with_output().handed_out();
    let text = shown(&output);
    assert!(text.starts_with("exit: 143\n"), "{text}");
    goes_on(&stage);
}

/// What stands in `stderr` up to a line with `what`.
fn until(stderr: &mut BufReader<ChildStderr>, what: &str) -> String {
    let mut said = String::new();
    while !said.contains(what) {
        let read = stderr.read_line(&mut said).expect("a line");
        assert!(read > 0, "no {what}: {said}");
    }
    said
}

/// The disk is full when the tokens come: that is said at once, and they are saved as soon as there is room.
#[test]
fn tokens_that_cannot_be_saved_are_told_with_the_reason() {
    let stage = late(Duration::from_millis(1500));
    let words = ["auth", "refresh", "--deadline", "3s"];
    let mut child = stage.b24(&words).spawn().expect("b24 runs");
    let mut stderr = BufReader::new(child.stderr.take().expect("stderr"));
    asked(&stage);
    let store = rusqlite::Connection::open(stage.store()).expect("the store");
    let full = "CREATE TRIGGER full BEFORE UPDATE ON tokens
        BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END";
    store.execute_batch(full).expect("it is full");
    let warning =
        "warning: new tokens have come and cannot be saved, so they are lost if this ends now: ";
    let mut text = until(&mut stderr, warning);
    text += &until(&mut stderr, NOTE);
    store
        .execute_batch("DROP TRIGGER full")
        .expect("there is room");
    stderr.read_to_string(&mut text).expect("the rest");
    assert_eq!(child.wait().expect("it ends").code(), Some(5), "{text}");
    assert!(
        text.contains("b24.db: SQLite failed (database or disk is full)"),
        "{text}"
    );
    assert_eq!(text.matches(warning).count(), 1, "{text}");
    let kept = "state: the tokens are kept\n";
    assert!(text.contains(kept), "{text}");
    goes_on(&stage);
}

#[test]
fn a_wait_for_the_tokens_of_another_process_is_told() {
    let stage = late(Duration::from_secs(4));
    let first = stage.b24(&["call", "profile"]).spawn().expect("b24 runs");
    asked(&stage);
    let text = stage.run(&["call", "profile"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    let told = "waiting for new tokens, which another process has asked for: until ";
    assert_eq!(text.matches(told).count(), 1, "{text}");
    assert!(shown(&first.wait_with_output().said()).starts_with("exit: 0\n"));
    goes_on(&stage);
}

/// The command with an application and its tokens as variables.
fn bringing(stage: &Stage, words: &[&str]) -> Command {
    let tokens = &stage.app.tokens;
    let mut command = stage.b24(words);
    command
        .env("B24_CLIENT_ID", &stage.app.client_id)
        .env("B24_CLIENT_SECRET", SECRET)
        .env("B24_MEMBER_ID", &stage.app.member_id)
        .env("B24_REFRESH_TOKEN", &tokens.refresh_token)
        .env("B24_CLIENT_ENDPOINT", &tokens.client_endpoint)
        .env("B24_SERVER_ENDPOINT", &tokens.server_endpoint);
    command
}

/// A server that starts anew with its secrets as variables, all its workers at once.
#[test]
fn processes_that_bring_the_same_tokens_at_once_refresh_once() {
    let stage = Stage::new();
    let worker = || {
        bringing(&stage, &["call", "profile"])
            .spawn()
            .expect("b24 runs")
    };
    let workers: Vec<_> = (0..12).map(|_| worker()).collect();
    for worker in workers {
        let text = shown(&worker.wait_with_output().said());
        assert!(text.starts_with("exit: 0\n"), "{text}");
    }
    let text = shown(&worker().wait_with_output().said());
    assert!(text.starts_with("exit: 0\n"), "{text}");
    let counts = stage.served.portal.oauth_counts();
    assert_eq!((counts.refreshes, counts.reused_refresh_tokens), (1, 0));
}
