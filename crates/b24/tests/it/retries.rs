//! What is sent again, and what never is. In virtual time.

use std::time::Duration;

use b24::{Client, Kind, Limits, Reason};
use serde_json::json;
use tokio::time::Instant;

use crate::script::{Script, Step, error, ok};

async fn read(b24: &Client) -> Result<serde_json::Value, b24::Error> {
    b24.v2().call("crm.item.get").await
}

async fn write(b24: &Client) -> Result<serde_json::Value, b24::Error> {
    b24.v2().call("crm.item.add").await
}

fn page() -> Step {
    Step::Answer(502, "<html><title>502 Bad Gateway</title></html>".into())
}

#[tokio::test(start_paused = true)]
async fn what_never_arrived_is_sent_again() {
    let script = Script::new([Step::NotSent, Step::NotSent, ok(1)]);
    assert_eq!(write(&script.client()).await.unwrap(), 1);
    assert_eq!(script.requests(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_portal_that_cannot_be_reached_is_temporary() {
    let script = Script::new(vec![Step::NotSent; 4]);
    let error = write(&script.client()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_run(), error.attempts()),
        (Kind::Temporary, false, 4)
    );
    assert_eq!(
        error.to_string(),
        "acme.bitrix24.com cannot be reached for crm.item.add: scripted"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_write_is_sent_once() {
    for step in [
        Step::Lost,
        Step::Hang,
        page(),
        error(500, "INTERNAL_SERVER_ERROR"),
        Step::Answer(200, "{\"resu".into()),
        Step::Answer(500, String::new()),
    ] {
        let script = Script::new([step.clone()]);
        let error = write(&script.client()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_run()),
            (Kind::Unknown, true),
            "{step:?}: {error}"
        );
        assert_eq!(script.requests(), 1);
        assert!(error.request_id().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_read_is_sent_again_under_the_same_id() {
    let script = Script::new([Step::Lost, page(), Step::Hang, ok(5)]);
    assert_eq!(read(&script.client()).await.unwrap(), 5);
    assert_eq!(script.uri(0), script.uri(3));
}

#[tokio::test(start_paused = true)]
async fn a_page_instead_of_json_is_named() {
    let script = Script::new(vec![page(); 4]);
    let begun = Instant::now();
    let error = read(&script.client()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Temporary);
    assert_eq!(
        error.to_string(),
        "acme.bitrix24.com answered crm.item.get with a web page (HTTP 502, \"502 Bad Gateway\"), 4 times"
    );
    assert!((13.0..17.0).contains(&begun.elapsed().as_secs_f64()));
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_write_is_sent_again() {
    let script = Script::new([Step::Lost, ok(true)]);
    script
        .client()
        .v2()
        .call("crm.item.update")
        .idempotent(true)
        .await
        .unwrap();
    assert_eq!(script.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_full_bucket_is_waited_for_even_by_a_write() {
    let script = Script::new([
        error(503, "QUERY_LIMIT_EXCEEDED"),
        error(503, "QUERY_LIMIT_EXCEEDED"),
        ok(1),
    ]);
    let (b24, begun) = (script.client(), Instant::now());
    write(&b24).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    assert_eq!(b24.stats().refused_rate, 2);
}

#[tokio::test(start_paused = true)]
async fn used_up_operating_time_is_waited_for() {
    let full = r#"{"result":1,"time":{"finish":1000,"operating":430,"operating_reset_at":1090}}"#;
    let script = Script::new([
        Step::Answer(200, full.into()),
        ok(2),
        error(429, "OPERATION_TIME_LIMIT"),
        ok(3),
    ]);
    let (b24, begun) = (script.client(), Instant::now());
    read(&b24).await.unwrap();
    assert_eq!(
        b24.v2().call("crm.item.fields").await.unwrap(),
        2,
        "another method goes on"
    );
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(read(&b24).await.unwrap(), 3);
    assert!(
        (149.0..151.0).contains(&begun.elapsed().as_secs_f64()),
        "90 s, and one basket after the refusal"
    );
    assert_eq!(b24.stats().refused_operating, 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_past_the_deadline_is_an_error_at_once() {
    let full = r#"{"result":1,"time":{"finish":1000,"operating":430,"operating_reset_at":1090}}"#;
    let script = Script::new([Step::Answer(200, full.into())]);
    let b24 = script.client();
    read(&b24).await.unwrap();
    let begun = Instant::now();
    let error = b24
        .v2()
        .call("crm.item.get")
        .deadline(Duration::from_secs(30))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), begun.elapsed()),
        (Kind::Temporary, Duration::ZERO)
    );
    assert!(error.is_limit());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(90)));
}

#[tokio::test(start_paused = true)]
async fn the_bucket_paces_all_calls_of_a_client() {
    let script = Script::new(vec![ok(1); 70]);
    let (b24, begun) = (script.client(), Instant::now());
    let calls: Vec<_> = (0..70)
        .map(|_| {
            tokio::spawn({
                let b24 = b24.clone();
                async move { read(&b24).await }
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert!((9.9..10.1).contains(&begun.elapsed().as_secs_f64()));
    assert!(b24.stats().waited_rate > Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn limits_can_be_off() {
    let script = Script::new(vec![ok(1); 200]);
    let (b24, begun) = (
        script.builder().limits(Limits::Off).build().unwrap(),
        Instant::now(),
    );
    for _ in 0..200 {
        read(&b24).await.unwrap();
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn blocks_are_errors_at_once() {
    for (status, code, kind) in [
        (503, "OVERLOAD_LIMIT", Kind::Refused),
        (401, "QUERY_LIMIT_EXCEEDED", Kind::Refused),
        (401, "expired_token", Kind::Auth),
        (403, "ACCESS_DENIED", Kind::Refused),
        (400, "", Kind::Refused),
        (404, "ERROR_METHOD_NOT_FOUND", Kind::Refused),
    ] {
        let script = Script::new([error(status, code)]);
        let error = read(&script.client()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)));
        assert_eq!(error.description(), Some("In its own words"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_renamed_portal_is_followed_by_a_post_and_remembered() {
    let to = "https://acme-new.bitrix24.com/rest/7/s3cr3t/crm.item.add";
    let script = Script::new([Step::Moved(to.into()), ok(1), ok(2)]);
    let b24 = script.client();
    b24.v2().call("crm.item.add").param("a", 1).await.unwrap();
    assert!(script.uri(1).starts_with(to));
    assert_eq!(script.json(1), json!({ "a": 1 }));
    read(&b24).await.unwrap();
    assert!(
        script
            .uri(2)
            .starts_with("https://acme-new.bitrix24.com/rest/7/s3cr3t/crm.item.get?")
    );
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_a_stranger_is_an_error_that_names_it() {
    let script = Script::new([Step::Moved(
        "https://evil.example/rest/7/s3cr3t/crm.item.add".into(),
    )]);
    let error = write(&script.client()).await.unwrap_err();
    assert!(matches!(error.reason(), Reason::Redirect { host } if host == "evil.example"));
    assert!(!error.may_have_run());
    assert!(!format!("{error} {error:?}").contains("s3cr3t"));
}

#[tokio::test(start_paused = true)]
async fn no_error_shows_the_secret() {
    for step in [
        Step::Lost,
        page(),
        error(401, "INVALID_CREDENTIALS"),
        Step::Answer(200, "[]".into()),
    ] {
        let script = Script::new([step]);
        let error = write(&script.client()).await.unwrap_err();
        let source = std::error::Error::source(&error).map(|source| format!("{source} {source:?}"));
        let shown = format!("{error} {error:?} {source:?} {:?}", script.client());
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_cancels_it_and_leaves_no_gap_in_the_queue() {
    let script = Script::new([Step::Hang, ok(1)]);
    let b24 = script
        .builder()
        .limits(Limits::Custom {
            burst: 1,
            rate: 1.0,
        })
        .build()
        .unwrap();
    let hanging = tokio::time::timeout(Duration::from_secs(3), read(&b24)).await;
    assert!(hanging.is_err());
    let begun = Instant::now();
    read(&b24).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_write_that_may_have_run_says_so_however_it_ends() {
    for ends in [
        vec![Step::NotSent, Step::NotSent, Step::NotSent],
        vec![error(404, "NOT_FOUND")],
        vec![Step::Lost; 3],
    ] {
        let script = Script::new([vec![Step::Lost], ends].concat());
        let b24 = script.client();
        let call = b24.v2().call("crm.item.update").idempotent(true);
        let error = call.await.unwrap_err();
        assert!(error.may_have_run(), "{error}");
        assert_eq!(error.attempts() as usize, script.requests());
    }
    // No time for another attempt.
    let script = Script::new([Step::Lost]);
    let b24 = script.client();
    let call = b24.v2().call("crm.item.update").idempotent(true);
    let error = call.deadline(Duration::from_millis(100)).await.unwrap_err();
    assert!(error.may_have_run(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_read_stays_a_read_when_it_is_called_idempotent() {
    let b24 = Script::new(vec![Step::Lost; 4]).client();
    let error = b24
        .v2()
        .call("crm.item.get")
        .idempotent(true)
        .await
        .unwrap_err();
    assert!(!error.may_have_run());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_may_be_endless() {
    let script = Script::new([ok(1), ok(json!({ "items": [] }))]);
    let b24 = script.builder().timeout(Duration::MAX).build().unwrap();
    b24.v2()
        .call("crm.item.get")
        .deadline(Duration::MAX)
        .await
        .unwrap();
    let rows = b24
        .v3()
        .list("tasks.task.list")
        .deadline(Duration::MAX)
        .await
        .unwrap();
    assert!(rows.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_cannot_be_built_was_not_sent_and_takes_no_place() {
    let script = Script::new([ok(1)]);
    let b24 = script
        .builder()
        .limits("1/0.001".parse().unwrap())
        .build()
        .unwrap();
    let endless = "x".repeat(70_000);
    let error = b24
        .v2()
        .call("crm.item.add")
        .request_id(endless)
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.may_have_run()), (Kind::Usage, false));
    assert_eq!(write(&b24).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_redirect_ends_the_chase() {
    let to = |host: &str| {
        Step::Moved(format!(
            "https://{host}.bitrix24.com/rest/7/s3cr3t/crm.item.add"
        ))
    };
    let script = Script::new([to("one"), to("two")]);
    let error = write(&script.client()).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_run()), (Kind::Refused, false));
    assert_eq!(
        error.to_string(),
        "the answer to crm.item.add is not as expected: it is a second redirect, to two.bitrix24.com"
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_lets_nothing_through_is_a_mistake() {
    for (burst, rate) in [
        (0, 1.0),
        (1, 0.0),
        (1, -1.0),
        (1, f64::NAN),
        (1, f64::INFINITY),
    ] {
        let limits = Limits::Custom { burst, rate };
        let error = Script::new([])
            .builder()
            .limits(limits)
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
    }
    // A rate so low that its wait is longer than a Duration holds.
    let script = Script::new([ok(1)]);
    let limits = Limits::Custom {
        burst: 1,
        rate: 1e-300,
    };
    let b24 = script.builder().limits(limits).build().unwrap();
    read(&b24).await.unwrap();
    assert!(read(&b24).await.unwrap_err().is_limit());
}

#[tokio::test(start_paused = true)]
async fn numbers_that_are_none_do_no_harm() {
    let odd =
        r#"{"result":1,"time":{"finish":"inf","operating":"430","operating_reset_at":"NaN"}}"#;
    let script = Script::new([Step::Answer(200, odd.into())]);
    assert_eq!(read(&script.client()).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_last_attempt_tells_the_portals_own_code() {
    let script = Script::new(vec![error(500, "INTERNAL_SERVER_ERROR"); 4]);
    let error = read(&script.client()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.attempts()),
        (Kind::Temporary, Some("INTERNAL_SERVER_ERROR"), 4)
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_not_now_is_temporary() {
    for status in [408, 429] {
        let script = Script::new([error(status, "TOO_MANY_REQUESTS")]);
        let error = write(&script.client()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_run()),
            (Kind::Temporary, false)
        );
    }
}
