//! What an application asks at its start, against the local portal.

use b24::value::Decimal;
use b24::{Grant, Kind, Limits, MemoryStore, OAuth};
use b24_portal::{App, Edition, Portal};
use serde_json::json;

use crate::in_process;

/// An application on a portal, without a socket.
pub(crate) async fn application(portal: &Portal, user_id: i64, scopes: &[&str]) -> b24::Client {
    let app = App::new("http://127.0.0.1:1/callback").scopes(scopes.iter().copied());
    let installed = portal.add_app(app);
    let tokens = portal.issue_tokens(&installed.client_id, user_id).unwrap();
    let mut grant = Grant::new(
        tokens.member_id,
        tokens.client_endpoint,
        tokens.access_token,
        tokens.refresh_token,
    );
    grant.server_endpoint = tokens.server_endpoint;
    let app = b24::App::new(installed.client_id, installed.client_secret);
    let settings = b24::Client::builder().transport(in_process::transport(portal));
    let oauth = OAuth::new(app, MemoryStore::new()).settings(settings);
    oauth.adopt(grant.clone()).await.unwrap();
    oauth.client(&grant.member_id).await.unwrap()
}

#[tokio::test]
async fn all_parts_come_in_one_request() {
    let portal = Portal::builder()
        .edition(Edition::Enterprise)
        .start()
        .await
        .unwrap();
    let b24 = application(&portal, 1, &["crm", "task"]).await;
    let before = portal.requests();
    let helper = b24
        .helper()
        .app()
        .profile()
        .scopes()
        .currency()
        .app_options()
        .user_options()
        .await
        .unwrap();
    assert_eq!(portal.requests() - before, 1);

    let app = helper.app().unwrap();
    assert!(app.id.is_some() && app.is_installed, "{app:?}");
    assert_eq!(app.status.as_deref(), Some("L"));
    let payment = helper.payment().unwrap();
    assert_eq!((payment.is_expired, payment.days), (false, None));
    let licence = helper.licence().unwrap();
    assert_eq!(licence.limits(), Limits::Enterprise);
    assert!(!licence.is_self_hosted());
    // The client goes by it.
    assert!((b24.usage().rate.unwrap().burst - 250.0).abs() < 0.1);

    let currencies = helper.currency().unwrap();
    let base = currencies.get(currencies.base()).unwrap();
    assert!(base.is_base && base.full_name.is_some(), "{base:?}");
    assert_eq!(
        currencies.list().iter().filter(|one| one.is_base).count(),
        1
    );
    let amount: Decimal = "1990.5".parse().unwrap();
    assert_eq!(base.format(&amount), "1990.50\u{a0}₽");

    assert_eq!(helper.app_options().unwrap().names().count(), 0);
    assert_eq!(helper.user_options().unwrap().names().count(), 0);
}

#[tokio::test]
async fn user_administrator_and_scopes_of_the_token() {
    let portal = Portal::start().await;
    let scopes = ["crm", "task"];
    for user_id in [1, 2] {
        let b24 = application(&portal, user_id, &scopes).await;
        let helper = b24.helper().profile().scopes().await.unwrap();
        let profile = helper.profile().unwrap();
        assert_eq!(profile.id as i64, user_id);
        assert_eq!(profile.is_admin, user_id == 1, "{profile:?}");
        assert!(!profile.name.is_empty());
        let mut known = helper.scopes().unwrap().to_vec();
        known.sort();
        assert_eq!(known, scopes);
    }
}

#[tokio::test]
async fn options_are_kept_with_their_types_each_for_its_owner() {
    let portal = Portal::start().await;
    let b24 = application(&portal, 1, &["crm"]).await;
    let helper = b24.helper().app_options().user_options().await.unwrap();
    let mut of_app = helper.app_options().unwrap().clone();
    let mut of_user = helper.user_options().unwrap().clone();
    let columns = ["id", "title"];
    let changes = json!({ "columns": columns, "page": 50, "dark": true, "name": "Größe" });
    of_app.save(changes).await.unwrap();
    of_user.save(json!({ "page": 20 })).await.unwrap();
    of_app.save(json!({ "page": 60 })).await.unwrap();

    let again = b24.helper().app_options().user_options().await.unwrap();
    for options in [&of_app, again.app_options().unwrap()] {
        assert_eq!(
            options.json::<Vec<String>>("columns").unwrap().unwrap(),
            columns
        );
        assert_eq!(options.integer("page").unwrap(), Some(60));
        assert_eq!(options.flag("dark").unwrap(), Some(true));
        assert_eq!(options.text("name").as_deref(), Some("Größe"));
    }
    let user = again.user_options().unwrap();
    assert_eq!(user.integer("page").unwrap(), Some(20));
    assert_eq!(user.names().collect::<Vec<_>>(), ["page"]);

    // What is no map, or empty, is not sent.
    let sent = portal.requests();
    for wrong in [json!([1]), json!({}), json!("x")] {
        let error = of_app.save(wrong).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{error}");
    }
    assert_eq!(portal.requests(), sent);
    // A user who is no administrator keeps his own only.
    let b24 = application(&portal, 2, &["crm"]).await;
    let helper = b24.helper().app_options().await.unwrap();
    let mut of_app = helper.app_options().unwrap().clone();
    let refused = of_app.save(json!({ "page": 1 })).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Refused, "{refused}");
    assert_eq!(of_app.get("page"), None);
}

#[tokio::test]
async fn a_webhook_is_told_the_licence_and_refused_options() {
    let portal = Portal::start().await;
    let b24 = in_process::client(&portal);
    let helper = b24.helper().await.unwrap();
    assert!(!helper.licence().unwrap().licence.is_empty());
    assert_eq!(helper.app().unwrap().id, None);
    assert_eq!(helper.profile().unwrap().id, 1);
    let not_loaded = helper.currency().unwrap_err();
    assert_eq!(not_loaded.kind(), Kind::Usage);
    assert!(
        not_loaded.to_string().contains("`currency()`"),
        "{not_loaded}"
    );
    let refused = b24.helper().app_options().profile().await.unwrap_err();
    assert_eq!(refused.code(), Some("WRONG_AUTH_TYPE"), "{refused}");
    assert_eq!(refused.method(), Some("app.option.get"));
}
