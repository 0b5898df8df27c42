use proptest::prelude::*;
use serde_json::{Value, json};

use super::decode::decode_tree;
use super::{Empty, FormError, Limits, decode, encode};
use crate::value::Tree;

fn read(form: &str) -> Value {
    decode(form.as_bytes(), Limits::default()).unwrap()
}

fn write(pairs: &Value, empty: Empty) -> Result<String, FormError> {
    let Tree::Map(pairs) = Tree::from(pairs.clone()) else {
        panic!("a map")
    };
    encode(&pairs, empty)
}

/// Values a form can express: texts in lists and maps, none of them empty, and
/// no map that PHP would take for a list.
fn expressible() -> impl Strategy<Value = Tree> {
    ".{0,12}"
        .prop_map(Tree::Text)
        .prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..5).prop_map(Tree::List),
                prop::collection::vec(("[^\\]\0\\s][^\\]\0]{0,6}", inner), 1..5)
                    .prop_map(Tree::from_pairs)
                    .prop_filter("reads as a list", |map| map.get("0").is_none()),
            ]
        })
}

fn expressible_pairs() -> impl Strategy<Value = Vec<(String, Tree)>> {
    prop::collection::vec(("[^.\\[\0 ][^.\\[\0 ]{0,6}", expressible()), 0..5)
        .prop_map(|pairs| Tree::from_pairs(pairs).pairs().unwrap().to_vec())
}

proptest! {
    #[test]
    fn what_is_written_is_read(pairs in expressible_pairs()) {
        let form = encode(&pairs, Empty::Refuse).unwrap();
        prop_assert_eq!(decode_tree(form.as_bytes(), Limits::default()).unwrap(), Tree::Map(pairs));
    }

    #[test]
    fn any_bytes_are_read_or_refused(form in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&form, Limits::default());
    }

    #[test]
    fn any_brackets_are_read_or_refused(form in "[ab0-2%\\[\\]&=+. \0\u{e9}]{0,80}") {
        let value = decode(form.as_bytes(), Limits::default()).unwrap();
        prop_assert!(value.is_object());
        // What was read once is written and read the same, but for what a form
        // cannot say.
        if let Ok(again) = write(&value, Empty::Refuse) {
            prop_assert_eq!(read(&again), value);
        }
    }
}

#[test]
fn scalars_are_written_as_php_writes_them() {
    let pairs: Tree = serde_json::from_str(
        r#"{"b":true,"a":false,"n":null,"i":-5,"f":10.5,"t":"A% B&C=я","q":"a+b~"}"#,
    )
    .unwrap();
    assert_eq!(
        encode(pairs.pairs().unwrap(), Empty::Refuse).unwrap(),
        "b=1&a=0&n=&i=-5&f=10.5&t=A%25%20B%26C%3D%D1%8F&q=a%2Bb~"
    );
}

#[test]
fn nested_keys_go_in_encoded_brackets() {
    let pairs = json!({"filter": {">id": 0, "@stage": ["NEW", ["x"]]}, "select": ["id"]});
    assert_eq!(
        write(&pairs, Empty::Refuse).unwrap(),
        "filter%5B%3Eid%5D=0&filter%5B%40stage%5D%5B0%5D=NEW\
         &filter%5B%40stage%5D%5B1%5D%5B0%5D=x&select%5B0%5D=id"
    );
}

#[test]
fn empty_containers_are_dropped_or_refused() {
    let pairs = json!({"fields": {"PHONE": [], "TITLE": "x", "UF": [{}]}});
    assert_eq!(write(&pairs, Empty::Drop).unwrap(), "fields%5BTITLE%5D=x");
    assert_eq!(
        write(&pairs, Empty::Refuse),
        Err(FormError::Empty {
            path: "fields[PHONE]".into()
        })
    );
    let nested = json!({"fields": {"UF": ["x", {}]}});
    assert_eq!(
        write(&nested, Empty::Refuse).unwrap_err().to_string(),
        "fields[UF][1] is empty, and a form cannot express an empty list or map"
    );
    assert_eq!(write(&json!({}), Empty::Refuse).unwrap(), "");
}

#[test]
fn keys_that_php_reads_otherwise_are_refused() {
    for key in ["", "a.b", "a b", "a[b]", "a\0"] {
        assert_eq!(
            write(&json!({key: 1}), Empty::Drop),
            Err(FormError::Key { path: key.into() })
        );
    }
    for key in ["", " ", "\t", "a]b", "a\0b"] {
        let path = format!("f[{key}]");
        assert_eq!(
            write(&json!({"f": {key: 1}}), Empty::Drop),
            Err(FormError::Key { path })
        );
    }
    // These it reads as written.
    for key in ["a[b", "a.b", "a b", "0", "05", "-1"] {
        let form = write(&json!({"f": {key: "1", "z": "2"}}), Empty::Refuse).unwrap();
        assert_eq!(read(&form), json!({"f": {key: "1", "z": "2"}}));
    }
}

/// Forms and what PHP 8's `parse_str` makes of them, as `json_encode` prints it.
#[test]
fn forms_are_read_as_php_reads_them() {
    let cases = [
        ("", json!({})),
        ("&&a=1&&", json!({"a": "1"})),
        ("a", json!({"a": ""})),
        ("=1&[x]=2&[=3", json!({})),
        ("a=1&a=2", json!({"a": "2"})),
        ("a=1&a[b]=2", json!({"a": {"b": "2"}})),
        ("a[b]=2&a=1", json!({"a": "1"})),
        (
            "a[b]=1&a[c]=2&a[b][d]=3",
            json!({"a": {"b": {"d": "3"}, "c": "2"}}),
        ),
        ("a[]=1&a[]=2", json!({"a": ["1", "2"]})),
        ("a[0]=x&a[1]=y", json!({"a": ["x", "y"]})),
        ("a[1]=y&a[0]=x", json!({"a": {"1": "y", "0": "x"}})),
        ("a[5]=x&a[]=y", json!({"a": {"5": "x", "6": "y"}})),
        ("a[4000000000]=x", json!({"a": {"4000000000": "x"}})),
        (
            "a[9223372036854775807]=x&a[]=y",
            json!({"a": {"9223372036854775807": "x"}}),
        ),
        ("a[-5]=x&a[]=y", json!({"a": {"-5": "x", "-4": "y"}})),
        ("a[05]=x&a[]=y", json!({"a": {"05": "x", "0": "y"}})),
        ("0=x&1=y", json!({"0": "x", "1": "y"})),
        ("a%5Bb%5D%5B%5D=1", json!({"a": {"b": ["1"]}})),
        ("a[ ]=1", json!({"a": ["1"]})),
        ("a[ b]=1", json!({"a": {" b": "1"}})),
        ("a[b c]=1&a b.c=2", json!({"a": {"b c": "1"}, "a_b_c": "2"})),
        ("  a=1", json!({"a": "1"})),
        ("a[b=1", json!({"a_b": "1"})),
        ("a[b.c[d=1", json!({"a_b_c_d": "1"})),
        ("a[b][c=1", json!({"a": {"b": "1"}})),
        ("a[b]c=1", json!({"a": {"b": "1"}})),
        ("a[b]c[d]=1", json!({"a": {"b": "1"}})),
        ("a[b[c]]=1", json!({"a": {"b[c": "1"}})),
        ("a]b=1", json!({"a]b": "1"})),
        ("a%00b=1&c[d%00e]=2", json!({"a": "1", "c_d": "2"})),
        (
            "a=1=2&b=%zz%4&c=x+y%2B",
            json!({"a": "1=2", "b": "%zz%4", "c": "x y+"}),
        ),
        ("t=%D1%84%D1%8B", json!({"t": "фы"})),
    ];
    for (form, expected) in cases {
        assert_eq!(read(form), expected, "{form}");
    }
}

#[test]
fn order_of_the_fields_is_kept() {
    let tree = decode_tree(b"z=1&a[y]=2&a[b]=3&m=4", Limits::default()).unwrap();
    assert_eq!(
        serde_json::to_string(&tree).unwrap(),
        r#"{"z":"1","a":{"y":"2","b":"3"},"m":"4"}"#
    );
}

#[test]
fn limits_are_kept() {
    let limits = Limits {
        depth: 3,
        pairs: 2,
        bytes: 20,
    };
    let refused = |form: &[u8]| decode(form, limits).unwrap_err();
    assert!(decode(b"a[b][c]=1&d=2", limits).is_ok());
    assert_eq!(refused(b"a[b][c][d]=1"), FormError::TooDeep { limit: 3 });
    assert_eq!(
        refused(b"a=1&b=2&c=3"),
        FormError::TooManyPairs { limit: 2 }
    );
    assert_eq!(
        refused(b"a=123456789012345678901"),
        FormError::TooLong { limit: 20 }
    );
}

#[test]
fn what_php_would_drop_is_refused() {
    let ids = |count: u64| json!({ "id": (0..count).collect::<Vec<_>>() });
    assert!(write(&ids(10_000), Empty::Drop).is_ok());
    assert_eq!(
        write(&ids(10_001), Empty::Drop),
        Err(FormError::TooManyPairs { limit: 10_000 })
    );
    let deep = |levels| json!({ "a": (0..levels).fold(json!(1), |inner, _| json!([inner])) });
    assert!(write(&deep(64), Empty::Drop).is_ok());
    assert_eq!(
        write(&deep(65), Empty::Drop),
        Err(FormError::TooDeep { limit: 64 })
    );
}

#[test]
fn a_long_form_takes_linear_time() {
    let form = (0..100_000).fold(String::new(), |form, n| form + &format!("a[k{n}]=1&"));
    let limits = Limits {
        pairs: 100_000,
        bytes: 10 << 20,
        ..Limits::default()
    };
    let value = decode(form.as_bytes(), limits).unwrap();
    assert_eq!(value["a"].as_object().unwrap().len(), 100_000);
}
