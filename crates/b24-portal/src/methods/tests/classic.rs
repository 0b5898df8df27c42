use serde_json::{Value, json};

use super::{Stage, column, ids};
use crate::world::World;

#[test]
fn values_are_text_as_the_table_says() {
    let mut stage = Stage::new(World::empty());
    let fields = json!({"TITLE": "Сделка \"А&Б\"", "OPPORTUNITY": 1000, "COMPANY_ID": 7, "OPENED": "N", "BEGINDATE": "2024-08-30",
        "UF_CRM_1704067206": 1, "UF_CRM_1704067205": ["a", "b"], "UF_CRM_1704067203": 44, "UF_CRM_1704067207": "12.5|EUR"});
    let id = stage.v2("crm.deal.add", json!({"fields": fields})).result;
    assert!(id.is_i64(), "add answers with a number, found {id}");
    let deal = stage.v2("crm.deal.get", json!({"id": id})).result;
    for (field, expected) in [
        ("ID", json!(id.to_string())),
        ("TITLE", json!("Сделка \"А&Б\"")),
        ("OPPORTUNITY", json!("1000.00")),
        ("COMPANY_ID", json!("7")),
        ("CONTACT_ID", json!(null)),
        ("OPENED", json!("N")),
        ("CLOSED", json!("N")),
        ("STAGE_ID", json!("NEW")),
        ("STAGE_SEMANTIC_ID", json!("P")),
        ("BEGINDATE", json!("2024-08-30T03:00:00+03:00")),
        ("CLOSEDATE", json!("")),
        ("DATE_CREATE", json!("2026-05-28T23:26:40+03:00")),
        ("ASSIGNED_BY_ID", json!("1")),
        ("UF_CRM_1704067206", json!("1")),
        ("UF_CRM_1704067205", json!(["a", "b"])),
        ("UF_CRM_1704067203", json!("44")),
        ("UF_CRM_1704067207", json!("12.50|EUR")),
        ("UF_CRM_1704067208", json!(false)),
    ] {
        assert_eq!(deal[field], expected, "{field}");
    }
    assert_eq!(deal.get("dateCreateShort"), None);
}

#[test]
fn multifields_are_lists_and_change_by_id() {
    let mut stage = Stage::new(World::empty());
    let fields = json!({"NAME": "Анна", "PHONE": [{"VALUE": "+7 1", "VALUE_TYPE": "MOBILE"}, {"VALUE": "+7 2"}], "EMAIL": [{"VALUE": ""}]});
    let id = stage
        .v2("crm.contact.add", json!({"FIELDS": fields}))
        .result;
    let contact = stage.v2("crm.contact.get", json!({"ID": id})).result;
    let phone = json!({"ID": "1", "VALUE_TYPE": "MOBILE", "VALUE": "+7 1", "TYPE_ID": "PHONE"});
    assert_eq!(contact["PHONE"][0], phone);
    assert_eq!(contact["PHONE"][1]["VALUE_TYPE"], "WORK");
    assert_eq!(
        (&contact["HAS_PHONE"], &contact["HAS_EMAIL"]),
        (&json!("Y"), &json!("N"))
    );
    assert_eq!(
        contact.get("EMAIL"),
        None,
        "a contact without e-mail has no such key"
    );

    let change = json!({"PHONE": [{"ID": 1, "DELETE": "Y"}, {"ID": "2", "VALUE": "+7 22"}, {"VALUE": "+7 3"}]});
    stage.v2("crm.contact.update", json!({"id": id, "fields": change}));
    let contact = stage.v2("crm.contact.get", json!({"id": id})).result;
    assert_eq!(column(&contact["PHONE"], "VALUE"), ["+7 22", "+7 3"]);

    let listed = stage
        .v2(
            "crm.contact.list",
            json!({"filter": {"PHONE": "+7 22"}, "select": ["NAME", "PHONE"]}),
        )
        .result;
    assert_eq!(listed[0]["PHONE"][0]["VALUE"], "+7 22");
    assert_eq!(
        listed[0]["ID"],
        id.to_string(),
        "the id comes with what is kept beside the row"
    );
    assert_eq!(
        stage
            .v2("crm.contact.list", json!({"filter": {"PHONE": "+7 2"}}))
            .total,
        Some(0)
    );
}

#[test]
fn refusals_have_an_empty_code() {
    let mut stage = Stage::new(World::empty());
    for (method, params, text) in [
        ("crm.deal.get", json!({"id": 5}), "Not found"),
        ("crm.deal.get", json!({}), "ID is not defined or invalid."),
        (
            "crm.deal.get",
            json!({"id": "abc"}),
            "ID is not defined or invalid.",
        ),
        (
            "crm.deal.update",
            json!({"id": 5, "fields": {"TITLE": "x"}}),
            "Not found",
        ),
        ("crm.deal.delete", json!({"id": 5}), "Not found"),
        (
            "crm.deal.add",
            json!({"fields": "x"}),
            "Parameter 'fields' must be array.",
        ),
        (
            "crm.deal.add",
            json!({}),
            "Parameter 'fields' must be array.",
        ),
        (
            "crm.deal.list",
            json!({"filter": "x"}),
            "Parameter 'filter' must be array.",
        ),
        (
            "crm.deal.list",
            json!({"ORDER": 5}),
            "Parameter 'order' must be array.",
        ),
        (
            "crm.company.add",
            json!({"fields": {"COMMENTS": "x"}}),
            "The field \"Company name\" is required.",
        ),
        (
            "crm.contact.add",
            json!({"fields": {}}),
            "The field \"Last name\" is required.<br>The field \"First name\" is required.",
        ),
    ] {
        let refusal = stage.refused(method, params);
        assert_eq!(
            (refusal.code.as_str(), refusal.text.as_str(), refusal.status),
            ("", text, 400),
            "{method}"
        );
    }
}

#[test]
fn writes_pass_over_what_they_do_not_know() {
    let mut stage = Stage::new(World::empty());
    let fields = json!({"TITLE": "a", "NO_SUCH": 1, "DATE_CREATE": "2000-01-01", "ID": 77, "STAGE_ID": "NOWHERE", "CATEGORY_ID": 1});
    let id = stage.v2("crm.deal.add", json!({"fields": fields})).result;
    let deal = stage.v2("crm.deal.get", json!({"id": id})).result;
    assert_eq!(
        (&deal["ID"], &deal["STAGE_ID"], &deal["CATEGORY_ID"]),
        (&json!("1"), &json!("C1:NEW"), &json!("1"))
    );
    assert!(deal["DATE_CREATE"].as_str().unwrap().starts_with("2026"));
    stage.now += 60;
    stage.actor.user_id = 3;
    let change = json!({"STAGE_ID": "C1:WON", "CATEGORY_ID": 2});
    assert_eq!(
        stage
            .v2("crm.deal.update", json!({"id": id, "fields": change}))
            .result,
        json!(true)
    );
    let won = stage.v2("crm.deal.get", json!({"id": id})).result;
    for (field, expected) in [
        ("STAGE_SEMANTIC_ID", "S"),
        ("CLOSED", "Y"),
        ("CATEGORY_ID", "1"),
        ("MOVED_BY_ID", "3"),
        ("MODIFY_BY_ID", "3"),
        ("CREATED_BY_ID", "1"),
    ] {
        assert_eq!(won[field], expected, "{field}");
    }
    assert_ne!(won["MOVED_TIME"], deal["MOVED_TIME"]);
    assert_eq!(
        stage.v2("crm.deal.delete", json!({"id": id})).result,
        json!(true)
    );
    assert_eq!(
        stage.refused("crm.deal.get", json!({"id": id})).text,
        "Not found"
    );
}

/// Each operator of the table, against a look at every row.
#[test]
fn operators_choose_what_the_table_says() {
    let mut stage = Stage::demo(120);
    let rows = stage.world.rows("deal");
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let sum = |row: &Value| text(row, "OPPORTUNITY").parse::<f64>().unwrap();
    let has =
        |row: &Value, field: &str| !row[field].is_null() && row[field] != "0" && row[field] != "";
    type Check<'a> = Box<dyn Fn(&Value) -> bool + 'a>;
    let cases: Vec<(Value, Check<'_>)> = vec![
        (
            json!({"STAGE_ID": "NEW"}),
            Box::new(|row| text(row, "STAGE_ID") == "NEW"),
        ),
        (
            json!({"=STAGE_ID": "new"}),
            Box::new(|row| text(row, "STAGE_ID") == "NEW"),
        ),
        (
            json!({"!STAGE_ID": "NEW"}),
            Box::new(|row| text(row, "STAGE_ID") != "NEW"),
        ),
        (
            json!({"!=STAGE_ID": "NEW"}),
            Box::new(|row| text(row, "STAGE_ID") != "NEW"),
        ),
        (
            json!({"STAGE_ID": ["NEW", "WON"]}),
            Box::new(|row| ["NEW", "WON"].contains(&&*text(row, "STAGE_ID"))),
        ),
        (
            json!({"@STAGE_ID": "NEW,WON"}),
            Box::new(|row| ["NEW", "WON"].contains(&&*text(row, "STAGE_ID"))),
        ),
        (
            json!({"!@STAGE_ID": ["NEW", "WON"]}),
            Box::new(|row| !["NEW", "WON"].contains(&&*text(row, "STAGE_ID"))),
        ),
        (
            json!({"!STAGE_ID": ["NEW", "WON"]}),
            Box::new(|row| !["NEW", "WON"].contains(&&*text(row, "STAGE_ID"))),
        ),
        (json!({"%STAGE_ID": "NE"}), Box::new(|_| false)),
        (
            json!({">OPPORTUNITY": "100000"}),
            Box::new(|row| sum(row) > 100_000.0),
        ),
        (
            json!({">=OPPORTUNITY": 100_000, "<OPPORTUNITY": 300_000}),
            Box::new(|row| (100_000.0..300_000.0).contains(&sum(row))),
        ),
        (
            json!({"%TITLE": "crm"}),
            Box::new(|row| text(row, "TITLE").to_lowercase().contains("crm")),
        ),
        (
            json!({"=%TITLE": "Внедрение%"}),
            Box::new(|row| text(row, "TITLE").starts_with("Внедрение")),
        ),
        (
            json!({"%=TITLE": "%rack%"}),
            Box::new(|row| text(row, "TITLE").contains("rack")),
        ),
        (
            json!({"COMPANY_ID": 0}),
            Box::new(|row| !has(row, "COMPANY_ID")),
        ),
        (
            json!({"CONTACT_ID": ""}),
            Box::new(|row| !has(row, "CONTACT_ID")),
        ),
        (
            json!({"!CONTACT_ID": null}),
            Box::new(|row| has(row, "CONTACT_ID")),
        ),
        (
            json!({"!COMMENTS": ""}),
            Box::new(|row| has(row, "COMMENTS")),
        ),
        (
            json!({"CLOSED": "Y"}),
            Box::new(|row| text(row, "CLOSED") == "Y"),
        ),
        (
            json!({">DATE_CREATE": "2025-01-01"}),
            Box::new(|row| text(row, "DATE_CREATE").as_str() >= "2025-01-01T00:00:01"),
        ),
        (json!({">DATE_CREATE": "nonsense"}), Box::new(|_| false)),
        (
            json!({"<=DATE_CREATE": "2024-12-31T21:00:00Z"}),
            Box::new(|row| text(row, "DATE_CREATE").as_str() <= "2025-01-01T00:00:00+03:00"),
        ),
        (json!({"NO_SUCH_FIELD": 5}), Box::new(|_| true)),
        (json!({"stage_id": "NEW"}), Box::new(|_| true)),
        (json!({"><ID": [1, 5]}), Box::new(|_| true)),
        (
            json!({"LOGIC": "OR", "0": {"STAGE_ID": "NEW"}, "1": {"CLOSED": "Y"}}),
            Box::new(|row| text(row, "STAGE_ID") == "NEW" || text(row, "CLOSED") == "Y"),
        ),
        (
            json!({">ID": {"ID": "4", "TITLE": "a row"}}),
            Box::new(|_| true),
        ),
        (json!({">ID": []}), Box::new(|_| true)),
    ];
    for (filter, check) in cases {
        let expected: Vec<i64> = rows
            .iter()
            .filter(|row| check(row))
            .map(|row| text(row, "ID").parse().unwrap())
            .collect();
        let mut found = Vec::new();
        let mut start = Some(0);
        while let Some(from) = start {
            let page = stage.v2(
                "crm.deal.list",
                json!({"filter": filter, "select": ["ID"], "start": from}),
            );
            assert_eq!(page.total, Some(expected.len() as i64), "{filter}");
            found.extend(ids(&page.result, "ID"));
            start = page.next;
        }
        assert_eq!(found, expected, "{filter}");
    }
}

#[test]
fn order_and_select_are_forgiving() {
    let mut stage = Stage::demo(100);
    let ordered = |stage: &mut Stage, order: Value| {
        ids(
            &stage
                .v2(
                    "crm.deal.list",
                    json!({"order": order, "select": ["ID"], "start": -1}),
                )
                .result,
            "ID",
        )
    };
    let rising = ordered(&mut stage, json!({"ID": "asc"}));
    let falling = ordered(&mut stage, json!({"ID": "sideways"}));
    assert!(rising.is_sorted() && falling.is_sorted_by(|left, right| left > right));
    assert_eq!(
        ordered(&mut stage, json!({"NO_SUCH": "DESC", "id": "DESC"})),
        rising
    );

    let row = |stage: &mut Stage, select: Value| {
        stage.v2("crm.deal.list", json!({"select": select})).result[0]
            .as_object()
            .unwrap()
            .clone()
    };
    let standard = row(&mut stage, json!([]));
    assert!(
        standard.contains_key("UTM_SOURCE")
            && !standard
                .keys()
                .any(|key| key.starts_with("UF_") || key == "CONTACT_IDS")
    );
    assert_eq!(row(&mut stage, json!(["*"])).len(), standard.len());
    assert!(row(&mut stage, json!(["*", "UF_*"])).len() == standard.len() + 8);
    let two = row(
        &mut stage,
        json!(["TITLE", "UF_CRM_1704067201", "NONSENSE"]),
    );
    assert_eq!(
        two.keys().collect::<Vec<_>>(),
        ["ID", "TITLE", "UF_CRM_1704067201"]
    );
    assert_eq!(row(&mut stage, json!(["TITLE"])).len(), 1);
}

#[test]
fn fields_are_described() {
    let mut stage = Stage::new(World::empty());
    let fields = stage.v2("crm.deal.fields", json!({})).result;
    assert_eq!(fields["ID"]["isReadOnly"], true);
    assert_eq!(fields["STAGE_ID"]["statusType"], "DEAL_STAGE");
    assert_eq!(fields["CATEGORY_ID"]["isImmutable"], true);
    assert_eq!(fields["OPENED"]["type"], "char");
    assert_eq!(fields["UF_CRM_1704067203"]["items"][0]["ID"], "44");
    assert_eq!(fields["UF_CRM_1704067205"]["isMultiple"], true);
    let contact = stage.v2("crm.contact.fields", json!({})).result;
    assert_eq!(contact["PHONE"]["type"], "crm_multifield");
    assert_eq!(
        stage.v2("crm.lead.fields", json!({})).result["STATUS_ID"]["statusType"],
        "STATUS"
    );
}
