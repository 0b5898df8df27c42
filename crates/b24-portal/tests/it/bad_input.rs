//! Whatever comes in, the portal answers as a portal would and goes on.

use std::time::{Duration, Instant};

use b24_portal::{Portal, Rate, coverage};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{call, call_v3, post_in_process, read, v3_url};

async fn unlimited() -> Portal {
    let portal = Portal::builder().deals(60).rate(Rate::Off);
    portal.start().await.unwrap()
}

/// Values that hurt where one trusts one's callers.
fn nasty() -> Vec<Value> {
    vec![
        json!(null),
        json!(i64::MIN),
        json!(i64::MAX),
        json!(1e308),
        json!(-0.005),
        json!("99999999999999999999999999"),
        json!("-99999999999999999999999.999"),
        json!("1e999"),
        json!("31.12.2024 9223372036854775807:00:00"),
        json!("31.12.2024 1:-9223372036854775808"),
        json!("-009999-12-31T00:00:00+25:59"),
        json!("9999-12-31T23:59:59-23:59"),
        json!("$result[a][b]"),
        json!("\u{0}\u{1f600}%_\\"),
        json!([[], [[]], null]),
        json!({"a": {"b": {}}}),
        json!({"9223372036854775807": 1, "-9223372036854775808": 2}),
        json!([i64::MAX, i64::MIN, "x", null, [1]]),
        json!("x".repeat(3_000)),
    ]
}

/// Requests with this value wherever a method may look.
fn requests(value: &Value, v3: bool) -> Vec<Value> {
    if v3 {
        let fields = json!({"title": value, "creatorId": value, "responsibleId": value, "deadline": value, "status": value});
        return vec![
            json!({"id": value, "fields": fields, "select": value, "filter": value, "order": value, "pagination": value}),
            json!({"fields": fields, "name": value, "cursor": value, "filter": [["id", value]], "select": {"sum": ["id"], "avg": value}}),
            json!({"cursor": {"field": "id", "value": value, "limit": value, "order": value}, "filter": []}),
            json!({"filter": [["id", "between", [value, value]]], "select": ["id"]}),
            json!({"filter": {"logic": "or", "conditions": [["title", value], value]}, "order": {"id": value}}),
            json!({"pagination": {"limit": value, "offset": value}, "select": ["id"]}),
            json!({"pagination": {"page": value}, "select": ["id"]}),
        ];
    }
    let fields = json!({
        "TITLE": value, "NAME": value, "OPPORTUNITY": value, "CLOSEDATE": value, "BEGINDATE": value, "STAGE_ID": value,
        "CATEGORY_ID": value, "CONTACT_IDS": value, "PHONE": value, "EMAIL": [{"ID": value, "VALUE": value}],
        "ASSIGNED_BY_ID": value, "RESPONSIBLE_ID": value, "DEADLINE": value, "UF_CRM_REGION": value,
        "fm": [value], "opportunity": value, "title": value, "stageId": value, "contactIds": value,
    });
    let mut filter = serde_json::Map::new();
    for mark in ["", ">", "<=", "@", "!@", "%", "=%", "><", "!><", "!", "?"] {
        for field in [
            "ID",
            "DATE_CREATE",
            "OPPORTUNITY",
            "TITLE",
            "STAGE_ID",
            "id",
            "createdTime",
            "contactIds",
        ] {
            filter.insert(format!("{mark}{field}"), value.clone());
        }
    }
    vec![
        json!({"entityTypeId": 2, "id": value, "taskId": value, "fields": fields, "start": value}),
        json!({"entityTypeId": value, "id": 1, "taskId": 1, "fields": value, "select": value, "filter": value, "order": value, "start": value}),
        json!({"entityTypeId": 2, "filter": {"logic": value, "0": value, "ID": value}, "order": {"ID": value, "OPPORTUNITY": value}, "select": [value, "*"]}),
        json!({"entityTypeId": 2, "filter": filter, "order": {"opportunity": "asc"}, "select": ["id"]}),
        json!({"cmd": value, "halt": value, "scope": value, "full": value, "name": value}),
        json!({"cmd": {"a": "profile", "b": format!("crm.deal.get?id={}", value)}, "USER_ID": value, "MESSAGE": value}),
        json!({"ENTITY_TYPE": value, "ENTITY_ID": value, "FIND": value, "NAME_SEARCH": value, "sort": value, "order": value}),
    ]
}

#[tokio::test]
async fn no_value_breaks_a_method() {
    let portal = unlimited().await;
    let played = coverage().into_iter().filter(|method| {
        // Leads and companies are played by the same code as deals and contacts.
        let is_twin = ["crm.lead.", "crm.company."]
            .iter()
            .any(|twin| method.name.starts_with(twin));
        method.is_played && !is_twin
    });
    let methods: Vec<_> = played
        .map(|method| (method.name, method.version == 3))
        .chain([("batch", false), ("batch", true)])
        .collect();
    assert!(methods.len() > 50, "{}", methods.len());
    for value in nasty() {
        let (v2, v3) = (requests(&value, false), requests(&value, true));
        for (method, is_v3) in &methods {
            for request in if *is_v3 { &v3 } else { &v2 } {
                let url = if *is_v3 {
                    v3_url(&portal, method)
                } else {
                    format!("{}{method}", portal.webhook())
                };
                let (status, body) = post_in_process(&portal, &url, request).await;
                let answered = ["result", "error", "openapi"]
                    .iter()
                    .any(|key| body.get(key).is_some());
                let shown: String = request.to_string().chars().take(300).collect();
                assert!(answered, "{method} of {shown}: {status} {body}");
            }
        }
    }
    assert_eq!(call(&portal, "profile", &json!({})).await.0, 200);
}

/// What PHP itself does with odd names of parameters.
#[tokio::test]
async fn no_form_breaks_the_parser() {
    let portal = unlimited().await;
    let deep = format!("a{}=1", "[x]".repeat(10_000));
    let last = "9223372036854775807";
    for body in [
        deep.as_str(),
        &format!("a[{last}]=1&a[{last}][x]=2&a[][x]=3&a[]=4"),
        &format!("a[{last}]=1&a[{last}]=2"),
        "%ff%fe=%ff&%=%&a[%]=%zz&=&&=x&[=&]=&a[[=&a[]]=1&[a]=1",
        "a=1&a[b]=2&a[b][c]=3&a[]=4&a[][]=5",
        "filter[>ID]=%C3%28&filter[%F0%28%8C%28]=1&select[]=%80",
        "start=-99999999999999999999&start[]=1",
    ] {
        let post = reqwest::Client::new().post(format!("{}crm.deal.list", portal.webhook()));
        let post = post.header("content-type", "application/x-www-form-urlencoded");
        let (status, answer) = read(post.body(body.to_owned()).send().await.unwrap()).await;
        assert_eq!(status, 200, "{answer}");
        assert!(answer["result"].is_array());
    }
}

#[tokio::test]
async fn size_alone_does_not_stop_the_portal() {
    let portal = unlimited().await;
    let started = Instant::now();
    let many = (0..20_000)
        .map(|place| (format!("p{place}"), json!(place)))
        .collect::<serde_json::Map<_, _>>();
    let commands = (0..20_000)
        .map(|place| (format!("p{place}"), json!("profile")))
        .collect::<serde_json::Map<_, _>>();
    let nested = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let (status, body) = call(&portal, "crm.deal.list", &json!({"filter": many})).await;
    assert_eq!(
        (status, &body["total"]),
        (200, &json!(60)),
        "unknown names fall away"
    );
    let (_, body) = call(&portal, "batch", &json!({"cmd": commands})).await;
    assert_eq!(body["result"]["result"].as_object().unwrap().len(), 50);
    assert_eq!(
        body["result"]["result_error"].as_object().unwrap().len(),
        19_950
    );
    let pairs: Vec<String> = (0..20_000)
        .map(|place| format!("p{place}={place}"))
        .collect();
    let form = pairs.join("&");
    for (kind, body) in [
        ("application/json", nested),
        ("application/json", "{\"filter\": ".to_owned()),
        ("application/x-www-form-urlencoded", form),
        ("text/plain", "x".repeat(1 << 20)),
        ("multipart/form-data; boundary=x", "--x\r\n".repeat(10_000)),
        ("multipart/form-data", String::new()),
    ] {
        let post = reqwest::Client::new().post(format!("{}crm.deal.list", portal.webhook()));
        let (status, answer) = read(
            post.header("content-type", kind)
                .body(body)
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(
            (status, &answer["total"]),
            (200, &json!(60)),
            "{kind}: what cannot be read is nothing"
        );
    }
    let macros = "$result[a][0][TITLE] x $result[nobody] ".repeat(2_000);
    let list = format!("crm.deal.list?filter[TITLE]={macros}");
    let (_, body) = call(
        &portal,
        "batch",
        &json!({"cmd": {"a": "crm.deal.list", "b": list}}),
    )
    .await;
    assert_eq!(body["result"]["result"]["b"], json!([]));
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_and_readers_do_not_disturb_each_other() {
    let portal = std::sync::Arc::new(unlimited().await);
    let before = portal.ids("deal").len();
    let writes: serde_json::Map<_, _> = (0..50)
        .map(|place| (format!("w{place}"), json!("crm.deal.add?fields[TITLE]=x")))
        .collect();
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..8 {
        let (portal, writes) = (std::sync::Arc::clone(&portal), writes.clone());
        tasks.spawn(async move {
            for _ in 0..5 {
                let body = if worker % 2 == 0 {
                    call(&portal, "batch", &json!({"cmd": writes})).await.1
                } else {
                    call(
                        &portal,
                        "crm.deal.list",
                        &json!({"order": {"TITLE": "DESC"}}),
                    )
                    .await
                    .1
                };
                assert!(
                    body["result"].is_object() || body["result"].is_array(),
                    "{body}"
                );
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let ids = portal.ids("deal");
    assert_eq!(ids.len(), before + 4 * 5 * 50);
    assert!(ids.is_sorted_by(|left, right| left < right));
    assert_eq!(call_v3(&portal, "tasks.task.list", &json!({})).await.0, 200);
}

#[tokio::test]
async fn half_a_request_runs_nothing() {
    let portal = unlimited().await;
    let path = portal.webhook().strip_prefix(&portal.url()).unwrap();
    for sent in [
        format!(
            "POST {path}crm.deal.add HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nfields[TITLE]=x"
        ),
        format!("POST {path}crm.deal.add HTTP/1.1\r\nhost: x\r\n"),
        "\0\0\0 not HTTP\r\n\r\n".to_owned(),
    ] {
        let mut stream = TcpStream::connect(portal.address()).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // The portal closes, with or without an answer.
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }
    assert_eq!(portal.ids("deal").len(), 60);
    assert_eq!(call(&portal, "profile", &json!({})).await.0, 200);
}
