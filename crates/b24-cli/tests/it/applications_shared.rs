//! Many processes of the command and one pair of tokens; long work across its end.

use b24_seen::Said;
use std::process::Stdio;
use std::time::{Duration, Instant};

use b24_portal::{Edition, Fault, FaultRule, Installation, Portal};

use crate::import::{assert_each_once, deals};
use crate::stage::{ELSEWHERE, Stage};
use crate::support::shown;

#[test]
fn processes_that_find_an_expired_token_refresh_it_once() {
    let stage = Stage::connected();
    stage.served.portal.expire_access_tokens();
    // The refresh takes its time, so that all of them want it.
    let slow = FaultRule::new(Fault::Delay(Duration::from_millis(500))).method("oauth/token");
    stage.served.portal.add_fault(slow.times(10));
    let children: Vec<_> = (0..4)
        .map(|_| stage.b24(&["call", "profile"]).spawn().expect("b24 runs"))
        .collect();
    for child in children {
        let text = shown(&child.wait_with_output().said());
        assert!(text.starts_with("exit: 0\n"), "{text}");
    }
    let counts = stage.served.portal.oauth_counts();
    assert_eq!((counts.refreshes, counts.refused_refreshes), (1, 0));
}

/// The token ends in the middle, twice: once by the clock, once by the portal's word.
#[test]
fn an_import_goes_on_across_the_end_of_its_token() {
    const ROWS: u64 = 1_500;
    let builder = Portal::builder().edition(Edition::Box);
    let stage = Stage::of(builder, ELSEWHERE);
    stage.login("acme");
    deals(&stage.home, ROWS);
    let slow = FaultRule::new(Fault::Delay(Duration::from_millis(250))).method("batch");
    stage.served.portal.add_fault(slow.every(1));
    let mut child = stage
        .b24(&["import", "deals", "deals.csv", "--yes"])
        .spawn()
        .expect("b24 runs");
    for (rows, end) in [(60, 0), (700, 1)] {
        let begun = Instant::now();
        while (stage.served.portal.rows("deal").len() as u64) < rows {
            assert!(begun.elapsed().as_secs() < 60, "row {rows} comes");
            assert!(
                child.try_wait().expect("a child").is_none(),
                "it still runs"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        if end == 0 {
            stage.served.portal.advance(Duration::from_secs(2 * 3600));
        } else {
            stage.served.portal.revoke_access_tokens();
        }
    }
    let text = shown(&child.wait_with_output().said());
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(text.contains("1,500 of 1,500 rows are on "), "{text}");
    assert_each_once(&stage.served, ROWS);
    let counts = stage.served.portal.oauth_counts();
    assert_eq!((counts.refreshes, counts.refused_refreshes), (2, 0));
    // For the table of `cargo xtask bench oauth`.
    println!(
        "proof\timport of rows, the token ends twice in the middle\tb24 import\t{ROWS}\t{ROWS}\t{}\teach row once",
        counts.refreshes
    );
}

/// Locked out in the middle, an import keeps its journal and says how to get in again.
#[test]
fn an_import_that_is_locked_out_goes_on_when_it_is_let_in() {
    const ROWS: u64 = 600;
    let stage = Stage::of(Portal::builder().edition(Edition::Box), ELSEWHERE);
    stage.login("acme");
    deals(&stage.home, ROWS);
    let slow = FaultRule::new(Fault::Delay(Duration::from_millis(250))).method("batch");
    stage.served.portal.add_fault(slow.every(1));
    let words = ["import", "deals", "deals.csv", "--yes"];
    let child = stage.b24(&words).spawn().expect("b24 runs");
    let begun = Instant::now();
    while stage.served.portal.rows("deal").len() < 60 {
        assert!(begun.elapsed().as_secs() < 60, "rows come");
        std::thread::sleep(Duration::from_millis(5));
    }
    let set = |to| {
        stage
            .served
            .portal
            .set_installation(&stage.app.client_id, to)
    };
    assert!(set(Installation::PaymentExpired));
    let text = shown(&child.wait_with_output().said());
    assert!(text.starts_with("exit: 4\n"), "{text}");
    assert!(
        text.contains("error: the subscription of this application has ended at "),
        "{text}"
    );
    assert!(
        text.contains("of 600 rows are on") && text.contains("the journal is "),
        "{text}"
    );
    assert!(set(Installation::Installed));
    stage.served.portal.clear_faults();
    let text = stage.run(&words);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_each_once(&stage.served, ROWS);
}

/// Tokens change and the portal gets another address; journals and parts stay those of the same question.
#[test]
fn a_killed_import_goes_on_with_other_tokens_and_at_another_address() {
    const ROWS: u64 = 400;
    let stage = Stage::of(Portal::builder().edition(Edition::Box), ELSEWHERE);
    stage.login("acme");
    deals(&stage.home, ROWS);
    let slow = FaultRule::new(Fault::Delay(Duration::from_millis(100))).method("batch");
    stage.served.portal.add_fault(slow.every(1));
    let words = ["import", "deals", "deals.csv", "--yes", "--settle", "3s"];
    let mut child = stage
        .b24(&words)
        .stderr(Stdio::null())
        .spawn()
        .expect("b24 runs");
    let begun = Instant::now();
    while stage.served.portal.rows("deal").len() < 60 {
        assert!(begun.elapsed().as_secs() < 60, "rows come");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("the child is ours");
    child.wait().expect("it ends");
    stage.served.portal.clear_faults();
    stage.served.rename();
    assert!(stage.run(&["auth", "refresh"]).starts_with("exit: 0\n"));
    let text = stage.run(&words);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(text.contains("note: going on with the journal"), "{text}");
    assert_each_once(&stage.served, ROWS);
}

#[test]
fn a_stopped_export_goes_on_with_other_tokens() {
    let stage = Stage::of(Portal::builder().deals(5_000), ELSEWHERE);
    stage.login("acme");
    let slow = FaultRule::new(Fault::Delay(Duration::from_millis(400))).method("batch");
    stage.served.portal.add_fault(slow.every(1));
    let words = [
        "export",
        "deals",
        "-o",
        "out.jsonl",
        "--select",
        "id",
        "--resume",
    ];
    let first = stage.run(&[&words[..], &["--deadline", "1s"]].concat());
    assert!(first.starts_with("exit: 5\n"), "{first}");
    stage.served.portal.clear_faults();
    stage.served.portal.expire_access_tokens();
    let text = stage.run(&words);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(text.contains("note: going on"), "{text}");
    let rows = std::fs::read_to_string(stage.home.file("out.jsonl")).expect("a file");
    assert_eq!(rows.lines().count(), 5_000);
    assert_eq!(stage.served.portal.oauth_counts().refreshes, 1);
}
