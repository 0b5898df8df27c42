//! Applications that are closed while new tokens are under way, and stores that others write meanwhile.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use b24::store::{Loaded, Record, StoreError, StoreFault, TokenKey};
use b24::{BoxFuture, Denial, Event, Grant, OAuth, TokenError};

use crate::authority::{Authority, MEMBER};
use crate::oauth::{Common, token_error};
use crate::oauth_stores::Odd;
use crate::seen::Failed;

type Told = Arc<Mutex<Vec<String>>>;

/// An application, and what its observer is told of tokens.
fn observed(authority: &Authority, store: impl b24::TokenStore + 'static) -> (OAuth, Told) {
    let told = Told::default();
    let seen = Arc::clone(&told);
    let settings = b24::Client::builder()
        .transport(authority.clone())
        .observer(move |event: &Event<'_>| {
            let text = match event {
                Event::TokensAwaited { left, .. } => format!("awaited, {} s left", left.as_secs()),
                Event::TokensUnsaved { why, .. } => format!("unsaved: {why}"),
                Event::Renewed { .. } => "renewed".to_owned(),
                _ => return,
            };
            seen.lock().unwrap().push(text);
        });
    (OAuth::new(Authority::app(), store).settings(settings), told)
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_the_tokens_that_were_asked_for() {
    let authority = Authority::default();
    let oauth = authority.oauth(Common::new());
    oauth.close().await.unwrap();
    let oauth = authority.oauth(Common::new());
    oauth.adopt(authority.grant()).await.unwrap();
    authority.0.lock().unwrap().delay = Duration::from_secs(20);
    let begun = tokio::time::Instant::now();
    let refresh = tokio::time::timeout(Duration::from_secs(1), oauth.refresh(MEMBER)).await;
    refresh.unwrap_err();
    oauth.close().await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 20);
    let known = oauth.portal(MEMBER).await.unwrap().unwrap();
    assert_eq!(
        known.grant.refresh_token(),
        authority.grant().refresh_token()
    );
    // None begins any more.
    let error = oauth.refresh(MEMBER).await.failed();
    assert!(error.to_string().contains("closed"), "{error}");
    assert_eq!(authority.refreshes(), 1);
}

/// Others wait for its lease; it has nothing to lose.
#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_the_tokens_of_others() {
    let authority = Authority::default();
    let common = Common::new();
    let (first, second) = (authority.oauth(common.clone()), authority.oauth(common));
    first.adopt(authority.grant()).await.unwrap();
    authority.0.lock().unwrap().delay = Duration::from_secs(20);
    let asked = tokio::spawn(async move { first.refresh(MEMBER).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let waits = tokio::time::timeout(Duration::from_secs(1), second.refresh(MEMBER)).await;
    waits.unwrap_err();
    let begun = tokio::time::Instant::now();
    second.close().await.unwrap();
    assert!(begun.elapsed().as_secs() < 1);
    asked.await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(authority.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_cannot_be_saved_are_told_at_once_and_given_up_in_the_end() {
    let authority = Authority::default();
    let odd = Odd::new(Common::new());
    let (oauth, told) = observed(&authority, odd.clone());
    oauth.adopt(authority.grant()).await.unwrap();
    // From the third write of the refresh on: the claim and the note that it asks are before it.
    odd.fails_after(StoreFault::Other, 2);
    let refresh = tokio::time::timeout(Duration::from_secs(1), oauth.refresh(MEMBER)).await;
    refresh.unwrap_err();
    let why = "the store of tokens failed: it cannot be written";
    assert_eq!(*told.lock().unwrap(), [format!("unsaved: {why}")]);
    let error = oauth.close().await.failed();
    assert_eq!(token_error(&error), &TokenError::Unsaved(why.to_owned()));
    assert_eq!(error.denial(), Some(Denial::AuthoriseAgain));
    assert_eq!(told.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_another_process_is_told_once_after_a_second() {
    for (delay, expected) in [(800, &[][..]), (9000, &["awaited, 58 s left"])] {
        let authority = Authority::default();
        let common = Common::new();
        let first = authority.oauth(common.clone());
        first.adopt(authority.grant()).await.unwrap();
        let (second, told) = observed(&authority, common);
        authority.0.lock().unwrap().delay = Duration::from_millis(delay);
        let asked = tokio::spawn(async move { first.refresh(MEMBER).await });
        tokio::time::sleep(Duration::from_millis(10)).await;
        second.refresh(MEMBER).await.unwrap();
        asked.await.unwrap().unwrap();
        assert_eq!(authority.refreshes(), 1);
        assert_eq!(*told.lock().unwrap(), *expected, "{delay}");
    }
}

/// A store that another process writes to before the first write of this one.
#[derive(Debug)]
struct Overtaken {
    common: Common,
    other: Mutex<Option<(OAuth, Grant)>>,
}

impl b24::TokenStore for Overtaken {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Loaded, StoreError>> {
        self.common.load(key)
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let other = self.other.lock().unwrap().take();
            if let Some((other, grant)) = other {
                other.adopt(grant).await.unwrap();
                other.refresh(MEMBER).await.unwrap();
            }
            self.common.swap(key, expected, record).await
        })
    }

    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.common.remove(key, expected)
    }

    fn members<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        self.common.members(client_id)
    }
}

/// Between the look and the write another process has adopted the same tokens, and refreshed them.
#[tokio::test(start_paused = true)]
async fn tokens_that_came_meanwhile_are_not_replaced_unseen() {
    let authority = Authority::default();
    let common = Common::new();
    let brought = authority.grant();
    let other = authority.oauth(common.clone());
    let late = authority.oauth(Overtaken {
        common,
        other: Mutex::new(Some((other, brought.clone()))),
    });
    let is_better = |known: &b24::Portal| known.problem.is_none();
    assert!(!late.adopt_unless(brought.clone(), is_better).await.unwrap());
    assert_eq!(authority.refreshes(), 1);
    late.client(MEMBER)
        .await
        .unwrap()
        .v2()
        .call("profile")
        .await
        .unwrap();
    assert_eq!(authority.refreshes(), 1, "the newer tokens are still there");
    // Without a condition what is there is replaced, as ever.
    late.adopt(brought.clone()).await.unwrap();
    let kept: Grant = late.portal(MEMBER).await.unwrap().unwrap().grant;
    assert_eq!(kept.refresh_token(), brought.refresh_token());
}

/// Nothing was sent, and the others would take the tokens for lost.
#[tokio::test(start_paused = true)]
async fn closing_waits_until_a_lease_is_given_back() {
    let authority = Authority::default();
    let common = Common::new();
    let odd = Odd::new(common.clone());
    let oauth = authority.oauth(odd.clone());
    oauth.adopt(authority.grant()).await.unwrap();
    odd.loses_the_answer_after(1);
    oauth.refresh(MEMBER).await.failed();
    let begun = tokio::time::Instant::now();
    let away = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        odd.is_well();
    };
    let (closed, ()) = tokio::join!(oauth.close(), away);
    closed.unwrap();
    assert!((20..=26).contains(&begun.elapsed().as_secs()));
    authority.oauth(common).refresh(MEMBER).await.unwrap();
    assert_eq!(authority.refreshes(), 1);
}
