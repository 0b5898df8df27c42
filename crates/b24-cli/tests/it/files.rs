//! Files that go to a portal and come from it, over a socket that breaks at will.

use b24_seen::Said;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::served::Served;
use crate::support::{Home, assert_shown, shown};

/// One request as it came.
#[derive(Clone)]
struct Request {
    path: String,
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut found = lines.filter(|(own, _)| own.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim())
    }
}

/// A portal made of one function: the bytes that are sent before the connection is closed.
struct Wire {
    webhook: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Wire {
    fn new(answer: impl Fn(&Request, &str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (kept, own) = (Arc::clone(&seen), base.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { break };
                let request = read(&stream);
                kept.lock().expect("no panic").push(request.clone());
                let bytes = answer(&request, &own);
                // Whoever is gone does not want it.
                let _ = stream.write_all(&bytes);
            }
        });
        Self {
            webhook: format!("{base}/rest/1/verysecret/"),
            seen,
        }
    }

    fn run(&self, home: &Home, words: &[&str]) -> String {
        let output = home
            .b24()
            .env("B24_WEBHOOK", &self.webhook)
            .args(words)
            .output()
            .said();
        let text = shown(&output);
        for secret in ["verysecret", "t0ken"] {
            assert!(!text.contains(secret), "{words:?} shows {secret}: {text}");
        }
        text
    }

    fn seen(&self, part: &str) -> Vec<Request> {
        let all = self.seen.lock().expect("no panic");
        all.iter()
            .filter(|request| request.path.contains(part))
            .cloned()
            .collect()
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).expect("a line") > 0, "{head}");
    }
    let path = head.split(' ').nth(1).expect("a path").to_owned();
    let mut request = Request {
        path,
        head,
        body: Vec::new(),
    };
    let length = request
        .header("content-length")
        .map_or(0, |text| text.parse().expect("a length"));
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body).expect("the body");
    request
}

fn answer(status: &str, headers: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn result(value: &Value) -> Vec<u8> {
    let body = json!({ "result": value }).to_string();
    answer(
        "200 OK",
        "content-type: application/json\r\n",
        body.len(),
        body.as_bytes(),
    )
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

const SIZE: usize = 300_000;
/// The connection breaks after so many bytes of the first answer.
const CUT: usize = 100_000;

fn disk_file(base: &str) -> Vec<u8> {
    result(&json!({
        "ID": "8071", "NAME": "offer.pdf", "SIZE": SIZE.to_string(),
        "DOWNLOAD_URL": format!("{base}/rest/1/verysecret/download/?token=t0ken"),
    }))
}

/// The file, broken off at the first request; the rest on demand, if `ranges`.
fn broken(request: &Request, tries: usize, ranges: bool) -> Vec<u8> {
    let all = bytes(SIZE);
    let headers = "content-type: application/pdf\r\netag: \"v1\"\r\n";
    match request.header("range") {
        Some(range) if ranges => {
            let from: usize = range
                .trim_start_matches("bytes=")
                .trim_end_matches('-')
                .parse()
                .expect("a place");
            assert_eq!(request.header("if-range"), Some("\"v1\""));
            let part = &all[from..];
            let range = format!(
                "{headers}content-range: bytes {from}-{}/{SIZE}\r\n",
                SIZE - 1
            );
            answer("206 Partial Content", &range, part.len(), part)
        }
        _ if tries == 1 => answer("200 OK", headers, SIZE, &all[..CUT]),
        _ => answer("200 OK", headers, SIZE, &all),
    }
}

#[test]
fn a_cut_download_goes_on_or_begins_anew() {
    for ranges in [true, false] {
        let tries = Mutex::new(0);
        let wire = Wire::new(move |request, base| {
            if request.path.contains("disk.file.get") {
                return disk_file(base);
            }
            let mut tries = tries.lock().expect("no panic");
            *tries += 1;
            broken(request, *tries, ranges)
        });
        let home = Home::new();
        std::fs::create_dir(home.file("in")).expect("a directory");
        let text = wire.run(&home, &["download", "disk:8071", "-o", "in/"]);
        assert!(text.starts_with("exit: 0\n"), "{text}");
        assert_eq!(
            std::fs::read(home.file("in/offer.pdf")).expect("the file"),
            bytes(SIZE)
        );
        assert!(!home.file("in/offer.pdf.b24part").exists());
        let asked = wire.seen("/download/");
        assert_eq!(asked.len(), 2);
        let from = asked[1].header("range").map(ToOwned::to_owned);
        assert!(
            from.is_some_and(|from| from.starts_with("bytes=")),
            "it asks for the rest"
        );
        assert!(
            asked[0]
                .header("referer")
                .is_some_and(|referer| !referer.contains("rest"))
        );
        assert_shown!("download_cut", text);
    }
}

#[test]
fn what_is_no_file_is_told_and_not_written() {
    let wire = Wire::new(|request, base| {
        let url = |path: &str| format!("{base}/rest/1/verysecret/download/{path}?token=t0ken");
        let file = |size: u64, url: String| {
            result(&json!({ "NAME": "a.txt", "SIZE": size, "DOWNLOAD_URL": url }))
        };
        let page = b"<html><title>Log in</title></html>";
        let refused = br#"{"error":"ACCESS_DENIED","error_description":"Link check failed"}"#;
        if request.path.contains("disk.file.get") {
            return match request.json()["id"].as_u64().expect("an id") {
                1 => file(34, url("page")),
                2 => file(5, url("refused")),
                3 => file(7, url("other_size")),
                4 => file(
                    7,
                    "https://evil.example/rest/1/verysecret/download/?token=t0ken".into(),
                ),
                _ => result(&json!([])),
            };
        }
        match request.path.split(['/', '?']).nth(5) {
            Some("page") => answer("200 OK", "content-type: text/html\r\n", page.len(), page),
            Some("refused") => answer(
                "403 Forbidden",
                "content-type: application/json\r\n",
                refused.len(),
                refused,
            ),
            _ => answer("200 OK", "content-type: text/plain\r\n", 5, b"12345"),
        }
    });
    let home = Home::new();
    for (name, id) in [
        ("page", "1"),
        ("refused", "2"),
        ("other_size", "3"),
        ("other_host", "4"),
        ("no_address", "5"),
    ] {
        let reference = format!("disk:{id}");
        let text = wire.run(&home, &["download", &reference, "-o", "a.txt"]);
        assert_shown!(format!("download_{name}"), text);
        assert!(
            !home.file("a.txt").exists() && !home.file("a.txt.b24part").exists(),
            "{name}"
        );
    }
    let foreign = [
        "download",
        "https://evil.example/rest/1/verysecret/x?token=t0ken",
        "-o",
        "a",
    ];
    assert_shown!("download_foreign_address", wire.run(&home, &foreign));
    assert_shown!(
        "download_no_reference",
        wire.run(&home, &["download", "deals", "-o", "a"])
    );
}

#[test]
fn a_file_of_a_field_is_found_by_its_row() {
    let wire = Wire::new(|request, base| {
        let file = |id: u64| json!({ "id": id, "url": "/x", "urlMachine": format!("{base}/rest/1/verysecret/f/{id}?token=t0ken") });
        let row = json!({ "id": 5, "ufCrm_scan": file(70), "ufCrm_all": [file(71), file(72)], "ufCrm_none": [] });
        let fields = json!({ "fields": {
            "id": { "type": "integer", "isReadOnly": true }, "ufCrm_scan": { "type": "file" },
            "ufCrm_all": { "type": "file", "isMultiple": true }, "ufCrm_none": { "type": "file", "isMultiple": true },
        } });
        if request.path.contains("/batch") {
            let commands = request.json()["cmd"].as_object().expect("commands").clone();
            let results = commands.iter().map(|(key, command)| {
                let command = command.as_str().expect("a command");
                let value = if command.starts_with("crm.item.fields") {
                    fields.clone()
                } else if command.starts_with("crm.item.list") {
                    json!({ "items": [row.clone()] })
                } else {
                    json!({ "LICENSE": "ru_basic" })
                };
                (key.clone(), value)
            });
            let results: serde_json::Map<String, Value> = results.collect();
            return result(
                &json!({ "result": results, "result_error": [], "result_total": [], "result_next": [], "result_time": [] }),
            );
        }
        if request.path.contains("crm.item.fields") {
            return result(&fields);
        }
        if request.path.contains("crm.item.list") {
            return result(&json!({ "items": [row] }));
        }
        let body = request
            .path
            .split(['/', '?'])
            .nth(5)
            .unwrap_or_default()
            .as_bytes()
            .to_vec();
        answer("200 OK", "content-type: text/plain\r\n", body.len(), &body)
    });
    let home = Home::new();
    for (reference, body) in [("deals:5:ufCrm_scan", "70"), ("deals:5:ufCrm_all:72", "72")] {
        let text = wire.run(&home, &["download", reference, "-o", "-"]);
        assert!(
            text.starts_with(&format!("exit: 0\n--- stdout\n{body}")),
            "{text}"
        );
    }
    for (name, reference) in [
        ("several", "deals:5:ufCrm_all"),
        ("none", "deals:5:ufCrm_none"),
        ("not_that", "deals:5:ufCrm_all:9"),
        ("misspelt", "deals:5:ufCrm_scam"),
    ] {
        assert_shown!(
            format!("download_field_{name}"),
            wire.run(&home, &["download", reference, "-o", "-"])
        );
    }
}

/// Disk methods that take a large file in two steps.
fn two_steps(request: &Request, base: &str, lost: bool) -> Vec<u8> {
    if request.path.contains("uploadfile") {
        if !request.json()["fileContent"].is_null() {
            return result(&json!({ "ID": 10, "NAME": "small.txt" }));
        }
        let url = format!("{base}/rest/1/verysecret/upload/?token=t0ken");
        return result(&json!({ "field": "file", "uploadUrl": url }));
    }
    if lost {
        return Vec::new();
    }
    result(&json!({ "ID": 9, "NAME": "large.bin" }))
}

#[test]
fn a_large_file_goes_to_an_address_of_its_own() {
    let wire = Wire::new(|request, base| two_steps(request, base, false));
    let home = Home::new();
    let content = bytes(6_000_000);
    std::fs::write(home.file("large.bin"), &content).expect("a file");
    let words = [
        "call",
        "disk.folder.uploadfile",
        "id=8",
        "fileContent@large.bin",
    ];
    let text = wire.run(&home, &words);
    assert_eq!(
        text,
        "exit: 0\n--- stdout\n{\"ID\":9,\"NAME\":\"large.bin\"}\n--- stderr\n"
    );
    let asked = wire.seen("uploadfile")[0].json();
    assert_eq!(asked, json!({ "id": 8, "data": { "NAME": "large.bin" } }));
    let sent = &wire.seen("/upload/")[0];
    let text = String::from_utf8_lossy(&sent.body[..300]).into_owned();
    assert!(
        text.contains("name=\"file\"; filename=\"large.bin\""),
        "{text}"
    );
    let at = text.find("\r\n\r\n").expect("the end of its head") + 4;
    assert_eq!(sent.body[at..at + content.len()], content);

    // A small one goes inside the call.
    home.write("small.txt", "small");
    let words = [
        "call",
        "disk.folder.uploadfile",
        "id=8",
        "fileContent@small.txt",
    ];
    wire.run(&home, &words);
    let asked = wire.seen("uploadfile")[1].json();
    assert_eq!(asked["fileContent"], json!(["small.txt", "c21hbGw="]));
}

#[test]
fn a_large_file_whose_answer_is_lost_is_not_sent_again() {
    let wire = Wire::new(|request, base| two_steps(request, base, true));
    let home = Home::new();
    std::fs::write(home.file("large.bin"), bytes(6_000_000)).expect("a file");
    let words = [
        "call",
        "disk.folder.uploadfile",
        "id=8",
        "fileContent@large.bin",
        "--once",
        "k",
    ];
    let text = wire.run(&home, &words);
    assert!(text.starts_with("exit: 6\n"), "{text}");
    assert!(wire.run(&home, &words).starts_with("exit: 6\n"));
    assert_eq!(
        (wire.seen("uploadfile").len(), wire.seen("/upload/").len()),
        (1, 1)
    );
}

#[test]
fn a_file_for_a_field_of_several_leaves_those_that_are_there() {
    let wire = Wire::new(|request, _| {
        if request.path.contains("crm.item.update") {
            return result(&json!({ "item": { "id": 5 } }));
        }
        if request.path.contains("crm.item.get") {
            return result(
                &json!({ "item": { "id": 5, "ufCrm_all": [{ "id": 71, "url": "/x" }, { "id": 72, "url": "/y" }] } }),
            );
        }
        let fields = json!({ "fields": {
            "id": { "type": "integer" }, "ufCrm_one": { "type": "file" }, "ufCrm_all": { "type": "file", "isMultiple": true },
        } });
        if request.path.contains("/batch") {
            let commands = request.json()["cmd"].as_object().expect("commands").clone();
            let results = commands.keys().map(|key| (key.clone(), fields.clone()));
            let results: serde_json::Map<String, Value> = results.collect();
            return result(
                &json!({ "result": results, "result_error": [], "result_total": [], "result_next": [], "result_time": [] }),
            );
        }
        result(&fields)
    });
    let home = Home::new();
    home.write("a.txt", "a");
    let update = ["call", "crm.item.update", "entityTypeId=2", "id=5"];
    let text = wire.run(
        &home,
        &[
            &update[..],
            &["fields[ufCrm_all]@a.txt", "fields[ufCrm_one]@a.txt"],
        ]
        .concat(),
    );
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(
        text.contains("note: 2 files of ufCrm_all stay; the new ones come behind them"),
        "{text}"
    );
    let sent = wire.seen("crm.item.update")[0].json();
    assert_eq!(
        sent["fields"],
        json!({ "ufCrm_all": [{ "id": 71 }, { "id": 72 }, ["a.txt", "YQ=="]], "ufCrm_one": ["a.txt", "YQ=="] })
    );
}

#[test]
fn a_file_comes_back_from_the_disk_as_it_went() {
    let (served, home) = (Served::demo(), Home::new());
    let run = |words: &[&str]| {
        // A file comes with a link to it, which holds the secret.
        let output = served.b24(&home).args(words).output().handed_out();
        assert!(output.status.success(), "{}", shown(&output));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains(served.secret()), "{told}");
        String::from_utf8(output.stdout).expect("text")
    };
    let storages: Value =
        serde_json::from_str(&run(&["call", "disk.storage.getlist"])).expect("JSON");
    let root = storages[0]["ROOT_OBJECT_ID"].to_string();
    let root = root.trim_matches('"');
    for length in [0, 70_000, 6_000_000] {
        let (name, content) = (format!("{length}.bin"), bytes(length));
        std::fs::write(home.file(&name), &content).expect("a file");
        let (id, upload) = (format!("id={root}"), format!("fileContent@{name}"));
        let named = format!("data[NAME]={name}");
        let file = run(&["call", "disk.folder.uploadfile", &id, &upload, &named]);
        let file: Value = serde_json::from_str(&file).expect("JSON");
        let id = file["ID"].to_string();
        let reference = format!("disk:{}", id.trim_matches('"'));
        run(&["download", &reference, "-o", "back.bin"]);
        assert_eq!(
            std::fs::read(home.file("back.bin")).expect("the file"),
            content,
            "{length}"
        );
    }
}
