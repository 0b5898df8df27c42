//! Requests that somebody else wrote. In virtual time, against scripted answers and an authorisation server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use b24::{
    BoxFuture, Effect, Forwarded, ForwardedBody, Kind, MemoryStore, Transport, TransportError,
    Version,
};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use crate::authority::{Authority, MEMBER};
use crate::script::{Script, Step, error, ok};

fn post(body: &'static str) -> Request<Bytes> {
    Request::post("/?start=50")
        .header("content-type", "application/json")
        .header("cookie", "theirs")
        .header("authorization", "Bearer theirs")
        .header("user-agent", "theirs/1")
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap()
}

fn text(forwarded: Forwarded) -> String {
    match forwarded.answer.into_body() {
        ForwardedBody::Whole(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        ForwardedBody::File(_) => panic!("no file"),
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_go_and_come_as_they_were_written() {
    let answer = "{ \"result\" : [\"\\u0431\",1.0e2] , \"extra\":null}\n";
    let script = Script::new([Step::Answer(200, answer.to_owned())]);
    let body = "{ \"select\":[ \"ID\" ],\"a\":1e2 }";
    let forwarded = script
        .client()
        .forward(Version::V2, "crm.deal.list.json", post(body))
        .send()
        .await
        .unwrap();
    assert_eq!(forwarded.attempts, 1);
    assert_eq!(text(forwarded), answer);
    assert_eq!(script.text(0), body);
    assert_eq!(
        script.uri(0),
        "https://acme.bitrix24.com/rest/7/s3cr3t/crm.deal.list.json?start=50"
    );
    assert_eq!(script.header(0, "user-agent").unwrap(), "theirs/1");
    for own in ["cookie", "authorization"] {
        assert_eq!(script.header(0, own), None);
    }
}

#[tokio::test(start_paused = true)]
async fn limits_are_waited_for_and_refusals_handed_on() {
    let script = Script::new([
        error(503, "QUERY_LIMIT_EXCEEDED"),
        error(429, "OPERATION_TIME_LIMIT"),
        error(403, "ACCESS_DENIED"),
    ]);
    let forwarded = script
        .client()
        .forward(Version::V2, "crm.deal.add", post("{}"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (forwarded.answer.status().as_u16(), forwarded.attempts),
        (403, 3)
    );
    assert!(text(forwarded).contains("In its own words"));
}

#[tokio::test(start_paused = true)]
async fn a_write_without_an_answer_is_unknown_and_a_read_is_sent_again() {
    let page = || Step::Answer(502, "<html><title>502</title></html>".into());
    for step in [Step::Lost, page(), error(500, "INTERNAL_SERVER_ERROR")] {
        let script = Script::new([step, ok(1)]);
        let forward = |method: &str| script.client().forward(Version::V2, method, post("{}"));
        let error = forward("crm.deal.add").send().await.unwrap_err();
        assert_eq!((error.kind(), script.requests()), (Kind::Unknown, 1));
        assert_eq!(
            text(forward("crm.deal.list").send().await.unwrap()),
            r#"{"result":1}"#
        );
    }
    let script = Script::new(vec![page(); 4]);
    let forward = script
        .client()
        .forward(Version::V2, "crm.deal.list", post("{}"));
    let last = forward.send().await.unwrap();
    assert_eq!((last.answer.status().as_u16(), last.attempts), (502, 4));
    assert_eq!(text(last), "<html><title>502</title></html>");
}

#[tokio::test(start_paused = true)]
async fn an_odd_answer_is_handed_on_and_so_is_xml() {
    let xml = |inner: &str| format!("<?xml version=\"1.0\"?>\n<response>{inner}</response>");
    for (status, body) in [
        (200, "true".to_owned()),
        (200, r#"{"neither":1}"#.to_owned()),
        (200, xml("<result>1</result>")),
        (400, xml("<error>ERROR_CORE</error>")),
    ] {
        let script = Script::new([Step::Answer(status, body.clone())]);
        let forward = script
            .client()
            .forward(Version::V2, "crm.deal.add", post("{}"));
        let forwarded = forward.send().await.unwrap();
        assert_eq!(forwarded.answer.status().as_u16(), status, "{body}");
        assert_eq!(text(forwarded), body);
    }
}

#[tokio::test(start_paused = true)]
async fn the_operating_time_of_a_batch_is_that_of_its_methods() {
    let time = |used: f64| json!({ "operating": used, "operating_reset_at": 1_000.0 + 120.0, "finish": 1_000.0 });
    let answer = json!({ "result": {
        "result": { "a": [], "b": [] }, "result_error": [],
        "result_time": { "a": time(430.0), "b": time(3.0) },
    }, "time": time(1.0) });
    let script = Script::new([Step::Answer(200, answer.to_string()), ok(1), ok(2)]);
    let b24 = script.client();
    let commands = [("a", "crm.deal.list"), ("b", "crm.lead.list")];
    let commands = commands.map(|(key, method)| (key.to_owned(), method.to_owned()));
    let batch = b24
        .forward(Version::V2, "batch", post("{}"))
        .effect(Effect::Read)
        .commands(commands.to_vec());
    batch.send().await.unwrap();
    let begun = tokio::time::Instant::now();
    let forward = |method: &str| b24.forward(Version::V2, method, post("{}")).send();
    forward("crm.lead.list").await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    forward("crm.deal.list").await.unwrap();
    assert!((119..=121).contains(&begun.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_reads_is_sent_again_for_what_was_refused_and_one_of_writes_is_not() {
    let refused = json!({ "result": {
        "result": { "b": 1 }, "result_error": { "a": { "error": "OPERATION_TIME_LIMIT" } },
    } });
    let refused = Step::Answer(200, refused.to_string());
    for (effect, method, requests) in [(Effect::Read, "get", 2), (Effect::Write, "add", 1)] {
        let script = Script::new([refused.clone(), ok(1)]);
        let commands = ["a", "b"].map(|key| (key.to_owned(), format!("crm.deal.{method}")));
        let batch = script
            .client()
            .forward(Version::V2, "batch", post("{}"))
            .effect(effect)
            .commands(commands.to_vec());
        batch.send().await.unwrap();
        assert_eq!(script.requests(), requests);
    }
}

#[tokio::test(start_paused = true)]
async fn the_secret_does_not_come_out() {
    let link = r#"{"result":"https:\/\/acme.bitrix24.com\/rest\/7\/s3cr3t\/download\/?token=x"}"#;
    let script = Script::new(vec![Step::Answer(200, link.to_owned()); 2]);
    let forward = || {
        script
            .client()
            .forward(Version::V2, "disk.file.get", post("{}"))
    };
    let led = forward()
        .stand_in("http://127.0.0.1:1", "t0ken")
        .send()
        .await;
    assert_eq!(
        text(led.unwrap()),
        r#"{"result":"http:\/\/127.0.0.1:1\/rest\/7\/t0ken\/download\/?token=x"}"#
    );
    assert!(!text(forward().send().await.unwrap()).contains("s3cr3t"));
}

#[tokio::test(start_paused = true)]
async fn a_send_can_be_forbidden() {
    let script = Script::new([error(503, "QUERY_LIMIT_EXCEEDED")]);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let forward = script
        .client()
        .forward(Version::V2, "crm.deal.add", post("{}"))
        .before_send(
            move |_: &[usize]| match count.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(()),
                _ => Err("no more".to_owned()),
            },
        );
    let error = forward.send().await.unwrap_err();
    assert_eq!((error.kind(), script.requests()), (Kind::Local, 1));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn an_application_signs_what_it_hands_on_and_renews_its_token_in_between() {
    let authority = Authority::default();
    let oauth = authority.oauth(MemoryStore::new());
    oauth.adopt(authority.grant()).await.unwrap();
    let b24 = oauth.client(MEMBER).await.unwrap();
    let forward = |version, method: &str, body| b24.forward(version, method, post(body)).send();
    forward(Version::V2, "profile", r#"{"a": 1}"#)
        .await
        .unwrap();
    let (uri, bearer, body) = authority.last_call();
    assert_eq!(uri, "https://acme.bitrix24.com/rest/profile?start=50");
    assert_eq!(
        (bearer, body),
        (None, json!({ "a": 1, "auth": authority.access() }))
    );
    authority.expire();
    let renewed = forward(Version::V3, "batch", "[]").await.unwrap();
    assert_eq!(
        (renewed.answer.status().as_u16(), renewed.attempts),
        (200, 2)
    );
    assert_eq!(authority.refreshes(), 1);
    let (_, bearer, _) = authority.last_call();
    assert_eq!(bearer, Some(format!("Bearer {}", authority.access())));
}

/// Answers with a file in two pieces.
#[derive(Debug, Default)]
struct Files(Mutex<usize>);

impl Transport for Files {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        unreachable!("a forwarded request is opened")
    }

    fn open(
        &self,
        _: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<b24::ByteStream>, TransportError>> {
        *self.0.lock().unwrap() += 1;
        let pieces = ["s3cr3t ", "as ever"].map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
        let stream: b24::ByteStream = Box::pin(futures_util::stream::iter(pieces));
        let answer = Response::builder()
            .header("content-type", "application/pdf")
            .header("content-length", "14");
        Box::pin(async move { Ok(answer.body(stream).unwrap()) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_comes_in_pieces() {
    use futures_util::StreamExt;
    let b24 = b24::Client::builder()
        .webhook("https://acme.bitrix24.com/rest/7/s3cr3t/")
        .transport(Files::default())
        .build()
        .unwrap();
    let forward = b24.forward(Version::V2, "download", post(""));
    let answer = forward.send().await.unwrap().answer;
    assert_eq!(answer.headers()["content-length"], "14");
    let ForwardedBody::File(pieces) = answer.into_body() else {
        panic!("a file");
    };
    let pieces: Vec<_> = pieces.map(Result::unwrap).collect().await;
    assert_eq!(pieces, ["s3cr3t ", "as ever"]);
}
