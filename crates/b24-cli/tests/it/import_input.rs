//! Files as people have them: what `b24 import` reads of them, what it refuses, and how refused rows come back.

use encoding_rs::WINDOWS_1251;
use rust_xlsxwriter::{ExcelDateTime, Workbook};
use serde_json::Value;

use crate::import::{portal, run, titles};
use crate::served::Served;
use crate::support::{Home, assert_shown, shown};

const RUSSIAN: &str = "Название;Сумма\nНасос «Север» №1;1 000,50\nПроект;2\n";

fn put(home: &Home, name: &str, bytes: &[u8]) {
    std::fs::write(home.file(name), bytes).expect("a file");
}

fn wide(text: &str) -> Vec<u8> {
    let units = text.encode_utf16();
    units.flat_map(u16::to_le_bytes).collect()
}

fn deal(served: &Served, title: &str) -> Value {
    let rows = served.portal.rows("deal");
    let found = rows.into_iter().find(|row| row["TITLE"] == title);
    found.unwrap_or_else(|| panic!("no deal {title:?}"))
}

#[test]
fn files_of_every_encoding_are_imported() {
    let windows = WINDOWS_1251.encode(RUSSIAN).0.into_owned();
    let cases: [(&str, Vec<u8>, &[&str]); 4] = [
        (
            "with a mark",
            format!("\u{FEFF}{RUSSIAN}").into_bytes(),
            &[],
        ),
        ("UTF-16", wide(&format!("\u{FEFF}{RUSSIAN}")), &[]),
        ("Windows-1251, found", windows.clone(), &[]),
        (
            "Windows-1251, named",
            windows,
            &["--encoding", "windows-1251"],
        ),
    ];
    for (case, bytes, flags) in cases {
        let (served, home) = (portal(), Home::new());
        put(&home, "deals.csv", &bytes);
        let mut words = vec!["import", "deals", "deals.csv"];
        words.extend(["--map", "Название=title", "--map", "Сумма=opportunity"]);
        words.extend(flags);
        let text = shown(&run(&served, &home, &words));
        assert!(text.starts_with("exit: 0"), "{case}: {text}");
        assert_eq!(titles(&served), ["Насос «Север» №1", "Проект"], "{case}");
        let sum = &deal(&served, "Насос «Север» №1")["OPPORTUNITY"];
        assert_eq!(sum, "1000.50", "{case}");
    }
}

#[test]
fn a_workbook_of_texts_becomes_what_the_portal_calls_them() {
    let (served, home) = (Served::demo(), Home::new());
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let headings = ["Deal name", "Stage", "Amount", "Responsible", "Close date"];
    for (at, heading) in (0..).zip(headings) {
        sheet.write(0, at, heading).expect("a heading");
    }
    let day = ExcelDateTime::from_ymd(2026, 3, 1).expect("a day");
    let format = rust_xlsxwriter::Format::new().set_num_format("dd.mm.yyyy");
    sheet.write(1, 0, "Pump").expect("a cell");
    sheet.write(1, 1, "В работе").expect("a cell");
    sheet.write(1, 2, 1000.5).expect("a cell");
    sheet.write(1, 3, "user2@example.com").expect("a cell");
    sheet
        .write_with_format(1, 4, &day, &format)
        .expect("a cell");
    book.save(home.file("deals.xlsx")).expect("a workbook");
    let mut words = vec!["import", "deals", "deals.xlsx"];
    for map in [
        "Deal name=title",
        "Amount=opportunity",
        "Responsible=assignedById",
        "Close date=closedate",
    ] {
        words.extend(["--map", map]);
    }
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 0"), "{text}");
    let deal = deal(&served, "Pump");
    assert_eq!(deal["STAGE_ID"], "EXECUTING");
    assert_eq!(deal["OPPORTUNITY"], "1000.50");
    assert_eq!(deal["ASSIGNED_BY_ID"], "2");
    let closes = deal["CLOSEDATE"].as_str().expect("a date");
    assert!(closes.starts_with("2026-03-01"), "{closes}");
}

#[test]
fn a_file_that_is_no_table_of_the_entity_is_told_and_nothing_is_sent() {
    let (served, home) = (portal(), Home::new());
    let files = [
        ("empty.csv", ""),
        ("heading.csv", "title,opportunity\n"),
        ("unknown_column.csv", "title,Nonsense\nPump,1\n"),
        ("misspelt_column.csv", "titel\nPump\n"),
        ("two_of_a_name.csv", "title,title\nPump,Pump\n"),
        ("blank.csv", "\n\n"),
        ("deals.parquet", "PAR1"),
    ];
    for (name, text) in files {
        put(&home, name, text.as_bytes());
        let words = ["import", "deals", name];
        let name = name.split('.').next().expect("a name");
        assert_shown!(
            format!("import_{name}"),
            shown(&run(&served, &home, &words))
        );
    }
    let words = ["import", "deals", "nosuch.csv"];
    assert_shown!("import_no_file", shown(&run(&served, &home, &words)));
    let words = ["import", "deals", "blank.csv", "--encoding", "klingon"];
    assert_shown!("import_no_encoding", shown(&run(&served, &home, &words)));
    assert!(titles(&served).is_empty());
}

/// The command that the last hint names, run as a person would paste it.
#[cfg(unix)]
fn paste(served: &Served, home: &Home, text: &str) -> String {
    let mut hints = text.lines().filter_map(|line| line.strip_prefix("hint: "));
    let line = hints.rfind(|hint| hint.starts_with("b24 "));
    home.sh(served.portal.webhook(), line.expect("a command"))
}

#[test]
#[cfg(unix)]
fn rows_that_are_wrong_are_told_by_reason_and_come_back_mended() {
    let (served, home) = (Served::demo(), Home::new());
    let long = "x".repeat(17 * 1024 * 1024);
    let text = format!(
        "Deal name,Amount,Source,Stage,Comment\n\
         Pump 1,10,Выставка,Новая,ok\n\
         Pump 2,many,Выставка,,\n\
         Pump 3,30,Nowhere,,\n\
         Pump 4,40,,Nowhere,\n\
         Pump 5,50,,,,,too many\n\
         Pump 6,60\n\
         ,,,,\n\
         Pump 7,70,,,{long}\n"
    );
    put(&home, "deals.csv", text.as_bytes());
    let words = ["import", "deals", "deals.csv", "--map", "Deal name=title"];
    let mut words = words.to_vec();
    words.extend(["--map", "Amount=opportunity", "--map", "Comment=comments"]);
    let told = shown(&run(&served, &home, &words));
    assert_shown!("import_bad_rows", &told);
    let failed = std::fs::read(home.file("deals.failed.csv")).expect("the failed rows");
    assert!(
        failed.starts_with(b"\xEF\xBB\xBF"),
        "Excel knows it by that"
    );
    let failed = String::from_utf8(failed).expect("UTF-8");
    assert_shown!("import_failed_file", &failed);

    let mended: Vec<String> = failed
        .lines()
        .filter(|line| !line.starts_with(",,,,"))
        .map(|line| line.replace("many,", "20,").replace("Nowhere", ""))
        .collect();
    put(&home, "deals.failed.csv", mended.join("\n").as_bytes());
    // The command before that goes on with nothing, and leaves what is being mended alone.
    let again = shown(&run(&served, &home, &words));
    assert!(again.contains("nothing is left to send"), "{again}");
    let kept = std::fs::read(home.file("deals.failed.csv")).expect("the mended rows");
    assert_eq!(kept, mended.join("\n").as_bytes());
    let text = paste(&served, &home, &again);
    assert!(text.starts_with("exit: 0"), "{text}");
    for number in [1, 2, 3, 4] {
        deal(&served, &format!("Pump {number}"));
    }
}

#[test]
fn a_file_of_failed_rows_that_is_not_of_this_import_stays() {
    let (served, home) = (portal(), Home::new());
    put(&home, "deals.failed.csv", b"title\nof yesterday\n");
    put(&home, "deals.csv", b"title,opportunity\nPump,many\n");
    for _ in 0..2 {
        let text = shown(&run(&served, &home, &["import", "deals", "deals.csv"]));
        assert!(text.starts_with("exit: 3"), "{text}");
        assert!(text.contains("hint: mend deals.failed.2.csv"), "{text}");
    }
    let kept = std::fs::read_to_string(home.file("deals.failed.csv")).expect("the file");
    assert_eq!(kept, "title\nof yesterday\n");
    assert!(!home.file("deals.failed.3.csv").exists());
}

#[test]
fn a_row_without_a_value_makes_no_empty_deal() {
    let (served, home) = (portal(), Home::new());
    put(&home, "deals.csv", b"title,note\nPump,\n,only here\n");
    let words = ["import", "deals", "deals.csv", "--map", "note="];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 3"), "{text}");
    assert!(
        text.contains("1 x has no value for any field  row 3"),
        "{text}"
    );
    assert_eq!(titles(&served), ["Pump"]);
}

#[test]
#[cfg(target_os = "linux")]
fn failed_rows_that_a_full_disk_does_not_take_are_in_the_journal() {
    let (served, home) = (portal(), Home::new());
    put(
        &home,
        "deals.csv",
        b"title,opportunity\nPump,many\nLathe,1\n",
    );
    let mut words = vec!["import", "deals", "deals.csv", "--failed", "/dev/full"];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 1"), "{text}");
    assert!(
        text.contains("state: the rows and their reasons are in the journal"),
        "{text}"
    );
    words.truncate(3);
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 3"), "{text}");
    assert_eq!(titles(&served), ["Lathe"]);
    assert!(home.file("deals.failed.csv").exists());
}

#[test]
#[cfg(unix)]
fn the_plan_names_the_command_with_its_flags() {
    let (served, home) = (portal(), Home::new());
    let rows: Vec<String> = (1..=51).map(|n| format!("Deal {n};k{n}\n")).collect();
    let text = format!("Deal name;key\n{}", rows.concat());
    put(&home, "deals.csv", text.as_bytes());
    let words = ["import", "deals", "deals.csv", "--map", "Deal name=title"];
    let mut words = words.to_vec();
    words.extend([
        "--map",
        "key=originId",
        "--mode",
        "upsert",
        "--key",
        "originId",
    ]);
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 2"), "{text}");
    let hint = text.lines().find_map(|line| line.strip_prefix("hint: "));
    let (command, _) = hint
        .expect("a hint")
        .split_once(", then --yes")
        .expect("yes");
    let text = home.sh(served.portal.webhook(), command);
    assert!(text.starts_with("exit: 0"), "{text}");
    assert!(text.contains("rows        51"), "{text}");
}
