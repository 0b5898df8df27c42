//! Several portals with one OAuth server, their moves, and what applications are told.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::post;
use b24_portal::{App, Fault, Installation, InstalledApp, Portal};
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use reqwest::Client;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower::ServiceExt;

use crate::client::{code, get, read};
use crate::oauth::{app, refresh};

async fn two() -> (Portal, Portal) {
    let first = Portal::start().await;
    let second = Portal::builder().beside(&first).start().await.unwrap();
    (first, second)
}

async fn profile(portal: &Portal, token: &str) -> (u16, Value) {
    get(&format!("{}/rest/profile?auth={token}", portal.url())).await
}

#[tokio::test]
async fn one_oauth_server_serves_all_portals_and_each_has_its_own_tokens() {
    let (acme, globex) = two().await;
    assert_eq!(acme.oauth_url(), globex.oauth_url());
    assert_ne!(acme.member_id(), globex.member_id());
    let (here, there) = (acme.add_app(app()), globex.add_app(app()));
    assert_eq!(here.client_id, there.client_id);
    assert_eq!(profile(&acme, &here.tokens.access_token).await.0, 200);
    assert_eq!(profile(&globex, &there.tokens.access_token).await.0, 200);
    let stray = profile(&globex, &here.tokens.access_token).await;
    assert_eq!((stray.0, code(&stray.1)), (401, "invalid_token"));

    let answer = refresh(&acme, &there, &there.tokens.refresh_token).await.1;
    assert_eq!(answer["member_id"], globex.member_id());
    assert_eq!(answer["client_endpoint"], format!("{}/rest/", globex.url()));
    assert_eq!(
        (
            acme.oauth_counts().refreshes,
            globex.oauth_counts().refreshes
        ),
        (0, 1)
    );
    assert_eq!((acme.log().len(), globex.log().len()), (1, 3));
    globex.set_installation(&there.client_id, Installation::Uninstalled);
    assert_eq!(profile(&acme, &here.tokens.access_token).await.0, 200);
    acme.advance(Duration::from_secs(3_600));
    let late = profile(&acme, &here.tokens.access_token).await;
    assert_eq!(code(&late.1), "expired_token");
    assert!(acme.now() <= globex.now(), "they have one clock");
}

#[tokio::test]
async fn neighbours_speak_https_with_one_authority() {
    let first = Portal::builder().https().start().await.unwrap();
    let second = Portal::builder().beside(&first).start().await.unwrap();
    assert_eq!(first.ca_pem(), second.ca_pem());
    let ca = reqwest::Certificate::from_pem(second.ca_pem().unwrap().as_bytes()).unwrap();
    let client = Client::builder().tls_certs_only([ca]).build().unwrap();
    for url in [first.url(), second.url()] {
        assert!(url.starts_with("https://"));
        let answer = client.get(format!("{url}/ready")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    let answer = client.get(format!("{}/oauth/token/", first.oauth_url()));
    assert_eq!(answer.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_renamed_portal_redirects_and_refreshes_tell_where_it_is() {
    let portal = Portal::start().await;
    let app = portal.add_app(app());
    let old = portal.url();
    let new = portal.rename().await.unwrap();
    assert_ne!(old, new);
    assert_eq!(portal.url(), new);
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let query = format!("/rest/profile?auth={}", app.tokens.access_token);
    for path in [query.as_str(), "/oauth/authorize/?client_id=x"] {
        let answer = client.post(format!("{old}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 302, "{path}");
        assert_eq!(
            answer.headers()["location"],
            format!("{new}{path}").as_str()
        );
    }
    assert_eq!(get(&format!("{new}{query}")).await.0, 200);
    let tokens = refresh(&portal, &app, &app.tokens.refresh_token).await.1;
    assert_eq!(tokens["client_endpoint"], format!("{new}/rest/"));
    let third = portal.rename().await.unwrap();
    let answer = client
        .get(format!("{old}/rest/profile"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.headers()["location"],
        format!("{third}/rest/profile").as_str()
    );
}

#[tokio::test]
async fn names_are_told_apart_by_the_host_header() {
    let acme = Portal::builder()
        .host_name("acme.localhost")
        .start()
        .await
        .unwrap();
    let globex = Portal::builder()
        .host_name("globex.localhost")
        .beside(&acme);
    let globex = globex.start().await.unwrap();
    let app = globex.add_app(app());
    let port = globex.address().port();
    assert_eq!(
        app.tokens.client_endpoint,
        format!("http://globex.localhost:{port}/rest/")
    );
    let knows = |name: &str| {
        Client::builder()
            .resolve(name, globex.address())
            .redirect(Policy::none())
    };
    let call = format!(
        "http://globex.localhost:{port}/rest/profile?auth={}",
        app.tokens.access_token
    );
    let client = knows("globex.localhost").build().unwrap();
    assert_eq!(client.get(&call).send().await.unwrap().status(), 200);
    // It came to the neighbour's listener, and is for this one all the same.
    let asked = Client::new()
        .get(format!(
            "http://{}/rest/profile?auth={}",
            acme.address(),
            app.tokens.access_token
        ))
        .header("host", format!("globex.localhost:{port}"));
    assert_eq!(asked.send().await.unwrap().status(), 200);
    assert_eq!((acme.requests(), globex.requests()), (0, 2));
    let new = globex.rename_to("initech.localhost");
    assert_eq!(new, format!("http://initech.localhost:{port}"));
    let answer = client.get(&call).send().await.unwrap();
    assert_eq!(
        answer.headers()["location"],
        call.replace("globex", "initech").as_str()
    );
}

/// One event as it came: headers and form.
type Came = (HeaderMap, Vec<(String, String)>);

/// An application that listens; its address, and what it hears.
async fn listening() -> (String, UnboundedReceiver<Came>) {
    async fn hear(State(heard): State<UnboundedSender<Came>>, headers: HeaderMap, form: String) {
        let url = reqwest::Url::parse(&format!("http://x/?{form}")).unwrap();
        heard
            .send((headers, url.query_pairs().into_owned().collect()))
            .unwrap();
    }
    let (sender, heard) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/events?from=portal",
        listener.local_addr().unwrap()
    );
    let router = Router::new()
        .route("/events", post(hear))
        .with_state(sender);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, heard)
}

#[tokio::test]
async fn an_application_hears_of_its_coming_and_of_its_going() {
    let (url, mut heard) = listening().await;
    let portal = Portal::start().await;
    let app = portal.add_app(app().install_url(&url).events_url(&url));
    let (headers, form) = heard.recv().await.unwrap();
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    let value = |form: &[(String, String)], name: &str| {
        let found = form.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    let tokens = &app.tokens;
    let host = portal.address().to_string();
    for (name, expected) in [
        ("event", "ONAPPINSTALL"),
        ("data[VERSION]", "1"),
        ("data[ACTIVE]", "Y"),
        ("data[INSTALLED]", "Y"),
        ("data[LANGUAGE_ID]", "ru"),
        ("auth[access_token]", &tokens.access_token),
        ("auth[refresh_token]", &tokens.refresh_token),
        ("auth[expires]", &tokens.expires.to_string()),
        ("auth[expires_in]", "3600"),
        ("auth[scope]", "crm,user_brief"),
        ("auth[domain]", &host),
        ("auth[client_endpoint]", &tokens.client_endpoint),
        ("auth[server_endpoint]", &tokens.server_endpoint),
        ("auth[status]", "L"),
        ("auth[user_id]", "1"),
        ("auth[member_id]", portal.member_id()),
        ("auth[application_token]", &app.application_token),
    ] {
        assert_eq!(value(&form, name).as_deref(), Some(expected), "{name}");
    }
    assert!(value(&form, "ts").unwrap().parse::<u64>().unwrap() > 1_700_000_000);

    for _ in 0..2 {
        portal.set_installation(&app.client_id, Installation::Uninstalled);
    }
    let (_, form) = heard.recv().await.unwrap();
    assert_eq!(value(&form, "event").unwrap(), "ONAPPUNINSTALL");
    assert_eq!(value(&form, "data[CLEAN]").unwrap(), "1");
    assert_eq!(
        value(&form, "auth[application_token]").unwrap(),
        app.application_token
    );
    for name in ["auth[access_token]", "auth[refresh_token]", "auth[user_id]"] {
        assert_eq!(value(&form, name), None);
    }
    // A third one, to see that the second uninstallation told nothing.
    portal.add_app(crate::oauth::app().install_url(&url));
    let (_, form) = heard.recv().await.unwrap();
    assert_eq!(value(&form, "event").unwrap(), "ONAPPINSTALL");
    assert_eq!(
        value(&form, "auth[application_token]").unwrap(),
        app.application_token
    );
}

#[tokio::test]
async fn an_event_that_nobody_takes_is_noted_and_not_sent_again() {
    let portal = Portal::start().await;
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    for url in [format!("http://{closed}/"), "https://127.0.0.1/".to_owned()] {
        portal.add_app(App::new(&url).install_url(&url));
    }
    let ended = async {
        while portal.deliveries().len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended)
        .await
        .unwrap();
    for delivery in portal.deliveries() {
        assert_eq!((delivery.event, delivery.status), ("ONAPPINSTALL", None));
    }
    portal.reset();
    assert!(portal.deliveries().is_empty());
}

#[tokio::test]
async fn faults_strike_the_token_endpoint_by_its_name() {
    let portal = Portal::start().await;
    let app = portal.add_app(app());
    let mut token = app.tokens.refresh_token.clone();
    let url = format!("{}/oauth/token/", portal.oauth_url());
    let send = async |app: &InstalledApp, token: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
            ("refresh_token", token),
        ];
        Client::new().post(&url).form(&form).send().await
    };
    // Without a name it is for methods.
    portal.add_fault(b24_portal::FaultRule::new(Fault::Html502));
    portal.fail_next("oauth/token", Fault::CutBeforeRun);
    assert!(send(&app, &token).await.is_err());
    assert_eq!(portal.oauth_counts().refreshes, 0);
    for fault in [Fault::Html200, Fault::Html502] {
        portal.fail_next("oauth/token", fault);
        let (_, page) = read(send(&app, &token).await.unwrap()).await;
        assert!(page.as_str().unwrap().contains("<html>"), "{page}");
    }
    portal.fail_next(
        "oauth/token",
        Fault::Refuse {
            status: 400,
            code: "insufficient_scope".into(),
            text: "no".into(),
        },
    );
    let refused = read(send(&app, &token).await.unwrap()).await;
    assert_eq!((refused.0, code(&refused.1)), (400, "insufficient_scope"));
    portal.fail_next("oauth/token", Fault::Delay(Duration::from_millis(20)));
    let without = ["expires".to_owned(), "expires_in".to_owned()];
    portal.fail_next("oauth/token", Fault::Without(without.to_vec()));
    let (status, tokens) = read(send(&app, &token).await.unwrap()).await;
    assert_eq!(
        (status, tokens.get("expires"), tokens.get("expires_in")),
        (200, None, None)
    );
    assert_eq!(tokens["user_id"], 1);
    tokens["refresh_token"]
        .as_str()
        .unwrap()
        .clone_into(&mut token);

    portal.fail_next("oauth/token", Fault::CutAfterRun);
    assert!(send(&app, &token).await.is_err());
    assert_eq!(portal.oauth_counts().refreshes, 2, "it ran");
    let lost = read(send(&app, &token).await.unwrap()).await;
    assert_eq!((lost.0, code(&lost.1)), (400, "invalid_grant"));
    assert_eq!(portal.oauth_counts().reused_refresh_tokens, 1);
    assert_eq!(portal.faults().len(), 1);
    let named = portal
        .log()
        .iter()
        .filter(|entry| entry.method == "oauth/token")
        .count();
    assert_eq!(named, 7);
}

#[tokio::test]
async fn no_secret_of_an_application_gets_into_the_log() {
    let portal = Portal::start().await;
    let app = portal.add_app(app());
    let token = app.tokens.access_token.as_str();
    let authorize = format!("{}&state=keep", app.authorize_url);
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let to = client.get(authorize).send().await.unwrap();
    let to = to.headers()["location"].to_str().unwrap().to_owned();
    let code = to
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let query = [
        ("grant_type", "authorization_code"),
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
        ("code", &code),
    ];
    let answer = client
        .get(&app.token_url)
        .query(&query)
        .send()
        .await
        .unwrap();
    let fresh: Value = answer.json().await.unwrap();
    refresh(&portal, &app, &app.tokens.refresh_token).await;
    let call = json!({
        "auth": token, "note": format!("{token} {}", app.client_secret),
        "secret": app.application_token, "code": code,
    });
    let url = format!("{}/rest/profile", portal.url());
    client.post(&url).json(&call).send().await.unwrap();
    let cmd = format!("profile?a={token}&auth={token}");
    let batch = json!({"auth": token, "cmd": {"a": cmd}});
    client
        .post(url.replace("profile", "batch"))
        .json(&batch)
        .send()
        .await
        .unwrap();

    let log = serde_json::to_string(&portal.log()).unwrap();
    assert!(log.contains("oauth/authorize") && log.contains("keep") && log.contains("***"));
    assert!(log.contains(&app.client_id), "{log}");
    let secrets = [
        &app.client_secret,
        &app.application_token,
        &code,
        token,
        &app.tokens.refresh_token,
        fresh["access_token"].as_str().unwrap(),
        fresh["refresh_token"].as_str().unwrap(),
    ];
    let debug = format!(
        "{app:?} {:?} {portal:?} {:?}",
        app.tokens,
        crate::oauth::app()
    );
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in {log}");
        assert!(!debug.contains(secret), "{secret} is in {debug}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_router_serves_all_addresses_in_virtual_time() {
    let (acme, globex) = two().await;
    let app = globex.add_app(app());
    let send = async |url: &str, body: String| {
        let request = Request::post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        let response = acme.router().oneshot(request).await.unwrap();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    let call = format!("{}profile", app.tokens.client_endpoint);
    let auth = format!("auth={}", app.tokens.access_token);
    assert_eq!(send(&call, auth.clone()).await["result"]["ID"], "1");
    tokio::time::advance(Duration::from_secs(3_601)).await;
    assert_eq!(send(&call, auth).await["error"], "expired_token");
    let form = format!(
        "grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        app.client_id, app.client_secret, app.tokens.refresh_token
    );
    let tokens = send(&app.token_url, form).await;
    assert_eq!(tokens["member_id"], globex.member_id());
    assert_eq!((acme.requests(), globex.requests()), (0, 2));
}

#[tokio::test]
async fn the_control_api_does_it_all_for_other_languages() {
    let (url, mut heard) = listening().await;
    let portal = Portal::start().await;
    let control = async |verb: reqwest::Method, path: &str, body: Value| {
        let request = Client::new()
            .request(verb, format!("{}{path}", portal.control_url()))
            .bearer_auth(portal.control_token())
            .json(&body);
        read(request.send().await.unwrap()).await
    };
    let post = async |path: &str, body: Value| control(reqwest::Method::POST, path, body).await;
    let show = async |path: &str| control(reqwest::Method::GET, path, Value::Null).await.1;

    let new = json!({
        "url": "http://127.0.0.1:3000/", "client_id": "app.x", "client_secret": "y",
        "scopes": ["crm"], "status": "P", "users": [1, 2], "install_url": url, "events_url": url,
    });
    let (status, app) = post("/apps", new).await;
    assert_eq!(status, 200, "{app}");
    assert_eq!(
        (&app["client_id"], &app["tokens"]["status"]),
        (&json!("app.x"), &json!("P"))
    );
    heard.recv().await.unwrap();
    let (_, tokens) = post("/apps/app.x/tokens", json!({"user": 2})).await;
    assert_eq!(tokens["user_id"], 2);
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(profile(&portal, token).await.0, 200);

    post("/clock", json!({"advance": 3_600})).await;
    assert_eq!(code(&profile(&portal, token).await.1), "expired_token");
    let now = show("/clock").await["now"].as_f64().unwrap();
    assert!((now - portal.now().as_secs_f64()).abs() < 60.0);
    let (_, tokens) = post("/apps/app.x/tokens", json!({})).await;
    let token = tokens["access_token"].as_str().unwrap();
    post("/tokens/expire", json!({})).await;
    assert_eq!(code(&profile(&portal, token).await.1), "expired_token");
    post("/tokens/revoke", json!({"tokens": "access"})).await;
    assert_eq!(code(&profile(&portal, token).await.1), "invalid_token");
    post("/tokens/revoke", json!({"tokens": "refresh"})).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "app.x"),
        ("client_secret", "y"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let url = app["token_url"].as_str().unwrap();
    let refused = Client::new().post(url).form(&form).send().await.unwrap();
    assert_eq!(code(&read(refused).await.1), "invalid_grant");
    assert_eq!(show("/stats").await["oauth"]["refused_refreshes"], 1);

    post("/condition", json!({"condition": "deleted"})).await;
    assert_eq!(code(&profile(&portal, token).await.1), "PORTAL_DELETED");
    post("/condition", json!({"condition": "running"})).await;
    post("/apps/app.x", json!({"state": "uninstalled"})).await;
    let apps = json!([{"client_id": "app.x", "state": "uninstalled"}]);
    assert_eq!(show("/apps").await, apps);
    heard.recv().await.unwrap();
    // The answer may still be on its way to the portal.
    let ended = async { while show("/deliveries").await.as_array().unwrap().len() < 2 {} };
    tokio::time::timeout(Duration::from_secs(20), ended)
        .await
        .unwrap();
    assert_eq!(show("/deliveries").await[1]["event"], "ONAPPUNINSTALL");
    assert_eq!(show("/deliveries").await[0]["status"], 200);

    for (path, body, status, named) in [
        ("/apps", json!({"url": "x", "scope": []}), 400, "scope"),
        ("/apps/app.x", json!({"state": "gone"}), 400, "gone"),
        ("/apps/nobody", json!({"state": "installed"}), 404, "nobody"),
        ("/apps/nobody/tokens", json!({}), 404, "nobody"),
        ("/clock", json!({"advance": -1}), 400, "advance"),
        ("/condition", json!({"condition": "tired"}), 400, "tired"),
        ("/tokens/revoke", json!({"tokens": "all"}), 400, "all"),
    ] {
        let (found, answer) = post(path, body).await;
        assert_eq!(found, status, "{path} {answer}");
        assert!(
            answer["error"].as_str().unwrap().contains(named),
            "{answer}"
        );
    }
    let moved = post("/rename", json!({})).await.1;
    assert_eq!(moved["url"], portal.url());
    let named = post("/rename", json!({"host": "new.localhost"})).await.1;
    assert_eq!(named["url"], portal.url());
}
