//! `--labels`: texts for codes in every format, as the portal has them.

use b24_seen::Said;
use std::collections::HashMap;

use serde_json::Value;

use crate::served::Served;
use crate::support::{Home, shown};

fn export(served: &Served, home: &Home, words: &[&str]) -> String {
    let output = served.b24(home).arg("export").args(words).output().said();
    assert!(output.status.success(), "{}", shown(&output));
    String::from_utf8(output.stdout).expect("text")
}

fn rows(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect()
}

fn call(served: &Served, home: &Home, words: &[&str]) -> Value {
    let output = served.b24(home).arg("call").args(words).output().said();
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The texts of the portal: code -> text.
fn book(rows: &Value, code: &str, text: impl Fn(&Value) -> String) -> HashMap<String, String> {
    let code = |row: &Value| row[code].to_string().trim_matches('"').to_owned();
    let rows = rows.as_array().expect("rows").iter();
    rows.map(|row| (code(row), text(row))).collect()
}

fn person(row: &Value) -> String {
    let part = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let name = format!("{} {}", part("NAME"), part("LAST_NAME"));
    name.trim().to_owned()
}

#[test]
fn codes_are_texts_and_names_are_titles() {
    let (served, home) = (Served::demo(), Home::new());
    let select = [
        "--select",
        "id,stageId,sourceId,categoryId,currencyId,assignedById,observers,ufCrm_1704067208",
    ];
    let plain = rows(&export(&served, &home, &[&["deals"], &select[..]].concat()));
    let before = served.portal.requests();
    let labelled = rows(&export(
        &served,
        &home,
        &[&["deals", "--labels"], &select[..]].concat(),
    ));
    let lookups = served.portal.requests() - before;
    let both = rows(&export(
        &served,
        &home,
        &[&["deals", "--labels=both"], &select[..]].concat(),
    ));

    let statuses = call(&served, &home, &["crm.status.list"]);
    let of = |kind: &str| {
        let rows = statuses.as_array().expect("rows").iter();
        let rows = rows.filter(|row| row["ENTITY_ID"].as_str().expect("a type").starts_with(kind));
        book(&rows.cloned().collect(), "STATUS_ID", |row| {
            row["NAME"].as_str().expect("a name").to_owned()
        })
    };
    let name = |key: &'static str| move |row: &Value| row[key].as_str().expect("a name").to_owned();
    let categories = call(&served, &home, &["crm.category.list", "entityTypeId=2"]);
    let fields = call(&served, &home, &["crm.item.fields", "entityTypeId=2"]);
    let books = [
        ("stageId", "Stage", of("DEAL_STAGE")),
        ("sourceId", "Source", of("SOURCE")),
        (
            "categoryId",
            "Pipeline",
            book(&categories["categories"], "id", name("name")),
        ),
        (
            "currencyId",
            "Currency",
            book(
                &call(&served, &home, &["crm.currency.list"]),
                "CURRENCY",
                name("FULL_NAME"),
            ),
        ),
        (
            "assignedById",
            "Responsible person",
            book(&call(&served, &home, &["user.get"]), "ID", person),
        ),
        (
            "ufCrm_1704067208",
            "",
            book(
                &fields["fields"]["ufCrm_1704067208"]["items"],
                "ID",
                name("VALUE"),
            ),
        ),
    ];
    assert_eq!(
        (plain.len(), labelled.len(), both.len()),
        (5_000, 5_000, 5_000)
    );
    assert!(lookups < 10, "{lookups} requests");
    let (mut texts, mut lists) = (0, 0);
    for ((plain, labelled), both) in plain.iter().zip(&labelled).zip(&both) {
        for (key, title, book) in &books {
            let code = &plain[*key];
            let title = if title.is_empty() {
                fields["fields"][*key]["listLabel"]
                    .as_str()
                    .expect("a title")
            } else {
                *title
            };
            let text = |code: &Value| {
                let found = book.get(code.to_string().trim_matches('"'));
                found.map_or_else(|| code.clone(), |text| Value::from(text.as_str()))
            };
            let expected = match code {
                Value::Array(codes) => codes.iter().map(text).collect(),
                code => text(code),
            };
            texts += usize::from(expected != *code);
            lists += usize::from(expected.is_array() && expected != *code);
            assert_eq!(labelled[title], expected, "{key} of {plain}");
            assert_eq!(both[title], *code, "{key} of {both}");
            assert_eq!(both[format!("{title} (text)")], expected, "{key} of {both}");
        }
    }
    assert!(texts > 20_000 && lists > 0, "{texts} {lists}");
}

#[test]
fn every_format_has_labels() {
    let (served, home) = (Served::demo(), Home::new());
    let words = [
        "deals",
        "--labels=both",
        "--select",
        "id,stageId,assignedById",
        "--limit",
        "2",
        "-f",
    ];
    let text: Vec<String> = ["csv", "json", "table"]
        .iter()
        .map(|format| export(&served, &home, &[&words[..], &[*format]].concat()))
        .collect();
    insta::assert_snapshot!(text.join("\n"));
    export(
        &served,
        &home,
        &[&words[..6], &["-o", "deals.xlsx"]].concat(),
    );
    export(
        &served,
        &home,
        &[&words[..6], &["-o", "deals.parquet"]].concat(),
    );
    let file = std::fs::File::open(home.file("deals.parquet")).expect("the file");
    let reader = parquet::file::reader::SerializedFileReader::new(file).expect("a Parquet file");
    let first = reader.into_iter().next().expect("a row").expect("a row");
    insta::assert_snapshot!(first.to_string());
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook(home.file("deals.xlsx")).expect("a workbook");
    let range = calamine::Reader::worksheet_range(&mut book, "deals").expect("the sheet");
    let lines = range.rows().map(|row| {
        row.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" | ")
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn users_beyond_the_first_answer_are_asked_for_as_they_occur() {
    let (served, home) = (Served::demo(), Home::new());
    served.portal.insert_rows("user", 120);
    let last = *served.portal.ids("user").last().expect("a user");
    let set = format!("fields[ASSIGNED_BY_ID]={last}");
    call(&served, &home, &["crm.deal.update", "id=4990", &set]);
    let found = rows(&export(
        &served,
        &home,
        &["deals", "--labels", "--select", "id,assignedById"],
    ));
    let user = call(&served, &home, &["user.get", &format!("ID={last}")]);
    let deal = found
        .iter()
        .find(|row| row["ID"] == 4_990)
        .expect("the deal");
    assert_eq!(deal["Responsible person"], person(&user[0]).as_str());
    let batches = served
        .portal
        .log()
        .into_iter()
        .filter(|entry| entry.method == "batch")
        .count();
    assert!(batches <= 8, "{batches} batches");
}

#[test]
fn other_entities_have_labels_and_a_refused_directory_is_told() {
    let (served, home) = (Served::demo(), Home::new());
    for entity in [
        "tasks",
        "leads",
        "contacts",
        "spa:Equipment",
        "crm.deal.list",
        "users",
    ] {
        let text = export(
            &served,
            &home,
            &[entity, "--labels", "--limit", "1", "-f", "csv"],
        );
        assert!(text.lines().count() > 1, "{entity}: {text}");
    }
    let tasks = rows(&export(
        &served,
        &home,
        &[
            "tasks",
            "--labels",
            "--limit",
            "1",
            "--select",
            "ID,RESPONSIBLE_ID",
        ],
    ));
    assert!(
        tasks[0]["Responsible person"]
            .as_str()
            .expect("a name")
            .contains(' '),
        "{tasks:?}"
    );
    let webhook = served.portal.add_webhook(1, &["crm"]);
    let words = [
        "export",
        "deals",
        "--labels",
        "--limit",
        "1",
        "--select",
        "assignedById,stageId",
    ];
    let mut command = home.b24();
    let output = command.env("B24_WEBHOOK", webhook).args(words).output();
    let output = output.said();
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout));
    let text = shown(&output);
    assert!(text.contains("warning: users stay codes: "), "{text}");
    let output = served
        .b24(&home)
        .args(["export", "crm.currency.list", "--labels"])
        .output()
        .said();
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
}
