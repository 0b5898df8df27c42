use serde_json::{Value, json};

use super::{Stage, column};
use crate::world::World;

fn stage() -> Stage {
    let mut stage = Stage::new(World::empty());
    for (name, multiple) in [("DOC", "N"), ("DOCS", "Y")] {
        let add = json!({"FIELD_NAME": name, "USER_TYPE_ID": "file", "MULTIPLE": multiple});
        stage.v2("crm.deal.userfield.add", json!({"fields": add}));
    }
    stage.v2("crm.deal.add", json!({"fields": {"TITLE": "a"}}));
    stage
}

fn update(stage: &mut Stage, fields: Value) -> Value {
    let update = json!({"entityTypeId": 2, "id": 1, "fields": fields});
    stage.v2("crm.item.update", update).result["item"].clone()
}

fn names(stage: &Stage, ids: &Value) -> Vec<String> {
    let ids = ids
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["id"].as_i64().unwrap());
    ids.map(|id| stage.world.files.get(id).unwrap().name.clone())
        .collect()
}

#[test]
fn a_file_comes_stays_and_goes() {
    let mut stage = stage();
    let fields = stage.v2("crm.deal.fields", json!({})).result;
    assert_eq!(
        (
            &fields["UF_CRM_DOC"]["type"],
            &fields["UF_CRM_DOCS"]["isMultiple"]
        ),
        (&json!("file"), &json!(true))
    );
    for given in [
        json!({"fileData": ["a.txt", "MQ=="]}),
        json!(["a.txt", "MQ=="]),
    ] {
        let doc = update(&mut stage, json!({"ufCrmDoc": given}))["ufCrmDoc"].clone();
        let id = doc["id"].as_i64().unwrap();
        assert_eq!(stage.world.files.get(id).unwrap().name, "a.txt");
        assert!(
            doc["urlMachine"]
                .as_str()
                .unwrap()
                .contains("/rest/1/secret/crm.controller.item.getFile/?token=crm")
        );
        for kept in [
            json!({"id": id}),
            json!({"id": id + 7}),
            json!({"fileData": ["b", "a"]}),
        ] {
            assert_eq!(
                update(&mut stage, json!({"ufCrmDoc": kept}))["ufCrmDoc"]["id"],
                id,
                "{kept}"
            );
        }
        let gone = update(&mut stage, json!({"ufCrmDoc": {"id": id, "remove": "Y"}}));
        assert_eq!(gone["ufCrmDoc"], json!(null));
        assert!(stage.world.files.get(id).is_none());
    }
    let classic = json!({"id": 1, "fields": {"UF_CRM_DOC": {"fileData": ["c.txt", "MQ=="]}}});
    stage.v2("crm.deal.update", classic);
    let deal = stage.v2("crm.deal.get", json!({"id": 1})).result;
    let doc = &deal["UF_CRM_DOC"];
    assert!(doc["downloadUrl"].is_string() && doc["showUrl"].is_string());
    assert_eq!(deal["UF_CRM_DOCS"], json!(false));
    let listed = stage
        .v2("crm.deal.list", json!({"select": ["ID", "UF_*"]}))
        .result;
    assert_eq!(listed[0]["UF_CRM_DOC"]["id"], doc["id"]);
    let only = json!({"entityTypeId": 2, "select": ["ufCrmDoc"]});
    let only = stage.v2("crm.item.list", only).result["items"][0].clone();
    assert_eq!(only["ufCrmDoc"]["id"], doc["id"]);
    stage.v2("crm.deal.delete", json!({"id": 1}));
    assert!(stage.world.files.get(doc["id"].as_i64().unwrap()).is_none());
}

#[test]
fn a_field_of_several_files_holds_what_is_listed() {
    let mut stage = stage();
    assert_eq!(update(&mut stage, json!({}))["ufCrmDocs"], json!([]));
    let two = json!([["a", "MQ=="], {"fileData": ["b", "MQ=="]}]);
    let docs = update(&mut stage, json!({"ufCrmDocs": two}))["ufCrmDocs"].clone();
    assert_eq!(names(&stage, &docs), ["a", "b"]);
    let appended = json!([{"id": docs[0]["id"]}, {"id": docs[1]["id"]}, ["c", "MQ=="]]);
    let docs = update(&mut stage, json!({"ufCrmDocs": appended}))["ufCrmDocs"].clone();
    assert_eq!(names(&stage, &docs), ["a", "b", "c"]);
    let without =
        json!([{"id": docs[0]["id"], "remove": "Y"}, {"id": docs[1]["id"]}, {"id": docs[2]["id"]}]);
    let docs = update(&mut stage, json!({"ufCrmDocs": without}))["ufCrmDocs"].clone();
    assert_eq!(names(&stage, &docs), ["b", "c"]);
    assert_eq!(
        update(&mut stage, json!({"title": "x"}))["ufCrmDocs"],
        docs.clone(),
        "not given, not changed"
    );
    let overwritten =
        update(&mut stage, json!({"ufCrmDocs": [["d", "MQ=="]]}))["ufCrmDocs"].clone();
    assert_eq!(names(&stage, &overwritten), ["d"]);
    for id in column(&docs, "id") {
        assert!(stage.world.files.get(id.as_i64().unwrap()).is_none());
    }
    assert_eq!(
        update(&mut stage, json!({"ufCrmDocs": ""}))["ufCrmDocs"],
        json!([])
    );
}
