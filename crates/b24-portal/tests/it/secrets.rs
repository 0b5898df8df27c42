//! What must not be seen of a portal: its secrets bear a mark, so that they are found.

use b24_portal::{App, Portal, SECRET_MARK, Tls};
use serde_json::json;

use crate::client::{call, get};

#[tokio::test]
async fn every_secret_bears_the_mark() {
    let portal = Portal::start().await;
    let app = portal.add_app(App::new("https://app.example/back"));
    let webhook = portal.add_webhook(1, &["crm"]);
    for secret in [
        portal.webhook().rsplit('/').nth(1).unwrap(),
        webhook.rsplit('/').nth(1).unwrap(),
        portal.control_token(),
        &app.client_secret,
        &app.application_token,
        &app.tokens.access_token,
        &app.tokens.refresh_token,
    ] {
        assert!(secret.starts_with(SECRET_MARK), "{secret}");
    }
}

/// Printed, and in the log of requests, with credentials at every place where a client may put them.
#[tokio::test]
async fn neither_debug_nor_the_log_shows_a_secret() {
    b24_seen::watch();
    let builder = Portal::builder();
    b24_seen::shown(&builder);
    let portal = builder.start().await.unwrap();
    let card = App::new("https://app.example/back");
    b24_seen::shown(&card);
    let app = portal.add_app(card);
    let token = &app.tokens.access_token;
    get(&format!("{}/rest/profile?auth={token}", portal.url())).await;
    call(
        &portal,
        "profile",
        &json!({ "auth": token, "access_token": token }),
    )
    .await;
    let commands = json!({ "cmd": { "a": format!("profile?auth={token}") } });
    call(&portal, "batch", &commands).await;
    let refresh = format!(
        "{}?grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        app.token_url, app.client_id, app.client_secret, app.tokens.refresh_token
    );
    get(&refresh).await;
    get(&format!("{}/rest/1/{SECRET_MARK}0/profile", portal.url())).await;
    b24_seen::shown(&(&portal, &app, portal.log(), portal.oauth_counts()));
    b24_seen::shown(&Tls::for_hosts(vec!["localhost".to_owned()]).unwrap());
    let visible = b24_seen::text();
    assert!(
        visible.contains("profile") && visible.contains("oauth/token"),
        "{visible}"
    );
    b24_seen::holds_no_secret(&[SECRET_MARK, "PRIVATE KEY"]);
}
