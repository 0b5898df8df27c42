//! Imports over a bad line: lost answers, pages instead of JSON, kills, a full disk.

use b24_seen::Said;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use b24_portal::{Fault, FaultRule};

use crate::import::{assert_each_once, assert_journal_agrees, b24, deals, portal, run, titles};
use crate::served::{Served, interrupt_after};
use crate::support::{Home, shown};

/// The least that outlasts the wall of the portal.
const WORDS: [&str; 6] = ["import", "deals", "deals.csv", "--yes", "--settle", "3s"];

fn bad_line(served: &Served) {
    let each = |fault, nth| {
        let rule = FaultRule::new(fault).method("batch").every(nth);
        served.portal.add_fault(rule);
    };
    each(Fault::CutAfterRun, 7);
    each(Fault::Html502, 11);
    each(Fault::CutAnswer { seed: 4 }, 13);
    each(Fault::CutRequest { seed: 4 }, 17);
}

#[test]
fn lost_answers_neither_double_nor_lose_a_row() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 1_000);
    bad_line(&served);
    let text = shown(&run(&served, &home, &WORDS));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert_each_once(&served, 1_000);
    assert_journal_agrees(&served, &home);
}

#[test]
fn twenty_kills_neither_double_nor_lose_a_row() {
    const ROWS: u64 = 400;
    let (served, home) = (portal(), Home::new());
    deals(&home, ROWS);
    bad_line(&served);
    // Requests take their time, so that a kill finds some of them under way.
    served.portal.add_fault(
        FaultRule::new(Fault::Delay(Duration::from_millis(150)))
            .method("batch")
            .every(1),
    );
    let mut random = fastrand::Rng::with_seed(20);
    let mut going_on = 0;
    let begun = Instant::now();
    for kill in 0..20 {
        let mut child = b24(&served, &home, &WORDS).spawn().expect("b24 runs");
        std::thread::sleep(Duration::from_millis(random.u64(30..600)));
        child.kill().expect("the child is ours");
        let output = child.wait_with_output().said();
        let text = shown(&output);
        match output.status.code() {
            None => going_on += u32::from(text.contains("note: going on with")),
            // It was done before.
            Some(0) => break,
            Some(_) => panic!("kill {kill}: {text}"),
        }
    }
    let text = shown(&run(&served, &home, &WORDS));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert_each_once(&served, ROWS);
    assert_journal_agrees(&served, &home);
    assert!(going_on > 3, "{going_on} went on");
    assert!(begun.elapsed() < Duration::from_secs(120));
}

#[test]
fn a_row_that_runs_after_the_kill_is_found() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 40);
    served
        .portal
        .fail_next("batch", Fault::Delay(Duration::from_millis(1_500)));
    let mut child = b24(&served, &home, &WORDS).spawn().expect("b24 runs");
    let journal = home.file("deals.csv.b24journal-wal");
    let begun = Instant::now();
    while served.portal.requests() < 2 || !journal.exists() {
        assert!(begun.elapsed().as_secs() < 20, "it is sent");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("the child is ours");
    child.wait().expect("it ends");
    assert!(titles(&served).is_empty(), "it has not run yet");
    let text = shown(&run(&served, &home, &WORDS));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert!(text.contains("0 rows done, 40 unknown"), "{text}");
    assert!(
        text.contains("40 unknown rows looked up by originId: 40 exist, 0 do not"),
        "{text}"
    );
    assert_each_once(&served, 40);
}

#[test]
fn a_clock_that_went_back_waits_in_full() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 10);
    served.portal.fail_next("batch", Fault::CutAfterRun);
    let words = [
        "import",
        "deals",
        "deals.csv",
        "--settle",
        "20s",
        "--deadline",
        "1s",
    ];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 5"), "{text}");
    assert!(text.contains("10 unknown rows to look up"), "{text}");
    // Sent long ago, by a clock that was ahead.
    let set = |sql: &str| {
        let db = rusqlite::Connection::open(home.file("deals.csv.b24journal")).expect("open");
        db.execute_batch(sql).expect("set");
    };
    set("UPDATE rows SET sent = 0");
    set("UPDATE facts SET value = CAST(value AS INTEGER) + 86400000 WHERE name = 'clock'");
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 5"), "{text}");
    assert!(
        text.contains("the clock of this machine has gone back"),
        "{text}"
    );
    set("UPDATE facts SET value = 0 WHERE name = 'clock'");
    let begun = Instant::now();
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "the fence is over"
    );
    assert_each_once(&served, 10);
}

#[test]
fn a_revoked_webhook_ends_it_and_the_same_command_goes_on() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 600);
    served
        .portal
        .add_fault(FaultRule::new(Fault::RevokeWebhook).method("batch").skip(5));
    let text = shown(&run(&served, &home, &WORDS));
    assert!(text.starts_with("exit: 4"), "{text}");
    assert!(text.contains(" rows are on "), "{text}");
    assert!(text.contains("the same command goes on"), "{text}");
    let there = titles(&served).len();
    assert!(there > 0 && there < 600, "{there}");
    served.portal.restore_webhook();
    let text = shown(&run(&served, &home, &WORDS));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert_each_once(&served, 600);
    assert_journal_agrees(&served, &home);
}

#[test]
fn ctrl_c_keeps_the_journal() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 600);
    served.portal.add_fault(
        FaultRule::new(Fault::DelayAnswer(Duration::from_millis(300)))
            .method("batch")
            .every(1),
    );
    let child = b24(&served, &home, &WORDS).spawn().expect("b24 runs");
    interrupt_after(&served, 5, &child);
    let text = shown(&child.wait_with_output().said());
    assert!(text.starts_with("exit: 130"), "{text}");
    assert!(text.contains("hint: the same command goes on"), "{text}");
    served.portal.clear_faults();
    let text = shown(&run(&served, &home, &WORDS));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert_each_once(&served, 600);
}

#[test]
fn a_deadline_ends_the_check_of_a_long_file_before_anything_is_sent() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 400_000);
    let words = [
        "import",
        "deals",
        "deals.csv",
        "--yes",
        "--deadline",
        "300ms",
    ];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 5"), "{text}");
    assert!(titles(&served).is_empty() && !home.file("deals.csv.b24journal").exists());
}

#[test]
fn the_second_import_of_a_file_refuses() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 100);
    served.portal.add_fault(
        FaultRule::new(Fault::DelayAnswer(Duration::from_millis(1_500)))
            .method("batch")
            .every(1),
    );
    let first = b24(&served, &home, &WORDS).spawn().expect("b24 runs");
    let begun = Instant::now();
    while titles(&served).is_empty() {
        assert!(begun.elapsed().as_secs() < 20, "the first one sends");
        std::thread::sleep(Duration::from_millis(5));
    }
    let text = shown(&run(&served, &home, &WORDS));
    assert!(text.starts_with("exit: 2"), "{text}");
    assert!(
        text.contains("another b24 is writing with deals.csv.b24journal now"),
        "{text}"
    );
    let text = shown(&first.wait_with_output().said());
    assert!(text.starts_with("exit: 0"), "{text}");
    assert_each_once(&served, 100);
}

#[test]
fn a_row_that_is_there_twice_is_reported_and_a_changed_one_is_compared() {
    let (served, home) = (portal(), Home::new());
    home.write("deals.csv", "title,originId\nDeal 1,A\nDeal 2,B\n");
    served.portal.fail_next("batch", Fault::CutAfterRun);
    let words = ["import", "deals", "deals.csv", "--deadline", "1s"];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 5"), "{text}");
    // Meanwhile somebody adds one of them again and renames the other.
    let ids = served.portal.ids("deal");
    let call = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(run(&served, &home, &words).status.success(), "{line}");
    };
    call("call crm.item.add entityTypeId=2 fields[title]=Deal fields[originId]=A");
    let rename = "entityTypeId=2 fields[title]=Renamed";
    call(&format!("call crm.item.update id={} {rename}", ids[1]));
    let db = rusqlite::Connection::open(home.file("deals.csv.b24journal")).expect("open");
    db.execute_batch("UPDATE rows SET sent = 0")
        .expect("long ago");
    drop(db);
    let text = shown(&run(&served, &home, &words[..3]));
    assert!(text.starts_with("exit: 3"), "{text}");
    assert!(text.contains("row 2 is there twice: 1 and 3"), "{text}");
    assert!(
        text.contains("row 3 (title: sent \"Deal 2\", is \"Renamed\")"),
        "{text}"
    );
    assert_eq!(
        served.portal.rows("deal").len(),
        3,
        "nothing was sent again"
    );
}

#[test]
fn an_entity_without_an_external_id_is_reported_and_never_guessed() {
    let (served, home) = (portal(), Home::new());
    home.write("tasks.csv", "TITLE,RESPONSIBLE_ID\nTask 1,1\nTask 2,1\n");
    // The first one asks who is responsible.
    let lost = FaultRule::new(Fault::CutAfterRun).method("batch").skip(1);
    served.portal.add_fault(lost);
    let words = ["import", "tasks", "tasks.csv", "--settle", "3s"];
    for _ in 0..2 {
        let text = shown(&run(&served, &home, &words));
        assert!(text.starts_with("exit: 6"), "{text}");
        assert!(text.contains("error: 2 of 2 rows may be on "), "{text}");
        assert!(
            text.contains("hint: look first: b24 export tasks"),
            "{text}"
        );
        assert_eq!(served.portal.rows("task").len(), 2);
    }
}

#[test]
#[cfg(unix)]
fn nothing_is_sent_that_a_full_disk_cannot_journal() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 3_000);
    // So many kB for each file; the signal would be the end of the process.
    let script = format!(
        "trap '' XFSZ; ulimit -f 100; exec {} {}",
        assert_cmd::cargo::cargo_bin("b24").display(),
        WORDS.join(" ")
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .env("HOME", home.path())
        .env("B24_WEBHOOK", served.portal.webhook())
        .env("B24_LIMITS", "off")
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .said();
    let text = shown(&output);
    assert!(text.starts_with("exit: 1"), "{text}");
    assert!(text.contains("error: deals.csv.b24journal: "), "{text}");
    assert!(text.contains(" of 3,000 rows"), "{text}");
    assert!(
        text.contains("hint: free space, then the same command goes on"),
        "{text}"
    );
    let there = titles(&served).len();
    assert!(there > 0 && there < 3_000, "{there}");
    let text = shown(&run(&served, &home, &WORDS));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert_each_once(&served, 3_000);
    assert_journal_agrees(&served, &home);
}
