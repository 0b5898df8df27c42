//! The examples, run against the local portal.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use b24::Client;
use b24_portal::{Fault, FaultRule, Portal};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::in_process;

#[expect(dead_code, reason = "its main is not called")]
#[path = "../../examples/deals_by_stage.rs"]
mod deals_by_stage;
#[expect(dead_code, reason = "its main is not called")]
#[path = "../../examples/deals_of_a_table.rs"]
mod deals_of_a_table;
#[expect(dead_code, reason = "its main is not called")]
#[path = "../../examples/forward_deals.rs"]
mod forward_deals;
#[expect(dead_code, reason = "its main is not called")]
#[path = "../../examples/leads_by_source.rs"]
mod leads_by_source;
#[expect(dead_code, reason = "its main is not called")]
#[path = "../../examples/oauth_app.rs"]
mod oauth_app;
#[expect(dead_code, reason = "its main is not called")]
#[path = "../../examples/payments_by_currency.rs"]
mod payments_by_currency;

async fn demo() -> (Portal, Client) {
    let portal = Portal::builder().deals(2_000).start().await.unwrap();
    let b24 = in_process::client(&portal);
    (portal, b24)
}

fn within(row: &Value, field: &str, from: &str, to: &str) -> bool {
    let date = row[field].as_str().unwrap();
    (from..to).contains(&date)
}

#[tokio::test]
async fn leads_of_a_month_are_counted_by_source() {
    let (portal, b24) = demo().await;
    let mut out = Vec::new();
    leads_by_source::run(&b24, "2025-12", &mut out)
        .await
        .unwrap();
    let out = String::from_utf8(out).unwrap();
    let counted: usize = out
        .lines()
        .map(|line| {
            line.split_whitespace()
                .next()
                .unwrap()
                .parse::<usize>()
                .unwrap()
        })
        .sum();
    let leads = portal.rows("lead");
    let expected = leads
        .iter()
        .filter(|lead| within(lead, "DATE_CREATE", "2025-12-01", "2026-01-01"));
    assert!(counted > 5 && counted == expected.count(), "{out}");
    assert!(out.lines().count() > 2, "{out}");
    assert!(
        leads_by_source::run(&b24, "December", Vec::new())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn payments_of_a_period_are_summed_by_currency() {
    let (portal, b24) = demo().await;
    let mut out = Vec::new();
    payments_by_currency::run(&b24, "2025-03-01", "2025-09-01", &mut out)
        .await
        .unwrap();
    let out = String::from_utf8(out).unwrap();
    let payments = portal.rows("payment");
    let euros: u64 = payments
        .iter()
        .filter(|payment| payment["PAID"] == "Y" && payment["CURRENCY"] == "EUR")
        .filter(|payment| within(payment, "DATE_PAID", "2025-03-01", "2025-09-01"))
        .map(|payment| {
            payment["SUM"]
                .as_str()
                .unwrap()
                .replace('.', "")
                .parse::<u64>()
                .unwrap()
        })
        .sum();
    let expected = format!("{}.{:02}", euros / 100, euros % 100);
    let line = out.lines().find(|line| line.starts_with("EUR")).unwrap();
    assert!(
        euros > 0 && line.split_whitespace().nth(1) == Some(&expected),
        "{expected}: {out}"
    );
}

/// The other system: it keeps the ids it was sent, counts the requests, and fails the second.
#[derive(Clone, Default)]
struct Other(Arc<Mutex<(Vec<u64>, usize)>>);

impl Other {
    async fn listen(&self) -> String {
        let take = async |State(other): State<Self>, body: String| {
            let mut other = other.0.lock().unwrap();
            other.1 += 1;
            if other.1 == 2 {
                return StatusCode::INTERNAL_SERVER_ERROR;
            }
            let deals: Vec<Value> = serde_json::from_str(&body).unwrap();
            other
                .0
                .extend(deals.iter().map(|deal| deal["id"].as_u64().unwrap()));
            StatusCode::NO_CONTENT
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/deals", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/deals", post(take))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    /// What came since this was asked last.
    fn taken(&self) -> Vec<u64> {
        std::mem::take(&mut self.0.lock().unwrap().0)
    }
}

struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn changed_deals_are_sent_on_and_a_broken_round_is_resumed() {
    let (portal, b24) = demo().await;
    let (other, since) = (Other::default(), "2025-06-01");
    let url = other.listen().await;
    let name = format!("b24-forward-{}.json", std::process::id());
    let file = Scratch(std::env::temp_dir().join(name));
    let expected: Vec<u64> = portal
        .rows("deal")
        .iter()
        .filter(|deal| deal["DATE_MODIFY"].as_str().unwrap() >= since)
        .map(|deal| deal["ID"].as_str().unwrap().parse().unwrap())
        .collect();

    let broken = forward_deals::run(&b24, since, &file.0, Some(&url)).await;
    assert!(broken.unwrap_err().to_string().contains("500"));
    let mut sent = other.taken();
    assert_eq!(sent.len(), 50);
    let rest = forward_deals::run(&b24, since, &file.0, Some(&url))
        .await
        .unwrap();
    sent.extend(other.taken());
    assert_eq!((rest + 50, sent), (expected.len(), expected));

    // The next round takes what changed since the first one began.
    assert_eq!(
        forward_deals::run(&b24, since, &file.0, Some(&url))
            .await
            .unwrap(),
        0
    );
    let id = portal.ids("deal")[3] as u64;
    b24.deals()
        .update(id, json!({ "title": "Changed" }))
        .await
        .unwrap();
    assert_eq!(
        forward_deals::run(&b24, since, &file.0, Some(&url))
            .await
            .unwrap(),
        1
    );
    assert_eq!(other.taken(), [id]);
}

#[tokio::test]
async fn deals_change_their_stage_though_answers_are_lost() {
    let (portal, b24) = demo().await;
    let at = |stage: &str| {
        let deals = portal.rows("deal");
        let there = deals.iter().filter(|deal| deal["STAGE_ID"] == stage);
        there.count()
    };
    let (lost, new) = (at("LOSE"), at("NEW"));
    assert!(lost > 60, "more than one request: {lost}");
    let answer = FaultRule::new(Fault::CutAfterRun).method("batch");
    portal.add_fault(answer.skip(1).times(1));
    let mut out = Vec::new();
    let moved = deals_by_stage::run(&b24, "LOSE", "NEW", &mut out)
        .await
        .unwrap();
    assert_eq!((moved.done, moved.open), (lost, Vec::new()));
    assert_eq!((at("LOSE"), at("NEW")), (0, new + lost));
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out, format!("{lost} deals moved from LOSE to NEW\n"));
}

#[tokio::test]
async fn a_table_loaded_again_makes_no_duplicates_though_an_answer_was_lost() {
    let portal = Portal::builder().start().await.unwrap();
    let b24 = in_process::client(&portal);
    let table = |amount: u32| {
        let lines = (1..=120).map(|n| format!("ERP-{n};Deal {n};{amount}\n"));
        lines.collect::<String>()
    };
    // Behind three lists of keys and the first fifty deals: the second fifty are added, and the answer is lost.
    let answer = FaultRule::new(Fault::CutAfterRun).method("batch");
    portal.add_fault(answer.skip(4).times(1));
    let load = async |amount| {
        deals_of_a_table::run(&b24, table(amount).as_bytes(), Vec::new())
            .await
            .unwrap()
    };
    let first = load(10).await;
    assert_eq!((first.added, first.updated, first.open.len()), (70, 0, 50));
    let again = load(20).await;
    assert_eq!((again.added, again.updated), (0, 120));
    assert!(again.open.is_empty());
    let deals = portal.rows("deal");
    let paid = deals.iter().filter(|deal| deal["OPPORTUNITY"] == "20.00");
    assert_eq!((deals.len(), paid.count()), (120, 120));
    let twice = "ERP-1;Deal 1;10\nERP-1;Deal 1;10\n";
    let refused = deals_of_a_table::run(&b24, twice.as_bytes(), Vec::new()).await;
    assert!(refused.unwrap_err().to_string().contains("line 2"));
}

/// What a browser gets: status, where it is sent, the cookie it is given, and the page.
async fn browse(url: &str, cookie: &str) -> (u16, String, String, String) {
    let policy = reqwest::redirect::Policy::none();
    let browser = reqwest::Client::builder().redirect(policy).build().unwrap();
    let answer = browser.get(url).header("cookie", cookie).send().await;
    let answer = answer.unwrap();
    let header = |name: &str| {
        let value = answer.headers().get(name);
        value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    };
    let (status, to, cookie) = (
        answer.status().as_u16(),
        header("location"),
        header("set-cookie"),
    );
    (status, to, cookie, answer.text().await.unwrap())
}

#[tokio::test]
async fn an_application_takes_a_browser_through_the_portal_and_hears_of_its_end() {
    let portal = Portal::builder().demo().start().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = format!("http://{}", listener.local_addr().unwrap());
    let events = format!("{own}/events");
    let app = b24_portal::App::new(format!("{own}/callback")).events_url(&events);
    let app = portal.add_app(app);
    let credentials = b24::App::new(&app.client_id, &app.client_secret);
    let oauth = b24::OAuth::new(credentials, b24::MemoryStore::new()).trust_server("localhost");
    let site = oauth_app::site(oauth.clone(), &portal.url());
    tokio::spawn(async move { axum::serve(listener, site).await });

    let (status, to, cookie, _) = browse(&format!("{own}/login"), "").await;
    assert_eq!(status, 302, "{to}");
    assert!(cookie.contains("HttpOnly"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let (status, back, _, page) = browse(&to, "").await;
    assert_eq!(status, 302, "{page}");
    // Another browser has another state, or none: the code is not spent on it.
    for stranger in ["", "state=0123456789abcdef0123456789abcdef"] {
        let (status, _, _, page) = browse(&back, stranger).await;
        assert_eq!(status, 403, "{page}");
        assert!(page.contains("the state that came back"), "{page}");
    }
    assert_eq!(oauth.members().await.unwrap(), Vec::<String>::new());
    let (status, _, _, page) = browse(&back, cookie).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.starts_with("Hello, ") && page.len() > 12, "{page}");
    assert_eq!(oauth.members().await.unwrap(), [&*app.member_id]);
    let (status, _, _, page) = browse(&back, cookie).await;
    assert_eq!(status, 403, "a code is good once: {page}");
    for secret in [&app.client_secret, &app.tokens.access_token] {
        assert!(!page.contains(secret), "{page}");
    }

    // The application has not seen the installation: it does not know the portal's application_token, and believes nobody.
    let known = oauth.portal(&app.member_id).await.unwrap().unwrap();
    let grant = known
        .grant
        .with_application_token(Some(app.application_token.clone()));
    let posted = async |token: &str| {
        let body = format!(
            "event=ONAPPUNINSTALL&auth[member_id]={}&auth[application_token]={token}",
            app.member_id
        );
        let sent = reqwest::Client::new().post(&events).body(body).send().await;
        sent.unwrap().status().as_u16()
    };
    assert_eq!(posted(&app.application_token).await, 403);
    oauth.adopt(grant).await.unwrap();
    assert_eq!(posted("f0rged").await, 403);
    assert_eq!(posted(&app.application_token).await, 200);
    assert_eq!(oauth.members().await.unwrap(), Vec::<String>::new());
}
