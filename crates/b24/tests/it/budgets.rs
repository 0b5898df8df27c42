//! Several processes at one portal: a budget that they share, and what they do without it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use b24::store::{Answer, Ask, Spent, StoreError, StoreFault};
use b24::{BoxFuture, Client, Limits, MemoryStore, SharedBudget, Version};
use b24_portal::{Portal, Rate};
use bytes::Bytes;
use serde_json::json;

use crate::in_process;
use crate::script::{Script, ok};

/// A store that several clients have, and that can go away.
#[derive(Clone, Debug, Default)]
struct Common {
    store: Arc<MemoryStore>,
    away: Arc<AtomicBool>,
    hangs: Arc<AtomicBool>,
}

impl Common {
    fn check(&self) -> Result<(), StoreError> {
        if self.away.load(Relaxed) {
            let text = "PostgreSQL cannot be reached";
            return Err(StoreError::new(StoreFault::Away, text));
        }
        Ok(())
    }
}

impl SharedBudget for Common {
    fn reserve<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Answer, StoreError>> {
        Box::pin(async move {
            self.check()?;
            if self.hangs.load(Relaxed) {
                std::future::pending::<()>().await;
            }
            self.store.reserve(ask).await
        })
    }

    fn refused<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<(), StoreError>> {
        self.store.refused(ask)
    }

    fn spent<'a>(
        &'a self,
        portal: &'a str,
        credential: &'a str,
        spent: &'a Spent,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.store.spent(portal, credential, spent)
    }
}

const LIMITS: Limits = Limits::Custom {
    burst: 50,
    rate: 40.0,
};

async fn portal() -> Portal {
    let rate = Rate::Bucket {
        size: 50.0,
        per_second: 40.0,
    };
    Portal::builder().rate(rate).start().await.unwrap()
}

/// Clients with a transport of their own share no queue: each stands for a process.
fn process(portal: &Portal, common: &Common) -> Client {
    in_process::builder(portal)
        .limits(LIMITS)
        .shared_budget(common.clone())
        .build()
        .unwrap()
}

async fn calls(clients: &[Client], each: usize) -> Duration {
    let begun = tokio::time::Instant::now();
    let tasks: Vec<_> = clients
        .iter()
        .flat_map(|b24| (0..each).map(|_| b24.clone()))
        .map(|b24| tokio::spawn(async move { b24.v2().call("server.time").await }))
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn four_processes_share_one_budget_without_a_refusal() {
    let portal = portal().await;
    let common = Common::default();
    let clients: Vec<_> = (0..4).map(|_| process(&portal, &common)).collect();
    let took = calls(&clients, 250).await.as_secs_f64();
    assert_eq!(portal.refusals().query_limit, 0);
    let floor = (1000.0 - 50.0) / 40.0;
    assert!(
        took >= floor && took <= floor * 1.05,
        "{took} s, floor {floor} s"
    );
}

/// A process of which is known why its store was away.
fn watched(portal: &Portal, common: &Common) -> (Client, Arc<Mutex<Vec<String>>>) {
    let warned = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&warned);
    let b24 = in_process::builder(portal)
        .limits(LIMITS)
        .shared_budget(common.clone())
        .observer(move |event: &b24::Event<'_>| {
            if let b24::Event::BudgetAway { why } = event {
                seen.lock().unwrap().push((*why).to_owned());
            }
        })
        .build()
        .unwrap();
    (b24, warned)
}

#[tokio::test(start_paused = true)]
async fn without_its_store_each_process_is_careful_and_says_so() {
    let portal = portal().await;
    let common = Common::default();
    let (b24, warned) = watched(&portal, &common);
    common.away.store(true, Relaxed);
    let clients = [
        b24.clone(),
        process(&portal, &common),
        process(&portal, &common),
        process(&portal, &common),
    ];
    let took = calls(&clients, 60).await.as_secs_f64();
    // A quarter of 50 at once, then a quarter of 40 a second, in each of the four.
    assert!((4.5..6.0).contains(&took), "{took}");
    assert_eq!(portal.refusals().query_limit, 0);
    assert_eq!(
        *warned.lock().unwrap(),
        ["PostgreSQL cannot be reached"],
        "once"
    );
    // Back again, all of the limits are used.
    common.away.store(false, Relaxed);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let took = calls(&clients[..1], 130).await.as_secs_f64();
    assert!((2.0..3.0).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_takes_a_part_of_the_deadline_and_is_then_left_alone() {
    let portal = portal().await;
    let common = Common::default();
    let (b24, why) = watched(&portal, &common);
    common.hangs.store(true, Relaxed);
    let begun = tokio::time::Instant::now();
    let call = |deadline| {
        let call = b24.v2().call("server.time");
        let call = call.deadline(Duration::from_secs(deadline));
        async { tokio::time::timeout(Duration::from_secs(60), call).await }
    };
    call(2).await.expect("an end").unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    call(2).await.expect("an end").unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(1), "left alone");
    // However much time there is, a working store would have answered by then.
    tokio::time::advance(Duration::from_secs(10)).await;
    let begun = tokio::time::Instant::now();
    call(600).await.expect("an end").unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
    assert_eq!(*why.lock().unwrap(), ["it does not answer"], "once");
}

#[tokio::test(start_paused = true)]
async fn a_place_after_the_deadline_is_an_error_at_once_and_is_not_taken() {
    let portal = portal().await;
    let common = Common::default();
    let slow = |b24: b24::ClientBuilder| {
        let limits = Limits::Custom {
            burst: 1,
            rate: 0.01,
        };
        b24.limits(limits)
            .shared_budget(common.clone())
            .build()
            .unwrap()
    };
    let (one, two) = (
        slow(in_process::builder(&portal)),
        slow(in_process::builder(&portal)),
    );
    one.v2().call("server.time").await.unwrap();
    let begun = tokio::time::Instant::now();
    let error = two
        .v2()
        .call("server.time")
        .deadline(Duration::from_secs(10))
        .await
        .unwrap_err();
    assert!(
        error.is_limit() && error.retry_after() > Some(Duration::from_secs(90)),
        "{error}"
    );
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn operating_time_that_one_process_used_up_is_known_to_the_other() {
    let portal = Portal::builder()
        .method_cost("crm.deal.list", Duration::from_secs(50))
        .start()
        .await
        .unwrap();
    let common = Common::default();
    let build = || {
        in_process::builder(&portal)
            .shared_budget(common.clone())
            .build()
            .unwrap()
    };
    let (one, two) = (build(), build());
    for _ in 0..9 {
        one.v2().call("crm.deal.list").await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let call = two
        .v2()
        .call("crm.deal.list")
        .deadline(Duration::from_secs(20));
    let error = call.await.unwrap_err();
    assert!(error.to_string().contains("operating time"), "{error}");
    assert_eq!(
        portal.refusals().operating,
        0,
        "nobody had to ask the portal"
    );
    assert_eq!(two.stats().requests, 0);
}

/// Calls `app.info` in one of many ways.
async fn ask_for_the_plan(b24: &Client, way: &str) {
    let v2 = b24.v2();
    match way {
        "a call" => drop(v2.call("app.info").await.unwrap()),
        "a call in other letters" => drop(v2.call("App.Info").await.unwrap()),
        "a batch" => {
            let mut batch = v2.batch();
            batch.push(v2.call("profile"));
            batch.push(v2.call("app.info"));
            batch.await.unwrap();
        }
        "a batch of one" => {
            let mut batch = v2.batch();
            batch.push(v2.call("app.info"));
            batch.await.unwrap();
        }
        "a batch by hand" => {
            let cmd = json!({ "me": "profile", "plan": "app.info?" });
            let batch = v2.call("batch").param("halt", 0).param("cmd", cmd);
            batch.await.unwrap();
        }
        "a batch by hand, as a list" => {
            let batch = v2.call("batch").param("CMD", ["profile", "APP.INFO?a=1"]);
            batch.await.unwrap();
        }
        "a request handed on" => {
            let request = http::Request::post("/").body(Bytes::new()).unwrap();
            let forward = b24.forward(Version::V2, "app.info.json", request);
            forward.send().await.unwrap();
        }
        "a batch handed on" => {
            let request = http::Request::post("/?cmd[plan]=app.info&cmd[me]=profile");
            let forward = b24.forward(Version::V2, "batch", request.body(Bytes::new()).unwrap());
            let commands = [("plan", "app.info"), ("me", "profile")];
            let commands = commands.map(|(key, method)| (key.to_owned(), method.to_owned()));
            forward.commands(commands.into()).send().await.unwrap();
        }
        "the helper" => drop(b24.helper().app().await.unwrap()),
        _ => panic!("{way}"),
    }
}

#[tokio::test(start_paused = true)]
async fn limits_follow_the_plan_unless_they_were_stated() {
    let portal = Portal::builder()
        .edition(b24_portal::Edition::Enterprise)
        .start()
        .await
        .unwrap();
    let burst = |b24: &Client| b24.usage().rate.unwrap().burst;
    for way in [
        "a call",
        "a call in other letters",
        "a batch",
        "a batch of one",
        "a batch by hand",
        "a batch by hand, as a list",
        "a request handed on",
        "a batch handed on",
        "the helper",
    ] {
        let b24 = in_process::client(&portal);
        assert!((burst(&b24) - 50.0).abs() < 0.1);
        ask_for_the_plan(&b24, way).await;
        assert!((burst(&b24) - 250.0).abs() < 0.1, "{way}");
        let stated = in_process::builder(&portal).limits(Limits::Standard);
        let stated = stated.build().unwrap();
        ask_for_the_plan(&stated, way).await;
        assert!((burst(&stated) - 50.0).abs() < 0.1, "{way}");
    }
    let b24 = in_process::client(&portal);
    assert_eq!(b24.apply_licence("en_pro100"), Limits::Standard);
}

/// A batch that the caller has written counts like one of this crate's.
#[tokio::test(start_paused = true)]
async fn the_operating_time_of_a_batch_by_hand_is_that_of_its_methods() {
    let time =
        |used: f64| json!({ "operating": used, "operating_reset_at": 1_120.0, "finish": 1_000.0 });
    let result = json!({
        "result": { "b": 1, "a": 2 }, "result_error": [],
        "result_time": { "a": time(430.0), "b": time(20.0) },
    });
    let script = Script::new([ok(result), ok(json!({}))]);
    let b24 = script.client();
    let batch = || {
        let cmd = json!({ "a": "crm.deal.list", "b": "crm.deal.list?start=50", "c": "profile" });
        b24.v2().call("batch").param("cmd", cmd)
    };
    batch().await.unwrap();
    let used = b24.usage().operating;
    let used: Vec<_> = used.iter().map(|of| (&*of.method, of.seconds)).collect();
    assert_eq!(used, [("crm.deal.list", 430.0)]);
    let begun = tokio::time::Instant::now();
    batch().await.unwrap();
    let waited = begun.elapsed().as_secs_f64();
    assert!((119.0..=122.0).contains(&waited), "{waited}");
}
