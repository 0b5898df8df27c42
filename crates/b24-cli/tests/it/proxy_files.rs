//! Files through `b24 proxy`: links that lead to it, and hold no secret.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::proxy::{Proxy, served};
use crate::stage::{SECRET, Stage};
use crate::support::Home;

/// Path and query of a link that leads to the proxy, and holds its token in the place of the portal's, which are 70
/// hexadecimal digits.
fn target<'a>(proxy: &Proxy, link: &'a Value) -> &'a str {
    let link = link.as_str().expect("a link");
    let mut words = link.split(|c: char| !c.is_ascii_hexdigit());
    assert!(words.all(|word| word.len() < 60), "{link}");
    let own = proxy.path().split('/').nth(3).expect("a token");
    assert!(link.contains(own), "{link}");
    link.strip_prefix(&format!("http://{}", proxy.host))
        .unwrap_or_else(|| panic!("it leads here: {link}"))
}

/// Sends bytes to the address that `disk.folder.uploadFile` gives: the id of the file.
fn sent(proxy: &Proxy, name: &str, content: &[u8]) -> Value {
    let storages = proxy.call("disk.storage.getList", &json!({})).json();
    let folder = &storages["result"][0]["ROOT_OBJECT_ID"];
    let offered = proxy.call("disk.folder.uploadFile", &json!({ "id": folder }));
    let offered = offered.json();
    let to = target(proxy, &offered["result"]["uploadUrl"]);
    let head = format!(
        "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    );
    let mut body = head.into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--X--\r\n");
    let answer = proxy.ask("POST", to, "multipart/form-data; boundary=X", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["result"]["ID"].clone()
}

/// Gets them back by `DOWNLOAD_URL`.
fn got(proxy: &Proxy, link: &Value, content: &[u8]) {
    let answer = proxy.ask("GET", target(proxy, link), "", b"");
    let length = format!("content-length: {}", content.len());
    for told in ["content-disposition", &length] {
        assert!(answer.head.contains(told), "{}", answer.head);
    }
    assert!(answer.body == content, "{} bytes came", answer.body.len());
}

fn link(proxy: &Proxy, id: &Value) -> Value {
    let file = proxy.call("disk.file.get", &json!({ "id": id })).json();
    file["result"]["DOWNLOAD_URL"].clone()
}

#[test]
fn files_go_up_and_come_down_by_links_without_the_secret() {
    let served = served();
    let proxy = Proxy::before(&served, &[]);
    let content: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    let id = sent(&proxy, "b.bin", &content);
    got(&proxy, &link(&proxy, &id), &content);

    let small = Proxy::before(&served, &["--max-body", "1"]);
    let target = format!("{}upload", small.path());
    let head = format!("POST {target} HTTP/1.0\r\nContent-Length: 3000000\r\n\r\n");
    let mut stream = TcpStream::connect(&small.host).expect("a connection");
    stream.write_all(head.as_bytes()).expect("a head");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("413"), "{answer}");
}

/// Links of an application hold its access token: the proxy's stands there, and a link outlives the access token.
#[test]
fn links_of_an_application_hold_none_of_its_tokens() {
    let stage = Stage::connected();
    let command = stage.b24(&["-p", "acme", "proxy"]);
    let proxy = Proxy::start(command, SECRET, Home::new());
    let content = b"an offer\0\xff".repeat(1_000);
    for name in ["fresh.bin", "expired.bin"] {
        let id = sent(&proxy, name, &content);
        let link = link(&proxy, &id);
        got(&proxy, &link, &content);
        stage.served.portal.expire_access_tokens();
        got(&proxy, &link, &content);
        stage.served.portal.expire_access_tokens();
    }
    let counts = stage.served.portal.oauth_counts();
    assert_eq!((counts.refreshes, counts.refused_refreshes), (3, 0));
}
