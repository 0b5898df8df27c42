use proptest::prelude::*;
use serde_json::json;

use super::{Stage, ids};
use crate::settings::PastTheEnd;

/// Rows, `next` and `total` of each family at starts that tell them apart.
#[test]
fn families_page_as_the_table_says() {
    let mut stage = Stage::demo(120);
    let mut page = |method: &str, start: i64| {
        let (key, params) = match method {
            "crm.item.list" => (
                Some("items"),
                json!({"entityTypeId": 2, "select": ["id"], "start": start}),
            ),
            "tasks.task.list" => (Some("tasks"), json!({"start": start})),
            _ => (None, json!({"start": start})),
        };
        let answer = stage.v2(method, params);
        let rows = key.map_or(&answer.result, |key| &answer.result[key]);
        (rows.as_array().unwrap().len(), answer.next, answer.total)
    };
    for (method, start, expected) in [
        ("crm.deal.list", 0, (50, Some(50), Some(120))),
        ("crm.deal.list", 49, (50, Some(50), Some(120))),
        ("crm.deal.list", 99, (50, Some(100), Some(120))),
        ("crm.deal.list", 100, (20, None, Some(120))),
        ("crm.deal.list", 1000, (50, Some(50), Some(120))),
        ("crm.deal.list", -1, (50, None, Some(0))),
        ("crm.item.list", 60, (50, Some(100), Some(120))),
        ("crm.item.list", 100, (20, None, Some(120))),
        ("crm.item.list", 1000, (0, None, Some(120))),
        ("crm.item.list", -1, (50, None, None)),
        ("tasks.task.list", 0, (48, None, Some(48))),
        ("tasks.task.list", -5, (48, None, None)),
        ("user.get", 0, (25, None, Some(25))),
        ("user.get", 7, (18, None, Some(25))),
        ("user.get", 1000, (0, None, None)),
        ("user.get", -1, (25, None, Some(0))),
        ("crm.currency.list", 50, (4, None, Some(4))),
    ] {
        assert_eq!(page(method, start), expected, "{method} from {start}");
    }
    stage.facts.past_the_end = PastTheEnd::Empty;
    let answer = stage.v2("crm.deal.list", json!({"start": 1000}));
    assert_eq!(
        (answer.result, answer.next, answer.total),
        (json!([]), None, Some(120))
    );
}

#[test]
fn nothing_is_one_empty_page() {
    let mut stage = Stage::demo(60);
    let answer = stage.v2(
        "crm.deal.list",
        json!({"filter": {"TITLE": "no such deal"}}),
    );
    assert_eq!(
        (answer.result, answer.next, answer.total),
        (json!([]), None, Some(0))
    );
    let answer = stage.v2("user.get", json!({"FILTER": {"NAME": "Nobody"}}));
    assert_eq!(
        (answer.result, answer.next, answer.total),
        (json!([]), None, None)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Walking by the id, and by pages, gives every row once, whatever was deleted.
    #[test]
    fn walks_give_every_row_once(gone in proptest::collection::vec(0_usize..160, 0..100), stage_id in prop_oneof!["NEW", "WON", "NONE"], filtered: bool) {
        let mut stage = Stage::demo(160);
        let all = stage.world.ids("deal");
        let gone: Vec<i64> = gone.into_iter().map(|place| all[place]).collect();
        stage.world.delete_rows("deal", &gone);
        let rows = stage.world.rows("deal");
        let passing = rows.iter().filter(|row| !filtered || row["STAGE_ID"] == stage_id.as_str());
        let expected: Vec<i64> = passing.map(|row| row["ID"].as_str().unwrap().parse().unwrap()).collect();

        let mut walked: Vec<i64> = Vec::new();
        let mut last = 0;
        loop {
            let mut filter = json!({">id": last});
            if filtered {
                filter["stageId"] = json!(stage_id);
            }
            let page = stage.v2("crm.item.list", json!({"entityTypeId": 2, "filter": filter, "order": {"id": "ASC"}, "start": -1}));
            let found = ids(&page.result["items"], "id");
            walked.extend(&found);
            match found.last() {
                Some(id) if found.len() == 50 => last = *id,
                _ => break,
            }
        }
        prop_assert_eq!(&walked, &expected);

        let mut paged = Vec::new();
        let mut start = Some(0);
        while let Some(from) = start {
            let filter = if filtered { json!({"STAGE_ID": stage_id}) } else { json!({}) };
            let page = stage.v2("crm.deal.list", json!({"filter": filter, "order": {"OPPORTUNITY": "DESC"}, "select": ["ID"], "start": from}));
            paged.extend(ids(&page.result, "ID"));
            start = page.next;
        }
        paged.sort_unstable();
        prop_assert_eq!(paged, expected);
    }
}
