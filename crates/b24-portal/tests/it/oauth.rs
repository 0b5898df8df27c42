//! The token endpoint: codes, refreshes, refusals.

use std::time::Duration;

use b24_portal::{App, AppStatus, Condition, Installation, InstalledApp, OAuthCounts, Portal};
use reqwest::Client;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::client::{code, get, read};

/// Secrets that can be told from all others.
pub(crate) fn app() -> App {
    App::new("http://127.0.0.1:3000/back?from=b24")
        .client_id("local.5c8bb1b0917b11.00000001")
        .client_secret("s3cretOfTheApplication")
        .scopes(["crm", "user_brief"])
}

/// A refresh as b24jssdk sends it: a form, posted to the OAuth server.
pub(crate) async fn refresh(portal: &Portal, app: &InstalledApp, token: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
        ("refresh_token", token),
    ];
    post(&format!("{}/oauth/token/", portal.oauth_url()), &form).await
}

async fn post(url: &str, form: &[(&str, &str)]) -> (u16, Value) {
    read(Client::new().post(url).form(form).send().await.unwrap()).await
}

/// What a browser gets at `/oauth/authorize/`: status, and the address it is sent to or the page.
async fn browse(portal: &Portal, query: &str) -> (u16, String) {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let url = format!("{}/oauth/authorize/?{query}", portal.url());
    let answer = client.get(url).send().await.unwrap();
    let status = answer.status().as_u16();
    let to = answer.headers().get("location").cloned();
    match to {
        Some(to) => (status, to.to_str().unwrap().to_owned()),
        None => (status, answer.text().await.unwrap()),
    }
}

/// A code for the portal's acting user.
async fn authorised(portal: &Portal, app: &InstalledApp) -> String {
    let (status, to) = browse(portal, &format!("client_id={}", app.client_id)).await;
    assert_eq!(status, 302, "{to}");
    param(&to, "code")
}

fn param(url: &str, name: &str) -> String {
    let url = reqwest::Url::parse(url).unwrap();
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.unwrap().1.into_owned()
}

fn exchange_query<'a>(app: &'a InstalledApp, code: &'a str) -> [(&'static str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
        ("code", code),
    ]
}

#[tokio::test]
async fn a_browser_brings_a_code_and_the_code_becomes_tokens() {
    let portal = Portal::builder().member_id("0123456789abcdef0123456789abcdef");
    let portal = portal.start().await.unwrap();
    let installed = portal.add_app(app());
    let query = format!(
        "client_id={}&state=a%26b&response_type=code",
        installed.client_id
    );
    let (status, to) = browse(&portal, &query).await;
    assert_eq!(status, 302, "{to}");
    assert!(
        to.starts_with("http://127.0.0.1:3000/back?from=b24&"),
        "{to}"
    );
    let (host, server) = (portal.address().to_string(), portal.oauth_url());
    let server_host = server.strip_prefix("http://").unwrap();
    for (name, value) in [
        ("state", "a&b"),
        ("domain", host.as_str()),
        ("member_id", "0123456789abcdef0123456789abcdef"),
        ("scope", "crm,user_brief"),
        ("server_domain", server_host),
    ] {
        assert_eq!(param(&to, name), value, "{name}");
    }

    let now = portal.now().as_secs();
    let code = param(&to, "code");
    let url = format!("{server}/oauth/token/");
    let request = Client::new()
        .get(&url)
        .query(&exchange_query(&installed, &code));
    let (status, mut tokens) = read(request.send().await.unwrap()).await;
    assert_eq!(status, 200, "{tokens}");
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    assert!(access.len() == 70 && tokens["refresh_token"].as_str().unwrap().len() == 70);
    let expires = tokens["expires"].as_u64().unwrap();
    assert!((now + 3_600..now + 3_605).contains(&expires));
    for key in ["access_token", "refresh_token", "expires"] {
        tokens[key] = Value::Null;
    }
    let expected = json!({
        "access_token": null, "refresh_token": null, "expires": null, "expires_in": 3600,
        "scope": "crm,user_brief", "domain": server_host,
        "server_endpoint": format!("{server}/rest/"),
        "client_endpoint": format!("{}/rest/", portal.url()),
        "status": "L", "member_id": "0123456789abcdef0123456789abcdef", "user_id": 1,
    });
    assert_eq!(tokens, expected);
    let answer = get(&format!("{}/rest/user.admin?auth={access}", portal.url())).await;
    assert_eq!((answer.0, &answer.1["result"]), (200, &json!(true)));
}

#[tokio::test]
async fn a_code_works_once_within_thirty_seconds() {
    let portal = Portal::start().await;
    let app = portal.add_app(app());
    let url = format!("{}/oauth/token/", portal.url());
    let in_time = authorised(&portal, &app).await;
    portal.advance(Duration::from_secs(29));
    assert_eq!(post(&url, &exchange_query(&app, &in_time)).await.0, 200);
    let again = post(&url, &exchange_query(&app, &in_time)).await;
    assert_eq!((again.0, code(&again.1)), (400, "invalid_grant"));
    let late = authorised(&portal, &app).await;
    portal.advance(Duration::from_secs(30));
    let late = post(&url, &exchange_query(&app, &late)).await;
    assert_eq!((late.0, code(&late.1)), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_refresh_token_becomes_a_new_pair_once_within_half_a_year() {
    let portal = Portal::start().await;
    let app = portal.add_app(app());
    let old = app.tokens.refresh_token.clone();
    let (status, first) = refresh(&portal, &app, &old).await;
    assert_eq!((status, &first["user_id"]), (200, &json!(1)));
    let new = first["refresh_token"].as_str().unwrap();
    assert_ne!(new, old);
    let again = refresh(&portal, &app, &old).await;
    assert_eq!((again.0, code(&again.1)), (400, "invalid_grant"));
    // Each access token lives out its hour.
    for token in [
        &app.tokens.access_token,
        first["access_token"].as_str().unwrap(),
    ] {
        let url = format!("{}/rest/profile?auth={token}", portal.url());
        assert_eq!(get(&url).await.0, 200);
    }
    portal.advance(Duration::from_secs(180 * 86_400 - 60));
    let (status, second) = refresh(&portal, &app, new).await;
    assert_eq!(status, 200);
    portal.advance(Duration::from_secs(180 * 86_400));
    let late = refresh(&portal, &app, second["refresh_token"].as_str().unwrap()).await;
    assert_eq!((late.0, code(&late.1)), (400, "invalid_grant"));

    let counts = portal.oauth_counts();
    assert_eq!((counts.codes, counts.refreshes), (0, 2));
    assert_eq!(
        (counts.refused_refreshes, counts.reused_refresh_tokens),
        (2, 1)
    );
    portal.reset();
    assert_eq!(portal.oauth_counts(), OAuthCounts::default());
}

#[tokio::test]
async fn of_many_refreshes_at_once_one_gets_the_new_pair() {
    let portal = Portal::start().await;
    let app = portal.add_app(app());
    let token = app.tokens.refresh_token.as_str();
    let tries = (0..20).map(|_| refresh(&portal, &app, token));
    let answers = futures_util::future::join_all(tries).await;
    let won = answers.iter().filter(|(status, _)| *status == 200).count();
    let counts = portal.oauth_counts();
    assert_eq!(
        (won, counts.refreshes, counts.reused_refresh_tokens),
        (1, 1, 19)
    );
}

#[tokio::test]
async fn a_used_refresh_token_may_be_given_a_grace() {
    let grace = Duration::from_secs(60);
    let portal = Portal::builder().refresh_token_grace(grace).start().await;
    let portal = portal.unwrap();
    let app = portal.add_app(app());
    let token = app.tokens.refresh_token.clone();
    for seconds in [0, 59] {
        portal.advance(Duration::from_secs(seconds));
        assert_eq!(refresh(&portal, &app, &token).await.0, 200);
    }
    portal.advance(Duration::from_secs(3));
    assert_eq!(refresh(&portal, &app, &token).await.0, 400);
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let portal = Portal::start().await;
    let (own, other) = (
        portal.add_app(app()),
        portal.add_app(App::new("http://127.0.0.1/")),
    );
    let token = own.tokens.refresh_token.as_str();
    let (id, secret) = (own.client_id.as_str(), own.client_secret.as_str());
    let url = format!("{}/oauth/token/", portal.oauth_url());
    let complete = [
        ("grant_type", "refresh_token"),
        ("client_id", id),
        ("client_secret", secret),
        ("refresh_token", token),
    ];
    let with = |name: &str, value| {
        let mut form = complete.to_vec();
        form.retain(|(key, _)| *key != name);
        form.extend(Option::map(value, |value| {
            (name.to_owned().leak() as &str, value)
        }));
        form
    };
    for (form, status, error) in [
        (with("grant_type", None), 400, "invalid_request"),
        (with("grant_type", Some("password")), 400, "invalid_request"),
        (with("refresh_token", None), 400, "invalid_request"),
        (with("client_id", None), 400, "invalid_request"),
        (with("client_secret", Some("wrong")), 400, "invalid_client"),
        (
            with("client_id", Some("local.nobody")),
            400,
            "invalid_client",
        ),
        (
            with("client_id", Some(&other.client_id)),
            400,
            "invalid_client",
        ),
        (with("refresh_token", Some("0000")), 400, "invalid_grant"),
        (with("scope", Some("crm,disk")), 400, "invalid_scope"),
    ] {
        let answer = post(&url, &form).await;
        assert_eq!((answer.0, code(&answer.1)), (status, error), "{form:?}");
        assert!(!answer.1["error_description"].as_str().unwrap().is_empty());
    }
    let foreign = refresh(&portal, &other, token).await;
    assert_eq!((foreign.0, code(&foreign.1)), (200, "wrong_client"));
    assert_eq!(
        post(&url, &complete).await.0,
        200,
        "none of them used it up"
    );
    assert_eq!(
        get(&format!("{}/rest/app.info", portal.oauth_url()))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn statuses_of_errors_can_be_set() {
    let portal = Portal::builder().token_status("invalid_grant", 401);
    let portal = portal.start().await.unwrap();
    let app = portal.add_app(app());
    let answer = refresh(&portal, &app, "0000").await;
    assert_eq!((answer.0, code(&answer.1)), (401, "invalid_grant"));
}

#[tokio::test]
async fn the_state_of_an_installation_decides() {
    let portal = Portal::start().await;
    let app = portal.add_app(app());
    let url = format!(
        "{}/rest/profile?auth={}",
        portal.url(),
        app.tokens.access_token
    );
    let mut token = app.tokens.refresh_token.clone();
    for (state, call, refreshed) in [
        (
            Installation::Unfinished,
            (200, "no error"),
            (200, "no error"),
        ),
        (
            Installation::PaymentExpired,
            (401, "PAYMENT_REQUIRED"),
            (401, "PAYMENT_REQUIRED"),
        ),
        (
            Installation::Blocked,
            (401, "OVERLOAD_LIMIT"),
            (200, "no error"),
        ),
        (
            Installation::Uninstalled,
            (401, "APPLICATION_NOT_FOUND"),
            (401, "ERROR_OAUTH"),
        ),
        // It came back, but its tokens did not.
        (
            Installation::Installed,
            (401, "invalid_token"),
            (400, "invalid_grant"),
        ),
    ] {
        assert!(portal.set_installation(&app.client_id, state));
        let called = get(&url).await;
        assert_eq!((called.0, code(&called.1)), call, "{state:?}");
        let answer = refresh(&portal, &app, &token).await;
        assert_eq!((answer.0, code(&answer.1)), refreshed, "{state:?}");
        if let Some(next) = answer.1["refresh_token"].as_str() {
            token = next.to_owned();
        }
    }
    assert!(!portal.set_installation("local.nobody", Installation::Installed));
}

#[tokio::test]
async fn the_condition_of_a_portal_decides() {
    let portal = Portal::start().await;
    let app = portal.add_app(app());
    let call = format!(
        "{}/rest/profile?auth={}",
        portal.url(),
        app.tokens.access_token
    );
    let hook = format!("{}profile", portal.webhook());
    portal.set_condition(Condition::Blocked);
    for url in [&call, &hook] {
        let answer = get(url).await;
        assert_eq!((answer.0, code(&answer.1)), (401, "ACCESS_DENIED"));
    }
    let token = &app.tokens.refresh_token;
    let (status, next) = refresh(&portal, &app, token).await;
    assert_eq!(status, 200);
    portal.set_condition(Condition::Deleted);
    for url in [
        &call,
        &hook,
        &format!("{}/rest/no.such.method", portal.url()),
    ] {
        let answer = get(url).await;
        assert_eq!((answer.0, code(&answer.1)), (403, "PORTAL_DELETED"));
    }
    let answer = refresh(&portal, &app, next["refresh_token"].as_str().unwrap()).await;
    assert_eq!((answer.0, code(&answer.1)), (400, "invalid_grant"));
    portal.reset();
    assert_eq!(get(&call).await.0, 200);
}

#[tokio::test]
async fn people_read_what_is_wrong_at_the_authorisation() {
    let portal = Portal::start().await;
    let few = portal.add_app(app().users([1, 2]));
    let of = |id: &str| format!("client_id={id}");
    for (query, text) in [
        (String::new(), "client_id"),
        (of("local.nobody"), "not found"),
        (
            format!("{}&user=3", of(&few.client_id)),
            "does not have access",
        ),
        (
            format!("{}&user=99", of(&few.client_id)),
            "does not have access",
        ),
    ] {
        let (status, page) = browse(&portal, &query).await;
        assert!(
            status == 400 && page.contains("<p") && page.contains(text),
            "{page}"
        );
    }
    let (status, to) = browse(&portal, &format!("{}&user=2", of(&few.client_id))).await;
    assert_eq!(status, 302, "{to}");
    let url = format!("{}/oauth/token/", portal.oauth_url());
    let tokens = post(&url, &exchange_query(&few, &param(&to, "code")))
        .await
        .1;
    assert_eq!(tokens["user_id"], 2);
    portal.set_acting_user(3);
    assert_eq!(browse(&portal, &of(&few.client_id)).await.0, 400);
    portal.set_installation(&few.client_id, Installation::Uninstalled);
    let (_, page) = browse(&portal, &of(&few.client_id)).await;
    assert!(page.contains("not installed"), "{page}");
}

#[tokio::test]
async fn the_status_of_an_application_is_a_letter() {
    let portal = Portal::start().await;
    for (status, letter) in [
        (AppStatus::Free, "F"),
        (AppStatus::Demo, "D"),
        (AppStatus::Trial, "T"),
        (AppStatus::Paid, "P"),
        (AppStatus::Local, "L"),
        (AppStatus::Subscription, "S"),
    ] {
        let app = portal.add_app(App::new("http://127.0.0.1/").status(status));
        assert_eq!(app.tokens.status, letter);
        let answer = refresh(&portal, &app, &app.tokens.refresh_token).await;
        assert_eq!(answer.1["status"], letter);
    }
}
