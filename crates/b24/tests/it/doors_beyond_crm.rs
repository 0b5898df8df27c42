//! The typed doors of payments, tasks and users, against the local portal.

use b24::doors::Done;
use b24::model::{Payment, Task, User};
use b24::{Client, Kind};
use b24_portal::Portal;
use serde_json::json;

use crate::in_process;

async fn demo() -> (Portal, Client) {
    let portal = Portal::builder().deals(1_000).start().await.unwrap();
    let b24 = in_process::client(&portal);
    (portal, b24)
}

#[tokio::test]
async fn payments_of_a_period() {
    let (portal, b24) = demo().await;
    let all = b24.payments().list().await.unwrap();
    let ids: Vec<i64> = all.iter().map(|payment| payment.id as i64).collect();
    assert_eq!(ids, portal.ids("payment"));
    let year = json!({ "paid": "Y", ">=datePaid": "2025-01-01", "<datePaid": "2026-01-01" });
    let paid = b24
        .payments()
        .list()
        .filter(year)
        .select(["sum", "currency", "datePaid"]);
    let paid = paid.await.unwrap();
    let expected = all.iter().filter(|payment| {
        payment.paid == Some(true)
            && payment
                .date_paid
                .is_some_and(|date| date.date().year() == 2025)
    });
    assert!(paid.len() > 20 && paid.len() == expected.count());
    assert!(paid.iter().all(|payment| payment.sum.is_some()
        && payment.currency.is_some()
        && payment.paid.is_none()));
}

#[tokio::test]
async fn a_payment_is_added_paid_and_deleted() {
    let (_portal, b24) = demo().await;
    let mut payment = Payment::default();
    payment.order_id = Some(7);
    payment.pay_system_id = Some(1);
    payment.sum = Some("19.90".parse().unwrap());
    let added = b24.payments().add(&payment).await.unwrap();
    assert_eq!(
        (added.sum, added.paid, added.order_id),
        (payment.sum, Some(false), Some(7))
    );
    let paid = b24
        .payments()
        .update(added.id, json!({ "paySystemId": 1, "paid": "Y" }))
        .await
        .unwrap();
    assert!(paid.date_paid.is_some());
    assert_eq!(b24.payments().get(added.id).await.unwrap(), paid);
    assert_eq!(b24.payments().delete(added.id).await.unwrap(), Done);
    let error = b24.payments().get(added.id).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Refused, Some("200640400001"))
    );
}

#[tokio::test]
async fn tasks_are_read_and_written_by_one_model() {
    let (portal, b24) = demo().await;
    assert_eq!(
        b24.tasks().list().await.unwrap().len(),
        portal.ids("task").len()
    );
    let done = b24
        .tasks()
        .list()
        .filter(json!({ "STATUS": 5 }))
        .select(["ID", "TITLE", "STATUS"]);
    assert!(
        done.await
            .unwrap()
            .iter()
            .all(|task| task.status == Some(5) && task.closed_date.is_none())
    );

    let mut task = Task::default();
    task.title = Some("Call".to_owned());
    task.responsible_id = Some(2);
    task.auditors = vec![3, 4];
    task.uf_crm_task = vec!["D_5".to_owned()];
    task.allow_change_deadline = Some(false);
    let added = b24.tasks().add(&task).await.unwrap();
    assert_eq!(
        (added.responsible_id, &added.auditors),
        (Some(2), &vec![3, 4])
    );
    assert_eq!(added.responsible.as_ref().map(|person| person.id), Some(2));
    assert_eq!(
        (added.allow_change_deadline, added.action["edit"]),
        (Some(false), true)
    );
    let closed = b24
        .tasks()
        .update(added.id, json!({ "status": 5 }))
        .await
        .unwrap();
    assert!(closed.closed_date.is_some());
    let read = b24.tasks().get(added.id).await.unwrap();
    assert_eq!((read.status, read.uf_crm_task), (Some(5), task.uf_crm_task));

    // A whole task goes back, too: the portal passes over what it writes itself.
    let back = b24.tasks().update(added.id, &closed).await.unwrap();
    assert_eq!(back.title, closed.title);
    assert_eq!(b24.tasks().delete(added.id).await.unwrap(), Done);
    assert_eq!(
        b24.tasks().get(added.id).await.unwrap_err().kind(),
        Kind::Refused
    );
}

#[tokio::test]
async fn users_are_invited_and_dismissed() {
    let (portal, b24) = demo().await;
    let me = b24.users().current().await.unwrap();
    assert_eq!((me.id, me.active), (1, Some(true)));
    let all = b24.users().list().await.unwrap();
    assert_eq!(all.len(), portal.ids("user").len());
    let active = b24
        .users()
        .list()
        .filter(json!({ "ACTIVE": true }))
        .await
        .unwrap();
    assert!(active.len() < all.len() && active.iter().all(|user| user.active == Some(true)));

    let mut user = User::default();
    user.email = Some("nora@example.com".to_owned());
    user.name = Some("Nora".to_owned());
    user.uf_department = vec![3];
    let id = b24.users().add(&user).await.unwrap();
    assert_eq!(
        b24.users()
            .update(id, json!({ "ACTIVE": "N" }))
            .await
            .unwrap(),
        Done
    );
    let read = b24.users().get(id).await.unwrap();
    assert_eq!(
        (read.name, read.active, read.uf_department),
        (user.name, Some(false), vec![3])
    );
    let error = b24.users().get(999_999).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Answer);
    assert!(error.to_string().contains("nothing was found"), "{error}");
}
