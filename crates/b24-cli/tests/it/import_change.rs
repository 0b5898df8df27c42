//! `b24 import --mode update` and `--mode upsert`: rows that are on the portal already.

use b24_portal::{Fault, FaultRule};
use serde_json::Value;

use crate::import::{assert_each_once, deals, portal, run, titles};
use crate::served::Served;
use crate::support::{Home, shown};

fn field(served: &Served, entity: &str, name: &str) -> Vec<Value> {
    let rows = served.portal.rows(entity);
    rows.iter().map(|row| row[name].clone()).collect()
}

#[test]
fn an_update_changes_the_rows_of_its_ids_and_survives_lost_answers() {
    let (served, home) = (portal(), Home::new());
    served.portal.insert_rows("deal", 120);
    let ids = served.portal.ids("deal");
    let mut lines = vec!["id,title".to_owned()];
    lines.extend((1..).zip(&ids).map(|(n, id)| format!("{id},Deal {n}")));
    lines.push("99999999,Nobody".to_owned());
    home.write("deals.csv", &lines.join("\n"));
    let lost = FaultRule::new(Fault::CutAfterRun).method("batch");
    served.portal.add_fault(lost.every(2));
    let words = [
        "import",
        "deals",
        "deals.csv",
        "--mode",
        "update",
        "--yes",
        "--settle",
        "3s",
    ];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 3"), "{text}");
    assert!(text.contains("1 of 121 rows were not imported"), "{text}");
    assert!(text.contains("row 122"), "{text}");
    assert_each_once(&served, 120);
    assert_eq!(served.portal.ids("deal"), ids);
}

#[test]
fn a_table_that_is_loaded_twice_makes_no_duplicates() {
    let (served, home) = (portal(), Home::new());
    let table = |rows: std::ops::RangeInclusive<u64>| {
        let lines = rows.map(|n| format!("ERP-{n},Deal {n}\n"));
        std::iter::once("originId,title\n".to_owned())
            .chain(lines)
            .collect::<String>()
    };
    home.write("first.csv", &table(1..=80));
    home.write("second.csv", &table(41..=130));
    let upsert = |file| {
        let words = [
            "import", "deals", file, "--mode", "upsert", "--key", "originId", "--yes", "--settle",
            "3s",
        ];
        let text = shown(&run(&served, &home, &words));
        assert!(text.starts_with("exit: 0"), "{text}");
    };
    upsert("first.csv");
    assert_each_once(&served, 80);
    // The answer to the first rows that are sent is lost.
    let lost = FaultRule::new(Fault::CutAfterRun).method("batch");
    served.portal.add_fault(lost.skip(1));
    upsert("second.csv");
    assert_each_once(&served, 130);
}

#[test]
fn a_key_that_two_rows_have_is_told() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 2);
    home.write(
        "twice.csv",
        "originId,title\nA,Deal 1\nA,Deal 2\n,Deal 3\nB,Deal 4\n",
    );
    let words = [
        "import",
        "deals",
        "twice.csv",
        "--mode",
        "upsert",
        "--key",
        "originId",
    ];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 3"), "{text}");
    assert!(text.contains("1 x originId: row 2 has the same"), "{text}");
    assert!(text.contains("1 x originId: is empty"), "{text}");
    assert_eq!(titles(&served), ["Deal 1", "Deal 4"]);
}

#[test]
fn the_ids_of_the_file_prove_what_is_there_and_older_rows_do_not() {
    let (served, home) = (portal(), Home::new());
    home.write("old.csv", "originId,title\nA,Old\n");
    assert!(
        run(&served, &home, &["import", "deals", "old.csv"])
            .status
            .success()
    );
    home.write("new.csv", "originId,title\nA,Deal 1\nB,Deal 2\n");
    // Nothing of it runs: the old row of the same id is no proof.
    served.portal.fail_next("batch", Fault::CutBeforeRun);
    let words = ["import", "deals", "new.csv", "--settle", "3s"];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert_eq!(titles(&served), ["Deal 1", "Deal 2", "Old"]);
    assert_eq!(field(&served, "deal", "ORIGIN_ID"), ["A", "A", "B"]);
}

/// The values of a contact's phones, sorted.
fn phones(served: &Served) -> Vec<String> {
    let all = field(served, "contact", "PHONE").remove(0);
    let each = all.as_array().expect("phones").iter();
    let mut values: Vec<String> = each
        .map(|phone| phone["VALUE"].as_str().expect("a number").to_owned())
        .collect();
    values.sort_unstable();
    values
}

#[test]
fn a_phone_is_added_once_although_the_answer_is_lost() {
    let (served, home) = (portal(), Home::new());
    home.write("people.csv", "name,PHONE\nAnna,+7 900 1\n");
    let add = ["import", "contacts", "people.csv"];
    assert!(run(&served, &home, &add).status.success());
    let id = served.portal.ids("contact")[0];
    home.write("more.csv", &format!("id,PHONE\n{id},+7 900 2\n"));
    // The first batch asks what is there, the second adds.
    let lost = FaultRule::new(Fault::CutAfterRun).method("batch").skip(1);
    served.portal.add_fault(lost);
    let words = [
        "import", "contacts", "more.csv", "--mode", "update", "--settle", "3s",
    ];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert_eq!(phones(&served), ["+7 900 1", "+7 900 2"]);
}

#[test]
fn phones_of_a_table_loaded_again_stay_as_they_are_or_are_replaced() {
    let (served, home) = (portal(), Home::new());
    let load = |name: &str, phones: &str, flags: &[&str]| {
        home.write(name, &format!("originId,name,Phone\nA,Anna,{phones}\n"));
        let mut words = vec!["import", "contacts", name, "--mode", "upsert"];
        words.extend(["--key", "originId", "--map", "Phone=PHONE"]);
        words.extend(flags);
        let text = shown(&run(&served, &home, &words));
        assert!(text.starts_with("exit: 0"), "{text}");
    };
    load("first.csv", "+7 900 1;+7 900 2", &[]);
    load("again.csv", "+7 900 1;+7 (900) 2", &[]);
    assert_eq!(phones(&served), ["+7 900 1", "+7 900 2"]);
    load("third.csv", "+7 900 3", &[]);
    assert_eq!(phones(&served), ["+7 900 1", "+7 900 2", "+7 900 3"]);
    load("fourth.csv", "+7 900 3", &["--contacts", "replace"]);
    assert_eq!(phones(&served), ["+7 900 3"]);
    assert_eq!(served.portal.ids("contact").len(), 1);
}

#[test]
fn without_automation_rows_come_by_the_method_that_starts_none() {
    let (served, home) = (portal(), Home::new());
    deals(&home, 3);
    let plan = [
        "import",
        "deals",
        "deals.csv",
        "--no-automation",
        "--dry-run",
    ];
    let text = shown(&run(&served, &home, &plan));
    assert!(
        text.contains("none: crm.item.import starts neither"),
        "{text}"
    );
    let words = ["import", "deals", "deals.csv", "--no-automation"];
    let text = shown(&run(&served, &home, &words));
    assert!(text.starts_with("exit: 0"), "{text}");
    assert_each_once(&served, 3);
    assert!(served.portal.automation().is_empty());
    let tasks = ["import", "tasks", "deals.csv", "--no-automation"];
    let text = shown(&run(&served, &home, &tasks));
    assert!(text.starts_with("exit: 2"), "{text}");
    assert!(
        text.contains("--no-automation is for CRM entities"),
        "{text}"
    );
}
