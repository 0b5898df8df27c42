//! `b24 batch`: one line of output for each command, in order, whatever happens.

use b24_portal::{Fault, FaultRule};
use b24_seen::Said;
use serde_json::Value;

use crate::served::Served;
#[cfg(unix)]
use crate::served::interrupt_after;
use crate::support::{Home, assert_shown, shown};

fn run(served: &Served, home: &Home, input: &str, flags: &str) -> (Vec<Value>, String) {
    let words = ["batch", "-"].into_iter().chain(flags.split_whitespace());
    let output = served
        .b24(home)
        .args(words)
        .write_stdin(input)
        .output()
        .said();
    let text = shown(&output);
    assert!(
        !text.contains(served.secret()),
        "the secret is shown: {text}"
    );
    let lines = String::from_utf8(output.stdout).expect("text");
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line"))
        .collect();
    (lines, text)
}

fn outcomes(lines: &[Value]) -> Vec<(i64, &str)> {
    let each = |line: &Value| line["line"].as_i64().expect("a number");
    lines
        .iter()
        .map(|line| (each(line), line["outcome"].as_str().expect("an outcome")))
        .collect()
}

fn gets(ids: &[i64]) -> String {
    let lines: Vec<_> = ids
        .iter()
        .map(|id| format!("crm.deal.get?id={id}\n"))
        .collect();
    lines.concat()
}

#[test]
fn any_number_of_commands_keeps_its_order() {
    let (served, home) = (Served::demo(), Home::new());
    let ids = served.portal.ids("deal");
    for count in [1, 50, 51, 777] {
        let input = gets(&ids[..count]);
        let before = served.portal.requests();
        let (lines, text) = run(&served, &home, &input, "");
        assert_eq!(lines.len(), count, "{text}");
        for (at, line) in lines.iter().enumerate() {
            assert_eq!(line["line"].as_u64(), Some(at as u64 + 1));
            assert_eq!(line["result"]["ID"], ids[at].to_string());
        }
        assert!(text.starts_with("exit: 0\n"));
        assert_eq!(served.portal.requests() - before, count.div_ceil(50) as u64);
    }
}

const MIXED: &str = r#"{"name":"me","method":"user.current"}
{"method":"crm.deal.list","params":{"filter":{"ASSIGNED_BY_ID":{"$ref":"me.ID"}},"select":["ID"],"start":-1}}

{"name":"bad","method":"crm.deal.get","params":{"id":99999999}}
{"method":"crm.deal.get","params":{"id":{"$ref":"bad.ID"}}}
{"name":"new","method":"crm.deal.add","params":{"fields":{"TITLE":"costs $result[me][ID]"}}}
{"name":"read","method":"crm.deal.get","params":{"id":{"$ref":"new"}}}
{"method":"crm.deal.get","params":{"id":{"$ref":"me.NOPE"}}}
"#;

#[test]
fn a_failed_command_stops_only_those_that_need_it() {
    let (served, home) = (Served::demo(), Home::new());
    let (lines, text) = run(&served, &home, MIXED, "");
    assert_eq!(
        outcomes(&lines),
        [
            (1, "ok"),
            (2, "ok"),
            (4, "error"),
            (5, "error"),
            (6, "ok"),
            (7, "ok"),
            (8, "error")
        ]
    );
    assert_eq!(
        lines[5]["result"]["TITLE"], "costs $result[me][ID]",
        "a text is never a macro"
    );
    assert_eq!(lines[5]["name"], "read");
    let mine = lines[1]["result"].as_array().expect("rows").len();
    let me = lines[0]["result"]["ID"].clone();
    let expected = served
        .portal
        .rows("deal")
        .iter()
        .filter(|row| row["ASSIGNED_BY_ID"] == me)
        .count();
    assert_eq!(mine, expected.min(50));
    let report = text
        .split("--- stderr\n")
        .nth(1)
        .expect("stderr")
        .to_owned();
    let mut settings = crate::support::masked();
    settings.add_filter(r"in \d+\.\d s", "in [time] s");
    settings.bind(|| insta::assert_snapshot!("mixed", report));
    assert!(text.starts_with("exit: 3\n"));
}

#[test]
fn halt_skips_the_rest() {
    let (served, home) = (Served::demo(), Home::new());
    let input = gets(&[5, 99_999_999, 7]) + &gets(&[9; 300]);
    let (lines, text) = run(&served, &home, &input, "--halt");
    assert_eq!(lines.len(), 303);
    assert_eq!(
        outcomes(&lines[..3]),
        [(1, "ok"), (2, "error"), (3, "skipped")]
    );
    assert!(lines[3..].iter().all(|line| line["outcome"] == "skipped"));
    assert!(text.starts_with("exit: 3\n"), "{text}");
    let (lines, _) = run(&served, &home, MIXED, "--halt");
    assert_eq!(
        outcomes(&lines)[2..],
        [
            (4, "error"),
            (5, "skipped"),
            (6, "skipped"),
            (7, "skipped"),
            (8, "skipped")
        ]
    );
    assert_eq!(
        served.portal.rows("deal").len(),
        5_000,
        "nothing was added after the failure"
    );
}

#[test]
fn a_wrong_line_is_told_before_anything_is_sent() {
    let (served, home) = (Served::demo(), Home::new());
    let cases = [
        (
            "unknown key",
            "user.current\n{\"method\":\"a.b\",\"parms\":{}}\n",
        ),
        ("not JSON", "{\"method\":\n"),
        ("no method", "{\"params\":{}}\n"),
        ("nested", "batch?cmd[]=x\n"),
        (
            "unknown name",
            "{\"method\":\"a.b\",\"params\":{\"id\":{\"$ref\":\"later.ID\"}}}\n{\"name\":\"later\",\"method\":\"a.b\"}\n",
        ),
        (
            "name twice",
            "{\"name\":\"x\",\"method\":\"a.b\"}\n{\"name\":\"x\",\"method\":\"a.b\"}\n",
        ),
    ];
    let mut all = Vec::new();
    for (name, input) in cases {
        let (lines, text) = run(&served, &home, input, "");
        assert!(lines.is_empty());
        all.push(format!("{name}\n{text}"));
    }
    let (_, text) = run(&served, &home, MIXED, "--read-only");
    all.push(format!("read only\n{text}"));
    let plan = served
        .b24(&home)
        .args(["batch", "-", "--dry-run"])
        .write_stdin(MIXED)
        .output()
        .said();
    all.push(format!("dry run\n{}", shown(&plan)));
    let missing = served
        .b24(&home)
        .args(["batch", "nosuch.jsonl"])
        .output()
        .said();
    all.push(format!("no file\n{}", shown(&missing)));
    assert_shown!(all.join("\n"));
    assert_eq!(served.portal.requests(), 0);
}

#[test]
fn a_lost_answer_leaves_writes_unknown() {
    let (served, home) = (Served::demo(), Home::new());
    served
        .portal
        .add_fault(FaultRule::new(Fault::CutAfterRun).method("batch"));
    let input = "crm.deal.get?id=5\ncrm.deal.add?fields[TITLE]=x\n";
    let (lines, text) = run(&served, &home, input, "");
    assert_eq!(lines[1]["outcome"], "unknown", "{text}");
    assert!(text.starts_with("exit: 6\n"), "{text}");
    assert_eq!(served.portal.rows("deal").len(), 5_001, "it was sent once");
}

#[test]
fn v3_commands_refer_to_each_other_in_one_request() {
    let (served, home) = (Served::demo(), Home::new());
    let input = r#"{"as":"t","method":"tasks.task.get","query":{"id":5,"select":["id","title"]}}
{"method":"tasks.task.list","query":{"filter":[["id","=",{"$ref":"t.id"}]],"select":["id"]}}
{"name":"l","method":"tasks.task.list","query":{"filter":[["id","<=",4]],"select":["id"]}}
{"method":"tasks.task.list","query":{"filter":[["id","in",{"$refArray":"l.id"}]],"select":["id"]}}
"#;
    let (lines, text) = run(&served, &home, input, "--v3");
    assert!(lines.iter().all(|line| line["outcome"] == "ok"), "{text}");
    assert_eq!(lines[1]["result"]["items"][0]["id"], 5);
    assert_eq!(lines[3]["result"], lines[2]["result"]);
    assert_eq!(served.portal.requests(), 1);
}

#[test]
fn a_hopeless_batch_ends_early() {
    let (served, home) = (Served::demo(), Home::new());
    served.portal.revoke_webhook();
    let input = "crm.deal.get?id=5\n".repeat(500);
    let (lines, text) = run(&served, &home, &input, "");
    assert!(text.starts_with("exit: 4\n"), "{text}");
    assert_eq!(lines.len(), 500, "every command has its line");
    assert_eq!(lines[499]["outcome"], "skipped");
}

#[test]
#[cfg(unix)]
fn ctrl_c_tells_which_writes_were_under_way() {
    let (served, home) = (Served::demo(), Home::new());
    let minute = Fault::Delay(std::time::Duration::from_secs(60));
    served
        .portal
        .add_fault(FaultRule::new(minute).method("batch"));
    let file = home.write(
        "commands",
        "crm.deal.get?id=5\ncrm.deal.add?fields[TITLE]=x\n",
    );
    let child = std::process::Command::new(assert_cmd::cargo::cargo_bin("b24"))
        .arg("batch")
        .arg(file)
        .env("B24_WEBHOOK", served.portal.webhook())
        .env("XDG_CONFIG_HOME", home.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("b24 runs");
    interrupt_after(&served, 1, &child);
    let output = child.wait_with_output().said();
    let lines = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line"))
        .collect();
    assert_eq!(outcomes(&lines), [(1, "skipped"), (2, "unknown")]);
    assert_eq!(output.status.code(), Some(6));
}
