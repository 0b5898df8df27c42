//! Applications whose store has a clock of its own, goes away, cannot be written, or holds what nobody can read.

use std::future::IntoFuture;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use b24::store::{Loaded, Record, StoreError, StoreFault, TokenKey};
use b24::{BoxFuture, Client, Kind, TokenError, TokenStore};
use serde_json::json;

use crate::authority::{Authority, MEMBER};
use crate::oauth::{Common, token_error};
use crate::seen::Failed;

/// A store with something wrong.
#[derive(Clone, Debug)]
pub(crate) struct Odd {
    common: Common,
    /// Hours that its clock is ahead, now.
    hours: Arc<AtomicI64>,
    /// What is wrong with writes, from this one on.
    fault: Arc<Mutex<Option<(StoreFault, u32)>>>,
    writes: Arc<AtomicU32>,
    /// The write that is done while its answer is lost; 0: none.
    lost: Arc<AtomicU32>,
    /// The write that is followed by one of somebody else, who seals the row anew; 0: none.
    resealed: Arc<AtomicU32>,
}

impl Odd {
    pub(crate) fn new(common: Common) -> Self {
        Self {
            common,
            hours: Arc::default(),
            fault: Arc::default(),
            writes: Arc::default(),
            lost: Arc::default(),
            resealed: Arc::default(),
        }
    }

    /// As a process sees it whose clock is so many hours ahead.
    fn ahead(common: &Common, hours: i64) -> Self {
        let odd = Self::new(common.clone());
        odd.hours.store(hours, Relaxed);
        odd
    }

    /// From the next write on.
    fn fails(&self, fault: StoreFault) {
        self.fails_after(fault, 0);
    }

    /// So many writes succeed before.
    pub(crate) fn fails_after(&self, fault: StoreFault, writes: u32) {
        let next = self.writes.load(Relaxed) + writes + 1;
        *self.fault.lock().unwrap() = Some((fault, next));
    }

    /// So many writes succeed before one is done whose answer is lost; the store is away from then on.
    pub(crate) fn loses_the_answer_after(&self, writes: u32) {
        let lost = self.writes.load(Relaxed) + writes + 1;
        self.lost.store(lost, Relaxed);
        self.fails_after(StoreFault::Away, writes + 1);
    }

    pub(crate) fn is_well(&self) {
        *self.fault.lock().unwrap() = None;
    }
}

impl TokenStore for Odd {
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(async move {
            let mut loaded = self.common.load(key).await?;
            let now = loaded.now.as_secs() as i64 + self.hours.load(Relaxed) * 3600;
            loaded.now = Duration::from_secs(now as u64);
            Ok(loaded)
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a TokenKey,
        expected: u64,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let write = self.writes.fetch_add(1, Relaxed) + 1;
        let fault = *self.fault.lock().unwrap();
        if let Some((fault, from)) = fault
            && write >= from
        {
            let error = StoreError::new(fault, "it cannot be written");
            return Box::pin(async { Err(error) });
        }
        Box::pin(async move {
            let swapped = self.common.swap(key, expected, record).await?;
            if write == self.lost.load(Relaxed) {
                return Err(StoreError::new(
                    StoreFault::Away,
                    "it went away after the commit",
                ));
            }
            if write == self.resealed.load(Relaxed) {
                return self.common.swap(key, expected + 1, record).await;
            }
            Ok(swapped)
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

/// The store's clock may be wrong by hours, and this machine's too: lifetimes are counted from the receipt.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_by_hours_does_no_harm() {
    for hours in [-7, 7] {
        let authority = Authority::default();
        // The server's own clock is wrong as well.
        authority.0.lock().unwrap().answer = json!({ "expires": 1_000_000 + hours * 3600 });
        let oauth = authority.oauth(Odd::ahead(&Common::new(), hours));
        oauth.adopt(authority.grant()).await.unwrap();
        let b24 = oauth.client(MEMBER).await.unwrap();
        for _ in 0..5 {
            b24.v2().call("profile").await.unwrap();
        }
        assert_eq!(authority.refreshes(), 0, "{hours}");
        tokio::time::advance(Duration::from_secs(3600)).await;
        for _ in 0..5 {
            b24.v2().call("profile").await.unwrap();
        }
        assert_eq!(authority.refreshes(), 1, "{hours}");
    }
}

/// From so many tasks at once.
async fn calls(b24: &Client, tasks: usize) {
    let calls = (0..tasks).map(|_| b24.v2().call("profile").into_future());
    for end in futures_util::future::join_all(calls).await {
        end.unwrap();
    }
}

fn sent(authority: &Authority) -> usize {
    authority.0.lock().unwrap().calls.len()
}

/// Whose clock is behind takes tokens for younger than they are, never for longer-lived; whose clock is ahead takes them
/// for expired, once.
#[tokio::test(start_paused = true)]
async fn tokens_kept_by_a_process_with_another_clock_are_refreshed_once() {
    for (hours, at_once) in [(7, 0), (-7, 1)] {
        let authority = Authority::default();
        let common = Common::new();
        let writer = authority.oauth(Odd::ahead(&common, hours));
        writer.adopt(authority.grant()).await.unwrap();
        let b24 = authority.oauth(common).client(MEMBER).await.unwrap();
        calls(&b24, 10).await;
        assert_eq!(authority.refreshes(), at_once, "{hours}");
        tokio::time::advance(Duration::from_secs(3541)).await;
        authority.expire();
        calls(&b24, 10).await;
        assert_eq!(authority.refreshes(), at_once + 1, "{hours}");
        assert_eq!(sent(&authority), 20, "{hours}: none was refused");
        // Whatever the clocks say: the portal has the last word.
        authority.expire();
        calls(&b24, 100).await;
        assert_eq!(authority.refreshes(), at_once + 2, "{hours}");
    }
}

/// A machine that notices hours later what time it is.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_while_processes_run_costs_no_storm() {
    for (hours, by_the_next) in [(7, 1), (-7, 0)] {
        let authority = Authority::default();
        let odd = Odd::new(Common::new());
        let first = authority.oauth(odd.clone());
        first.adopt(authority.grant()).await.unwrap();
        let mut processes = vec![first.client(MEMBER).await.unwrap()];
        odd.hours.store(hours, Relaxed);
        calls(&processes[0], 5).await;
        assert_eq!(authority.refreshes(), 0, "{hours}: nobody looked at it");
        for _ in 0..3 {
            let next = authority.oauth(odd.clone());
            processes.push(next.client(MEMBER).await.unwrap());
        }
        for _ in 0..3 {
            let all = processes.iter().map(|b24| calls(b24, 25));
            futures_util::future::join_all(all).await;
            assert_eq!(authority.refreshes(), by_the_next, "{hours}");
        }
        tokio::time::advance(Duration::from_secs(3600)).await;
        for _ in 0..3 {
            let all = processes.iter().map(|b24| calls(b24, 25));
            futures_util::future::join_all(all).await;
            assert_eq!(authority.refreshes(), by_the_next + 1, "{hours}");
        }
    }
}

/// No store lends its own clock to such processes, but a custom one may.
#[tokio::test(start_paused = true)]
async fn processes_that_never_agree_on_the_time_refresh_once_each() {
    let authority = Authority::default();
    let common = Common::new();
    let mut processes = Vec::new();
    authority
        .oauth(common.clone())
        .adopt(authority.grant())
        .await
        .unwrap();
    for hours in [0, 7, -7] {
        let oauth = authority.oauth(Odd::ahead(&common, hours));
        processes.push(oauth.client(MEMBER).await.unwrap());
    }
    for hour in 1..=24 {
        for _ in 0..3 {
            let all = processes.iter().map(|b24| calls(b24, 3));
            futures_util::future::join_all(all).await;
            tokio::time::advance(Duration::from_secs(1200)).await;
        }
        assert!(
            authority.refreshes() <= processes.len() * hour,
            "{} refreshes in {hour} hours",
            authority.refreshes()
        );
    }
}

/// What a process claimed whose clock was ahead is not held for hours when it is gone.
#[tokio::test(start_paused = true)]
async fn a_lease_of_a_dead_process_whose_clock_was_ahead_ends_in_a_minute() {
    let authority = Authority::default();
    let common = Common::new();
    let odd = Odd::new(common.clone());
    let oauth = authority.oauth(odd.clone());
    oauth.adopt(authority.grant()).await.unwrap();
    let dead = oauth.client(MEMBER).await.unwrap();
    authority.expire();
    odd.hours.store(7, Relaxed);
    // It claims, and reaches the store never again.
    *odd.fault.lock().unwrap() = Some((StoreFault::Away, odd.writes.load(Relaxed) + 2));
    dead.v2().call("profile").await.failed();
    assert_eq!(authority.refreshes(), 0);
    let next = authority.oauth(common).client(MEMBER).await.unwrap();
    let begun = tokio::time::Instant::now();
    calls(&next, 10).await;
    let waited = begun.elapsed().as_secs();
    assert!((59..=62).contains(&waited), "{waited}");
    assert_eq!(authority.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn new_tokens_are_not_used_before_the_store_has_them() {
    let authority = Authority::default();
    let common = Common::new();
    let odd = Odd::new(common.clone());
    let oauth = authority.oauth(odd.clone());
    oauth.adopt(authority.grant()).await.unwrap();
    let b24 = oauth.client(MEMBER).await.unwrap();
    authority.expire();
    // Away when the tokens come: the claim and the note that it asks are two writes before.
    odd.fails_after(StoreFault::Away, 2);
    let call = tokio::spawn(async move { b24.v2().call("profile").await });
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(authority.refreshes(), 1);
    assert_eq!(
        authority.0.lock().unwrap().calls.len(),
        1,
        "only the refused one"
    );
    // Meanwhile somebody else takes the tokens for lost, for the lease is over …
    tokio::time::sleep(Duration::from_secs(60)).await;
    let other = authority.oauth(common).client(MEMBER).await.unwrap();
    let lost = other.v2().call("profile").await.failed();
    assert!(
        matches!(token_error(&lost), TokenError::Lost { .. }),
        "{lost}"
    );
    // … and is proved wrong as soon as they can be saved.
    odd.is_well();
    call.await.unwrap().unwrap();
    other.v2().call("profile").await.unwrap();
    assert_eq!(authority.refreshes(), 1);
}

/// Who cannot save new tokens must not ask for any: the old ones would be used up.
#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_written_spends_no_refresh_token() {
    for (fault, kind) in [
        (StoreFault::ReadOnly, Kind::Local),
        (StoreFault::Corrupt, Kind::Local),
        (StoreFault::Away, Kind::Temporary),
    ] {
        let authority = Authority::default();
        let odd = Odd::new(Common::new());
        let oauth = authority.oauth(odd.clone());
        oauth.adopt(authority.grant()).await.unwrap();
        let b24 = oauth.client(MEMBER).await.unwrap();
        authority.expire();
        odd.fails(fault);
        let error = b24.v2().call("profile").await.failed();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(
            error.to_string().contains("it cannot be written"),
            "{error}"
        );
        assert_eq!(authority.refreshes(), 0, "{fault:?}");
        odd.is_well();
        b24.v2().call("profile").await.unwrap();
        assert_eq!(authority.refreshes(), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_of_another_version_is_told_and_kept() {
    let authority = Authority::default();
    let common = Common::new();
    let oauth = authority.oauth(common.clone());
    let key = TokenKey {
        client_id: "local.1".to_owned(),
        member_id: MEMBER.to_owned(),
    };
    // As this one writes it, but for a field that it would drop.
    oauth.adopt(authority.grant()).await.unwrap();
    let own = common.load(&key).await.unwrap().row.unwrap();
    let mut newer: serde_json::Value = serde_json::from_slice(own.record.expose()).unwrap();
    newer["version"] = json!(newer["version"].as_u64().unwrap() + 1);
    newer["hint"] = json!("of a version to come");
    let newer = newer.to_string();
    for record in ["", "{}", r#"{"version":9,"tokens":"acc3ss-9"}"#, &newer] {
        let version = common.load(&key).await.unwrap().row;
        let version = version.map_or(0, |row| row.version);
        let record = Record::from_bytes(record.as_bytes());
        assert!(common.swap(&key, version, &record).await.unwrap());
        for error in [
            oauth.client(MEMBER).await.failed(),
            oauth.portal(MEMBER).await.failed(),
            oauth.adopt(authority.grant()).await.failed(),
        ] {
            assert_eq!(error.kind(), Kind::Local);
            assert!(
                matches!(token_error(&error), TokenError::Store(_)),
                "{error}"
            );
        }
        let kept = common.load(&key).await.unwrap().row.unwrap();
        assert_eq!(kept.record, record);
    }
}

/// Nothing was sent, whatever the store may say: nobody may take the tokens for lost.
#[tokio::test(start_paused = true)]
async fn a_lease_whose_commit_was_not_answered_is_given_back() {
    // The claim, and the note that the request is about to leave.
    for write in [1, 2] {
        for away in [None, Some(0), Some(20)] {
            let authority = Authority::default();
            let common = Common::new();
            let odd = Odd::new(common.clone());
            let oauth = authority.oauth(odd.clone());
            oauth.adopt(authority.grant()).await.unwrap();
            let b24 = oauth.client(MEMBER).await.unwrap();
            authority.expire();
            odd.loses_the_answer_after(write - 1);
            if away.is_none() {
                odd.is_well();
            }
            let error = b24.v2().call("profile").await.failed();
            assert_eq!(error.kind(), Kind::Temporary, "{error}");
            tokio::time::sleep(Duration::from_secs(away.unwrap_or(0))).await;
            odd.is_well();
            let begun = tokio::time::Instant::now();
            let other = authority.oauth(common).client(MEMBER).await.unwrap();
            calls(&other, 10).await;
            let waited = begun.elapsed().as_secs();
            // Who has only claimed need not come back: the lease is over after a minute.
            let most = if write == 1 && away.is_some() { 60 } else { 6 };
            assert!(waited <= most, "{waited} s, write {write}, away {away:?}");
            assert_eq!(authority.refreshes(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresher_does_not_wait_for_its_own_lease() {
    let authority = Authority::default();
    let odd = Odd::new(Common::new());
    let oauth = authority.oauth(odd.clone());
    oauth.adopt(authority.grant()).await.unwrap();
    odd.resealed.store(odd.writes.load(Relaxed) + 1, Relaxed);
    let begun = tokio::time::Instant::now();
    oauth.refresh(MEMBER).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(authority.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_were_never_sent_are_not_lost_for_good() {
    let authority = Authority::default();
    let common = Common::new();
    let odd = Odd::new(common.clone());
    let oauth = authority.oauth(odd.clone());
    oauth.adopt(authority.grant()).await.unwrap();
    let b24 = oauth.client(MEMBER).await.unwrap();
    let other = authority.oauth(common).client(MEMBER).await.unwrap();
    authority.expire();
    odd.loses_the_answer_after(1);
    b24.v2().call("profile").await.failed();
    tokio::time::sleep(Duration::from_secs(90)).await;
    let error = other.v2().call("profile").await.failed();
    assert!(
        matches!(token_error(&error), TokenError::Lost { .. }),
        "{error}"
    );
    odd.is_well();
    tokio::time::sleep(Duration::from_secs(6)).await;
    calls(&other, 10).await;
    assert_eq!(authority.refreshes(), 1);
}
