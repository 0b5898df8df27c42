use serde_json::{Value, json};

use super::*;

fn query(params: Value) -> Result<QueryV3, String> {
    QueryV3::new(Shape::of("tasks.task.list", 3), &Tree::from(params))
}

fn page(params: Value, begin: Begin) -> Value {
    query(params).unwrap().page(begin, None).into()
}

#[test]
fn pages_are_bounded_by_the_last_id() {
    assert_eq!(
        page(json!({ "select": ["title"] }), Begin::Start),
        json!({
            "select": ["title", "id"], "order": { "id": "ASC" }, "pagination": { "limit": 1000 }
        })
    );
    assert_eq!(
        page(
            json!({ "filter": [["status", 2]] }),
            Begin::After(Id::from(7_i64))
        )["filter"],
        json!([["status", 2], ["id", ">", 7]])
    );
}

#[test]
fn every_form_of_a_filter_takes_a_bound() {
    let filter = |filter: Value| {
        page(json!({ "filter": filter }), Begin::After(Id::from(7_i64)))["filter"].clone()
    };
    assert_eq!(
        filter(json!(["status", 2])),
        json!([["status", 2], ["id", ">", 7]])
    );
    assert_eq!(filter(json!([])), json!([["id", ">", 7]]));
    let group = json!({ "logic": "or", "conditions": [["a", 1], ["b", 2]] });
    assert_eq!(filter(group.clone()), json!([group, ["id", ">", 7]]));
    assert!(
        query(json!({ "filter": { ">id": 1 } }))
            .unwrap_err()
            .contains("Filter")
    );
}

#[test]
fn the_caller_may_choose_the_size_of_a_page_but_not_the_page() {
    assert_eq!(
        page(json!({ "pagination": { "limit": 200 } }), Begin::Start)["pagination"],
        json!({ "limit": 200 })
    );
    let few: Value = query(json!({})).unwrap().page(Begin::Start, Some(7)).into();
    assert_eq!(few["pagination"], json!({ "limit": 7 }));
    assert!(
        query(json!({ "pagination": { "page": 2 } }))
            .unwrap_err()
            .contains("resume")
    );
    assert!(query(json!({ "pagination": { "limit": 0 } })).is_err());
    assert!(
        query(json!({ "order": { "title": "ASC" } }))
            .unwrap_err()
            .contains("by_offset()")
    );
}

#[test]
fn offsets_keep_the_order_of_the_caller() {
    let mut shape = Shape::of("tasks.task.list", 3);
    shape.paging = Paging::OffsetV3;
    let query = QueryV3::new(shape, &Tree::from(json!({ "order": { "title": "DESC" } }))).unwrap();
    assert_eq!(
        Value::from(query.page(Begin::Offset(50), None)),
        json!({ "order": { "title": "DESC" }, "pagination": { "limit": 1000, "offset": 50 } })
    );
}
