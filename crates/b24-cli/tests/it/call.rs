//! `b24 call`

use b24_portal::{Fault, FaultRule};
use b24_seen::Said;
use serde_json::Value;

use crate::served::Served;
use crate::support::{Home, assert_shown, shown};

fn run(served: &Served, home: &Home, words: &[&str]) -> std::process::Output {
    let output = served.b24(home).args(words).output().said();
    let text = shown(&output);
    assert!(
        !text.contains(served.secret()),
        "{words:?} shows the secret: {text}"
    );
    output
}

#[test]
fn a_result_is_one_line_and_nothing_else() {
    let (served, home) = (Served::demo(), Home::new());
    let output = run(
        &served,
        &home,
        &["call", "crm.item.get", "entityTypeId=2", "id=5"],
    );
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(text.lines().count(), 1);
    let item: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(item["item"]["id"], 5);
    assert!(output.stderr.is_empty());
}

#[test]
fn what_a_person_sees() {
    let (served, home) = (Served::demo(), Home::new());
    home.write(
        "params.json",
        r#"{"entityTypeId":2,"select":["id"],"filter":{"<id":3}}"#,
    );
    let cases: &[&[&str]] = &[
        &["call", "crm.item.list", "@params.json"],
        &[
            "call",
            "crm.item.list",
            "@params.json",
            "filter[<id]=6",
            "filter[>id]=3",
        ],
        &["call", "crm.item.get", "entityTypeId=2", "id=99999999"],
        &["call", "crm.deal.lst"],
        &["call", "crm.item.get", "entityTypeId=2", "id"],
        &["call", "crm.item.get", "id=@nosuch.txt"],
        &[
            "call",
            "crm.deal.add",
            "fields[TITLE]=New pump",
            "--read-only",
        ],
        &[
            "call",
            "crm.deal.add",
            "fields[TITLE]=New pump",
            "--dry-run",
        ],
        &[
            "call",
            "crm.deal.add",
            "fields[TITLE]=New pump",
            "--dry-run",
            "--json",
        ],
        &["call", "tasks.task.get", "--v3", "id=5", "select:=[\"id\"]"],
        &["call", "main.eventlog.get", "id=99999999"],
    ];
    let each = |case: &&[&str]| {
        format!(
            "$ b24 {}\n{}",
            case.join(" "),
            shown(&run(&served, &home, case))
        )
    };
    assert_shown!(cases.iter().map(each).collect::<Vec<_>>().join("\n"));
    assert_eq!(served.portal.rows("deal").len(), 5_000, "nothing was added");
}

#[test]
fn more_pages_are_told_with_a_command_that_works() {
    let (served, home) = (Served::demo(), Home::new());
    let output = run(
        &served,
        &home,
        &[
            "call",
            "crm.item.list",
            "entityTypeId=2",
            "select[]=id",
            "filter[>id]=100",
        ],
    );
    let note = String::from_utf8(output.stderr).expect("text");
    let total = served
        .portal
        .ids("deal")
        .iter()
        .filter(|id| **id > 100)
        .count();
    let command = note
        .trim()
        .split_once("all of them: b24 ")
        .expect("a command")
        .1;
    assert!(note.starts_with("note: 50 of 4,9"), "{note}");
    let words: Vec<String> = command
        .split(' ')
        .map(|word| word.trim_matches('\'').to_owned())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let all = run(&served, &home, &words);
    assert_eq!(
        String::from_utf8(all.stdout).expect("text").lines().count(),
        total
    );
}

#[test]
fn the_envelope_holds_everything() {
    let (served, home) = (Served::demo(), Home::new());
    let output = run(
        &served,
        &home,
        &["call", "crm.item.list", "entityTypeId=2", "--envelope"],
    );
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answer["total"], 5_000);
    assert_eq!(answer["next"], 50);
    assert_eq!(
        answer["result"]["items"].as_array().expect("rows").len(),
        50
    );
    assert!(answer["time"]["duration"].is_number(), "{answer}");
    assert!(answer["request_id"].is_string());
}

#[test]
fn the_text_of_a_file_arrives() {
    let (served, home) = (Served::demo(), Home::new());
    home.write("note.txt", "from a file\n");
    let words = [
        "call",
        "crm.deal.update",
        "id=5",
        "fields[TITLE]=@note.txt",
        "fields[PROBABILITY]=33",
    ];
    assert!(run(&served, &home, &words).status.success());
    let deal = served
        .portal
        .rows("deal")
        .into_iter()
        .find(|row| row["ID"] == "5")
        .expect("deal 5");
    assert_eq!(deal["TITLE"], "from a file\n");
    assert_eq!(deal["PROBABILITY"], "33");
}

#[test]
fn a_lost_answer_to_a_write_is_unknown() {
    let (served, home) = (Served::demo(), Home::new());
    served
        .portal
        .add_fault(FaultRule::new(Fault::CutAfterRun).method("crm.deal.add"));
    let output = run(
        &served,
        &home,
        &["call", "crm.deal.add", "fields[TITLE]=New pump"],
    );
    assert_eq!(output.status.code(), Some(6), "{}", shown(&output));
    assert_eq!(served.portal.rows("deal").len(), 5_001, "it was sent once");
}

#[test]
fn a_profile_may_want_to_be_asked_before_writes() {
    let (served, home) = (Served::demo(), Home::new());
    let login = home
        .b24()
        .args(["auth", "login", "acme"])
        .write_stdin(served.portal.webhook())
        .output();
    assert!(login.said().status.success());
    let config = home.file("config/b24/config.toml");
    let text = std::fs::read_to_string(&config).expect("the configuration");
    let text = text.replace("[profile.acme]", "[profile.acme]\nmode = \"confirm\"");
    std::fs::write(&config, text).expect("the configuration");
    let add = ["call", "crm.deal.add", "fields[TITLE]=x"];
    assert_shown!(home.run(&add));
    assert!(
        home.run(&["call", "crm.deal.get", "id=5"])
            .starts_with("exit: 0\n")
    );
    assert_eq!(served.portal.rows("deal").len(), 5_000);
    assert!(
        home.run(&[&add[..], &["--yes"]].concat())
            .starts_with("exit: 0\n")
    );
    assert_eq!(served.portal.rows("deal").len(), 5_001);
}

#[test]
fn standard_input_gives_parameters_once() {
    let (served, home) = (Served::demo(), Home::new());
    let run = |words: &[&str]| {
        let output = served
            .b24(&home)
            .args(words)
            .write_stdin(r#"{"id":5}"#)
            .output();
        output.said()
    };
    let deal: Value =
        serde_json::from_slice(&run(&["call", "crm.deal.get", "-"]).stdout).expect("JSON");
    assert_eq!(deal["ID"], "5");
    assert_shown!(shown(&run(&["call", "crm.deal.get", "-", "fields=@-"])));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_does_not_hide_that_a_write_has_run() {
    let (served, home) = (Served::demo(), Home::new());
    let before = served.portal.rows("deal").len();
    let lines = [
        "b24 call user.current > /dev/full",
        "b24 call crm.deal.add 'fields[TITLE]=New pump' > /dev/full",
        "echo 'crm.deal.add?fields[TITLE]=New+pump' | b24 batch - > /dev/full",
        "b24 explain 100 > /dev/full",
    ];
    let each = lines.map(|line| format!("$ {line}\n{}", home.sh(served.portal.webhook(), line)));
    assert_shown!(each.join("\n"));
    assert_eq!(served.portal.rows("deal").len(), before + 2);
}
