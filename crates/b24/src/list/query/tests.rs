use serde_json::{Value, json};

use super::*;

fn query(method: &str, params: Value) -> Result<Query, String> {
    Query::new(method, Shape::of(method, 2), &Tree::from(params))
}

fn first(method: &str, params: Value) -> Value {
    to_json(query(method, params).unwrap().page(&Bound::None))
}

fn after(method: &str, params: Value, id: i64) -> Value {
    to_json(
        query(method, params)
            .unwrap()
            .page(&Bound::Id(Id::from(id))),
    )
}

fn to_json(params: Vec<(String, Tree)>) -> Value {
    Tree::Map(params).into()
}

#[test]
fn the_first_page_has_no_bound_of_ours() {
    assert_eq!(
        first(
            "crm.deal.list",
            json!({ "filter": { "STAGE_ID": "NEW" }, "select": ["TITLE"] })
        ),
        json!({
            "filter": { "STAGE_ID": "NEW" }, "select": ["TITLE", "ID"],
            "order": { "ID": "ASC" }, "start": -1
        })
    );
    assert_eq!(
        first("crm.deal.list", json!({})),
        json!({ "order": { "ID": "ASC" }, "start": -1 })
    );
}

#[test]
fn later_pages_are_bounded_by_id_or_by_reference() {
    assert_eq!(
        after(
            "crm.item.list",
            json!({ "entityTypeId": 2, "select": ["*"] }),
            50
        ),
        json!({
            "entityTypeId": 2, "select": ["*"], "filter": { ">id": 50 },
            "order": { "id": "ASC" }, "start": -1
        })
    );
    let reference = |method: &str| {
        let query = query(method, json!({})).unwrap();
        to_json(query.page(&Bound::LastOf("p07".into())))["filter"].clone()
    };
    assert_eq!(
        reference("crm.item.list"),
        json!({ ">id": "$result[p07][items][49][id]" })
    );
    assert_eq!(
        reference("crm.deal.list"),
        json!({ ">ID": "$result[p07][49][ID]" })
    );
    assert_eq!(
        reference("tasks.task.list"),
        json!({ ">ID": "$result[p07][tasks][49][id]" })
    );
}

#[test]
fn the_top_is_the_same_list_from_the_other_end() {
    let query = query("user.get", json!({ "FILTER": { ">ID": 5 } })).unwrap();
    assert_eq!(
        to_json(query.top()),
        json!({ "FILTER": { ">ID": 5 }, "sort": "ID", "order": "DESC", "start": -1 })
    );
}

#[test]
fn bounds_of_the_caller_merge_with_ours() {
    let params = || json!({ "filter": { ">ID": 100, "<=ID": 900, "STAGE_ID": "NEW" } });
    assert_eq!(
        first("crm.deal.list", params())["filter"],
        json!({ ">ID": 100, "<=ID": 900, "STAGE_ID": "NEW" })
    );
    assert_eq!(
        after("crm.deal.list", params(), 150)["filter"],
        json!({ ">ID": 150, "<=ID": 900, "STAGE_ID": "NEW" })
    );
    // Two spellings of the same bound: the tighter one, in the spelling that the method reads.
    assert_eq!(
        first(
            "crm.item.list",
            json!({ "filter": { ">ID": 100, ">id": "99", "<id": 7, "<ID": 8 } })
        )["filter"],
        json!({ ">id": 100, "<id": 7 })
    );
    assert_eq!(
        first("tasks.task.list", json!({ "filter": { ">=id": 7 } }))["filter"],
        json!({ ">=ID": 7 })
    );
    assert_eq!(
        after("crm.deal.list", json!({ "filter": { "ID": [1, 2, 3] } }), 2)["filter"],
        json!({ "ID": [1, 2, 3], ">ID": 2 })
    );
}

#[test]
fn filter_and_its_upper_case_are_one() {
    assert_eq!(
        first(
            "crm.deal.list",
            json!({ "FILTER": { "A": 1 }, "filter": { "B": 2, "A": 1 } })
        )["filter"],
        json!({ "A": 1, "B": 2 })
    );
    assert_eq!(
        first("crm.deal.list", json!({ "arFilter": { "A": 1 } }))["filter"],
        json!({ "A": 1 })
    );
    let error = query(
        "crm.deal.list",
        json!({ "FILTER": { "A": 1 }, "filter": { "A": 2 } }),
    );
    assert!(error.unwrap_err().contains("two conditions `A`"));
}

#[test]
fn parameters_that_a_method_takes_for_a_filter_become_one() {
    assert_eq!(
        first("user.get", json!({ "ACTIVE": true, "ADMIN_MODE": true })),
        json!({
            "FILTER": { "ACTIVE": 1 }, "ADMIN_MODE": 1,
            "sort": "ID", "order": "ASC", "start": -1
        })
    );
}

#[test]
fn an_or_filter_is_wrapped() {
    let filter = json!({ "logic": "OR", "0": { "stageId": "A" }, "1": { ">id": 7 } });
    assert_eq!(
        after("crm.item.list", json!({ "filter": filter.clone() }), 50)["filter"],
        json!({ "0": filter.clone(), ">id": 50 })
    );
    let error = query("crm.deal.list", json!({ "filter": filter })).unwrap_err();
    assert!(error.contains("by_offset()"), "{error}");
}

#[test]
fn an_order_of_the_caller_asks_for_by_offset() {
    let error = query("crm.deal.list", json!({ "order": { "TITLE": "ASC" } })).unwrap_err();
    assert!(error.contains("by_offset()"), "{error}");
    assert!(query("crm.deal.list", json!({ "ORDER": { "ID": "DESC" } })).is_err());
    assert!(query("user.get", json!({ "sort": "NAME" })).is_err());
    assert!(
        query("crm.deal.list", json!({ "start": 50 }))
            .unwrap_err()
            .contains("resume")
    );
    // What the list does anyway is no conflict.
    assert_eq!(
        first("crm.deal.list", json!({ "order": { "id": "asc" } })),
        json!({ "order": { "ID": "ASC" }, "start": -1 })
    );
}

#[test]
fn the_id_is_added_to_a_selection_once() {
    let select =
        |fields: Value| first("tasks.task.list", json!({ "SELECT": fields }))["select"].clone();
    assert_eq!(select(json!(["TITLE"])), json!(["TITLE", "ID"]));
    assert_eq!(select(json!(["ID", "TITLE"])), json!(["ID", "TITLE"]));
    assert_eq!(select(json!(["UF_*"])), json!(["UF_*", "ID"]));
    assert_eq!(select(json!("TITLE")), json!(["TITLE", "ID"]));
    assert_eq!(select(json!([])), Value::Null);
    assert!(query("crm.deal.list", json!({ "select": 5 })).is_err());
}

#[test]
fn what_a_batch_would_change_never_enters_one() {
    let chainable = |filter: Value| {
        query("crm.deal.list", json!({ "filter": filter }))
            .unwrap()
            .chainable()
    };
    assert!(chainable(
        json!({ "TITLE": "$100 [net]", "%TITLE": "$ result[a]" })
    ));
    assert!(!chainable(json!({ "TITLE": "see $result[x][y]" })));
    assert!(!chainable(
        json!({ "TITLE": ["a", { "b": "$Total_x[y]" }] })
    ));
    // An empty list would vanish from a form, and every row would match.
    assert!(!chainable(json!({ "@ID": [] })));
    assert!(!chainable(json!({ ">ID": "$result[a]" })));
    assert!(chainable(json!({})));
}

#[test]
fn a_learned_shape_moves_the_bounds() {
    let mut query = query("my.own.list", json!({ "filter": { ">id": 5 } })).unwrap();
    query.learn("rows".into(), "id".into());
    assert_eq!(
        to_json(query.page(&Bound::None)),
        json!({ "filter": { ">id": 5 }, "order": { "id": "ASC" }, "start": -1 })
    );
    assert_eq!(
        to_json(query.page(&Bound::Id(Id::from(9_i64))))["filter"],
        json!({ ">id": 9 })
    );
}

#[test]
fn values_are_the_same_in_a_batch_and_in_a_single_call() {
    let filter = json!({ "A": true, "B": [false, null], "C": 1.5, "D": "x" });
    assert_eq!(
        first("crm.item.list", json!({ "filter": filter, "x": null })),
        json!({
            "filter": { "A": 1, "B": [0, ""], "C": 1.5, "D": "x" },
            "order": { "id": "ASC" }, "start": -1
        })
    );
}
