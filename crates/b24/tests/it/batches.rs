//! Batches on the wire, and one outcome for each command.

use b24::{Kind, Outcome};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::script::{Script, Step, error, ok};

#[derive(Debug, Deserialize, PartialEq)]
struct User {
    #[serde(rename = "ID")]
    id: String,
}

/// The answer to a batch: results and errors by the commands' own keys.
fn answer(result: Value, result_error: Value) -> Step {
    ok(
        json!({ "result": result, "result_error": result_error, "result_total": [], "result_next": [], "result_time": [] }),
    )
}

fn refused(code: &str) -> Value {
    json!({ "error": code, "error_description": "" })
}

#[tokio::test]
async fn commands_go_in_the_order_of_the_caller() {
    let script = Script::new([answer(json!([]), json!([]))]);
    let b24 = script.client();
    let mut batch = b24.v2().batch().halt(false);
    for n in 0..12 {
        batch.add(
            format!("z{}", 99 - n),
            b24.v2().call("crm.item.get").param("id", n),
        );
    }
    batch.await.unwrap();
    let cmd: Vec<String> = (0..12)
        .map(|n| format!(r#""c{n}":"crm.item.get?id={n}""#))
        .collect();
    assert_eq!(
        script.text(0),
        format!(r#"{{"halt":0,"cmd":{{{}}}}}"#, cmd.join(","))
    );
}

#[tokio::test]
async fn a_reference_becomes_a_macro_and_halts() {
    let script = Script::new([answer(
        json!({ "c0": { "ID": "7" }, "c1": { "items": [{ "id": 1 }] } }),
        json!([]),
    )]);
    let b24 = script.client();
    let mut batch = b24.v2().batch();
    let me = batch.add("me", b24.v2().call("user.current").typed::<User>());
    let filter = json!({ "assignedById": me.field("ID") });
    let mine = batch.add(
        "mine",
        b24.v2()
            .call("crm.item.list")
            .param("filter", filter)
            .key("items")
            .typed::<Vec<Value>>(),
    );
    let mut out = batch.await.unwrap();
    assert_eq!(out.take(me).unwrap(), User { id: "7".into() });
    assert_eq!(out.take(mine).unwrap().len(), 1);
    assert_eq!(
        script.text(0),
        r#"{"halt":1,"cmd":{"c0":"user.current?","c1":"crm.item.list?filter%5BassignedById%5D=%24result%5Bc0%5D%5BID%5D"}}"#
    );
}

#[tokio::test]
async fn the_path_of_a_reference_begins_where_the_key_leads() {
    let script = Script::new([answer(
        json!({ "c0": { "items": [] }, "c1": true }),
        json!([]),
    )]);
    let b24 = script.client();
    let mut batch = b24.v2().batch();
    let list = batch.add("list", b24.v2().call("crm.item.list").key("items"));
    batch.add(
        "get",
        b24.v2()
            .call("crm.item.get")
            .param("id", list.field("0.id")),
    );
    batch.await.unwrap();
    assert!(
        script
            .text(0)
            .contains("id=%24result%5Bc0%5D%5Bitems%5D%5B0%5D%5Bid%5D")
    );
}

#[tokio::test]
async fn each_command_has_its_outcome_in_its_place() {
    let script = Script::new([answer(
        json!({ "c0": 1, "c2": null }),
        json!({ "c1": refused("NOT_FOUND") }),
    )]);
    let b24 = script.client();
    let mut batch = b24.v2().batch();
    for _ in 0..3 {
        batch.push(b24.v2().call("crm.item.get"));
    }
    let out = batch.await.unwrap();
    assert!(matches!(out.get(0), Some(Outcome::Ok(answer)) if answer.json() == b"1"));
    assert!(matches!(out.get(1), Some(Outcome::Err(error)) if error.code() == Some("NOT_FOUND")));
    assert!(matches!(out.by_name("2"), Some(Outcome::Ok(answer)) if answer.json() == b"null"));
}

#[tokio::test]
async fn after_a_halt_the_rest_is_skipped_across_requests() {
    let script = Script::new([answer(
        json!({ "c0": 1 }),
        json!({ "c1": refused("NOT_FOUND") }),
    )]);
    let b24 = script.client();
    let mut batch = b24.v2().batch().halt(true);
    for _ in 0..120 {
        batch.push(b24.v2().call("crm.item.add"));
    }
    let out = batch.await.unwrap();
    assert_eq!(script.requests(), 1);
    assert!(matches!(out.get(1), Some(Outcome::Err(_))));
    assert_eq!(
        out.iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Skipped))
            .count(),
        118
    );
}

#[tokio::test]
async fn a_hundred_and_twenty_commands_take_three_requests() {
    let full: Value = (0..50)
        .map(|n| (format!("c{n}"), json!(n)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let script = Script::new(vec![answer(full, json!([])); 3]);
    let b24 = script.client();
    let mut batch = b24.v2().batch();
    for n in 0..120 {
        batch.push(b24.v2().call("crm.item.get").param("id", n));
    }
    let out = batch.await.unwrap();
    assert_eq!((script.requests(), out.len(), out.all_ok()), (3, 120, true));
    assert_eq!(script.json(2)["cmd"]["c0"], "crm.item.get?id=100");
}

#[tokio::test(start_paused = true)]
async fn a_lost_batch_of_writes_is_unknown_and_sent_once() {
    let script = Script::new([Step::Lost]);
    let b24 = script.client();
    let mut batch = b24.v2().batch();
    batch.add("read", b24.v2().call("crm.item.get"));
    batch.add("write", b24.v2().call("crm.item.add"));
    let out = batch.await.unwrap();
    assert!(
        matches!(out.by_name("read"), Some(Outcome::Err(error)) if error.kind() == Kind::Temporary && !error.may_have_run())
    );
    assert!(matches!(out.by_name("write"), Some(Outcome::Unknown(error)) if error.may_have_run()));
}

#[tokio::test(start_paused = true)]
async fn a_lost_batch_of_reads_is_sent_again() {
    let script = Script::new([Step::Lost, answer(json!({ "c0": 1 }), json!([]))]);
    let b24 = script.client();
    let mut batch = b24.v2().batch();
    batch.push(b24.v2().call("crm.item.get"));
    assert!(batch.await.unwrap().all_ok());
}

#[tokio::test(start_paused = true)]
async fn commands_refused_for_operating_time_are_sent_again_alone() {
    let script = Script::new([
        answer(
            json!({ "c0": 1 }),
            json!({ "c1": refused("OPERATION_TIME_LIMIT") }),
        ),
        answer(json!({ "c0": 2 }), json!([])),
    ]);
    let b24 = script.client();
    let mut batch = b24.v2().batch();
    batch.push(b24.v2().call("crm.item.get"));
    batch.push(b24.v2().call("crm.item.add"));
    let begun = tokio::time::Instant::now();
    let out = batch.await.unwrap();
    assert!(out.all_ok());
    assert_eq!(script.json(1)["cmd"], json!({ "c0": "crm.item.add?" }));
    assert_eq!(begun.elapsed().as_secs(), 60);
}

/// Some portals count a batch as one method: its commands all carry its number, and it is refused whole.
#[tokio::test(start_paused = true)]
async fn a_portal_that_counts_the_batch_itself_is_waited_for() {
    let spent = json!({ "finish": 1000, "operating": 430, "operating_reset_at": 1090 });
    let full = json!({ "result": { "c0": 1 }, "result_error": [], "result_time": { "c0": spent } });
    let script = Script::new([
        ok(full),
        error(429, "OPERATION_TIME_LIMIT"),
        answer(json!({ "c0": 2 }), json!([])),
    ]);
    let b24 = script.client();
    let begun = tokio::time::Instant::now();
    for requests in [1, 3] {
        let mut batch = b24.v2().batch();
        batch.push(b24.v2().call("crm.item.add"));
        assert!(batch.await.unwrap().all_ok());
        assert_eq!(script.requests(), requests);
    }
    let waited = begun.elapsed().as_secs_f64();
    assert!(
        (149.0..151.0).contains(&waited),
        "{waited}: 90 s, and a basket after the refusal"
    );
}

#[tokio::test]
async fn a_text_that_reads_like_a_macro_goes_alone() {
    let script = Script::new([
        ok(json!({ "item": { "id": 1 } })),
        answer(json!({ "c0": 1 }), json!([])),
    ]);
    let b24 = script.client();
    let mut batch = b24.v2().batch().halt(true);
    batch.add(
        "odd",
        b24.v2()
            .call("crm.item.add")
            .param("fields", json!({ "title": "costs $result[x][y]" })),
    );
    batch.add(
        "plain",
        b24.v2()
            .call("crm.item.add")
            .param("fields", json!({ "title": "costs $5" })),
    );
    assert!(batch.await.unwrap().all_ok());
    assert!(script.uri(0).contains("/crm.item.add?"));
    assert_eq!(script.json(0)["fields"]["title"], "costs $result[x][y]");
}

#[tokio::test]
async fn mistakes_are_found_before_anything_is_sent() {
    let script = Script::new([]);
    let b24 = script.client();
    let add = || b24.v2().call("crm.item.add");

    let mut twice = b24.v2().batch();
    twice.add("a", add());
    twice.add("a", add());

    let mut nested = b24.v2().batch();
    nested.push(b24.v2().call("batch"));

    let mut mixed = b24.v2().batch();
    mixed.push(b24.v3().call("tasks.task.get"));

    let mut empty_value = b24.v2().batch();
    empty_value.push(add().param("fields", json!({ "PHONE": [] })));

    let mut far = b24.v2().batch();
    let first = far.add("first", add());
    for _ in 0..50 {
        far.push(add());
    }
    far.add("last", add().param("id", first.field("id")));

    let mut stranger = b24.v2().batch();
    stranger.push(add().param("id", first.field("id")));

    let mut numbered = b24.v2().batch();
    numbered.add("1", add());
    numbered.push(add());

    let mut keyed = b24.v3().batch();
    keyed.push(b24.v3().call("tasks.task.add").idempotency_key("k1"));

    for batch in [
        twice,
        numbered,
        nested,
        mixed,
        empty_value,
        far,
        stranger,
        keyed,
    ] {
        let error = batch.await.unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{error}");
    }
    let outside = add().param("id", first.field("id")).await.unwrap_err();
    assert!(
        outside.to_string().contains("only inside the batch"),
        "{outside}"
    );
    assert_eq!(script.requests(), 0);
}

/// A command of about this many bytes.
fn large(b24: &b24::Client, bytes: usize) -> b24::Call {
    let text = "x".repeat(bytes);
    b24.v2()
        .call("crm.item.add")
        .param("fields", json!({ "comments": text }))
}

const MEGABYTE: usize = 1024 * 1024;

#[tokio::test]
async fn a_request_that_would_be_too_large_is_split() {
    let answers = |count: usize| {
        let results: serde_json::Map<_, _> =
            (0..count).map(|n| (format!("c{n}"), json!(n))).collect();
        answer(results.into(), json!([]))
    };
    let script = Script::new([answers(3), ok(0), answers(3), answers(1)]);
    let b24 = script.client();
    // In order, to see which goes where.
    let mut batch = b24.v2().batch().halt(true);
    for megabytes in [2, 2, 2, 9, 3, 2, 2, 5] {
        batch.push(large(&b24, megabytes * MEGABYTE));
    }
    let out = batch.await.unwrap();
    assert!(out.all_ok() && out.len() == 8);
    for request in [0, 2, 3] {
        assert!(script.text(request).len() < 8 * MEGABYTE);
    }
    assert!(script.uri(1).contains("/crm.item.add?"), "alone, as JSON");
    assert_eq!(script.requests(), 4);
}

#[tokio::test]
async fn a_reference_across_such_a_split_is_refused_before_anything_is_sent() {
    let script = Script::new([]);
    let b24 = script.client();
    let mut batch = b24.v2().batch();
    let first = batch.add("first", large(&b24, 5 * MEGABYTE));
    let second = large(&b24, 5 * MEGABYTE).param("id", first.field("item.id"));
    batch.add("second", second);
    let error = batch.await.unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    let text = error.to_string();
    assert!(
        text.contains("refers to \"first\", which goes in another request: a request takes 50 commands and 8 MB"),
        "{text}"
    );
}

#[tokio::test]
async fn a_command_with_more_fields_than_a_form_takes_goes_alone() {
    let script = Script::new([ok(1), answer(json!({ "c0": 2 }), json!([]))]);
    let b24 = script.client();
    let many: Vec<usize> = (0..10_001).collect();
    let mut batch = b24.v2().batch().halt(true);
    batch.push(b24.v2().call("crm.item.list").param("ids", many));
    batch.push(b24.v2().call("crm.item.list"));
    assert!(batch.await.unwrap().all_ok());
    assert_eq!(script.json(0)["ids"][10_000], 10_000);
}

#[tokio::test(start_paused = true)]
async fn each_request_is_asked_for_right_before_it_leaves() {
    let script = Script::new([
        Step::NotSent,
        answer(
            json!({ "c0": 1 }),
            json!({ "c1": refused("OPERATION_TIME_LIMIT") }),
        ),
        answer(json!({ "c0": 2 }), json!([])),
    ]);
    let b24 = script.client();
    let begun = tokio::time::Instant::now();
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = std::sync::Arc::clone(&asked);
    let mut batch = b24.v2().batch().before_send(move |commands: &[usize]| {
        let second = begun.elapsed().as_secs();
        kept.lock().unwrap().push((commands.to_vec(), second));
        Ok(())
    });
    batch.push(b24.v2().call("crm.item.add"));
    batch.push(b24.v2().call("crm.item.update"));
    assert!(batch.await.unwrap().all_ok());
    let asked = asked.lock().unwrap();
    // Again after a failed connection, and after the wait for operating time.
    assert_eq!(asked[0], (vec![0, 1], 0));
    assert_eq!(asked[1].0, [0, 1]);
    assert_eq!(asked[2].0, [1]);
    assert!(asked[2].1 >= 60 && asked.len() == 3, "{asked:?}");
}

#[tokio::test]
async fn a_request_that_is_not_allowed_stays_here() {
    let script = Script::new([answer(json!({ "c0": 1 }), json!([]))]);
    let b24 = script.client();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let mut batch = b24.v2().batch().halt(true).before_send(move |_: &[usize]| {
        match asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Ok(()),
            _ => Err("no space left on device".to_owned()),
        }
    });
    batch.push(b24.v2().call("crm.item.add"));
    // This one goes alone.
    let odd = json!({ "title": "$result[x][y]" });
    batch.push(b24.v2().call("crm.item.add").param("fields", odd));
    let out = batch.await.unwrap();
    assert_eq!(script.requests(), 1);
    let Some(Outcome::Err(error)) = out.get(1) else {
        panic!("{out:?}");
    };
    assert_eq!((error.kind(), error.may_have_run()), (Kind::Local, false));
    assert!(error.to_string().contains("no space left on device"));
}

#[tokio::test]
async fn an_empty_batch_sends_nothing() {
    assert!(
        Script::new([])
            .client()
            .v2()
            .batch()
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_v3_batch_is_a_bare_list_with_markers() {
    let script = Script::new([ok(json!([{ "items": [{ "id": 1 }] }, { "items": [] }]))]);
    let b24 = script.client();
    let mut batch = b24.v3().batch();
    let tasks = batch.add("tasks", b24.v3().call("tasks.task.list"));
    let list = b24
        .v3()
        .call("tasks.task.result.list")
        .param("filter", json!([["taskId", "in", tasks.each("id")]]));
    batch.add("results", list);
    assert!(batch.await.unwrap().all_ok());
    assert_eq!(
        script.json(0),
        json!([
            { "method": "tasks.task.list", "query": {}, "as": "c0" },
            { "method": "tasks.task.result.list", "query": { "filter": [["taskId", "in", { "$refArray": "c0.id" }]] }, "as": "c1" },
        ])
    );
}

#[tokio::test]
async fn a_failed_v3_batch_asks_reads_one_by_one_and_leaves_writes_unknown() {
    let script = Script::new([
        error(400, "BITRIX_REST_V3_EXCEPTION_ENTITYNOTFOUNDEXCEPTION"),
        ok(1),
        error(400, "X"),
    ]);
    let b24 = script.client();
    let mut batch = b24.v3().batch();
    batch.add("a", b24.v3().call("tasks.task.get"));
    batch.add("w", b24.v3().call("tasks.task.add"));
    batch.add("b", b24.v3().call("tasks.task.get"));
    let out = batch.await.unwrap();
    assert!(matches!(out.by_name("a"), Some(Outcome::Ok(_))));
    assert!(
        matches!(out.by_name("w"), Some(Outcome::Unknown(error)) if error.kind() == Kind::Unknown && error.may_have_run())
    );
    assert!(matches!(out.by_name("b"), Some(Outcome::Err(error)) if error.code() == Some("X")));
}

#[tokio::test]
async fn a_v3_batch_without_a_right_to_call_ran_nothing() {
    let script = Script::new([error(401, "NO_AUTH_FOUND")]);
    let b24 = script.client();
    let mut batch = b24.v3().batch();
    batch.add("a", b24.v3().call("tasks.task.get"));
    batch.add("w", b24.v3().call("tasks.task.add"));
    for (_, outcome) in batch.await.unwrap() {
        assert!(matches!(outcome, Outcome::Err(error) if error.kind() == Kind::Auth));
    }
    assert_eq!(script.requests(), 1);
}

#[tokio::test]
async fn a_failed_v3_batch_that_halts_asks_up_to_the_failing_read() {
    let script = Script::new([error(400, "X"), ok(1), error(400, "X")]);
    let b24 = script.client();
    let mut batch = b24.v3().batch().halt(true);
    for name in ["a", "b", "c"] {
        batch.add(name, b24.v3().call("tasks.task.get"));
    }
    let out = batch.await.unwrap();
    assert!(matches!(out.by_name("a"), Some(Outcome::Ok(_))));
    assert!(matches!(out.by_name("b"), Some(Outcome::Err(_))));
    assert!(matches!(out.by_name("c"), Some(Outcome::Skipped)));
}

#[tokio::test]
async fn a_result_that_reads_badly_names_the_method_and_that_it_ran() {
    let script = Script::new([answer(json!({ "c0": "text" }), json!([]))]);
    let b24 = script.client();
    let mut batch = b24.v2().batch();
    let slot = batch.add("new", b24.v2().call("crm.item.add").typed::<User>());
    let error = batch.await.unwrap().take(slot).unwrap_err();
    assert_eq!(
        (error.kind(), error.method(), error.may_have_run()),
        (Kind::Answer, Some("crm.item.add"), true)
    );
}

#[tokio::test]
async fn a_hundred_thousand_names_are_told_apart_in_time() {
    let b24 = Script::new([]).client();
    let begun = std::time::Instant::now();
    let mut batch = b24.v2().batch();
    for n in 0..100_000 {
        batch.add(format!("row {n}"), b24.v2().call("crm.item.add"));
    }
    assert_eq!(batch.len(), 100_000);
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn failures_keep_their_places_across_requests() {
    let part = |count: usize| {
        let results: serde_json::Map<_, _> = (0..count)
            .filter(|n| *n != 0 && *n != 3)
            .map(|n| (format!("c{n}"), json!(n)))
            .collect();
        let errors = json!({ "c0": refused("FIRST"), "c3": refused("FOURTH") });
        answer(results.into(), errors)
    };
    // With more than one request under way the answers may come in any order; all of these are alike.
    let script = Script::new([part(50), part(50), part(50)]);
    let b24 = script.client();
    let mut batch = b24.v2().batch();
    for _ in 0..150 {
        batch.push(b24.v2().call("crm.item.get"));
    }
    let out = batch.await.unwrap();
    for (place, (name, outcome)) in out.iter().enumerate() {
        assert_eq!(name, place.to_string());
        match (place % 50, outcome) {
            (0, Outcome::Err(error)) => assert_eq!(error.code(), Some("FIRST")),
            (3, Outcome::Err(error)) => assert_eq!(error.code(), Some("FOURTH")),
            (n, Outcome::Ok(answer)) => assert_eq!(answer.read::<usize>().unwrap(), n),
            _ => panic!("{place}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_refused_request_is_the_error_of_all_its_commands() {
    for halt in [true, false] {
        let script = Script::new([error(403, "ACCESS_DENIED")]);
        let b24 = script.client();
        let mut batch = b24.v2().batch().halt(halt);
        batch.push(b24.v2().call("crm.item.get"));
        batch.push(b24.v2().call("crm.item.add"));
        for (_, outcome) in batch.await.unwrap() {
            assert!(
                matches!(outcome, Outcome::Err(error) if error.code() == Some("ACCESS_DENIED"))
            );
        }
    }
}

#[tokio::test]
async fn null_and_nothing_are_told_apart_in_v3() {
    let script = Script::new([ok(json!([null]))]);
    let b24 = script.client();
    let mut batch = b24.v3().batch();
    batch.push(b24.v3().call("tasks.task.get"));
    batch.push(b24.v3().call("tasks.task.get"));
    batch.push(b24.v3().call("tasks.task.add"));
    let out = batch.await.unwrap();
    assert!(matches!(out.get(0), Some(Outcome::Ok(answer)) if answer.json() == b"null"));
    assert!(matches!(out.get(1), Some(Outcome::Err(error)) if error.kind() == Kind::Answer));
    assert!(matches!(out.get(2), Some(Outcome::Unknown(error)) if error.may_have_run()));
}
