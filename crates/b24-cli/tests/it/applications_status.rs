//! `b24 auth status` of an application that something is wrong with.

use std::time::Duration;

use b24::store::{Loaded, Record, StoreError, TokenKey, TokenStore};
use b24::{App, BoxFuture, Grant, OAuth};
use b24_portal::{Condition, Fault, Installation};
use b24_store::{Keys, SqliteStore};
use tokio::runtime::Runtime;

use crate::stage::{SECRET, Stage};
use crate::support::assert_shown;

const DAY: Duration = Duration::from_secs(86_400);

fn status(stage: &Stage) -> String {
    stage.masked(&stage.run(&["auth", "status", "acme"]))
}

#[test]
fn what_keeps_the_application_out_is_told_apart() {
    for (name, to) in [
        ("uninstalled", Installation::Uninstalled),
        ("unpaid", Installation::PaymentExpired),
        ("blocked_by_hand", Installation::Blocked),
    ] {
        let stage = Stage::connected();
        let set = |to| {
            stage
                .served
                .portal
                .set_installation(&stage.app.client_id, to)
        };
        assert!(set(to));
        assert_shown!(name, status(&stage));
        assert!(set(Installation::Installed));
        // An uninstallation ends the tokens, nothing else does.
        let is_over = status(&stage).starts_with("exit: 0\n");
        assert_eq!(is_over, to != Installation::Uninstalled, "{name}");
    }
}

#[test]
fn what_is_wrong_with_the_portal_is_told_apart() {
    let stage = Stage::connected();
    for (name, to) in [
        ("portal_without_rest", Condition::Blocked),
        ("portal_deleted", Condition::Deleted),
    ] {
        stage.served.portal.set_condition(to);
        assert_shown!(name, status(&stage));
    }
    stage.served.portal.set_condition(Condition::Running);
    assert!(status(&stage).starts_with("exit: 0\n"));
}

/// On this machine, where a port may be anybody's, a redirect alone is not believed.
#[test]
fn a_renamed_portal_is_named_as_it_is_now() {
    let stage = Stage::connected();
    let before = stage.host();
    stage.served.rename();
    let after = stage.host();
    assert_shown!("renamed", status(&stage));
    assert!(stage.run(&["auth", "list"]).contains(&before));
    assert!(
        stage
            .run(&["auth", "refresh", "acme"])
            .starts_with("exit: 0\n")
    );
    let text = stage.run(&["auth", "status"]);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(text.contains(&format!("portal    {after}\n")), "{text}");
    // The list, which asks nobody, knows it too.
    let text = stage.run(&["auth", "list"]);
    assert!(
        text.contains(&format!("acme  {after}")) && !text.contains(&before),
        "{text}"
    );
}

/// A store whose clock is behind: what it is given is old.
#[derive(Debug)]
struct Behind(SqliteStore, Duration);

impl TokenStore for Behind {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(async move {
            let mut loaded = self.0.load(key).await?;
            loaded.now -= self.1;
            Ok(loaded)
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.0.swap(key, expected, record)
    }

    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.0.remove(key, expected)
    }

    fn members<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        self.0.members(client_id)
    }
}

/// Gives profile `acme` tokens of so long ago.
fn age(stage: &Stage, days: u32) {
    let tokens = stage.served.portal.issue_tokens(&stage.app.client_id, 1);
    let tokens = tokens.expect("tokens");
    let (access, refresh) = (tokens.access_token, tokens.refresh_token);
    let mut grant = Grant::new(
        &stage.app.member_id,
        tokens.client_endpoint,
        access,
        refresh,
    );
    grant.server_endpoint = tokens.server_endpoint;
    Runtime::new().expect("a runtime").block_on(async {
        let keys = Keys::from_file(stage.key()).expect("the key");
        let store = SqliteStore::open_with(stage.store(), keys).await;
        let store = Behind(store.expect("the store"), DAY * days);
        let oauth = OAuth::new(App::new(&stage.app.client_id, SECRET), store);
        let _ = oauth.forget(&stage.app.member_id).await.expect("forgotten");
        oauth.adopt(grant).await.expect("kept");
    });
}

/// The first call renews it; where that fails, it is told how long there is time.
#[test]
fn a_refresh_token_that_ends_soon_is_renewed_or_told() {
    let stage = Stage::connected();
    age(&stage, 170);
    stage.served.portal.fail_next("oauth/token", Fault::Html502);
    assert_shown!("ends_soon", status(&stage));
    let text = status(&stage);
    assert!(text.starts_with("exit: 0\n"), "{text}");
    assert!(!text.contains("warning"), "{text}");
    assert_eq!(stage.served.portal.oauth_counts().refreshes, 1);
}

#[test]
fn a_refresh_token_that_has_ended_is_told() {
    let stage = Stage::connected();
    age(&stage, 181);
    stage.served.portal.advance(181 * DAY);
    assert_shown!("has_ended", status(&stage));
}
