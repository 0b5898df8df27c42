//! `b24 proxy`: clients of all sorts through one address.

use b24_seen::Said;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use b24_portal::{Fault, FaultRule, Portal, Rate};
use serde_json::{Value, json};

use crate::served::Served;
use crate::stage::{SECRET, Stage};
use crate::support::Home;

/// How many the portal has; it is asked for all of them often.
const DEALS: u64 = 100;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A running proxy; its output must not hold the secret.
pub(crate) struct Proxy {
    child: Option<Child>,
    pub(crate) host: String,
    /// `/rest/1/TOKEN/`, by client.
    paths: Vec<(String, String)>,
    secret: String,
    log: std::path::PathBuf,
    printed: String,
    _home: Home,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Without the times of the call.
    fn lasting(&self) -> String {
        let text = self.text();
        let times = [",\"result_time\":", ",\"time\":"];
        let end = times.iter().find_map(|key| text.find(key));
        let end = end.unwrap_or(text.len());
        text[..end].to_owned()
    }
}

impl Proxy {
    pub(crate) fn before(served: &Served, words: &[&str]) -> Self {
        Self::of(served.portal.webhook(), words)
    }

    fn of(webhook: &str, words: &[&str]) -> Self {
        let home = Home::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_b24"));
        command
            .arg("proxy")
            .args(words)
            .env_clear()
            .envs(b24_seen::log())
            .env("HOME", home.path())
            .env("B24_WEBHOOK", webhook)
            .current_dir(home.path());
        let path = webhook.trim_end_matches('/');
        let secret = path.rsplit('/').next().expect("a secret");
        Self::start(command, secret, home)
    }

    /// `command` is `b24 proxy`; its log goes to `home`.
    pub(crate) fn start(mut command: Command, secret: &str, home: Home) -> Self {
        let log = home.file("calls.log");
        let mut child = command
            .args(["--port", "0", "--print", "json", "--log-format", "json"])
            .arg("--access-log")
            .arg(&log)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the proxy starts");
        let mut printed = String::new();
        let stdout = child.stdout.as_mut().expect("stdout");
        BufReader::new(stdout)
            .read_line(&mut printed)
            .expect("a line");
        let told: Value = serde_json::from_str(&printed).expect("JSON");
        let url = told["url"].as_str().expect("an address");
        let clients = told["clients"].as_object().expect("clients");
        let path = |address: &Value| address.as_str().expect("an address").replace(url, "");
        Self {
            host: url.replace("http://", ""),
            paths: clients
                .iter()
                .map(|(name, address)| (name.clone(), known(path(address))))
                .collect(),
            child: Some(child),
            secret: secret.to_owned(),
            log,
            printed,
            _home: home,
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.paths[0].1
    }

    pub(crate) fn ask(&self, verb: &str, target: &str, kind: &str, body: &[u8]) -> Answer {
        let answer = ask(&self.host, verb, target, kind, body);
        let shown = format!("{}{}", answer.head, answer.text());
        assert!(!shown.contains(&self.secret), "{target}: {shown}");
        answer
    }

    pub(crate) fn call(&self, method: &str, params: &Value) -> Answer {
        let target = format!("{}{method}", self.path());
        self.ask("POST", &target, JSON, params.to_string().as_bytes())
    }

    /// The lines of the log so far.
    fn lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.log).expect("a log");
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    /// Waits for a line of the log that says so.
    fn line(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            if let Some(line) = self.lines().into_iter().find(|line| is_it(line)) {
                return line;
            }
            let lines = self.lines();
            assert!(begun.elapsed().as_secs() < 20, "the line comes: {lines:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it prints to its end, after Ctrl-C.
    fn end(mut self) -> String {
        let child = self.child.take().expect("it runs");
        interrupt(&child);
        self.ended(child)
    }

    fn ended(&self, child: Child) -> String {
        let output = child.wait_with_output().said();
        let log = std::fs::read_to_string(&self.log).expect("a log");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let rest = String::from_utf8_lossy(&output.stdout).into_owned();
        for text in [&self.printed, &rest, &stderr, &log] {
            assert!(!text.contains(&self.secret), "{text}");
        }
        stderr
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            interrupt(&child);
            if !thread::panicking() {
                self.ended(child);
            }
        }
    }
}

/// The last part of the address of a client is its secret.
pub(crate) fn known(path: String) -> String {
    let secret = path.trim_end_matches('/').rsplit('/').next();
    b24_seen::secret(secret.expect("a secret").to_owned());
    path
}

fn interrupt(child: &Child) {
    let id = child.id().to_string();
    let kill = Command::new("kill").args(["-INT", &id]).status();
    assert!(kill.expect("kill runs").success());
}

/// The whole answer to a request of HTTP/1.0.
fn ask(host: &str, verb: &str, target: &str, kind: &str, body: &[u8]) -> Answer {
    let mut stream = send(host, verb, target, kind, body);
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("an answer");
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no head: {}", String::from_utf8_lossy(&bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).expect("a status");
    Answer {
        status: status.parse().expect("a number"),
        body: bytes[end + 4..].to_vec(),
        head,
    }
}

fn send(host: &str, verb: &str, target: &str, kind: &str, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(host).expect("a connection");
    let head = format!(
        "{verb} {target} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: test/1\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("a head");
    stream.write_all(body).expect("a body");
    stream
}

/// Path below the host, and the host.
fn direct(served: &Served) -> (String, String) {
    let webhook = served.portal.webhook();
    let rest = webhook.strip_prefix("http://").expect("http");
    let (host, path) = rest.split_once('/').expect("a path");
    (host.to_owned(), format!("/{path}"))
}

pub(crate) fn served() -> Served {
    Served::of(Portal::builder().deals(DEALS))
}

/// How many were added.
fn added(served: &Served) -> u64 {
    served.portal.ids("deal").len() as u64 - DEALS
}

fn multipart(boundary: &str, fields: &[(&str, &str)]) -> (String, Vec<u8>) {
    let part = |(name, value): &(&str, &str)| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    let body: String = fields.iter().map(part).collect();
    let body = format!("{body}--{boundary}--\r\n");
    (
        format!("multipart/form-data; boundary={boundary}"),
        body.into_bytes(),
    )
}

#[test]
fn every_form_of_a_call_gets_the_answer_it_gets_from_the_portal() {
    let served = served();
    let proxy = Proxy::before(&served, &[]);
    let (host, path) = direct(&served);
    let cmd = "halt=0&cmd[a]=crm.deal.list%3Fselect[]%3DID%26filter[ID]%3D7&cmd[b]=crm.deal.get%3Fid%3D%24result[a][0][ID]";
    let json =
        r#"{"cmd":{"a":"crm.deal.list?filter[ID]=7","b":"crm.deal.get?id=$result[a][0][ID]"}}"#;
    let (boundary, parts) = multipart("X", &[("select[]", "ID"), ("filter[<ID]", "9")]);
    let (_, batch) = multipart(
        "X",
        &[
            ("cmd[a]", "crm.deal.get?id=7"),
            ("cmd[b]", "no.such.method"),
        ],
    );
    let forms: Vec<(&str, &str, &str, &[u8])> = vec![
        ("GET", "crm.deal.list?select[]=ID&start=50", "", b""),
        ("GET", "crm.deal.get.json?id=7", "", b""),
        (
            "POST",
            "crm.deal.list/",
            FORM,
            b"select[]=ID&order[ID]=DESC&filter[%3EID]=5",
        ),
        (
            "POST",
            "crm.deal.list",
            JSON,
            br#"{"select":["ID"],"filter":{">ID":5}}"#,
        ),
        ("POST", "crm.deal.list", "text/plain", b"select[]=ID"),
        ("POST", "crm.deal.list", &boundary, &parts),
        ("POST", "CRM.Deal.List", JSON, b"{}"),
        ("POST", "batch", FORM, cmd.as_bytes()),
        ("POST", "batch.json", JSON, json.as_bytes()),
        ("POST", "batch", &boundary, &batch),
        ("POST", "batch", JSON, b"{}"),
        ("POST", "crm.deal.get", JSON, br#"{"id":999999}"#),
        ("POST", "crm.deal.list", JSON, b"{ not json"),
        ("GET", "no.such.method", "", b""),
    ];
    for (verb, target, kind, body) in forms {
        let theirs = ask(&host, verb, &format!("{path}{target}"), kind, body);
        let ours = proxy.ask(verb, &format!("{}{target}", proxy.path()), kind, body);
        assert_eq!(ours.status, theirs.status, "{verb} {target} {kind}");
        assert_eq!(ours.lasting(), theirs.lasting(), "{verb} {target} {kind}");
    }
    let (v3, own) = (
        path.replace("/rest/", "/rest/api/"),
        proxy.path().replace("/rest/", "/rest/api/"),
    );
    for (target, body) in [
        ("tasks.task.get", r#"{"id":5,"select":["id","title"]}"#),
        ("tasks.task.get", r#"{"id":"x"}"#),
        ("batch", r#"[{"method":"tasks.task.get","query":{"id":5}}]"#),
        ("no.such.method", "{}"),
    ] {
        let theirs = ask(
            &host,
            "POST",
            &format!("{v3}{target}"),
            JSON,
            body.as_bytes(),
        );
        let ours = proxy.ask("POST", &format!("{own}{target}"), JSON, body.as_bytes());
        assert_eq!(
            (ours.status, ours.lasting()),
            (theirs.status, theirs.lasting()),
            "{target}"
        );
    }
}

/// Serves one raw answer for each request, and keeps what came.
fn raw(answers: Vec<String>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("a reader"));
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") {
                let from = head.len();
                reader.read_line(&mut head).expect("a line");
                if let Some(told) = head[from..].to_lowercase().strip_prefix("content-length:") {
                    length = told.trim().parse().expect("a length");
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let body = String::from_utf8_lossy(&body);
            kept.lock().expect("no panic").push(format!("{head}{body}"));
            stream.write_all(answer.as_bytes()).expect("it is read");
        }
    });
    (format!("http://{address}/rest/1/verysecret/"), seen)
}

#[test]
fn bytes_are_those_of_the_portal_and_its_headers_too() {
    let told = r#"{ "result":{"a":1.0,"a":"\u0431"}}"#;
    let (webhook, seen) = raw(vec![format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Bitrix-Rest-Time: 0.1\r\n\
         Set-Cookie: a=b\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{told}",
        told.len()
    )]);
    let proxy = Proxy::of(&webhook, &[]);
    let body = "b=1&a=%D0%B1&a=&c[]=+";
    let answer = proxy.ask(
        "POST",
        &format!("{}crm.deal.list?x=%20", proxy.path()),
        FORM,
        body.as_bytes(),
    );
    assert_eq!(answer.text(), told);
    assert!(answer.head.contains("x-bitrix-rest-time: 0.1"));
    assert!(
        !answer.head.to_lowercase().contains("cookie"),
        "{}",
        answer.head
    );
    let seen = seen.lock().expect("no panic");
    assert!(seen[0].starts_with("POST /rest/1/verysecret/crm.deal.list?x=%20 HTTP/1.1\r\n"));
    assert!(seen[0].contains("user-agent: test/1\r\n"), "{}", seen[0]);
    assert!(seen[0].ends_with(&format!("\r\n\r\n{body}")), "{}", seen[0]);
}

#[test]
fn strangers_do_not_reach_the_portal() {
    let served = served();
    let proxy = Proxy::before(&served, &[]);
    let token = proxy.path().split('/').nth(3).expect("a token").to_owned();
    for target in [
        "/rest/1/wrong/profile".to_owned(),
        format!("/rest/1/{}/profile", &token[..31]),
        "/rest/profile".to_owned(),
        "/rest/profile?auth=wrong".to_owned(),
        "/rest/1/wrong/".to_owned(),
    ] {
        let answer = proxy.ask("POST", &target, FORM, b"auth=wrong");
        assert_eq!(answer.status, 401, "{target}");
        assert_eq!(answer.json()["error"], "INVALID_CREDENTIALS", "{target}");
    }
    let v3 = proxy.ask("POST", "/rest/api/1/wrong/batch", JSON, b"[]");
    assert_eq!(v3.json()["error"]["code"], "INVALID_CREDENTIALS");
    for target in ["/", "/crm/", "/rest/1/x/y/z"] {
        assert_eq!(proxy.ask("GET", target, "", b"").status, 404, "{target}");
    }
    assert_eq!(served.portal.requests(), 0);
    for (target, body) in [
        (format!("/rest/profile.json?auth={token}"), String::new()),
        ("/rest/profile".to_owned(), format!("auth={token}")),
    ] {
        let answer = proxy.ask("POST", &target, FORM, body.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(proxy.ask("OPTIONS", "/rest/profile", "", b"").status, 200);
}

#[test]
fn refusals_for_load_are_absorbed() {
    let served = served();
    let proxy = Proxy::before(&served, &["--limits", "50/100"]);
    served.portal.fail_next("crm.deal.add", Fault::QueryLimit);
    let answer = proxy.call("crm.deal.add", &json!({ "fields": { "TITLE": "one" } }));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!((added(&served), served.portal.requests()), (1, 2));
    let line = proxy.line(|line| line["method"] == "crm.deal.add");
    assert_eq!(
        (&line["attempts"], &line["status"]),
        (&json!(2), &json!(200))
    );
    let told = proxy.end();
    assert!(told.contains("1 refusal of the portal absorbed"), "{told}");
}

#[test]
fn a_wait_that_is_too_long_is_answered_in_the_portals_words() {
    let served = served();
    let proxy = Proxy::before(&served, &["--limits", "1/0.01", "--wait", "1s"]);
    assert_eq!(proxy.call("profile", &json!({})).status, 200);
    let late = proxy.call("crm.deal.add", &json!({}));
    assert_eq!(
        (late.status, &late.json()["error"]),
        (503, &json!("QUERY_LIMIT_EXCEEDED"))
    );
    assert_eq!(served.portal.requests(), 1);
}

#[test]
fn a_burst_of_many_threads_meets_no_refusal() {
    let rate = Rate::Bucket {
        size: 50.0,
        per_second: 100.0,
    };
    let served = Served::of(Portal::builder().deals(DEALS).rate(rate));
    let proxy = Proxy::before(
        &served,
        &["--limits", "50/100", "--client", "a", "--client", "b"],
    );
    thread::scope(|scope| {
        for thread in 0..4 {
            let (name, path) = &proxy.paths[thread % 2];
            let proxy = &proxy;
            scope.spawn(move || {
                for call in 0..50 {
                    let target = format!("{path}profile?n={call}");
                    let answer = proxy.ask("GET", &target, "", b"");
                    assert_eq!(answer.status, 200, "{name}: {}", answer.text());
                }
            });
        }
    });
    assert_eq!(served.portal.requests(), 200);
    assert_eq!(served.portal.refusals().query_limit, 0);
    let of = |name: &str| {
        proxy
            .lines()
            .iter()
            .filter(|line| line["client"] == name)
            .count()
    };
    assert_eq!((of("a"), of("b")), (100, 100));
}

#[test]
fn a_write_without_an_answer_is_sent_once_and_told_with_a_status_that_nobody_repeats() {
    let served = served();
    let proxy = Proxy::before(&served, &[]);
    let faults = [
        (Fault::CutAfterRun, 1),
        (Fault::Html502AfterRun, 1),
        (Fault::TruncateBody, 1),
        (Fault::EmptyBody, 1),
        (Fault::Html502, 0),
    ];
    let mut there = added(&served);
    for (fault, ran) in faults {
        let before = served.portal.requests();
        served.portal.fail_next("crm.deal.add", fault.clone());
        let lost = proxy.call("crm.deal.add", &json!({ "fields": { "TITLE": "one" } }));
        assert_eq!(lost.status, 409, "{fault:?}: {}", lost.text());
        assert_eq!(lost.json()["error"], "B24_PROXY_UNKNOWN_OUTCOME");
        there += ran;
        assert_eq!(
            (added(&served), served.portal.requests() - before),
            (there, 1),
            "{fault:?}"
        );

        let read = proxy.call("crm.deal.get", &json!({ "id": 7 }));
        assert_eq!(read.status, 200, "{}", read.text());
    }
    served.portal.fail_next("batch", Fault::CutAfterRun);
    let batch = json!({ "cmd": { "a": "crm.deal.get?id=7", "b": "crm.deal.add?fields[TITLE]=x" } });
    assert_eq!(proxy.call("batch", &batch).status, 409);
    assert_eq!(added(&served), there + 1);
}

#[test]
fn a_read_without_an_answer_is_sent_again() {
    let served = served();
    let proxy = Proxy::before(&served, &[]);
    served.portal.fail_next("batch", Fault::CutBody);
    let batch = json!({ "cmd": { "a": "crm.deal.get?id=7", "b": "crm.deal.list" } });
    assert_eq!(proxy.call("batch", &batch).status, 200);
    assert_eq!(served.portal.requests(), 2);
    let line = proxy.line(|_| true);
    assert_eq!(line["method"], "batch (crm.deal.get, crm.deal.list)");
    assert_eq!(line["attempts"], 2);
}

#[test]
fn a_portal_that_is_not_there() {
    let proxy = Proxy::of("http://127.0.0.1:9/rest/1/verysecret/", &["--wait", "1s"]);
    let answer = proxy.call("crm.deal.add", &json!({}));
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (502, &json!("B24_PROXY_NO_ANSWER"))
    );
}

#[test]
fn who_leaves_before_his_turn_takes_his_call_along() {
    let served = served();
    let proxy = Proxy::before(&served, &["--limits", "1/0.3"]);
    proxy.call("profile", &json!({}));
    let target = format!("{}crm.deal.add", proxy.path());
    let stream = send(&proxy.host, "POST", &target, JSON, b"{}");
    thread::sleep(Duration::from_millis(500));
    stream.shutdown(Shutdown::Both).expect("it goes");
    let line = proxy.line(|line| line["method"] == "crm.deal.add");
    assert_eq!(
        (&line["status"], &line["attempts"]),
        (&Value::Null, &json!(0))
    );
    proxy.call("profile", &json!({}));
    assert_eq!((served.portal.requests(), added(&served)), (2, 0));
}

#[test]
fn a_write_that_its_client_gave_up_is_not_written_twice() {
    let json = (JSON.to_owned(), br#"{"fields":{"TITLE":"one"}}"#.to_vec());
    given_up_and_sent_again(&json, &json);
    // A client that sends a form again makes a new boundary.
    let form = |boundary| multipart(boundary, &[("fields[TITLE]", "one")]);
    given_up_and_sent_again(&form("----a1b2"), &form("----c3d4"));
}

fn given_up_and_sent_again((kind, body): &(String, Vec<u8>), again: &(String, Vec<u8>)) {
    let served = served();
    let proxy = Proxy::before(&served, &[]);
    let slow = Fault::DelayAnswer(Duration::from_secs(3));
    served.portal.fail_next("crm.deal.add", slow);
    let target = format!("{}crm.deal.add?bx24_request_id=1", proxy.path());
    let stream = send(&proxy.host, "POST", &target, kind, body);
    let begun = Instant::now();
    while added(&served) == 0 {
        assert!(begun.elapsed().as_secs() < 20, "it runs");
        thread::sleep(Duration::from_millis(5));
    }
    stream.shutdown(Shutdown::Both).expect("it goes");
    let line = proxy.line(|line| line["status"].is_null());
    assert_eq!(line["attempts"], 1);
    let newest = served.portal.ids("deal").into_iter().max();
    let answer = proxy.ask("POST", &target, &again.0, &again.1);
    assert_eq!(
        (answer.status, &answer.json()["result"]),
        (200, &json!(newest))
    );
    assert_eq!(added(&served), 1);
    // Once the client has its answer, the same words are another deal.
    let answer = proxy.ask("POST", &target, &again.0, &again.1);
    assert_eq!(answer.status, 200);
    assert_eq!(added(&served), 2);
}

#[test]
fn only_reads_pass_where_nothing_else_may() {
    let served = served();
    let proxy = Proxy::before(&served, &["--read-only"]);
    for (method, params) in [
        ("crm.deal.list", json!({})),
        (
            "batch",
            json!({ "cmd": ["crm.deal.list", "crm.deal.fields"] }),
        ),
    ] {
        assert_eq!(proxy.call(method, &params).status, 200, "{method}");
    }
    let sent = served.portal.requests();
    for (method, params) in [
        ("crm.deal.add", json!({})),
        ("CRM.DEAL.ADD.json", json!({})),
        ("no.such.method", json!({})),
        (
            "batch",
            json!({ "cmd": ["crm.deal.list", "crm.deal.delete?id=1"] }),
        ),
        (
            "batch",
            json!({ "cmd": ["crm.deal.list"], "CMD": ["crm.deal.delete?id=1"] }),
        ),
        ("batch", json!({ "cmd": ["batch?cmd[]=crm.deal.delete"] })),
        ("batch", json!({})),
    ] {
        let refused = proxy.call(method, &params);
        assert_eq!(refused.status, 403, "{method} {params}");
        assert_eq!(refused.json()["error"], "B24_PROXY_READ_ONLY");
    }
    let hidden = format!("{}batch?cmd[a]=crm.deal.delete%3Fid%3D1", proxy.path());
    let refused = proxy.ask("GET", &hidden, FORM, b"cmd[a]=crm.deal.list");
    assert_eq!(refused.status, 403, "the body of a GET counts for nothing");
    assert_eq!(served.portal.requests(), sent);
}

#[test]
fn ctrl_c_waits_for_what_was_sent_and_sends_nothing_more() {
    let served = served();
    let proxy = Proxy::before(&served, &["--limits", "1/0.1"]);
    let slow = Fault::Delay(Duration::from_millis(1_500));
    let slow = FaultRule::new(slow).method("crm.deal.add");
    served.portal.add_fault(slow);
    let target = format!("{}crm.deal.add", proxy.path());
    let host = proxy.host.clone();
    let add = || send(&host, "POST", &target, JSON, br#"{"fields":{"TITLE":"x"}}"#);
    let first = add();
    thread::sleep(Duration::from_millis(200));
    let second = add();
    thread::sleep(Duration::from_millis(200));
    let told = proxy.end();
    let said = |mut stream: TcpStream| {
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text
    };
    let (first, second) = (said(first), said(second));
    assert!(
        first.contains(" 200 OK") && first.contains("\"result\":"),
        "{first}"
    );
    assert!(
        second.contains(" 503 ") && second.contains("B24_PROXY_STOPPING"),
        "{second}"
    );
    assert_eq!(added(&served), 1);
    assert!(told.contains("the proxy answered 2 calls"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_command_finds_the_proxy_and_not_the_secret() {
    let (served, home) = (served(), Home::new());
    let script = "curl -s \"$B24_WEBHOOK\"profile >/dev/null; env; exit 7";
    let output = served
        .b24(&home)
        .args([
            "proxy", "--port", "0", "--client", "im-port", "--", "sh", "-c", script,
        ])
        .output()
        .said();
    let text = crate::support::shown(&output);
    assert!(text.starts_with("exit: 7\n"), "{text}");
    assert!(text.contains("B24_WEBHOOK=http://127.0.0.1:"), "{text}");
    assert!(
        text.contains("B24_WEBHOOK_IM_PORT=http://127.0.0.1:"),
        "{text}"
    );
    assert!(!text.contains(served.secret()), "{text}");
}

#[test]
fn tokens_that_are_kept_outlive_the_run() {
    let (served, home) = (served(), Home::new());
    let file = home.file("tokens.json");
    let words = ["--tokens", file.to_str().expect("UTF-8")];
    let first = Proxy::before(&served, &words);
    let path = first.path().to_owned();
    drop(first);
    assert_eq!(Proxy::before(&served, &words).path(), path);
    assert_ne!(Proxy::before(&served, &[]).path(), path);
}

#[test]
fn an_application_has_fresh_tokens_behind_the_same_address() {
    let stage = Stage::connected();
    let command = stage.b24(&["-p", "acme", "proxy"]);
    let proxy = Proxy::start(command, SECRET, Home::new());
    let v3 = proxy.path().replace("/rest/", "/rest/api/");
    let forms = [
        ("GET", format!("{}profile", proxy.path()), "", ""),
        ("POST", format!("{}profile.json", proxy.path()), FORM, "a=1"),
        ("POST", format!("{}profile", proxy.path()), JSON, "{}"),
        (
            "POST",
            format!("{v3}batch"),
            JSON,
            r#"[{"method":"main.eventlog.list","query":{"pagination":{"limit":1}}}]"#,
        ),
    ];
    let refreshes = || stage.served.portal.oauth_counts().refreshes;
    for expired in [false, true] {
        let before = refreshes();
        if expired {
            stage.served.portal.expire_access_tokens();
        }
        thread::scope(|scope| {
            for (verb, target, kind, body) in &forms {
                let proxy = &proxy;
                scope.spawn(move || {
                    let answer = proxy.ask(verb, target, kind, body.as_bytes());
                    assert_eq!(answer.status, 200, "{verb} {target}: {}", answer.text());
                });
            }
        });
        assert_eq!(refreshes() - before, u64::from(expired));
    }
}

#[cfg(unix)]
#[test]
fn a_command_is_not_given_the_application() {
    let stage = Stage::connected();
    let mut command = stage.b24(&["-p", "acme", "proxy", "--port", "0", "--", "env"]);
    for name in ["B24_CLIENT_SECRET", "B24_REFRESH_TOKEN", "B24_ACCESS_TOKEN"] {
        command.env(name, "verysecret");
    }
    let text = crate::support::shown(&command.output().said());
    assert!(text.contains("B24_WEBHOOK=http://127.0.0.1:"), "{text}");
    assert!(!text.contains("verysecret"), "{text}");
}
