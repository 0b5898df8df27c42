use b24_portal::Portal;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::client::{call, code, get, read, stubbing};

fn control(portal: &Portal, verb: Method, path: &str) -> RequestBuilder {
    Client::new()
        .request(verb, format!("{}{path}", portal.control_url()))
        .bearer_auth(portal.control_token())
}

async fn sent(request: RequestBuilder) -> (u16, Value) {
    read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn ready_needs_no_token_and_the_rest_does() {
    let portal = stubbing().control_token("t0ken").start().await.unwrap();
    assert_eq!(
        get(&format!("{}/ready", portal.url())).await,
        (200, json!({"ready": true}))
    );
    for path in ["/stats", "/faults", "/log", "/nowhere"] {
        assert_eq!(
            get(&format!("{}{path}", portal.control_url())).await.0,
            401,
            "{path}"
        );
        let wrong = Client::new()
            .get(format!("{}{path}", portal.control_url()))
            .bearer_auth("wrong");
        assert_eq!(sent(wrong).await.0, 401, "{path}");
    }
    assert_eq!(sent(control(&portal, Method::GET, "/stats")).await.0, 200);
    assert_eq!(sent(control(&portal, Method::GET, "/nowhere")).await.0, 404);
    assert_eq!(portal.requests(), 0, "the control API is not the portal");
}

#[tokio::test]
async fn faults_log_stats_and_reset() {
    let portal = stubbing().start().await.unwrap();
    let rule = json!({"method": "crm.timeline.comment.add", "fault": "query_limit", "times": 2});
    assert_eq!(
        sent(control(&portal, Method::POST, "/faults").json(&rule))
            .await
            .0,
        200
    );
    let waiting = sent(control(&portal, Method::GET, "/faults")).await.1;
    assert_eq!(
        waiting,
        json!([{"method": "crm.timeline.comment.add", "fault": "query_limit", "skip": 0, "times": 2}])
    );
    for status in [503, 503, 200] {
        assert_eq!(
            call(&portal, "crm.timeline.comment.add", &json!({}))
                .await
                .0,
            status
        );
    }
    let stats = sent(control(&portal, Method::GET, "/stats")).await.1;
    assert_eq!(
        stats,
        json!({
            "requests": 3, "refusals": {"query_limit": 2, "operating": 0},
            "oauth": {
                "codes": 0, "refreshes": 0, "refused_refreshes": 0, "reused_refresh_tokens": 0,
            },
        })
    );
    let log = control(&portal, Method::GET, "/log")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let entries: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0]["faults"], json!(["\"query_limit\""]));
    sent(control(&portal, Method::DELETE, "/log")).await;
    assert!(portal.log().is_empty());

    let bad =
        sent(control(&portal, Method::POST, "/faults").json(&json!({"fault": "explode"}))).await;
    assert_eq!(bad.0, 400);
    assert!(
        bad.1["error"].as_str().unwrap().contains("explode"),
        "{}",
        bad.1
    );
    sent(control(&portal, Method::POST, "/faults").json(&json!({"fault": "html502"}))).await;
    sent(control(&portal, Method::DELETE, "/faults")).await;
    assert_eq!(
        call(&portal, "crm.timeline.comment.add", &json!({}))
            .await
            .0,
        200
    );

    sent(control(&portal, Method::POST, "/webhook/revoke")).await;
    assert_eq!(
        code(
            &call(&portal, "crm.timeline.comment.add", &json!({}))
                .await
                .1
        ),
        "INVALID_CREDENTIALS"
    );
    sent(control(&portal, Method::POST, "/webhook/restore")).await;
    assert_eq!(
        call(&portal, "crm.timeline.comment.add", &json!({}))
            .await
            .0,
        200
    );
    sent(control(&portal, Method::POST, "/reset")).await;
    assert_eq!(
        (portal.requests(), portal.refusals()),
        (0, b24_portal::Refusals::default())
    );
}

#[tokio::test]
async fn rows_are_seen_inserted_and_deleted() {
    let portal = Portal::start().await;
    sent(control(&portal, Method::POST, "/rows/deal/insert").json(&json!({"count": 2}))).await;
    let rows = sent(control(&portal, Method::GET, "/rows/deal")).await.1;
    assert_eq!(rows.as_array().unwrap().len(), 2);
    let ids = portal.ids("deal");
    sent(control(&portal, Method::POST, "/rows/deal/delete").json(&json!({"ids": [ids[0]]}))).await;
    assert_eq!(portal.ids("deal"), ids[1..]);
    assert_eq!(
        sent(control(&portal, Method::POST, "/rows/deal/delete").json(&json!({})))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn slips_of_the_pen_are_told() {
    let portal = Portal::start().await;
    let post = |path: &str, body: &Value| sent(control(&portal, Method::POST, path).json(body));
    for (path, body, status, named) in [
        (
            "/faults",
            json!({"metod": "m", "fault": "html502"}),
            400,
            "metod",
        ),
        (
            "/faults",
            json!({"fault": {"delete_rows": {"entity": "deals", "ids": [1]}}}),
            404,
            "deals",
        ),
        (
            "/faults",
            json!({"fault": {"insert_rows": {"entity": "deal", "count": 1e15 as u64}}}),
            400,
            "at most",
        ),
        ("/faults", json!({"fault": {"delay": 1e300}}), 400, "fault"),
        ("/rows/deals/delete", json!({"ids": [1]}), 404, "deals"),
        ("/rows/deals/insert", json!({"count": 1}), 404, "deals"),
        (
            "/rows/deal/insert",
            json!({"count": u64::MAX}),
            400,
            "at most",
        ),
        ("/rows/deal/insert", json!({"count": -1}), 400, "count"),
    ] {
        let (found, answer) = post(path, &body).await;
        assert_eq!(found, status, "{path} {body}: {answer}");
        assert!(
            answer["error"].as_str().unwrap().contains(named),
            "{answer}"
        );
    }
    assert_eq!(
        sent(control(&portal, Method::GET, "/rows/deals")).await.0,
        404
    );
    assert!(portal.faults().is_empty() && portal.ids("deal").is_empty());
    let gone = post("/rows/deal/delete", &json!({"ids": [1, 2]})).await.1;
    assert_eq!(gone, json!({"deleted": 0}), "there were none");
}

#[tokio::test]
async fn robots_that_would_start_are_told() {
    let portal = Portal::start().await;
    let fields = json!({"entityTypeId": 2, "fields": {"title": "x"}});
    call(&portal, "crm.item.import", &fields).await;
    call(&portal, "crm.item.add", &fields).await;
    let told = sent(control(&portal, Method::GET, "/automation")).await.1;
    let expected = json!([{"entity": "deal", "id": 2, "on": "add", "stage": "NEW"}]);
    assert_eq!(told, expected);
    assert_eq!(json!(portal.automation()), expected);
    sent(control(&portal, Method::DELETE, "/automation")).await;
    assert!(portal.automation().is_empty());
}
