//! The data of the demo set as clients read and write it.

use b24_portal::{Portal, Rate};
use serde_json::{Map, Value, json};

use crate::client::{call, call_v3, code};

async fn portal(deals: u64) -> Portal {
    let builder = Portal::builder().deals(deals).rate(Rate::Off);
    builder.start().await.unwrap()
}

fn ids(rows: &Value, field: &str) -> Vec<i64> {
    let number = |row: &Value| {
        let id = &row[field];
        id.as_i64()
            .unwrap_or_else(|| id.as_str().unwrap().parse().unwrap())
    };
    rows.as_array().unwrap().iter().map(number).collect()
}

fn stored(portal: &Portal, entity: &str) -> Vec<i64> {
    ids(&Value::Array(portal.rows(entity)), "ID")
}

/// One request holds a chain of pages, each above the last row of the page before it.
#[tokio::test]
async fn a_chain_of_pages_in_one_batch_reads_every_row_once() {
    let portal = portal(500).await;
    for (method, key, field, path) in [
        ("crm.deal.list", None, "ID", ""),
        ("crm.item.list", Some("items"), "id", "[items]"),
    ] {
        let mut commands = Map::new();
        for page in 0..10 {
            let bound = match page {
                0 => String::new(),
                _ => format!(
                    "&filter[>{field}]=$result[p{}]{path}[49][{field}]",
                    page - 1
                ),
            };
            let select = format!("entityTypeId=2&select[]={field}&order[{field}]=ASC&start=-1");
            commands.insert(
                format!("p{page}"),
                format!("{method}?{select}{bound}").into(),
            );
        }
        let (_, body) = call(&portal, "batch", &json!({"cmd": commands, "halt": 1})).await;
        let pages = &body["result"]["result"];
        let page = |number: usize| {
            let page = &pages[format!("p{number}")];
            ids(key.map_or(page, |key| &page[key]), field)
        };
        let walked: Vec<i64> = (0..10).flat_map(page).collect();
        assert_eq!(walked, stored(&portal, "deal"), "{method}");
    }
}

/// Past a short page the macro finds no row 49, becomes the page itself, and the portal starts over.
#[tokio::test]
async fn past_a_short_page_a_chain_starts_over() {
    let portal = portal(70).await;
    let list = "crm.deal.list?select[]=ID&order[ID]=ASC&start=-1";
    let commands = json!({
        "a": list,
        "b": format!("{list}&filter[>ID]=$result[a][49][ID]"),
        "c": format!("{list}&filter[>ID]=$result[b][49][ID]"),
        "empty": format!("{list}&filter[>ID]=100000"),
        "d": format!("{list}&filter[>ID]=$result[empty][49][ID]"),
    });
    let (_, body) = call(&portal, "batch", &json!({"cmd": commands})).await;
    let pages = &body["result"]["result"];
    let all = stored(&portal, "deal");
    assert_eq!(ids(&pages["b"], "ID"), all[50..]);
    assert_eq!(pages["empty"], json!([]));
    for start_over in ["c", "d"] {
        let found = ids(&pages[start_over], "ID");
        assert_eq!(found.len(), 50, "{start_over}");
        assert!(found[0] <= 2, "{start_over} begins with {}", found[0]);
    }
}

#[tokio::test]
async fn writes_and_reads_agree_across_families_and_versions() {
    let portal = Portal::builder().rate(Rate::Off).start().await.unwrap();
    let fields = json!({"TITLE": "Тест \"кавычки\" & <b>", "OPPORTUNITY": "99.90"});
    let (status, body) = call(&portal, "crm.deal.add", &json!({"fields": fields})).await;
    assert_eq!((status, &body["result"]), (200, &json!(1)));
    let (_, item) = call(
        &portal,
        "crm.item.get",
        &json!({"entityTypeId": 2, "id": 1}),
    )
    .await;
    assert_eq!(item["result"]["item"]["title"], "Тест \"кавычки\" & <b>");
    assert_eq!(item["result"]["item"]["opportunity"], 99.9);
    let (status, gone) = call(&portal, "crm.deal.get", &json!({"id": 2})).await;
    assert_eq!((status, code(&gone)), (400, ""));
    assert_eq!(gone["error_description"], "Not found");

    let task = json!({"title": "v3", "creatorId": 1, "responsibleId": 1});
    let (_, added) = call_v3(&portal, "tasks.task.add", &json!({"fields": task})).await;
    let id = added["result"]["item"]["id"].as_i64().unwrap();
    let (_, read) = call(&portal, "tasks.task.get", &json!({"taskId": id})).await;
    assert_eq!(read["result"]["task"]["id"], id.to_string());

    let (_, log) = call_v3(
        &portal,
        "main.eventlog.list",
        &json!({"select": ["auditTypeId"]}),
    )
    .await;
    let kinds: Vec<&Value> = log["result"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["auditTypeId"])
        .collect();
    assert_eq!(kinds, ["CRM_DEAL_ADD", "TASKS_TASK_ADD"]);
}

#[tokio::test]
async fn the_openapi_document_stands_alone() {
    let portal = portal(60).await;
    let (status, body) = call_v3(&portal, "rest.documentation.openapi", &json!({})).await;
    assert_eq!((status, &body["openapi"]), (200, &json!("3.0.0")));
    assert!(body.get("result").is_none() && body.get("time").is_none());
}

/// What has a `total` in the envelope, and what has not.
#[tokio::test]
async fn envelopes_tell_totals_as_their_families_do() {
    let portal = portal(120).await;
    let deals = json!({"entityTypeId": 2, "start": -1});
    for (method, params, next, total) in [
        ("crm.deal.list", json!({}), json!(50), json!(120)),
        (
            "crm.deal.list",
            json!({"start": "-1"}),
            json!(null),
            json!(0),
        ),
        ("crm.item.list", deals, json!(null), json!(null)),
        ("user.get", json!({}), json!(null), json!(25)),
        ("user.get", json!({"ID": 999}), json!(null), json!(null)),
        (
            "crm.status.list",
            json!({"filter": {"ENTITY_ID": "SOURCE"}}),
            json!(null),
            json!(9),
        ),
    ] {
        let (_, body) = call(&portal, method, &params).await;
        assert_eq!(
            (&body["next"], &body["total"]),
            (&next, &total),
            "{method} {params}"
        );
    }
}
