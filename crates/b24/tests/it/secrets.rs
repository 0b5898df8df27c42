//! What must not be seen: in errors, and in logs at their most talkative.

use b24::{Client, Kind};
use serde_json::json;

use crate::script::{Script, Step, error, ok};
use crate::seen;

#[tokio::test(start_paused = true)]
async fn logs_show_bodies_without_their_secrets() {
    seen::watch();
    let moved = "https://acme-new.bitrix24.com/rest/7/s3cr3t/event.bind";
    let script = Script::new([
        Step::Moved(moved.into()),
        Step::NotSent,
        ok(json!({ "access_token": "t0k3n", "name": "visible answer" })),
        error(401, "expired_token"),
        Step::Answer(
            502,
            "<title>https://acme.bitrix24.com/rest/7/s3cr3t/</title>".into(),
        ),
        ok(json!({ "result": { "c0": "visible row" }, "result_error": [] })),
    ]);
    let b24 = script.client();
    let call = |method: &str| {
        b24.v2()
            .call(method)
            .param("auth_token", "t0k3n")
            .param("title", "visible request")
    };
    call("event.bind").await.unwrap();
    call("event.bind").await.unwrap_err();
    call("event.bind").await.unwrap_err();
    let mut batch = b24.v2().batch();
    batch.push(call("crm.item.get"));
    batch.await.unwrap();
    let seen = seen::text();
    for visible in [
        "visible request",
        "visible answer",
        "visible row",
        "event.bind",
    ] {
        assert!(seen.contains(visible), "{visible}: {seen}");
    }
    for secret in ["s3cr3t", "t0k3n"] {
        assert!(!seen.contains(secret), "{secret}: {seen}");
    }
}

#[tokio::test]
async fn the_password_of_a_proxy_stays_secret() {
    let webhook = "https://acme.bitrix24.com/rest/7/s3cr3t/";
    let builder = |proxy: &str| Client::builder().webhook(webhook).proxy(proxy);
    let shown = |error: b24::Error| {
        let source = std::error::Error::source(&error).map(|source| format!("{source} {source:?}"));
        format!("{error} {error:?} {source:?}")
    };
    for malformed in [
        "http://bob:p4ssw0rd@",
        "http://bob:p4ssw0rd@ho st:3128",
        "p4ssw0rd://",
        "bob:p4ssw0rd",
    ] {
        match builder(malformed).build() {
            Ok(b24) => assert!(!format!("{b24:?}").contains("p4ssw0rd")),
            Err(error) => {
                assert_eq!(error.kind(), Kind::Usage, "{error}");
                let shown = shown(error);
                assert!(!shown.contains("p4ssw0rd"), "{shown}");
            }
        }
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let b24 = builder(&format!("http://bob:p4ssw0rd@{closed}"))
        .build()
        .unwrap();
    let call = b24
        .v2()
        .call("crm.item.get")
        .deadline(std::time::Duration::from_millis(200));
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), Kind::Temporary);
    let shown = shown(error);
    assert!(
        !shown.contains("p4ssw0rd") && !shown.contains("s3cr3t"),
        "{shown}"
    );
}

/// Whatever holds a secret, printed.
#[tokio::test]
async fn no_debug_shows_a_secret() {
    const WEBHOOK: &str = "https://acme.bitrix24.com/rest/7/s3cr3t/";
    const SECRETS: [&str; 5] = ["s3cr3t", "p4ssw0rd", "t0k3n", "acc3ss", "r3fresh"];
    seen::watch();
    let builder = Client::builder()
        .webhook(WEBHOOK)
        .proxy("http://bob:p4ssw0rd@127.0.0.1:9");
    seen::shown(&builder);
    let b24 = builder.build().unwrap();
    let call = || b24.v2().call("event.bind").param("auth", "t0k3n");
    let mut batch = b24.v2().batch();
    seen::shown(&batch.push(call()));
    let list = b24.v2().list("crm.item.list").param("auth", "t0k3n");
    let request = http::Request::get("/?auth=t0k3n").header("authorization", "Bearer t0k3n");
    let request = request.body(bytes::Bytes::from("auth=t0k3n")).unwrap();
    let forward = b24.forward(b24::Version::V2, "profile", request);
    let forward = forward.stand_in("http://127.0.0.1:8725", "s3cr3t-of-a-client");
    seen::shown(&(&b24, b24.v2(), b24.v3(), b24::WebhookUrl::parse(WEBHOOK)));
    seen::shown(&(call(), batch, list, forward));

    let app = b24::App::new("local.1", "cl13nt-s3cr3t");
    let grant = b24::Grant::new("0", "https://acme.bitrix24.com/rest/", "acc3ss", "r3fresh")
        .with_application_token(Some("t0k3n".into()));
    let oauth = b24::OAuth::new(app.clone(), b24::MemoryStore::new());
    oauth.adopt(grant.clone()).await.unwrap();
    let portal = oauth.portal("0").await.unwrap();
    assert!(portal.is_some());
    seen::shown(&(&app, &grant, &oauth, &portal, oauth.client("0").await));
    let event = |name: &str| {
        format!(
            "event={name}&auth[member_id]=0&auth[application_token]=t0k3n&auth[access_token]=acc3ss&\
             auth[refresh_token]=r3fresh&auth[client_endpoint]=https://acme.bitrix24.com/rest/"
        )
    };
    let installed = b24::Installation::from_event(event("ONAPPINSTALL").as_bytes());
    let uninstalled = b24::Uninstallation::from_event(event("ONAPPUNINSTALL").as_bytes());
    seen::shown(&(installed.unwrap(), uninstalled.unwrap()));
    let record = b24::store::Record::from_bytes(*b"acc3ss");
    seen::shown(&b24::store::Row { record, version: 1 });

    for visible in ["acme.bitrix24.com", "event.bind", "local.1"] {
        assert!(seen::text().contains(visible), "{visible}");
    }
    seen::holds_no_secret(&SECRETS);
}

/// The search for secrets in the tests of applications finds them.
#[test]
fn what_is_logged_or_printed_on_a_watched_thread_is_seen() {
    seen::watch();
    tracing::trace!(token = "l0gged", "an event");
    tracing::info_span!("a span", token = "sp4nned").in_scope(|| ());
    seen::shown(&"pr1nted");
    for secret in ["l0gged", "sp4nned", "pr1nted"] {
        let found = std::panic::catch_unwind(|| seen::holds_no_secret(&[secret]));
        assert!(found.is_err(), "{secret}");
    }
    seen::holds_no_secret(&["s3cr3t"]);
}
