use serde_json::json;

use super::{Stage, ids};
use crate::world::World;

#[test]
fn answers_are_camel_case_text() {
    let mut stage = Stage::new(World::empty());
    let fields = json!({"TITLE": "Позвонить", "RESPONSIBLE_ID": 2, "DEADLINE": "2026-06-01T16:00:00+03:00", "AUDITORS": [3, 4]});
    let task = stage.v2("tasks.task.add", json!({"fields": fields})).result["task"].clone();
    for (field, expected) in [
        ("id", json!("1")),
        ("title", json!("Позвонить")),
        ("responsibleId", json!("2")),
        ("createdBy", json!("1")),
        ("status", json!("2")),
        ("priority", json!("1")),
        ("deadline", json!("2026-06-01T16:00:00+03:00")),
        ("closedDate", json!(null)),
        ("auditors", json!(["3", "4"])),
        ("accomplices", json!([])),
        ("multitask", json!("N")),
        ("group", json!([])),
    ] {
        assert_eq!(task[field], expected, "{field}");
    }
    assert_eq!(
        (&task["responsible"]["id"], &task["creator"]["id"]),
        (&json!("2"), &json!("1"))
    );
    assert_eq!(task["action"]["edit"], true);

    let done = stage
        .v2(
            "tasks.task.update",
            json!({"taskId": 1, "fields": {"STATUS": 5}}),
        )
        .result["task"]
        .clone();
    assert_eq!(
        (&done["status"], &done["closedBy"]),
        (&json!("5"), &json!("1"))
    );
    assert_eq!(
        stage.v2("tasks.task.delete", json!({"taskId": 1})).result,
        json!({"task": true})
    );
    for (method, params, code) in [
        ("tasks.task.delete", json!({"taskId": 1}), "1048582"),
        ("tasks.task.get", json!({"taskId": 1}), "0"),
        ("tasks.task.get", json!({}), "100"),
        ("tasks.task.add", json!({}), "100"),
        (
            "tasks.task.add",
            json!({"fields": {"TITLE": "x"}}),
            "ERROR_CORE",
        ),
        (
            "tasks.task.add",
            json!({"fields": {"RESPONSIBLE_ID": 1}}),
            "ERROR_CORE",
        ),
    ] {
        assert_eq!(stage.refused(method, params).code, code, "{method}");
    }
}

#[test]
fn filters_know_upper_case_only() {
    let mut stage = Stage::demo(200);
    let all = stage.world.ids("task");
    let mut found = |filter| {
        ids(
            &stage
                .v2(
                    "tasks.task.list",
                    json!({"filter": filter, "order": {"ID": "asc"}}),
                )
                .result["tasks"],
            "id",
        )
    };
    let later: Vec<i64> = all.iter().copied().filter(|id| *id > all[60]).collect();
    assert_eq!(found(json!({">ID": all[60]})), later);
    assert_eq!(
        found(json!({">id": all[60]})),
        all[..50],
        "a lower-case key is passed over"
    );
    assert_eq!(found(json!({"NO_SUCH": 1})), all[..50]);
    assert!(!found(json!({"REAL_STATUS": [5]})).is_empty());
    let one = stage
        .v2(
            "tasks.task.list",
            json!({"select": ["TITLE", "RESPONSIBLE_ID"]}),
        )
        .result["tasks"][0]
        .clone();
    let keys: Vec<_> = one.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["id", "responsible", "responsibleId", "title"]);
}
