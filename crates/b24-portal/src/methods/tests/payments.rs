use serde_json::{Value, json};

use super::{Stage, column, ids};
use crate::world::World;

const PERIOD: [&str; 2] = ["2025-03-01", "2025-04-01"];

#[test]
fn a_payment_is_added_paid_changed_and_deleted() {
    let mut stage = Stage::new(World::empty());
    let fields = json!({"orderId": 7, "paySystemId": 2, "sum": "100.10", "currency": "EUR", "accountNumber": "x", "noSuch": 1});
    let payment = stage
        .v2("sale.payment.add", json!({"fields": fields}))
        .result["payment"]
        .clone();
    for (field, expected) in [
        ("id", json!(1)),
        ("orderId", json!(7)),
        ("sum", json!(100.1)),
        ("currency", json!("RUB")),
        ("accountNumber", json!("7/1")),
        ("paySystemName", json!("Банковский перевод")),
        ("paid", json!("N")),
        ("datePaid", json!(null)),
        ("comments", json!("")),
        ("companyId", json!(null)),
        ("priceCod", json!("0.00")),
        ("externalPayment", json!("N")),
    ] {
        assert_eq!(payment[field], expected, "{field}");
    }
    let paid =
        json!({"id": 1, "fields": {"paySystemId": 1, "paid": "Y", "orderId": 9, "comments": "ok"}});
    let payment = stage.v2("sale.payment.update", paid).result["payment"].clone();
    assert_eq!(
        (&payment["paid"], &payment["empPaidId"], &payment["orderId"]),
        (&json!("Y"), &json!(1), &json!(7))
    );
    assert_eq!(payment["paySystemIsCash"], "Y");
    assert_eq!(payment["datePaid"], "2026-05-28T23:26:40+03:00");
    assert_eq!(
        stage.v2("sale.payment.get", json!({"id": 1})).result["payment"],
        payment
    );
    assert_eq!(
        stage.v2("sale.payment.delete", json!({"id": 1})).result,
        true
    );
    for method in ["sale.payment.get", "sale.payment.delete"] {
        assert_eq!(stage.refused(method, json!({"id": 1})).code, "200640400001");
    }
}

#[test]
fn what_is_missing_is_named() {
    let mut stage = Stage::new(World::empty());
    let refusal = stage.refused("sale.payment.add", json!({"fields": {"sum": 1}}));
    assert_eq!(
        (refusal.code.as_str(), refusal.text.as_str()),
        ("0", "Required fields: orderId, paySystemId")
    );
    assert_eq!(stage.refused("sale.payment.add", json!({})).code, "100");
    assert_eq!(stage.refused("sale.payment.get", json!({})).code, "100");
}

#[test]
fn payments_of_a_period_are_a_page_of_their_own() {
    let mut stage = Stage::demo(5_000);
    let filter = json!({"paid": "Y", ">=datePaid": PERIOD[0], "<datePaid": PERIOD[1]});
    let page = stage.v2(
        "sale.payment.list",
        json!({"filter": filter, "select": ["id", "sum", "currency", "datePaid", "noSuch"], "order": {"datePaid": "desc"}}),
    );
    let rows = &page.result["payments"];
    let dates: Vec<&str> = column(rows, "datePaid")
        .into_iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(dates.len() > 5, "{dates:?}");
    assert!(
        dates
            .iter()
            .all(|date| (PERIOD[0]..PERIOD[1]).contains(date))
    );
    assert!(dates.is_sorted_by(|a, b| a >= b));
    assert_eq!(rows[0].as_object().map(serde_json::Map::len), Some(4));
    assert_eq!(page.total, Some(dates.len() as i64));
}

#[test]
fn unknown_conditions_fall_away_and_pages_are_those_of_controllers() {
    let mut stage = Stage::demo(5_000);
    let all = stage.v2("sale.payment.list", json!({}));
    assert_eq!((all.total, all.next), (Some(500), Some(50)));
    let params = json!({"filter": {"noSuch": 1, ">=datepaid": "2030-01-01"}});
    assert_eq!(stage.v2("sale.payment.list", params).total, Some(500));
    let last = ids(&all.result["payments"], "id")[49];
    let params = json!({"filter": {">id": last}, "order": {"id": "ASC"}, "start": -1});
    let next = stage.v2("sale.payment.list", params);
    assert_eq!((next.total, next.next), (None, None));
    assert!(ids(&next.result["payments"], "id")[0] > last);
    let currencies = stage.v2(
        "sale.payment.list",
        json!({"filter": {"@currency": ["EUR", "KZT"]}}),
    );
    assert!(
        currencies
            .total
            .is_some_and(|total| total > 20 && total < 400)
    );
}

#[test]
fn a_user_is_invited_and_dismissed() {
    let mut stage = Stage::new(World::empty());
    let user = json!({"EMAIL": "new@example.com", "NAME": "Nora", "UF_DEPARTMENT": [3], "ID": 900});
    let id = stage.v2("user.add", user.clone()).result;
    assert_eq!(stage.refused("user.add", user).code, "ERROR_CORE");
    assert_eq!(stage.refused("user.add", json!({})).code, "ERROR_ARGUMENT");
    let dismissed = json!({"ID": id, "ACTIVE": "N", "WORK_POSITION": "Guest"});
    assert_eq!(stage.v2("user.update", dismissed).result, true);
    let row = stage.v2("user.get", json!({"ID": id})).result[0].clone();
    assert_eq!(
        (&row["NAME"], &row["ACTIVE"], &row["UF_DEPARTMENT"]),
        (&json!("Nora"), &json!(false), &json!([3]))
    );
    assert_eq!(
        stage.refused("user.update", json!({"ID": 900})).code,
        "ERROR_CORE"
    );
}
