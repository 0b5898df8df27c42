//! Calls with the tokens of applications.

use std::time::Duration;

use b24_portal::{App, Edition, Portal};
use reqwest::Client;
use serde_json::{Value, json};

use crate::client::{call, call_v3, code, get, read};
use crate::oauth::{app, refresh};

async fn with(portal: &Portal, token: &str, method: &str, params: &Value) -> (u16, Value) {
    let request = Client::new()
        .post(format!("{}/rest/{method}", portal.url()))
        .bearer_auth(token)
        .json(params);
    read(request.send().await.unwrap()).await
}

/// The result of a call that succeeds.
async fn told(portal: &Portal, token: &str, method: &str, params: Value) -> Value {
    let (status, mut body) = with(portal, token, method, &params).await;
    assert_eq!(status, 200, "{method}: {body}");
    body["result"].take()
}

#[tokio::test]
async fn the_first_credential_of_three_counts() {
    let portal = Portal::start().await;
    let app = portal.add_app(app());
    let good = app.tokens.access_token.as_str();
    for (bearer, auth, access_token, status) in [
        (good, "wrong", "wrong", 200),
        ("", good, "wrong", 200),
        ("", "", good, 200),
        ("wrong", good, good, 401),
        ("", "wrong", good, 401),
    ] {
        for path in [
            "rest/profile",
            "rest/api/main.eventlog.list",
            "rest//profile",
        ] {
            let mut request = Client::new().post(format!("{}/{path}", portal.url()));
            if !bearer.is_empty() {
                request = request.header("authorization", format!("bEARER {bearer}"));
            }
            let mut body = json!({});
            if !auth.is_empty() {
                body["auth"] = auth.into();
            }
            if !path.contains("api") {
                body["access_token"] = access_token.into();
            } else if auth.is_empty() && bearer.is_empty() {
                continue;
            }
            let (found, answer) = read(request.json(&body).send().await.unwrap()).await;
            // The event log is not among the scopes.
            let expected = if path.contains("api") && status == 200 {
                403
            } else {
                status
            };
            assert_eq!(found, expected, "{path} {bearer} {body}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_token_lives_an_hour_by_the_portals_clock() {
    let portal = Portal::start().await;
    let app = portal.add_app(app());
    let token = &app.tokens.access_token;
    portal.advance(Duration::from_secs(3_598));
    assert_eq!(with(&portal, token, "profile", &json!({})).await.0, 200);
    portal.advance(Duration::from_secs(3));
    for method in ["profile", "batch"] {
        let answer = with(&portal, token, method, &json!({})).await;
        assert_eq!((answer.0, code(&answer.1)), (401, "expired_token"));
    }
    let v3 = with(&portal, token, "api/tasks.task.list", &json!({})).await;
    let denied = "BITRIX_REST_V3_EXCEPTION_ACCESSDENIEDEXCEPTION";
    assert_eq!((v3.0, code(&v3.1)), (401, denied));
    let unknown = with(&portal, token, "no.such.method", &json!({})).await;
    assert_eq!(
        (unknown.0, code(&unknown.1)),
        (404, "ERROR_METHOD_NOT_FOUND")
    );
    let next = refresh(&portal, &app, &app.tokens.refresh_token).await.1;
    let next = next["access_token"].as_str().unwrap();
    assert_eq!(with(&portal, next, "profile", &json!({})).await.0, 200);

    portal.expire_access_tokens();
    let answer = with(&portal, next, "profile", &json!({})).await;
    assert_eq!(code(&answer.1), "expired_token");
    portal.revoke_access_tokens();
    let answer = with(&portal, next, "profile", &json!({})).await;
    assert_eq!((answer.0, code(&answer.1)), (401, "invalid_token"));
}

#[tokio::test]
async fn the_lifetime_of_access_tokens_can_be_set() {
    let lifetime = Duration::from_secs(5);
    let portal = Portal::builder()
        .access_token_lifetime(lifetime)
        .start()
        .await;
    let portal = portal.unwrap();
    let app = portal.add_app(app());
    assert_eq!(app.tokens.expires_in, 5);
    portal.advance(lifetime);
    let answer = with(&portal, &app.tokens.access_token, "profile", &json!({})).await;
    assert_eq!(code(&answer.1), "expired_token");
}

#[tokio::test]
async fn scopes_come_before_the_user_and_the_user_before_the_method() {
    let portal = Portal::start().await;
    let app = portal.add_app(app().users([1]));
    let stranger = portal.issue_tokens(&app.client_id, 2).unwrap().access_token;
    // Who has left.
    let gone = portal.add_token(14, &["crm"]);
    for (token, method, status, error) in [
        (&stranger, "tasks.task.list", 401, "insufficient_scope"),
        (&stranger, "crm.deal.list", 401, "user_access_error"),
        (&stranger, "batch", 401, "user_access_error"),
        (&gone, "tasks.task.list", 401, "insufficient_scope"),
        (&gone, "crm.deal.list", 401, "authorization_error"),
    ] {
        let answer = with(&portal, token, method, &json!({})).await;
        assert_eq!((answer.0, code(&answer.1)), (status, error), "{method}");
    }
    let own = &app.tokens.access_token;
    assert_eq!(with(&portal, own, "crm.deal.list", &json!({})).await.0, 200);
    let scopes = told(&portal, own, "scope", json!({})).await;
    assert_eq!(scopes, json!(["crm", "user_brief"]));
    let hook = portal.add_webhook(14, &["crm"]);
    let answer = get(&format!("{hook}crm.deal.list")).await;
    assert_eq!((answer.0, code(&answer.1)), (401, "authorization_error"));
    assert!(portal.issue_tokens("local.nobody", 1).is_none());
}

#[tokio::test]
async fn the_application_is_named_in_a_header_of_cloud_portals() {
    for (edition, is_named) in [(Edition::Cloud, true), (Edition::Box, false)] {
        let portal = Portal::builder().edition(edition).start().await.unwrap();
        let app = portal.add_app(app());
        let url = format!(
            "{}/rest/profile?auth={}",
            portal.url(),
            app.tokens.access_token
        );
        let answer = reqwest::get(url).await.unwrap();
        let header = answer.headers().get("x-bitrix-rest-application");
        let expected = is_named.then_some(app.client_id.as_str());
        assert_eq!(header.map(|header| header.to_str().unwrap()), expected);
        let by_webhook = reqwest::get(format!("{}profile", portal.webhook()))
            .await
            .unwrap();
        assert!(
            !by_webhook
                .headers()
                .contains_key("x-bitrix-rest-application")
        );
    }
}

#[tokio::test]
async fn an_application_is_told_about_itself() {
    let portal = Portal::start().await;
    let app = portal.add_app(app());
    let token = &app.tokens.access_token;
    let info = told(&portal, token, "app.info", json!({})).await;
    let expected = json!({
        "ID": 1, "CODE": app.client_id, "VERSION": 1, "STATUS": "L", "INSTALLED": true,
        "PAYMENT_EXPIRED": "N", "DAYS": null, "LANGUAGE_ID": "ru", "LICENSE": "en_pro100",
        "LICENSE_TYPE": "pro100", "LICENSE_FAMILY": "pro",
    });
    assert_eq!(info, expected);
    portal.set_installation(&app.client_id, b24_portal::Installation::Unfinished);
    let info = told(&portal, token, "app.info", json!({})).await;
    assert_eq!(info["INSTALLED"], false);
    let hook = call(&portal, "app.info", &json!({})).await.1;
    let keys: Vec<_> = hook["result"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(keys, ["LICENSE", "SCOPE"]);
    let profile = told(&portal, token, "profile", json!({})).await;
    assert_eq!(
        (
            &profile["ID"],
            &profile["ADMIN"],
            &profile["TIME_ZONE_OFFSET"]
        ),
        (&json!("1"), &json!(true), &json!(10_800))
    );
}

#[tokio::test]
async fn options_are_kept_for_the_application_and_for_each_user() {
    let portal = Portal::start().await;
    let app = portal.add_app(app());
    let admin = app.tokens.access_token.clone();
    let user = portal.issue_tokens(&app.client_id, 2).unwrap().access_token;
    let other = portal
        .add_app(App::new("http://127.0.0.1/"))
        .tokens
        .access_token;

    assert_eq!(
        told(&portal, &user, "app.option.get", json!({})).await,
        json!([])
    );
    let set = json!({"options": {"mode": "fast", "limit": 7}});
    assert_eq!(told(&portal, &admin, "app.option.set", set).await, true);
    assert_eq!(
        told(&portal, &admin, "app.option.set", json!({"limit": 8})).await,
        true
    );
    let all = json!({"mode": "fast", "limit": 8});
    assert_eq!(told(&portal, &user, "app.option.get", json!({})).await, all);
    let one = told(&portal, &user, "app.option.get", json!({"option": "mode"})).await;
    assert_eq!(one, "fast");
    let none = told(
        &portal,
        &user,
        "app.option.get",
        json!({"option": "nothing"}),
    )
    .await;
    assert_eq!(none, Value::Null);
    assert_eq!(
        told(&portal, &other, "app.option.get", json!({})).await,
        json!([])
    );

    let own = json!({"options": {"theme": "dark"}});
    assert_eq!(
        told(&portal, &user, "user.option.set", own.clone()).await,
        true
    );
    assert_eq!(
        told(&portal, &user, "user.option.get", json!({})).await,
        own["options"]
    );
    assert_eq!(
        told(&portal, &admin, "user.option.get", json!({})).await,
        json!([])
    );

    let refused = with(&portal, &user, "app.option.set", &own).await;
    assert_eq!((refused.0, code(&refused.1)), (403, "ACCESS_DENIED"));
    let empty = with(&portal, &user, "user.option.set", &json!({})).await;
    assert_eq!((empty.0, code(&empty.1)), (400, "ERROR_ARGUMENT"));
    for method in [
        "app.option.get",
        "app.option.set",
        "user.option.get",
        "user.option.set",
    ] {
        let answer = call(&portal, method, &json!({"a": 1})).await;
        assert_eq!(
            (answer.0, code(&answer.1)),
            (403, "WRONG_AUTH_TYPE"),
            "{method}"
        );
    }
}

#[tokio::test]
async fn rights_are_those_of_the_tokens_user() {
    let portal = Portal::start().await;
    let (admin, user) = (portal.add_token(1, &[]), portal.add_token(3, &[]));
    for (token, is_admin) in [(&admin, true), (&user, false)] {
        assert_eq!(
            told(&portal, token, "user.admin", json!({})).await,
            is_admin
        );
        let group = json!({"ACCESS": ["G1"]});
        assert_eq!(told(&portal, token, "user.access", group).await, is_admin);
    }
    for (codes, expected) in [
        (json!(["U1"]), false),
        (json!(["U1", "U3"]), true),
        (json!("AU"), true),
        (json!(["D3"]), true),
        (json!(["DR1"]), true),
        (json!(["D1"]), false),
    ] {
        let params = json!({"ACCESS": codes});
        assert_eq!(
            told(&portal, &user, "user.access", params).await,
            expected,
            "{codes}"
        );
    }
    let codes = json!({"ACCESS": ["AU", "G2", "U1", "DR3", "X9"]});
    let names = told(&portal, &user, "access.name", codes).await;
    let keys: Vec<_> = names.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["AU", "DR3", "G2", "U1"]);
    assert_eq!(names["AU"]["provider_id"], "other");
    let empty = with(&portal, &user, "access.name", &json!({})).await;
    assert_eq!((empty.0, code(&empty.1)), (400, "ERROR_ARGUMENT"));
}

#[tokio::test]
async fn operating_time_is_counted_by_application_not_by_token() {
    let portal = Portal::builder().method_cost("user.admin", Duration::from_millis(200));
    let portal = portal.start().await.unwrap();
    let app = portal.add_app(app());
    let second = portal.issue_tokens(&app.client_id, 2).unwrap();
    let spent = |token: String| {
        let portal = &portal;
        async move {
            let answer = with(portal, &token, "user.admin", &json!({})).await.1;
            answer["time"]["operating"].as_f64().unwrap()
        }
    };
    let first = spent(app.tokens.access_token.clone()).await;
    let both = spent(second.access_token).await;
    assert!(both > first && first > 0.0, "{first} {both}");
    let other = portal.add_app(App::new("http://127.0.0.1/"));
    let apart = spent(other.tokens.access_token).await;
    assert!(apart < both, "{apart} {both}");
    let by_webhook = call_v3(&portal, "main.eventlog.list", &json!({})).await;
    assert_eq!(by_webhook.0, 200);
}
