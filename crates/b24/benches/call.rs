//! What a call through the SDK costs over the same request by bare reqwest.
//!
//! `cargo bench -p b24 --bench call` compares both against one local portal without limits. The numbers that
//! count are the ratio of `b24` to `reqwest`.

#![expect(clippy::expect_used, reason = "a bench may panic")]

use b24::{Client, Limits};
use b24_portal::{Edition, Portal};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

fn call(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let portal = runtime
        .block_on(Portal::builder().edition(Edition::Box).deals(100).start())
        .expect("a portal");
    let deal = portal.ids("deal")[0];
    let b24 = Client::builder()
        .webhook(portal.webhook())
        .limits(Limits::Off)
        .build()
        .expect("a client");
    let http = reqwest::Client::new();
    let url = format!("{}crm.item.get", portal.webhook());
    let body = json!({ "entityTypeId": 2, "id": deal });

    let mut group = c.benchmark_group("one call");
    group.bench_function("reqwest", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let answer = http
                .post(&url)
                .header("content-type", "application/json")
                .body(body.to_string())
                .send()
                .await;
            let bytes = answer.expect("an answer").bytes().await.expect("a body");
            let envelope: Value = serde_json::from_slice(&bytes).expect("JSON");
            envelope["result"]["item"]["id"].as_i64().expect("an id")
        });
    });
    group.bench_function("b24", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let call = b24
                .v2()
                .call("crm.item.get")
                .param("entityTypeId", 2)
                .param("id", deal)
                .key("item");
            call.await.expect("a deal")["id"].as_i64().expect("an id")
        });
    });
    group.finish();
}

criterion_group!(benches, call);
criterion_main!(benches);
