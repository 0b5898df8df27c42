//! What a call looks like on the wire, and how its answer is read.

use std::collections::BTreeMap;
use std::future::IntoFuture as _;
use std::time::Duration;

use b24::{Effect, Kind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::script::{Script, Step, ok};

#[derive(Debug, Deserialize, PartialEq)]
struct Deal {
    id: i64,
    title: String,
}

#[tokio::test]
async fn a_call_is_a_json_post_with_telemetry() {
    let script = Script::new([ok(json!({ "item": { "id": 5, "title": "Pump" } }))]);
    let call = script
        .client()
        .v2()
        .call("crm.item.get")
        .param("entityTypeId", 2)
        .param("id", 5);
    let deal: Deal = call.request_id("r 1").key("item").typed().await.unwrap();
    assert_eq!(
        deal,
        Deal {
            id: 5,
            title: "Pump".into()
        }
    );
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        script.uri(0),
        format!(
            "https://acme.bitrix24.com/rest/7/s3cr3t/crm.item.get?bx24_request_id=r+1&bx24_sdk_ver={version}&bx24_sdk_type=b24-rust"
        )
    );
    assert_eq!(
        script.header(0, "content-type").as_deref(),
        Some("application/json")
    );
    assert_eq!(script.text(0), r#"{"entityTypeId":2,"id":5}"#);
}

#[tokio::test]
async fn request_ids_are_uuids_of_the_time_of_the_call() {
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let script = Script::new([ok(1)]);
    let before = now().unwrap().as_millis();
    let reply = script.client().v2().call("profile").reply().await.unwrap();
    let id = uuid::Uuid::parse_str(&reply.request_id).unwrap();
    let (seconds, nanoseconds) = id.get_timestamp().unwrap().to_unix();
    let at = u128::from(seconds) * 1000 + u128::from(nanoseconds) / 1_000_000;
    assert_eq!(id.get_version_num(), 7);
    assert!((before..=now().unwrap().as_millis()).contains(&at), "{at}");
}

#[tokio::test]
async fn v3_has_its_own_address() {
    let script = Script::new([ok(json!({ "item": { "id": 1 } }))]);
    script
        .client()
        .v3()
        .call("tasks.task.get")
        .param("id", 1)
        .await
        .unwrap();
    assert!(
        script
            .uri(0)
            .starts_with("https://acme.bitrix24.com/rest/api/7/s3cr3t/tasks.task.get?")
    );
}

/// Appendix of b24jssdk's own tests: which methods carry no query.
#[tokio::test]
async fn positional_task_methods_take_no_query() {
    for (method, query) in [
        ("task.commentitem.getlist", false),
        ("task.commentitem.add", false),
        ("task.checklistitem.getlist", false),
        ("task.elapseditem.getlist", false),
        ("task.item.list", false),
        ("tasks.task.list", true),
        ("bizproc.task.list", true),
        ("taskish.list", true),
        ("tasks.task.get", true),
        ("crm.item.list", true),
        ("crm.deal.get", true),
        ("user.current", true),
        ("profile", true),
    ] {
        let script = Script::new([ok(json!([])), ok(json!([]))]);
        script.client().v2().call(method).await.unwrap();
        script.client().v3().call(method).await.unwrap();
        for request in 0..2 {
            assert_eq!(script.uri(request).contains('?'), query, "{method}");
        }
    }
}

#[tokio::test]
async fn a_call_without_parameters_sends_an_empty_object() {
    let script = Script::new([ok(true)]);
    script.client().v2().call("profile").await.unwrap();
    assert_eq!(script.text(0), "{}");
}

#[tokio::test]
async fn parameters_keep_the_order_they_were_given_in() {
    #[derive(Serialize)]
    struct Params {
        zulu: i32,
        alpha: Vec<&'static str>,
    }
    let script = Script::new([ok(true), ok(true)]);
    let b24 = script.client();
    b24.v2()
        .call("x.y")
        .params(Params {
            zulu: 1,
            alpha: vec!["a"],
        })
        .param("mike", Option::<i32>::None)
        .await
        .unwrap();
    assert_eq!(script.text(0), r#"{"zulu":1,"alpha":["a"],"mike":null}"#);
    b24.v2()
        .call("task.commentitem.add")
        .params((12, json!({ "POST_MESSAGE": "hi" })))
        .await
        .unwrap();
    assert_eq!(script.text(1), r#"[12,{"POST_MESSAGE":"hi"}]"#);
}

#[tokio::test]
async fn arguments_that_do_not_serialise_are_an_error_of_the_await() {
    let script = Script::new([]);
    let b24 = script.client();
    let keyed: BTreeMap<Vec<u8>, i32> = BTreeMap::from([(vec![1], 2)]);
    for error in [
        b24.v2()
            .call("x.y")
            .param("keyed", keyed)
            .await
            .unwrap_err(),
        b24.v2()
            .call("x.y")
            .param("nan", f64::NAN)
            .await
            .unwrap_err(),
        b24.v2().call("x.y").params(5).await.unwrap_err(),
        b24.v2().call("x/../y").await.unwrap_err(),
        b24.v2().call("x.y").idempotency_key("k").await.unwrap_err(),
        b24.v3()
            .call("x.y")
            .idempotency_key("ключ")
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.kind(), Kind::Usage, "{error}");
        assert!(!error.may_have_run());
    }
    assert_eq!(script.requests(), 0);
}

#[tokio::test]
async fn a_reply_has_what_stands_beside_the_result() {
    let body = r#"{"result":[1,2],"total":120,"next":50,"time":{"start":1,"finish":1.5,"operating":0.25,"operating_reset_at":600}}"#;
    let script = Script::new([Step::Answer(200, body.into())]);
    let reply = script
        .client()
        .v2()
        .call("crm.deal.list")
        .typed::<Vec<i32>>()
        .reply()
        .await
        .unwrap();
    assert_eq!(
        (reply.result, reply.total, reply.next),
        (vec![1, 2], Some(120), Some(50))
    );
    assert_eq!(reply.time.unwrap().operating, Some(0.25));
    assert_eq!(uuid_version(&reply.request_id), Some('7'));
}

fn uuid_version(id: &str) -> Option<char> {
    (id.len() == 36).then(|| id.chars().nth(14)).flatten()
}

#[tokio::test]
async fn a_wrong_key_or_type_is_an_answer_error_and_says_where() {
    let script = Script::new([
        ok(json!({ "items": [] })),
        ok(json!({ "item": { "id": "x", "title": 1 } })),
    ]);
    let b24 = script.client();
    let error = b24.v2().call("crm.item.get").key("item").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Answer);
    assert!(
        error
            .to_string()
            .contains("no key \"item\" in it, only: items"),
        "{error}"
    );
    let error = b24
        .v2()
        .call("crm.item.get")
        .key("item")
        .typed::<Deal>()
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the answer to crm.item.get is not as expected: id: invalid type"),
        "{error}"
    );
}

/// A write whose answer cannot be read has run all the same.
#[tokio::test]
async fn a_write_that_ran_and_reads_badly_says_so() {
    let script = Script::new([ok(json!({ "item": 1 }))]);
    let error = script
        .client()
        .v2()
        .call("crm.item.add")
        .key("item")
        .typed::<Deal>()
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.may_have_run()), (Kind::Answer, true));
}

#[tokio::test]
async fn openapi_comes_bare() {
    let script = Script::new([Step::Answer(
        200,
        r#"{"openapi":"3.0.0","paths":{}}"#.into(),
    )]);
    let document = script
        .client()
        .v3()
        .call("rest.documentation.openapi")
        .await
        .unwrap();
    assert_eq!(document["openapi"], "3.0.0");
}

#[tokio::test]
async fn the_portal_is_pinged() {
    let script = Script::new([
        ok("2026-11-20T12:00:00+03:00"),
        Step::Answer(401, r#"{"error":"NO_AUTH_FOUND"}"#.into()),
    ]);
    let b24 = script.client();
    assert!(b24.ping().await.unwrap() < Duration::from_secs(5));
    assert!(!b24.health_check().await);
}

#[tokio::test]
async fn aggregates_are_read_by_function_and_field() {
    use b24::Function::{Count, Max};
    let script = Script::new([ok(
        json!({ "result": { "count": { "id": 12 }, "max": { "sum": 5.5 } } }),
    )]);
    let b24 = script.client();
    let out = b24
        .v3()
        .aggregate("x.aggregate")
        .of(Count, ["id"])
        .of(Max, ["sum"])
        .filter([("id", ">", 1)])
        .await
        .unwrap();
    assert_eq!(
        (&out[&Count]["id"], &out[&Max]["sum"]),
        (&Value::from(12), &Value::from(5.5))
    );
    assert_eq!(
        script.json(0),
        json!({ "filter": [["id", ">", 1]], "select": { "count": ["id"], "max": ["sum"] } })
    );
    assert_eq!(
        b24.v3().aggregate("x.aggregate").await.unwrap_err().kind(),
        Kind::Usage
    );
}

#[test]
fn the_effect_can_be_said_otherwise() {
    let b24 = Script::new([]).client();
    assert_eq!(b24.v2().call("crm.item.add").effect(), Effect::Write);
    assert_eq!(
        b24.v2().call("crm.item.add").idempotent(true).effect(),
        Effect::IdempotentWrite
    );
    assert_eq!(b24.v2().call("crm.item.list").effect(), Effect::Read);
}

/// Clients, futures and streams can be moved to another task.
#[test]
fn everything_is_send() {
    fn send<T: Send + 'static>(_: T) {}
    let b24 = Script::new([]).client();
    send(b24.v2().call("x.y").into_future());
    send(b24.v2().batch().into_future());
    send(b24.v2().list("x.y"));
    send(b24);
}
