//! Applications against the local portal, which plays the authorisation server too.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use b24::{Client, Denial, Grant, MemoryStore, OAuth, Reason, TokenError};
use b24_portal::{App, Installation, InstalledApp, Portal, Rate};
use serde_json::json;

use crate::seen::{self, Failed};

/// An application on a portal that listens, with the tokens of its installation.
struct Stage {
    portal: Portal,
    app: InstalledApp,
    oauth: OAuth,
}

impl Stage {
    async fn new(settings: b24::ClientBuilder) -> Self {
        seen::watch();
        let portal = Portal::builder().rate(Rate::Off).start().await.unwrap();
        let app = App::new("http://127.0.0.1:1/callback").scopes(["crm", "task", "tasks"]);
        let app = portal.add_app(app);
        let own = b24::App::new(&app.client_id, &app.client_secret);
        let oauth = OAuth::new(own, MemoryStore::new()).settings(settings);
        oauth.adopt(grant(&app)).await.unwrap();
        Self { portal, app, oauth }
    }

    async fn client(&self) -> Client {
        self.oauth.client(&self.app.member_id).await.unwrap()
    }

    /// Nothing of it was shown; told at the end of each test.
    fn end(self) {
        seen::shown(&self.oauth);
        let tokens = &self.app.tokens;
        seen::holds_no_secret(&[
            &self.app.client_secret,
            &self.app.application_token,
            &tokens.access_token,
            &tokens.refresh_token,
        ]);
    }
}

fn grant(app: &InstalledApp) -> Grant {
    let tokens = &app.tokens;
    let mut grant = Grant::new(
        &tokens.member_id,
        &tokens.client_endpoint,
        &tokens.access_token,
        &tokens.refresh_token,
    );
    grant.server_endpoint.clone_from(&tokens.server_endpoint);
    grant
}

/// Every row once, though the token expires in the middle of the writes.
#[tokio::test]
async fn a_token_that_expires_halfway_through_an_import_costs_one_refresh() {
    let stage = Stage::new(Client::builder().limits(b24::Limits::Off)).await;
    let b24 = stage.client().await;
    let before = stage.portal.ids("deal").len();
    let requests = AtomicU32::new(0);
    let portal = std::sync::Arc::new(stage.portal);
    let mut batch = b24.v2().batch().before_send({
        let portal = std::sync::Arc::clone(&portal);
        move |_: &[usize]| {
            if requests.fetch_add(1, Relaxed) == 5 {
                portal.expire_access_tokens();
            }
            Ok(())
        }
    });
    for n in 0..500 {
        let fields = json!({ "title": format!("Imported {n}") });
        let call = b24.v2().call("crm.item.add").param("entityTypeId", 2);
        batch.push(call.param("fields", fields));
    }
    let out = batch.await.unwrap();
    assert!(out.all_ok());
    assert_eq!(portal.ids("deal").len() - before, 500);
    let mut titles: Vec<String> = portal
        .rows("deal")
        .iter()
        .filter_map(|deal| Some(deal["TITLE"].as_str()?.to_owned()))
        .filter(|title| title.starts_with("Imported "))
        .collect();
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), 500);
    assert_eq!(portal.oauth_counts().refreshes, 1);
    seen::holds_no_secret(&[&stage.app.client_secret, &stage.app.tokens.access_token]);
}

#[tokio::test]
async fn a_hundred_tasks_on_both_versions_refresh_once() {
    let stage = Stage::new(Client::builder().limits(b24::Limits::Off)).await;
    let b24 = stage.client().await;
    stage.portal.revoke_access_tokens();
    let tasks: Vec<_> = (0..100)
        .map(|n| {
            let b24 = b24.clone();
            tokio::spawn(async move {
                if n % 2 == 0 {
                    b24.v2().call("profile").await.map(drop)
                } else {
                    b24.v3().call("tasks.task.list").await.map(drop)
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let counts = stage.portal.oauth_counts();
    assert_eq!((counts.refreshes, counts.reused_refresh_tokens), (1, 0));
    stage.end();
}

#[tokio::test]
async fn uninstalled_unpaid_and_blocked_are_told_apart() {
    let stage = Stage::new(Client::builder()).await;
    let b24 = stage.client().await;
    for (state, denial) in [
        (Installation::PaymentExpired, Denial::Unpaid),
        (Installation::Blocked, Denial::Blocked),
        (Installation::Uninstalled, Denial::NotInstalled),
    ] {
        let set = stage.portal.set_installation(&stage.app.client_id, state);
        assert!(set);
        let error = b24.v2().call("profile").await.failed();
        assert_eq!(error.denial(), Some(denial), "{state:?}: {error}");
    }
    let gone = stage.oauth.refresh(&stage.app.member_id).await.failed();
    assert_eq!(gone.denial(), Some(Denial::NotInstalled), "{gone}");
    stage.end();
}

#[tokio::test]
async fn a_refresh_token_dies_after_180_days_and_is_asked_about_once() {
    let stage = Stage::new(Client::builder()).await;
    let b24 = stage.client().await;
    stage.portal.advance(Duration::from_secs(179 * 86_400));
    b24.v2().call("profile").await.unwrap();
    assert_eq!(stage.portal.oauth_counts().refreshes, 1);
    stage.portal.advance(Duration::from_secs(181 * 86_400));
    for _ in 0..3 {
        let error = b24.v2().call("profile").await.failed();
        assert_eq!(error.denial(), Some(Denial::AuthoriseAgain), "{error}");
        assert_eq!(error.code(), Some("invalid_grant"));
    }
    assert_eq!(stage.portal.oauth_counts().refused_refreshes, 1);
    stage.end();
}

#[tokio::test]
async fn revoked_tokens_and_a_wrong_secret_are_told() {
    let stage = Stage::new(Client::builder()).await;
    let wrong = b24::App::new(&stage.app.client_id, "wr0ngOfTheApplication");
    let wrong = OAuth::new(wrong, MemoryStore::new());
    wrong.adopt(grant(&stage.app)).await.unwrap();
    let error = wrong.refresh(&stage.app.member_id).await.failed();
    assert_eq!(error.denial(), Some(Denial::Application), "{error}");
    seen::holds_no_secret(&["wr0ngOfTheApplication"]);
    // It has spoilt nothing.
    stage.oauth.refresh(&stage.app.member_id).await.unwrap();
    stage.portal.revoke_refresh_tokens();
    let error = stage.oauth.refresh(&stage.app.member_id).await.failed();
    assert_eq!(error.denial(), Some(Denial::AuthoriseAgain), "{error}");
    assert!(matches!(
        error.reason(),
        Reason::Token(TokenError::Refused { .. })
    ));
    stage.end();
}

#[tokio::test]
async fn a_portal_that_has_moved_is_found_by_its_refresh() {
    let stage = Stage::new(Client::builder()).await;
    let moved_to = stage.portal.rename().await.unwrap();
    let grant = stage.oauth.refresh(&stage.app.member_id).await.unwrap();
    assert_eq!(grant.client_endpoint, format!("{moved_to}/rest/"));
    stage.client().await.v2().call("profile").await.unwrap();
    let known = stage.oauth.portal(&stage.app.member_id).await.unwrap();
    let known = known.unwrap();
    assert_eq!(known.grant.client_endpoint, grant.client_endpoint);
    assert_eq!(known.problem, None);
    stage.end();
}
