use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// A file of these bytes.
fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
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
        format!("sep=;\n{}", text.replace(',', ";")),
        "one\nPump\n".to_owned(),
    ];
    let all = texts.map(|text| read("deals.csv", text));
    insta::assert_snapshot!(all.join("\n\n"));
}
