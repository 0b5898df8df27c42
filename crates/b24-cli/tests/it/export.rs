//! `b24 export`: every format holds the portal's rows, and every failure says what is kept.

use b24_seen::Said;
use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Output, Stdio};
use std::time::Duration;

use b24_portal::{Fault, FaultRule};
use serde_json::Value;

use crate::served::Served;
#[cfg(unix)]
use crate::served::interrupt_after;
use crate::support::{Home, assert_shown, shown};

fn run(served: &Served, home: &Home, line: &str) -> Output {
    let output = served.b24(home).args(line.split(' ')).output().said();
    let text = shown(&output);
    assert!(
        !text.contains(served.secret()),
        "{line} shows the secret: {text}"
    );
    output
}

/// What each line shows, one after the other.
fn transcript(served: &Served, home: &Home, lines: &[&str]) -> String {
    let each = |line: &&str| format!("$ b24 {line}\n{}", shown(&run(served, home, line)));
    lines.iter().map(each).collect::<Vec<_>>().join("\n")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn rows(output: &Output) -> Vec<Value> {
    stdout(output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect()
}

/// The deals of the portal as it keeps them: id -> (title, opportunity).
fn kept(served: &Served) -> BTreeMap<i64, (String, f64)> {
    let text = |row: &Value, key: &str| row[key].as_str().expect(key).to_owned();
    let each = |row: Value| {
        let opportunity = text(&row, "OPPORTUNITY").parse().expect("a number");
        (
            text(&row, "ID").parse().expect("an id"),
            (text(&row, "TITLE"), opportunity),
        )
    };
    served.portal.rows("deal").into_iter().map(each).collect()
}

#[test]
fn every_format_holds_the_rows_of_the_portal() {
    let (served, home) = (Served::demo(), Home::new());
    let deals = kept(&served);
    assert_eq!(deals.len(), 5_000);
    let from_json = |row: &Value| {
        let title = row["title"].as_str().expect("a title").to_owned();
        (
            row["id"].as_i64().expect("an id"),
            (title, row["opportunity"].as_f64().expect("a sum")),
        )
    };
    for whole in ["", " --select id,title,opportunity"] {
        for name in ["deals.jsonl", "deals.json", "deals.csv", "excel.csv"] {
            let flags = if name == "excel.csv" {
                " --csv-for excel"
            } else {
                ""
            };
            let output = run(
                &served,
                &home,
                &format!("export deals -o {name}{whole}{flags}"),
            );
            assert!(output.status.success(), "{}", shown(&output));
            let text = std::fs::read_to_string(home.file(name)).expect("the file");
            assert!(!home.file(&format!("{name}.b24part")).exists());
            let read: BTreeMap<i64, (String, f64)> = match name {
                "deals.jsonl" => text
                    .lines()
                    .map(|line| from_json(&serde_json::from_str(line).expect("a row")))
                    .collect(),
                "deals.json" => serde_json::from_str::<Vec<Value>>(&text)
                    .expect("an array")
                    .iter()
                    .map(from_json)
                    .collect(),
                _ => from_csv(&text),
            };
            assert!(read == deals, "{name}{whole}");
        }
    }
    let table = run(
        &served,
        &home,
        "export deals -f table --select id,title,opportunity",
    );
    let text = stdout(&table);
    assert_eq!(text.lines().count(), 5_001);
    for (line, (id, (_, opportunity))) in text.lines().skip(1).zip(&deals) {
        let mut words = line.split_whitespace();
        assert_eq!(words.next().expect(line), id.to_string());
        let last: f64 = words.next_back().expect(line).parse().expect(line);
        assert!((last - opportunity).abs() < 0.001, "{line}");
    }
}

fn from_csv(text: &str) -> BTreeMap<i64, (String, f64)> {
    let excel = text.starts_with('\u{FEFF}');
    let text = text.trim_start_matches('\u{FEFF}');
    let mut reader = csv::ReaderBuilder::new();
    reader.delimiter(if excel { b';' } else { b',' });
    let mut reader = reader.from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let at = |name: &str| {
        header
            .iter()
            .position(|column| column == name)
            .expect("a column")
    };
    let (id, title, opportunity) = (at("id"), at("title"), at("opportunity"));
    let each = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.expect("a record");
        let number = record[id].trim_start_matches("=\"").trim_end_matches('"');
        let value = (
            record[title].to_owned(),
            record[opportunity].parse().expect("a sum"),
        );
        (number.parse().expect("an id"), value)
    };
    reader.records().map(each).collect()
}

#[test]
fn a_filter_is_checked_named_anew_and_sent() {
    let (served, home) = (Served::demo(), Home::new());
    let deals = kept(&served);
    let line = "export deals --filter OPPORTUNITY>=900000 --filter title~rack --select id";
    let found: Vec<i64> = rows(&run(&served, &home, line))
        .iter()
        .map(|row| row["id"].as_i64().expect("an id"))
        .collect();
    let expected = deals
        .iter()
        .filter(|(_, (title, sum))| *sum >= 900_000.0 && title.contains("rack"));
    let expected: Vec<i64> = expected.map(|(id, _)| *id).collect();
    assert!(!expected.is_empty());
    assert_eq!(found, expected);

    let classic = run(
        &served,
        &home,
        "export crm.deal.list --filter >=OPPORTUNITY=900000 --filter %TITLE=rack --select ID",
    );
    let found: Vec<String> = rows(&classic)
        .iter()
        .map(|row| row["ID"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(
        found,
        expected.iter().map(i64::to_string).collect::<Vec<_>>()
    );

    let json = run(
        &served,
        &home,
        r#"export deals --filter-json {">=OPPORTUNITY":900000,"%title":"rack"} --select id"#,
    );
    assert_eq!(rows(&json).len(), expected.len());
}

#[test]
fn wrong_use_is_told_before_rows_are_read() {
    let (served, home) = (Served::demo(), Home::new());
    home.write("wrong.txt", "5\nx\n");
    let lines = [
        "export deals --filter stage_id=NEW",
        "export deals --filter opportunity==5",
        "export deals --filter >=opportunity>5",
        "export tasks --filter title~x",
        "export deals --select nosuch",
        "export deals --order nosuch",
        "export deals --filter-json @nosuch.json",
        "export deals --ids nosuch.txt",
        "export deals --ids wrong.txt",
        "export deals --api v3",
        "export deal",
        "export crm.deal.add",
        "export deals contacts",
        "export deals -f yaml",
        "export deals -o deals.xlsx.gz",
        "export deals -o deals.doc",
        "export deals -o nosuch/deals.csv",
        "export deals --csv-for excel -f json",
        "export crm.currency.list -f csv",
        "export spa:Nothing",
        "export crm.nosuch.list",
    ];
    let all = transcript(&served, &home, &lines);
    assert_shown!(all);
    let lists = served
        .portal
        .log()
        .iter()
        .filter(|entry| entry.method == "crm.item.list")
        .count();
    assert_eq!(lists, 0);
    assert_eq!(
        std::fs::read_dir(home.path()).expect("the home").count(),
        1,
        "no file is left"
    );
}

#[test]
fn some_rows_by_their_ids() {
    let (served, home) = (Served::demo(), Home::new());
    let deals = kept(&served);
    let ids: Vec<i64> = deals.keys().rev().step_by(3).copied().collect();
    let mut file: Vec<String> = ids.iter().map(i64::to_string).collect();
    file.extend(["id", "", "99999999"].map(ToOwned::to_owned));
    file.swap(0, ids.len());
    home.write("ids.txt", &file.join("\r\n"));
    for (entity, select, key) in [
        ("deals", "id", "id"),
        ("crm.deal.list", "ID", "ID"),
        ("deals", "title", "title"),
    ] {
        let output = run(
            &served,
            &home,
            &format!("export {entity} --ids ids.txt --select {select} --limits standard"),
        );
        let found = rows(&output);
        assert_eq!(found.len(), ids.len(), "{}", shown(&output));
        if key != "title" {
            let first = &found[0][key];
            assert!(
                first == &Value::from(ids[1]) || first == &Value::from(ids[1].to_string()),
                "{first}"
            );
        }
        assert!(
            shown(&output).contains("warning: 1 id has no row: 99999999"),
            "{}",
            shown(&output)
        );
    }
    let requests = served
        .portal
        .log()
        .iter()
        .filter(|entry| entry.method == "batch")
        .count();
    assert_eq!(requests, 3, "1,667 ids are one request");
}

#[test]
fn what_a_person_sees() {
    let (served, home) = (Served::demo(), Home::new());
    // The demo set is free to change: the test writes what it shows.
    for (id, title, sum) in [(1, "Насос", "8950000"), (2, "A \"B\" & C", "99.5")] {
        let title = format!("fields[TITLE]={title}");
        let words = [
            "call",
            "crm.deal.update",
            &format!("id={id}"),
            &title,
            &format!("fields[OPPORTUNITY]={sum}"),
        ];
        served.b24(&home).args(words).assert().success();
    }
    let lines = [
        "export deals --limit 2 --select id,title,opportunity -f table",
        "export crm.deal.list --limit 2 --select ID,TITLE,OPPORTUNITY -f table",
        "export deals --limit 2 --select title -f csv",
        "export deals --limit 2 --select title,id --csv-for excel",
        "export deals --limit 1 --select title",
        "export deals --limit 1 --select title --json",
        "export deals --limit 1 --select id,opportunity --order opportunity:desc",
        "export deals --dry-run --filter id<=2 --order id:desc -o deals.csv --select id,title",
        "export deals --dry-run --json --select id",
        "export tasks --v3 --limit 2 --select id",
        "export users --limit 2 --select ID -f csv",
        "export spa:Equipment --limit 1 --select id",
        "export deals --limit 1 --select id --filter createdTime>=2024-01-10",
        "export deals companies --limit 2 -o all/",
    ];
    let all = transcript(&served, &home, &lines);
    let mut settings = crate::support::masked();
    settings.add_filter(r"\d+(\.\d+)? (B|kB|MB)\b", "[size]");
    settings.add_filter(r"in \d+\.\d s", "in [time] s");
    settings.add_filter(
        r"time     about .* binds",
        "time     about [time]; [wall] binds",
    );
    settings.add_filter(r#""binds":"[^"]+""#, r#""binds":"[wall]""#);
    settings.add_filter(r#""bytes":\d+"#, r#""bytes":"[size]""#);
    settings.bind(|| insta::assert_snapshot!(all));
    let files: Vec<_> = ["all/deals.jsonl", "all/companies.jsonl"]
        .iter()
        .map(|name| home.file(name))
        .collect();
    assert!(files.iter().all(|file| {
        std::fs::read_to_string(file)
            .expect("a file")
            .lines()
            .count()
            == 2
    }));
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_stays_one() {
    let (served, home) = (Served::demo(), Home::new());
    std::fs::create_dir(home.file("data")).expect("a directory");
    home.write("data/real.csv", "old");
    std::os::unix::fs::symlink("data/real.csv", home.file("latest.csv")).expect("a link");
    let line = "export deals -o latest.csv --select id --limit 2";
    let output = run(&served, &home, line);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    assert!(home.file("latest.csv").is_symlink());
    let text = std::fs::read_to_string(home.file("data/real.csv")).expect("the file");
    assert_eq!(text, "id\n1\n2\n");
}

#[test]
fn a_failed_export_keeps_whole_rows_and_the_old_file() {
    let (served, home) = (Served::demo(), Home::new());
    home.write("deals.csv", "old");
    let rule = FaultRule::new(Fault::Html502).method("batch");
    served.portal.add_fault(rule.skip(1).times(99));
    let output = run(
        &served,
        &home,
        "export deals -o deals.csv --select id,title --deadline 2s --limits standard",
    );
    assert_ne!(output.status.code(), Some(0), "{}", shown(&output));
    assert_eq!(
        std::fs::read_to_string(home.file("deals.csv")).expect("the old file"),
        "old"
    );
    let part = std::fs::read_to_string(home.file("deals.csv.b24part")).expect("the part");
    assert!(
        part.starts_with("id,title\n") && part.ends_with('\n'),
        "{part}"
    );
    assert_eq!(part.lines().count(), 201);
    let last = part
        .lines()
        .last()
        .expect("a row")
        .split(',')
        .next()
        .expect("an id")
        .to_owned();
    let text = shown(&output);
    let state = text
        .lines()
        .find(|line| line.starts_with("state: "))
        .expect("a state");
    assert!(
        state.starts_with("state: deals.csv is untouched; 200 "),
        "{state}"
    );
    let whole = format!(" deals are whole in deals.csv.b24part, up to deal {last}");
    assert!(state.ends_with(&whole), "{state}");
    assert!(
        text.contains(&format!(
            "hint: the same command with --resume goes on after deal {last}"
        )),
        "{text}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    let (served, home) = (Served::demo(), Home::new());
    assert_shown!(shown(&run(
        &served,
        &home,
        "export deals -o /dev/full --select id"
    )));
}

#[test]
fn a_reader_that_leaves_is_a_success() {
    let (served, home) = (Served::demo(), Home::new());
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("b24"));
    let mut child = command
        .args(["export", "deals"])
        .env("B24_WEBHOOK", served.portal.webhook())
        .env("XDG_CONFIG_HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("b24 runs");
    let mut reader = child.stdout.take().expect("stdout");
    let mut start = [0; 16];
    reader.read_exact(&mut start).expect("the first row");
    drop(reader);
    let output = child.wait_with_output().said();
    assert_eq!(shown(&output), "exit: 0\n--- stdout\n--- stderr\n");
}

#[test]
#[cfg(unix)]
fn a_second_run_on_one_output_refuses() {
    let (served, home) = (Served::demo(), Home::new());
    let part = std::fs::File::create(home.file("deals.csv.b24part")).expect("a part");
    part.lock().expect("the lock");
    assert_shown!(shown(&run(
        &served,
        &home,
        "export deals -o deals.csv --select id"
    )));
}

/// A portal whose second request for rows takes a minute.
fn slow() -> Served {
    let served = Served::demo();
    let rule = FaultRule::new(Fault::Delay(Duration::from_secs(60))).method("batch");
    served.portal.add_fault(rule.skip(1));
    served
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_the_rows_that_came() {
    let (served, home) = (slow(), Home::new());
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("b24"))
        .args(["export", "deals", "-o", "deals.jsonl", "--select", "id"])
        .env("B24_WEBHOOK", served.portal.webhook())
        .env("B24_LIMITS", "standard")
        .env("XDG_CONFIG_HOME", home.path())
        .current_dir(home.path())
        .stderr(Stdio::piped())
        .spawn()
        .expect("b24 runs");
    interrupt_after(&served, 3, &child);
    let status = child.wait().expect("b24 ends");
    assert_eq!(status.code(), Some(130));
    let part = std::fs::read_to_string(home.file("deals.jsonl.b24part")).expect("the part");
    assert_eq!(part.lines().count(), 200);
    assert!(
        part.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok())
    );
    assert!(!home.file("deals.jsonl").exists());
}

#[test]
fn a_deadline_ends_it_cleanly() {
    let (served, home) = (slow(), Home::new());
    let line = "export deals -o deals.jsonl --select id --deadline 5s --limits standard";
    let text = shown(&run(&served, &home, line));
    assert!(text.starts_with("exit: 5\n"), "{text}");
    assert!(
        text.contains("state: deals.jsonl is untouched; 200 "),
        "{text}"
    );
    assert!(
        text.contains(" deals are whole in deals.jsonl.b24part, up to deal "),
        "{text}"
    );
}

#[test]
fn a_project_names_the_fields_of_its_exports() {
    let (served, home) = (Served::demo(), Home::new());
    home.write(
        "b24.toml",
        "[export.deals]\nselect = [\"ID\", \"DATE_CREATE\"]\n",
    );
    let output = run(&served, &home, "export deals --limit 1");
    let row = rows(&output).remove(0);
    let keys: Vec<&String> = row.as_object().expect("a row").keys().collect();
    assert_eq!(keys, ["createdTime", "id"]);
    assert!(shown(&output).contains("note: the fields of deals come from "));
    let said = run(
        &served,
        &home,
        "export deals --limit 1 --select title -f csv",
    );
    assert!(stdout(&said).starts_with("title\n"));
}

#[test]
fn a_row_may_hold_fields_of_related_things() {
    let (served, home) = (Served::demo(), Home::new());
    let line = "export tasks --v3 --limit 2 --select id,responsible.name -f csv";
    let text = stdout(&run(&served, &home, line));
    assert!(text.starts_with("id,responsible.name\n"), "{text}");
    assert!(
        text.lines()
            .skip(1)
            .all(|line| line.split(',').nth(1).is_some_and(|name| !name.is_empty())),
        "{text}"
    );
}
