use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use b24_portal::{Edition, Operating, Portal, Rate};
use http::{Request, StatusCode};
use serde_json::json;
use tokio::time::{Instant, advance, sleep};
use tower::ServiceExt;

use crate::client::{call_in_process, code, stubbing};

#[tokio::test(start_paused = true)]
async fn the_bucket_of_each_edition_fills_and_leaks() {
    let cases = [(Edition::Cloud, 50, 2), (Edition::Enterprise, 250, 5)];
    for (edition, size, leak) in cases {
        let portal = stubbing().edition(edition).start().await.unwrap();
        let mut admitted = 0;
        for _ in 0..size + 10 {
            let (status, body) =
                call_in_process(&portal, "crm.timeline.comment.add", &json!({})).await;
            match status {
                StatusCode::OK => admitted += 1,
                _ => assert_eq!(
                    (status.as_u16(), code(&body)),
                    (503, "QUERY_LIMIT_EXCEEDED")
                ),
            }
        }
        assert_eq!(admitted, size);
        assert_eq!(portal.refusals().query_limit, 10);
        advance(Duration::from_secs(10)).await;
        let mut leaked = 0;
        while call_in_process(&portal, "crm.timeline.comment.add", &json!({}))
            .await
            .0
            == StatusCode::OK
        {
            leaked += 1;
        }
        assert_eq!(leaked, 10 * leak);
        assert_eq!(portal.requests(), size + 10 + leaked + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_box_has_no_limits_and_a_bucket_can_be_any() {
    let portal = stubbing().edition(Edition::Box).start().await.unwrap();
    for _ in 0..300 {
        assert_eq!(
            call_in_process(&portal, "crm.timeline.comment.add", &json!({}))
                .await
                .0,
            200
        );
    }
    let portal = stubbing()
        .rate(Rate::Bucket {
            size: 3.0,
            per_second: 1.0,
        })
        .start()
        .await
        .unwrap();
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(
            call_in_process(&portal, "batch", &commands(50))
                .await
                .0
                .as_u16(),
        );
    }
    assert_eq!(statuses, [200, 200, 200, 503], "a batch is one request");
    let elsewhere: std::net::SocketAddr = "10.1.2.3:5".parse().unwrap();
    let path = format!("{}crm.timeline.comment.add", portal.webhook());
    let request = Request::get(path)
        .extension(ConnectInfo(elsewhere))
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        portal.router().oneshot(request).await.unwrap().status(),
        200,
        "another address has its own bucket"
    );
}

/// A batch of so many calls.
fn commands(count: usize) -> serde_json::Value {
    json!({"cmd": vec!["crm.timeline.comment.add"; count]})
}

/// 0.3 s a call.
fn slow() -> b24_portal::PortalBuilder {
    stubbing()
        .rate(Rate::Off)
        .method_cost("crm.timeline.comment.add", Duration::from_millis(300))
}

#[tokio::test(start_paused = true)]
async fn operating_time_is_summed_refused_and_released() {
    let portal = slow()
        .operating(Operating::Limit(20.0))
        .started_at(Duration::from_secs(1_800_000_000))
        .start()
        .await
        .unwrap();
    let batch = commands(50);
    let (_, body) = call_in_process(&portal, "batch", &batch).await;
    let operating = |place: usize| {
        body["result"]["result_time"][place]["operating"]
            .as_f64()
            .unwrap()
    };
    assert!((operating(0) - 0.3).abs() < 1e-9 && (operating(49) - 15.0).abs() < 1e-6);
    assert_eq!(
        body["result"]["result_time"][49]["operating_reset_at"],
        1_800_000_600
    );
    assert_eq!(
        body["time"]["operating"], 0,
        "the batch itself is not charged"
    );
    assert!(
        (body["time"]["duration"].as_f64().unwrap() - 15.0).abs() < 0.01,
        "{}",
        body["time"]
    );

    let (_, body) = call_in_process(&portal, "batch", &batch).await;
    let errors = body["result"]["result_error"].as_object().unwrap();
    assert_eq!(errors.len(), 50 - 17, "17 more calls reach 20.1 s");
    assert_eq!(errors["17"]["error"], "OPERATION_TIME_LIMIT");
    let (status, body) = call_in_process(&portal, "crm.timeline.comment.add", &json!({})).await;
    assert_eq!(
        (status.as_u16(), code(&body)),
        (429, "OPERATION_TIME_LIMIT")
    );
    assert_eq!(
        call_in_process(&portal, "crm.quote.list", &json!({}))
            .await
            .0,
        200,
        "other methods go on"
    );
    let other = portal.add_webhook(1, &["crm"]);
    let request = Request::get(format!("{other}crm.timeline.comment.add"))
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        portal.router().oneshot(request).await.unwrap().status(),
        200,
        "so do other webhooks"
    );
    assert_eq!(portal.refusals().operating, 34);

    sleep(Duration::from_secs(600)).await;
    assert_eq!(
        call_in_process(&portal, "crm.timeline.comment.add", &json!({}))
            .await
            .0,
        200
    );
}

#[tokio::test(start_paused = true)]
async fn batched_calls_can_be_counted_apart() {
    let portal = slow()
        .operating(Operating::Limit(1.0))
        .batch_counted_apart(true)
        .start()
        .await
        .unwrap();
    call_in_process(&portal, "batch", &commands(10)).await;
    assert_eq!(
        call_in_process(&portal, "crm.timeline.comment.add", &json!({}))
            .await
            .0,
        200
    );
    let (_, body) = call_in_process(
        &portal,
        "batch",
        &json!({"cmd": ["crm.timeline.comment.add"]}),
    )
    .await;
    assert_eq!(
        body["result"]["result_error"][0]["error"],
        "OPERATION_TIME_LIMIT"
    );
}

#[tokio::test(start_paused = true)]
async fn counters_only_and_off_never_refuse() {
    for operating in [Operating::CountersOnly, Operating::Off] {
        let portal = slow()
            .operating(operating)
            .wall(None)
            .start()
            .await
            .unwrap();
        for _ in 0..30 {
            let (_, body) = call_in_process(&portal, "batch", &commands(50)).await;
            assert_eq!(body["result"]["result_error"], json!([]));
            let time = &body["result"]["result_time"][0];
            assert_eq!(
                time.get("operating").is_some(),
                operating == Operating::CountersOnly
            );
            assert!(time.get("operating_reset_at").is_none());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn past_the_wall_there_is_a_page() {
    let portal = stubbing()
        .method_cost("crm.timeline.comment.add", Duration::from_secs(7))
        .start()
        .await
        .unwrap();
    let started = Instant::now();
    let (status, body) = call_in_process(&portal, "batch", &commands(9)).await;
    assert_eq!(status, 504);
    assert!(body.as_str().unwrap().starts_with("<html>"), "{body}");
    assert_eq!(started.elapsed().as_secs(), 60);
    let (_, body) = call_in_process(&portal, "crm.timeline.comment.add", &json!({})).await;
    let charged = body["time"]["operating"].as_f64().unwrap();
    assert!(
        (charged - 67.0).abs() < 0.01,
        "the call that met the wall is charged, too: {charged}"
    );
    assert_eq!(call_in_process(&portal, "batch", &commands(8)).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn four_workers_serve_four_requests_at_once() {
    let portal = slow().workers(4).start().await.unwrap();
    let started = Instant::now();
    let nothing = json!({});
    let calls = (0..8).map(|_| call_in_process(&portal, "crm.timeline.comment.add", &nothing));
    for (status, _) in futures_util::future::join_all(calls).await {
        assert_eq!(status, 200);
    }
    assert_eq!(started.elapsed().as_millis(), 600);
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_tokios() {
    let portal = Portal::builder()
        .started_at(Duration::from_secs(1_000))
        .start()
        .await
        .unwrap();
    advance(Duration::from_secs(86_400)).await;
    assert_eq!(portal.now().as_secs(), 87_400);
}

#[tokio::test(start_paused = true)]
async fn settings_out_of_reason_do_no_harm() {
    for workers in [0, usize::MAX] {
        let portal = stubbing()
            .workers(workers)
            .wall(Some(Duration::MAX))
            .started_at(Duration::MAX)
            .page_cost(Duration::from_secs(1));
        let portal = portal.start().await.unwrap();
        let (status, _) = call_in_process(&portal, "crm.deal.list", &json!({})).await;
        assert_eq!(status, 200, "{workers} workers");
    }
}
