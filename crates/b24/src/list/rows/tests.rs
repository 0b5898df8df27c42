use serde::Deserialize;

use super::*;
use crate::room::decode;
use crate::room::found::Results;

/// The result of a call.
fn results(result: &str) -> Results {
    let body = Bytes::from(format!(r#"{{"result":{result}}}"#));
    decode::page(200, &body).unwrap().result
}

/// The rows under `key` of a result, with the body they are a piece of.
fn find(result: &str, key: &str) -> Result<Rows, NotRows> {
    let results = results(result);
    Rows::find(results.only(), key, &results.body)
}

fn numbers(rows: &Rows, row_id: &str) -> Vec<String> {
    rows.ids(row_id)
        .unwrap()
        .ids
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn rows_are_found_in_every_shape() {
    let rows = find(r#"[{"ID":"1","X":{"ID":"7"}},{"X":[],"ID":2}]"#, "").unwrap();
    assert_eq!(numbers(&rows, "ID"), ["1", "2"]);
    assert!(rows.ids("ID").unwrap().list);
    let rows = find(r#"{"total":2,"items":[{"id":5}]}"#, "items").unwrap();
    assert_eq!(numbers(&rows, "id"), ["5"]);
    // PHP writes an empty map as a list, and a list with holes as a map.
    assert_eq!(find("[]", "items").unwrap().count(), 0);
    let rows = find(r#"{"items":{"0":{"id":5},"2":{"id":9}}}"#, "items").unwrap();
    assert_eq!(numbers(&rows, "id"), ["5", "9"]);
    assert!(!rows.ids("id").unwrap().list);
    assert_eq!(find(r#"{"1":{"ID":5}}"#, "").unwrap().count(), 1);
}

#[test]
fn a_wrong_key_is_told_with_the_right_ones() {
    let error = find(r#"{"tasks":[],"total":0}"#, "items").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the list is not under \"items\"; the result has the keys tasks, total: \
         name the list's key with .key(\"…\")"
    );
    assert!(!error.is_nothing());
    let error = find(r#"{"tasks":[]}"#, "").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the list is not the result itself")
    );
    assert!(find(r#"[{"ID":1}]"#, "items").is_err());
}

#[test]
fn nothing_is_not_an_empty_page() {
    for nothing in ["null", "false"] {
        assert!(find(nothing, "").unwrap_err().is_nothing());
        assert!(
            find(&format!("{{\"items\":{nothing}}}"), "items")
                .unwrap_err()
                .is_nothing()
        );
    }
    assert!(!find("true", "").unwrap_err().is_nothing());
    assert!(!find("\"text\"", "").unwrap_err().is_nothing());
}

#[test]
fn rows_without_an_integer_id_are_errors_that_say_so() {
    let error = |result: &str| find(result, "").unwrap().ids("ID").unwrap_err().to_string();
    assert!(error(r#"[{"id":1}]"#).contains("a row has no field \"ID\""));
    assert!(error(r#"[{"ID":"abc"}]"#).contains("an integer"));
    assert!(error("[5]").contains("a row"));
}

#[test]
fn a_bad_row_is_named_with_the_place_in_it() {
    #[derive(Debug, Deserialize)]
    struct Deal {
        #[serde(rename = "PRICE")]
        _price: Price,
    }
    #[derive(Debug, Deserialize)]
    struct Price {
        #[serde(rename = "AMOUNT")]
        _amount: f64,
    }
    let rows = find(r#"[{"PRICE":{"AMOUNT":1.5}},{"PRICE":{"AMOUNT":"x"}}]"#, "").unwrap();
    let bad = rows.read::<Deal>().unwrap_err();
    assert_eq!(bad.index, 1);
    assert!(
        bad.text.starts_with("PRICE.AMOUNT: invalid type"),
        "{}",
        bad.text
    );
}

#[test]
fn rows_can_be_kept_as_text() {
    let rows = find(r#"[{"b":1,"a":2.50}]"#, "").unwrap();
    let rows = rows.read::<Box<RawValue>>().unwrap();
    assert_eq!(rows[0].get(), r#"{"b":1,"a":2.50}"#);
}

#[test]
fn an_unknown_shape_is_read_off_the_answer() {
    let guess_of = |result: &str| {
        let results = results(result);
        guess(results.only(), &results.body)
    };
    let pair = |key: &str, id: &str| Some((key.to_owned(), id.to_owned()));
    assert_eq!(guess_of(r#"[{"id":1}]"#), pair("", "id"));
    assert_eq!(guess_of(r#"[{"id":1,"ID":1}]"#), pair("", "ID"));
    assert_eq!(
        guess_of(r#"{"badges":[{"id":1}],"x":3,"codes":["a"]}"#),
        pair("badges", "id")
    );
    assert_eq!(guess_of(r#"{"a":[{"id":1}],"b":[{"id":1}]}"#), None);
    assert_eq!(guess_of("[]"), None);
    assert_eq!(guess_of("null"), None);
}

#[test]
fn a_value_is_read_raw() {
    let rows = find(r#"[{"id":1,"at":"x"},{"at":"2026-01-01","id":2}]"#, "").unwrap();
    assert_eq!(rows.value(1, "at"), Some("2026-01-01".into()));
    assert_eq!(rows.value(0, "no"), None);
    assert_eq!(rows.value(2, "at"), None);
    let rest = rows.without_first(1);
    assert_eq!(
        (numbers(&rest, "id"), rest.count()),
        (vec!["2".to_owned()], 1)
    );
}
