use serde_json::{Value, json};

use super::{Stage, column, ids};
use crate::settings::V3Profile;

#[test]
fn conditions_groups_and_types() {
    let mut stage = Stage::demo(200);
    let tasks: Vec<(i64, String)> = stage
        .world
        .rows("task")
        .iter()
        .map(|row| {
            let text = |field: &str| row[field].as_str().unwrap().to_owned();
            (text("ID").parse().unwrap(), text("STATUS"))
        })
        .collect();
    let middle = tasks[40].0;
    type Check<'a> = Box<dyn Fn(&(i64, String)) -> bool + 'a>;
    let cases: Vec<(Value, Check<'_>)> = vec![
        (json!([]), Box::new(|_| true)),
        (
            json!([["id", ">", middle]]),
            Box::new(|task| task.0 > middle),
        ),
        (json!(["id", middle]), Box::new(|task| task.0 == middle)),
        (
            json!(["id", "!=", middle]),
            Box::new(|task| task.0 != middle),
        ),
        (
            json!([["id", [middle, 1]]]),
            Box::new(|task| task.0 == middle || task.0 == 1),
        ),
        (
            json!([["id", "between", [2, middle]], ["status", "=", "completed"]]),
            Box::new(|task| (2..=middle).contains(&task.0) && task.1 == "5"),
        ),
        (
            json!([["status", "in", ["completed", "deferred"]]]),
            Box::new(|task| task.1 == "5" || task.1 == "6"),
        ),
        (
            json!({"logic": "or", "conditions": [["id", 1], {"type": "filter", "logic": "and", "conditions": [["id", ">", middle], ["status", "pending"]]}]}),
            Box::new(|task| task.0 == 1 || (task.0 > middle && task.1 == "2")),
        ),
        (
            json!({"logic": "and", "negative": true, "conditions": [["id", ">", middle]]}),
            Box::new(|task| task.0 <= middle),
        ),
        (
            json!([["id", ">", 1], {"logic": "or", "conditions": [["status", "pending"], ["status", "completed"]]}]),
            Box::new(|task| task.0 > 1 && (task.1 == "2" || task.1 == "5")),
        ),
        (json!([["id", "in", []]]), Box::new(|_| false)),
        (json!([["title", "!=", null]]), Box::new(|_| true)),
        (
            json!([[{"expression": "length", "parameters": ["title"]}, ">", 1000]]),
            Box::new(|_| false),
        ),
    ];
    for (filter, check) in cases {
        let expected: Vec<i64> = tasks
            .iter()
            .filter(|task| check(task))
            .map(|task| task.0)
            .collect();
        let found = stage.v3(
            "tasks.task.list",
            json!({"filter": filter, "pagination": {"limit": 1000}}),
        );
        assert_eq!(ids(&found["items"], "id"), expected, "{filter}");
    }
}

#[test]
fn requests_are_checked_strictly() {
    let mut stage = Stage::demo(60);
    const VALIDATION: &str = "VALIDATION_REQUESTVALIDATIONEXCEPTION";
    for (method, params, code, status) in [
        (
            "tasks.task.list",
            json!({"filter": {">id": 1}}),
            "INVALIDFILTEREXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"filter": {">id": 1, "status": 2}}),
            "INTERNAL_INTERNALEXCEPTION",
            500,
        ),
        (
            "tasks.task.list",
            json!({"filter": [["id", "LIKE", 1]]}),
            "UNKNOWNFILTEROPERATOREXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"filter": [["noSuch", 1]]}),
            "UNKNOWNDTOPROPERTYEXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"filter": [["id", "5"]]}),
            VALIDATION,
            400,
        ),
        (
            "tasks.task.list",
            json!({"filter": [["created", ">", "2025-01-01"]]}),
            VALIDATION,
            400,
        ),
        (
            "tasks.task.list",
            json!({"filter": [["id", "=", [1]]]}),
            "INVALIDFILTEREXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"filter": [["id", "between", [0, 5]]]}),
            "INVALIDFILTEREXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"filter": [["title", "between", ["a", "b"]]]}),
            "INVALIDFILTEREXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"filter": {"logic": "OR", "conditions": []}}),
            "INVALIDFILTEREXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"filter": {"logic": "or", "conditions": [{"logic": "and", "conditions": []}]}}),
            "INVALIDFILTEREXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"filter": {"logic": "or"}}),
            "INVALIDFILTEREXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"select": [1]}),
            "INVALIDSELECTEXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"select": ["noSuch"]}),
            "UNKNOWNDTOPROPERTYEXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"select": ["noSuch.name"]}),
            "INVALIDSELECTEXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"order": ["id"]}),
            "INVALIDORDEREXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"order": {"id": "up"}}),
            "INVALIDORDEREXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"pagination": {"limit": 0}}),
            "INVALIDPAGINATIONEXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"pagination": {"offset": "x"}}),
            "INVALIDPAGINATIONEXCEPTION",
            400,
        ),
        (
            "tasks.task.list",
            json!({"pagination": {"limit": -1}}),
            "INTERNAL_INTERNALEXCEPTION",
            500,
        ),
        ("tasks.task.get", json!({}), VALIDATION, 400),
        ("tasks.task.get", json!({"id": "1"}), VALIDATION, 400),
        (
            "tasks.task.get",
            json!({"id": 99_999}),
            "ENTITYNOTFOUNDEXCEPTION",
            400,
        ),
        (
            "tasks.task.add",
            json!({"fields": {"title": "x"}}),
            VALIDATION,
            400,
        ),
        (
            "tasks.task.add",
            json!({"fields": {"title": "x", "creatorId": "1", "responsibleId": 1}}),
            VALIDATION,
            400,
        ),
        (
            "tasks.task.add",
            json!({"fields": {"title": "x", "creatorId": 1, "responsibleId": 1, "noSuch": 1}}),
            "UNKNOWNDTOPROPERTYEXCEPTION",
            400,
        ),
        (
            "tasks.task.update",
            json!({"id": 1, "filter": [["id", 1]], "fields": {}}),
            VALIDATION,
            400,
        ),
        (
            "tasks.task.delete",
            json!({"id": 99_999}),
            "ENTITYNOTFOUNDEXCEPTION",
            400,
        ),
        ("main.eventlog.tail", json!({}), VALIDATION, 400),
        (
            "main.eventlog.tail",
            json!({"cursor": {"field": "id", "value": 0}, "filter": [["id", 5]]}),
            "INVALIDFILTEREXCEPTION",
            400,
        ),
        (
            "main.eventlog.aggregate",
            json!({"select": {"median": ["id"]}}),
            "UNKNOWNAGGREGATEFUNCTIONEXCEPTION",
            400,
        ),
    ] {
        assert_eq!(
            stage.refused_v3(method, params.clone()),
            (code.to_owned(), status),
            "{method} {params}"
        );
    }
    stage.facts.v3 = V3Profile::V25;
    assert_eq!(
        stage.refused_v3("tasks.task.list", json!({"filter": []})).0,
        "INVALIDFILTEREXCEPTION"
    );
    assert_eq!(
        stage
            .refused_v3(
                "main.eventlog.tail",
                json!({"cursor": {"field": "id", "value": 0}})
            )
            .0,
        VALIDATION
    );
    stage.actor.user_id = 5;
    assert_eq!(
        stage.refused_v3("main.eventlog.list", json!({})),
        ("ACCESSDENIEDEXCEPTION".to_owned(), 403)
    );
}

#[test]
fn pages_end_where_the_data_ends() {
    let mut stage = Stage::demo(5_000);
    let mut count = |pagination: Value| {
        stage.v3("tasks.task.list", json!({"pagination": pagination}))["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count(json!({})), 50);
    assert_eq!(count(json!({"limit": "100"})), 100);
    assert_eq!(count(json!({"limit": 5_000})), 1_000);
    assert_eq!(count(json!({"limit": 1_000, "page": 3})), 0);
    assert_eq!(count(json!({"limit": 300, "offset": 1_900})), 100);
    stage.facts.v3_task_list_cap = 50;
    let capped = stage.v3("tasks.task.list", json!({"pagination": {"limit": 1_000}}));
    assert_eq!(capped["items"].as_array().unwrap().len(), 50);
}

#[test]
fn tasks_are_written_with_types() {
    let mut stage = Stage::demo(60);
    let fields = json!({"title": "Новая", "creatorId": 1, "responsibleId": 2, "priority": "high", "needsControl": true, "deadline": "2026-06-01T16:00:00+03:00"});
    let item = stage.v3("tasks.task.add", json!({"fields": fields}))["item"].clone();
    let id = item["id"].as_i64().unwrap();
    for (field, expected) in [
        ("priority", json!("high")),
        ("status", json!("pending")),
        ("needsControl", json!(true)),
        ("responsibleId", json!(2)),
        ("closed", json!(null)),
    ] {
        assert_eq!(item[field], expected, "{field}");
    }
    assert_eq!(
        stage.v3("tasks.task.get", json!({"id": id})),
        json!({"item": {"id": id}}),
        "only the id without a select"
    );
    let named = stage.v3(
        "tasks.task.get",
        json!({"id": id, "select": ["title", "responsible.name", "responsible.email"]}),
    );
    assert_eq!(named["item"]["responsible"]["email"], "user2@example.com");
    assert_eq!(
        stage.v3(
            "tasks.task.update",
            json!({"id": id, "fields": {"status": "completed"}})
        ),
        json!({"result": true})
    );
    assert_eq!(
        stage.v2("tasks.task.get", json!({"taskId": id})).result["task"]["status"],
        "5"
    );
    assert_eq!(
        stage.v3("tasks.task.delete", json!({"id": id})),
        json!({"result": true})
    );
}

#[test]
fn the_event_log_is_tailed_and_counted() {
    let mut stage = Stage::demo(60);
    let mut walked: Vec<i64> = Vec::new();
    let mut last = 0;
    loop {
        let page = stage.v3(
            "main.eventlog.tail",
            json!({"select": ["id"], "cursor": {"field": "id", "value": last, "limit": 100}}),
        );
        let found = ids(&page["items"], "id");
        walked.extend(&found);
        match found.last() {
            Some(id) => last = *id,
            None => break,
        }
    }
    assert_eq!(walked, stage.world.ids("eventlog"));
    let back = stage.v3(
        "main.eventlog.tail",
        json!({"cursor": {"field": "id", "value": last, "order": "DESC", "limit": 2}}),
    );
    assert!(ids(&back["items"], "id")[0] < last);

    stage.v2("crm.deal.add", json!({"fields": {"TITLE": "x"}}));
    let newest = stage.v3(
        "main.eventlog.list",
        json!({"order": {"id": "desc"}, "pagination": {"limit": 1}}),
    )["items"][0]
        .clone();
    assert_eq!(
        (&newest["auditTypeId"], &newest["userId"]),
        (&json!("CRM_DEAL_ADD"), &json!(1))
    );
    let filter = json!([["moduleId", "crm"]]);
    let counted = stage.v3("main.eventlog.aggregate", json!({"select": {"count": {"id": "rows"}, "max": ["id"], "countDistinct": ["moduleId"]}, "filter": filter}));
    let crm = stage.v3(
        "main.eventlog.list",
        json!({"filter": filter, "pagination": {"limit": 1000}}),
    );
    let crm_ids = ids(&crm["items"], "id");
    assert_eq!(
        counted,
        json!({"result": {"count": {"rows": crm_ids.len()}, "max": {"id": crm_ids.last()}, "countDistinct": {"moduleId": 1}}})
    );
}

#[test]
fn the_protocol_describes_itself() {
    let mut stage = Stage::demo(60);
    let document = stage.v3("rest.documentation.openapi", json!({}));
    assert_eq!(document["openapi"], "3.0.0");
    assert!(document["paths"]["/tasks.task.list"]["post"].is_object());
    assert_eq!(
        document["components"]["schemas"]["TaskDto"]["properties"]["id"]["type"],
        "integer"
    );
    let scopes = stage.v3("rest.scope.list", json!({"filterModule": "main"}));
    assert_eq!(
        scopes["main"]["eventlog"]["tail"]["scope"],
        "main.eventlog.tail"
    );
    assert_eq!(scopes.get("tasks"), None);
    let fields = stage.v3("tasks.task.field.list", json!({"select": ["name", "type"]}));
    assert!(column(&fields["items"], "name").contains(&&json!("responsibleId")));
}
