//! Directories, products, product rows and payments of the CRM.

use serde_json::{Value, json};

use super::{Stage, column};
use crate::world::World;

#[test]
fn stages_are_added_used_and_deleted() {
    let mut stage = Stage::new(World::empty());
    let fields =
        json!({"ENTITY_ID": "DEAL_STAGE_1", "STATUS_ID": "LAWYERS", "NAME": "Lawyers", "SORT": 15});
    let add = json!({"fields": fields});
    let id = stage.v2("crm.status.add", add.clone()).result;
    assert_eq!(stage.refused("crm.status.add", add).code, "ERROR_CORE");
    let got = stage.v2("crm.status.get", json!({"id": id})).result;
    assert_eq!(
        (&got["STATUS_ID"], &got["SYSTEM"], &got["CATEGORY_ID"]),
        (&json!("C1:LAWYERS"), &json!("N"), &json!("1")),
        "a stage begins with the mark of its pipeline"
    );
    let items = stage
        .v2(
            "crm.status.entity.items",
            json!({"entityId": "DEAL_STAGE_1"}),
        )
        .result;
    let names = column(&items, "STATUS_ID");
    assert_eq!(
        names,
        [
            "C1:NEW",
            "C1:LAWYERS",
            "C1:PREPARATION",
            "C1:WON",
            "C1:LOSE"
        ]
    );
    let deal = json!({"entityTypeId": 2, "fields": {"categoryId": 1, "stageId": "C1:LAWYERS"}});
    stage.v2("crm.item.add", deal.clone());
    stage.v2(
        "crm.status.update",
        json!({"id": id, "fields": {"NAME": "Law", "SORT": 5}}),
    );
    let listed = stage.v2(
        "crm.status.list",
        json!({"filter": {"ENTITY_ID": "DEAL_STAGE_1", "SORT": 5}}),
    );
    assert_eq!(column(&listed.result, "NAME"), ["Law"]);
    let first = stage
        .v2(
            "crm.item.add",
            json!({"entityTypeId": 2, "fields": {"categoryId": 1}}),
        )
        .result;
    assert_eq!(first["item"]["stageId"], "C1:LAWYERS", "the first by order");
    stage.v2("crm.status.delete", json!({"id": id}));
    assert_eq!(
        stage.refused("crm.item.add", deal).code,
        "CRM_FIELD_ERROR_VALUE_NOT_VALID"
    );
    assert_eq!(
        stage.refused("crm.status.get", json!({"id": id})).text,
        "CRM Status is not found."
    );

    let system = stage
        .v2(
            "crm.status.list",
            json!({"filter": {"ENTITY_ID": "SOURCE"}}),
        )
        .result[0]["ID"]
        .clone();
    assert!(
        stage
            .refused("crm.status.delete", json!({"id": system}))
            .text
            .contains("FORCED")
    );
    stage.v2(
        "crm.status.delete",
        json!({"id": system, "params": {"FORCED": "Y"}}),
    );
    for (fields, text) in [
        (
            json!({"STATUS_ID": "X", "NAME": "x"}),
            "The field ENTITY_ID is required.",
        ),
        (
            json!({"ENTITY_ID": "NOWHERE", "STATUS_ID": "X", "NAME": "x"}),
            "Unknown directory NOWHERE.",
        ),
    ] {
        assert_eq!(
            stage
                .refused("crm.status.add", json!({"fields": fields}))
                .text,
            text
        );
    }
}

#[test]
fn every_directory_is_a_type_and_its_fields_are_described() {
    let mut stage = Stage::new(World::empty());
    let types = stage.v2("crm.status.entity.types", json!({})).result;
    let listed = stage.v2("crm.status.list", json!({})).result;
    let ids = column(&types, "ID");
    assert!(
        column(&listed, "ENTITY_ID")
            .iter()
            .all(|id| ids.contains(id))
    );
    let stages = types
        .as_array()
        .unwrap()
        .iter()
        .find(|kind| kind["ID"] == "DEAL_STAGE_2")
        .unwrap();
    assert_eq!(
        (&stages["PREFIX"], &stages["ENTITY_TYPE_ID"]),
        (&json!("C2"), &json!(2))
    );
    let fields = stage.v2("crm.status.fields", json!({})).result;
    assert_eq!(
        (&fields["NAME"]["isRequired"], &fields["ID"]["isReadOnly"]),
        (&json!(true), &json!(true))
    );
}

#[test]
fn products_are_kept() {
    let mut stage = Stage::new(World::empty());
    let mut ids = Vec::new();
    for (name, price) in [("Pump", "1000.5"), ("Valve", "20"), ("Hose", "7")] {
        let fields = json!({"NAME": name, "PRICE": price, "CURRENCY_ID": "EUR", "XML_ID": format!("x-{name}")});
        ids.push(
            stage
                .v2("crm.product.add", json!({"fields": fields}))
                .result,
        );
    }
    let got = stage.v2("crm.product.get", json!({"id": ids[0]})).result;
    assert_eq!(
        (&got["PRICE"], &got["ACTIVE"], &got["CURRENCY_ID"]),
        (&json!("1000.50"), &json!("Y"), &json!("EUR"))
    );
    let cheap =
        json!({"filter": {"<PRICE": 100}, "order": {"PRICE": "ASC"}, "select": ["ID", "NAME"]});
    let cheap = stage.v2("crm.product.list", cheap);
    assert_eq!(
        (cheap.total, column(&cheap.result, "NAME")),
        (Some(2), vec![&json!("Hose"), &json!("Valve")])
    );
    stage.v2(
        "crm.product.update",
        json!({"id": ids[1], "fields": {"PRICE": 25, "NO_SUCH": 1}}),
    );
    assert_eq!(
        stage.v2("crm.product.get", json!({"id": ids[1]})).result["PRICE"],
        "25.00"
    );
    stage.v2("crm.product.delete", json!({"id": ids[1]}));
    assert_eq!(
        stage.refused("crm.product.get", json!({"id": ids[1]})).text,
        "Product is not found."
    );
    let nameless = json!({"fields": {"PRICE": 1}});
    assert_eq!(
        stage.refused("crm.product.add", nameless).text,
        "The field \"Name\" is required."
    );
    assert_eq!(
        stage.v2("crm.product.fields", json!({})).result["NAME"]["isRequired"],
        true
    );
}

fn total(stage: &mut Stage, id: i64) -> Value {
    stage.v2("crm.deal.get", json!({"id": id})).result["OPPORTUNITY"].clone()
}

#[test]
fn product_rows_make_the_total() {
    let mut stage = Stage::new(World::empty());
    stage.v2(
        "crm.deal.add",
        json!({"fields": {"TITLE": "a", "OPPORTUNITY": 5}}),
    );
    let rows = json!([{"productName": "Pump", "price": 120, "quantity": 2, "taxRate": 20, "taxIncluded": "Y"}, {"productName": "Hose", "price": 10.5}]);
    let set = json!({"ownerType": "D", "ownerId": 1, "productRows": rows});
    let rows = stage.v2("crm.item.productrow.set", set).result["productRows"].clone();
    assert_eq!(
        (&rows[0]["priceExclusive"], &rows[1]["quantity"]),
        (&json!(100), &json!(1))
    );
    assert_eq!(total(&mut stage, 1), "250.50");
    let taxes = stage.v2("crm.deal.get", json!({"id": 1})).result["TAX_VALUE"].clone();
    assert_eq!(taxes, "40.00");

    let add =
        json!({"fields": {"ownerType": "D", "ownerId": 1, "productName": "Valve", "price": 1}});
    let added = stage.v2("crm.item.productrow.add", add).result["productRow"].clone();
    assert_eq!(total(&mut stage, 1), "251.50");
    let update = json!({"id": added["id"], "fields": {"quantity": 3}});
    stage.v2("crm.item.productrow.update", update);
    assert_eq!(total(&mut stage, 1), "253.50");
    let filter = json!({"filter": {"=ownerType": "D", "=ownerId": 1, ">price": 5}, "order": {"price": "asc"}});
    let listed = stage.v2("crm.item.productrow.list", filter);
    assert_eq!(listed.total, Some(2));
    assert_eq!(
        column(&listed.result["productRows"], "productName"),
        ["Hose", "Pump"]
    );
    stage.v2("crm.item.productrow.delete", json!({"id": rows[0]["id"]}));
    assert_eq!(total(&mut stage, 1), "13.50");
    assert_eq!(
        stage
            .refused("crm.item.productrow.get", json!({"id": rows[0]["id"]}))
            .code,
        "NOT_FOUND"
    );

    let kept = json!([{"ID": rows[1]["id"], "PRICE": 11}, {"PRODUCT_NAME": "New", "PRICE": "4", "QUANTITY": "2"}]);
    stage.v2("crm.deal.productrows.set", json!({"id": 1, "rows": kept}));
    let classic = stage
        .v2("crm.deal.productrows.get", json!({"id": 1}))
        .result;
    assert_eq!(column(&classic, "PRODUCT_NAME"), ["Hose", "New"]);
    assert_eq!(classic[0]["ID"], rows[1]["id"].to_string());
    stage.v2(
        "crm.deal.update",
        json!({"id": 1, "fields": {"IS_MANUAL_OPPORTUNITY": "Y", "OPPORTUNITY": 99}}),
    );
    stage.v2("crm.deal.productrows.set", json!({"id": 1, "rows": []}));
    assert_eq!(total(&mut stage, 1), "99.00", "entered by hand");
    for (params, code) in [
        (
            json!({"ownerType": "D", "ownerId": 77, "productRows": []}),
            "OWNER_NOT_FOUND",
        ),
        (
            json!({"ownerType": "Z", "ownerId": 1, "productRows": []}),
            "ENTITY_TYPE_NOT_SUPPORTED",
        ),
        (json!({"ownerType": "D", "ownerId": 1}), "100"),
    ] {
        assert_eq!(stage.refused("crm.item.productrow.set", params).code, code);
    }
    let unfiltered = stage.refused("crm.item.productrow.list", json!({}));
    assert_eq!(unfiltered.code, "INVALID_ARG_VALUE");
}

#[test]
fn rows_of_smart_processes_are_named_by_their_type() {
    let mut stage = Stage::new(World::empty());
    stage.v2(
        "crm.item.add",
        json!({"entityTypeId": 1032, "fields": {"title": "a"}}),
    );
    let add = json!({"fields": {"ownerType": "T408", "ownerId": 1, "price": 5}});
    let row = stage.v2("crm.item.productrow.add", add).result["productRow"].clone();
    assert_eq!(row["ownerType"], "T408");
    stage.v2("crm.item.delete", json!({"entityTypeId": 1032, "id": 1}));
    assert_eq!(
        stage
            .refused("crm.item.productrow.get", json!({"id": row["id"]}))
            .code,
        "NOT_FOUND",
        "gone with its owner"
    );
    let fields = stage.v2("crm.item.productrow.fields", json!({})).result["fields"].clone();
    assert_eq!(
        (&fields["ownerId"]["isRequired"], &fields["price"]["type"]),
        (&json!(true), &json!("double"))
    );
}

#[test]
fn payments_of_an_item_are_paid_once() {
    let mut stage = Stage::new(World::empty());
    let deal = json!({"fields": {"TITLE": "a", "OPPORTUNITY": 100, "CURRENCY_ID": "EUR"}});
    stage.v2("crm.deal.add", deal);
    let owner = json!({"entityTypeId": 2, "entityId": 1});
    let id = stage.v2("crm.item.payment.add", owner.clone()).result;
    let got = stage.v2("crm.item.payment.get", json!({"id": id})).result;
    assert_eq!(
        (&got["sum"], &got["currency"], &got["paid"]),
        (&json!(100), &json!("EUR"), &json!("N"))
    );
    let second = stage.v2("crm.item.payment.add", owner.clone()).result;
    let sum = stage
        .v2("crm.item.payment.get", json!({"id": second}))
        .result["sum"]
        .clone();
    assert_eq!(sum, 0, "the first covers everything");
    stage.v2("crm.item.payment.pay", json!({"id": id}));
    let paid = stage.v2("crm.item.payment.get", json!({"id": id})).result;
    assert_eq!(
        (&paid["paid"], &paid["empPaidId"]),
        (&json!("Y"), &json!(1))
    );
    assert!(paid["datePaid"].is_string());
    assert_eq!(
        stage
            .refused("crm.item.payment.delete", json!({"id": id}))
            .code,
        "0"
    );
    stage.v2(
        "crm.item.payment.update",
        json!({"id": id, "fields": {"paid": "N", "paySystemId": 4}}),
    );
    let listed = stage.v2("crm.item.payment.list", owner).result;
    assert_eq!(
        column(&listed, "paySystemName"),
        ["Online card", "Наличные"]
    );
    assert_eq!(
        stage
            .v2("crm.item.payment.delete", json!({"id": id}))
            .result,
        json!(true)
    );
    for (method, params) in [
        ("crm.item.payment.get", json!({"id": id})),
        (
            "crm.item.payment.add",
            json!({"entityTypeId": 2, "entityId": 9}),
        ),
        (
            "crm.item.payment.add",
            json!({"entityTypeId": 3, "entityId": 1}),
        ),
        (
            "crm.item.payment.update",
            json!({"id": second, "fields": {"paySystemId": 99}}),
        ),
    ] {
        assert_eq!(stage.refused(method, params).code, "0", "{method}");
    }
}
