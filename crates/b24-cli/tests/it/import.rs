//! `b24 import`: each row of a file is on the portal once, whatever happens on the way.

use b24_seen::Said;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use b24_portal::{Edition, Fault, FaultRule, Portal};

use crate::served::Served;
use crate::support::{Home, shown};

/// A portal without limits whose requests end within 2 s.
pub(crate) fn portal() -> Served {
    Served::of(
        Portal::builder()
            .edition(Edition::Box)
            .wall(Some(Duration::from_secs(2))),
    )
}

pub(crate) fn b24(served: &Served, home: &Home, words: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("b24"));
    command
        .env_clear()
        .envs(b24_seen::log())
        .env("HOME", home.path())
        .env("B24_WEBHOOK", served.portal.webhook())
        .env("B24_LIMITS", "off")
        .env("TZ", "UTC")
        .args(words)
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn run(served: &Served, home: &Home, words: &[&str]) -> Output {
    b24(served, home, words).output().said()
}

/// `title,opportunity` with so many rows.
pub(crate) fn deals(home: &Home, rows: u64) {
    let lines = (1..=rows).map(|n| format!("Deal {n},{}\n", n * 10));
    let text: String = std::iter::once("title,opportunity\n".to_owned())
        .chain(lines)
        .collect();
    home.write("deals.csv", &text);
}

/// The titles on the portal, sorted.
pub(crate) fn titles(served: &Served) -> Vec<String> {
    let rows = served.portal.rows("deal");
    let mut titles: Vec<String> = rows
        .iter()
        .map(|row| row["TITLE"].as_str().expect("a title").to_owned())
        .collect();
    titles.sort();
    titles
}

/// Each row of the file is there, and once.
pub(crate) fn assert_each_once(served: &Served, rows: u64) {
    let mut expected: Vec<String> = (1..=rows).map(|n| format!("Deal {n}")).collect();
    expected.sort();
    let titles = titles(served);
    assert_eq!(titles.len() as u64, rows, "rows on the portal");
    assert!(titles == expected, "a row is lost and another doubled");
}

/// What the journal says: state and portal id by row.
fn journal(home: &Home) -> Vec<(u64, u8, String)> {
    let db = rusqlite::Connection::open(home.file("deals.csv.b24journal")).expect("the journal");
    let mut rows = db
        .prepare("SELECT row, state, coalesce(id, '') FROM rows ORDER BY row")
        .expect("rows");
    let each = rows.query_map([], |row| {
        Ok((row.get::<_, i64>(0)? as u64, row.get(1)?, row.get(2)?))
    });
    each.expect("rows").map(|row| row.expect("a row")).collect()
}

/// The journal has each row with the id that it has on the portal.
pub(crate) fn assert_journal_agrees(served: &Served, home: &Home) {
    const DONE: u8 = 2;
    let on_portal = served.portal.rows("deal");
    let noted = journal(home);
    assert_eq!(noted.len(), on_portal.len());
    for (row, state, id) in noted {
        assert_eq!(state, DONE, "row {row}");
        let there = on_portal
            .iter()
            .find(|deal| deal["ID"].to_string().trim_matches('"') == id);
        // Row 2 is the first behind the header.
        let title = format!("Deal {}", row - 1);
        assert_eq!(there.expect("the deal")["TITLE"], title);
    }
}

#[test]
fn rows_are_there_once_however_often_it_runs() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 120);
    let words = ["import", "deals", "deals.csv", "--yes"];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert!(text.contains("120 of 120 rows are on "), "{text}");
    assert_each_once(&served, 120);
    assert_journal_agrees(&served, &home);
    let requests = served.portal.requests();
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert!(
        text.contains("120 rows done, 0 unknown; nothing is left to send"),
        "{text}"
    );
    assert_each_once(&served, 120);
    assert!(served.portal.requests() - requests < 5, "no row is sent");
    let mode = std::fs::metadata(home.file("deals.csv.b24journal")).expect("the journal");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    }
    assert!(mode.is_file() && !home.file("deals.failed.csv").exists());
}

#[test]
fn the_plan_tells_what_it_costs_and_sends_nothing() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 1_000);
    let text = shown(&run(
        &served,
        &home,
        &["import", "deals", "deals.csv", "--dry-run"],
    ));
    assert!(text.starts_with("exit: 0"), "{text}");
    for part in [
        "method      crm.item.add",
        "rows        1,000",
        "row         {\"title\":\"Deal 1\"",
        "originId is filled with the journal's name",
        "robots and workflows for new deals start",
        "20 requests",
        "nothing was sent",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(titles(&served).is_empty() && !home.file("deals.csv.b24journal").exists());
}

#[test]
fn many_rows_need_consent_and_few_do_not() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 51);
    let words = ["import", "deals", "deals.csv"];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 2"), "{text}");
    assert!(
        text.contains("error: this would import 51 deals on "),
        "{text}"
    );
    assert!(text.contains("and nobody can be asked here"), "{text}");
    assert!(
        text.contains("hint: b24 import deals deals.csv --dry-run, then --yes"),
        "{text}"
    );
    assert!(titles(&served).is_empty() && !home.file("deals.csv.b24journal").exists());
    deals(&home, 50);
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert_each_once(&served, 50);
}

#[test]
fn a_read_only_profile_lets_nothing_through() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 5);
    let words = ["import", "deals", "deals.csv", "--yes", "--read-only"];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 2"), "{text}");
    assert!(text.contains("read-only here"), "{text}");
    assert!(titles(&served).is_empty());
    let words = ["import", "deals", "deals.csv", "--dry-run", "--read-only"];
    assert!(run(&served, &home, &words).status.success());
}

#[test]
fn a_journal_of_another_file_is_refused() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 10);
    let words = ["import", "deals", "deals.csv"];
    assert!(run(&served, &home, &words).status.success());
    deals(&home, 11);
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 2"), "{text}");
    assert!(
        text.contains("deals.csv.b24journal is the journal of another write (content of the file)"),
        "{text}"
    );
    assert_each_once(&served, 10);
    deals(&home, 10);
    let mode = ["import", "deals", "deals.csv", "--map", "opportunity="];
    let text = shown(&run(&served, &home, &mode));
    assert!(text.contains("of another write (map)"), "{text}");
    let other = portal();
    let text = shown(&run(&other, &home, &words));
    assert!(text.contains("of another write (portal)"), "{text}");
    assert!(titles(&other).is_empty());
    // Told to, it begins again, and then everything is there twice.
    let text = shown(&run(
        &served,
        &home,
        &["import", "deals", "deals.csv", "--restart"],
    ));
    assert!(
        text.starts_with("exit: 2") && text.contains("--restart throws"),
        "{text}"
    );
    let words = ["import", "deals", "deals.csv", "--restart", "--yes"];
    assert!(run(&served, &home, &words).status.success());
    assert_eq!(titles(&served).len(), 20);
}

#[test]
fn a_file_that_is_no_journal_stays_as_it_is() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 3);
    home.write("mine.csv", "a;b\n");
    for restart in [&[][..], &["--restart", "--yes"]] {
        let mut words = vec!["import", "deals", "deals.csv", "--journal", "mine.csv"];
        words.extend(restart);
        let text = shown(&run(&served, &home, &words));
        assert!(text.starts_with("exit: 2"), "{text}");
        assert!(text.contains("mine.csv is no journal of b24"), "{text}");
    }
    let kept = std::fs::read_to_string(home.file("mine.csv")).expect("the file");
    assert_eq!(kept, "a;b\n");
    assert!(titles(&served).is_empty());
}

#[test]
fn standard_input_needs_a_journal_but_for_a_plan() {
    let (served, home) = (portal(), Home::new());
    let text = shown(&run(&served, &home, &["import", "deals", "-"]));
    assert!(text.starts_with("exit: 2"), "{text}");
    assert!(text.contains("hint: --journal FILE"), "{text}");
    deals(&home, 7);
    let file = || std::fs::File::open(home.file("deals.csv")).expect("the file");
    let mut plan = b24(&served, &home, &["import", "deals", "-", "--dry-run"]);
    let text = shown(&plan.stdin(file()).output().said());
    assert!(text.starts_with("exit: 0"), "{text}");
    assert!(text.contains("nothing was sent"), "{text}");
    let mut command = b24(
        &served,
        &home,
        &[
            "import",
            "deals",
            "-",
            "--journal",
            "j",
            "--failed",
            "f.csv",
        ],
    );
    let text = shown(&command.stdin(file()).output().said());
    assert!(text.starts_with("exit: 0"), "{text}");
    assert_each_once(&served, 7);
}

#[test]
fn failed_rows_are_mended_and_imported_alone() {
    let (served, home) = (portal(), Home::new());
    home.write(
        "deals.csv",
        "title,opportunity\nDeal 1,10\nDeal 2,20\nDeal 3,30,too many,cells\nDeal 4,40\n",
    );
    served.portal.add_fault(
        FaultRule::new(Fault::Refuse {
            status: 400,
            code: "CRM_FIELD_ERROR_VALUE_NOT_VALID".into(),
            text: "opportunity is not valid".into(),
        })
        .method("crm.item.add")
        .skip(1),
    );
    let text = shown(&run(&served, &home, &["import", "deals", "deals.csv"]));
    assert!(text.starts_with("exit: 3"), "{text}");
    assert!(
        text.contains("error: 2 of 4 rows were not imported; 2 are on "),
        "{text}"
    );
    assert!(
        text.contains("1 x CRM_FIELD_ERROR_VALUE_NOT_VALID: opportunity is not valid"),
        "{text}"
    );
    assert!(
        text.contains("hint: mend deals.failed.csv and import that file"),
        "{text}"
    );
    let failed = std::fs::read_to_string(home.file("deals.failed.csv")).expect("the failed rows");
    let mut lines = failed.lines();
    assert_eq!(lines.next(), Some("title,opportunity,b24_reason"));
    assert_eq!(
        lines.next(),
        Some("Deal 2,20,CRM_FIELD_ERROR_VALUE_NOT_VALID: opportunity is not valid")
    );
    assert!(
        lines
            .next()
            .expect("the ragged row")
            .starts_with("Deal 3,30,"),
        "{failed}"
    );
    let text = shown(&run(
        &served,
        &home,
        &["import", "deals", "deals.failed.csv"],
    ));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert_each_once(&served, 4);
}
