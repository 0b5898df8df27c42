//! What writers of the CRM rely on: external ids, refusals, imports, robots, duplicates.

use serde_json::{Value, json};

use super::{Stage, ids};
use crate::world::World;
use crate::world::automation::Occasion;

#[test]
fn external_ids_are_kept_filtered_and_selected() {
    let mut stage = Stage::new(World::empty());
    let names = [("originId", "ORIGIN_ID"), ("originatorId", "ORIGINATOR_ID")];
    for (type_id, entity) in [(1, "lead"), (2, "deal"), (3, "contact"), (4, "company")] {
        let fields = json!({"title": "a", "name": "a", "originId": "j1:7", "originatorId": "b24"});
        let add = json!({"entityTypeId": type_id, "fields": fields});
        let item = stage.v2("crm.item.add", add).result["item"].clone();
        let classic = json!({"fields": {"TITLE": "b", "NAME": "b", "ORIGIN_ID": "j1:8", "ORIGINATOR_ID": "b24"}});
        let second = stage.v2(&format!("crm.{entity}.add"), classic).result;
        for (camel, upper) in names {
            let wanted = json!({camel: item[camel], "id": item["id"]});
            let list = json!({"entityTypeId": type_id, "filter": {"@originId": ["j1:7", "x"]}, "select": ["id", camel]});
            let listed = stage.v2("crm.item.list", list);
            assert_eq!(listed.result["items"], json!([wanted]), "{entity}");
            let list = json!({"filter": {"=ORIGIN_ID": "j1:8"}, "select": [upper]});
            let listed = stage.v2(&format!("crm.{entity}.list"), list).result;
            let fields = stage.v2(&format!("crm.{entity}.fields"), json!({})).result;
            assert_eq!(fields[upper]["type"], "string");
            assert!(listed[0][upper].is_string(), "{listed}");
        }
        let filter = json!({"entityTypeId": type_id, "filter": {"originatorId": "b24"}});
        let both = stage.v2("crm.item.list", filter).result;
        let second = second.as_i64().unwrap();
        assert_eq!(
            ids(&both["items"], "id"),
            [item["id"].as_i64().unwrap(), second]
        );
    }
    for type_id in [31, 128, 1032] {
        let add = json!({"entityTypeId": type_id, "fields": {"xmlId": "r-1"}});
        let item = stage.v2("crm.item.add", add).result["item"].clone();
        let filter =
            json!({"entityTypeId": type_id, "filter": {"XML_ID": "r-1"}, "select": ["xmlId"]});
        let listed = stage.v2("crm.item.list", filter).result;
        assert_eq!(listed["items"], json!([{"xmlId": "r-1"}]));
        assert_eq!(item["xmlId"], "r-1");
    }
}

#[test]
fn wrong_values_are_refused_as_each_family_does() {
    let mut stage = Stage::new(World::empty());
    let company = stage.v2("crm.company.add", json!({"fields": {"TITLE": "a"}}));
    let id = company.result;
    let item = |fields: Value| json!({"entityTypeId": 4, "id": id, "fields": fields});
    let email = json!([{"typeId": "EMAIL", "value": "nobody"}]);
    for (fields, code) in [
        (json!({"title": ""}), "CRM_FIELD_ERROR_REQUIRED"),
        (json!({"title": null}), "CRM_FIELD_ERROR_REQUIRED"),
        (
            json!({"industry": "SPACE"}),
            "CRM_FIELD_ERROR_VALUE_NOT_VALID",
        ),
        (
            json!({"currencyId": "XXX"}),
            "CRM_FIELD_ERROR_VALUE_NOT_VALID",
        ),
        (
            json!({"assignedById": 999}),
            "CRM_FIELD_ERROR_VALUE_NOT_VALID",
        ),
        (json!({"fm": email}), "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        (json!({"contactIds": 5}), "100"),
    ] {
        let refusal = stage.refused("crm.item.update", item(fields.clone()));
        assert_eq!(refusal.code, code, "{fields}: {}", refusal.text);
    }
    let dates = json!({"entityTypeId": 2, "fields": {"begindate": "someday"}});
    assert_eq!(
        stage.refused("crm.item.add", dates).code,
        "CRM_FIELD_ERROR_VALUE_NOT_VALID"
    );
    assert!(stage.world.ids("deal").is_empty());

    let wrong = json!({"fields": {"TITLE": "", "EMAIL": [{"VALUE": "a@b"}], "INDUSTRY": "SPACE"}});
    let refusal = stage.refused("crm.company.add", wrong);
    assert_eq!(
        (refusal.code.as_str(), refusal.text.as_str()),
        (
            "",
            "The field \"Company name\" is required.<br>Incorrect e-mail address."
        )
    );
    let emptied = json!({"id": id, "fields": {"TITLE": ""}});
    let refusal = stage.refused("crm.company.update", emptied);
    assert_eq!(refusal.text, "The field \"Company name\" is required.");
    let kept = json!({"id": id, "fields": {"COMMENTS": "x", "EMAIL": [{"ID": 1, "VALUE": "no", "DELETE": "Y"}]}});
    stage.v2("crm.company.update", kept);
}

#[test]
fn an_item_moves_to_another_pipeline() {
    let mut stage = Stage::new(World::empty());
    stage.v2(
        "crm.deal.add",
        json!({"fields": {"TITLE": "a", "STAGE_ID": "EXECUTING"}}),
    );
    let mut moved = |fields: Value| {
        let update = json!({"entityTypeId": 2, "id": 1, "fields": fields});
        let item = stage.v2("crm.item.update", update).result["item"].clone();
        (item["categoryId"].clone(), item["stageId"].clone())
    };
    assert_eq!(moved(json!({"categoryId": 1})), (json!(1), json!("C1:NEW")));
    let with_stage = json!({"categoryId": 2, "stageId": "C2:WON"});
    assert_eq!(moved(with_stage), (json!(2), json!("C2:WON")));
    let elsewhere =
        json!({"entityTypeId": 2, "id": 1, "fields": {"categoryId": 1, "stageId": "C2:NEW"}});
    let refusal = stage.refused("crm.item.update", elsewhere);
    assert_eq!(refusal.code, "CRM_FIELD_ERROR_VALUE_NOT_VALID");
    let fields = stage
        .v2("crm.item.fields", json!({"entityTypeId": 2}))
        .result;
    assert_eq!(fields["fields"]["categoryId"]["isImmutable"], false);
    let fields = stage.v2("crm.deal.fields", json!({})).result;
    assert_eq!(fields["CATEGORY_ID"]["isImmutable"], true);
}

#[test]
fn what_is_imported_starts_no_robots() {
    let mut stage = Stage::new(World::empty());
    let imported = stage.v2(
        "crm.item.import",
        json!({"entityTypeId": 2, "fields": {"title": "i"}}),
    );
    assert_eq!(imported.result, json!({"item": {"id": 1}}));
    assert!(stage.world.automation.is_empty());
    stage.v2(
        "crm.item.add",
        json!({"entityTypeId": 2, "fields": {"title": "a"}}),
    );
    stage.v2("crm.contact.add", json!({"fields": {"NAME": "b"}}));
    let won = json!({"entityTypeId": 2, "id": 1, "fields": {"stageId": "WON"}});
    stage.v2("crm.item.update", won);
    let started: Vec<_> = stage
        .world
        .automation
        .iter()
        .map(|robot| (robot.entity, robot.id, robot.on, robot.stage.as_str()))
        .collect();
    let expected = [
        ("deal", 2, Occasion::Add, "NEW"),
        ("contact", 1, Occasion::Add, ""),
        ("deal", 1, Occasion::Update, "WON"),
    ];
    assert_eq!(started, expected);
}

#[test]
fn twenty_rows_are_imported_each_on_its_own() {
    let mut stage = Stage::new(World::empty());
    let batch = |rows: Vec<Value>| json!({"entityTypeId": 2, "data": rows});
    let rows = vec![
        json!({"title": "a"}),
        json!({"stageId": "NOWHERE"}),
        json!({"title": "c"}),
    ];
    let items = stage.v2("crm.item.batchImport", batch(rows)).result["items"].clone();
    assert_eq!(
        (&items[0], &items[2]),
        (&json!({"item": {"id": 1}}), &json!({"item": {"id": 2}}))
    );
    assert_eq!(items[1]["error"], "CRM_FIELD_ERROR_VALUE_NOT_VALID");
    assert!(
        items[1]["error_description"]
            .as_str()
            .unwrap()
            .contains("STAGE_ID")
    );
    let many = vec![json!({"title": "x"}); 21];
    let refusal = stage.refused("crm.item.batchImport", batch(many));
    assert_eq!(refusal.code, "MAX_IMPORT_BATCH_SIZE_EXCEEDED");
    assert_eq!(stage.world.ids("deal").len(), 2);
    let many = vec![json!({"title": "x"}); 20];
    stage.v2("crm.item.batchImport", batch(many));
    assert_eq!(stage.world.ids("deal").len(), 22);
    let unknown = json!({"entityTypeId": 999, "data": []});
    assert_eq!(
        stage.refused("crm.item.batchImport", unknown).code,
        "NOT_FOUND"
    );
}

#[test]
fn an_administrator_imports_who_wrote_a_row_and_when() {
    let mut stage = Stage::new(World::empty());
    let import = |fields: Value| json!({"entityTypeId": 2, "fields": fields});
    let past = json!({"createdTime": "2024-03-01T10:00:00+03:00", "updatedTime": "2024-03-02T10:00:00+03:00",
        "movedTime": "2024-03-01T12:00:00+03:00", "createdBy": 3, "updatedBy": 4});
    stage.v2("crm.item.import", import(past.clone()));
    let item = stage
        .v2("crm.item.get", json!({"entityTypeId": 2, "id": 1}))
        .result["item"]
        .clone();
    for (field, value) in past.as_object().unwrap() {
        assert_eq!(item[field], *value, "{field}");
    }
    for (fields, name) in [
        (json!({"createdTime": "2024-02-01"}), "CREATED_TIME"),
        (json!({"createdTime": "2030-02-01"}), "CREATED_TIME"),
        (
            json!({"createdTime": "2025-01-02", "updatedTime": "2025-01-01"}),
            "UPDATED_TIME",
        ),
        (
            json!({"createdTime": "2025-01-02", "movedTime": "2025-01-01"}),
            "MOVED_TIME",
        ),
    ] {
        let refusal = stage.refused("crm.item.import", import(fields));
        assert_eq!(refusal.code, "CRM_FIELD_ERROR_VALUE_NOT_VALID");
        assert!(refusal.text.contains(name), "{}", refusal.text);
    }
    let ignored = json!({"entityTypeId": 2, "fields": past});
    let item = stage.v2("crm.item.add", ignored).result["item"].clone();
    assert_eq!(item["createdBy"], 1, "adding passes them over");
    stage.actor.user_id = 3;
    let refusal = stage.refused("crm.item.import", import(json!({"createdBy": 3})));
    assert!(refusal.text.contains("CREATED_BY"), "{}", refusal.text);
}

#[test]
fn duplicates_are_found_by_phone_and_e_mail() {
    let mut stage = Stage::new(World::empty());
    let phone = json!([{"VALUE": "+7 (495) 111-22-33"}]);
    stage.v2(
        "crm.contact.add",
        json!({"fields": {"NAME": "a", "PHONE": phone}}),
    );
    stage.v2(
        "crm.contact.add",
        json!({"fields": {"NAME": "b", "PHONE": [{"VALUE": "1"}]}}),
    );
    let both = json!({"TITLE": "c", "PHONE": phone, "EMAIL": [{"VALUE": "Info@Acme.example"}]});
    stage.v2("crm.company.add", json!({"fields": both}));
    let mut find = |params: Value| stage.v2("crm.duplicate.findbycomm", params).result;
    let by_phone = json!({"type": "PHONE", "values": ["74951112233", "999"]});
    assert_eq!(find(by_phone), json!({"CONTACT": [1], "COMPANY": [1]}));
    let companies = json!({"type": "PHONE", "values": ["74951112233"], "entity_type": "COMPANY"});
    assert_eq!(find(companies), json!({"COMPANY": [1]}));
    let by_mail = json!({"type": "EMAIL", "values": ["info@acme.example"]});
    assert_eq!(find(by_mail), json!({"COMPANY": [1]}));
    assert_eq!(
        find(json!({"type": "EMAIL", "values": ["x@y.z"]})),
        json!([])
    );
    for (params, text) in [
        (
            json!({"values": ["1"]}),
            "Communication type is not defined",
        ),
        (
            json!({"type": "PHONE"}),
            "Communication values is not defined",
        ),
        (
            json!({"type": "FAX", "values": ["1"]}),
            "Communication type 'FAX' is not supported in current context",
        ),
    ] {
        assert_eq!(stage.refused("crm.duplicate.findbycomm", params).code, text);
    }
}

#[test]
fn a_deleted_item_is_gone_for_both_families() {
    let mut stage = Stage::demo(60);
    let count = stage.world.ids("contact").len();
    let id = stage.world.ids("contact")[0];
    let delete = json!({"entityTypeId": 3, "id": id});
    assert_eq!(
        stage.v2("crm.item.delete", delete.clone()).result,
        json!([])
    );
    assert_eq!(
        stage.refused("crm.item.delete", delete.clone()).code,
        "NOT_FOUND"
    );
    assert_eq!(stage.refused("crm.item.get", delete).code, "NOT_FOUND");
    assert_eq!(
        stage
            .refused("crm.contact.update", json!({"id": id, "fields": {}}))
            .text,
        "Not found"
    );
    assert_eq!(stage.world.ids("contact").len(), count - 1);
    let added = stage
        .v2("crm.contact.add", json!({"fields": {"NAME": "new"}}))
        .result;
    assert!(added.as_i64().unwrap() > id, "ids are not used again");
}
