//! Rows as portals really write them.
#![expect(
    clippy::needless_pass_by_value,
    reason = "json! in the arguments reads best"
)]

use serde_json::{Value, json};

use super::*;
use crate::value::{Date, Multifield};

/// Every way in which PHP says nothing.
const NOTHING: [&str; 5] = ["null", "\"\"", "false", "[]", "{}"];

fn read<T: serde::de::DeserializeOwned>(row: Value) -> T {
    serde_json::from_str(&row.to_string()).unwrap()
}

#[test]
fn a_deal_of_the_universal_methods() {
    let deal: Deal = read(json!({
        "id": 410, "title": "Насос «Вихрь»", "typeId": "SALE", "categoryId": 0, "stageId": "NEW", "probability": null,
        "opportunity": 1_000_000.55, "currencyId": "RUB", "isManualOpportunity": "Y", "taxValue": 0, "closed": "N",
        "companyId": 0, "contactId": 7, "contactIds": [7, 9], "leadId": null, "observers": [],
        "begindate": "2024-08-30T03:00:00+03:00", "closedate": "", "createdTime": "2024-08-30T14:05:00+03:00",
        "comments": "", "utmSource": false, "dateCreateShort": null, "parentId128": 12, "ufCrm_1704067205": ["a", "b"],
        "ufCrm_1704067208": [],
    }));
    assert_eq!(
        (deal.id, deal.category_id, deal.probability),
        (410, Some(0), None)
    );
    assert_eq!(deal.opportunity.as_ref().unwrap().as_str(), "1000000.55");
    assert_eq!(deal.tax_value, Some(0_i64.into()));
    assert_eq!(
        (deal.is_manual_opportunity, deal.closed),
        (Some(true), Some(false))
    );
    assert_eq!(
        (deal.company_id, deal.contact_id, deal.lead_id),
        (None, Some(7), None)
    );
    assert_eq!(
        (deal.contact_ids.as_slice(), deal.observers.len()),
        ([7, 9].as_slice(), 0)
    );
    assert_eq!(
        (deal.begindate, deal.closedate),
        (Date::new(2024, 8, 30), None)
    );
    assert_eq!(deal.created_time.unwrap().offset_seconds(), 10_800);
    assert_eq!(
        (deal.comments.as_deref(), deal.utm_source.as_deref()),
        (None, None)
    );
    let extra: Vec<&str> = deal.extra.iter().map(|(name, _)| name).collect();
    assert_eq!(
        extra,
        ["parentId128", "ufCrm_1704067205", "ufCrm_1704067208"]
    );
}

/// Some portals send numbers as text; nothing of that costs a row.
#[test]
fn nothing_and_text_for_numbers_are_read_in_every_field() {
    let full: Deal = read(json!({
        "id": "5", "title": 77, "typeId": "SALE", "categoryId": "3", "stageId": "NEW", "probability": "50.00",
        "opportunity": "19.90", "isManualOpportunity": true, "leadId": "4", "contactIds": {"0": "7", "5": 9},
        "begindate": "2024-08-30", "movedTime": "2024-08-30T02:00:00Z", "isNew": "1", "observers": ["1"],
    }));
    assert_eq!(
        (full.id, full.title.as_deref(), full.category_id),
        (5, Some("77"), Some(3))
    );
    assert_eq!(
        (full.probability, full.contact_ids.as_slice()),
        (Some(50), [7, 9].as_slice())
    );
    assert_eq!(full.opportunity.as_ref().unwrap().as_str(), "19.90");
    let written = serde_json::to_value(&full).unwrap();
    for (name, value) in written.as_object().unwrap() {
        // A flag that is false is no: a number and a flag are never maps.
        let skipped = if matches!(value.as_str(), Some("Y" | "N")) {
            vec!["false", "{}"]
        } else if value.is_i64() || value.is_array() {
            vec!["{}"]
        } else {
            vec![]
        };
        for nothing in NOTHING
            .iter()
            .filter(|nothing| name != "id" && !skipped.contains(nothing))
        {
            let row = format!(r#"{{"id": 1, "{name}": {nothing}}}"#);
            let deal: Deal = serde_json::from_str(&row).unwrap();
            assert_eq!(
                serde_json::to_value(&deal).unwrap(),
                json!({ "id": 1 }),
                "{row}"
            );
        }
    }
}

#[test]
fn what_is_wrong_is_an_error_that_names_what_was_expected() {
    for (row, expected) in [
        (r#"{"id": 1, "closedate": "soon"}"#, "date"),
        (r#"{"id": 1, "createdTime": "2024-08-30"}"#, "time"),
        (r#"{"id": 1, "opportunity": "a lot"}"#, "decimal"),
        (r#"{"id": 1, "title": true}"#, "text"),
        (r#"{"id": 1, "title": {"en": "x"}}"#, "text"),
        (r#"{"id": "five"}"#, "number"),
    ] {
        let error = serde_json::from_str::<Deal>(row).unwrap_err().to_string();
        assert!(error.contains(expected), "{row}: {error}");
    }
}

#[test]
fn clients_have_phones() {
    let lead: Lead = read(json!({
        "id": 3, "name": "Anna", "hasPhone": "Y", "emailWork": "a@example.com",
        "fm": [{ "id": 5, "typeId": "PHONE", "valueType": "WORK", "value": "+49 30 901820" }],
    }));
    assert_eq!(
        (lead.fm[0].id, lead.fm[0].type_id.as_deref()),
        (Some(5), Some("PHONE"))
    );
    assert_eq!(lead.extra.get("emailWork"), Some(&json!("a@example.com")));
    let contact = Contact {
        fm: vec![
            Multifield::new("a@example.com", "WORK").of_type("EMAIL"),
            Multifield::remove(5),
        ],
        ..Contact::default()
    };
    assert_eq!(
        serde_json::to_value(&contact).unwrap(),
        json!({ "fm": [
            { "value": "a@example.com", "valueType": "WORK", "typeId": "EMAIL" },
            { "id": 5, "delete": "Y" },
        ]})
    );
    assert!(
        read::<Contact>(json!({ "id": 1, "fm": false, "photo": null }))
            .fm
            .is_empty()
    );
}

#[test]
fn a_payment_with_texts_for_nothing() {
    let payment: Payment = read(json!({
        "id": 9, "accountNumber": "7/1", "orderId": 7, "paySystemId": 2, "paySystemIsCash": "A", "sum": 100.1,
        "currency": "EUR", "priceCod": "0.00", "paid": "Y", "datePaid": "2026-05-28T23:26:40+03:00", "psSum": null,
        "psStatus": "", "comments": "", "updated1c": "N", "id1c": "", "version1c": "2", "companyId": 0,
        "payVoucherDate": "2024-08-30T03:00:00+03:00",
    }));
    assert_eq!(payment.sum, Some("100.10".parse().unwrap()));
    assert_eq!(
        (payment.paid, payment.ps_status, payment.updated_1c),
        (Some(true), None, Some(false))
    );
    assert_eq!(
        (payment.id_1c, payment.version_1c.as_deref()),
        (None, Some("2"))
    );
    assert_eq!(
        (payment.pay_voucher_date, payment.company_id),
        (Date::new(2024, 8, 30), None)
    );
    assert!(payment.extra.is_empty());
}

#[test]
fn a_task_with_its_people() {
    let task: Task = read(json!({
        "id": "8017", "title": "Call", "status": "5", "groupId": "0", "deadline": null, "multitask": "N",
        "auditors": ["3", "4"], "accomplices": [], "group": [], "durationType": "days", "favorite": "Y",
        "creator": { "id": "1", "name": "Anna Schmidt", "link": "/u/1/", "icon": "", "workPosition": "" },
        "responsible": [], "action": { "edit": true, "edit.plan": false }, "ufCrmTask": ["D_5"], "ufAuto7": "x",
    }));
    assert_eq!((task.id, task.status, task.group_id), (8017, Some(5), None));
    assert_eq!(
        (task.auditors.as_slice(), task.group.is_none()),
        ([3, 4].as_slice(), true)
    );
    let creator = task.creator.as_ref().unwrap();
    assert_eq!((creator.id, creator.work_position.as_deref()), (1, None));
    assert_eq!(
        (task.action["edit"], task.action["edit.plan"]),
        (true, false)
    );
    assert_eq!(task.uf_crm_task, ["D_5"]);
    let written = serde_json::to_value(&task).unwrap();
    assert_eq!(
        (written.get("creator"), written.get("action")),
        (None, None)
    );
    assert_eq!(
        (&written["ufAuto7"], &written["ufCrmTask"]),
        (&json!("x"), &json!(["D_5"]))
    );
    let of_group: Task = read(
        json!({ "id": "1", "group": { "id": "3", "name": "Team", "opened": true }, "action": [] }),
    );
    assert_eq!(of_group.group.unwrap().name.as_deref(), Some("Team"));
    assert!(
        read::<Task>(json!({ "id": "1", "ufCrmTask": false }))
            .uf_crm_task
            .is_empty()
    );
}

#[test]
fn a_user_in_upper_case() {
    let user: User = read(json!({
        "ID": "17", "ACTIVE": true, "NAME": "Anna", "IS_ONLINE": "Y", "PERSONAL_BIRTHDAY": "", "UF_DEPARTMENT": [3],
        "LAST_LOGIN": "", "TIMESTAMP_X": {}, "LAST_ACTIVITY_DATE": {}, "UF_PHONE_INNER": false,
        "DATE_REGISTER": "2020-01-15T03:00:00+03:00",
    }));
    assert_eq!(
        (user.id, user.active, user.is_online),
        (17, Some(true), Some(true))
    );
    assert_eq!(
        (user.uf_department.as_slice(), user.last_login),
        ([3].as_slice(), None)
    );
    assert_eq!(user.date_register, Date::new(2020, 1, 15));
    assert!(
        read::<User>(json!({ "ID": "1", "UF_DEPARTMENT": false }))
            .uf_department
            .is_empty()
    );
}

#[test]
fn what_was_read_is_written_and_read_alike() {
    let row = json!({
        "id": 5, "title": "Lathe", "opportunity": "19.90", "closedate": "2024-08-30", "opened": "Y", "contactIds": [7],
        "updatedTime": "2024-08-30T14:05:00+03:00", "ufCrm_1": 7,
    });
    let deal: Deal = read(row.clone());
    assert_eq!(serde_json::to_value(&deal).unwrap(), row);
    assert_eq!(serde_json::to_value(Deal::default()).unwrap(), json!({}));
    assert_eq!(serde_json::to_value(Task::default()).unwrap(), json!({}));
}

#[test]
fn extra_fields_are_read_into_a_struct_and_never_shown_with_secrets() {
    #[derive(Debug, serde::Deserialize)]
    struct Mine {
        #[serde(rename = "ufCrm_2", with = "crate::value::number")]
        count: i64,
    }
    let item: Item = read(json!({
        "id": 5, "ufCrm_2": "17",
        "ufCrm_file": { "id": 1, "urlMachine": "https://acme.bitrix24.com/rest/1/k3ys3cret/crm.file/?token=t0ken" },
    }));
    assert_eq!(item.extra.read::<Mine>().unwrap().count, 17);
    let shown = format!("{item:?}");
    assert!(
        !shown.contains("k3ys3cret") && !shown.contains("t0ken"),
        "{shown}"
    );
    let wrong: Item = read(json!({ "id": 5, "ufCrm_2": "many" }));
    let error = wrong.extra.read::<Mine>().unwrap_err();
    assert_eq!(error.kind(), crate::Kind::Answer);
    assert!(error.to_string().contains("ufCrm_2"), "{error}");
}
