use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Seek, Write as _};

use ::parquet::file::metadata::RowGroupMetaData;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::RowAccessor;
use calamine::Reader;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::xlsx::Xlsx;
use super::{Column, CsvFor, Encoder, FileType, Kind, Layout, compact, pretty};

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

/// Rows in pages, with a stop and a new encoder after each page that allows it.
fn in_runs(format: &str, pages: &[Vec<String>], fields: &[(&str, Kind)]) -> (Vec<u8>, Encoder) {
    let new = || {
        let mut layout = layout(format, &[]);
        layout.columns = fields
            .iter()
            .map(|(name, kind)| Column {
                kind: *kind,
                ..Column::named(*name)
            })
            .collect();
        Encoder::new(layout)
    };
    let mut encoder = new();
    let (mut part, mut rows) = (Vec::new(), 0);
    encoder.start(&mut part);
    for page in pages {
        let page: Vec<&str> = page.iter().map(String::as_str).collect();
        encoder.rows(&raw(&page), &mut part).unwrap();
        rows += page.len() as u64;
        encoder.settle(&mut part);
        if let Some(state) = encoder.state() {
            let state = serde_json::from_slice(&serde_json::to_vec(&state).unwrap()).unwrap();
            encoder = new();
            encoder.go_on(rows, state);
        }
    }
    encoder.finish(&mut part);
    (part, encoder)
}

fn assembled(format: &str, pages: &[Vec<String>], fields: &[(&str, Kind)]) -> (File, Encoder) {
    let (bytes, mut encoder) = in_runs(format, pages, fields);
    let mut part = tempfile::tempfile().unwrap();
    part.write_all(&bytes).unwrap();
    let mut whole = tempfile::tempfile().unwrap();
    encoder
        .assemble(&part, &whole, &std::env::temp_dir())
        .unwrap();
    whole.rewind().unwrap();
    (whole, encoder)
}

#[test]
fn parquet_is_gone_on_with_behind_any_row_group() {
    let page = |from: u64| (from..from + 2_500).map(|id| format!(r#"{{"id":{id},"t":"x{id}"}}"#));
    let pages: Vec<Vec<String>> = (0..50).map(|n| page(n * 2_500).collect()).collect();
    let (file, encoder) = assembled(
        "parquet",
        &pages,
        &[("id", Kind::Integer), ("t", Kind::Text)],
    );
    assert_eq!(encoder.lost(), None);
    let reader = SerializedFileReader::new(file).unwrap();
    let groups = reader.metadata().row_groups().iter();
    let groups: Vec<i64> = groups.map(RowGroupMetaData::num_rows).collect();
    assert_eq!(groups, [50_000, 50_000, 25_000]);
    for (number, row) in (0..).zip(reader.get_row_iter(None).unwrap()) {
        let row = row.unwrap();
        assert_eq!(row.get_long(0).unwrap(), number);
        assert_eq!(row.get_string(1).unwrap(), &format!("x{number}"));
    }
}

#[test]
fn parquet_columns_that_are_not_what_the_portal_says_lose_nothing() {
    let first = vec![
        r#"{"flag":"Y","sum":"1.50"}"#.to_owned(),
        r#"{"flag":"N"}"#.to_owned(),
    ];
    let later = vec![r#"{"flag":7,"sum":"much"}"#.to_owned()];
    let fields = [("flag", Kind::Integer), ("sum", Kind::Number)];
    let (file, encoder) = assembled("parquet", &[first, later], &fields);
    let rows = SerializedFileReader::new(file).unwrap();
    let rows: Vec<String> = rows
        .into_iter()
        .map(|row| row.unwrap().to_string())
        .collect();
    insta::assert_snapshot!(format!("{}\n{}", rows.join("\n"), encoder.lost().unwrap()), @r#"
    {flag: "Y", sum: 1.5}
    {flag: "N", sum: null}
    {flag: "7", sum: null}
    values that are not of their column's type are empty in the file: sum (1); -f jsonl keeps them
    "#);
}

#[test]
fn rows_beyond_a_sheet_go_to_the_next() {
    let rows: Vec<String> = (1..=25).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
    let names = vec![Column::named("id")];
    let mut xlsx = Xlsx::new(
        names,
        "deals/[2026] with a name that is too long".to_owned(),
    );
    xlsx.sheet_rows = 10;
    let mut part = Vec::new();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    xlsx.rows(&raw(&rows), &mut part).unwrap();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&part).unwrap();
    let whole = tempfile::tempfile().unwrap();
    xlsx.assemble(&file, &whole, &std::env::temp_dir()).unwrap();
    assert_eq!(xlsx.sheets(), 3);
    let mut book: calamine::Xlsx<_> = Reader::new(&whole).unwrap();
    let sheets = Reader::sheet_names(&book);
    let each = sheets.into_iter().map(|name| {
        let range = Reader::worksheet_range(&mut book, &name).unwrap();
        let last = range.get_value((range.height() as u32 - 1, 0)).unwrap();
        format!("{name}: {} rows, last {last}", range.height())
    });
    insta::assert_snapshot!(each.collect::<Vec<_>>().join("\n"), @r"
    deals__2026_ with a name that i: 11 rows, last 10
    deals__2026_ with a name that 2: 11 rows, last 20
    deals__2026_ with a name that 3: 6 rows, last 25
    fields: 2 rows, last id
    ");
}

#[test]
fn packed_text_is_gone_on_with_behind_any_page() {
    let pages: Vec<Vec<String>> = (0..20)
        .map(|n| {
            (0..50)
                .map(|m| format!(r#"{{"id":{}}}"#, n * 50 + m))
                .collect()
        })
        .collect();
    let (plain, _) = in_runs("json", &pages, &[]);
    let (gzip, _) = in_runs("json.gz", &pages, &[]);
    let (zstd, _) = in_runs("json.zst", &pages, &[]);
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(&gzip[..])
        .read_to_end(&mut text)
        .unwrap();
    assert!(text == plain);
    assert!(zstd::decode_all(&zstd[..]).unwrap() == plain);
    let rows: Vec<Value> = serde_json::from_slice(&plain).unwrap();
    assert_eq!(rows.len(), 1_000);
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
