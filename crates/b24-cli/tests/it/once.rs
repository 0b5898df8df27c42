//! `b24 call --once KEY`

use b24_seen::Said;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use b24_portal::{Fault, Portal, Unplayed, V3Profile};

use crate::served::Served;
use crate::support::{Home, assert_shown, shown};

const ADD: &[&str] = &["call", "crm.deal.add", "fields[TITLE]=New pump"];
const DEALS: usize = 20;

fn served() -> Served {
    Served::of(Portal::builder().deals(DEALS as u64))
}

fn once(served: &Served, home: &Home, words: &[&str], key: &str) -> String {
    let output = served
        .b24(home)
        .args(words)
        .args(["--once", key])
        .output()
        .said();
    let text = shown(&output);
    assert!(!text.contains(served.secret()), "{text}");
    text
}

fn deals(served: &Served) -> usize {
    served.portal.rows("deal").len()
}

#[test]
fn a_call_runs_once_however_often_it_is_made() {
    let (served, home) = (served(), Home::new());
    let first = once(&served, &home, ADD, "order-1");
    assert!(first.starts_with("exit: 0\n"), "{first}");
    let requests = served.portal.requests();
    let again = once(&served, &home, ADD, "order-1");
    assert_eq!(
        again.split("--- stderr").next(),
        first.split("--- stderr").next()
    );
    assert_eq!(
        (served.portal.requests(), deals(&served)),
        (requests, DEALS + 1)
    );
    assert!(
        again.contains("note: crm.deal.add ran under this key at "),
        "{again}"
    );
    // The portal is what a key belongs to, and another key is another call.
    assert!(once(&served, &home, ADD, "order-2").starts_with("exit: 0\n"));
    assert_eq!(deals(&served), DEALS + 2);
}

#[test]
fn a_lost_answer_leaves_one_row_and_says_where_to_look() {
    let (served, home) = (served(), Home::new());
    let words = [
        "call",
        "crm.item.add",
        "entityTypeId=2",
        "fields[title]=New pump",
    ];
    served.portal.fail_next("crm.item.add", Fault::CutAfterRun);
    let first = once(&served, &home, &words, "order-1");
    assert!(first.starts_with("exit: 6\n"), "{first}");
    let again = once(&served, &home, &words, "order-1");
    assert_eq!(deals(&served), DEALS + 1, "one row");
    assert_shown!("once_unknown", again.as_str());
    // The command that is printed finds the row.
    let command = again
        .lines()
        .find_map(|line| line.strip_prefix("hint: look first: b24 "));
    let command = command.expect("a command");
    let output = Command::new("sh")
        .args(["-c", &format!("\"$B24\" {command}")])
        .env("B24", assert_cmd::cargo::cargo_bin!("b24"))
        .env("B24_WEBHOOK", served.portal.webhook())
        .env("HOME", home.path())
        .output();
    let rows = String::from_utf8(output.said().stdout).expect("text");
    assert_eq!(rows.lines().count(), 1, "{rows}");
    assert!(rows.contains("New pump"), "{rows}");
}

#[test]
fn a_refused_call_leaves_the_key_free() {
    let (served, home) = (served(), Home::new());
    let refuse = Fault::Refuse {
        status: 400,
        code: String::new(),
        text: "Required field is empty".into(),
    };
    served.portal.fail_next("crm.deal.add", refuse);
    assert!(once(&served, &home, ADD, "k").starts_with("exit: 1\n"));
    assert!(once(&served, &home, ADD, "k").starts_with("exit: 0\n"));
    assert_eq!(deals(&served), DEALS + 1);
}

#[test]
fn a_key_stands_for_one_call() {
    let (served, home) = (served(), Home::new());
    assert!(once(&served, &home, ADD, "k").starts_with("exit: 0\n"));
    let other = once(
        &served,
        &home,
        &["call", "crm.deal.add", "fields[TITLE]=x"],
        "k",
    );
    assert_shown!("once_another_call", other);
    assert_shown!("once_no_key", once(&served, &home, ADD, "ключ"));
    assert_eq!(deals(&served), DEALS + 1);
    let reads = once(&served, &home, &["call", "crm.deal.list"], "k");
    assert!(
        reads.starts_with("exit: 0\n"),
        "a read needs no key: {reads}"
    );
}

#[cfg(unix)]
#[test]
fn killed_between_record_and_answer_it_is_not_sent_again() {
    use std::os::unix::fs::PermissionsExt;

    let (served, home) = (served(), Home::new());
    served
        .portal
        .fail_next("crm.deal.add", Fault::DelayAnswer(Duration::from_secs(30)));
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("b24"))
        .args(ADD)
        .args(["--once", "k"])
        .env_clear()
        .envs(b24_seen::log())
        .env("HOME", home.path())
        .env("XDG_STATE_HOME", home.file("state"))
        .env("B24_WEBHOOK", served.portal.webhook())
        .stderr(Stdio::null())
        .spawn()
        .expect("b24 runs");
    let begun = Instant::now();
    while deals(&served) == DEALS {
        assert!(begun.elapsed().as_secs() < 20, "the request comes");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("it is killed");
    child.wait().expect("it is gone");
    let again = once(&served, &home, ADD, "k");
    assert!(again.starts_with("exit: 6\n"), "{again}");
    assert!(
        again.contains("no answer was kept; it may have run"),
        "{again}"
    );
    assert_eq!(deals(&served), DEALS + 1, "one row");

    let mode = |name: &str| {
        let meta = home.file(name).metadata().expect("it is there");
        meta.permissions().mode() & 0o777
    };
    assert_eq!(
        (mode("state/b24/once.db"), mode("state/b24")),
        (0o600, 0o700)
    );
}

#[test]
fn a_record_that_cannot_be_written_sends_nothing() {
    let (served, home) = (served(), Home::new());
    home.write(
        "state/b24/once.db",
        "this is no database, and long enough not to be taken for one",
    );
    let text = once(&served, &home, ADD, "k");
    assert_shown!("once_no_record", text);
    assert_eq!((served.portal.requests(), deals(&served)), (0, DEALS));
}

fn v3(profile: V3Profile) -> Served {
    let builder = Portal::builder().unplayed(Unplayed::Stub);
    Served::of(builder.v3_profile(profile))
}

const NOTE: &[&str] = &["call", "note.document.add", "--v3", "fields[title]=a"];

#[test]
fn rest_3_is_asked_again_where_it_has_echoed_a_key() {
    let (served, home) = (v3(V3Profile::V26), Home::new());
    assert!(once(&served, &home, NOTE, "k1").starts_with("exit: 0\n"));
    served
        .portal
        .fail_next("note.document.add", Fault::CutAfterRun);
    assert!(once(&served, &home, NOTE, "k2").starts_with("exit: 6\n"));
    // It may still be running.
    let requests = served.portal.requests();
    assert_shown!("once_v3_wait", once(&served, &home, NOTE, "k2"));
    assert_eq!(served.portal.requests(), requests);
    let record = rusqlite::Connection::open(home.file("state/b24/once.db")).expect("the record");
    let aged = record.execute(
        "UPDATE call SET first = first - 91000, last = last - 91000 WHERE key = 'k2'",
        [],
    );
    assert_eq!(aged.expect("the record"), 1);
    let again = once(&served, &home, NOTE, "k2");
    assert!(again.starts_with("exit: 0\n"), "{again}");
    assert!(
        again.contains("the portal answered from what it keeps"),
        "{again}"
    );
}

#[test]
fn rest_3_that_ignores_keys_is_never_asked_again() {
    let (served, home) = (v3(V3Profile::V25), Home::new());
    assert!(once(&served, &home, NOTE, "k1").starts_with("exit: 0\n"));
    served
        .portal
        .fail_next("note.document.add", Fault::CutAfterRun);
    assert!(once(&served, &home, NOTE, "k2").starts_with("exit: 6\n"));
    let record = rusqlite::Connection::open(home.file("state/b24/once.db")).expect("the record");
    record
        .execute(
            "UPDATE call SET first = first - 91000, last = last - 91000",
            [],
        )
        .expect("the record");
    let requests = served.portal.requests();
    assert!(once(&served, &home, NOTE, "k2").starts_with("exit: 6\n"));
    assert_eq!(served.portal.requests(), requests);
}
