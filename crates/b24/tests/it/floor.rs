//! Reads at the limits of the portal, on a virtual clock: client and portal in one process.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use b24::{BoxFuture, Client, ClientBuilder, Limits, Transport, TransportError};
use b24_portal::{Operating, Portal, PortalBuilder, Rate};
use bytes::Bytes;
use proptest::prelude::*;
use tokio::time::Instant;

use crate::in_process;

/// 0.3 s a page, four requests served at once.
fn slow() -> PortalBuilder {
    Portal::builder()
        .workers(4)
        .page_cost(Duration::from_millis(300))
}

fn deals(b24: &Client) -> b24::List {
    b24.v2()
        .list("crm.item.list")
        .param("entityTypeId", 2)
        .select(["id"])
}

#[derive(serde::Deserialize)]
struct Deal {
    id: i64,
}

/// Reads all deals without keeping more than their ids: rows, each once, and seconds.
async fn read(b24: &Client, portal: &Portal) -> (u64, f64) {
    let begun = Instant::now();
    let mut deals = deals(b24).items::<Deal>();
    let mut ids = Vec::new();
    while let Some(deal) = deals.try_next().await.unwrap() {
        ids.push(deal.id);
    }
    let seconds = begun.elapsed().as_secs_f64();
    assert!(ids == portal.ids("deal"), "rows are lost, doubled or moved");
    (ids.len() as u64, seconds)
}

/// The best that the portal's baskets allow: four pages side by side whenever the sum is not above
/// the limit.
fn optimum(pages: u64, limit: f64) -> f64 {
    let (mut clock, mut left) = (0.0_f64, pages as f64 * 0.3);
    let mut baskets: Vec<(u64, f64, f64)> = Vec::new();
    while left > 1e-9 {
        baskets.retain(|(_, first, _)| first.floor() + 600.0 > clock);
        let used: f64 = baskets.iter().map(|(_, _, seconds)| seconds).sum();
        if used > limit {
            clock = baskets[0].1.floor() + 600.0;
            continue;
        }
        clock += 0.3;
        let minute = (clock / 60.0) as u64;
        let spent = left.min(1.2);
        match baskets.last_mut() {
            Some((last, _, seconds)) if *last == minute => *seconds += spent,
            _ => baskets.push((minute, clock, spent)),
        }
        left -= spent;
    }
    clock
}

#[test]
fn the_optimum_is_the_one_that_a_pencil_finds() {
    assert!((optimum(1_000, 480.0) - 75.0).abs() < 0.5);
    assert!((optimum(5_000, 480.0) - 1_815.0).abs() < 6.0);
}

async fn under_operating_limit(rows: u64, limit: f64, told: Option<f64>) -> f64 {
    let portal = slow().deals(rows).operating(Operating::Limit(limit));
    let portal = portal.start().await.unwrap();
    let mut builder = in_process::builder(&portal).limits(Limits::Standard);
    if let Some(told) = told {
        builder = builder.operating_limit(told);
    }
    let b24 = builder.build().unwrap();
    let (delivered, seconds) = read(&b24, &portal).await;
    let stats = b24.stats();
    assert_eq!(delivered, rows);
    assert_eq!((stats.refused_operating, stats.refused_rate), (0, 0));
    seconds
}

#[tokio::test(start_paused = true)]
async fn fifty_thousand_slow_rows_are_read_in_four_lanes() {
    let seconds = under_operating_limit(50_000, 480.0, Some(480.0)).await;
    assert!(seconds <= 1.05 * optimum(1_000, 480.0), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_quarter_of_a_million_slow_rows_wait_for_operating_time_and_nothing_else() {
    let seconds = under_operating_limit(250_000, 480.0, Some(480.0)).await;
    assert!(seconds <= 1.05 * optimum(5_000, 480.0), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_nobody_told_is_kept_all_the_same() {
    let seconds = under_operating_limit(120_000, 420.0, None).await;
    assert!(seconds <= 1.05 * optimum(2_400, 420.0), "{seconds}");
}

/// The way to the portal takes a while.
#[derive(Clone, Debug)]
struct Far<T>(T, Duration);

impl<T: Transport + Clone + 'static> Transport for Far<T> {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            tokio::time::sleep(self.1).await;
            self.0.send(request).await
        })
    }
}

fn far(portal: &Portal, latency: Duration) -> ClientBuilder {
    Client::builder()
        .webhook(portal.webhook())
        .transport(Far(in_process::transport(portal), latency))
}

#[tokio::test(start_paused = true)]
async fn the_documented_limit_is_read_at_its_floor() {
    let portal = Portal::builder().deals(250_000).start().await.unwrap();
    let b24 = far(&portal, Duration::from_millis(150))
        .limits(Limits::Standard)
        .build()
        .unwrap();
    let (rows, seconds) = read(&b24, &portal).await;
    assert_eq!(rows, 250_000);
    assert_eq!(b24.stats().refused_rate, 0);
    assert!(portal.requests() <= 102, "{}", portal.requests());
    assert!(seconds <= 1.02 * 25.65, "{seconds}");
}

/// A portal: rows, milliseconds a page and on the way, requests served at once, its two buckets.
#[derive(Debug)]
struct Odd {
    rows: u64,
    page_cost: u64,
    latency: u64,
    workers: usize,
    pace: (u32, u32),
    limit: f64,
}

impl Odd {
    /// It refuses nothing, and all rows come.
    fn is_read_without_a_refusal(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (burst, rate) = (self.pace.0, f64::from(self.pace.1));
            let portal = Portal::builder()
                .workers(self.workers)
                .page_cost(Duration::from_millis(self.page_cost))
                .rate(Rate::Bucket {
                    size: f64::from(burst),
                    per_second: rate,
                })
                .operating(Operating::Limit(self.limit))
                .deals(self.rows);
            let portal = portal.start().await.unwrap();
            let b24 = far(&portal, Duration::from_millis(self.latency))
                .limits(Limits::Custom { burst, rate })
                .operating_limit(self.limit)
                .build()
                .unwrap();
            let (delivered, _) = read(&b24, &portal).await;
            let stats = b24.stats();
            assert_eq!(
                (delivered, stats.refused_rate, stats.refused_operating),
                (self.rows, 0, 0)
            );
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever the portal takes for a page and for the way, however many it serves at once and
    /// however small its buckets are.
    #[test]
    fn no_bucket_of_the_portal_is_exceeded(
        rows in 0_u64..12_000,
        page_cost in 0_u64..500,
        latency in 0_u64..800,
        workers in 1_usize..6,
        pace in (1_u32..60, 1_u32..6),
        limit in 30.0_f64..480.0,
    ) {
        Odd { rows, page_cost, latency, workers, pace, limit }.is_read_without_a_refusal();
    }
}

#[test]
fn a_request_that_is_lost_at_the_wall_has_cost_its_operating_time() {
    let odd = Odd {
        rows: 8_767,
        page_cost: 356,
        latency: 0,
        workers: 1,
        pace: (4, 1),
        limit: 77.04,
    };
    odd.is_read_without_a_refusal();
}

#[tokio::test(start_paused = true)]
async fn progress_says_what_binds_and_until_when() {
    let portal = slow().deals(100_000).operating(Operating::Limit(480.0));
    let portal = portal.start().await.unwrap();
    let b24 = in_process::builder(&portal)
        .operating_limit(480.0)
        .build()
        .unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = deals(&b24).on_progress({
        let told = Arc::clone(&told);
        move |progress| told.lock().unwrap().push(*progress)
    });
    assert_eq!(list.await.unwrap().len(), 100_000);
    let told = told.lock().unwrap();
    let waits: Vec<_> = told
        .iter()
        .filter_map(|progress| Some((progress.wall?, progress.waiting_until?)))
        .collect();
    let (wall, until) = waits[0];
    assert_eq!(wall.to_string(), "operating time");
    // The portal's zone, as its answers write it.
    assert!(until.to_string().ends_with("+03:00"), "{until}");
    let in_all = told[told.len() / 2].expected.unwrap();
    assert!((95_000..=105_000).contains(&in_all), "{in_all}");
    let end = told.last().unwrap();
    assert_eq!(end.requests, portal.requests() as u64);
    assert!(end.rows > 90_000);
}

#[tokio::test(start_paused = true)]
async fn a_plan_costs_one_request_and_says_what_the_read_then_takes() {
    let portal = slow().deals(100_000).operating(Operating::Limit(480.0));
    let portal = portal.start().await.unwrap();
    let b24 = in_process::builder(&portal)
        .operating_limit(480.0)
        .build()
        .unwrap();
    let plan = deals(&b24).plan().await.unwrap();
    assert_eq!(portal.requests(), 1);
    assert_eq!(plan.rows, Some(100_000));
    assert_eq!(plan.wall, b24::Wall::OperatingTime);
    let (_, seconds) = read(&b24, &portal).await;
    let planned = plan.duration.unwrap().as_secs_f64();
    assert!((planned / seconds - 1.0).abs() < 0.1, "{planned} {seconds}");

    let usage = b24.usage();
    assert!((usage.operating_limit - 480.0).abs() < 1e-9);
    let list = &usage.operating[0];
    assert_eq!(list.method, "crm.item.list");
    assert!(list.seconds > 0.0 && !list.comes_back.is_empty());
    assert!(
        usage
            .rate
            .is_some_and(|rate| (rate.burst - 50.0).abs() < 1e-9)
    );
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_a_fast_portal_is_bound_by_the_rate() {
    let portal = Portal::builder().deals(250_000).start().await.unwrap();
    let b24 = far(&portal, Duration::from_millis(150)).build().unwrap();
    let plan = deals(&b24).plan().await.unwrap();
    assert_eq!((plan.rows, plan.requests), (Some(250_000), Some(101)));
    assert_eq!(plan.wall, b24::Wall::Rate);
    let planned = plan.duration.unwrap().as_secs_f64();
    assert!((25.0..27.0).contains(&planned), "{planned}");
    let limited = deals(&b24).limit(50).plan().await.unwrap();
    assert_eq!((limited.rows, limited.requests), (Some(50), Some(1)));
}

#[tokio::test(start_paused = true)]
async fn a_row_that_does_not_decode_is_not_the_end() {
    #[derive(Debug, serde::Deserialize)]
    struct Even {
        #[serde(deserialize_with = "even")]
        id: i64,
    }
    fn even<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let id: i64 = serde::Deserialize::deserialize(deserializer)?;
        if id % 2 == 0 {
            Ok(id)
        } else {
            Err(serde::de::Error::custom("it is odd"))
        }
    }
    let portal = Portal::builder().deals(300).start().await.unwrap();
    let b24 = in_process::client(&portal);
    let mut rows = deals(&b24).items_lossy::<Even>();
    let mut ids = Vec::new();
    while let Some(row) = rows.try_next().await.unwrap() {
        ids.push(match row {
            Ok(even) => even.id,
            Err(bad) => {
                assert!(bad.to_string().contains("it is odd"), "{bad}");
                assert!(bad.row.get().contains("\"id\""));
                bad.id.unwrap().parse().unwrap()
            }
        });
    }
    assert_eq!(ids, portal.ids("deal"));
}

#[tokio::test(start_paused = true)]
async fn rows_that_move_under_an_offset_read_are_told() {
    let portal = Portal::builder().deals(200).start().await.unwrap();
    let events = Arc::new(Mutex::new(Vec::new()));
    let b24 = in_process::builder(&portal)
        .observer({
            let events = Arc::clone(&events);
            move |event: &b24::Event<'_>| {
                if let b24::Event::Moved { moved, .. } = event {
                    events.lock().unwrap().push(*moved);
                }
            }
        })
        .build()
        .unwrap();
    let doomed = portal.ids("deal")[..10].to_vec();
    let fault = b24_portal::Fault::DeleteRows {
        entity: "deal".into(),
        ids: doomed,
    };
    portal.add_fault(b24_portal::FaultRule::new(fault).skip(2));
    let mut pages = b24
        .v2()
        .list("crm.deal.list")
        .by_offset()
        .pages::<serde_json::Value>();
    let mut moved = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        moved.extend(page.moved);
    }
    let expected = b24::Moved::Total {
        before: 200,
        now: 190,
    };
    assert_eq!(moved, [expected]);
    assert_eq!(*events.lock().unwrap(), [expected]);
}

#[tokio::test(start_paused = true)]
async fn five_thousand_updates_take_a_hundred_requests_at_the_floor() {
    const REQUEST: Duration = Duration::from_millis(150);
    let portal = Portal::builder().deals(5_000).start().await.unwrap();
    let b24 = far(&portal, REQUEST)
        .limits(Limits::Standard)
        .build()
        .unwrap();
    let mut batch = b24.v2().batch();
    for id in portal.ids("deal") {
        let call = b24.v2().call("crm.item.update").param("entityTypeId", 2);
        let fields = serde_json::json!({ "title": format!("Deal {id}") });
        batch.push(call.param("id", id).param("fields", fields));
    }
    let begun = Instant::now();
    let out = batch.await.unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    assert!(out.all_ok() && out.len() == 5_000);
    assert_eq!(portal.requests(), 100);
    assert_eq!(b24.stats().refused_rate, 0);
    // 50 at once, 50 at two a second, and the last one's way.
    let floor = 25.0 + REQUEST.as_secs_f64();
    assert!(seconds <= 1.02 * floor, "{seconds} of {floor}");
}
