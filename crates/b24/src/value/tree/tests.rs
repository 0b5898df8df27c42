use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Tree;

/// Any JSON value.
fn any_tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(Tree::from),
        any::<u64>().prop_map(Tree::from),
        (-1e12..1e12_f64).prop_map(|number| Tree::from(json!(number))),
        ".{0,8}".prop_map(Tree::Text),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Tree::List),
            prop::collection::vec((".{0,6}", inner), 0..6).prop_map(Tree::from_pairs),
        ]
    })
}

fn json_of(tree: &Tree) -> String {
    serde_json::to_string(tree).unwrap()
}

proptest! {
    #[test]
    fn json_text_round_trips_in_order(tree in any_tree()) {
        let text = json_of(&tree);
        let again: Tree = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&again, &tree);
        prop_assert_eq!(json_of(&again), text);
    }

    #[test]
    fn serialising_a_tree_gives_the_same_tree(tree in any_tree()) {
        prop_assert_eq!(Tree::from_serialize(&tree).unwrap(), tree);
    }

    #[test]
    fn values_go_both_ways(tree in any_tree()) {
        let value = Value::from(tree.clone());
        prop_assert_eq!(&serde_json::to_value(&tree).unwrap(), &value);
        prop_assert_eq!(Value::from(Tree::from(value.clone())), value);
    }
}

#[derive(Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct Order {
    title: &'static str,
    amount: f32,
    closed: Option<bool>,
    #[serde(flatten)]
    extra: HashMap<String, u8>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    Unit,
    One(i32),
    Two(i32, char),
    Named { z: (), a: u8 },
}

#[test]
fn fields_keep_their_order() {
    let order = Order {
        title: "b",
        amount: 0.1,
        closed: None,
        extra: HashMap::from([("TITLE".to_owned(), 7)]),
    };
    let tree = Tree::from_serialize(&order).unwrap();
    assert_eq!(json_of(&tree), r#"{"TITLE":7,"AMOUNT":0.1,"CLOSED":null}"#);
}

#[test]
fn enums_read_as_in_serde_json() {
    let shapes = [
        Shape::Unit,
        Shape::One(1),
        Shape::Two(2, 'x'),
        Shape::Named { z: (), a: 3 },
    ];
    let tree = Tree::from_serialize(&shapes).unwrap();
    assert_eq!(json_of(&tree), serde_json::to_string(&shapes).unwrap());
}

#[test]
fn raw_json_is_read_in_its_order() {
    let raw = RawValue::from_string(r#"{"z":[1.50,{"b":1,"a":2}],"y":null}"#.into()).unwrap();
    let tree = Tree::from_serialize(&json!({"n": 1})).unwrap();
    assert_eq!(json_of(&tree), r#"{"n":1}"#);
    let tree = Tree::from_serialize(&("x", &raw)).unwrap();
    assert_eq!(
        json_of(&tree),
        r#"["x",{"z":[1.5,{"b":1,"a":2}],"y":null}]"#
    );
}

#[test]
fn integers_and_variants_are_keys() {
    let tree = Tree::from_serialize(&BTreeMap::from([(39_u32, "bot"), (7, "other")])).unwrap();
    assert_eq!(json_of(&tree), r#"{"7":"other","39":"bot"}"#);
    let tree = Tree::from_serialize(&BTreeMap::from([(Shape::Unit, 1)])).unwrap();
    assert_eq!(json_of(&tree), r#"{"Unit":1}"#);
}

#[test]
fn what_json_cannot_say_is_refused() {
    let refused = |error: serde_json::Error| error.to_string();
    assert_eq!(
        refused(Tree::from_serialize(&f64::NAN).unwrap_err()),
        "NaN is not a JSON number"
    );
    assert!(Tree::from_serialize(&[f32::INFINITY]).is_err());
    assert!(Tree::from_serialize(&u128::MAX).is_err());
    assert!(Tree::from_serialize(&i128::MIN).is_err());
    for error in [
        Tree::from_serialize(&BTreeMap::from([(true, 1)])).unwrap_err(),
        Tree::from_serialize(&BTreeMap::from([((1, 2), 1)])).unwrap_err(),
        Tree::from_serialize(&BTreeMap::from([(None::<i32>, 1)])).unwrap_err(),
        Tree::from_serialize(&BTreeMap::from([(Shape::One(1), 1)])).unwrap_err(),
    ] {
        assert!(refused(error).starts_with("a map key must be text or an integer"));
    }
}

#[test]
fn keys_are_found_set_and_removed() {
    let mut tree: Tree = serde_json::from_str(r#"{"Filter":1,"b":2,"a":3}"#).unwrap();
    assert_eq!(tree.get("filter"), None);
    assert_eq!(tree.set("b", Tree::Null), Some(Tree::from(2_u64)));
    assert_eq!(tree.set("c", true.into()), None);
    assert_eq!(tree.remove("a"), Some(Tree::from(3_u64)));
    assert_eq!(tree.remove("a"), None);
    assert_eq!(json_of(&tree), r#"{"Filter":1,"b":null,"c":true}"#);

    let mut nothing = Tree::Null;
    nothing.set("a", "x".into());
    assert_eq!(json_of(&nothing), r#"{"a":"x"}"#);
}

#[test]
fn texts_are_walked_in_order_and_replaced() {
    let mut tree: Tree =
        serde_json::from_str(r#"{"z":"1","y":["2",{"x":"3"},4],"w":"5"}"#).unwrap();
    assert!(tree.any_text(&|text| text == "3"));
    assert!(!tree.any_text(&|text| text == "4"));
    let mut seen = Vec::new();
    let walked: Result<(), String> = tree.for_each_text(&mut |node| {
        let text = node.as_text().unwrap_or_default().to_owned();
        if text == "5" {
            return Err(text);
        }
        *node = Tree::List(vec!["again".into()]);
        seen.push(text);
        Ok(())
    });
    assert_eq!(walked, Err("5".to_owned()));
    assert_eq!(seen, ["1", "2", "3"]);
    assert_eq!(
        json_of(&tree),
        r#"{"z":["again"],"y":[["again"],{"x":["again"]},4],"w":"5"}"#
    );
}
