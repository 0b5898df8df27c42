use b24_portal::{Portal, V3Profile};
use serde_json::{Value, json};

use crate::client::{call_v3, code, get, read, stubbing, v3_url};

fn suffix(body: &Value) -> &str {
    code(body)
        .rsplit("BITRIX_REST_V3_EXCEPTION_")
        .next()
        .unwrap_or_default()
}

#[tokio::test]
async fn success_and_errors_have_their_own_envelopes() {
    let portal = stubbing().start().await.unwrap();
    let (status, body) = call_v3(&portal, "note.document.field.list", &json!({})).await;
    assert_eq!(status, 200, "{body}");
    assert!(
        body["result"]["items"].is_array() && body["time"]["start"].is_u64(),
        "{body}"
    );
    assert!(body.get("total").is_none() && body.get("next").is_none());

    let client = reqwest::Client::new();
    let url = v3_url(&portal, "note.document.field.list");
    let wrong = url.replace(portal.webhook().split('/').nth(5).unwrap(), "wrong");
    let typed =
        |kind: &str, body: &'static str| client.post(&url).header("content-type", kind).body(body);
    let cases = [
        (
            client
                .post(url.replace("document.field", "nothing"))
                .json(&json!({})),
            404,
            "METHODNOTFOUNDEXCEPTION",
        ),
        (
            client
                .post(wrong.replace("document.field", "nothing"))
                .json(&json!({})),
            404,
            "METHODNOTFOUNDEXCEPTION",
        ),
        (
            client.post(&wrong).json(&json!({})),
            401,
            "ACCESSDENIEDEXCEPTION",
        ),
        (
            typed("application/json", "{broken"),
            400,
            "INVALIDJSONEXCEPTION",
        ),
        (typed("application/json", "5"), 400, "INVALIDJSONEXCEPTION"),
        (
            typed("application/x-www-form-urlencoded", "a=1"),
            400,
            "INVALIDJSONEXCEPTION",
        ),
        (client.post(&url), 500, "INTERNAL_INTERNALEXCEPTION"),
    ];
    for (request, status, expected) in cases {
        let (got, body) = read(request.send().await.unwrap()).await;
        assert_eq!((got, suffix(&body)), (status, expected), "{body}");
        assert!(
            body["error"]["message"].is_string() && body.get("time").is_none(),
            "{body}"
        );
    }
    for kind in [
        "application/json; charset=utf-8",
        "application/vnd.api+json",
    ] {
        assert_eq!(
            typed(kind, "{}").send().await.unwrap().status(),
            200,
            "{kind}"
        );
    }
    assert_eq!(get(&url).await.0, 200, "GET without parameters");
    let narrow = portal
        .add_webhook(1, &["task"])
        .replace("/rest/", "/rest/api/");
    let (status, body) = get(&format!("{narrow}note.document.field.list")).await;
    assert_eq!((status, suffix(&body)), (403, "INSUFFICIENTSCOPEEXCEPTION"));
}

#[tokio::test]
async fn older_builds_name_exceptions_in_the_plural() {
    let portal = stubbing().v3_profile(V3Profile::V25).start().await.unwrap();
    let request = reqwest::Client::new()
        .post(v3_url(&portal, "no.such.method"))
        .json(&json!({}));
    let (_, body) = read(
        request
            .header("x-local-error-language", "ru")
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        code(&body),
        "BITRIX_REST_V3_EXCEPTIONS_METHODNOTFOUNDEXCEPTION"
    );
    assert!(body["error"]["localMessage"].is_string());
}

#[tokio::test]
async fn batch_is_a_list_of_calls_or_one_error() {
    let portal = stubbing().start().await.unwrap();
    let good = json!({"method": "note.document.field.list", "query": {}, "as": "fields"});
    let (status, body) = call_v3(
        &portal,
        "batch",
        &json!([good, {"method": "note.document.get", "query": {"id": 1}}]),
    )
    .await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["result"].as_array().unwrap().len(), 2);
    assert!(body["result"][0]["items"].is_array());

    let with = |query: Value| json!([good, {"method": "note.document.get", "query": query}]);
    let cases = [
        (json!({"cmd": {"a": "x"}}), 400, "INVALIDSELECTEXCEPTION"),
        (json!([]), 400, "INVALIDSELECTEXCEPTION"),
        (
            json!([{"method": "note.document.get"}]),
            400,
            "INVALIDSELECTEXCEPTION",
        ),
        (
            json!([good, {"method": "no.such.method", "query": {}}]),
            404,
            "METHODNOTFOUNDEXCEPTION",
        ),
        (json!([good, good]), 400, "INVALIDSELECTEXCEPTION"),
        (
            with(json!({"id": {"$ref": "nobody.id"}})),
            400,
            "INVALIDSELECTEXCEPTION",
        ),
        (
            with(json!({"id": {"$ref": "fields"}})),
            400,
            "INVALIDSELECTEXCEPTION",
        ),
        (
            with(json!({"id": {"$refArray": "fields.nothing"}})),
            400,
            "INVALIDSELECTEXCEPTION",
        ),
    ];
    for (items, status, expected) in cases {
        let (got, body) = call_v3(&portal, "batch", &items).await;
        assert_eq!((got, suffix(&body)), (status, expected), "{items}: {body}");
    }
    for query in [
        json!({"id": {"$ref": "fields.0.name"}}),
        json!({"id": {"$refArray": "0.name"}}),
    ] {
        let (status, body) = call_v3(&portal, "batch", &with(query.clone())).await;
        let expected = if query["id"].get("$ref").is_some() {
            200
        } else {
            400
        };
        assert_eq!(status, expected, "a named item has no number: {body}");
    }
}

#[tokio::test]
async fn an_idempotency_key_replays_the_answer() {
    let portal = stubbing().start().await.unwrap();
    let client = reqwest::Client::new();
    let send = |key: String, title: &str| {
        client
            .post(v3_url(&portal, "note.document.add"))
            .header("idempotency-key", key)
            .json(&json!({"fields": {"title": title}}))
    };
    let first = send("k1".into(), "a").send().await.unwrap();
    assert_eq!(first.status(), 200);
    assert_eq!(first.headers()["idempotency-key"], "k1");
    assert!(!first.headers().contains_key("idempotent-replayed"));
    let first = first.text().await.unwrap();

    let again = send("k1".into(), "a").send().await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(again.text().await.unwrap(), first);
    let (status, body) = read(send("k1".into(), "b").send().await.unwrap()).await;
    assert_eq!(
        (status, suffix(&body)),
        (422, "IDEMPOTENCYKEYREUSEDEXCEPTION")
    );
    let (status, body) = read(send("k".repeat(256), "b").send().await.unwrap()).await;
    assert_eq!(
        (status, suffix(&body)),
        (400, "INVALIDIDEMPOTENCYKEYEXCEPTION")
    );

    let old = stubbing().v3_profile(V3Profile::V25).start().await.unwrap();
    let request = client
        .post(v3_url(&old, "note.document.add"))
        .header("idempotency-key", "k1")
        .json(&json!({}));
    assert!(
        !request
            .send()
            .await
            .unwrap()
            .headers()
            .contains_key("idempotency-key"),
        "25.x ignores the header"
    );
}

#[tokio::test]
async fn a_replayed_write_writes_once() {
    let portal = Portal::start().await;
    let fields = json!({"title": "Once", "creatorId": 1, "responsibleId": 1});
    let client = reqwest::Client::new();
    for attempt in 0..3 {
        let request = client
            .post(v3_url(&portal, "tasks.task.add"))
            .header("idempotency-key", "k");
        let (status, body) = read(
            request
                .json(&json!({"fields": fields}))
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(portal.rows("task").len(), 1, "attempt {attempt}");
    }
    assert_eq!(
        call_v3(&portal, "tasks.task.add", &json!({"fields": fields}))
            .await
            .0,
        200
    );
    assert_eq!(
        portal.rows("task").len(),
        2,
        "without the key it is another task"
    );
}

#[tokio::test]
async fn items_refer_to_rows_made_before_them_and_effects_stay() {
    let portal = Portal::start().await;
    let add = json!({
        "method": "tasks.task.add",
        "query": {"fields": {"title": "First", "creatorId": 1, "responsibleId": 1}},
        "as": "first",
    });
    let get = |id: Value| json!({"method": "tasks.task.get", "query": {"id": id, "select": ["id", "title"]}});
    let (status, body) = call_v3(
        &portal,
        "batch",
        &json!([add, get(json!({"$ref": "first.id"}))]),
    )
    .await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["result"][1]["item"]["title"], "First");
    assert_eq!(
        body["result"][1]["item"]["id"],
        body["result"][0]["item"]["id"]
    );

    let (status, body) = call_v3(&portal, "batch", &json!([add, get(json!(999_999))])).await;
    assert_eq!(
        (status, suffix(&body)),
        (400, "ENTITYNOTFOUNDEXCEPTION"),
        "{body}"
    );
    assert_eq!(
        portal.rows("task").len(),
        2,
        "what ran before the failure stays"
    );
}
