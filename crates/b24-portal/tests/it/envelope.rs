use b24_portal::{Edition, Operating, Portal, Statuses};
use serde_json::{Value, json};

use crate::client::{call, code, get, read, stubbing};

#[tokio::test]
async fn the_time_block_depends_on_the_edition() {
    let cases = [
        (stubbing(), true, true),
        (stubbing().edition(Edition::Enterprise), true, true),
        (stubbing().edition(Edition::Box), false, false),
        (
            stubbing()
                .edition(Edition::Box)
                .operating(Operating::CountersOnly),
            true,
            false,
        ),
    ];
    for (builder, has_operating, has_reset) in cases {
        let portal = builder.start().await.unwrap();
        let (_, body) = call(&portal, "crm.quote.fields", &json!({})).await;
        let time = &body["time"];
        assert!(
            time["start"].is_u64() && time["finish"].is_f64() && time["processing"].is_u64(),
            "{time}"
        );
        let duration = time["finish"].as_f64().unwrap() - time["start"].as_f64().unwrap();
        assert!(
            (duration - time["duration"].as_f64().unwrap()).abs() < 1e-3,
            "{time}"
        );
        assert!(
            time["date_start"].as_str().unwrap().ends_with("+03:00"),
            "{time}"
        );
        assert_eq!(time.get("operating").is_some(), has_operating, "{time}");
        assert_eq!(
            time.get("operating_reset_at").is_some(),
            has_reset,
            "{time}"
        );
        if has_operating {
            assert_eq!(time["operating"], 0);
        }
        if has_reset {
            let after =
                time["operating_reset_at"].as_i64().unwrap() - time["start"].as_i64().unwrap();
            assert!((600..=601).contains(&after), "{time}");
        }
    }
}

#[tokio::test]
async fn checks_come_in_the_portals_order() {
    let portal = stubbing().require_https(true).start().await.unwrap();
    let url = portal.url();
    let secret_url = portal.webhook();
    let wrong = format!("{url}/rest/1/wrong/");
    let cases = [
        (
            format!("{wrong}no.such.method"),
            404,
            "ERROR_METHOD_NOT_FOUND",
        ),
        (format!("{wrong}crm.quote.list"), 401, "INVALID_REQUEST"),
        (
            format!("{secret_url}crm.quote.list"),
            401,
            "INVALID_REQUEST",
        ),
        (format!("{url}/rest/crm.quote.list"), 401, "NO_AUTH_FOUND"),
        (
            format!("{url}/rest/crm.quote.list?auth=abc"),
            401,
            "invalid_token",
        ),
        (format!("{url}/rest/batch"), 401, "NO_AUTH_FOUND"),
    ];
    for (url, status, error) in cases {
        let (got, body) = get(&url).await;
        assert_eq!((got, code(&body)), (status, error), "{body}");
        assert!(
            body.get("result").is_none() && body.get("time").is_none(),
            "{body}"
        );
    }
}

#[tokio::test]
async fn wrong_credentials_scopes_and_kinds_of_authorization() {
    for (statuses, wrong_secret, scope) in
        [(Statuses::Source, 401, 401), (Statuses::Docs, 403, 403)]
    {
        let portal = stubbing().statuses(statuses).start().await.unwrap();
        let url = portal.url();
        for user in ["1", "2", "nobody"] {
            let (got, body) = get(&format!("{url}/rest/{user}/wrong/crm.quote.list")).await;
            assert_eq!((got, code(&body)), (wrong_secret, "INVALID_CREDENTIALS"));
        }
        let narrow = portal.add_webhook(1, &["task"]);
        let (got, body) = get(&format!("{narrow}crm.quote.list")).await;
        assert_eq!((got, code(&body)), (scope, "insufficient_scope"));
        assert_eq!(get(&format!("{narrow}task.item.list")).await.0, 200);
        assert_eq!(
            get(&format!("{narrow}access.name?ACCESS=AU")).await.0,
            200,
            "basic methods need no scope"
        );
        let (got, body) = call(&portal, "event.bind", &json!({})).await;
        assert_eq!((got, code(&body)), (403, "WRONG_AUTH_TYPE"));
        portal.revoke_webhook();
        assert_eq!(
            call(&portal, "crm.quote.list", &json!({})).await.0,
            wrong_secret
        );
        portal.restore_webhook();
        assert_eq!(call(&portal, "crm.quote.list", &json!({})).await.0, 200);
    }
}

#[tokio::test]
async fn tokens_of_applications_come_in_many_ways() {
    let portal = stubbing().require_https(true).start().await.unwrap();
    let token = portal.add_token(1, &["crm", "note"]);
    let client = reqwest::Client::new();
    let (v2, v3) = (
        format!("{}/rest/event.bind", portal.url()),
        format!("{}/rest/api/note.document.get", portal.url()),
    );
    let ways = [
        client.get(&v2).bearer_auth(&token),
        client
            .get(&v2)
            .header("authorization", format!("bearer  {token}")),
        client.get(format!("{v2}?auth={token}")),
        client.post(&v2).json(&json!({"access_token": token})),
        client
            .post(format!("{}/rest/batch", portal.url()))
            .form(&[("auth", token.as_str()), ("cmd[a]", "event.bind")]),
        client.post(&v3).bearer_auth(&token).json(&json!({})),
        client.post(&v3).json(&json!({"auth": token, "id": 1})),
        client
            .post(format!("{v3}?auth={token}"))
            .json(&json!({"id": 1})),
    ];
    for (place, way) in ways.into_iter().enumerate() {
        let (status, body) = read(way.send().await.unwrap()).await;
        assert!(
            status == 200 && !body["result"].is_null(),
            "way {place}: {body}"
        );
    }
    let (status, body) = read(client.get(&v2).bearer_auth("wrong").send().await.unwrap()).await;
    assert_eq!((status, code(&body)), (401, "invalid_token"));
    let foreign = format!("{}/rest/tasks.task.list?auth={token}", portal.url());
    let (_, body) = read(client.get(foreign).send().await.unwrap()).await;
    assert_eq!(code(&body), "insufficient_scope");
    let text = body["error_description"].as_str().unwrap();
    assert!(text.ends_with("provided by the access token"), "{text}");
    assert!(
        portal
            .log()
            .iter()
            .all(|entry| !entry.params.contains(&token))
    );
}

#[tokio::test]
async fn the_log_shows_everything_but_secrets() {
    let written = tempfile::NamedTempFile::new().unwrap();
    let portal = stubbing()
        .secret("s3cr3tword")
        .log_to(written.reopen().unwrap())
        .start()
        .await
        .unwrap();
    let params =
        json!({"fields": {"TITLE": "see s3cr3tword", "password": "hunter2"}, "auth": "tok3n"});
    call(&portal, "crm.timeline.comment.add", &params).await;
    let batch = json!({"cmd": {"a": "crm.timeline.comment.add?auth=tok3n&fields[TITLE]=s3cr3tword", "b": "nope"}, "halt": 0});
    call(&portal, "batch", &batch).await;
    get(&format!(
        "{}/rest/1/other5ecret/crm.quote.list?access_token=tok3n",
        portal.url()
    ))
    .await;

    let lines = std::fs::read_to_string(written.path()).unwrap();
    for secret in ["s3cr3tword", "hunter2", "tok3n", "other5ecret"] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
    let entries: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0]["method"], "crm.timeline.comment.add");
    assert_eq!(entries[0]["status"], 200);
    assert_eq!(
        entries[1]["commands"],
        json!([
            "crm.timeline.comment.add?auth=***&fields[TITLE]=***",
            "nope"
        ])
    );
    assert_eq!(entries[2]["error"], "INVALID_CREDENTIALS");
    let kept: Vec<Value> = portal
        .log()
        .iter()
        .map(|entry| serde_json::to_value(entry).unwrap())
        .collect();
    assert_eq!(kept, entries);
    assert!(!format!("{portal:?}").contains("s3cr3tword"));
}

#[tokio::test]
async fn many_portals_live_side_by_side() {
    fn is_shareable<T: Send + Sync + 'static>() {}
    is_shareable::<Portal>();
    let mut portals = Vec::new();
    for _ in 0..20 {
        portals.push(stubbing().start().await.unwrap());
    }
    let tasks = portals.into_iter().map(|portal| {
        tokio::spawn(async move {
            let (status, _) = call(&portal, "crm.quote.fields", &json!({})).await;
            let address = portal.address();
            assert_eq!((status, portal.requests()), (200, 1));
            drop(portal);
            address
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        let address = task.await.unwrap();
        tokio::task::yield_now().await;
        let gone = tokio::net::TcpStream::connect(address).await;
        assert!(gone.is_err(), "{address} still listens");
    }
}
