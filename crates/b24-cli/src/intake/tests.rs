use std::io::Write;
use std::path::PathBuf;

use encoding_rs::{SHIFT_JIS, UTF_16BE, UTF_16LE, WINDOWS_1251};
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Formula, Workbook};
use tempfile::TempDir;

use super::*;

/// A file of these bytes.
fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let home = b24_seen::folder();
    let path = home.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (home, path)
}

/// The columns, the rows and the notes of a file, read twice.
fn read_with(name: &str, bytes: &[u8], options: &Options) -> String {
    let (_home, path) = file(name, bytes);
    let source = match open(&path, options) {
        Ok(source) => source,
        Err(failure) => return told(&failure),
    };
    let once = rows(&source);
    assert_eq!(once, rows(&source));
    let mut lines = vec![source.columns().join(" | ")];
    lines.extend(once);
    lines.extend(source.notes().iter().map(|note| format!("note: {note}")));
    lines.join("\n")
}

fn read(name: &str, bytes: impl AsRef<[u8]>) -> String {
    read_with(name, bytes.as_ref(), &Options::default())
}

fn told(failure: &Failure) -> String {
    let lines = failure.lines();
    let lines = lines
        .iter()
        .map(|(label, text)| format!("\n  {label}: {text}"));
    format!("{failure}{}", lines.collect::<String>())
}

fn rows(source: &Source) -> Vec<String> {
    let mut rows = source.rows().unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.read().unwrap() {
        lines.push(match row {
            Ok(row) => {
                let cells = serde_json::to_string(&Tree::List(row.cells)).unwrap();
                format!("{}: {cells}", row.number)
            }
            Err(bad) => {
                let mut cells = bad.cells.join(" | ");
                cells.truncate(60);
                format!("{}: {} <{cells}>", bad.number, bad.message)
            }
        });
    }
    lines
}

#[test]
fn csv_is_read_whatever_separates_its_cells() {
    let text = "title,stage\nPump,NEW\n\n\"A, b\",\"line 1\nline \"\"2\"\"\"\n,\n last ,\n";
    let texts = [
        text.to_owned(),
        text.replace(',', ";"),
        text.replace(',', "\t"),
        text.replace(',', "|"),
        text.replace('\n', "\r\n"),
        text.replace('\n', "\r"),
        format!("sep=;\n{}", text.replace(',', ";")),
        "one\nPump\n".to_owned(),
    ];
    let all = texts.map(|text| read("deals.csv", text));
    insta::assert_snapshot!(all.join("\n\n"));
}

const RUSSIAN: &str = "Название;Стадия;Сумма\nНасос «Север» №1;Новая;1 000,50\nПроект;В работе;2\n";

/// UTF-16, which nothing but other programs writes.
fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let text = if mark {
        format!("\u{FEFF}{text}")
    } else {
        text.to_owned()
    };
    let each = text.encode_utf16();
    each.flat_map(|unit| {
        if big {
            unit.to_be_bytes()
        } else {
            unit.to_le_bytes()
        }
    })
    .collect()
}

#[test]
fn the_encoding_is_said_marked_or_found() {
    let windows = WINDOWS_1251.encode(RUSSIAN).0.into_owned();
    let named = |encoding| Options {
        encoding: Some(encoding),
        ..Options::default()
    };
    let plain = read("deals.csv", RUSSIAN);
    let cases = [
        (
            "with a mark",
            format!("\u{FEFF}{RUSSIAN}").into_bytes(),
            Options::default(),
        ),
        (
            "UTF-16 LE, mark",
            utf16(RUSSIAN, false, true),
            Options::default(),
        ),
        (
            "UTF-16 BE, mark",
            utf16(RUSSIAN, true, true),
            Options::default(),
        ),
        (
            "UTF-16 LE",
            utf16(RUSSIAN, false, false),
            Options::default(),
        ),
        ("UTF-16 BE", utf16(RUSSIAN, true, false), Options::default()),
        (
            "UTF-16 LE, named",
            utf16(RUSSIAN, false, true),
            named(UTF_16LE),
        ),
        (
            "UTF-16 BE, named",
            utf16(RUSSIAN, true, false),
            named(UTF_16BE),
        ),
        ("Windows-1251", windows.clone(), Options::default()),
        ("Windows-1251, named", windows, named(WINDOWS_1251)),
    ];
    let mut notes = Vec::new();
    for (case, bytes, options) in cases {
        let text = read_with("deals.csv", &bytes, &options);
        let (rows, note) = text.split_once("\nnote: ").unwrap_or((&text, "-"));
        assert_eq!(rows, plain, "{case}");
        notes.push(format!("{case}: {note}"));
    }
    insta::assert_snapshot!(format!("{plain}\n\n{}", notes.join("\n")));
}

#[test]
fn a_zero_byte_makes_no_utf16() {
    assert_eq!(
        read(
            "deals.csv",
            format!("title,sum\nPump \0,1\n{}", "Pump,2\n".repeat(9))
        )
        .lines()
        .nth(1),
        Some("2: [\"Pump \\u0000\",\"1\"]")
    );
}

#[test]
fn json_lines_may_be_utf16_too() {
    let text = "{\"title\":\"Насос\"}\n";
    let plain = read("deals.jsonl", text);
    assert_eq!(plain, "title\n1: [\"Насос\"]");
    let text = read("deals", utf16(text, false, true));
    assert_eq!(
        text,
        format!("{plain}\nnote: deals is UTF-16LE, says its byte order mark")
    );
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_row() {
    let mut utf8 = RUSSIAN.repeat(3).into_bytes();
    let at = utf8.len() - 12;
    utf8[at] = 0xFF;
    let mut wide = utf16(RUSSIAN, false, true);
    // Half of a pair.
    wide[80..82].copy_from_slice(&[0x00, 0xD8]);
    let japanese = [b"a;b\n\x82;c\nd;e\n" as &[u8], b""].concat();
    let options = Options {
        encoding: Some(SHIFT_JIS),
        ..Options::default()
    };
    let lines = b"{\"title\":\"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\"}\n{\"title\":\"\xFF\"}\n{}\n";
    let told = [
        read("deals.csv", utf8),
        read("deals.csv", wide),
        read_with("deals.csv", &japanese, &options),
        read("deals.jsonl", lines),
        read_with("deals.csv", b"\x82\n", &options),
    ];
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn what_is_wrong_with_csv_is_told() {
    let told = [
        read("deals.csv", ""),
        read("deals.csv", "\n\n"),
        read("deals.csv", "title,stage\n"),
        read("deals.csv", "title,stage,title\nx,y,z\n"),
        read("deals.csv", "title,stage,\nx,y,z\n"),
        read("deals.csv", "title,stage\nx\na,b,c\nd,e\n"),
        read("deals.csv", "title,stage\nx,\"y\nd,e\nf,g\n"),
        read("deals.csv", "title,stage\nx,\"y\nd,e,f\nf,g\n"),
        read("deals.parquet", "PAR1"),
    ];
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn what_excel_was_made_to_show_is_what_it_was() {
    let text = "a;b\n\"=\"\"007\"\"\";'=SUM(1)\n\"'+7 900\";'quoted'\n";
    assert_eq!(
        read("deals.csv", text),
        "a | b\n2: [\"007\",\"=SUM(1)\"]\n3: [\"+7 900\",\"'quoted'\"]"
    );
}

/// A row of 100 MB between two others.
fn with_a_long_row(name: &str, [before, long, after]: [&str; 3]) -> String {
    let home = b24_seen::folder();
    let path = home.path().join(name);
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(before.as_bytes()).unwrap();
    let chunk = long.repeat(1024 * 1024 / long.len());
    for _ in 0..100 {
        file.write_all(chunk.as_bytes()).unwrap();
    }
    file.write_all(after.as_bytes()).unwrap();
    drop(file);
    let source = open(&path, &Options::default()).unwrap();
    rows(&source).join("\n")
}

#[test]
fn a_row_of_100_mb_is_told_and_passed_over() {
    let told = [
        with_a_long_row("deals.csv", ["a,b\nc,d\n", "x", ",y\ne,f\n"]),
        with_a_long_row("deals.csv", ["a,b\nc,d\n\"", "x\n", "\",y\ne,f\n"]),
        with_a_long_row("deals.csv", ["a,b\nc,d\n", ",", "\ne,f\n"]),
        with_a_long_row(
            "deals.jsonl",
            ["{\"a\":1}\n{\"a\":\"", "x", "\"}\n{\"a\":2}\n"],
        ),
    ];
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn a_long_row_takes_no_more_memory_than_the_longest() {
    let long = io::repeat(b'x').take(3 * LONGEST_ROW as u64);
    let text = BufReader::new(b"a\n".chain(long));
    let dialect = Dialect {
        delimiter: b',',
        preface: 0,
    };
    let mut reader = csv::Reader::new(text, dialect);
    reader.skip_header().unwrap();
    let found = encoding::find(|| Ok(&b"a"[..]), None).unwrap();
    assert!(reader.row(1, found).unwrap().unwrap().is_err());
    assert!(reader.room() <= LONGEST_ROW);
    let long = io::repeat(b'x').take(3 * LONGEST_ROW as u64);
    let mut reader = json_lines::Reader::new(BufReader::new(long));
    assert!(reader.row(&[], found).unwrap().unwrap().is_err());
    assert!(reader.room() <= 2 * LONGEST_ROW);
}

#[test]
fn json_lines_keep_what_they_hold() {
    let text = "{\"id\":1,\"tags\":[\"a\",{\"b\":null}],\"sum\":12345678901234567.89}\n\n\
        {\"title\":\"x\",\"id\":1.50,\"open\":true}\n{\"id\":1,\"id\":2}\n[1]\n{\"id\":\n7\n{}\n";
    let told = [
        read("deals.jsonl", text),
        read("deals", text),
        read("deals.jsonl", ""),
        read("deals.jsonl", "\n\n"),
        read("deals.jsonl", "a,b\n1,2\n"),
    ];
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn packed_text_is_read_whatever_it_is_called() {
    let text = "{\"title\":\"x\"}\n{\"title\":\"y\"}\n";
    let gzip = |text: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    };
    // Two members are one text.
    let (first, second) = text.as_bytes().split_at(10);
    let members = [gzip(first), gzip(second)].concat();
    let plain = read("deals.jsonl", text);
    assert_eq!(read("deals.jsonl.gz", &members), plain);
    assert_eq!(read("deals", &members), plain);
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    assert_eq!(read("deals.jsonl.zst", zstd), plain);
    let cut = &members[..members.len() - 9];
    let told = read("deals.jsonl.gz", cut);
    assert!(
        told.starts_with("deals.jsonl.gz cannot be read: "),
        "{told}"
    );
}

#[test]
fn a_workbook_is_read_as_it_is_shown() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Deals").unwrap();
    let heading = [
        "title", "sum", "date", "time", "open", "formula", "", "phone",
    ];
    for (at, heading) in (0..).zip(heading) {
        sheet.write(1, at, heading).unwrap();
    }
    let day = ExcelDateTime::from_ymd(2026, 3, 1).unwrap();
    let moment = ExcelDateTime::from_ymd(2026, 3, 1)
        .unwrap()
        .and_hms(10, 30, 15)
        .unwrap();
    let format = rust_xlsxwriter::Format::new().set_num_format("dd.mm.yyyy hh:mm");
    sheet.write(2, 0, "Pump").unwrap();
    sheet.write(2, 1, 0.1 + 0.2).unwrap();
    sheet.write_with_format(2, 2, &day, &format).unwrap();
    sheet.write_with_format(2, 3, &moment, &format).unwrap();
    sheet.write(2, 4, true).unwrap();
    sheet
        .write(2, 5, Formula::new("=B3*2").set_result("0.6"))
        .unwrap();
    sheet.write(2, 7, 79_001_234_567_i64).unwrap();
    sheet.write(4, 0, "behind a blank row").unwrap();
    sheet
        .write(5, 5, Formula::new("=1/0").set_result("#DIV/0!"))
        .unwrap();
    sheet.write(6, 9, "outside").unwrap();
    sheet.write(7, 0, 1234.56).unwrap();
    sheet.write(7, 1, 9_007_199_254_740_991_i64).unwrap();
    book.add_worksheet().set_name("Blank").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let sheet = |name: &str| Options {
        sheet: Some(name.to_owned()),
        ..Options::default()
    };
    let told = [
        read("deals.xlsx", &bytes),
        read("deals", &bytes),
        read_with("deals.xlsx", &bytes, &sheet("Deals")),
        read_with("deals.xlsx", &bytes, &sheet("deal")),
        read_with("deals.xlsx", &bytes, &sheet("Contacts")),
        read_with("deals.xlsx", &bytes, &sheet("Blank")),
        read("deals.xlsx", b"PK\x03\x04 but no more"),
    ];
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_told() {
    let (_home, path) = file("deals.csv", b"a\nb\n");
    let source = open(&path, &Options::default()).unwrap();
    let mut file = std::fs::File::options().append(true).open(&path).unwrap();
    file.write_all(b"c\n").unwrap();
    let failure = source.rows().unwrap_err();
    assert_eq!(
        failure.to_string(),
        "deals.csv was changed while it was read"
    );
    let missing = open(&path.with_file_name("deels.csv"), &Options::default()).unwrap_err();
    assert_eq!(missing.kind.exit().code(), 2);
    assert!(missing.to_string().starts_with("there is no file "));
}

proptest! {
    /// Whatever the encoding, the cells are those that were written.
    #[test]
    fn cells_come_back_in_any_encoding(
        cells in prop::collection::vec("[a-zA-Zа-яА-Я0-9 \"';,\n|=]{1,12}", 2..12),
        form in 0..4_usize, delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
    ) {
        let mut writer = ::csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        writer.write_record(["first", "second"]).unwrap();
        for pair in cells.chunks_exact(2) {
            writer.write_record(pair).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let (bytes, encoding) = match form {
            0 => (text.into_bytes(), None),
            1 => (utf16(&text, true, true), None),
            2 => (utf16(&text, false, false), Some(UTF_16LE)),
            _ => (WINDOWS_1251.encode(&text).0.into_owned(), Some(WINDOWS_1251)),
        };
        let options = Options { encoding, delimiter: Some(delimiter), ..Options::default() };
        let (_home, path) = file("cells.csv", &bytes);
        let source = open(&path, &options).unwrap();
        let mut rows = source.rows().unwrap();
        for pair in cells.chunks_exact(2) {
            let row = rows.read().unwrap().unwrap().unwrap();
            for (cell, written) in row.cells.iter().zip(pair) {
                let quoted = written.starts_with("=\"") || written.starts_with("'=");
                prop_assert!(quoted || *cell == Tree::Text(written.clone()), "{cell:?} {written:?}");
            }
        }
        prop_assert_eq!(rows.read().unwrap(), None);
    }

    /// Bytes of any kind are rows, bad rows or an error, and the reading ends.
    #[test]
    fn any_bytes_are_read_to_their_end(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b','), Just(b'"')], 0..200),
        name in prop::sample::select(vec!["a.csv", "a.jsonl", "a.xlsx", "a"]),
    ) {
        let (_home, path) = file(name, &bytes);
        if let Ok(source) = open(&path, &Options::default()) {
            let mut rows = source.rows().unwrap();
            let mut last = 0;
            while let Ok(Some(row)) = rows.read() {
                let number = row.map_or_else(|bad| bad.number, |row| row.number);
                prop_assert!(number > last);
                last = number;
            }
        }
    }
}
