use std::time::Instant;

use b24_portal::{Portal, Rate};
use serde_json::{Map, Value, json};

use crate::client::{call, call_in_process};

/// Fifty keyset pages of deals in one batch, as a client reads them.
fn chain(select: &str) -> Value {
    let mut commands = Map::new();
    for page in 0..50 {
        let bound = match page {
            0 => String::new(),
            _ => format!("&filter[>ID]=$result[p{:02}][49][ID]", page - 1),
        };
        let command = format!("crm.deal.list?order[ID]=ASC&start=-1{select}{bound}");
        commands.insert(format!("p{page:02}"), command.into());
    }
    json!({"cmd": commands, "halt": 1})
}

/// `cargo test --release -p b24-portal --test it -- --ignored --nocapture measure`
#[tokio::test]
#[ignore = "a measurement, not a check"]
async fn a_batch_of_2500_rows() {
    let portal = Portal::builder()
        .deals(20_000)
        .rate(Rate::Off)
        .start()
        .await
        .unwrap();
    let three = "&select[]=ID&select[]=TITLE&select[]=OPPORTUNITY";
    for (name, select) in [
        ("three fields", three),
        ("whole rows", "&select[]=*&select[]=UF_*"),
    ] {
        let batch = chain(select);
        for way in ["in process", "over HTTP"] {
            let mut best = f64::MAX;
            for _ in 0..20 {
                let started = Instant::now();
                let body = match way {
                    "in process" => call_in_process(&portal, "batch", &batch).await.1,
                    _ => call(&portal, "batch", &batch).await.1,
                };
                best = best.min(started.elapsed().as_secs_f64() * 1e3);
                let last = body["result"]["result"]["p49"].as_array().unwrap();
                assert_eq!(last.len(), 50, "{}", body["result"]["result_error"]);
            }
            let served = portal
                .log()
                .iter()
                .rev()
                .take(20)
                .map(|entry| entry.seconds)
                .fold(f64::MAX, f64::min)
                * 1e3;
            println!(
                "{name}, {way}: best {best:.2} ms with the client's parsing; best in the portal {served:.2} ms"
            );
        }
    }
}

/// `cargo test --release -p b24-portal --test it -- --ignored --nocapture measure`
#[tokio::test]
#[ignore = "a measurement, not a check"]
async fn pages_of_a_million_deals() {
    let started = Instant::now();
    let portal = Portal::builder()
        .deals(1_000_000)
        .rate(Rate::Off)
        .start()
        .await
        .unwrap();
    println!("1,000,000 deals: {:?}", started.elapsed());
    let stage = json!({"STAGE_ID": "WON"});
    for (name, params) in [
        (
            "by id, no count",
            json!({"order": {"ID": "ASC"}, "start": -1}),
        ),
        (
            "stage, by id, no count",
            json!({"filter": stage, "order": {"ID": "ASC"}, "start": -1}),
        ),
        ("stage, start 0", json!({"filter": stage, "start": 0})),
        (
            "stage, start 50,000",
            json!({"filter": stage, "start": 50_000}),
        ),
        ("no filter, start 900,000", json!({"start": 900_000})),
        (
            "by opportunity, start 0",
            json!({"order": {"OPPORTUNITY": "DESC"}}),
        ),
        (
            "by opportunity, start 500,000",
            json!({"order": {"OPPORTUNITY": "DESC"}, "start": 500_000}),
        ),
        (
            "by title, start 500,000",
            json!({"order": {"TITLE": "ASC"}, "start": 500_000}),
        ),
        (
            "title contains, start 0",
            json!({"filter": {"%TITLE": "насос"}}),
        ),
    ] {
        call_in_process(&portal, "crm.deal.list", &params).await;
        let (status, body) = call_in_process(&portal, "crm.deal.list", &params).await;
        assert_eq!(status, 200, "{body}");
        let log = portal.log();
        let [.., first, again] = &log[..] else {
            unreachable!("two calls were made")
        };
        let [first, again] = [first, again].map(|entry| entry.seconds * 1e3);
        println!(
            "{name}: {first:.1} ms, again {again:.1} ms; total {}",
            body["total"]
        );
    }
}
