use std::time::Duration;

use b24_portal::{ConnectionCut, Fault, FaultRule, Portal, Rate};
use http_body_util::BodyExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::client::{call, call_in_process, call_v3, code, stubbing};

/// Everything the portal sends until the connection ends, and how it ended.
async fn raw_call(portal: &Portal, method: &str) -> (String, std::io::Result<()>) {
    let mut stream = TcpStream::connect(portal.address()).await.unwrap();
    let path = portal.webhook().strip_prefix(&portal.url()).unwrap();
    let request =
        format!("GET {path}{method} HTTP/1.1\r\nhost: portal\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    let end = stream.read_to_end(&mut received).await.map(|_| ());
    (String::from_utf8_lossy(&received).into_owned(), end)
}

fn was_reset(end: std::io::Result<()>) -> bool {
    end.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
}

#[tokio::test]
async fn a_connection_is_cut_before_and_after_running() {
    let portal = Portal::start().await;
    let add = "crm.deal.add?fields[TITLE]=x";
    portal.fail_next("crm.deal.add", Fault::CutBeforeRun);
    let (received, end) = raw_call(&portal, add).await;
    assert_eq!(received, "");
    assert!(was_reset(end));
    assert_eq!(portal.rows("deal").len(), 0, "it did not run");

    portal.fail_next("crm.deal.add", Fault::CutAfterRun);
    let (received, end) = raw_call(&portal, add).await;
    assert_eq!(received, "");
    assert!(was_reset(end));
    assert_eq!(portal.rows("deal").len(), 1, "it ran");
    assert_eq!(
        portal
            .log()
            .iter()
            .map(|entry| entry.status)
            .collect::<Vec<_>>(),
        [0, 0]
    );

    portal.fail_next("crm.deal.add", Fault::CutBody);
    let (received, end) = raw_call(&portal, add).await;
    let (head, body) = received.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"));
    let length: usize = head
        .split("content-length: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(body.len(), length / 2);
    assert!(was_reset(end));

    let (received, end) = raw_call(&portal, add).await;
    assert!(
        received.contains(r#"{"result":"#) && end.is_ok(),
        "every fault struck once"
    );
    assert_eq!(portal.rows("deal").len(), 3);
}

#[tokio::test]
async fn in_process_a_cut_is_an_extension_and_a_failing_body() {
    let portal = stubbing().start().await.unwrap();
    let before = |cut: &ConnectionCut| *cut == ConnectionCut::BeforeAnswer;
    let in_body = |cut: &ConnectionCut| matches!(cut, ConnectionCut::InBody { sent: 1.. });
    for (fault, is_cut) in [
        (Fault::CutBeforeRun, before as fn(&ConnectionCut) -> bool),
        (Fault::CutAfterRun, before),
        (Fault::CutBody, in_body),
        (Fault::CutRequest { seed: 1 }, before),
    ] {
        portal.fail_next("crm.timeline.comment.add", fault);
        let request = http::Request::get(format!("{}crm.timeline.comment.add", portal.webhook()))
            .body(axum::body::Body::empty())
            .unwrap();
        let response = portal.router().oneshot(request).await.unwrap();
        assert!(response.extensions().get().is_some_and(is_cut));
        assert!(response.into_body().collect().await.is_err());
    }
}

#[tokio::test]
async fn bodies_and_pages_go_wrong() {
    let portal = Portal::start().await;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let url = format!("{}crm.deal.add?fields[TITLE]=x", portal.webhook());
    let cases = [
        (Fault::Html200, 200, false),
        (Fault::Html502, 502, false),
        (Fault::Html502AfterRun, 502, true),
        (Fault::Html504AfterRun, 504, true),
        (Fault::TruncateBody, 200, true),
        (Fault::EmptyBody, 200, true),
        (Fault::Fatal, 500, true),
        (
            Fault::OkWithError {
                code: "wrong_client".into(),
                text: "no".into(),
            },
            200,
            false,
        ),
        (Fault::QueryLimit, 503, false),
        (Fault::OperatingLimit, 429, false),
        (Fault::Overload, 401, false),
        (
            Fault::Refuse {
                status: 418,
                code: String::new(),
                text: "Not found".into(),
            },
            418,
            false,
        ),
        (
            Fault::Redirect {
                to: "other.example".into(),
            },
            302,
            false,
        ),
    ];
    let mut rows = 0;
    for (fault, status, runs) in cases {
        portal.fail_next("crm.deal.add", fault.clone());
        let response = client.get(&url).send().await.unwrap();
        assert_eq!(response.status(), status, "{fault:?}");
        let location = response
            .headers()
            .get("location")
            .map(|value| value.to_str().unwrap().to_owned());
        let text = response.text().await.unwrap();
        match fault {
            Fault::Html200 | Fault::Html502 | Fault::Html502AfterRun | Fault::Html504AfterRun => {
                assert!(text.starts_with("<html>"));
            }
            Fault::EmptyBody | Fault::Fatal => assert_eq!(text, ""),
            Fault::TruncateBody => assert!(text.starts_with("{\"result\"") && !text.ends_with('}')),
            Fault::OkWithError { .. } => {
                assert_eq!(text, r#"{"error":"wrong_client","error_description":"no"}"#);
            }
            Fault::Refuse { .. } => {
                assert_eq!(text, r#"{"error":"","error_description":"Not found"}"#);
            }
            Fault::Redirect { .. } => {
                let path = url.strip_prefix(&portal.url()).unwrap();
                assert_eq!(location.unwrap(), format!("https://other.example{path}"));
            }
            _ => assert!(text.contains("LIMIT"), "{text}"),
        }
        rows += usize::from(runs);
        assert_eq!(portal.rows("deal").len(), rows, "{fault:?}");
    }
    let refusals = portal.refusals();
    assert_eq!((refusals.query_limit, refusals.operating), (1, 1));
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn commands_of_a_batch_go_wrong() {
    let portal = stubbing().start().await.unwrap();
    let batch = json!({"cmd": {"a": "crm.timeline.comment.add", "b": "crm.timeline.comment.add", "c": "crm.quote.add"}, "halt": 1});
    portal.fail_next(
        "batch",
        Fault::InnerError {
            command: 1,
            code: "QUERY_LIMIT_EXCEEDED".into(),
            text: "t".into(),
        },
    );
    let (_, body) = call(&portal, "batch", &batch).await;
    assert_eq!(body["result"]["result"], json!({"a": 1}));
    assert_eq!(
        body["result"]["result_error"]["b"]["error"],
        "QUERY_LIMIT_EXCEEDED"
    );
    portal.fail_next("crm.quote.add", Fault::OperatingLimit);
    let (_, body) = call(&portal, "batch", &batch).await;
    assert_eq!(
        body["result"]["result_error"]["c"]["error"],
        "OPERATION_TIME_LIMIT"
    );
    assert_eq!(portal.refusals().operating, 1, "counted as the limit's own");
    let (_, body) = call(&portal, "batch", &batch).await;
    assert_eq!(body["result"]["result_error"], json!([]));

    portal.fail_next(
        "batch",
        Fault::InnerError {
            command: 1,
            code: "X".into(),
            text: "t".into(),
        },
    );
    let items = json!([{"method": "note.document.get", "query": {}}, {"method": "note.document.get", "query": {}}]);
    let (status, body) = call_v3(&portal, "batch", &items).await;
    assert_eq!((status, code(&body)), (400, "X"));
}

#[tokio::test(start_paused = true)]
async fn delays_take_their_time() {
    let portal = stubbing().start().await.unwrap();
    for fault in [
        Fault::Delay(Duration::from_secs(40)),
        Fault::DelayAnswer(Duration::from_secs(40)),
    ] {
        portal.fail_next("crm.timeline.comment.add", fault);
        let started = tokio::time::Instant::now();
        assert_eq!(
            call_in_process(&portal, "crm.timeline.comment.add", &json!({}))
                .await
                .0,
            200
        );
        assert_eq!(started.elapsed().as_secs(), 40);
    }
}

#[tokio::test]
async fn data_and_webhook_change_between_requests() {
    let portal = Portal::start().await;
    portal.insert_rows("deal", 3);
    let ids = portal.ids("deal");
    portal.add_fault(
        FaultRule::new(Fault::DeleteRows {
            entity: "deal".into(),
            ids: vec![ids[0]],
        })
        .method("crm.deal.list")
        .skip(1),
    );
    portal.add_fault(
        FaultRule::new(Fault::InsertRows {
            entity: "deal".into(),
            count: 5,
        })
        .method("crm.deal.list")
        .skip(2),
    );
    portal.add_fault(
        FaultRule::new(Fault::RevokeWebhook)
            .method("crm.deal.list")
            .skip(3),
    );
    let mut totals = Vec::new();
    for _ in 0..3 {
        totals.push(call(&portal, "crm.deal.list", &json!({})).await.1["total"].clone());
    }
    assert_eq!(totals, [json!(3), json!(2), json!(7)]);
    assert_eq!(
        code(&call(&portal, "crm.deal.list", &json!({})).await.1),
        "INVALID_CREDENTIALS"
    );
    assert!(portal.faults().is_empty());
    portal.reset();
    assert_eq!(
        call(&portal, "crm.deal.list", &json!({})).await.1["total"],
        0
    );
    assert_eq!(portal.requests(), 1);
}

#[tokio::test]
async fn a_method_runs_on_when_its_client_goes_away() {
    let portal = Portal::start().await;
    portal.fail_next("crm.deal.add", Fault::Delay(Duration::from_millis(300)));
    let url = format!("{}crm.deal.add?fields[TITLE]=x", portal.webhook());
    let call = tokio::spawn(reqwest::get(url));
    let arrived = async {
        while portal.requests() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), arrived)
        .await
        .unwrap();
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert!(portal.rows("deal").is_empty());
    let ran = async {
        while portal.rows("deal").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ran)
        .await
        .unwrap();
}

#[tokio::test]
async fn rows_change_between_pages() {
    let portal = Portal::start().await;
    portal.insert_rows("deal", 2);
    let ids = portal.ids("deal");
    let rule = json!({"method": "crm.deal.list", "skip": 1, "fault": {
        "update_rows": {"entity": "deal", "ids": [ids[1]], "fields": {"TITLE": "wanted", "OPPORTUNITY": "5"}}}});
    portal.add_fault(serde_json::from_value(rule).unwrap());
    let wanted = json!({"filter": {"TITLE": "wanted"}});
    let mut found = Vec::new();
    for _ in 0..2 {
        let (_, body) = call(&portal, "crm.deal.list", &wanted).await;
        found.push(body["total"].clone());
    }
    assert_eq!(found, [json!(0), json!(1)]);
    assert_eq!(
        portal.rows("deal")[1]["OPPORTUNITY"],
        portal.rows("deal")[0]["OPPORTUNITY"],
        "only text changes"
    );
}

#[tokio::test]
async fn answers_end_anywhere_and_the_method_has_run() {
    let portal = Portal::builder().rate(Rate::Off).start().await.unwrap();
    portal.add_fault(FaultRule::new(Fault::CutAnswer { seed: 1 }).every(1));
    let (mut in_head, mut in_body) = (0, 0);
    for _ in 0..40 {
        let (received, end) = raw_call(&portal, "crm.deal.add?fields[TITLE]=x").await;
        assert!(was_reset(end), "{received}");
        match received.split_once("\r\n\r\n") {
            None => in_head += 1,
            Some((_, body)) => {
                assert!(!body.ends_with('}'), "{body}");
                in_body += 1;
            }
        }
    }
    assert!(in_head > 5 && in_body > 5, "{in_head} and {in_body}");
    assert_eq!(portal.rows("deal").len(), 40);
    portal.clear_faults();
    assert!(raw_call(&portal, "server.time").await.1.is_ok());
}

#[tokio::test]
async fn requests_end_anywhere_and_nothing_has_run() {
    let portal = Portal::builder().rate(Rate::Off).start().await.unwrap();
    let rule = FaultRule::new(Fault::CutRequest { seed: 1 });
    portal.add_fault(rule.method("crm.deal.add").every(2));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let fields = json!({"fields": {"TITLE": "x".repeat(300_000)}}).to_string();
    let mut answered = Vec::new();
    for _ in 0..6 {
        let request = client.post(format!("{}crm.deal.add", portal.webhook()));
        let request = request.header("content-type", "application/json");
        answered.push(request.body(fields.clone()).send().await.is_ok());
    }
    assert_eq!(answered, [true, false, true, false, true, false]);
    assert_eq!(portal.rows("deal").len(), 3);
    let log = portal.log();
    assert_eq!(
        (log.len(), log[1].status, log[1].method.as_str()),
        (6, 0, "crm.deal.add")
    );
    assert_eq!(log[1].faults, [r#"{"cut_request":{"seed":1}}"#]);
}

/// What waits past the wall never runs; what has run stays, and the client learns neither.
#[tokio::test(start_paused = true)]
async fn a_delay_ends_at_the_wall() {
    let portal = Portal::builder()
        .wall(Some(Duration::from_secs(2)))
        .start()
        .await
        .unwrap();
    let fields = json!({"fields": {"TITLE": "x"}});
    for (fault, rows) in [
        (Fault::Delay(Duration::from_secs(3)), 0),
        (Fault::DelayAnswer(Duration::from_secs(3)), 1),
    ] {
        portal.fail_next("crm.deal.add", fault);
        let started = tokio::time::Instant::now();
        let (status, body) = call_in_process(&portal, "crm.deal.add", &fields).await;
        assert_eq!((status.as_u16(), started.elapsed().as_secs()), (504, 2));
        assert!(body.as_str().unwrap().starts_with("<html>"), "{body}");
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(portal.rows("deal").len(), rows);
    }
}

#[tokio::test]
async fn a_webhook_is_revoked_halfway_and_comes_back() {
    let portal = Portal::start().await;
    portal.add_fault(FaultRule::new(Fault::RevokeWebhook).skip(2));
    portal.add_fault(FaultRule::new(Fault::RestoreWebhook).skip(4));
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(call(&portal, "server.time", &json!({})).await.0);
    }
    assert_eq!(statuses, [200, 200, 401, 401, 200, 200]);
}
