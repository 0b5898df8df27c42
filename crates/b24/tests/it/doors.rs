//! The typed doors of the CRM, against the local portal.

use b24::doors::Done;
use b24::model::{Company, Contact, Deal, Item, Lead};
use b24::value::{EntityType, Money, Multifield};
use b24::{Client, Kind};
use b24_portal::{Fault, Portal};
use serde::Deserialize;
use serde_json::json;

use crate::in_process;

async fn demo(deals: u64) -> (Portal, Client) {
    let portal = Portal::builder().deals(deals).start().await.unwrap();
    let b24 = in_process::client(&portal);
    (portal, b24)
}

async fn empty() -> (Portal, Client) {
    let portal = Portal::start().await;
    let b24 = in_process::client(&portal);
    (portal, b24)
}

#[tokio::test]
async fn a_deal_is_added_read_changed_and_deleted() {
    let (portal, b24) = empty().await;
    let mut new = Deal::default();
    new.title = Some("Lathe & Co".to_owned());
    new.opportunity = Some("1990.50".parse().unwrap());
    new.currency_id = Some("EUR".to_owned());
    new.closedate = Some("2026-02-01".parse().unwrap());
    new.opened = Some(false);
    new.contact_ids = vec![5, 6];
    new.extra.set("ufCrm_1704067202", 12).unwrap();
    let added = b24.deals().add(&new).await.unwrap();
    assert_eq!(
        (added.id, added.title.as_deref()),
        (1, new.title.as_deref())
    );
    assert_eq!(added.opportunity, new.opportunity);
    assert_eq!(
        (added.closedate, added.opened),
        (new.closedate, Some(false))
    );
    assert_eq!(added.contact_ids, [5, 6]);
    assert_eq!(added.stage_id.as_deref(), Some("NEW"));
    assert_eq!(added.extra.get("ufCrm_1704067202"), Some(&json!(12)));
    assert_eq!(b24.deals().get(1).await.unwrap(), added);

    let mut changes = Deal::default();
    changes.stage_id = Some("WON".to_owned());
    let won = b24.deals().update(1, &changes).await.unwrap();
    assert_eq!((won.closed, won.title), (Some(true), added.title));
    assert_eq!(portal.rows("deal")[0]["STAGE_ID"], "WON");

    assert_eq!(b24.deals().delete(1).await.unwrap(), Done);
    let error = b24.deals().get(1).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Refused, Some("NOT_FOUND"))
    );
    assert_eq!(error.method(), Some("crm.item.get"));
}

#[tokio::test]
async fn nothing_stays_and_empty_text_empties() {
    let (_portal, b24) = empty().await;
    let fields = json!({ "title": "One", "comments": "old", "closedate": "2026-02-01", "observers": [2, 3] });
    let id = b24.deals().add(fields).await.unwrap().id;
    let same = b24
        .deals()
        .update(
            id,
            json!({ "comments": null, "closedate": None::<u8>, "title": "Two" }),
        )
        .await
        .unwrap();
    assert_eq!(
        (same.title.as_deref(), same.comments.as_deref()),
        (Some("Two"), Some("old"))
    );
    assert_eq!((same.closedate.is_some(), same.observers.len()), (true, 2));
    let empty = json!({ "comments": "", "closedate": "", "observers": [] });
    let emptied = b24.deals().update(id, empty).await.unwrap();
    assert_eq!(
        (emptied.comments, emptied.closedate, emptied.observers.len()),
        (None, None, 0)
    );

    // In a batch null would be sent as empty text.
    let mut batch = b24.v2().batch();
    let slot = batch.add(
        "a",
        b24.deals()
            .update(id, json!({ "title": null, "comments": "new" })),
    );
    let deal = batch.await.unwrap().take(slot).unwrap();
    assert_eq!(
        (deal.title.as_deref(), deal.comments.as_deref()),
        (Some("Two"), Some("new"))
    );

    let error = b24.deals().update(id, ["title"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.to_string().contains("a struct or a map"), "{error}");
}

#[tokio::test]
async fn a_list_streams_models_and_structs_of_ones_own() {
    #[derive(Deserialize)]
    struct MyDeal {
        id: u64,
        #[serde(
            rename = "ufCrm_1704067207",
            default,
            with = "b24::value::money::option"
        )]
        budget: Option<Money>,
    }
    let (portal, b24) = demo(400).await;
    let all = b24.deals().list().await.unwrap();
    let ids: Vec<i64> = all.iter().map(|deal| deal.id as i64).collect();
    assert_eq!(ids, portal.ids("deal"));
    assert!(
        all.iter()
            .all(|deal| deal.created_time.is_some() && deal.opportunity.is_some())
    );

    let mut mine = b24.deals().list().items::<MyDeal>();
    let (mut count, mut budgets) = (0, 0);
    while let Some(deal) = mine.try_next().await.unwrap() {
        assert!(deal.id > 0);
        (count, budgets) = (count + 1, budgets + usize::from(deal.budget.is_some()));
    }
    assert_eq!(count, all.len());
    let by_extra = all
        .iter()
        .filter(|deal| deal.extra.get("ufCrm_1704067207").is_some());
    assert!(budgets > 0 && budgets == by_extra.count());

    let won = b24
        .deals()
        .list()
        .filter(json!({ "stageId": "WON", ">opportunity": 1000 }))
        .select(["stageId"]);
    for deal in won.await.unwrap() {
        assert_eq!((deal.stage_id.as_deref(), deal.title), (Some("WON"), None));
    }
    let typed = b24
        .deals()
        .get(ids[0] as u64)
        .typed::<MyDeal>()
        .await
        .unwrap();
    assert_eq!(typed.id, ids[0] as u64);
}

#[tokio::test]
async fn a_misspelt_field_in_a_filter_is_refused() {
    let (_portal, b24) = demo(60).await;
    let error = b24
        .deals()
        .list()
        .filter(json!({ "stage": "NEW" }))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Refused, Some("INVALID_ARG_VALUE"))
    );
    assert!(error.description().unwrap().contains("'stage'"), "{error}");
}

#[tokio::test]
async fn leads_contacts_and_companies_have_doors() {
    let (portal, b24) = demo(60).await;
    assert_eq!(
        b24.leads().list().await.unwrap().len(),
        portal.ids("lead").len()
    );
    assert_eq!(
        b24.contacts().list().await.unwrap().len(),
        portal.ids("contact").len()
    );
    assert_eq!(
        b24.companies().list().await.unwrap().len(),
        portal.ids("company").len()
    );

    let mut lead = Lead::default();
    lead.name = Some("Anna".to_owned());
    lead.fm = vec![Multifield::new("+49 30 901820", "WORK").of_type("PHONE")];
    let lead = b24.leads().add(&lead).await.unwrap();
    assert_eq!(
        (lead.fm[0].value.as_str(), lead.stage_id.as_deref()),
        ("+49 30 901820", Some("NEW"))
    );

    let mut contact = Contact::default();
    contact.last_name = Some("Schmidt".to_owned());
    contact.birthdate = Some("1990-05-01".parse().unwrap());
    let contact = b24.contacts().add(&contact).await.unwrap();
    assert_eq!(contact.birthdate, Some("1990-05-01".parse().unwrap()));
    let error = b24.contacts().add(Contact::default()).await.unwrap_err();
    assert_eq!(error.code(), Some("CRM_FIELD_ERROR_REQUIRED"));

    let mut company = Company::default();
    company.title = Some("Acme".to_owned());
    company.revenue = Some("100.10".parse().unwrap());
    let company = b24.companies().add(&company).await.unwrap();
    assert_eq!(company.revenue.unwrap().to_string(), "100.1");
    b24.companies()
        .update(company.id, json!({ "title": "Acme Ltd" }))
        .await
        .unwrap();
    let acme = b24.companies().get(company.id).await.unwrap();
    assert_eq!(acme.title.as_deref(), Some("Acme Ltd"));
    b24.leads().delete(lead.id).await.unwrap();
    b24.contacts().delete(contact.id).await.unwrap();
    b24.companies().delete(company.id).await.unwrap();
}

#[tokio::test]
async fn phones_are_changed_by_id_and_added_without() {
    let (_portal, b24) = empty().await;
    let mut contact = Contact::default();
    contact.name = Some("Anna".to_owned());
    contact.fm = vec![
        Multifield::new("1", "WORK").of_type("PHONE"),
        Multifield::new("2", "HOME").of_type("PHONE"),
    ];
    let mut contact = b24.contacts().add(&contact).await.unwrap();
    contact.fm[0].value = "3".to_owned();
    contact.fm[1] = Multifield::remove(contact.fm[1].id.unwrap()).of_type("PHONE");
    let contact = b24.contacts().update(contact.id, &contact).await.unwrap();
    let values: Vec<_> = contact
        .fm
        .iter()
        .map(|phone| phone.value.as_str())
        .collect();
    assert_eq!(values, ["3"]);
}

#[tokio::test]
async fn invoices_and_smart_processes_are_items() {
    let (portal, b24) = demo(60).await;
    let invoices = b24.items(EntityType::SmartInvoice);
    let listed = invoices.list().await.unwrap();
    assert_eq!(listed.len(), portal.ids("smart_invoice").len());
    assert!(
        listed
            .iter()
            .all(|invoice| invoice.entity_type_id == Some(31) && invoice.account_number.is_some())
    );

    let projects = b24.items(EntityType::Dynamic(128));
    let mut project = Item::default();
    project.title = Some("Move".to_owned());
    let project = projects.add(&project).await.unwrap();
    assert_eq!(
        projects.get(project.id).await.unwrap().title.as_deref(),
        Some("Move")
    );
    projects.delete(project.id).await.unwrap();
    let error = b24
        .items(EntityType::Dynamic(999))
        .get(1)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("NOT_FOUND"));
}

#[tokio::test]
async fn a_lost_answer_is_not_a_second_deal() {
    let (portal, b24) = empty().await;
    portal.fail_next("crm.item.add", Fault::CutAfterRun);
    let error = b24
        .deals()
        .add(json!({ "title": "once" }))
        .await
        .unwrap_err();
    assert!(error.may_have_run());
    assert_eq!(portal.rows("deal").len(), 1);
}
