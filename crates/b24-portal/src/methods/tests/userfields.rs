use serde_json::{Value, json};

use super::{Stage, column};
use crate::world::World;

fn field_id(stage: &mut Stage, name: &str) -> Value {
    let filter = json!({"filter": {"FIELD_NAME": name}});
    let listed = stage.v2("crm.deal.userfield.list", filter);
    assert_eq!(listed.total, Some(1), "{name}");
    listed.result[0]["ID"].clone()
}

#[test]
fn a_new_field_is_described_written_filtered_and_goes_with_its_values() {
    let mut stage = Stage::new(World::empty());
    stage.v2("crm.deal.add", json!({"fields": {"TITLE": "old"}}));
    let list = json!([{"VALUE": "High", "SORT": 20}, {"VALUE": "Low", "SORT": 10, "DEF": "Y"}]);
    let add = json!({"fields": {"FIELD_NAME": "risk", "USER_TYPE_ID": "enumeration", "LABEL": "Risk", "LIST": list}});
    let id = stage.v2("crm.deal.userfield.add", add.clone()).result;
    let fields = stage.v2("crm.deal.fields", json!({})).result["UF_CRM_RISK"].clone();
    assert_eq!(
        (&fields["type"], &fields["isDynamic"], &fields["listLabel"]),
        (&json!("enumeration"), &json!(true), &json!("Risk"))
    );
    assert_eq!(column(&fields["items"], "VALUE"), ["Low", "High"]);
    let high = fields["items"][1]["ID"].as_str().unwrap().to_owned();
    let item = stage
        .v2("crm.item.fields", json!({"entityTypeId": 2}))
        .result["fields"]["ufCrmRisk"]
        .clone();
    assert_eq!(item["upperName"], "UF_CRM_RISK");

    let fields = json!({"entityTypeId": 2, "fields": {"title": "new", "ufCrmRisk": high}});
    let added = stage.v2("crm.item.add", fields).result["item"].clone();
    assert_eq!(added["ufCrmRisk"].to_string(), high);
    let by_default = stage
        .v2("crm.deal.add", json!({"fields": {"TITLE": "third"}}))
        .result;
    let found = json!({"filter": {"UF_CRM_RISK": high}, "select": ["TITLE", "UF_*"]});
    let found = stage.v2("crm.deal.list", found);
    assert_eq!(
        (found.total, &found.result[0]["UF_CRM_RISK"]),
        (Some(1), &json!(high))
    );
    let values = |stage: &mut Stage, id: &Value| {
        stage
            .v2("crm.deal.get", json!({"id": id}))
            .result
            .get("UF_CRM_RISK")
            .cloned()
    };
    assert_eq!(
        values(&mut stage, &json!(1)),
        Some(json!(null)),
        "rows from before hold nothing"
    );
    assert_ne!(values(&mut stage, &by_default), Some(json!(null)));

    let refusal = stage.refused("crm.deal.userfield.add", add);
    assert_eq!(
        refusal.text,
        "Field UF_CRM_RISK for object CRM_DEAL already exists."
    );
    stage.v2("crm.deal.userfield.delete", json!({"id": id}));
    assert_eq!(values(&mut stage, &by_default), None);
    let gone = stage.refused("crm.deal.userfield.get", json!({"id": id}));
    assert_eq!(gone.code, "ERROR_NOT_FOUND");
    let filter = json!({"entityTypeId": 2, "filter": {"ufCrmRisk": high}});
    assert_eq!(
        stage.refused("crm.item.list", filter).code,
        "INVALID_ARG_VALUE"
    );
}

#[test]
fn every_type_keeps_its_values() {
    let mut stage = Stage::new(World::empty());
    for (kind, multiple, given, shown) in [
        ("string", "N", json!("a"), json!("a")),
        ("string", "Y", json!(["a", "b"]), json!(["a", "b"])),
        ("integer", "N", json!("7"), json!(7)),
        ("integer", "Y", json!([7, "8"]), json!([7, 8])),
        ("double", "N", json!("1.5"), json!(1.5)),
        ("double", "Y", json!(["1.5", 2]), json!([1.5, 2])),
        ("boolean", "N", json!("1"), json!(1)),
        ("money", "N", json!("5.00|EUR"), json!("5.00|EUR")),
        ("employee", "Y", json!([3, 4]), json!([3, 4])),
        (
            "url",
            "N",
            json!("https://a.example"),
            json!("https://a.example"),
        ),
        (
            "date",
            "N",
            json!("2024-05-06"),
            json!("2024-05-06T03:00:00+03:00"),
        ),
        (
            "date",
            "Y",
            json!(["2024-05-06"]),
            json!(["2024-05-06T03:00:00+03:00"]),
        ),
        (
            "datetime",
            "N",
            json!("2024-05-06T07:08:09+03:00"),
            json!("2024-05-06T07:08:09+03:00"),
        ),
    ] {
        let name = format!("T_{kind}_{multiple}");
        let add =
            json!({"fields": {"FIELD_NAME": name, "USER_TYPE_ID": kind, "MULTIPLE": multiple}});
        stage.v2("crm.contact.userfield.add", add);
        let upper = format!("UF_CRM_{}", name.to_uppercase());
        let described = stage.v2("crm.contact.fields", json!({})).result[&upper].clone();
        assert_eq!(
            (&described["type"], &described["isMultiple"]),
            (&json!(kind), &json!(multiple == "Y"))
        );
        let item = json!({"entityTypeId": 3, "useOriginalUfNames": "Y", "fields": {"name": "x", &upper: given}});
        let item = stage.v2("crm.item.add", item).result["item"].clone();
        assert_eq!(item[&upper], shown, "{name}");
        let classic = stage
            .v2("crm.contact.get", json!({"id": item["id"]}))
            .result;
        assert_eq!(
            classic[&upper].is_array(),
            multiple == "Y",
            "{name}: {classic}"
        );
        let first = given.as_array().map_or(&given, |values| &values[0]);
        let filter = json!({"filter": {&upper: first}, "select": ["ID"]});
        assert_eq!(
            stage.v2("crm.contact.list", filter).total,
            Some(1),
            "{name}"
        );
    }
}

#[test]
fn a_mandatory_field_is_asked_for() {
    let mut stage = Stage::new(World::empty());
    let add = json!({"fields": {"FIELD_NAME": "UF_CRM_INN", "USER_TYPE_ID": "string", "EDIT_FORM_LABEL": {"en": "INN", "ru": "ИНН"}}});
    stage.v2("crm.deal.userfield.add", add);
    stage.v2("crm.deal.add", json!({"fields": {"TITLE": "a"}}));
    let id = field_id(&mut stage, "UF_CRM_INN");
    stage.v2(
        "crm.deal.userfield.update",
        json!({"id": id, "fields": {"MANDATORY": "Y"}}),
    );
    let fields = stage.v2("crm.deal.fields", json!({})).result;
    assert_eq!(fields["UF_CRM_INN"]["isRequired"], true);
    let item = json!({"entityTypeId": 2, "fields": {"title": "b"}});
    assert_eq!(
        stage.refused("crm.item.add", item).code,
        "CRM_FIELD_ERROR_REQUIRED"
    );
    let refusal = stage.refused("crm.deal.add", json!({"fields": {"TITLE": "b"}}));
    assert_eq!(refusal.text, "The field \"INN\" is required.");
    let emptied = json!({"id": 1, "fields": {"UF_CRM_INN": ""}});
    assert_eq!(stage.refused("crm.deal.update", emptied).code, "");
    stage.v2(
        "crm.deal.update",
        json!({"id": 1, "fields": {"TITLE": "untouched"}}),
    );
    stage.v2("crm.deal.add", json!({"fields": {"UF_CRM_INN": "770"}}));
}

#[test]
fn the_fields_of_the_demo_set_are_listed_and_their_choices_change() {
    let mut stage = Stage::demo(60);
    let filter =
        json!({"filter": {"USER_TYPE_ID": "enumeration", "LANG": "ru"}, "order": {"ID": "ASC"}});
    let listed = stage.v2("crm.deal.userfield.list", filter).result;
    assert_eq!(
        column(&listed, "FIELD_NAME"),
        ["UF_CRM_1704067203", "UF_CRM_1704067208"]
    );
    assert_eq!(
        listed[0]["LIST"][0],
        json!({"ID": "44", "SORT": "10", "VALUE": "Курьер", "DEF": "N", "XML_ID": "choice44"})
    );
    assert_eq!(listed[0]["EDIT_FORM_LABEL"], "Способ доставки");
    let change = json!([{"ID": 44, "DEL": "Y"}, {"ID": 45, "VALUE": "Сам"}, {"VALUE": "Дрон"}]);
    let change = json!({"id": listed[0]["ID"], "fields": {"LIST": change}});
    stage.v2("crm.deal.userfield.update", change);
    let fields = stage.v2("crm.deal.fields", json!({})).result;
    let texts = column(&fields["UF_CRM_1704067203"]["items"], "VALUE");
    assert_eq!(
        texts,
        ["Сам", "Почта \"Экспресс\" & Ко", "Own transport", "Дрон"]
    );
    let got = stage
        .v2("crm.deal.userfield.get", json!({"id": listed[0]["ID"]}))
        .result;
    assert_eq!(got["EDIT_FORM_LABEL"]["ru"], "Способ доставки");
    assert_eq!(
        stage.v2("crm.lead.userfield.list", json!({})).total,
        Some(2)
    );
    for (fields, text) in [
        (
            json!({"USER_TYPE_ID": "string"}),
            "The 'FIELD_NAME' field is not found.",
        ),
        (
            json!({"FIELD_NAME": "x"}),
            "The 'USER_TYPE_ID' field is not found.",
        ),
        (
            json!({"FIELD_NAME": "x", "USER_TYPE_ID": "magic"}),
            "The user type 'magic' is not supported.",
        ),
        (
            json!({"FIELD_NAME": "x y", "USER_TYPE_ID": "string"}),
            "Field name UF_CRM_X Y is not valid.",
        ),
    ] {
        let refusal = stage.refused("crm.lead.userfield.add", json!({"fields": fields}));
        assert_eq!(refusal.text, text);
    }
}
