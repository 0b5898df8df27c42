use b24_portal::{Portal, Unplayed};
use reqwest::Method;
use serde_json::json;

use crate::client::{call, code, get, read, stubbing};

#[tokio::test]
async fn every_form_of_url_finds_its_method() {
    let portal = stubbing().secret("demo").start().await.unwrap();
    let url = portal.url();
    for path in [
        "/rest/1/demo/crm.quote.fields",
        "/rest/1/demo/crm.quote.fields/",
        "/rest/1/demo/crm.quote.fields.json",
        "//rest//1/demo///CRM.Quote.FIELDS",
        "/rest/admin/demo/crm.quote.fields",
        "/rest/?method=crm.quote.fields&aplogin=1&ap=demo",
        "/rest/crm.quote.fields?aplogin=1&ap=demo",
        "/rest/1/demo/%63rm.quote.fields",
        "/rest/1/demo/im.v2.Chat.get",
    ] {
        let (status, body) = get(&format!("{url}{path}")).await;
        let known = path.contains("Chat") || status == 200 && body.get("result").is_some();
        assert!(known, "{path}: {status} {body}");
    }
    for (path, status, error) in [
        (
            "/rest/1/demo/crm.quote.fields.xml",
            501,
            "B24_PORTAL_NOT_PLAYED",
        ),
        (
            "/rest/1/demo/crm.quote.fields.yaml",
            404,
            "ERROR_METHOD_NOT_FOUND",
        ),
        ("/rest/1/demo", 404, "ERROR_METHOD_NOT_FOUND"),
        ("/rest/", 404, "ERROR_METHOD_NOT_FOUND"),
        (
            "/rest/api/1/demo/nobody.knows",
            404,
            "BITRIX_REST_V3_EXCEPTION_METHODNOTFOUNDEXCEPTION",
        ),
    ] {
        let (got, body) = get(&format!("{url}{path}")).await;
        assert_eq!((got, code(&body)), (status, error), "{path}: {body}");
    }
    assert_eq!(get(&format!("{url}/bitrix/admin/")).await.0, 404);
}

#[tokio::test]
async fn any_verb_runs_the_method_and_options_does_not() {
    let portal = stubbing().start().await.unwrap();
    let url = format!("{}crm.quote.fields?x=1", portal.webhook());
    let client = reqwest::Client::new();
    for verb in [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ] {
        let (status, body) = read(client.request(verb.clone(), &url).send().await.unwrap()).await;
        assert!(
            status == 200 && body["result"].is_object(),
            "{verb}: {body}"
        );
    }
    let head = client.head(&url).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.text().await.unwrap(), "");
    assert_eq!(portal.requests(), 6);

    let options = client
        .request(Method::OPTIONS, format!("{}/rest/1/wrong/x", portal.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(options.status(), 200);
    assert_eq!(options.headers()["access-control-allow-origin"], "*");
    assert_eq!(
        options.headers()["access-control-allow-headers"],
        "origin, content-type, accept"
    );
    assert!(
        !options
            .headers()
            .contains_key("access-control-allow-methods")
    );
    assert_eq!(options.text().await.unwrap(), "");
    assert_eq!(portal.requests(), 6);
}

#[tokio::test]
async fn headers_are_the_portals() {
    let portal = stubbing().start().await.unwrap();
    let response = reqwest::get(format!("{}crm.quote.fields", portal.webhook()))
        .await
        .unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "application/json; charset=utf-8"
    );
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert!(!response.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn unplayed_methods_say_so_in_three_ways() {
    let cases = [
        (Unplayed::NotImplemented, 501, "B24_PORTAL_NOT_PLAYED"),
        (Unplayed::Stub, 200, "no error"),
        (Unplayed::NotFound, 404, "ERROR_METHOD_NOT_FOUND"),
    ];
    for (setting, status, error) in cases {
        let portal = Portal::builder().unplayed(setting).start().await.unwrap();
        let (got, body) = call(&portal, "crm.timeline.comment.add", &json!({})).await;
        assert_eq!((got, code(&body)), (status, error), "{body}");
        let (got, body) = call(&portal, "no.such.method", &json!({})).await;
        assert_eq!((got, code(&body)), (404, "ERROR_METHOD_NOT_FOUND"));
        assert_eq!(body["error_description"], "Method not found!");
    }
    let portal = Portal::start().await;
    let (_, body) = call(&portal, "crm.timeline.comment.add", &json!({})).await;
    let text = "b24 portal does not play crm.timeline.comment.add; a real portal has it. \
                Start with --unplayed stub, or see b24 portal coverage";
    assert_eq!(body["error_description"], text);
}
