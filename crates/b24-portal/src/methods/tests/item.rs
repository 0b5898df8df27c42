use serde_json::{Value, json};

use super::{Stage, ids};
use crate::world::World;

#[test]
fn a_deal_is_the_same_row_in_both_families() {
    let mut stage = Stage::new(World::empty());
    let fields = json!({"title": "One", "opportunity": 1000.5, "CURRENCY_ID": "EUR", "ufCrm_1704067202": "12", "contactIds": [5, 6], "noSuch": 1});
    let item = stage
        .v2("crm.item.add", json!({"entityTypeId": 2, "fields": fields}))
        .result["item"]
        .clone();
    for (field, expected) in [
        ("id", json!(1)),
        ("title", json!("One")),
        ("opportunity", json!(1000.5)),
        ("currencyId", json!("EUR")),
        ("ufCrm_1704067202", json!(12)),
        ("contactIds", json!([5, 6])),
        ("contactId", json!(5)),
        ("companyId", json!(0)),
        ("closedate", json!(null)),
        ("opened", json!("Y")),
        ("stageId", json!("NEW")),
        ("observers", json!([])),
        ("ufCrm_1704067205", json!([])),
        ("dateCreateShort", json!(null)),
        ("entityTypeId", json!(2)),
    ] {
        assert_eq!(item[field], expected, "{field}");
    }
    let deal = stage.v2("crm.deal.get", json!({"id": 1})).result;
    assert_eq!(
        (
            &deal["TITLE"],
            &deal["OPPORTUNITY"],
            &deal["UF_CRM_1704067202"]
        ),
        (&json!("One"), &json!("1000.50"), &json!("12"))
    );

    let update = json!({"entityTypeId": 2, "id": 1, "fields": {"UF_CRM_1704067202": 13, "OPPORTUNITY": "7"}, "useOriginalUfNames": "Y"});
    let item = stage.v2("crm.item.update", update).result["item"].clone();
    assert_eq!(
        (&item["UF_CRM_1704067202"], &item["opportunity"]),
        (&json!(13), &json!(7))
    );
    assert_eq!(item.get("ufCrm_1704067202"), None);
    assert_eq!(
        stage
            .v2("crm.item.delete", json!({"entityTypeId": 2, "id": 1}))
            .result,
        json!([])
    );
    assert!(stage.world.rows("deal").is_empty());
}

#[test]
fn refusals_have_codes() {
    let mut stage = Stage::demo(60);
    for (method, params, code) in [
        ("crm.item.list", json!({}), "100"),
        ("crm.item.get", json!({"entityTypeId": 2}), "100"),
        (
            "crm.item.get",
            json!({"entityTypeId": 2, "id": 100_000}),
            "NOT_FOUND",
        ),
        (
            "crm.item.delete",
            json!({"entityTypeId": 2, "id": 100_000}),
            "NOT_FOUND",
        ),
        ("crm.item.list", json!({"entityTypeId": 999}), "NOT_FOUND"),
        (
            "crm.item.list",
            json!({"entityTypeId": 5}),
            "ENTITY_TYPE_NOT_SUPPORTED",
        ),
        (
            "crm.item.list",
            json!({"entityTypeId": 2, "filter": {"noSuch": 1}}),
            "INVALID_ARG_VALUE",
        ),
        (
            "crm.item.list",
            json!({"entityTypeId": 2, "order": {"id": "sideways"}}),
            "INVALID_ARG_VALUE",
        ),
        (
            "crm.item.list",
            json!({"entityTypeId": 2, "order": {"noSuch": "ASC"}}),
            "INVALID_ARG_VALUE",
        ),
        (
            "crm.item.list",
            json!({"entityTypeId": 2, "filter": "x"}),
            "100",
        ),
        ("crm.item.add", json!({"entityTypeId": 2}), "100"),
        (
            "crm.item.add",
            json!({"entityTypeId": 2, "fields": {"stageId": "NOWHERE"}}),
            "CRM_FIELD_ERROR_VALUE_NOT_VALID",
        ),
        (
            "crm.item.add",
            json!({"entityTypeId": 2, "fields": {"categoryId": 1, "stageId": "NEW"}}),
            "CRM_FIELD_ERROR_VALUE_NOT_VALID",
        ),
        (
            "crm.item.add",
            json!({"entityTypeId": 4, "fields": {"title": ""}}),
            "CRM_FIELD_ERROR_REQUIRED",
        ),
    ] {
        let before = stage.world.ids("deal").len();
        let refusal = stage.refused(method, params);
        assert_eq!(
            (refusal.code.as_str(), refusal.status),
            (code, 400),
            "{method}: {}",
            refusal.text
        );
        assert_eq!(
            stage.world.ids("deal").len(),
            before,
            "a refused write changes nothing"
        );
    }
    let refusal = stage.refused(
        "crm.item.list",
        json!({"entityTypeId": 2, "filter": {">noSuch": 1}}),
    );
    assert!(refusal.text.contains("'noSuch'"), "{}", refusal.text);
}

#[test]
fn filters_nest_and_know_both_spellings() {
    let mut stage = Stage::demo(60);
    let deals: Vec<(i64, String, f64)> = stage
        .world
        .rows("deal")
        .iter()
        .map(|row| {
            let text = |field: &str| row[field].as_str().unwrap().to_owned();
            (
                text("ID").parse().unwrap(),
                text("STAGE_ID"),
                text("OPPORTUNITY").parse().unwrap(),
            )
        })
        .collect();
    let middle = deals[30].0;
    type Check<'a> = Box<dyn Fn(&(i64, String, f64)) -> bool + 'a>;
    let cases: Vec<(Value, Check<'_>)> = vec![
        (json!({">id": middle}), Box::new(|deal| deal.0 > middle)),
        (json!({">ID": middle}), Box::new(|deal| deal.0 > middle)),
        (
            json!({"@id": [1, middle]}),
            Box::new(|deal| deal.0 == 1 || deal.0 == middle),
        ),
        (
            json!({"!@stageId": ["NEW"]}),
            Box::new(|deal| deal.1 != "NEW"),
        ),
        (
            json!({"%stageId": "NE"}),
            Box::new(|deal| deal.1.contains("NE")),
        ),
        (
            json!({"!%STAGE_ID": "NE"}),
            Box::new(|deal| !deal.1.contains("NE")),
        ),
        (
            json!({"><opportunity": [1000, 200_000]}),
            Box::new(|deal| (1000.0..=200_000.0).contains(&deal.2)),
        ),
        (
            json!({"!><opportunity": [1000, 200_000]}),
            Box::new(|deal| !(1000.0..=200_000.0).contains(&deal.2)),
        ),
        (
            json!({"logic": "OR", "0": {"stageId": "NEW"}, "1": {">id": middle}}),
            Box::new(|deal| deal.1 == "NEW" || deal.0 > middle),
        ),
        (
            json!({"<id": middle, "0": {"logic": "OR", "0": {"stageId": "NEW"}, "1": {"stageId": "WON"}}}),
            Box::new(|deal| deal.0 < middle && (deal.1 == "NEW" || deal.1 == "WON")),
        ),
        (
            json!([{"stageId": "WON"}]),
            Box::new(|deal| deal.1 == "WON"),
        ),
    ];
    for (filter, check) in cases {
        let expected: Vec<i64> = deals
            .iter()
            .filter(|deal| check(deal))
            .map(|deal| deal.0)
            .collect();
        let answer = stage.v2(
            "crm.item.list",
            json!({"entityTypeId": 2, "filter": filter, "select": ["id"]}),
        );
        assert_eq!(answer.total, Some(expected.len() as i64), "{filter}");
        assert_eq!(
            ids(&answer.result["items"], "id"),
            expected.into_iter().take(50).collect::<Vec<_>>(),
            "{filter}"
        );
    }
}

#[test]
fn select_is_an_intersection_and_contacts_come_with_everything() {
    let mut stage = Stage::demo(60);
    let keys = |stage: &mut Stage, type_id: i64, select: Value| {
        let row = stage
            .v2(
                "crm.item.list",
                json!({"entityTypeId": type_id, "select": select}),
            )
            .result["items"][0]
            .clone();
        row.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        keys(
            &mut stage,
            2,
            json!(["id", "TITLE", "noSuch", "ufCrm_1704067203"])
        ),
        ["id", "title", "ufCrm_1704067203"]
    );
    assert!(keys(&mut stage, 3, json!(["*"])).contains(&"fm".to_owned()));
    assert!(!keys(&mut stage, 3, json!(["id", "fm"])).contains(&"fm".to_owned()));
    assert!(!keys(&mut stage, 2, json!(["*"])).contains(&"fm".to_owned()));
}

#[test]
fn phones_are_written_by_fm() {
    let mut stage = Stage::new(World::empty());
    let fm = json!([{"typeId": "PHONE", "valueType": "WORK", "value": "+7 1"}, {"typeId": "EMAIL", "valueType": "HOME", "value": "a@b.c"}]);
    let item = stage
        .v2(
            "crm.item.add",
            json!({"entityTypeId": 3, "fields": {"name": "Анна", "fm": fm}}),
        )
        .result["item"]
        .clone();
    let expected = json!([{"id": 1, "typeId": "PHONE", "valueType": "WORK", "value": "+7 1"}, {"id": 2, "typeId": "EMAIL", "valueType": "HOME", "value": "a@b.c"}]);
    assert_eq!(item["fm"], expected);
    assert_eq!(
        (&item["hasPhone"], &item["hasEmail"]),
        (&json!("Y"), &json!("Y"))
    );
    assert_eq!(
        stage.v2("crm.contact.get", json!({"id": 1})).result["PHONE"][0]["VALUE"],
        "+7 1"
    );
}

#[test]
fn every_type_is_listed_and_described() {
    let mut stage = Stage::demo(60);
    let types = stage.v2("crm.type.list", json!({}));
    assert_eq!(
        (types.total, ids(&types.result["types"], "entityTypeId")),
        (Some(2), vec![128, 1032])
    );
    for type_id in [1, 2, 3, 4, 31, 128, 1032] {
        let item = stage
            .v2("crm.item.list", json!({"entityTypeId": type_id}))
            .result["items"][0]
            .clone();
        assert_eq!(item["entityTypeId"], type_id);
        let got = stage
            .v2(
                "crm.item.get",
                json!({"entityTypeId": type_id, "id": item["id"]}),
            )
            .result["item"]
            .clone();
        assert_eq!(got, item, "type {type_id}");
        let fields = stage
            .v2("crm.item.fields", json!({"entityTypeId": type_id}))
            .result["fields"]
            .clone();
        for key in item.as_object().unwrap().keys() {
            assert!(fields.get(key).is_some(), "type {type_id}, field {key}");
        }
        assert_eq!(fields["createdTime"]["upperName"], "CREATED_TIME");
    }
    let project = stage
        .v2(
            "crm.item.add",
            json!({"entityTypeId": 128, "fields": {"categoryId": 9}}),
        )
        .result["item"]
        .clone();
    assert_eq!(project["stageId"], "DT128_9:NEW");
    let moved =
        json!({"entityTypeId": 128, "id": project["id"], "fields": {"stageId": "DT128_9:CLIENT"}});
    assert_eq!(
        stage.v2("crm.item.update", moved).result["item"]["previousStageId"],
        "DT128_9:NEW"
    );
}

#[test]
fn rows_without_fields_are_empty_arrays() {
    let mut stage = Stage::demo(60);
    let answer = stage.v2(
        "crm.item.list",
        json!({"entityTypeId": 2, "select": ["nope"], "filter": {"<=id": 3}, "start": -1}),
    );
    let items = answer.result["items"].as_array().unwrap();
    assert!(
        !items.is_empty() && items.iter().all(|item| *item == json!([])),
        "{items:?}"
    );
}
