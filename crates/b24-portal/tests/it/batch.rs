use serde_json::{Value, json};

use crate::client::{call, code, get, stubbing};

async fn batch(params: Value) -> Value {
    let portal = stubbing().start().await.unwrap();
    let (status, body) = call(&portal, "batch", &params).await;
    assert_eq!(status, 200, "{body}");
    assert!(body["time"]["start"].is_u64());
    body["result"].clone()
}

#[tokio::test]
async fn five_maps_even_for_nothing() {
    let empty = json!({"result": [], "result_error": [], "result_total": [], "result_next": [], "result_time": []});
    for params in [
        json!({}),
        json!({"cmd": {}}),
        json!({"cmd": "profile"}),
        json!({"cmd": [["not", "text"], 5]}),
    ] {
        assert_eq!(batch(params.clone()).await, empty, "{params}");
    }
}

#[tokio::test]
async fn keys_decide_between_list_and_map() {
    let result =
        batch(json!({"CMD": {"b": "access.name?ACCESS=AU", "a": "crm.timeline.comment.add?x=1"}}))
            .await;
    assert_eq!(result["result"]["a"], 1);
    assert!(result["result"]["b"].is_object());
    assert_eq!(result["result_error"], json!([]));
    assert!(result["result_time"]["a"]["operating"].is_u64(), "{result}");

    let result = batch(json!({"cmd": ["crm.timeline.comment.add", "crm.quote.add"]})).await;
    assert_eq!(result["result"], json!([1, 1]));
    let result =
        batch(json!({"cmd": {"0": "crm.timeline.comment.add", "1": "crm.quote.add"}})).await;
    assert_eq!(result["result"], json!([1, 1]));
    let result = batch(json!({"cmd": ["no.such.method", "crm.quote.add"]})).await;
    assert_eq!(result["result"], json!({"1": 1}));
    assert_eq!(
        result["result_error"],
        json!([{"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}])
    );
    assert!(result["result_time"].get("0").is_none());
    let portal = stubbing().start().await.unwrap();
    let (_, body) = get(&format!(
        "{}batch?cmd[1]=crm.quote.add&cmd[0]=crm.quote.add",
        portal.webhook()
    ))
    .await;
    assert_eq!(
        body["result"]["result"],
        json!({"1": 1, "0": 1}),
        "not in the order of a list"
    );
}

#[tokio::test]
async fn what_a_batch_refuses() {
    let commands: Vec<_> = (0..53).map(|_| "crm.timeline.comment.add").collect();
    let result = batch(json!({"cmd": commands})).await;
    assert_eq!(result["result"].as_array().unwrap().len(), 50);
    let refused = result["result_error"].as_object().unwrap();
    assert_eq!(refused.keys().collect::<Vec<_>>(), ["50", "51", "52"]);
    assert_eq!(refused["52"]["error"], "ERROR_BATCH_LENGTH_EXCEEDED");

    let result = batch(json!({"cmd": {
        "nested": "batch?cmd[]=profile", "file": "download", "slash": "/crm.timeline.comment.add", "suffix": "crm.timeline.comment.add.json",
        "app": "event.bind", "fine": "CRM.Timeline.Comment.ADD?a=b#part",
    }}))
    .await;
    let codes = |key: &str| {
        result["result_error"][key]["error"]
            .as_str()
            .unwrap_or("no error")
            .to_owned()
    };
    assert_eq!(codes("nested"), "ERROR_BATCH_METHOD_NOT_ALLOWED");
    assert_eq!(codes("file"), "ERROR_BATCH_METHOD_NOT_ALLOWED");
    assert_eq!(codes("slash"), "ERROR_METHOD_NOT_FOUND");
    assert_eq!(codes("suffix"), "ERROR_METHOD_NOT_FOUND");
    assert_eq!(codes("app"), "WRONG_AUTH_TYPE");
    assert_eq!(result["result"], json!({"fine": 1}));

    let portal = stubbing().start().await.unwrap();
    let narrow = portal.add_webhook(1, &["task"]);
    let (_, body) = get(&format!("{narrow}batch?cmd[a]=crm.timeline.comment.add")).await;
    assert_eq!(
        body["result"]["result_error"]["a"],
        json!({"error": "insufficient_scope", "error_description": ""})
    );
    let (status, body) = get(&format!(
        "{}/rest/1/wrong/batch?cmd[a]=profile",
        portal.url()
    ))
    .await;
    assert_eq!((status, code(&body)), (401, "INVALID_CREDENTIALS"));
}

#[tokio::test]
async fn halt_is_phps_truth() {
    let commands = json!({"a": "crm.timeline.comment.add", "b": "no.such.method", "c": "crm.timeline.comment.add"});
    for (halt, runs_on) in [
        (json!(0), true),
        (json!("0"), true),
        (json!(""), true),
        (json!(false), true),
        (Value::Null, true),
        (json!(1), false),
        (json!("1"), false),
        (json!(true), false),
        (json!("false"), false),
    ] {
        let result = batch(json!({"cmd": commands, "halt": halt})).await;
        assert_eq!(result["result"].get("c").is_some(), runs_on, "{halt}");
        assert_eq!(result["result"]["a"], 1);
        assert_eq!(
            result["result_error"]["b"]["error"],
            "ERROR_METHOD_NOT_FOUND"
        );
    }
}

#[tokio::test]
async fn commands_come_by_query_and_form_too() {
    let portal = stubbing().start().await.unwrap();
    let (_, body) = get(&format!(
        "{}batch.json?cmd[a]=crm.timeline.comment.add%3Ff%5BX%5D%3D%2525&halt=0",
        portal.webhook()
    ))
    .await;
    assert_eq!(body["result"]["result"]["a"], 1);
    let form = [
        ("cmd[x]", "crm.timeline.comment.add?a=1&b=2"),
        ("cmd[y]", "crm.quote.add"),
    ];
    let response = reqwest::Client::new()
        .post(format!("{}batch", portal.webhook()))
        .form(&form)
        .send()
        .await
        .unwrap();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["result"]["result"], json!({"x": 1, "y": 1}));
    assert_eq!(
        portal.log()[1].commands,
        ["crm.timeline.comment.add?a=1&b=2", "crm.quote.add"]
    );
}
