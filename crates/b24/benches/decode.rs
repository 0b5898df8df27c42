//! Rows a second of one core: a list read into the caller's type, against `serde_json::Value`.
//!
//! `cargo bench -p b24 --bench decode`. The portal is a transport that answers at once, with 2,500 rows in two
//! requests: what is measured is all that the client does with an answer.

#![expect(clippy::unwrap_used, reason = "a bench may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use b24::{BoxFuture, Client, Limits, Transport, TransportError};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

const PAGE: u64 = 50;
const FIRST: u64 = 4;
const ROWS: u64 = 2_500;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its decoding is measured")]
struct Deal {
    id: i64,
    title: String,
    opportunity: f64,
    currency_id: String,
    stage_id: String,
    assigned_by_id: i64,
}

/// The first request gets the first answer, the next one the second, and so on in turns.
#[derive(Clone, Debug)]
struct Canned([Bytes; 2], Arc<AtomicUsize>);

impl Transport for Canned {
    fn send(
        &self,
        _: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        let at = self.1.fetch_add(1, Relaxed) % 2;
        let answer = Ok(http::Response::new(self.0[at].clone()));
        Box::pin(std::future::ready(answer))
    }
}

fn page(from: u64) -> Value {
    let deal = |id: u64| {
        json!({
            "id": id, "title": format!("Deal {id} of a customer"), "opportunity": 1234.5,
            "currencyId": "EUR", "stageId": "C2:PREPARATION", "assignedById": 7,
            "createdTime": "2026-01-01T10:00:00+03:00", "comments": "a few \"words\" about it",
        })
    };
    let deals: Vec<Value> = (from..from + PAGE).map(deal).collect();
    json!({ "items": deals })
}

/// The answer to a batch of so many pages; the first one tells the highest id, too.
fn answer(from: u64, pages: u64) -> Bytes {
    let mut result: serde_json::Map<String, Value> = (0..pages)
        .map(|at| (format!("p{at:02}"), page(from + at * PAGE)))
        .collect();
    if from == 1 {
        result.insert("top".into(), json!({ "items": [{ "id": ROWS }] }));
    }
    let body = json!({ "result": { "result": result, "result_error": [] } });
    Bytes::from(body.to_string())
}

fn decode(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let bodies = [
        answer(1, FIRST),
        answer(1 + FIRST * PAGE, ROWS / PAGE - FIRST),
    ];
    let b24 = Client::builder()
        .webhook("https://acme.bitrix24.com/rest/1/secret/")
        .limits(Limits::Off)
        .transport(Canned(bodies.clone(), Arc::default()))
        .build()
        .unwrap();
    let list = || b24.v2().list("crm.item.list").param("entityTypeId", 2);
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("items::<Deal>", |bench| {
        bench.iter(|| {
            runtime.block_on(async {
                let mut deals = list().items::<Deal>();
                let mut rows = 0;
                while let Some(deal) = deals.try_next().await.unwrap() {
                    std::hint::black_box(&deal);
                    rows += 1;
                }
                assert_eq!(rows, ROWS);
            });
        });
    });
    group.bench_function("pages::<Box<RawValue>>", |bench| {
        bench.iter(|| {
            runtime.block_on(async {
                let mut pages = list().pages::<Box<RawValue>>();
                while let Some(page) = pages.try_next().await.unwrap() {
                    std::hint::black_box(&page);
                }
            });
        });
    });
    group.bench_function("serde_json::Value", |bench| {
        bench.iter(|| {
            for body in &bodies {
                let value: Value = serde_json::from_slice(body).unwrap();
                std::hint::black_box(value);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
