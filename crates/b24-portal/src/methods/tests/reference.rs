use serde_json::json;

use super::{Stage, column, ids};
use crate::world::World;

#[test]
fn users_have_their_own_shapes_and_filters() {
    let mut stage = Stage::new(World::empty());
    let user = stage.v2("user.current", json!({})).result;
    assert_eq!(
        (&user["ID"], &user["ACTIVE"], &user["UF_DEPARTMENT"]),
        (&json!("1"), &json!(true), &json!([1]))
    );
    assert_eq!(
        (&user["PERSONAL_CITY"], &user["TIME_ZONE"]),
        (&json!(""), &json!(""))
    );
    let mut found = |params| stage.v2("user.get", params).total;
    for (params, expected) in [
        (json!({"ID": 3}), Some(1)),
        (json!({"ID": [3, 4]}), Some(2)),
        (json!({"FILTER": {"ACTIVE": false}, "ID": 3}), Some(2)),
        (json!({"filter": {">ID": 20}}), Some(5)),
        (json!({"filter": {"@ID": "1,2"}}), Some(2)),
        (json!({"UF_DEPARTMENT": 3}), Some(6)),
        (json!({"filter": {"NAME_SEARCH": "анна иван"}}), Some(2)),
        (json!({"NO_SUCH": 5}), Some(25)),
    ] {
        assert_eq!(found(params.clone()), expected, "{params}");
    }
    let sorted = stage
        .v2("user.get", json!({"sort": "ID", "order": "DESC"}))
        .result;
    assert_eq!(ids(&sorted, "ID")[0], 25);
    assert_eq!(
        stage.v2("user.search", json!({"FIND": "Smith"})).total,
        Some(1)
    );
    let profile = stage.v2("profile", json!({})).result;
    assert_eq!(
        (&profile["ID"], &profile["ADMIN"]),
        (&json!("1"), &json!(true))
    );
}

#[test]
fn departments_are_a_tree() {
    let mut stage = Stage::new(World::empty());
    let all = stage.v2("department.get", json!({}));
    assert_eq!((all.total, all.result[0].get("PARENT")), (Some(7), None));
    let sales = stage.v2("department.get", json!({"PARENT": 3}));
    assert_eq!(ids(&sales.result, "ID"), [9]);
}

#[test]
fn directories_list_stages_pipelines_and_currencies() {
    let mut stage = Stage::new(World::empty());
    let stages = stage.v2(
        "crm.status.list",
        json!({"filter": {"ENTITY_ID": "DEAL_STAGE_1"}, "order": {"SORT": "DESC"}}),
    );
    assert_eq!(
        column(&stages.result, "STATUS_ID"),
        ["C1:LOSE", "C1:WON", "C1:PREPARATION", "C1:NEW"]
    );
    assert_eq!(
        (
            &stages.result[1]["SEMANTICS"],
            &stages.result[1]["CATEGORY_ID"],
            stages.total
        ),
        (&json!("S"), &json!("1"), Some(4))
    );
    let categories = stage.v2("crm.category.list", json!({"entityTypeId": 2}));
    assert_eq!(
        (
            ids(&categories.result["categories"], "id"),
            categories.total
        ),
        (vec![0, 1, 2], Some(3))
    );
    assert_eq!(
        stage
            .refused("crm.category.list", json!({"entityTypeId": 77}))
            .code,
        "ENTITY_TYPE_NOT_SUPPORTED"
    );
    assert_eq!(stage.v2("crm.currency.base.get", json!({})).result, "RUB");
    assert_eq!(
        stage
            .v2("crm.currency.list", json!({"order": {"sort": "asc"}}))
            .total,
        Some(4)
    );
}

#[test]
fn the_portal_tells_about_itself() {
    let mut stage = Stage::new(World::empty());
    assert_eq!(
        stage.v2("server.time", json!({})).result,
        "2026-05-28T23:26:40+03:00"
    );
    assert_eq!(stage.v2("scope", json!({})).result, json!(["crm", "task"]));
    let methods = stage.v2("methods", json!({})).result;
    assert!(
        methods
            .as_array()
            .unwrap()
            .contains(&json!("crm.deal.list"))
    );
    assert!(
        !methods.as_array().unwrap().contains(&json!("user.get")),
        "its scope is not granted"
    );
    for (name, existing, available) in [
        ("crm.deal.list", true, true),
        ("user.get", true, false),
        ("no.such", false, false),
        ("batch", true, true),
    ] {
        let expected = json!({"isExisting": existing, "isAvailable": available});
        assert_eq!(
            stage.v2("method.get", json!({"name": name})).result,
            expected,
            "{name}"
        );
    }
    assert_eq!(
        stage.v2("app.info", json!({})).result,
        json!({"SCOPE": ["crm", "task"], "LICENSE": "en_pro100"})
    );
}

#[test]
fn messages_are_numbered() {
    let mut stage = Stage::demo(60);
    assert_eq!(
        stage
            .v2("im.notify", json!({"USER_ID": 2, "MESSAGE": "hi"}))
            .result,
        1
    );
    assert_eq!(
        stage
            .v2("im.notify", json!({"USER_ID": 2, "MESSAGE": "hi"}))
            .result,
        2
    );
    assert_eq!(
        stage.refused("im.notify", json!({"MESSAGE": "hi"})).code,
        "USER_ID_EMPTY"
    );
    assert_eq!(
        stage.refused("im.notify", json!({"USER_ID": 2})).code,
        "MESSAGE_EMPTY"
    );
    let deal = stage.world.ids("deal")[0];
    assert_eq!(
        stage
            .v2(
                "im.chat.get",
                json!({"ENTITY_TYPE": "CRM", "ENTITY_ID": format!("DEAL|{deal}")})
            )
            .result,
        json!({"ID": deal})
    );
    assert_eq!(
        stage
            .v2(
                "im.chat.get",
                json!({"ENTITY_TYPE": "CRM", "ENTITY_ID": "DEAL|99999"})
            )
            .result,
        json!(null)
    );
}
