//! `b24 update`, `b24 delete`, `b24 undo`

use b24_seen::Said;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use b24_portal::{Fault, FaultRule, Portal};
use serde_json::Value;

use crate::served::Served;
use crate::support::{Home, assert_shown, shown};

const DEALS: u64 = 300;

fn served() -> Served {
    Served::of(Portal::builder().deals(DEALS))
}

fn run(served: &Served, home: &Home, words: &[&str]) -> String {
    let output = served.b24(home).args(words).output().said();
    let text = shown(&output);
    assert!(
        !text.contains(served.secret()),
        "{words:?} shows the secret: {text}"
    );
    text
}

/// A field of all deals, by id.
fn deals(served: &Served, field: &str) -> BTreeMap<i64, String> {
    let each = served.portal.rows("deal").into_iter();
    each.map(|row| {
        let id = row["ID"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("a number");
        (id, row[field].as_str().unwrap_or_default().to_owned())
    })
    .collect()
}

fn with(all: &BTreeMap<i64, String>, value: &str) -> usize {
    all.values().filter(|own| *own == value).count()
}

/// Requests that write.
fn writes(served: &Served) -> usize {
    let writes = |name: &str| {
        [".update", ".delete", ".add"]
            .iter()
            .any(|verb| name.contains(verb))
    };
    let log = served.portal.log();
    log.iter()
        .filter(|entry| writes(&entry.method) || entry.commands.iter().any(|inner| writes(inner)))
        .count()
}

fn undo_files(home: &Home) -> Vec<PathBuf> {
    let all = std::fs::read_dir(home.path()).expect("a directory");
    let paths = all.map(|entry| entry.expect("an entry").path());
    let mut found: Vec<_> = paths
        .filter(|path| path.to_string_lossy().contains(".undo-"))
        .collect();
    found.sort();
    found
}

fn undo_file(home: &Home) -> String {
    let all = undo_files(home);
    assert_eq!(all.len(), 1, "{all:?}");
    all[0]
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

/// Nothing of a finished run stays but the undo file.
fn assert_no_journal(home: &Home) {
    let state = home.file("state/b24");
    let left: Vec<_> = std::fs::read_dir(state)
        .map(|all| {
            all.map(|entry| entry.expect("an entry").file_name())
                .collect()
        })
        .unwrap_or_default();
    assert!(left.is_empty(), "{left:?}");
}

const CONSENT: &[&str] = &["--yes", "--at-most", "300"];

#[test]
fn rows_that_leave_the_filter_are_all_changed_and_put_back() {
    let (served, home) = (served(), Home::new());
    let before = deals(&served, "STAGE_ID");
    let new = with(&before, "NEW");
    assert!(new > 20, "{new}");
    let words = [
        "update",
        "deals",
        "--filter",
        "stageId=NEW",
        "--set",
        "stageId=LOSE",
    ];
    let text = run(&served, &home, &[&words[..], CONSENT].concat());
    assert!(text.starts_with("exit: 0\n"), "{text}");
    let after = deals(&served, "STAGE_ID");
    assert_eq!(with(&after, "NEW"), 0);
    assert_eq!(with(&after, "LOSE"), with(&before, "LOSE") + new);
    assert!(
        text.contains(&format!("{new} deals updated on 127.0.0.1:")),
        "{text}"
    );
    assert_no_journal(&home);

    // The same again finds nothing to do.
    let again = run(&served, &home, &[&words[..], CONSENT].concat());
    assert!(again.contains("0 deals updated"), "{again}");

    let file = undo_file(&home);
    let text = run(
        &served,
        &home,
        &[&["undo", file.as_str()][..], CONSENT].concat(),
    );
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_eq!(deals(&served, "STAGE_ID"), before);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = home
            .file(&file)
            .metadata()
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // The undo can be undone.
    let back = undo_files(&home)
        .into_iter()
        .find(|path| !path.ends_with(&file))
        .expect("a second file");
    let back = back.to_str().expect("a path");
    assert!(run(&served, &home, &[&["undo", back][..], CONSENT].concat()).starts_with("exit: 0\n"));
    assert_eq!(deals(&served, "STAGE_ID"), after);
}

#[test]
fn what_a_person_sees() {
    let (served, home) = (served(), Home::new());
    let cases = [
        ("no_rows_chosen", "delete deals --yes"),
        ("unchecked", "delete deals --filter x=1 --unchecked"),
        (
            "misspelt_filter",
            "delete deals --filter stage_id=LOSE --yes --at-most 9",
        ),
        (
            "misspelt_classic_filter",
            "delete crm.deal.list --filter STAGGE_ID=LOSE --yes --at-most 9",
        ),
        (
            "misspelt_field",
            "update deals --filter stageId=LOSE --set stage_id=NEW --yes --at-most 9",
        ),
        (
            "unknown_text",
            "update deals --all --set stageId=Nowhere --yes --at-most 300",
        ),
        (
            "read_only_field",
            "update deals --all --set createdTime=2026-01-01",
        ),
        ("nothing_to_set", "update deals --all"),
        ("empty_filter", "delete deals --filter-json {}"),
        ("nobody_to_ask", "delete deals --filter stageId=LOSE"),
        (
            "nobody_to_ask_update",
            "update deals --filter stageId=LOSE --set stageId=NEW",
        ),
        (
            "nobody_has_counted",
            "delete deals --filter stageId=LOSE --yes",
        ),
        (
            "too_many",
            "update deals --all --set stageId=WON --yes --at-most 12",
        ),
        (
            "read_only",
            "delete deals --ids 1,2 --read-only --yes --at-most 2",
        ),
        (
            "plan_update",
            "update deals --filter id<=9 --set title=A --dry-run",
        ),
        (
            "plan_update_machine",
            "update deals --filter id<=2 --set title=A --dry-run --json",
        ),
        ("plan_delete", "delete deals --filter id<=7 --dry-run"),
        ("cannot_be_written", "delete users --all --dry-run"),
        ("no_undo_file", "undo nosuch.jsonl"),
    ];
    for (name, line) in cases {
        let words: Vec<&str> = line.split(' ').collect();
        assert_shown!(format!("change_{name}"), run(&served, &home, &words));
    }
    assert_eq!(writes(&served), 0, "nothing was changed");
    assert!(undo_files(&home).is_empty());
    assert_no_journal(&home);
}

#[test]
fn deleted_rows_are_added_again_with_their_values() {
    let (served, home) = (served(), Home::new());
    let ids: Vec<String> = served
        .portal
        .ids("deal")
        .iter()
        .take(60)
        .map(i64::to_string)
        .collect();
    let chosen = ids.join(",");
    let mark = [
        "update",
        "deals",
        "--ids",
        &ids[0],
        "--set",
        "originId=erp-77",
    ];
    let marked = run(
        &served,
        &home,
        &[&mark[..], CONSENT, &["--undo", "mark.jsonl"]].concat(),
    );
    assert!(marked.starts_with("exit: 0\n"), "{marked}");
    let before = deals(&served, "TITLE");

    let text = run(
        &served,
        &home,
        &[&["delete", "deals", "--ids", &chosen][..], CONSENT].concat(),
    );
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_eq!(deals(&served, "TITLE").len(), 240);
    assert!(text.contains("60 deals deleted"), "{text}");

    let file = undo_file(&home);
    let text = run(
        &served,
        &home,
        &[&["undo", file.as_str()][..], CONSENT].concat(),
    );
    assert!(text.starts_with("exit: 0\n"), "{text}");
    let after = deals(&served, "TITLE");
    let lines = text.lines().filter(|line| line.starts_with("{\"id\""));
    let pairs: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!((after.len(), pairs.len()), (300, 60));
    for pair in &pairs {
        let (was, id) = (
            pair["was"].as_i64().expect("an id"),
            pair["id"].as_i64().expect("an id"),
        );
        assert_eq!(after[&id], before[&was], "{pair}");
        assert!(id > 300 || !before.contains_key(&id), "a new id: {pair}");
    }
    let origins = deals(&served, "ORIGIN_ID");
    assert_eq!(with(&origins, "erp-77"), 1, "its own external id");
    assert_no_journal(&home);
}

#[test]
fn rows_that_somebody_has_changed_since_are_left_alone() {
    let (served, home) = (served(), Home::new());
    let words = ["update", "deals", "--ids", "1,2,3,4", "--set", "title=Bulk"];
    assert!(run(&served, &home, &[&words[..], CONSENT].concat()).starts_with("exit: 0\n"));
    let other = ["call", "crm.deal.update", "id=2", "fields[TITLE]=By hand"];
    assert!(run(&served, &home, &other).starts_with("exit: 0\n"));
    served.portal.delete_rows("deal", &[3]);
    let file = undo_file(&home);
    let text = run(
        &served,
        &home,
        &[&["undo", file.as_str()][..], CONSENT].concat(),
    );
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(
        text.contains("note: 1 deal was changed since, and left out: 2; --force"),
        "{text}"
    );
    assert!(
        text.contains("note: 1 deal is not there any more: 3"),
        "{text}"
    );
    let titles = deals(&served, "TITLE");
    assert_eq!(titles[&2], "By hand");
    assert_ne!(titles[&1], "Bulk");
    let text = run(
        &served,
        &home,
        &[&["undo", file.as_str(), "--force"][..], CONSENT].concat(),
    );
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_ne!(deals(&served, "TITLE")[&2], "By hand");
}

#[test]
fn lost_answers_change_each_row_once() {
    let (served, home) = (served(), Home::new());
    let lose = |fault| FaultRule::new(fault).method("batch").skip(5);
    served
        .portal
        .add_fault(lose(Fault::CutAfterRun).every(3).times(2));
    served
        .portal
        .add_fault(lose(Fault::Html502AfterRun).every(4).times(2));
    let words = [
        "update",
        "deals",
        "--all",
        "--set",
        "title=Bulk",
        "--settle",
        "1s",
    ];
    let text = run(&served, &home, &[&words[..], CONSENT].concat());
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_eq!(with(&deals(&served, "TITLE"), "Bulk"), 300);

    served.portal.clear_faults();
    let ids = served.portal.ids("deal");
    served
        .portal
        .add_fault(lose(Fault::CutAfterRun).every(2).times(2));
    let words = ["delete", "deals", "--filter", "id<=200", "--settle", "1s"];
    let text = run(
        &served,
        &home,
        &[&words[..], CONSENT, &["--undo", "gone.jsonl"]].concat(),
    );
    assert!(text.starts_with("exit: 0\n"), "{text}");
    let left = ids.iter().filter(|id| **id > 200).count();
    assert_eq!(served.portal.rows("deal").len(), left);

    served.portal.clear_faults();
    served
        .portal
        .add_fault(lose(Fault::CutAfterRun).every(2).times(2));
    let words = ["undo", "gone.jsonl", "--settle", "1s"];
    let text = run(&served, &home, &[&words[..], CONSENT].concat());
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_eq!(served.portal.rows("deal").len(), 300, "each is there once");
}

#[cfg(unix)]
#[test]
fn a_killed_change_goes_on_with_the_rows_of_its_plan() {
    let (served, home) = (served(), Home::new());
    let words = [
        "update",
        "deals",
        "--filter",
        "title!=Bulk",
        "--set",
        "title=Bulk",
    ];
    let before = deals(&served, "TITLE");
    for kill in 0..3 {
        let slow = Fault::DelayAnswer(Duration::from_millis(400));
        served.portal.clear_faults();
        served
            .portal
            .add_fault(FaultRule::new(slow).method("batch").times(50));
        let done = with(&deals(&served, "TITLE"), "Bulk");
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("b24"))
            .args(words)
            .args(CONSENT)
            .env_clear()
            .envs(b24_seen::log())
            .env("HOME", home.path())
            .env("XDG_STATE_HOME", home.file("state"))
            .env("B24_WEBHOOK", served.portal.webhook())
            .current_dir(home.path())
            .stderr(Stdio::null())
            .spawn()
            .expect("b24 runs");
        let begun = Instant::now();
        while with(&deals(&served, "TITLE"), "Bulk") == done
            && child.try_wait().expect("a state").is_none()
        {
            assert!(
                begun.elapsed().as_secs() < 30,
                "kill {kill}: rows are written"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().expect("it is killed");
        child.wait().expect("it is gone");
    }
    served.portal.clear_faults();
    let text = run(&served, &home, &[&words[..], CONSENT].concat());
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert_eq!(with(&deals(&served, "TITLE"), "Bulk"), 300);
    // All old values are in the one file, those of rows that the first run wrote too.
    let file = undo_file(&home);
    assert!(
        run(
            &served,
            &home,
            &[&["undo", file.as_str()][..], CONSENT].concat()
        )
        .starts_with("exit: 0\n")
    );
    assert_eq!(deals(&served, "TITLE"), before);
}

#[test]
fn a_revoked_webhook_ends_it_and_the_same_command_goes_on() {
    let (served, home) = (served(), Home::new());
    served.portal.add_fault(
        FaultRule::new(Fault::RevokeWebhook)
            .method("batch")
            .skip(5)
            .times(1),
    );
    let words = ["update", "deals", "--all", "--set", "title=Bulk"];
    let text = run(&served, &home, &[&words[..], CONSENT].concat());
    assert!(text.starts_with("exit: 4\n"), "{text}");
    assert!(text.contains("the same command goes on"), "{text}");
    served.portal.restore_webhook();
    served.portal.clear_faults();
    let text = run(&served, &home, &[&words[..], CONSENT].concat());
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(
        text.contains("note: going on with the journal of "),
        "{text}"
    );
    assert_eq!(with(&deals(&served, "TITLE"), "Bulk"), 300);
    assert_no_journal(&home);
}

#[test]
fn what_cannot_be_undone_is_not_done() {
    let (served, home) = (served(), Home::new());
    let command =
        "trap '' XFSZ; ulimit -f 200; exec \"$B24\" delete deals --all --yes --at-most 300";
    let mut sh = Command::new("sh");
    sh.args(["-c", command])
        .env("B24", assert_cmd::cargo::cargo_bin!("b24"))
        .env("B24_WEBHOOK", served.portal.webhook())
        .env("HOME", home.path())
        .env("XDG_STATE_HOME", home.file("state"))
        .current_dir(home.path());
    let text = shown(&sh.output().said());
    assert!(text.starts_with("exit: 1\n"), "{text}");
    assert!(
        text.contains("state: nothing was sent: what cannot be undone is not done"),
        "{text}"
    );
    assert_eq!(
        (served.portal.rows("deal").len(), writes(&served)),
        (300, 0)
    );
}

#[test]
fn rows_that_are_refused_are_listed() {
    let (served, home) = (served(), Home::new());
    let refuse = Fault::InnerError {
        command: 3,
        code: "ACCESS_DENIED".into(),
        text: "Access denied.".into(),
    };
    served
        .portal
        .add_fault(FaultRule::new(refuse).method("batch").skip(2).times(1));
    let words = [
        "update",
        "deals",
        "--ids",
        "11,12,13,14,15",
        "--set",
        "title=Bulk",
    ];
    let text = run(
        &served,
        &home,
        &[&words[..], CONSENT, &["--undo", "u.jsonl"]].concat(),
    );
    assert_shown!("change_refused_rows", text);
    assert_no_journal(&home);
}
