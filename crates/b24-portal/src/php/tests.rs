use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use proptest::prelude::*;

use super::{Key, Php, form};

fn json(value: &Php) -> String {
    let mut out = Vec::new();
    value.write_json(&mut out);
    String::from_utf8(out).unwrap()
}

fn parsed(text: &str) -> String {
    json(&form::parse(text.as_bytes()).into())
}

#[test]
fn keys_are_integers_only_in_canonical_form() {
    for (text, number) in [
        ("0", 0),
        ("5", 5),
        ("-5", -5),
        ("9223372036854775807", i64::MAX),
    ] {
        assert_eq!(Key::from(text), Key::Int(number), "{text}");
    }
    for text in [
        "",
        "-",
        "-0",
        "05",
        "1a",
        " 1",
        "1.0",
        "9223372036854775808",
    ] {
        assert_eq!(Key::from(text), Key::Str(text.into()), "{text}");
    }
}

#[test]
fn json_prints_lists_maps_and_escapes_as_the_portal() {
    assert_eq!(json(&Php::empty_array()), "[]");
    assert_eq!(json(&Php::map([("0", 1.into()), ("1", 2.into())])), "[1,2]");
    assert_eq!(
        json(&Php::map([("1", 1.into()), ("0", 2.into())])),
        r#"{"1":1,"0":2}"#
    );
    assert_eq!(json(&Php::map([("01", 1.into())])), r#"{"01":1}"#);
    assert_eq!(
        json(&"a/b<i>&'\"\\\n\u{1}Ж€\u{2028}".into()),
        r#""a\/b\u003Ci\u003E\u0026\u0027\u0022\\\n\u0001Ж€\u2028""#
    );
    for (float, text) in [
        (10.0, "10"),
        (0.1, "0.1"),
        (-2.5, "-2.5"),
        (1e25, "1.0e+25"),
        (1.5e-7, "1.5e-7"),
    ] {
        assert_eq!(json(&Php::Float(float)), text);
    }
    assert_eq!(json(&i64::MIN.into()), i64::MIN.to_string());
}

#[test]
fn json_reads_in_order_and_keeps_types() {
    let text = r#"{"z":1,"a":[true,null,"1",1.5],"5":{"0":"x"},"z":2}"#;
    assert_eq!(
        json(&Php::from_json(text.as_bytes()).unwrap()),
        r#"{"z":2,"a":[true,null,"1",1.5],"5":["x"]}"#
    );
    assert_eq!(
        Php::from_json(b"18446744073709551615"),
        Some(Php::Float(18_446_744_073_709_551_615.0))
    );
    assert_eq!(Php::from_json(b"{oops"), None);
}

#[test]
fn forms_nest_by_brackets() {
    assert_eq!(
        parsed("a[b][]=1&a[b][]=2&a[c]=3"),
        r#"{"a":{"b":["1","2"],"c":"3"}}"#
    );
    assert_eq!(
        parsed("a.b=1&c+d=2&e[x.y]=3"),
        r#"{"a_b":"1","c_d":"2","e":{"x.y":"3"}}"#
    );
    assert_eq!(
        parsed("a=1&a[b]=2&c[=3&d"),
        r#"{"a":{"b":"2"},"c_":"3","d":""}"#
    );
    assert_eq!(
        parsed("filter%5B%3EID%5D=1%252B+2"),
        r#"{"filter":{"\u003EID":"1%2B 2"}}"#
    );
    assert_eq!(parsed("cmd[0]=a&cmd[1]=b&=x&&"), r#"{"cmd":["a","b"]}"#);
    assert_eq!(
        parsed("a[1][]=x&a[1][]=y&a[]=z"),
        r#"{"a":{"1":["x","y"],"2":"z"}}"#
    );
}

#[test]
fn casts_are_phps() {
    for (text, number) in [
        ("12abc", 12),
        (" 7", 7),
        ("-3.9", -3),
        ("1e3", 1000),
        ("abc", 0),
        ("", 0),
        ("1e", 1),
    ] {
        assert_eq!(Php::from(text).to_int(), number, "{text}");
    }
    assert!(Php::from("false").truthy());
    assert!(Php::from("0").is_empty());
    assert_eq!(Php::Bool(true).to_text(), "1");
    assert_eq!(Php::Float(10.0).to_text(), "10");
    assert_eq!(Php::empty_array().to_int(), 0);
    assert_eq!(
        Php::map([("Filter", 1.into()), ("filter", 2.into())]).get_ci("filter"),
        Some(&Php::Int(2))
    );
    assert_eq!(
        Php::map([("FILTER", 1.into())]).get_ci("filter"),
        Some(&Php::Int(1))
    );
}

/// Any value with the keys and nesting that JSON allows.
fn values() -> impl Strategy<Value = Php> {
    let leaf = prop_oneof![
        Just(Php::Null),
        any::<bool>().prop_map(Php::Bool),
        any::<i64>().prop_map(Php::Int),
        any::<String>().prop_map(Php::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Php::list),
            prop::collection::vec((any::<String>(), inner), 1..6).prop_map(Php::map),
        ]
    })
}

proptest! {
    #[test]
    fn json_comes_back_as_it_was(value in values()) {
        prop_assert_eq!(Php::from_json(json(&value).as_bytes()), Some(value));
    }

    #[test]
    fn any_bytes_are_a_form(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = json(&form::parse(&bytes).into());
    }

    #[test]
    fn encoded_pairs_come_back(name in "[a-z]{1,8}", path in prop::collection::vec("[^\\[\\]]{1,6}", 0..4), value in ".*") {
        let encoded = |text: &str| percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string();
        let brackets = path.iter().fold(String::new(), |all, step| all + "[" + &encoded(step) + "]");
        let query = format!("{name}{brackets}={}", encoded(&value));
        let parsed = Php::Array(form::parse(query.as_bytes()));
        let found = path.iter().fold(parsed.get(&name), |inner, step| inner?.get(step));
        prop_assert_eq!(found.and_then(Php::as_str), Some(value.as_str()));
    }
}
