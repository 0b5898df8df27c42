use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Filter, FilterError, Op, and, between, condition, eq, ge, gt, le, lt, ne, not, one_of, or,
};

fn sent(filter: &Filter) -> Value {
    serde_json::to_value(filter).unwrap()
}

fn field(name: &str) -> String {
    name.to_owned()
}

#[test]
fn conditions_are_triples() {
    let cases = [
        (eq("a", 1), json!(["a", "=", 1])),
        (ne("a", ()), json!(["a", "!=", null])),
        (gt("a", 1.5), json!(["a", ">", 1.5])),
        (ge("a", "x"), json!(["a", ">=", "x"])),
        (lt("a", -1), json!(["a", "<", -1])),
        (le("a", true), json!(["a", "<=", true])),
        (one_of("a", [1, 2]), json!(["a", "in", [1, 2]])),
        (
            one_of("a", vec![None, Some("x")]),
            json!(["a", "in", [null, "x"]]),
        ),
        (between("a", 1, 2), json!(["a", "between", [1, 2]])),
    ];
    for (filter, expected) in cases {
        assert_eq!(sent(&filter), json!([expected]));
    }
}

#[test]
fn the_top_is_a_list_and_groups_inside_groups_are_typed() {
    let filter = eq("s", "NEW").and(or([gt("id", 1), lt("id", 9).and(ne("x", 0))]));
    assert_eq!(
        sent(&filter),
        json!([["s", "=", "NEW"], {"logic": "or", "conditions": [
            ["id", ">", 1],
            {"type": "filter", "logic": "and", "conditions": [["id", "<", 9], ["x", "!=", 0]]},
        ]}])
    );
    let filter = eq("a", 1).or(eq("b", 2));
    assert_eq!(
        sent(&filter),
        json!([{"logic": "or", "conditions": [["a", "=", 1], ["b", "=", 2]]}])
    );
}

#[test]
fn joining_again_makes_no_deeper_group() {
    let filter = eq("a", 1).and(eq("b", 2)).and(eq("c", 3));
    assert_eq!(
        sent(&filter),
        json!([["a", "=", 1], ["b", "=", 2], ["c", "=", 3]])
    );
    assert_eq!(sent(&and([eq("a", 1)])), sent(&eq("a", 1)));
    assert_eq!(filter, and([eq("a", 1), eq("b", 2), eq("c", 3)]));
}

#[test]
fn negation_is_a_group_and_twice_is_nothing() {
    let one = json!([{"logic": "and", "negative": true, "conditions": [["a", "in", [1]]]}]);
    assert_eq!(sent(&not(one_of("a", [1]))), one);
    assert_eq!(!!eq("a", 1), eq("a", 1));
    let either = eq("a", 1).or(eq("b", 2));
    assert_eq!(sent(&!either.clone())[0]["negative"], json!(true));
    assert_eq!(!!either.clone(), either);
    // A negated group is not joined into another.
    let filter = (!eq("a", 1).and(eq("b", 2))).and(eq("c", 3));
    assert_eq!(sent(&filter)[1], json!(["c", "=", 3]));
    assert_eq!(sent(&filter)[0]["negative"], json!(true));
}

#[test]
fn tuples_and_lists_of_them_are_filters() {
    assert_eq!(Filter::from(("a", 1)), eq("a", 1));
    assert_eq!(Filter::from(("a", [1, 2])), one_of("a", [1, 2]));
    assert_eq!(Filter::from(("a", ">=", 5)), ge("a", 5));
    assert_eq!(
        Filter::from([("a", ">", 1), ("b", "<", 2)]),
        gt("a", 1).and(lt("b", 2))
    );
    assert_eq!(Filter::from(vec![("a", "x".to_owned())]), eq("a", "x"));
    assert_eq!(or([("a", 1), ("b", 2)]), eq("a", 1).or(eq("b", 2)));
}

#[test]
fn what_the_portal_would_refuse_is_an_error_here() {
    let nothing: [i32; 0] = [];
    let cases = [
        (eq("", 1), FilterError::NoField),
        (
            one_of("a", nothing),
            FilterError::EmptyIn { field: field("a") },
        ),
        (one_of("a", 5), FilterError::EmptyIn { field: field("a") }),
        (
            one_of("a", [[1]]),
            FilterError::EmptyIn { field: field("a") },
        ),
        (
            between("a", 1, ()),
            FilterError::Between { field: field("a") },
        ),
        (
            between("a", "", 2),
            FilterError::Between { field: field("a") },
        ),
        (
            condition("a", Op::Between, [1]),
            FilterError::Between { field: field("a") },
        ),
        (
            eq("a", [1]),
            FilterError::NotScalar {
                field: field("a"),
                op: Op::Eq,
            },
        ),
        (
            gt("a", json!({})),
            FilterError::NotScalar {
                field: field("a"),
                op: Op::Gt,
            },
        ),
        (and(Vec::<Filter>::new()), FilterError::EmptyGroup),
        (
            ("a", "%", "x").into(),
            FilterError::Operator {
                field: field("a"),
                op: "%".into(),
            },
        ),
        (or(Vec::<Filter>::new()), FilterError::EmptyGroup),
    ];
    for (filter, error) in cases {
        assert_eq!(filter.check(), Err(error.clone()));
        assert_eq!(
            serde_json::to_string(&filter).unwrap_err().to_string(),
            error.to_string()
        );
        // One bad member spoils the whole, wherever it stands.
        assert_eq!((!eq("x", 1).or(gt("y", 2).and(filter))).check(), Err(error));
    }
    let bad = eq("a", f64::NAN);
    assert_eq!(
        bad.check().unwrap_err().to_string(),
        "a: NaN is not a JSON number"
    );
    assert!(eq("a", BTreeMap::from([((1, 2), 3)])).check().is_err());
}

#[test]
fn references_to_other_commands_pass() {
    assert!(one_of("a", json!({"$refArray": "list.id"})).check().is_ok());
    assert!(eq("a", json!({"$ref": "task.id"})).check().is_ok());
    assert!(one_of("a", "\u{1}b24:0:1:1:id").check().is_ok());
}

#[test]
fn json_is_read_in_every_form_of_the_grammar() {
    let cases = [
        (json!(["id", 5]), eq("id", 5)),
        (json!(["id", "=", 5]), eq("id", 5)),
        (
            json!([["id", ">", 10], ["s", [2, 3]]]),
            gt("id", 10).and(one_of("s", [2, 3])),
        ),
        (
            json!({"logic": "or", "conditions": [["id", 1], {"type": "filter", "logic": "and",
                "conditions": [["t", "=", "x"], ["id", ">", 3]]}]}),
            eq("id", 1).or(eq("t", "x").and(gt("id", 3))),
        ),
        (
            json!([["id", ">", 1], {"logic": "or", "conditions": [["a", 1], ["b", 2]]}]),
            gt("id", 1).and(eq("a", 1).or(eq("b", 2))),
        ),
        (
            json!({"negative": true, "conditions": [["a", 1]]}),
            !eq("a", 1),
        ),
    ];
    for (value, filter) in cases {
        assert_eq!(sent(&Filter::try_from(value).unwrap()), sent(&filter));
    }
    let expression = json!([[{"expression": "length", "parameters": ["title"]}, ">", 5]]);
    assert_eq!(
        sent(&Filter::try_from(expression.clone()).unwrap()),
        expression
    );
}

#[test]
fn json_that_is_no_filter_is_refused_where_it_is_wrong() {
    let refused = |value: Value| Filter::try_from(value).unwrap_err().to_string();
    assert_eq!(
        refused(json!([["a", 1], {"logic": "xor", "conditions": [["a", 1]]}])),
        "filter[1] is no v3 filter: `logic` must be \"and\" or \"or\""
    );
    assert_eq!(
        refused(json!({"conditions": [["a", 1], {"conditions": "bad"}]})),
        "filter.conditions[1] is no v3 filter: `conditions` must be a list"
    );
    assert_eq!(
        refused(json!([["a", "LIKE", "x"]])),
        "a: v3 knows no filter operator \"LIKE\"; it has = != > >= < <= in between"
    );
    for value in [
        json!([]),
        json!(null),
        json!("a"),
        json!(5),
        json!([5]),
        json!([["a"]]),
        json!([["a", 5, 6]]),
        json!([["a", "=", 1, 2]]),
        json!([["a", "in", []]]),
        json!([["a", "between", [1, null]]]),
        json!({"conditions": []}),
        json!({"conditions": [["a", 1]], "negative": 1}),
        json!({"conditions": [["a", 1]], "logic": "AND"}),
        json!({"conditions": [{"type": "condition", "leftOperand": "a"}]}),
        json!({">id": 1}),
    ] {
        assert!(Filter::try_from(value.clone()).is_err(), "{value}");
    }
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let leaf = ("[a-z]{1,4}", 0..4, any::<i32>()).prop_map(|(name, kind, number)| match kind {
        0 => eq(name, number),
        1 => one_of(name, [number, 1]),
        2 => between(name, "a", number),
        _ => ne(name, ()),
    });
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(and),
            prop::collection::vec(inner.clone(), 1..4).prop_map(or),
            inner.prop_map(not),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_sent_is_read_back(filter in any_filter()) {
        let value = sent(&filter);
        let again = Filter::try_from(value.clone()).unwrap();
        prop_assert_eq!(sent(&again), value);
    }
}
