//! Workbooks, Parquet and packed text, read by other readers than the command's own.

use b24_seen::Said;
use std::fs::File;
use std::io::Read;

use calamine::{Data, Range, Reader, Xlsx, open_workbook};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, RowAccessor};
use serde_json::Value;

use crate::served::Served;
use crate::support::{Home, assert_shown, shown};

fn run(served: &Served, home: &Home, words: &[&str]) -> String {
    let output = served.b24(home).args(words).output().said();
    shown(&output)
}

fn export(served: &Served, home: &Home, words: &[&str]) {
    let text = run(served, home, words);
    assert!(text.starts_with("exit: 0"), "{text}");
}

/// The rows of the portal as lines of JSON.
fn lines(served: &Served, home: &Home, entity: &str) -> Vec<Value> {
    export(served, home, &["export", entity, "-o", "all.jsonl"]);
    let text = std::fs::read_to_string(home.file("all.jsonl")).expect("the file");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect()
}

fn sheet(home: &Home, file: &str, name: &str) -> Range<Data> {
    let mut book: Xlsx<_> = open_workbook(home.file(file)).expect("a workbook");
    book.worksheet_range(name).expect("the sheet")
}

fn at(range: &Range<Data>, heading: &str) -> usize {
    let header = range.rows().next().expect("a header");
    let found = header
        .iter()
        .position(|cell| cell == &Data::String(heading.to_owned()));
    found.unwrap_or_else(|| panic!("a column {heading}"))
}

fn set(served: &Served, home: &Home, id: u32, field: &str, text: &str) {
    let words = [format!("id={id}"), format!("fields[{field}]={text}")];
    let words = ["call", "crm.deal.update", &words[0], &words[1]];
    export(served, home, &words);
}

#[test]
fn packed_text_holds_the_rows_of_the_portal() {
    let (served, home) = (Served::demo(), Home::new());
    let select = ["--select", "id,title,opportunity"];
    for format in ["jsonl", "json", "csv"] {
        let plain = format!("plain.{format}");
        export(
            &served,
            &home,
            &[&["export", "deals", "-o", &plain], &select[..]].concat(),
        );
        let plain = std::fs::read(home.file(&plain)).expect("the file");
        for ending in ["gz", "zst"] {
            let name = format!("deals.{format}.{ending}");
            export(
                &served,
                &home,
                &[&["export", "deals", "-o", &name], &select[..]].concat(),
            );
            let file = File::open(home.file(&name)).expect("the file");
            assert!(file.metadata().expect("facts").len() < plain.len() as u64 / 2);
            assert!(unpacked(ending, file) == plain, "{name}");
        }
    }
    // To a pipe, and without any row.
    let words = [
        "export", "deals", "--select", "id", "--filter", "id<0", "-f",
    ];
    for (ending, format) in [("gz", "csv.gz"), ("zst", "json.zst"), ("gz", "jsonl.gz")] {
        let output = served.b24(&home).args(words).arg(format).output().said();
        let text = unpacked(ending, output.stdout.as_slice());
        let expected: &[u8] = match format {
            "csv.gz" => b"id\n",
            "json.zst" => b"[]\n",
            _ => b"",
        };
        assert_eq!(text, expected, "{format}: {}", shown(&output));
    }
}

fn unpacked(ending: &str, packed: impl Read) -> Vec<u8> {
    let mut text = Vec::new();
    let read = match ending {
        "gz" => flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut text),
        _ => zstd::stream::read::Decoder::new(packed)
            .expect("a decoder")
            .read_to_end(&mut text),
    };
    read.expect("a packed file");
    text
}

#[test]
fn a_workbook_holds_the_rows_of_the_portal_with_their_types() {
    let (served, home) = (Served::demo(), Home::new());
    let long = "x".repeat(40_000);
    set(&served, &home, 1, "COMMENTS", &long);
    set(&served, &home, 2, "TITLE", "=1+1 \u{1}<&>\n2");
    let text = run(&served, &home, &["export", "deals", "-o", "deals.xlsx"]);
    assert!(
        text.contains("warning: 1 text is longer than Excel takes"),
        "{text}"
    );
    assert!(!home.file("deals.xlsx.b24part").exists());
    assert!(!home.file("deals.xlsx.b24whole").exists());
    let rows = lines(&served, &home, "deals");
    let range = sheet(&home, "deals.xlsx", "deals");
    assert_eq!(range.height(), rows.len() + 1);
    for (cells, row) in range.rows().skip(1).zip(&rows) {
        let cell = |name: &str| &cells[at(&range, name)];
        assert_eq!(cell("id"), &Data::Float(row["id"].as_f64().expect("an id")));
        assert_eq!(
            cell("title").to_string(),
            row["title"].as_str().expect("a title")
        );
        assert_eq!(
            cell("opportunity"),
            &Data::Float(row["opportunity"].as_f64().expect("a sum"))
        );
        assert_eq!(cell("opened"), &Data::Bool(row["opened"] == "Y"));
        let created = row["createdTime"].as_str().expect("a time");
        let Data::DateTime(time) = cell("createdTime") else {
            panic!("a time: {:?}", cell("createdTime"));
        };
        let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
        let clock = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        assert_eq!(clock, created[..19]);
        let contacts = serde_json::to_string(&row["contactIds"]).expect("JSON");
        assert_eq!(cell("contactIds").to_string(), contacts);
    }
    let fields = sheet(&home, "deals.xlsx", "fields");
    let about: Vec<String> = fields
        .rows()
        .filter(|row| ["id", "contactIds", "createdTime"].contains(&row[0].to_string().as_str()))
        .map(|row| {
            row.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" | ")
        })
        .collect();
    insta::assert_snapshot!(about.join("\n"));
}

#[test]
fn parquet_holds_the_rows_of_the_portal_with_their_types() {
    let (served, home) = (Served::demo(), Home::new());
    export(&served, &home, &["export", "deals", "-o", "deals.parquet"]);
    assert!(!home.file("deals.parquet.b24part").exists());
    let rows = lines(&served, &home, "deals");
    let file = File::open(home.file("deals.parquet")).expect("the file");
    let reader = SerializedFileReader::new(file).expect("a Parquet file");
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let types: Vec<String> = [
        "id",
        "title",
        "opportunity",
        "begindate",
        "createdTime",
        "opened",
        "contactIds",
    ]
    .iter()
    .map(|name| {
        let column = schema
            .columns()
            .iter()
            .find(|column| column.name() == *name);
        let column = column.expect("the column");
        format!(
            "{name}: {:?} {:?}",
            column.physical_type(),
            column.logical_type_ref()
        )
    })
    .collect();
    insta::assert_snapshot!(types.join("\n"));
    let index = |name: &str| {
        let names = schema.columns().iter();
        names
            .map(|column| column.name())
            .position(|found| found == name)
            .expect("a column")
    };
    let (id, title, sum, time, contacts) = (
        index("id"),
        index("title"),
        index("opportunity"),
        index("createdTime"),
        index("contactIds"),
    );
    let read: Vec<_> = reader
        .get_row_iter(None)
        .expect("rows")
        .map(|row| row.expect("a row"))
        .collect();
    assert_eq!(read.len(), rows.len());
    for (found, row) in read.iter().zip(&rows) {
        assert_eq!(
            found.get_long(id).expect("an id"),
            row["id"].as_i64().expect("an id")
        );
        assert_eq!(
            found.get_string(title).expect("a title"),
            row["title"].as_str().expect("a title")
        );
        let moment: jiff::Timestamp = row["createdTime"]
            .as_str()
            .expect("a time")
            .parse()
            .expect("a time");
        assert_eq!(
            found.get_timestamp_millis(time).expect("a time"),
            moment.as_millisecond()
        );
        let json: Value =
            serde_json::from_str(found.get_string(contacts).expect("JSON")).expect("JSON");
        assert_eq!(json, row["contactIds"]);
        match found.get_column_iter().nth(sum).expect("the sum").1 {
            Field::Double(number) => assert_eq!(Some(*number), row["opportunity"].as_f64()),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn workbooks_and_parquet_go_to_a_pipe_and_may_be_empty() {
    let (served, home) = (Served::demo(), Home::new());
    let words = ["export", "deals", "--select", "id,title", "-f"];
    let output = served
        .b24(&home)
        .args(words)
        .args(["parquet", "--limit", "3"])
        .output()
        .said();
    let reader =
        SerializedFileReader::new(bytes::Bytes::from(output.stdout)).expect("a Parquet file");
    assert_eq!(reader.metadata().file_metadata().num_rows(), 3);
    let output = served
        .b24(&home)
        .args(words)
        .args(["xlsx", "--filter", "id<0"])
        .output()
        .said();
    let mut book = Xlsx::new(std::io::Cursor::new(output.stdout)).expect("a workbook");
    let range = book.worksheet_range("deals").expect("the sheet");
    assert_eq!(range.height(), 1);
    export(
        &served,
        &home,
        &["export", "deals", "-o", "none.parquet", "--filter", "id<0"],
    );
    let file = File::open(home.file("none.parquet")).expect("the file");
    let reader = SerializedFileReader::new(file).expect("a Parquet file");
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
}

#[test]
fn other_entities_are_typed_too() {
    let (served, home) = (Served::demo(), Home::new());
    for (entity, key) in [
        ("tasks", "id"),
        ("users", "ID"),
        ("crm.deal.list", "ID"),
        ("contacts", "id"),
    ] {
        let rows = lines(&served, &home, entity);
        let ids: Vec<String> = rows
            .iter()
            .map(|row| row[key].to_string().trim_matches('"').to_owned())
            .collect();
        export(&served, &home, &["export", entity, "-o", "x.parquet"]);
        let reader =
            SerializedFileReader::new(File::open(home.file("x.parquet")).expect("the file"))
                .expect("a Parquet file");
        let found: Vec<String> = reader
            .get_row_iter(None)
            .expect("rows")
            .map(|row| {
                let row = row.expect("a row");
                let field = row
                    .get_column_iter()
                    .find(|(name, _)| *name == key)
                    .expect("the id")
                    .1;
                field.to_string().trim_matches('"').to_owned()
            })
            .collect();
        assert_eq!(found, ids, "{entity}");
        export(&served, &home, &["export", entity, "-o", "x.xlsx"]);
        let range = sheet(&home, "x.xlsx", entity);
        let column = at(&range, key);
        let found: Vec<String> = range
            .rows()
            .skip(1)
            .map(|row| row[column].to_string())
            .collect();
        assert_eq!(found, ids, "{entity}");
    }
}

#[test]
fn what_a_person_sees_of_formats() {
    let (served, home) = (Served::demo(), Home::new());
    let shown: Vec<String> = [
        "export deals -o deals.xlsx.gz",
        "export deals -o deals.gz",
        "export deals -f csv.rar",
        "export deals -f xlsx -o /dev/full --select id",
        "export deals -o nosuch/deals.parquet",
    ]
    .iter()
    .map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        format!("$ b24 {line}\n{}", run(&served, &home, &words))
    })
    .collect();
    assert_shown!(shown.join("\n"));
}
