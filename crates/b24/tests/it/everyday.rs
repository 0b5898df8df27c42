//! What users do every day, against the local portal.

use std::future::IntoFuture as _;
use std::time::Duration;

use b24::{Client, Kind, Limits, Outcome, filter};
use b24_portal::{Edition, Fault, Portal};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::in_process;

#[derive(Debug, Deserialize)]
struct Deal {
    id: i64,
    title: String,
}

async fn add(b24: &Client, title: &str) -> Result<Deal, b24::Error> {
    b24.v2()
        .call("crm.item.add")
        .param("entityTypeId", 2)
        .param("fields", json!({ "title": title }))
        .key("item")
        .typed()
        .await
}

#[tokio::test]
async fn a_deal_is_added_read_changed_and_deleted_over_http() {
    let portal = Portal::start().await;
    let b24 = Client::from_webhook(portal.webhook()).unwrap();
    let deal = add(&b24, "Насос «Вихрь» & Co").await.unwrap();
    let one = |method: &str| {
        b24.v2()
            .call(method)
            .param("entityTypeId", 2)
            .param("id", deal.id)
    };
    let read: Deal = one("crm.item.get").key("item").typed().await.unwrap();
    assert_eq!(read.title, "Насос «Вихрь» & Co");
    one("crm.item.update")
        .param("fields", json!({ "title": "New" }))
        .await
        .unwrap();
    assert_eq!(portal.rows("deal")[0]["TITLE"], "New");
    one("crm.item.delete").await.unwrap();
    let error = one("crm.item.get").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Refused, Some("NOT_FOUND"))
    );
}

/// The front page's promise.
#[tokio::test]
async fn a_lost_answer_is_not_a_second_deal() {
    let portal = Portal::start().await;
    portal.fail_next("crm.item.add", Fault::CutAfterRun);
    let b24 = Client::from_webhook(portal.webhook()).unwrap();
    let error = add(&b24, "once").await.unwrap_err();
    assert!(error.may_have_run());
    assert_eq!(error.kind(), Kind::Unknown);
    assert_eq!(portal.rows("deal").len(), 1);
}

#[tokio::test]
async fn a_call_that_never_ran_is_a_mere_delay() {
    let portal = Portal::start().await;
    portal.fail_next("crm.item.add", Fault::QueryLimit);
    let b24 = Client::from_webhook(portal.webhook()).unwrap();
    add(&b24, "once").await.unwrap();
    assert_eq!(
        (portal.rows("deal").len(), b24.stats().refused_rate),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn lost_reads_are_asked_again_whatever_the_weather() {
    let portal = Portal::builder().deals(100).start().await.unwrap();
    let b24 = in_process::client(&portal);
    for fault in [
        Fault::Html502,
        Fault::Html502AfterRun,
        Fault::CutBeforeRun,
        Fault::CutAfterRun,
        Fault::CutBody,
        Fault::TruncateBody,
        Fault::EmptyBody,
        Fault::QueryLimit,
        Fault::OperatingLimit,
        Fault::Delay(Duration::from_secs(100)),
    ] {
        portal.fail_next("crm.item.list", fault.clone());
        let reply = b24
            .v2()
            .call("crm.item.list")
            .param("entityTypeId", 2)
            .key("items")
            .typed::<Vec<Deal>>()
            .await;
        assert_eq!(reply.unwrap().len(), 50, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_say_what_they_are() {
    let portal = Portal::start().await;
    let b24 = in_process::client(&portal);
    let unknown = b24.v2().call("crm.deals.list").await.unwrap_err();
    assert_eq!(
        (unknown.kind(), unknown.code()),
        (Kind::Refused, Some("ERROR_METHOD_NOT_FOUND"))
    );
    portal.fail_next("profile", Fault::Overload);
    assert_eq!(
        b24.v2().call("profile").await.unwrap_err().kind(),
        Kind::Refused
    );
    let ok_with_error = Fault::OkWithError {
        code: "X".into(),
        text: "no".into(),
    };
    portal.fail_next("profile", ok_with_error);
    assert_eq!(
        b24.v2().call("profile").await.unwrap_err().code(),
        Some("X")
    );
    let fields = json!({ "filter": { "stage_id": "NEW" }, "entityTypeId": 2 });
    let field = b24
        .v2()
        .call("crm.item.list")
        .params(fields)
        .await
        .unwrap_err();
    assert_eq!(field.code(), Some("INVALID_ARG_VALUE"));
    portal.revoke_webhook();
    let error = b24.v2().call("profile").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Auth, Some("INVALID_CREDENTIALS"))
    );
    portal.restore_webhook();
    b24.v2().call("profile").await.unwrap();
}

#[tokio::test]
async fn a_wrong_secret_is_about_authorisation_and_stays_secret() {
    let portal = Portal::start().await;
    let wrong = format!("{}/rest/1/n0tth1s0ne/", portal.url().trim_end_matches('/'));
    let b24 = Client::from_webhook(wrong).unwrap();
    let error = b24.v2().call("profile").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Auth);
    assert!(!format!("{error} {error:?}").contains("n0tth1s0ne"));
}

/// 51 commands: the portal refuses the last of one request, so there are two.
#[tokio::test]
async fn more_than_fifty_commands_all_run() {
    let portal = Portal::builder().deals(60).start().await.unwrap();
    let b24 = Client::from_webhook(portal.webhook()).unwrap();
    let ids = portal.ids("deal");
    let mut batch = b24.v2().batch();
    for id in ids.iter().take(51) {
        batch.push(
            b24.v2()
                .call("crm.item.get")
                .param("entityTypeId", 2)
                .param("id", id),
        );
    }
    let out = batch.await.unwrap();
    for ((_, outcome), id) in out.iter().zip(&ids) {
        let Outcome::Ok(answer) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(answer.read::<Value>().unwrap()["item"]["id"], *id);
    }
    assert_eq!(b24.stats().requests, 2);
}

#[tokio::test]
async fn a_command_uses_the_result_of_another() {
    let portal = Portal::start().await;
    let b24 = Client::from_webhook(portal.webhook()).unwrap();
    let mut batch = b24.v2().batch();
    let fields = json!({ "title": "first" });
    let made = batch.add(
        "made",
        b24.v2()
            .call("crm.item.add")
            .param("entityTypeId", 2)
            .param("fields", fields)
            .key("item")
            .typed::<Deal>(),
    );
    let get = b24
        .v2()
        .call("crm.item.get")
        .param("entityTypeId", 2)
        .param("id", made.field("id"));
    let read = batch.add("read", get.key("item").typed::<Deal>());
    let mut out = batch.await.unwrap();
    assert_eq!(out.take(made).unwrap().id, out.take(read).unwrap().id);
}

/// The portal would run the dependent command with the whole map in place of the missing id.
#[tokio::test]
async fn a_command_whose_reference_failed_is_not_run() {
    let portal = Portal::builder().deals(10).start().await.unwrap();
    let b24 = Client::from_webhook(portal.webhook()).unwrap();
    let mut batch = b24.v2().batch();
    let missing = batch.add(
        "missing",
        b24.v2().call("crm.deal.get").param("id", 999_999),
    );
    batch.add(
        "list",
        b24.v2()
            .call("crm.deal.list")
            .param("filter", json!({ "ID": missing.field("ID") })),
    );
    let out = batch.await.unwrap();
    assert!(
        matches!(out.by_name("missing"), Some(Outcome::Err(error)) if error.code() == Some(""))
    );
    assert!(matches!(out.by_name("list"), Some(Outcome::Skipped)));
}

/// Data that reads like a macro arrives as it is.
#[tokio::test]
async fn macros_in_data_are_data() {
    let portal = Portal::start().await;
    let b24 = Client::from_webhook(portal.webhook()).unwrap();
    let mut batch = b24.v2().batch();
    batch.push(b24.v2().call("profile"));
    for title in ["$result[0]", "a $result[x][y] b", "plain"] {
        batch.push(
            b24.v2()
                .call("crm.item.add")
                .param("entityTypeId", 2)
                .param("fields", json!({ "title": title })),
        );
    }
    assert!(batch.await.unwrap().all_ok());
    let mut titles: Vec<_> = portal
        .rows("deal")
        .iter()
        .map(|row| row["TITLE"].as_str().unwrap().to_owned())
        .collect();
    titles.sort();
    assert_eq!(titles, ["$result[0]", "a $result[x][y] b", "plain"]);
}

#[tokio::test]
async fn tasks_by_v3() {
    let portal = Portal::start().await;
    let b24 = Client::from_webhook(portal.webhook()).unwrap();
    for n in 1..=3 {
        let fields = json!({ "title": format!("Task {n}"), "creatorId": 1, "responsibleId": 1 });
        b24.v3()
            .call("tasks.task.add")
            .param("fields", fields)
            .await
            .unwrap();
    }
    let list = b24
        .v3()
        .call("tasks.task.list")
        .param("select", ["id", "title"])
        .param("filter", filter::gt("id", 1));
    let tasks: Vec<Value> = list.key("items").typed().await.unwrap();
    assert_eq!(tasks.len(), 2);
    let error = b24
        .v3()
        .call("tasks.task.get")
        .param("id", "1")
        .await
        .unwrap_err();
    assert!(
        error
            .code()
            .unwrap()
            .ends_with("VALIDATION_REQUESTVALIDATIONEXCEPTION"),
        "{error}"
    );
}

#[tokio::test]
async fn a_v3_batch_refers_to_rows_of_a_list() {
    let portal = Portal::builder().demo().start().await.unwrap();
    let b24 = Client::from_webhook(portal.webhook()).unwrap();
    let mut batch = b24.v3().batch();
    let first = batch.add(
        "first",
        b24.v3()
            .call("tasks.task.list")
            .param("pagination", json!({ "limit": 3 }))
            .key("items")
            .typed::<Vec<Value>>(),
    );
    let same = b24
        .v3()
        .call("tasks.task.list")
        .param("filter", json!([["id", "in", first.each("id")]]));
    let same = batch.add("same", same.key("items").typed::<Vec<Value>>());
    let mut out = batch.await.unwrap();
    assert_eq!(out.take(first).unwrap(), out.take(same).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_default_client_meets_no_limit() {
    let portal = Portal::start().await;
    let (b24, begun) = (in_process::client(&portal), Instant::now());
    let calls = (0..120).map(|_| tokio::spawn(b24.v2().call("server.time").into_future()));
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert_eq!(portal.refusals().query_limit, 0);
    let floor = (120.0 - 50.0) / 2.0;
    assert!(
        (floor..floor + 1.0).contains(&begun.elapsed().as_secs_f64()),
        "{:?}",
        begun.elapsed()
    );
}

/// Two processes behind one address: each keeps the limit, together they do not, and both get there.
#[tokio::test(start_paused = true)]
async fn a_bucket_that_others_fill_is_waited_for() {
    let portal = Portal::start().await;
    let (one, two) = (in_process::client(&portal), in_process::client(&portal));
    let calls = [&one, &two]
        .into_iter()
        .flat_map(|b24| (0..60).map(|_| tokio::spawn(b24.v2().call("server.time").into_future())));
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert!(one.stats().refused_rate + two.stats().refused_rate > 0);
    assert_eq!(
        portal.refusals().query_limit,
        one.stats().refused_rate + two.stats().refused_rate
    );
}

#[tokio::test(start_paused = true)]
async fn an_enterprise_portal_takes_more() {
    let portal = Portal::builder()
        .edition(Edition::Enterprise)
        .start()
        .await
        .unwrap();
    let b24 = in_process::builder(&portal)
        .limits(Limits::Enterprise)
        .build()
        .unwrap();
    let begun = Instant::now();
    for call in (0..250)
        .map(|_| tokio::spawn(b24.v2().call("server.time").into_future()))
        .collect::<Vec<_>>()
    {
        call.await.unwrap().unwrap();
    }
    assert_eq!(
        (begun.elapsed(), portal.refusals().query_limit),
        (Duration::ZERO, 0)
    );
}
