use b24_portal::Portal;
use reqwest::multipart::Form;
use serde_json::json;

use crate::client::stubbing;

/// The parameters of the last request, as the log shows them.
fn seen(portal: &Portal) -> String {
    portal.log().last().unwrap().params.clone()
}

#[tokio::test]
async fn sources_and_their_precedence() {
    let portal = stubbing().start().await.unwrap();
    let url = format!("{}crm.quote.list", portal.webhook());
    let client = reqwest::Client::new();
    let typed = |kind: &str, body: &str| {
        client
            .post(format!("{url}?a=q&b=q"))
            .header("content-type", kind)
            .body(body.to_owned())
    };
    let cases = [
        (
            client.get(format!("{url}?a=1&f[%3EID]=2&x.y=3")),
            r#"{"a":"1","f":{"\u003EID":"2"},"x_y":"3"}"#,
        ),
        (
            typed("application/x-www-form-urlencoded", "a=form&c[]=1"),
            r#"{"a":"form","b":"q","c":["1"]}"#,
        ),
        (
            typed("application/json", r#"{"a":1,"c":{"d":null}}"#),
            r#"{"a":1,"b":"q","c":{"d":null}}"#,
        ),
        (
            typed("application/json; charset=utf-8", r#"{"a":true}"#),
            r#"{"a":true,"b":"q"}"#,
        ),
        (typed("application/json", "{broken"), r#"{"a":"q","b":"q"}"#),
        (typed("application/json", "5"), r#"{"a":"q","b":"q"}"#),
        (typed("text/plain", "a=text"), r#"{"a":"text","b":"q"}"#),
        (
            typed("application/vnd.x+json", "a=odd"),
            r#"{"a":"odd","b":"q"}"#,
        ),
        (
            client
                .post(&url)
                .multipart(Form::new().text("a[b]", "part")),
            r#"{"a":{"b":"part"}}"#,
        ),
        (
            client
                .put(format!("{url}?a=q"))
                .json(&json!({"a": "ignored"})),
            r#"{"a":"q"}"#,
        ),
        (
            client.post(format!("{url}?method=gone&state=s&auth=t&a=1")),
            r#"{"a":"1"}"#,
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(request.send().await.unwrap().status(), 200, "{expected}");
        assert_eq!(seen(&portal), expected);
    }
}

#[tokio::test]
async fn a_token_parameter_is_a_signed_link() {
    let portal = stubbing().start().await.unwrap();
    let response = reqwest::get(format!("{}crm.quote.list?token=abc", portal.webhook()))
        .await
        .unwrap();
    assert_eq!(response.status(), 403);
    assert!(response.text().await.unwrap().contains("Link check failed"));
}
