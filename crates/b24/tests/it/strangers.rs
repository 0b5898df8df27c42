//! Forms and queries that anybody can make: who gets in by them, and where the client secret goes.

use std::sync::Mutex;
use std::time::Duration;

use b24::store::{Loaded, Record, StoreError, TokenKey};
use b24::{BoxFuture, Grant, Kind, MemoryStore, OAuth, TokenError, TokenStore};
use serde_json::{Value, json};

use crate::authority::{Authority, MEMBER, Refresh};
use crate::oauth::{Common, token_error};
use crate::seen::Failed;

const PORTAL: &str = "https://acme.bitrix24.com/rest/";
const SERVER: &str = "https://oauth.bitrix.info/rest/";
const LOCAL: &str = "http://127.0.0.1:6379/rest/";

/// An installation at these addresses.
fn installed_at(portal: &str, server: &str, refresh: &str, token: &str) -> b24::Installation {
    let body = format!(
        "event=ONAPPINSTALL&auth[access_token]=acc3ss-of-form&auth[refresh_token]={refresh}&auth[expires_in]=3600\
         &auth[client_endpoint]={portal}&auth[server_endpoint]={server}&auth[member_id]={MEMBER}\
         &auth[application_token]={token}",
    );
    b24::Installation::from_event(body.as_bytes()).unwrap()
}

fn installed(refresh: &str, token: &str) -> b24::Installation {
    installed_at(PORTAL, SERVER, refresh, token)
}

fn uninstalled(token: &str) -> b24::Uninstallation {
    let body =
        format!("event=ONAPPUNINSTALL&auth[member_id]={MEMBER}&auth[application_token]={token}");
    b24::Uninstallation::from_event(body.as_bytes()).unwrap()
}

async fn kept(oauth: &OAuth) -> Option<Grant> {
    let known = oauth.portal(MEMBER).await.unwrap();
    known.map(|known| known.grant)
}

#[tokio::test(start_paused = true)]
async fn installations_are_proved_and_uninstallations_known_by_their_token() {
    let authority = Authority::default();
    let oauth = authority.oauth(MemoryStore::new());
    let forged = oauth.install(&installed("made-up", "t0ken")).await.failed();
    assert_eq!(forged.kind(), Kind::Auth);
    assert!(oauth.members().await.unwrap().is_empty());

    oauth
        .install(&installed("r3fresh-0", "t0ken"))
        .await
        .unwrap();
    let b24 = oauth.client(MEMBER).await.unwrap();
    b24.v2().call("profile").await.unwrap();
    // Installed again by the same portal: its token vouches for the form.
    let asked = authority.refreshes();
    oauth
        .install(&installed("r3fresh-1", "t0ken"))
        .await
        .unwrap();
    assert_eq!(authority.refreshes(), asked);

    let error = oauth.uninstall(&uninstalled("wr0ng")).await.failed();
    assert_eq!(error.kind(), Kind::Auth);
    assert_eq!(oauth.members().await.unwrap(), [MEMBER]);
    oauth.uninstall(&uninstalled("t0ken")).await.unwrap();
    assert!(oauth.members().await.unwrap().is_empty());
    let missing = oauth.client(MEMBER).await.failed();
    assert!(matches!(token_error(&missing), TokenError::Missing));
}

/// Else anybody could have the secret posted to any port of the machine that the application runs on.
#[tokio::test(start_paused = true)]
async fn a_stranger_does_not_make_this_machine_a_server() {
    let authority = Authority::default();
    let oauth = authority.oauth(MemoryStore::new());
    oauth
        .adopt(
            authority
                .grant()
                .with_application_token(Some("t0ken".to_owned())),
        )
        .await
        .unwrap();
    // Not even the portal itself, by its token.
    for token in ["t0ken", "t0ken-2"] {
        for portal in [LOCAL, PORTAL] {
            let form = installed_at(portal, LOCAL, "r3fresh-0", token);
            let error = oauth.install(&form).await.failed();
            assert!(
                matches!(token_error(&error), TokenError::Untrusted { .. }),
                "{error}"
            );
        }
    }
    let query = "code=th3-c0de&state=mine&domain=127.0.0.1:6379&server_domain=127.0.0.1:6379";
    for query in [
        query.to_owned(),
        format!("{query}&member_id={MEMBER}"),
        query.replace("server_domain", "x"),
    ] {
        let error = oauth.exchange(&query, "mine").await.failed();
        assert!(
            matches!(token_error(&error), TokenError::Untrusted { .. }),
            "{error}"
        );
    }
    assert_eq!(authority.refreshes(), 0);
    assert_eq!(kept(&oauth).await.unwrap().client_endpoint, PORTAL);
}

fn local(authority: &Authority) {
    authority.0.lock().unwrap().answer =
        json!({ "client_endpoint": LOCAL, "server_endpoint": LOCAL });
}

#[tokio::test(start_paused = true)]
async fn this_machine_is_a_server_once_the_program_says_so() {
    let query = "code=th3-c0de&state=mine&domain=127.0.0.1:6379&server_domain=127.0.0.1:6379";
    let named = |authority: &Authority| {
        local(authority);
        authority
            .oauth(MemoryStore::new())
            .trust_server("localhost")
    };
    let authority = Authority::default();
    named(&authority).exchange(query, "mine").await.unwrap();
    let authority = Authority::default();
    let form = installed_at(LOCAL, LOCAL, "r3fresh-0", "t0ken");
    let oauth = named(&authority);
    oauth.install(&form).await.unwrap();
    assert_eq!(kept(&oauth).await.unwrap().client_endpoint, LOCAL);

    // Or has adopted tokens of that very server.
    let authority = Authority::default();
    local(&authority);
    let oauth = authority.oauth(MemoryStore::new());
    let mut grant = authority.grant();
    grant.client_endpoint = LOCAL.to_owned();
    grant.server_endpoint = LOCAL.to_owned();
    oauth.adopt(grant).await.unwrap();
    let other = LOCAL.replace("6379", "6380");
    let form = installed_at(LOCAL, &other, "r3fresh-0", "t0ken");
    assert!(matches!(
        token_error(&oauth.install(&form).await.failed()),
        TokenError::Untrusted { .. }
    ));
    let form = installed_at(LOCAL, LOCAL, "r3fresh-0", "t0ken");
    oauth.install(&form).await.unwrap();
}

/// Whose tokens they are is for the server to say: the form says whatever its author likes.
#[tokio::test(start_paused = true)]
async fn an_answer_that_names_no_portal_proves_nothing() {
    for member in [Value::Null, json!(""), json!("0000")] {
        let authority = Authority::default();
        authority.0.lock().unwrap().answer = json!({ "member_id": member });
        let oauth = authority.oauth(MemoryStore::new());
        let form = installed("r3fresh-0", "t0ken");
        let error = oauth.install(&form).await.failed();
        assert!(
            matches!(token_error(&error), TokenError::Forged(_)),
            "{error}"
        );
        let query = format!(
            "code=th3-c0de&state=mine&domain=acme.bitrix24.com&member_id={MEMBER}\
             &server_domain=oauth.bitrix.info"
        );
        let error = oauth.exchange(&query, "mine").await.failed();
        assert!(
            matches!(token_error(&error), TokenError::Forged(_)),
            "{error}"
        );
        assert!(oauth.members().await.unwrap().is_empty());
    }
}

/// An application whose portal was installed by its administrator, and has a user who is none.
async fn with_a_user(authority: &Authority) -> OAuth {
    authority.0.lock().unwrap().others = vec!["r3fresh-user"];
    let oauth = authority.oauth(MemoryStore::new());
    let grant = authority.grant();
    let grant = grant.with_application_token(Some("t0ken".to_owned()));
    oauth.adopt(grant).await.unwrap();
    oauth
}

/// Tokens of any user of the portal are genuine, and he can read them in his browser.
#[tokio::test(start_paused = true)]
async fn a_user_of_the_portal_does_not_replace_what_works() {
    let page = b"AUTH_ID=acc3ss-of-form&REFRESH_ID=r3fresh-user&member_id=0123456789abcdef0123456789abcdef";
    let page = b24::Installation::from_page("DOMAIN=acme.bitrix24.com", page).unwrap();
    for form in [
        installed("r3fresh-user", "t0ken-of-mallory"),
        page,
        // Not even by the pair that is kept: to prove it would use it up.
        installed("r3fresh-0", "t0ken-of-mallory"),
    ] {
        let authority = Authority::default();
        let oauth = with_a_user(&authority).await;
        let error = oauth.install(&form).await.failed();
        assert!(
            matches!(token_error(&error), TokenError::Forged(_)),
            "{error}"
        );
        let grant = kept(&oauth).await.unwrap();
        assert_eq!(grant.application_token(), Some("t0ken"));
        assert_eq!(
            grant.refresh_token(),
            format!("r3fresh-{}", authority.0.lock().unwrap().number)
        );
        let forged = uninstalled("t0ken-of-mallory");
        oauth.uninstall(&forged).await.failed();
        let b24 = oauth.client(MEMBER).await.unwrap();
        b24.v2().call("profile").await.unwrap();
        oauth.uninstall(&uninstalled("t0ken")).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_installation_anew_goes_through_once_the_old_one_is_dead() {
    let anew = installed("r3fresh-user", "t0ken-2");
    let replaced = async |oauth: &OAuth| {
        oauth.install(&anew).await.unwrap();
        let grant = kept(oauth).await.unwrap();
        assert_eq!(grant.application_token(), Some("t0ken-2"));
        assert_eq!(grant.user_id, Some(2));
    };
    // Nobody has noticed yet that the tokens were revoked.
    let authority = Authority::default();
    let oauth = with_a_user(&authority).await;
    authority.0.lock().unwrap().number = 40;
    replaced(&oauth).await;
    assert_eq!(authority.refreshes(), 2);

    // Somebody has.
    let authority = Authority::default();
    let oauth = with_a_user(&authority).await;
    authority.0.lock().unwrap().number = 40;
    oauth.refresh(MEMBER).await.failed();
    replaced(&oauth).await;
    assert_eq!(authority.refreshes(), 2);

    let authority = Authority::default();
    let oauth = with_a_user(&authority).await;
    let gone = json!({ "error": "NOT_INSTALLED" }).to_string();
    authority.next(Refresh::Answer(401, gone));
    replaced(&oauth).await;

    // Uninstalled, and told so.
    let authority = Authority::default();
    let oauth = with_a_user(&authority).await;
    oauth.uninstall(&uninstalled("t0ken")).await.unwrap();
    replaced(&oauth).await;
}

#[tokio::test(start_paused = true)]
async fn tokens_that_cannot_be_tried_are_not_replaced() {
    for code in ["", "PAYMENT_REQUIRED"] {
        let authority = Authority::default();
        let oauth = with_a_user(&authority).await;
        authority.next(Refresh::Answer(502, json!({ "error": code }).to_string()));
        let form = installed("r3fresh-user", "t0ken-2");
        oauth.install(&form).await.failed();
        assert_eq!(
            kept(&oauth).await.unwrap().application_token(),
            Some("t0ken")
        );
        oauth.refresh(MEMBER).await.unwrap();
    }
}

/// A server drops what it does for a portal that hangs up; the tokens that were asked for are there only once.
#[tokio::test(start_paused = true)]
async fn an_installation_and_a_code_are_taken_in_though_nobody_waits_any_more() {
    let query = "code=th3-c0de&state=mine&domain=acme.bitrix24.com&server_domain=oauth.bitrix.info";
    for by_form in [true, false] {
        let authority = Authority::default();
        authority.0.lock().unwrap().delay = Duration::from_secs(1);
        let oauth = authority.oauth(MemoryStore::new());
        let patience = Duration::from_millis(300);
        let form = installed("r3fresh-0", "t0ken");
        let was_dropped = if by_form {
            tokio::time::timeout(patience, oauth.install(&form))
                .await
                .is_err()
        } else {
            tokio::time::timeout(patience, oauth.exchange(query, "mine"))
                .await
                .is_err()
        };
        assert!(was_dropped);
        oauth.close().await.unwrap();
        assert_eq!(kept(&oauth).await.unwrap().refresh_token(), "r3fresh-1");
    }
}

/// A store where somebody installs anew in the moment between the look at a row and its removal.
#[derive(Debug)]
struct Reinstalled {
    common: Common,
    anew: Mutex<Option<(OAuth, Grant)>>,
}

impl TokenStore for Reinstalled {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Loaded, StoreError>> {
        self.common.load(key)
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.common.swap(key, expected, record)
    }

    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let anew = self.anew.lock().unwrap().take();
            if let Some((oauth, grant)) = anew {
                oauth.adopt(grant).await.unwrap();
            }
            self.common.remove(key, expected).await
        })
    }

    fn members<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        self.common.members(client_id)
    }
}

#[tokio::test(start_paused = true)]
async fn an_uninstallation_forgets_only_what_it_was_held_against() {
    let authority = Authority::default();
    let common = Common::new();
    let other = authority.oauth(common.clone());
    let with = |token: &str| {
        let grant = authority.grant();
        grant.with_application_token(Some(token.to_owned()))
    };
    other.adopt(with("t0ken")).await.unwrap();
    let anew = Mutex::new(Some((other.clone(), with("t0ken-2"))));
    let oauth = authority.oauth(Reinstalled { common, anew });
    let error = oauth.uninstall(&uninstalled("t0ken")).await.failed();
    assert!(
        matches!(token_error(&error), TokenError::Forged(_)),
        "{error}"
    );
    assert_eq!(
        kept(&oauth).await.unwrap().application_token(),
        Some("t0ken-2")
    );
    oauth.uninstall(&uninstalled("t0ken-2")).await.unwrap();
    assert!(kept(&oauth).await.is_none());
}
