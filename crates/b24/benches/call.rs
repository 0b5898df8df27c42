//! What a call through the SDK costs over the same request by bare reqwest.
//!
//! `cargo bench -p b24 --bench call` compares both against one local portal without limits, with the same bytes on
//! the wire. The number that counts is the ratio of `b24` to `reqwest`. `b24 without a network` is what the SDK takes
//! for itself: the answer is ready at once.

#![expect(clippy::expect_used, reason = "a bench may panic")]

use b24::{BoxFuture, Client, Limits, Transport, TransportError};
use b24_portal::{Edition, Portal};
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Gives the same answer to every request.
#[derive(Debug)]
struct Canned(Bytes);

impl Transport for Canned {
    fn send(
        &self,
        _: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        let answer = Ok(http::Response::new(self.0.clone()));
        Box::pin(std::future::ready(answer))
    }
}

async fn get(b24: &Client, deal: i64) -> i64 {
    let call = b24
        .v2()
        .call("crm.item.get")
        .param("entityTypeId", 2)
        .param("id", deal)
        .key("item");
    call.await.expect("a deal")["id"].as_i64().expect("an id")
}

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
    let url = format!(
        "{}crm.item.get?bx24_request_id=0198f0a2-7c1e-7d3b-9f64-2b6a5c0d1e8f&bx24_sdk_ver=0.1.0&bx24_sdk_type=b24-rust",
        portal.webhook()
    );
    let body = json!({ "entityTypeId": 2, "id": deal });

    let mut group = c.benchmark_group("one call");
    group.bench_function("reqwest", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let answer = http
                .post(&url)
                .header("content-type", "application/json")
                .header("accept", "application/json")
                .header("user-agent", "b24-rust/0.1.0")
                .body(body.to_string())
                .send()
                .await;
            let bytes = answer.expect("an answer").bytes().await.expect("a body");
            let envelope: Value = serde_json::from_slice(&bytes).expect("JSON");
            envelope["result"]["item"]["id"].as_i64().expect("an id")
        });
    });
    group.bench_function("b24", |bencher| {
        bencher.to_async(&runtime).iter(|| get(&b24, deal));
    });
    let answer = runtime.block_on(async {
        let answer = http.post(&url).header("content-type", "application/json");
        let answer = answer.body(body.to_string()).send().await;
        answer.expect("an answer").bytes().await.expect("a body")
    });
    let alone = Client::builder()
        .webhook(portal.webhook())
        .limits(Limits::Off)
        .transport(Canned(answer))
        .build()
        .expect("a client");
    group.bench_function("b24 without a network", |bencher| {
        bencher.to_async(&runtime).iter(|| get(&alone, deal));
    });
    group.finish();
}

criterion_group!(benches, call);
criterion_main!(benches);
