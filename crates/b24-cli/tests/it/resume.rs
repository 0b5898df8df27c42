//! `b24 export --resume`: whatever ended the run before, each row is there once.

use b24_seen::Said;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use b24_portal::{Edition, Fault, FaultRule, Operating, Portal};
use calamine::Reader as _;
use serde_json::Value;

use crate::served::Served;
use crate::support::{Home, shown};

/// A portal without limits where every page takes its time.
fn slow(deals: u64, page: Duration) -> Served {
    Served::of(
        Portal::builder()
            .edition(Edition::Box)
            .deals(deals)
            .page_cost(page),
    )
}

fn b24(served: &Served, home: &Home, line: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("b24"));
    command
        .env_clear()
        .envs(b24_seen::log())
        .env("HOME", home.path())
        .env("B24_WEBHOOK", served.portal.webhook())
        .env("B24_LIMITS", "off")
        .env("TZ", "UTC")
        .args(line.split(' '))
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(served: &Served, home: &Home, line: &str) -> Output {
    b24(served, home, line).output().said()
}

/// The ids of a file, in its order.
fn ids(file: &Path) -> Vec<i64> {
    let ending = file.extension().and_then(|name| name.to_str());
    let bytes = std::fs::read(file).expect("the file");
    let mut text = String::new();
    match ending {
        Some("xlsx") => return ids_of_workbook(file),
        Some("parquet") => return ids_of_parquet(file),
        Some("gz") => {
            let mut packed = flate2::read::MultiGzDecoder::new(bytes.as_slice());
            packed.read_to_string(&mut text).expect("text");
        }
        Some("zst") => {
            let mut packed = zstd::Decoder::new(bytes.as_slice()).expect("zstd");
            packed.read_to_string(&mut text).expect("text");
        }
        _ => text = String::from_utf8(bytes).expect("text"),
    }
    let id = |row: &Value| row["id"].as_i64().expect("an id");
    let name = file.file_name().and_then(|name| name.to_str());
    match name.and_then(|name| name.split('.').nth(1)) {
        Some("json") => {
            let rows: Vec<Value> = serde_json::from_str(&text).expect("an array");
            rows.iter().map(id).collect()
        }
        Some("csv") => {
            let mut rows = csv::Reader::from_reader(text.as_bytes());
            let first = |row: Result<csv::StringRecord, _>| row.expect("a record")[0].parse();
            rows.records()
                .map(|row| first(row).expect("an id"))
                .collect()
        }
        _ => text
            .lines()
            .map(|line| id(&serde_json::from_str(line).expect("a row")))
            .collect(),
    }
}

fn ids_of_workbook(file: &Path) -> Vec<i64> {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(file).expect("a workbook");
    let name = book.sheet_names()[0].clone();
    let sheet = book.worksheet_range(&name).expect("a sheet");
    let id = |row: &[calamine::Data]| match &row[0] {
        calamine::Data::Float(number) => *number as i64,
        calamine::Data::Int(number) => *number,
        other => other.to_string().parse().expect("an id"),
    };
    sheet.rows().skip(1).map(id).collect()
}

fn ids_of_parquet(file: &Path) -> Vec<i64> {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;
    let file = std::fs::File::open(file).expect("the file");
    let reader = SerializedFileReader::new(file).expect("parquet");
    let rows = reader.get_row_iter(None).expect("rows");
    rows.map(|row| row.expect("a row").get_long(0).expect("an id"))
        .collect()
}

/// Kills an export at random moments, again and again, and goes on each time.
fn killed(name: &str) {
    const KILLS: u32 = 20;
    let (served, home) = (slow(20_000, Duration::from_millis(4)), Home::new());
    let line = format!("export deals --select id,title,opportunity -o {name} --resume");
    let mut random = fastrand::Rng::with_seed(20);
    let (mut kills, mut resumed) = (0, 0);
    let check = || {
        assert_eq!(ids(&home.file(name)), served.portal.ids("deal"), "{name}");
        assert!(!home.file(&format!("{name}.b24part")).exists());
        assert!(!home.file(&format!("{name}.b24state")).exists());
    };
    while kills < KILLS {
        let mut child = b24(&served, &home, &line).spawn().expect("b24 runs");
        std::thread::sleep(Duration::from_millis(random.u64(20..700)));
        child.kill().expect("the child is ours");
        let output = child.wait_with_output().said();
        resumed += u32::from(shown(&output).contains("note: going on with "));
        match output.status.code() {
            None => kills += 1,
            Some(0) => {
                check();
                std::fs::remove_file(home.file(name)).expect("the file");
            }
            Some(_) => panic!("{}", shown(&output)),
        }
    }
    let output = run(&served, &home, &line);
    assert!(output.status.success(), "{}", shown(&output));
    check();
    assert!(resumed > KILLS / 3, "{resumed} of {kills} went on");
}

#[test]
fn killed_json_lines_go_on() {
    killed("deals.jsonl");
}

#[test]
fn a_killed_array_goes_on() {
    killed("deals.json");
}

#[test]
fn a_killed_csv_goes_on() {
    killed("deals.csv");
}

#[test]
fn a_killed_gzip_goes_on() {
    killed("deals.csv.gz");
}

#[test]
fn a_killed_zstd_goes_on() {
    killed("deals.jsonl.zst");
}

#[test]
fn a_killed_workbook_goes_on() {
    killed("deals.xlsx");
}

#[test]
fn a_killed_parquet_goes_on_behind_its_last_row_group() {
    let (served, home) = (slow(60_000, Duration::ZERO), Home::new());
    let line = "export deals --select id,title,opportunity -o deals.parquet --resume";
    let mut child = b24(&served, &home, line).spawn().expect("b24 runs");
    let note = home.file("deals.parquet.b24state");
    let begun = std::time::Instant::now();
    while !note.exists() {
        assert!(begun.elapsed().as_secs() < 120, "a row group is noted");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("the child is ours");
    assert_eq!(child.wait().expect("it ends").code(), None);
    let text = shown(&run(&served, &home, line));
    assert!(text.contains(": 50,000 deals done"), "{text}");
    assert_eq!(ids(&home.file("deals.parquet")), served.portal.ids("deal"));
}

#[test]
fn rows_that_change_between_the_runs_are_neither_lost_nor_doubled() {
    let (served, home) = (slow(3_000, Duration::ZERO), Home::new());
    let before = served.portal.ids("deal");
    let rule = FaultRule::new(Fault::Overload).method("batch");
    served.portal.add_fault(rule.skip(1));
    let line = "export deals --select id -o deals.jsonl --resume";
    let output = run(&served, &home, line);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    let part = ids(&home.file("deals.jsonl.b24part"));
    assert!(!part.is_empty() && part.len() < 2_700);
    // Rows on both sides of the border go, and new ones come behind.
    let gone = [
        before[3],
        before[part.len() - 1],
        before[part.len()],
        before[2_900],
    ];
    served.portal.delete_rows("deal", &gone);
    served.portal.insert_rows("deal", 7);
    let output = run(&served, &home, line);
    assert!(output.status.success(), "{}", shown(&output));
    let expected: Vec<i64> = part
        .iter()
        .copied()
        .chain(
            served
                .portal
                .ids("deal")
                .into_iter()
                .filter(|id| id > part.last().expect("a row")),
        )
        .collect();
    assert_eq!(ids(&home.file("deals.jsonl")), expected);
}

#[test]
fn ids_go_on_too() {
    let (served, home) = (slow(6_000, Duration::ZERO), Home::new());
    let mut wanted: Vec<i64> = served.portal.ids("deal").into_iter().rev().collect();
    wanted.insert(5, 99_999_999);
    let lines: Vec<String> = wanted.iter().map(i64::to_string).collect();
    home.write("ids.txt", &lines.join("\n"));
    let rule = FaultRule::new(Fault::Overload).method("batch");
    served.portal.add_fault(rule.skip(1));
    let line = "export deals --select id --ids ids.txt -o deals.csv --resume";
    assert_eq!(run(&served, &home, line).status.code(), Some(1));
    let output = run(&served, &home, line);
    let text = shown(&output);
    assert!(text.contains("2,499 deals done"), "{text}");
    assert!(text.contains("1 id has no row: 99999999"), "{text}");
    wanted.remove(5);
    assert_eq!(ids(&home.file("deals.csv")), wanted);
}

#[test]
fn a_limit_counts_the_rows_of_both_runs() {
    let (served, home) = (slow(3_000, Duration::ZERO), Home::new());
    let rule = FaultRule::new(Fault::Overload).method("batch");
    served.portal.add_fault(rule.skip(1));
    let line = "export deals --select id --limit 1234 -o deals.json --resume";
    assert_eq!(run(&served, &home, line).status.code(), Some(1));
    let output = run(&served, &home, line);
    assert!(
        shown(&output).contains("going on with"),
        "{}",
        shown(&output)
    );
    assert_eq!(
        ids(&home.file("deals.json")),
        served.portal.ids("deal")[..1_234]
    );
}

/// A run that stops after the first rows, and leaves a part.
fn stopped(served: &Served, home: &Home, line: &str) {
    let rule = FaultRule::new(Fault::Overload).method("batch");
    served.portal.add_fault(rule.skip(1));
    let output = run(served, home, line);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    served.portal.clear_faults();
}

#[test]
fn a_part_of_another_question_starts_afresh_and_says_what_differs() {
    let (served, home) = (slow(3_000, Duration::ZERO), Home::new());
    let other = served.portal.add_webhook(1, &["crm"]);
    stopped(&served, &home, "export deals --select id -o deals.csv");
    let cases = [
        ("--select id,title", "(columns, select)"),
        ("--select id --filter id>=1", "(filter)"),
        ("--select id --limit 5", "(limit)"),
        ("--select id --csv-for excel", "(format)"),
        (
            "--select id --api v2 --param useOriginalUfNames=Y",
            "(parameters)",
        ),
    ];
    for (flags, differs) in cases {
        let line = format!("export deals {flags} -o deals.csv --resume --deadline 60s");
        let output = run(&served, &home, &line);
        let text = shown(&output);
        let note = format!(
            "note: deals.csv.b24part is left from another run, but it answers another question {differs}: starting afresh"
        );
        assert!(
            text.starts_with("exit: 0") && text.contains(&note),
            "{text}"
        );
        stopped(&served, &home, "export deals --select id -o deals.csv");
    }
    let mut command = b24(
        &served,
        &home,
        "export deals --select id -o deals.csv --resume",
    );
    let output = command.env("B24_WEBHOOK", other).output().said();
    assert!(
        shown(&output).contains("another question (portal)") || shown(&output).contains("going on"),
        "{}",
        shown(&output)
    );
}

#[test]
fn without_the_flag_it_starts_afresh_and_a_finished_file_too() {
    let (served, home) = (slow(3_000, Duration::ZERO), Home::new());
    stopped(&served, &home, "export deals --select id -o deals.csv");
    let text = shown(&run(
        &served,
        &home,
        "export deals --select id -o deals.csv",
    ));
    assert!(
        text.starts_with("exit: 0") && !text.contains("going on"),
        "{text}"
    );
    let again = shown(&run(
        &served,
        &home,
        "export deals --select id -o deals.csv --resume",
    ));
    assert!(
        again.starts_with("exit: 0") && !again.contains("note:"),
        "{again}"
    );
    assert_eq!(ids(&home.file("deals.csv")), served.portal.ids("deal"));
}

#[test]
fn a_part_may_be_too_old() {
    let (served, home) = (slow(3_000, Duration::ZERO), Home::new());
    stopped(&served, &home, "export deals --select id -o deals.csv");
    std::thread::sleep(Duration::from_millis(1_100));
    let line = "export deals --select id -o deals.csv --resume-within";
    let fresh = shown(&run(&served, &home, &format!("{line} 1h")));
    assert!(fresh.contains("note: going on with "), "{fresh}");
    stopped(&served, &home, "export deals --select id -o deals.csv");
    std::thread::sleep(Duration::from_millis(1_100));
    let old = shown(&run(&served, &home, &format!("{line} 1s")));
    assert!(
        old.contains("longer ago than --resume-within: starting afresh"),
        "{old}"
    );
}

#[test]
fn standard_output_cannot_be_gone_on_with() {
    let (served, home) = (slow(10, Duration::ZERO), Home::new());
    let text = shown(&run(&served, &home, "export deals --resume"));
    assert!(text.starts_with("exit: 2"), "{text}");
    assert_eq!(served.portal.requests(), 0);
}

#[test]
#[cfg(unix)]
fn a_disk_that_was_full_is_gone_on_with() {
    let (served, home) = (slow(20_000, Duration::from_millis(1)), Home::new());
    let line = "export deals -o deals.csv --select id,title,opportunity,createdTime --resume";
    // 200 blocks of 1 kB for each file; the signal would be the end of the process.
    let script = format!(
        "trap '' XFSZ; ulimit -f 200; exec {} {line}",
        assert_cmd::cargo::cargo_bin("b24").display()
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .env("HOME", home.path())
        .env("B24_WEBHOOK", served.portal.webhook())
        .env("B24_LIMITS", "off")
        .current_dir(home.path())
        .output()
        .said();
    let text = shown(&output);
    assert!(text.starts_with("exit: 1"), "{text}");
    assert!(
        text.contains("error: deals.csv: file too large after "),
        "{text}"
    );
    assert!(text.contains("state: deals.csv is untouched; "), "{text}");
    assert!(
        text.contains("hint: free space, then --resume, or -o elsewhere"),
        "{text}"
    );
    let text = shown(&run(&served, &home, line));
    assert!(
        text.contains("note: going on with deals.csv.b24part of "),
        "{text}"
    );
    assert_eq!(ids(&home.file("deals.csv")), served.portal.ids("deal"));
}

#[test]
fn what_stops_it_says_how_to_go_on() {
    let (served, home) = (slow(3_000, Duration::ZERO), Home::new());
    served.portal.add_fault(
        FaultRule::new(Fault::Html502)
            .method("batch")
            .skip(1)
            .times(99),
    );
    let output = run(
        &served,
        &home,
        "export deals --select id -o deals.csv --deadline 2s",
    );
    let text = shown(&output);
    let part = std::fs::read_to_string(home.file("deals.csv.b24part")).expect("the part");
    let last = part.lines().last().expect("a row");
    assert!(text.starts_with("exit: 5"), "{text}");
    assert!(
        text.contains(&format!(
            "hint: the same command with --resume goes on after deal {last}"
        )),
        "{text}"
    );
}

#[test]
fn a_wait_for_operating_time_is_told_and_one_beyond_the_deadline_is_an_error() {
    let portal = Portal::builder()
        .edition(Edition::Box)
        .deals(10_000)
        .page_cost(Duration::from_millis(150))
        .operating(Operating::Limit(1.0));
    let (served, home) = (Served::of(portal), Home::new());
    let line = "export deals --select id -o deals.csv --resume";
    let mut child = b24(&served, &home, &format!("{line} --progress plain"))
        .spawn()
        .expect("b24 runs");
    let stderr = BufReader::new(child.stderr.take().expect("stderr"));
    let mut lines = stderr.lines().map(|line| line.expect("a line"));
    let told = lines.find_map(|line| {
        line.strip_prefix("waiting for operating time until ")
            .map(str::to_owned)
    });
    child.kill().expect("the child is ours");
    child.wait().expect("it ends");
    let told = told.expect("it tells what it waits for");
    let (clock, method) = told.split_once(' ').expect("a time and a method");
    assert_eq!(method, "(crm.item.list)");
    assert_eq!(
        (clock.len(), &clock[8..]),
        ("14:05:00+03:00".len(), "+00:00")
    );

    let output = run(&served, &home, &format!("{line} --deadline 30s"));
    let text = shown(&output);
    assert!(text.starts_with("exit: 5"), "{text}");
    assert!(text.contains("has used its operating time"), "{text}");
    assert!(text.contains("--resume goes on after deal"), "{text}");
}
