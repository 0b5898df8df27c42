//! Applications: tokens that are got, refreshed once for all, and never shown.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use b24::store::{Loaded, Record, StoreError, TokenKey};
use b24::{
    BoxFuture, Denial, Grant, Kind, MemoryStore, OAuth, Reason, RefreshError, TokenError,
    TokenStore,
};
use serde_json::json;

use crate::authority::{Authority, MEMBER, Refresh, SECRET};
use crate::seen::{self, Failed};

/// One store for several handles.
#[derive(Clone, Debug)]
pub(crate) struct Common(Arc<dyn TokenStore>);

impl Common {
    pub(crate) fn new() -> Self {
        Self(Arc::new(MemoryStore::new()))
    }
}

impl TokenStore for Common {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Loaded, StoreError>> {
        self.0.load(key)
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

async fn authorised(authority: &Authority) -> (OAuth, b24::Client) {
    let oauth = authority.oauth(Common::new());
    oauth.adopt(authority.grant()).await.unwrap();
    let b24 = oauth.client(MEMBER).await.unwrap();
    let known = oauth.portal(MEMBER).await.unwrap();
    for what in [&oauth as &dyn std::fmt::Debug, &b24, &known] {
        seen::shown(what);
    }
    (oauth, b24)
}

pub(crate) fn token_error(error: &b24::Error) -> &TokenError {
    match error.reason() {
        Reason::Token(error) => error,
        other => panic!("not about tokens: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_becomes_a_client_like_any_other() {
    let authority = Authority::default();
    let oauth = authority.oauth(MemoryStore::new());
    let state = OAuth::new_state();
    let url = oauth.authorize_url("acme.bitrix24.com", &state).unwrap();
    assert_eq!(
        url,
        format!(
            "https://acme.bitrix24.com/oauth/authorize/?client_id=local.1&response_type=code&state={state}"
        )
    );
    let query = format!(
        "code=th3-c0de&state={state}&domain=acme.bitrix24.com&member_id={MEMBER}&scope=crm&server_domain=oauth.bitrix.info"
    );
    let grant = oauth.exchange(&query, &state).await.unwrap();
    assert_eq!((grant.user_id, grant.scope.len()), (Some(7), 2));
    let b24 = oauth.client(&grant.member_id).await.unwrap();
    assert_eq!(b24.portal(), "acme.bitrix24.com");
    b24.v2().call("crm.item.get").param("id", 5).await.unwrap();
    let (uri, bearer, body) = authority.last_call();
    assert!(uri.starts_with("https://acme.bitrix24.com/rest/crm.item.get?bx24_request_id="));
    assert!(!uri.contains("acc3ss"), "{uri}");
    assert_eq!(
        (bearer, body),
        (None, json!({ "id": 5, "auth": authority.access() }))
    );
    b24.v3()
        .call("tasks.task.get")
        .param("id", 5)
        .await
        .unwrap();
    let (uri, _, body) = authority.last_call();
    assert!(uri.starts_with("https://acme.bitrix24.com/rest/api/tasks.task.get?"));
    assert_eq!(body["auth"], json!(authority.access()));
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_v3_is_a_bare_list_with_a_header() {
    let authority = Authority::default();
    let (_, b24) = authorised(&authority).await;
    let mut batch = b24.v3().batch();
    batch.push(b24.v3().call("tasks.task.get").param("id", 1));
    batch.await.unwrap();
    let (uri, bearer, body) = authority.last_call();
    assert!(!uri.contains("acc3ss"), "{uri}");
    assert_eq!(bearer, Some(format!("Bearer {}", authority.access())));
    assert!(body.is_array(), "{body}");
}

#[tokio::test(start_paused = true)]
async fn a_forged_state_and_a_foreign_server_get_no_secret() {
    let authority = Authority::default();
    let oauth = authority.oauth(MemoryStore::new());
    for (query, state) in [
        ("code=th3-c0de&state=other&domain=acme.bitrix24.com", "mine"),
        (
            "code=th3-c0de&state=mine&domain=acme.bitrix24.com&server_domain=evil.example",
            "mine",
        ),
        (
            "code=th3-c0de&state=mine&domain=acme.bitrix24.com&server_domain=127.0.0.1:80",
            "mine",
        ),
        (
            "code=th3-c0de&state=mine&domain=http://acme.bitrix24.com",
            "mine",
        ),
    ] {
        let error = oauth.exchange(query, state).await.failed();
        assert_eq!(error.kind(), Kind::Auth, "{query}: {error}");
    }
    assert_eq!(authority.refreshes(), 0);
    assert!(oauth.members().await.unwrap().is_empty());
    assert_eq!(
        oauth.authorize_url("acme.bitrix24.com", "").failed().kind(),
        Kind::Usage
    );
    assert_eq!(
        oauth.authorize_url("ftp://x", "s").failed().kind(),
        Kind::Usage
    );
}

#[tokio::test(start_paused = true)]
async fn a_hundred_tasks_with_one_expired_token_refresh_once() {
    let authority = Authority::default();
    authority.0.lock().unwrap().delay = Duration::from_millis(80);
    let (_, b24) = authorised(&authority).await;
    authority.expire();
    let tasks: Vec<_> = (0..100)
        .map(|n| {
            let b24 = b24.clone();
            tokio::spawn(async move {
                // v2 and v3 alike: the vendor's SDK refreshes once for each.
                match n % 2 {
                    0 => b24.v2().call("profile").await,
                    _ => b24.v3().call("tasks.task.get").await,
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(authority.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_processes_with_one_store_refresh_once() {
    let authority = Authority::default();
    authority.0.lock().unwrap().delay = Duration::from_millis(80);
    let store = Common::new();
    let (one, two) = (authority.oauth(store.clone()), authority.oauth(store));
    one.adopt(authority.grant()).await.unwrap();
    let (a, b) = (
        one.client(MEMBER).await.unwrap(),
        two.client(MEMBER).await.unwrap(),
    );
    authority.expire();
    let (a, b) = tokio::join!(
        a.v2().call("profile").reply(),
        b.v2().call("profile").reply()
    );
    a.unwrap();
    b.unwrap();
    assert_eq!(authority.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_refreshed_before_a_call_when_under_a_minute_is_left() {
    let authority = Authority::default();
    let (oauth, b24) = authorised(&authority).await;
    tokio::time::advance(Duration::from_secs(3539)).await;
    b24.v2().call("profile").await.unwrap();
    assert_eq!(authority.refreshes(), 0);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(authority.refreshes(), 0, "no timer refreshes");
    b24.v2().call("profile").await.unwrap();
    assert_eq!(
        (
            authority.refreshes(),
            authority.0.lock().unwrap().calls.len()
        ),
        (1, 2)
    );
    // A server that fails costs nothing while the token is good for some seconds more.
    tokio::time::advance(Duration::from_secs(3550)).await;
    authority.next(Refresh::Answer(502, "<html>Bad Gateway</html>".into()));
    b24.v2().call("profile").await.unwrap();
    let known = oauth.portal(MEMBER).await.unwrap().unwrap();
    assert!(known.access_left <= Duration::from_secs(60), "{known:?}");
    assert_eq!(known.problem, None);
}

/// A minute before its end such a token was never good: half its life is kept back instead.
#[tokio::test(start_paused = true)]
async fn tokens_that_live_for_less_than_a_minute_are_refreshed_once_a_life() {
    let authority = Authority::default();
    let (_, b24) = authorised(&authority).await;
    authority.expire();
    authority.0.lock().unwrap().answer["expires_in"] = json!(45);
    for refreshes in 1..=3 {
        let calls = (0..20).map(|_| b24.v2().call("profile").reply());
        for end in futures_util::future::join_all(calls).await {
            end.unwrap();
        }
        b24.v2().call("profile").await.unwrap();
        assert_eq!(authority.refreshes(), refreshes);
        tokio::time::advance(Duration::from_secs(23)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_goes_on_when_its_caller_is_gone() {
    let authority = Authority::default();
    authority.0.lock().unwrap().delay = Duration::from_millis(200);
    let (_, b24) = authorised(&authority).await;
    authority.expire();
    let call = tokio::spawn({
        let b24 = b24.clone();
        async move { b24.v2().call("profile").await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    call.abort();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(authority.refreshes(), 1);
    b24.v2().call("profile").await.unwrap();
    assert_eq!(authority.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_stays_refused_is_refreshed_once_a_call() {
    let authority = Authority::default();
    let (_, b24) = authorised(&authority).await;
    authority.0.lock().unwrap().refuse = Some((401, "expired_token"));
    let error = b24.v2().call("profile").await.failed();
    assert_eq!((error.kind(), error.attempts()), (Kind::Auth, 2));
    assert_eq!(authority.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn uninstalled_unpaid_and_blocked_look_different() {
    let authority = Authority::default();
    let (_, b24) = authorised(&authority).await;
    for (status, code, denial) in [
        (401, "APPLICATION_NOT_FOUND", Denial::NotInstalled),
        (401, "PAYMENT_REQUIRED", Denial::Unpaid),
        (401, "OVERLOAD_LIMIT", Denial::Blocked),
        (401, "ACCESS_DENIED", Denial::Plan),
        (401, "authorization_error", Denial::User),
    ] {
        authority.0.lock().unwrap().refuse = Some((status, code));
        let error = b24.v2().call("profile").await.failed();
        assert_eq!(error.denial(), Some(denial), "{code}: {error}");
    }
    assert_eq!(authority.refreshes(), 0);
    // The same from the authorisation server.
    authority.expire();
    for (code, denial) in [
        ("PAYMENT_REQUIRED", Denial::Unpaid),
        ("NOT_INSTALLED", Denial::NotInstalled),
        ("invalid_client", Denial::Application),
        ("wrong_client", Denial::Application),
    ] {
        authority.next(Refresh::Answer(200, json!({ "error": code }).to_string()));
        let error = b24.v2().call("profile").await.failed();
        assert_eq!(
            (error.kind(), error.denial()),
            (Kind::Auth, Some(denial)),
            "{error}"
        );
        assert_eq!(error.code(), Some(code));
    }
    // None of these has ended the tokens.
    b24.v2().call("profile").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_revoked_refresh_token_is_asked_about_once() {
    let authority = Authority::default();
    let (oauth, b24) = authorised(&authority).await;
    authority.0.lock().unwrap().number = 40;
    for _ in 0..3 {
        let error = b24.v2().call("profile").await.failed();
        assert_eq!(error.denial(), Some(Denial::AuthoriseAgain));
        assert!(error.to_string().contains("authorise again"), "{error}");
    }
    assert_eq!(authority.refreshes(), 1);
    let known = oauth.portal(MEMBER).await.unwrap().unwrap();
    assert!(matches!(known.problem, Some(TokenError::Refused { .. })));
    // Authorised again, the same client goes on.
    oauth.adopt(authority.grant()).await.unwrap();
    b24.v2().call("profile").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_failing_authorisation_server_is_temporary() {
    let authority = Authority::default();
    let (_, b24) = authorised(&authority).await;
    authority.expire();
    for step in [
        Refresh::Answer(200, "<html><title>Maintenance</title></html>".into()),
        Refresh::Answer(502, String::new()),
        Refresh::Answer(200, "{\"access_token\":\"half".into()),
        Refresh::Answer(200, json!({ "access_token": "a" }).to_string()),
        Refresh::Moved("https://evil.example/oauth/token/".into()),
    ] {
        authority.next(step);
        let error = b24.v2().call("profile").await.failed();
        assert_eq!(error.kind(), Kind::Temporary, "{error}");
        assert!(
            matches!(token_error(&error), TokenError::NoAnswer(_)),
            "{error}"
        );
        assert!(!error.may_have_run());
    }
    authority.next(Refresh::NotSent);
    authority.next(Refresh::NotSent);
    b24.v2().call("profile").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_told_when_the_token_turns_out_used_up() {
    let authority = Authority::default();
    let (_, b24) = authorised(&authority).await;
    authority.expire();
    authority.next(Refresh::Lost);
    assert_eq!(
        b24.v2().call("profile").await.failed().kind(),
        Kind::Temporary
    );
    let error = b24.v2().call("profile").await.failed();
    assert_eq!(error.denial(), Some(Denial::AuthoriseAgain));
    assert!(error.to_string().contains("was lost"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_client_secret_is_told_as_that() {
    let authority = Authority::default();
    let store = Common::new();
    let right = authority.oauth(store.clone());
    right.adopt(authority.grant()).await.unwrap();
    let wrong = OAuth::new(b24::App::new("local.1", "wr0ng"), store)
        .settings(b24::Client::builder().transport(authority.clone()));
    let b24 = wrong.client(MEMBER).await.unwrap();
    authority.expire();
    let error = b24.v2().call("profile").await.failed();
    assert_eq!(error.denial(), Some(Denial::Application));
    assert!(!format!("{error} {error:?}").contains("wr0ng"));
    // It has not spoilt the tokens for those with the right one.
    let b24 = right.client(MEMBER).await.unwrap();
    b24.v2().call("profile").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_portal_that_was_renamed_is_called_at_its_new_address() {
    let authority = Authority::default();
    let (oauth, b24) = authorised(&authority).await;
    authority.expire();
    authority.0.lock().unwrap().answer["client_endpoint"] = json!("https://new.bitrix24.com/rest/");
    b24.v2().call("profile").await.unwrap();
    assert!(
        authority
            .last_call()
            .0
            .starts_with("https://new.bitrix24.com/rest/profile?")
    );
    let known = oauth.portal(MEMBER).await.unwrap().unwrap();
    assert_eq!(
        known.grant.client_endpoint,
        "https://new.bitrix24.com/rest/"
    );
}

/// A portal that answers at its old address with where it is now.
#[derive(Clone, Debug)]
struct Renamed(Authority);

impl b24::Transport for Renamed {
    fn send(
        &self,
        request: http::Request<bytes::Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<bytes::Bytes>, b24::TransportError>> {
        if request.uri().host() != Some("acme.bitrix24.com") {
            return self.0.send(request);
        }
        let path = request.uri().path();
        let answer = http::Response::builder()
            .status(302)
            .header("location", format!("https://new.bitrix24.com{path}"));
        Box::pin(async { Ok(answer.body(bytes::Bytes::new()).unwrap()) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_of_a_renamed_portal_is_kept_for_all() {
    let authority = Authority::default();
    let settings = b24::Client::builder().transport(Renamed(authority.clone()));
    let oauth = OAuth::new(Authority::app(), MemoryStore::new()).settings(settings);
    oauth.adopt(authority.grant()).await.unwrap();
    let b24 = oauth.client(MEMBER).await.unwrap();
    b24.v2().call("profile").await.unwrap();
    assert!(
        authority
            .last_call()
            .0
            .starts_with("https://new.bitrix24.com/rest/profile?")
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    let known = oauth.portal(MEMBER).await.unwrap().unwrap();
    assert_eq!(
        known.grant.client_endpoint,
        "https://new.bitrix24.com/rest/"
    );
    assert_eq!(authority.refreshes(), 0);
}

#[tokio::test(start_paused = true)]
async fn tokens_kept_elsewhere_are_refreshed_and_told_there() {
    struct Own(Authority);
    impl b24::Refresher for Own {
        fn refresh<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<Grant, RefreshError>> {
            Box::pin(async move {
                let mut state = self.0.0.lock().unwrap();
                if grant.refresh_token() != format!("r3fresh-{}", state.number) {
                    return Err(RefreshError::refused(400, "invalid_grant", ""));
                }
                state.number += 1;
                let (access, refresh) = (
                    format!("acc3ss-{}", state.number),
                    format!("r3fresh-{}", state.number),
                );
                Ok(grant.renewed(access, refresh, Duration::from_secs(3600)))
            })
        }
    }
    let authority = Authority::default();
    let told = Arc::new(Mutex::new(Vec::new()));
    let oauth = authority
        .oauth(MemoryStore::new())
        .refresher(Own(authority.clone()))
        .on_renewed({
            let told = Arc::clone(&told);
            move |grant: &Grant| told.lock().unwrap().push(grant.refresh_token().to_owned())
        });
    oauth.adopt(authority.grant()).await.unwrap();
    let b24 = oauth.client(MEMBER).await.unwrap();
    authority.expire();
    b24.v2().call("profile").await.unwrap();
    assert_eq!(authority.refreshes(), 0, "no request of our own");
    assert_eq!(*told.lock().unwrap(), ["r3fresh-1"]);
}

#[tokio::test(start_paused = true)]
async fn who_has_authorised_anew_meanwhile_is_not_overwritten() {
    let authority = Authority::default();
    authority.0.lock().unwrap().delay = Duration::from_secs(5);
    let (oauth, b24) = authorised(&authority).await;
    authority.expire();
    let call = tokio::spawn(async move { b24.v2().call("profile").await });
    tokio::time::sleep(Duration::from_secs(8)).await;
    let anew = Grant::new(
        MEMBER,
        "https://acme.bitrix24.com/rest/",
        "an3w",
        "an3w-refresh",
    );
    oauth.adopt(anew).await.unwrap();
    let _ = call.await.unwrap();
    let known = oauth.portal(MEMBER).await.unwrap().unwrap();
    assert_eq!(known.grant.refresh_token(), "an3w-refresh");
    assert_eq!(authority.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_near_its_end_is_warned_about() {
    let authority = Authority::default();
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&told);
    let settings = b24::Client::builder()
        .transport(authority.clone())
        .observer(move |event: &b24::Event<'_>| {
            if let b24::Event::Aging { member_id, left } = event {
                seen.lock()
                    .unwrap()
                    .push(((*member_id).to_owned(), left.as_secs() / 86_400));
            }
        });
    let oauth = OAuth::new(Authority::app(), MemoryStore::new()).settings(settings);
    oauth.adopt(authority.grant()).await.unwrap();
    oauth.client(MEMBER).await.unwrap();
    assert!(told.lock().unwrap().is_empty());
    tokio::time::advance(Duration::from_secs(160 * 86_400)).await;
    oauth.client(MEMBER).await.unwrap();
    assert_eq!(*told.lock().unwrap(), [(MEMBER.to_owned(), 20)]);
    oauth.refresh(MEMBER).await.unwrap();
    let known = oauth.portal(MEMBER).await.unwrap().unwrap();
    assert!(known.refresh_left > Duration::from_secs(179 * 86_400));
}

#[tokio::test(start_paused = true)]
async fn a_grant_whose_server_is_foreign_is_not_refreshed() {
    let authority = Authority::default();
    let oauth = authority.oauth(MemoryStore::new());
    let mut grant = authority.grant();
    grant.server_endpoint = "https://evil.example/rest/".to_owned();
    oauth.adopt(grant).await.unwrap();
    let b24 = oauth.client(MEMBER).await.unwrap();
    authority.expire();
    let error = b24.v2().call("profile").await.failed();
    assert!(
        error
            .to_string()
            .contains("evil.example, which is not trusted"),
        "{error}"
    );
    assert_eq!(authority.refreshes(), 0);
    assert!(!format!("{error:?}").contains(SECRET));
}
