//! How lists are asked for on the wire, and what they make of bad answers.

use std::time::Duration;

use b24::{BoxFuture, Client, Cursor, Items, Kind, Pages, Transport, TransportError};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::script::{Script, Step, error, ok};

/// A page of classic rows with these ids.
fn page(ids: impl IntoIterator<Item = u64>) -> Value {
    ids.into_iter()
        .map(|id| json!({ "ID": id.to_string(), "TITLE": format!("№ {id}") }))
        .collect()
}

fn descending(ids: std::ops::RangeInclusive<u64>) -> Value {
    page(ids.rev())
}

/// The answer to a batch: results and errors by command.
fn batch(results: Value, errors: Value) -> Step {
    ok(json!({
        "result": results, "result_error": errors,
        "result_total": [], "result_next": [], "result_time": []
    }))
}

fn ids(rows: &[Value]) -> Vec<u64> {
    rows.iter()
        .map(|row| row["ID"].as_str().unwrap().parse().unwrap())
        .collect()
}

fn range(ids: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    ids.collect()
}

/// The error that a list ends with after some rows.
async fn failure(list: b24::List) -> b24::Error {
    let mut rows = list.items::<Value>();
    loop {
        match rows.try_next().await {
            Ok(row) => assert!(row.is_some(), "the list ended well"),
            Err(error) => return error,
        }
    }
}

/// The commands of a batch request, by name and decoded: `method parameter parameter …`.
fn commands(script: &Script, request: usize) -> Vec<(String, String)> {
    let body = script.json(request);
    let decoded = |part: &str| {
        percent_encoding::percent_decode_str(part)
            .decode_utf8()
            .unwrap()
            .into_owned()
    };
    let commands = body["cmd"].as_object().unwrap().iter();
    commands
        .map(|(name, command)| {
            let parts = command.as_str().unwrap().split(['?', '&']).map(decoded);
            (name.clone(), parts.collect::<Vec<_>>().join(" "))
        })
        .collect()
}

#[tokio::test]
async fn a_small_list_takes_one_request() {
    let script = Script::new([batch(
        json!({ "p00": page(1..=50), "p01": page(51..=60), "p02": page(1..=50), "p03": page(1..=50), "top": descending(11..=60) }),
        json!([]),
    )]);
    let deals = script
        .client()
        .v2()
        .list("crm.deal.list")
        .filter(json!({ "STAGE_ID": "NEW" }))
        .select(["TITLE"]);
    assert_eq!(ids(&deals.await.unwrap()), range(1..=60));
    assert!(script.uri(0).contains("/rest/7/s3cr3t/batch?"));
    assert!(
        script
            .text(0)
            .starts_with(r#"{"halt":1,"cmd":{"p00":"crm.deal.list?"#)
    );
    let start = "crm.deal.list select[0]=TITLE select[1]=ID filter[STAGE_ID]=NEW";
    let commands = commands(&script, 0);
    let next =
        |from: &str| format!("{start} filter[>ID]=$result[{from}][49][ID] order[ID]=ASC start=-1");
    let expected = [
        ("p00".to_owned(), format!("{start} order[ID]=ASC start=-1")),
        ("p01".to_owned(), next("p00")),
        ("p02".to_owned(), next("p01")),
        ("p03".to_owned(), next("p02")),
        ("top".to_owned(), format!("{start} order[ID]=DESC start=-1")),
    ];
    assert_eq!(commands, expected);
}

#[tokio::test]
async fn an_empty_list_takes_one_request() {
    let empty = json!([]);
    let script = Script::new([batch(
        json!({ "p00": empty, "p01": empty, "p02": empty, "p03": empty, "top": empty }),
        json!([]),
    )]);
    assert!(
        script
            .client()
            .v2()
            .list("crm.deal.list")
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_failed_command_is_asked_for_again() {
    let script = Script::new([
        batch(
            json!({ "p00": page(1..=50), "p01": page(51..=100) }),
            json!({ "p02": { "error": "INTERNAL_SERVER_ERROR", "error_description": "" } }),
        ),
        batch(
            json!({ "p00": page(101..=150), "p01": page(151..=170), "p02": [], "p03": [], "top": descending(121..=170) }),
            json!([]),
        ),
    ]);
    let rows = script.client().v2().list("crm.deal.list").await.unwrap();
    assert_eq!(ids(&rows), range(1..=170));
    assert!(commands(&script, 1)[0].1.contains("filter[>ID]=100 "));
}

#[tokio::test(start_paused = true)]
async fn three_requests_without_a_page_end_the_read_with_its_cursor() {
    let full = json!({ "p00": page(1..=50), "p01": page(51..=100), "p02": page(101..=150), "p03": page(151..=200), "top": descending(901..=950) });
    let failed = || {
        batch(
            json!([]),
            json!({ "p00": { "error": "INTERNAL_SERVER_ERROR", "error_description": "Sorry" } }),
        )
    };
    let script = Script::new([batch(full, json!([])), failed(), failed(), failed()]);
    let mut pages = script.client().v2().list("crm.deal.list").pages::<Value>();
    let mut rows = 0;
    let error = loop {
        match pages.try_next().await {
            Ok(Some(page)) => rows += page.items.len(),
            Ok(None) => panic!("a silent end"),
            Err(error) => break error,
        }
    };
    assert_eq!((rows, script.requests()), (200, 4));
    assert_eq!(error.kind(), Kind::Temporary);
    assert_eq!(
        error.to_string(),
        "crm.deal.list cannot be read on: three requests in a row brought no page"
    );
    assert!(
        std::error::Error::source(&error)
            .unwrap()
            .to_string()
            .contains("INTERNAL_SERVER_ERROR")
    );
    let text = serde_json::to_string(error.cursor().unwrap()).unwrap();
    assert!(text.contains(r#""after":"200""#), "{text}");
    assert!(pages.try_next().await.unwrap().is_none());

    // Another run goes on from there.
    let cursor: Cursor = serde_json::from_str(&text).unwrap();
    let script = Script::new([batch(
        json!({ "p00": page(201..=210), "p01": [], "p02": [], "p03": [], "top": descending(161..=210) }),
        json!([]),
    )]);
    let rows = script
        .client()
        .v2()
        .list("crm.deal.list")
        .resume(cursor)
        .await
        .unwrap();
    assert_eq!(ids(&rows), range(201..=210));
    assert!(commands(&script, 0)[0].1.contains("filter[>ID]=200 "));
}

#[tokio::test]
async fn a_refusal_is_the_portals_own() {
    let refused = json!({ "p00": { "error": "insufficient_scope", "error_description": "" } });
    let script = Script::new([batch(json!([]), refused)]);
    let error = script
        .client()
        .v2()
        .list("crm.deal.list")
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Auth, Some("insufficient_scope"))
    );
    assert_eq!(error.method(), Some("crm.deal.list"));
    assert!(error.request_id().is_some());
}

#[tokio::test]
async fn a_wrong_key_is_told_with_the_right_ones() {
    let result = json!({ "items": [], "codes": {} });
    let script = Script::new([batch(json!({ "p00": result }), json!([]))]);
    let error = script
        .client()
        .v2()
        .list("crm.deal.list")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Answer);
    assert!(
        error
            .to_string()
            .contains("the result has the keys codes, items: name the list's key with .key("),
        "{error}"
    );
}

#[tokio::test]
async fn ids_that_do_not_rise_name_the_way_out() {
    let script = Script::new([batch(json!({ "p00": descending(1..=50) }), json!([]))]);
    let error = script
        .client()
        .v2()
        .list("crm.deal.list")
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("row 49 came after row 50"),
        "{error}"
    );
    assert!(error.to_string().contains("by_offset()"), "{error}");
}

#[tokio::test]
async fn a_page_with_holes_is_a_page() {
    let holes = json!({ "0": { "ID": "4" }, "2": { "ID": "9" } });
    let script = Script::new([batch(json!({ "p00": holes, "top": page([9]) }), json!([]))]);
    let rows = script.client().v2().list("crm.deal.list").await.unwrap();
    assert_eq!(ids(&rows), [4, 9]);
}

#[tokio::test(start_paused = true)]
async fn nothing_in_the_place_of_a_page_is_not_the_end() {
    let nothing = || batch(json!({ "p00": null }), json!([]));
    let page = batch(json!({ "p00": page([4]), "top": page([4]) }), json!([]));
    let script = Script::new([nothing(), nothing(), page]);
    assert_eq!(
        ids(&script.client().v2().list("crm.deal.list").await.unwrap()),
        [4]
    );
    let script = Script::new([nothing(), nothing(), nothing()]);
    let error = script
        .client()
        .v2()
        .list("crm.deal.list")
        .await
        .unwrap_err();
    assert!(
        std::error::Error::source(&error)
            .unwrap()
            .to_string()
            .contains("null came where")
    );
}

#[tokio::test(start_paused = true)]
async fn a_used_up_operating_time_is_waited_for() {
    let limit = || {
        batch(
            json!([]),
            json!({ "p00": { "error": "OPERATION_TIME_LIMIT", "error_description": "" } }),
        )
    };
    let page = batch(json!({ "p00": page([4]), "top": page([4]) }), json!([]));
    let script = Script::new([limit(), limit(), limit(), limit(), page]);
    let client = script.client();
    let begun = tokio::time::Instant::now();
    assert_eq!(ids(&client.v2().list("crm.deal.list").await.unwrap()), [4]);
    assert!(begun.elapsed() >= Duration::from_secs(4 * 60));
    assert_eq!(client.stats().refused_operating, 4);

    let script = Script::new([limit()]);
    let list = script
        .client()
        .v2()
        .list("crm.deal.list")
        .deadline(Duration::from_secs(30));
    let error = list.await.unwrap_err();
    assert_eq!(error.kind(), Kind::Temporary);
    assert!(error.retry_after().is_some());
}

#[tokio::test]
async fn mistakes_come_out_when_polled_and_nothing_is_sent() {
    let script = Script::new([]);
    let list = || script.client().v2().list("crm.deal.list");
    for (list, hint) in [
        (list().order([("TITLE", "ASC")]), "by_offset()"),
        (list().param("start", 50), "resume"),
        (list().param("filter", 5), "not a map"),
        (list().param("x", f64::NAN), "cannot be sent"),
        (list().params([1, 2]), "a struct or a map"),
        (list().filter(json!({ "logic": "OR" })), "crm.item.list"),
        (
            script.client().v2().list("im.dialog.messages.search"),
            "call()",
        ),
        (
            script
                .client()
                .v3()
                .list("tasks.task.list")
                .filter(json!({ ">id": 1 })),
            "Filter",
        ),
    ] {
        let error = list.await.unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.to_string().contains(hint), "{error}");
        assert!(error.method().is_some());
    }
}

#[tokio::test]
async fn text_that_reads_like_a_macro_never_enters_a_batch() {
    let script = Script::new([ok(page(1..=50)), ok(page(51..=60)), ok(json!([]))]);
    let list = script
        .client()
        .v2()
        .list("crm.deal.list")
        .filter(json!({ "TITLE": "$result[a][b]" }));
    assert_eq!(ids(&list.await.unwrap()), range(1..=60));
    assert!(script.uri(0).contains("/crm.deal.list?"));
    assert_eq!(
        script.json(2),
        json!({ "filter": { "TITLE": "$result[a][b]", ">ID": 60 }, "order": { "ID": "ASC" }, "start": -1 })
    );
}

#[tokio::test]
async fn a_limit_asks_for_no_more_pages_than_it_needs() {
    let script = Script::new([ok(page(1..=50))]);
    let mut pages = script
        .client()
        .v2()
        .list("crm.deal.list")
        .limit(7)
        .pages::<Value>();
    let page = pages.try_next().await.unwrap().unwrap();
    assert_eq!(ids(&page.items), range(1..=7));
    assert!(
        serde_json::to_string(&page.cursor)
            .unwrap()
            .contains(r#""after":"7""#)
    );
    assert!(pages.try_next().await.unwrap().is_none());
    assert!(
        script
            .client()
            .v2()
            .list("crm.deal.list")
            .limit(0)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn an_unknown_method_is_learned_from_its_first_answer() {
    let rows = |ids: std::ops::RangeInclusive<u64>| json!({ "rows": ids.map(|id| json!({ "id": id })).collect::<Vec<_>>() });
    let script = Script::new([
        batch(
            json!({ "p00": rows(1..=50), "p01": rows(1..=50) }),
            json!([]),
        ),
        batch(
            json!({ "p00": rows(1..=50), "p01": rows(51..=70), "top": rows(70..=70) }),
            json!([]),
        ),
    ]);
    let rows = script.client().v2().list("my.app.list").await.unwrap();
    assert_eq!(rows.len(), 70);
    assert!(
        commands(&script, 1)[1]
            .1
            .contains("filter[>id]=$result[p00][rows][49][id] order[id]=ASC")
    );
}

#[tokio::test]
async fn an_offset_read_follows_next() {
    let paged = |rows: Value, next: Value| {
        Step::Answer(
            200,
            json!({ "result": rows, "total": 120, "next": next }).to_string(),
        )
    };
    let script = Script::new([
        paged(page(1..=50), json!(50)),
        // Rights may be applied after the page was cut: this is not the end.
        paged(json!([]), json!(100)),
        paged(page(101..=120), Value::Null),
    ]);
    let list = script
        .client()
        .v2()
        .list("crm.deal.list")
        .order([("TITLE", "DESC"), ("ID", "ASC")])
        .by_offset();
    assert_eq!(ids(&list.await.unwrap()).len(), 70);
    assert_eq!(
        script.text(2),
        r#"{"order":{"TITLE":"DESC","ID":"ASC"},"start":100}"#
    );
}

#[tokio::test]
async fn an_offset_read_sorts_by_id_where_that_is_known_to_work() {
    let script = Script::new([ok(json!([])), ok(json!([])), ok(json!({ "items": [] }))]);
    let v2 = |method: &str| script.client().v2().list(method);
    assert!(v2("crm.status.list").await.unwrap().is_empty());
    assert_eq!(script.json(0), json!({ "start": 0 }));
    assert!(v2("user.get").by_offset().await.unwrap().is_empty());
    assert_eq!(
        script.json(1),
        json!({ "sort": "ID", "order": "ASC", "start": 0 })
    );
    let v3 = script.client().v3().list("timeman.record.list");
    assert!(v3.await.unwrap().is_empty());
    assert_eq!(
        script.json(2),
        json!({ "pagination": { "limit": 1000, "offset": 0 } })
    );
}

#[tokio::test]
async fn an_offset_read_past_the_end_stops() {
    let first = || {
        Step::Answer(
            200,
            json!({ "result": page(1..=50), "total": 60, "next": 50 }).to_string(),
        )
    };
    let script = Script::new([first(), first()]);
    let list = || script.client().v2().list("crm.deal.list").by_offset();
    // Ten rows vanish while the second page is asked for.
    assert_eq!(list().await.unwrap().len(), 50);
    assert_eq!(script.requests(), 2);
}

#[tokio::test]
async fn an_offset_cursor_counts_rows() {
    let answer = || {
        Step::Answer(
            200,
            json!({ "result": page(1..=50), "total": 50 }).to_string(),
        )
    };
    let script = Script::new([answer(), answer()]);
    let list = || script.client().v2().list("crm.deal.list").by_offset();
    let mut pages = list().limit(20).pages::<Value>();
    let page = pages.try_next().await.unwrap().unwrap();
    assert_eq!(page.items.len(), 20);
    let rows = list().resume(page.cursor.clone()).await.unwrap();
    assert_eq!(ids(&rows), range(21..=50));
    let error = script
        .client()
        .v2()
        .list("crm.deal.list")
        .resume(page.cursor)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("read in another way"), "{error}");
}

#[tokio::test]
async fn v3_ends_at_an_empty_page_only() {
    let items = |ids: std::ops::Range<u64>| {
        ok(json!({ "items": ids.map(|id| json!({ "id": id })).collect::<Vec<_>>() }))
    };
    let script = Script::new([items(1..51), items(51..60), items(0..0)]);
    let list = script
        .client()
        .v3()
        .list("tasks.task.list")
        .select(["title"])
        .filter([("status", 2)]);
    assert_eq!(list.await.unwrap().len(), 59);
    assert!(script.uri(0).contains("/rest/api/7/s3cr3t/tasks.task.list"));
    assert_eq!(
        script.json(0),
        json!({ "select": ["title", "id"], "filter": [["status", 2]], "order": { "id": "ASC" }, "pagination": { "limit": 1000 } })
    );
    assert_eq!(
        script.json(2)["filter"],
        json!([["status", 2], ["id", ">", 59]])
    );
}

#[tokio::test]
async fn a_v3_list_whose_ids_do_not_rise_is_an_error() {
    let same = || ok(json!({ "items": [{ "id": 1 }, { "id": 2 }] }));
    let script = Script::new([same(), same()]);
    let error = failure(script.client().v3().list("tasks.task.list")).await;
    assert!(error.to_string().contains("by_offset()"), "{error}");
    assert!(
        serde_json::to_string(error.cursor().unwrap())
            .unwrap()
            .contains(r#""after":"2""#)
    );
}

#[tokio::test]
async fn a_tail_goes_on_by_raw_values() {
    let script = Script::new([
        ok(json!({ "items": [{ "id": 5 }, { "id": 9 }] })),
        ok(json!({ "items": [] })),
        ok(json!({ "items": [{ "id": 11 }] })),
        ok(json!({ "items": [] })),
    ]);
    let tail = || {
        script
            .client()
            .v3()
            .tail("main.eventlog.tail")
            .select(["severity"])
    };
    let mut pages = tail().pages::<Value>();
    let cursor = pages.try_next().await.unwrap().unwrap().cursor;
    assert!(pages.try_next().await.unwrap().is_none());
    assert_eq!(
        script.json(0),
        json!({ "select": ["severity", "id"], "cursor": { "field": "id", "value": -1, "order": "ASC", "limit": 1000 } })
    );
    assert_eq!(tail().resume(cursor).await.unwrap(), [json!({ "id": 11 })]);
    assert_eq!(script.json(2)["cursor"]["value"], 9);

    let script = Script::new([ok(json!({ "items": [] }))]);
    let tail = || script.client().v3().tail("main.eventlog.tail");
    assert!(
        tail()
            .descending()
            .await
            .unwrap_err()
            .to_string()
            .contains("from(")
    );
    assert!(
        tail()
            .field("timestampX")
            .await
            .unwrap_err()
            .to_string()
            .contains("from(")
    );
    tail()
        .field("timestampX")
        .descending()
        .from("2026-01-01T00:00:00+03:00")
        .await
        .unwrap();
    assert_eq!(
        script.json(0)["cursor"],
        json!({ "field": "timestampX", "value": "2026-01-01T00:00:00+03:00", "order": "DESC", "limit": 1000 })
    );
}

#[tokio::test]
async fn a_tail_that_stands_still_is_an_error() {
    let same = || ok(json!({ "items": [{ "id": 5 }] }));
    let script = Script::new([same(), same()]);
    let error = script
        .client()
        .v3()
        .tail("main.eventlog.tail")
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("ends where it begins"),
        "{error}"
    );
}

#[tokio::test]
async fn a_row_of_another_type_is_named() {
    #[derive(Debug, Deserialize)]
    struct Deal {
        #[serde(rename = "ID")]
        _id: u64,
    }
    let script = Script::new([ok(page([1, 2]))]);
    let mut deals = script
        .client()
        .v2()
        .list("crm.deal.list")
        .limit(2)
        .items::<Deal>();
    let error = deals.try_next().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Answer);
    assert!(error.to_string().contains("crm.deal.list"), "{error}");
    assert!(
        error
            .to_string()
            .contains("row 0 of a page: ID: invalid type"),
        "{error}"
    );
    assert!(deals.try_next().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_ends_with_the_cursor() {
    let full = json!({ "p00": page(1..=50), "p01": page(51..=100), "p02": page(101..=150), "p03": page(151..=200), "top": descending(901..=950) });
    let script = Script::new([batch(full, json!([])), error(403, "ACCESS_DENIED")]);
    let error = failure(script.client().v2().list("crm.deal.list")).await;
    assert_eq!(error.method(), Some("crm.deal.list"));
    assert!(
        serde_json::to_string(error.cursor().unwrap())
            .unwrap()
            .contains(r#""after":"200""#)
    );
    assert!(!format!("{error:?}").contains("s3cr3t"));
}

/// Answers after a while.
#[derive(Debug)]
struct Slow(Script, Duration);

impl Transport for Slow {
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

#[tokio::test(start_paused = true)]
async fn a_ready_answer_that_is_polled_late_is_no_time_out() {
    let script = Script::new([batch(
        json!({ "p00": page([4]), "top": page([4]) }),
        json!([]),
    )]);
    let client = Client::builder()
        .webhook("https://acme.bitrix24.com/rest/7/s3cr3t/")
        .transport(Slow(script.clone(), Duration::from_secs(2)))
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let mut items = client.v2().list("crm.deal.list").items::<Value>();
    let early = tokio::time::timeout(Duration::from_secs(1), items.try_next()).await;
    assert!(early.is_err());
    // The caller is busy for longer than a request may take.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(items.try_next().await.unwrap().is_some());
    assert!(items.try_next().await.unwrap().is_none());
    assert_eq!(script.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn requests_go_ahead_of_a_reader_who_stays_and_stop_with_him() {
    let full = |from: u64| {
        let page_at = |at: u64| page(from + at * 50..from + at * 50 + 50);
        json!({ "p00": page_at(0), "p01": page_at(1), "p02": page_at(2), "p03": page_at(3), "top": descending(90_001..=90_050) })
    };
    let script = Script::new([batch(full(1), json!([])), batch(full(201), json!([]))]);
    let mut pages = script.client().v2().list("crm.deal.list").pages::<Value>();
    assert_eq!(script.requests(), 0);
    pages.try_next().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(script.requests(), 1);
    pages.try_next().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(script.requests(), 2);
    drop(pages);
}

#[tokio::test(start_paused = true)]
async fn the_next_answer_is_asked_for_before_the_rows_of_the_last_are_worked_on() {
    let pages_from = |from: u64, count: u64| {
        let page_at = |at: u64| {
            (
                format!("p{at:02}"),
                page(from + at * 50..from + at * 50 + 50),
            )
        };
        Value::Object((0..count).map(page_at).collect())
    };
    let mut first = pages_from(1, 4);
    first["top"] = descending(90_001..=90_050);
    let script = Script::new([
        batch(first, json!([])),
        batch(pages_from(201, 10), json!([])),
        batch(pages_from(701, 10), json!([])),
    ]);
    let mut pages = script.client().v2().list("crm.deal.list").pages::<Value>();
    for _ in 0..4 {
        pages.try_next().await.unwrap();
    }
    assert_eq!(script.requests(), 2);
    // The first page of the second answer: nothing of it is worked on, and the third is under way.
    pages.try_next().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(script.requests(), 3);
    // No more than one answer is ready beside the one that is being read.
    for _ in 0..8 {
        pages.try_next().await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(script.requests(), 3);
}

#[test]
fn streams_and_futures_can_be_sent_between_threads() {
    fn sent<T: Send + 'static>(_: &T) {}
    fn stream<T: Send + Unpin + 'static>() {}
    stream::<Items<Value>>();
    stream::<Pages<Box<RawValue>>>();
    let script = Script::new([]);
    sent(&std::future::IntoFuture::into_future(
        script.client().v2().list("crm.deal.list"),
    ));
}

#[tokio::test]
async fn a_method_that_is_none_and_a_reference_are_mistakes_of_a_list() {
    let script = Script::new([]);
    let b24 = script.client();
    let slot = b24.v2().batch().add("me", b24.v2().call("user.current"));
    for list in [
        b24.v2().list("crm.deal.list?auth=x"),
        b24.v2().list(""),
        b24.v2()
            .list("crm.deal.list")
            .filter(json!({ "ID": slot.field("ID") })),
        b24.v3()
            .list("tasks.task.list")
            .filter(json!([["id", "=", slot.field("ID")]])),
    ] {
        assert_eq!(list.await.unwrap_err().kind(), Kind::Usage);
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_awaited_whole_fails_with_the_cursor_of_its_beginning() {
    let full = || json!({ "items": (1..=1_000).map(|id| json!({ "id": id })).collect::<Vec<_>>() });
    let refused = || error(400, "NO");
    let script = Script::new([ok(full()), refused(), ok(full()), refused()]);
    let b24 = script.client();
    let list = || b24.v3().list("tasks.task.list");
    assert!(list().await.unwrap_err().cursor().is_none());
    let mut pages = list().pages::<Value>();
    pages.try_next().await.unwrap();
    let behind = pages.cursor().cloned();
    assert!(behind.is_some());
    assert_eq!(
        pages.try_next().await.unwrap_err().cursor(),
        behind.as_ref()
    );
}
