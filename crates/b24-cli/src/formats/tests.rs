use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Column, CsvFor, Encoder, FileType, Layout, compact, pretty};

fn raw(rows: &[&str]) -> Vec<Box<RawValue>> {
    rows.iter()
        .map(|row| RawValue::from_string((*row).to_owned()).unwrap())
        .collect()
}

fn encode(mut encoder: Encoder, rows: &[&str]) -> String {
    let mut out = Vec::new();
    encoder.start(&mut out);
    encoder.rows(&raw(rows), &mut out).unwrap();
    encoder.finish(&mut out);
    String::from_utf8(out).unwrap()
}

fn layout(format: &str, names: &[&str]) -> Layout {
    Layout {
        file_type: FileType::choose(Some(format), None).unwrap(),
        columns: names.iter().map(|name| Column::named(*name)).collect(),
        only: None,
        csv_for: None,
        title: "deals".to_owned(),
    }
}

fn encoder(format: &str, names: &[&str]) -> Encoder {
    Encoder::new(layout(format, names))
}

fn for_excel(names: &[&str]) -> Encoder {
    Encoder::new(Layout {
        csv_for: Some(CsvFor::Excel),
        ..layout("csv", names)
    })
}

const ROWS: [&str; 3] = [
    r#"{"id":1,"title":"A \u0026 B\/C","sum":"1000.00","tags":["x", 2],"late":null}"#,
    r#"{"id":2,"title":"Ромашка; \"OOO\"\nnext","sum":-5.50,"tags":{"a":{}},"extra":true}"#,
    r#"{"title":"=1+1","id":3}"#,
];

#[test]
fn formats_are_chosen_by_flag_then_extension_then_lines() {
    let choose = |flag, path: Option<&str>| {
        FileType::choose(flag, path.map(std::path::Path::new))
            .map(FileType::extension)
            .map_err(|failure| format!("{failure} / {}", failure.hints.join("")))
    };
    let known = [
        (None, None, "jsonl"),
        (None, Some("a.CSV"), "csv"),
        (Some("table"), Some("a.csv"), "table"),
        (None, Some("/dev/null"), "jsonl"),
        (None, Some("a.b/deals"), "jsonl"),
        (None, Some("deals.2026.csv.GZ"), "csv.gz"),
        (None, Some("deals.jsonl.zst"), "jsonl.zst"),
        (None, Some("deals.xlsx"), "xlsx"),
        (Some("parquet"), None, "parquet"),
        (Some("csv.zst"), None, "csv.zst"),
        (Some("csv"), Some("deals.gz"), "csv.gz"),
        (Some("json.gz"), Some("deals"), "json.gz"),
    ];
    for (flag, path, expected) in known {
        assert_eq!(
            choose(flag, path).as_deref(),
            Ok(expected),
            "{flag:?} {path:?}"
        );
    }
    let seen: Vec<_> = [
        choose(None, Some("deals.gz")),
        choose(None, Some("deals.doc")),
        choose(None, Some("deals.doc.gz")),
        choose(None, Some("deals.xlsx.gz")),
        choose(Some("parquet"), Some("deals.zst")),
        choose(Some("csv.bz2"), None),
        choose(Some("yaml"), None),
    ]
    .into_iter()
    .map(Result::unwrap_err)
    .collect();
    insta::assert_snapshot!(seen.join("\n"));
}

#[test]
fn json_lines_keep_order_and_digits() {
    insta::assert_snapshot!(encode(encoder("jsonl", &[]), &ROWS), @r#"
    {"id":1,"title":"A & B/C","sum":"1000.00","tags":["x",2],"late":null}
    {"id":2,"title":"Ромашка; \"OOO\"\nnext","sum":-5.50,"tags":{"a":{}},"extra":true}
    {"title":"=1+1","id":3}
    "#);
    let only = Encoder::new(Layout {
        only: Some(vec!["title".to_owned(), "sum".to_owned()]),
        ..layout("jsonl", &[])
    });
    insta::assert_snapshot!(encode(only, &ROWS), @r#"
    {"title":"A & B/C","sum":"1000.00"}
    {"title":"Ромашка; \"OOO\"\nnext","sum":-5.50}
    {"title":"=1+1"}
    "#);
}

#[test]
fn a_json_array_is_whole_with_any_number_of_rows() {
    for count in 0..=3 {
        let text = encode(encoder("json", &[]), &ROWS[..count]);
        let read: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(read.len(), count);
        assert!(text.ends_with("]\n"));
    }
}

#[test]
fn csv_has_fixed_columns_and_names_what_has_none() {
    let mut csv = encoder("csv", &["id", "title", "sum", "tags", "none"]);
    let mut out = Vec::new();
    csv.start(&mut out);
    csv.rows(&raw(&ROWS), &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
    id,title,sum,tags,none
    1,A & B/C,1000.00,"[""x"",2]",
    2,"Ромашка; ""OOO""
    next",-5.50,"{""a"":{}}",
    3,=1+1,,,
    "#);
    let strays: Vec<_> = csv.strays().unwrap().iter().collect();
    assert_eq!(strays, ["extra", "late"]);
    assert_eq!(csv.unseen(), ["none"]);
    let error = csv.rows(&raw(&["5"]), &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "row 4 is not an object with fields");
}

#[test]
fn a_column_may_lie_deeper() {
    let names = &["id", "responsible.name", "responsible.id.x"];
    let rows = [
        r#"{"id":1,"responsible":{"id":7,"name":"Ann"}}"#,
        r#"{"id":2,"responsible":null}"#,
    ];
    insta::assert_snapshot!(encode(encoder("csv", names), &rows), @r"
    id,responsible.name,responsible.id.x
    1,Ann,
    2,,
    ");
}

#[test]
fn csv_for_excel_keeps_ids_and_defuses_formulas() {
    let names = &["id", "companyId", "phone", "code", "sum", "title", "flag"];
    let text = encode(
        for_excel(names),
        &[
            r#"{"id":12,"companyId":"7","phone":"+79161234567","code":"007","sum":-5.5,"title":"=HYPERLINK(1)","flag":true}"#,
            r#"{"id":12345678901234567,"companyId":null,"phone":"","code":"7","sum":12345678901234567,"title":"-x;\"y\"","flag":"@a"}"#,
        ],
    );
    insta::assert_snapshot!(text.replace('\u{FEFF}', "<BOM>").replace("\r\n", "<CRLF>\n"), @r#"
    <BOM>id;companyId;phone;code;sum;title;flag<CRLF>
    "=""12""";"=""7""";"=""+79161234567""";"=""007""";-5.5;'=HYPERLINK(1);true<CRLF>
    "=""12345678901234567""";;;7;"=""12345678901234567""";"'-x;""y""";'@a<CRLF>
    "#);
}

#[test]
fn a_table_is_aligned_and_looks_ahead_a_bounded_way() {
    let names = &["id", "title", "sum"];
    insta::assert_snapshot!(encode(encoder("table", names), &ROWS), @r#"
    id  title                    sum
     1  A & B/C              1000.00
     2  Ромашка; "OOO" next    -5.50
     3  =1+1
    "#);
    let long = format!(r#"{{"id":1,"title":"{}\u001b[31m"}}"#, "x".repeat(200));
    let short: Vec<&str> = std::iter::repeat_n(r#"{"id":1,"title":"ab"}"#, 100).collect();
    let mut table = encoder("table", names);
    let mut out = Vec::new();
    table.rows(&raw(&short), &mut out).unwrap();
    assert!(!out.is_empty(), "the rows that were looked at are written");
    table.rows(&raw(&[&long]), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with("xxxx…\n"), "{text}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn json_text_is_rewritten_without_changing_what_it_says() {
    let cases = [
        r#" { "a" : [ ] , "b":{ }, "c" : [1 , 2] } "#,
        r#""\u0416\u0436 \ud83d\ude00 \ud83d \u2028 \u0000 \\ \" \u0022 \u005c \/""#,
        r"[1.10,-0,1e5,true,null]",
    ];
    for case in cases {
        let before: serde_json::Value =
            serde_json::from_str(&case.replace(r" \ud83d ", " ")).unwrap();
        for write in [compact, pretty] {
            let mut out = Vec::new();
            write(&case.replace(r" \ud83d ", " "), &mut out);
            let after: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(before, after);
        }
    }
    let mut out = Vec::new();
    compact(cases[1], &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#""Жж 😀 \ud83d \u2028 \u0000 \\ \" \" \\ /""#
    );
    let mut out = Vec::new();
    pretty(cases[0], &mut out);
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
    {
      "a": [],
      "b": {},
      "c": [
        1,
        2
      ]
    }
    "#);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<Value>()),
        ]
    })
}

/// JSON as PHP writes it: slashes and everything beyond ASCII escaped.
fn as_php(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        match c {
            '/' => out.push_str("\\/"),
            '&' | '\'' => write!(out, "\\u00{:02x}", u32::from(c)).unwrap(),
            c if c.is_ascii() => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04X}").unwrap();
                }
            }
        }
    }
    out
}

proptest! {
    #[test]
    fn rewritten_json_says_the_same(value in any_json()) {
        for text in [value.to_string(), as_php(&value), serde_json::to_string_pretty(&value).unwrap()] {
            for write in [compact, pretty] {
                let mut out = Vec::new();
                write(&text, &mut out);
                prop_assert_eq!(&serde_json::from_slice::<Value>(&out).unwrap(), &value);
            }
            let mut line = Vec::new();
            compact(&text, &mut line);
            prop_assert!(!line.contains(&b'\n'));
        }
    }

    #[test]
    fn no_cell_for_excel_begins_a_formula_of_the_portal(text in "[=+@\\-\t\r\"0-9a-zA-Z(;]*") {
        let row = serde_json::json!({ "x": text, "id": text }).to_string();
        let names = &["x", "id"];
        let csv = encode(for_excel(names), &[&row]);
        let mut reader = ::csv::ReaderBuilder::new();
        let mut reader = reader.delimiter(b';').from_reader(csv.as_bytes());
        for cell in &reader.records().next().unwrap().unwrap() {
            let digits = cell.strip_prefix("=\"").and_then(|cell| cell.strip_suffix('"'));
            let safe = digits.is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit() || b == b'+'));
            prop_assert!(safe || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        }
    }
}
