//! Lists against the local portal, without sockets.

use std::collections::BTreeSet;
use std::time::Duration;

use b24::{Client, Cursor, Limits};
use b24_portal::{Edition, Fault, FaultRule, Operating, PastTheEnd, Portal, PortalBuilder};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::in_process;

#[derive(Debug, Deserialize)]
struct Deal {
    id: i64,
}

async fn start(builder: PortalBuilder) -> (Portal, Client) {
    let portal = builder.edition(Edition::Box).start().await.unwrap();
    let b24 = in_process::builder(&portal)
        .limits(Limits::Off)
        .build()
        .unwrap();
    (portal, b24)
}

fn deals(b24: &Client) -> b24::List<Deal> {
    b24.v2()
        .list("crm.item.list")
        .param("entityTypeId", 2)
        .select(["id"])
        .typed()
}

fn ids(rows: &[Deal]) -> Vec<i64> {
    rows.iter().map(|deal| deal.id).collect()
}

#[tokio::test(start_paused = true)]
async fn request_counts_are_at_the_floor() {
    for (rows, requests) in [(0, 1), (1, 1), (50, 1), (200, 1), (2_700, 2), (2_701, 3)] {
        let (portal, b24) = start(Portal::builder().deals(rows)).await;
        let delivered = deals(&b24).await.unwrap();
        assert_eq!(ids(&delivered), portal.ids("deal"));
        assert_eq!(
            (delivered.len() as u64, portal.requests()),
            (rows, requests)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn every_family_of_methods_is_read_whole() {
    let (portal, b24) = start(Portal::builder().demo()).await;
    let sorted = |rows: Vec<Value>, id: &str| -> Vec<i64> {
        rows.iter()
            .map(|row| {
                row[id]
                    .as_i64()
                    .unwrap_or_else(|| row[id].as_str().unwrap().parse().unwrap())
            })
            .collect()
    };
    let v2 = |method: &str| b24.v2().list(method);
    for (method, entity) in [
        ("crm.deal.list", "deal"),
        ("crm.lead.list", "lead"),
        ("crm.contact.list", "contact"),
        ("crm.company.list", "company"),
    ] {
        let rows = v2(method).select(["TITLE"]).await.unwrap();
        assert_eq!(sorted(rows, "ID"), portal.ids(entity), "{method}");
    }
    assert_eq!(
        sorted(v2("tasks.task.list").select(["TITLE"]).await.unwrap(), "id"),
        portal.ids("task")
    );
    let users = sorted(v2("user.get").await.unwrap(), "ID");
    assert!(users.len() > 10);
    assert_eq!(
        sorted(v2("user.get").by_offset().await.unwrap(), "ID"),
        users
    );
    for method in [
        "crm.status.list",
        "crm.currency.list",
        "department.get",
        "crm.type.list",
    ] {
        assert!(!v2(method).await.unwrap().is_empty(), "{method}");
    }
    assert!(
        !v2("crm.category.list")
            .param("entityTypeId", 2)
            .await
            .unwrap()
            .is_empty()
    );
    let v3 = b24
        .v3()
        .list("tasks.task.list")
        .select(["id", "title"])
        .await
        .unwrap();
    assert_eq!(sorted(v3, "id"), portal.ids("task"));
    let by_offset = b24
        .v3()
        .list("tasks.task.list")
        .select(["id"])
        .by_offset()
        .await
        .unwrap();
    assert_eq!(by_offset.len(), portal.ids("task").len());
    let log = b24.v3().list("main.eventlog.list").await.unwrap();
    assert_eq!(
        b24.v3().tail("main.eventlog.tail").await.unwrap().len(),
        log.len()
    );
}

#[tokio::test(start_paused = true)]
async fn the_callers_filter_holds_on_every_page() {
    let (portal, b24) = start(Portal::builder().deals(3_000)).await;
    let all = portal.ids("deal");
    let (low, high) = (all[100], all[2_800]);
    let rows = deals(&b24)
        .filter(json!({ ">id": low, "<=ID": high }))
        .await
        .unwrap();
    assert_eq!(ids(&rows), all[101..=2_800]);
    let or = json!({ "logic": "OR", "0": { "<=id": low }, "1": { ">=id": high } });
    let rows = deals(&b24).filter(or).await.unwrap();
    assert_eq!(ids(&rows), [&all[..=100], &all[2_800..]].concat());
    let classic = b24
        .v2()
        .list("crm.deal.list")
        .params(json!({ "FILTER": { "<=ID": low } }));
    assert_eq!(classic.await.unwrap().len(), 101);
    // Text that reads like a macro is data.
    let none = b24
        .v2()
        .list("crm.deal.list")
        .filter(json!({ "=TITLE": "$result[p00][0][TITLE]" }));
    assert!(none.await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_order_of_ones_own_is_read_by_offset() {
    let (portal, b24) = start(Portal::builder().deals(330)).await;
    let rows = deals(&b24)
        .order([("id", "DESC")])
        .by_offset()
        .await
        .unwrap();
    let mut expected = portal.ids("deal");
    expected.reverse();
    assert_eq!(ids(&rows), expected);
}

#[tokio::test(start_paused = true)]
async fn an_offset_read_of_a_shrinking_table_ends() {
    let (portal, b24) = start(
        Portal::builder()
            .deals(160)
            .past_the_end(PastTheEnd::FirstPage),
    )
    .await;
    let doomed = portal.ids("deal").split_off(60);
    let fault = Fault::DeleteRows {
        entity: "deal".into(),
        ids: doomed,
    };
    portal.add_fault(FaultRule::new(fault).skip(2));
    let rows = b24.v2().list("crm.deal.list").by_offset().await.unwrap();
    assert_eq!(rows.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn failing_inner_commands_lose_nothing() {
    let (portal, b24) = start(Portal::builder().deals(9_000)).await;
    for (request, command) in [(0, 2), (1, 0), (2, 0), (3, 49), (4, 17)] {
        let fault = Fault::InnerError {
            command,
            code: "INTERNAL_SERVER_ERROR".into(),
            text: "Sorry".into(),
        };
        portal.add_fault(FaultRule::new(fault).method("batch").skip(request));
    }
    assert_eq!(ids(&deals(&b24).await.unwrap()), portal.ids("deal"));
    assert!(portal.faults().is_empty(), "{:?}", portal.faults());
}

#[tokio::test(start_paused = true)]
async fn weather_between_the_requests_loses_nothing() {
    let (portal, b24) = start(Portal::builder().deals(12_000)).await;
    for (skip, fault) in [
        (0, Fault::Html502),
        (2, Fault::CutAfterRun),
        (4, Fault::TruncateBody),
        (5, Fault::QueryLimit),
    ] {
        portal.add_fault(FaultRule::new(fault).method("batch").skip(skip));
    }
    assert_eq!(ids(&deals(&b24).await.unwrap()), portal.ids("deal"));
    assert!(portal.faults().is_empty(), "{:?}", portal.faults());
}

/// A quarter of a million rows: 101 requests at the pace that the portal documents, none of them
/// refused, one page in memory at a time.
#[tokio::test(start_paused = true)]
async fn a_quarter_of_a_million_rows_take_101_requests() {
    let portal = Portal::builder().deals(250_000).start().await.unwrap();
    let b24 = in_process::builder(&portal)
        .limits(Limits::Standard)
        .build()
        .unwrap();
    let begun = tokio::time::Instant::now();
    let mut pages = deals(&b24).pages::<Box<RawValue>>();
    let (mut rows, mut largest) = (0, 0);
    while let Some(page) = pages.try_next().await.unwrap() {
        rows += page.items.len();
        largest = largest.max(page.items.len());
    }
    assert_eq!((rows, largest, portal.requests()), (250_000, 50, 101));
    assert_eq!(b24.stats().refused_rate, 0);
    // 51 requests more than the bucket holds, 2 a second.
    assert!(
        begun.elapsed() < Duration::from_secs(27),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn slow_pages_keep_clear_of_the_portals_wall() {
    let (portal, b24) = start(
        Portal::builder()
            .deals(2_000)
            .page_cost(Duration::from_secs(3)),
    )
    .await;
    assert_eq!(ids(&deals(&b24).await.unwrap()), portal.ids("deal"));
    let log = portal.log();
    assert!(log.iter().all(|entry| entry.seconds < 21.0), "{log:?}");
    assert!(log.len() <= 8, "{}", log.len());
}

#[tokio::test(start_paused = true)]
async fn a_used_up_operating_time_is_waited_for() {
    let portal = Portal::builder()
        .deals(4_000)
        .page_cost(Duration::from_secs(1))
        .operating(Operating::Limit(40.0));
    let portal = portal.start().await.unwrap();
    let b24 = in_process::client(&portal);
    assert_eq!(ids(&deals(&b24).await.unwrap()), portal.ids("deal"));
    assert!(b24.stats().refused_operating > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Rows vanish and appear between requests, commands fail, and the reader starts anew from
    /// serialised cursors: what was there from start to end comes once, ascending.
    #[test]
    fn survivors_come_exactly_once(
        rows in 0_u64..6_000,
        changes in prop::collection::vec((0_u32..6, 0.0_f64..1.0, 1_usize..120), 0..6),
        failures in prop::collection::vec((0_u32..6, 0_usize..50), 0..4),
        stops in prop::collection::vec(1_usize..60, 0..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (portal, b24) = start(Portal::builder().deals(rows)).await;
            let before = portal.ids("deal");
            for (skip, place, count) in changes {
                let from = (place * before.len() as f64) as usize;
                let doomed: Vec<i64> = before.iter().skip(from).take(count).copied().collect();
                portal.add_fault(FaultRule::new(Fault::DeleteRows { entity: "deal".into(), ids: doomed }).skip(skip));
                portal.add_fault(FaultRule::new(Fault::InsertRows { entity: "deal".into(), count }).skip(skip + 1));
            }
            for (skip, command) in failures {
                let fault = Fault::InnerError { command, code: "INTERNAL_SERVER_ERROR".into(), text: String::new() };
                portal.add_fault(FaultRule::new(fault).method("batch").skip(skip));
            }
            let delivered = read(&b24, stops).await;
            assert!(delivered.windows(2).all(|pair| pair[0] < pair[1]), "not ascending");
            let delivered: BTreeSet<i64> = delivered.into_iter().collect();
            let before: BTreeSet<i64> = before.into_iter().collect();
            let after: BTreeSet<i64> = portal.ids("deal").into_iter().collect();
            for survivor in before.intersection(&after) {
                assert!(delivered.contains(survivor), "row {survivor} is lost");
            }
        });
    }
}

/// Reads the list, going on from a serialised cursor after so many pages, and after errors.
async fn read(b24: &Client, stops: Vec<usize>) -> Vec<i64> {
    let mut stops = stops.into_iter();
    let mut delivered = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..50 {
        let list = match &cursor {
            Some(text) => deals(b24).resume(serde_json::from_str::<Cursor>(text).unwrap()),
            None => deals(b24),
        };
        let mut pages = list.pages::<Deal>();
        let mut left = stops.next().unwrap_or(usize::MAX);
        loop {
            if left == 0 {
                break;
            }
            left -= 1;
            match pages.try_next().await {
                Ok(Some(page)) => {
                    delivered.extend(ids(&page.items));
                    cursor = Some(serde_json::to_string(&page.cursor).unwrap());
                }
                Ok(None) => return delivered,
                Err(error) => {
                    assert_eq!(
                        error.cursor().map(|at| serde_json::to_string(at).unwrap()),
                        cursor
                    );
                    break;
                }
            }
        }
    }
    panic!("the read does not end")
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_whole_read_with_its_cursor() {
    let (portal, b24) = start(
        Portal::builder()
            .deals(2_000)
            .page_cost(Duration::from_secs(3)),
    )
    .await;
    let all = portal.ids("deal");
    let mut items = deals(&b24)
        .deadline(Duration::from_secs(40))
        .items::<Deal>();
    let mut delivered = Vec::new();
    let error = loop {
        match items.try_next().await {
            Ok(Some(deal)) => delivered.push(deal.id),
            Ok(None) => panic!("the deadline did not hold"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), b24::Kind::Temporary);
    assert!(!delivered.is_empty() && delivered.len() < all.len());
    let rest = deals(&b24)
        .resume(error.cursor().unwrap().clone())
        .await
        .unwrap();
    delivered.extend(ids(&rest));
    assert_eq!(delivered, all);
}

#[tokio::test(start_paused = true)]
async fn requests_that_hit_the_portals_wall_are_asked_for_smaller() {
    let slow = Portal::builder()
        .deals(300)
        .page_cost(Duration::from_secs(13))
        .wall(Some(Duration::from_secs(60)));
    let (portal, b24) = start(slow).await;
    assert_eq!(ids(&deals(&b24).await.unwrap()), portal.ids("deal"));
    assert!(
        portal
            .log()
            .iter()
            .any(|entry| entry.status == 504 || entry.status == 0)
    );
}
