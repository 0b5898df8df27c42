use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::field::{to_classic, to_item};
use super::{Date, DateTime, Decimal, EntityRef, EntityType, Money, Multifield};

#[expect(clippy::needless_pass_by_value, reason = "reads better with json!")]
fn read<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, String> {
    serde_json::from_value(json!({ "v": value })).map_err(|error| error.to_string())
}

macro_rules! wrapper {
    ($name:ident, $module:literal, $type:ty) => {
        #[derive(Deserialize, Serialize, Debug, PartialEq)]
        struct $name {
            #[serde(with = $module)]
            v: $type,
        }
    };
}

wrapper!(Flag, "crate::value::flag", bool);
wrapper!(FlagOption, "crate::value::flag::option", Option<bool>);
wrapper!(Int, "crate::value::number", i64);
wrapper!(Small, "crate::value::number", u8);
wrapper!(Float, "crate::value::number", f64);
wrapper!(IntOption, "crate::value::number::option", Option<u64>);
wrapper!(Link, "crate::value::number::link", Option<u64>);
wrapper!(Maybe, "crate::value::maybe", Option<Vec<u8>>);
wrapper!(List, "crate::value::list", Vec<u8>);
wrapper!(Map, "crate::value::map", BTreeMap<u32, u8>);

/// A custom field among others is read through serde's buffer.
#[derive(Deserialize)]
struct Flattened {
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(with = "crate::value::number")]
    id: i64,
    #[serde(with = "crate::value::flag")]
    open: bool,
    sum: Decimal,
    #[serde(with = "crate::value::list")]
    list: Vec<u8>,
}

#[test]
fn truths() {
    for yes in [
        json!(true),
        json!("Y"),
        json!("y"),
        json!(1),
        json!("1"),
        json!("true"),
        json!(1.0),
    ] {
        assert_eq!(read::<Flag>(yes.clone()), Ok(Flag { v: true }), "{yes}");
    }
    for no in [
        json!(false),
        json!("N"),
        json!(0),
        json!("0"),
        json!("false"),
    ] {
        assert_eq!(read::<Flag>(no.clone()), Ok(Flag { v: false }), "{no}");
        assert_eq!(
            read::<FlagOption>(no.clone()),
            Ok(FlagOption { v: Some(false) }),
            "{no}"
        );
    }
    for nothing in [json!(null), json!(""), json!([])] {
        assert_eq!(
            read::<Flag>(nothing.clone()),
            Ok(Flag { v: false }),
            "{nothing}"
        );
        assert_eq!(
            read::<FlagOption>(nothing.clone()),
            Ok(FlagOption { v: None }),
            "{nothing}"
        );
    }
    for wrong in [json!(2), json!("maybe"), json!([1]), json!({})] {
        assert!(read::<Flag>(wrong.clone()).is_err(), "{wrong}");
    }
    assert_eq!(json!(Flag { v: true }), json!({"v": "Y"}));
    assert_eq!(json!(FlagOption { v: None }), json!({"v": null}));
}

#[test]
fn numbers() {
    for value in [
        json!(410),
        json!("410"),
        json!("410.00"),
        json!(410.0),
        json!(" 410 "),
        json!("410."),
    ] {
        assert_eq!(read::<Int>(value.clone()), Ok(Int { v: 410 }), "{value}");
    }
    assert_eq!(
        read::<Int>(json!("9007199254740993")),
        Ok(Int {
            v: 9_007_199_254_740_993
        })
    );
    assert_eq!(read::<Int>(json!(-5)), Ok(Int { v: -5 }));
    for value in [json!("62.5"), json!(62.5)] {
        assert_eq!(read::<Float>(value), Ok(Float { v: 62.5 }));
    }
    for nothing in [json!(null), json!(""), json!(false), json!([])] {
        assert_eq!(
            read::<IntOption>(nothing.clone()),
            Ok(IntOption { v: None })
        );
        assert_eq!(read::<Link>(nothing.clone()), Ok(Link { v: None }));
        assert!(read::<Int>(nothing).is_err());
    }
    assert_eq!(read::<IntOption>(json!("0")), Ok(IntOption { v: Some(0) }));
    assert_eq!(read::<Link>(json!("0")), Ok(Link { v: None }));
    assert_eq!(read::<Link>(json!("7")), Ok(Link { v: Some(7) }));
    for wrong in [
        json!("4x"),
        json!("4.5"),
        json!(4.5),
        json!(true),
        json!([4]),
        json!({"a": 4}),
        json!("1e3"),
    ] {
        assert!(read::<Int>(wrong.clone()).is_err(), "{wrong}");
    }
    assert!(read::<Small>(json!(256)).unwrap_err().contains("u8"));
    assert!(read::<Small>(json!(-1)).is_err());
    assert!(read::<Float>(json!("NaN")).is_err());
}

#[test]
fn nothing_in_every_spelling() {
    for nothing in [json!(null), json!(""), json!(false), json!([]), json!({})] {
        assert_eq!(
            read::<Maybe>(nothing.clone()),
            Ok(Maybe { v: None }),
            "{nothing}"
        );
    }
    assert_eq!(read::<Maybe>(json!([1])), Ok(Maybe { v: Some(vec![1]) }));
    assert!(read::<Maybe>(json!("x")).is_err());
    assert_eq!(json!(Maybe { v: None }), json!({"v": ""}));
}

#[test]
fn lists_and_maps() {
    assert_eq!(read::<List>(json!([1, 2])), Ok(List { v: vec![1, 2] }));
    assert_eq!(
        read::<List>(json!({"3": 1, "5": 2})),
        Ok(List { v: vec![1, 2] })
    );
    for nothing in [json!(null), json!(false), json!(""), json!([]), json!({})] {
        assert_eq!(
            read::<List>(nothing.clone()),
            Ok(List { v: vec![] }),
            "{nothing}"
        );
        assert_eq!(
            read::<Map>(nothing.clone()),
            Ok(Map { v: BTreeMap::new() }),
            "{nothing}"
        );
    }
    assert!(
        read::<List>(json!({"ID": 1}))
            .unwrap_err()
            .contains("a number as key")
    );
    assert!(read::<List>(json!("x")).is_err() && read::<List>(json!(true)).is_err());
    assert_eq!(
        read::<Map>(json!([7, 8])),
        Ok(Map {
            v: BTreeMap::from([(0, 7), (1, 8)])
        })
    );
    assert!(read::<Map>(json!(true)).is_err() && read::<Map>(json!("x")).is_err());
    // From text, where keys are read by another deserializer.
    let map: Map = serde_json::from_str(r#"{"v":{"39":1}}"#).unwrap();
    assert_eq!(map.v, BTreeMap::from([(39, 1)]));
    assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"v":{"39":1}}"#);
}

#[test]
fn all_of_it_works_under_flatten() {
    let flat: Flattened =
        serde_json::from_str(r#"{"id":"5","open":1,"sum":"1.50","list":{"2":9}}"#).unwrap();
    let Inner {
        id,
        open,
        sum,
        list,
    } = flat.inner;
    assert_eq!((id, open, sum.as_str(), list), (5, true, "1.50", vec![9]));
}

#[test]
fn decimals_keep_their_digits() {
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    for text in [
        "0",
        "1000000.00",
        "-0.10",
        ".5",
        "5.",
        "12345678901234567890.123456789",
    ] {
        assert_eq!(decimal(text).as_str(), text);
    }
    assert_eq!(decimal(" +7 ").as_str(), "7");
    assert_eq!(decimal("1.0E+3"), decimal("1000"));
    for wrong in [
        "", "-", ".", "1,5", "1 000", "0x1", "NaN", "inf", "1.2.3", "--1", "1e999",
    ] {
        assert!(wrong.parse::<Decimal>().is_err(), "{wrong:?}");
    }
    assert_eq!(decimal("-0.00"), decimal("0"));
    assert!(decimal("-2") < decimal("-1.5") && decimal("9.99") < decimal("10"));
    assert!(decimal("-1") < decimal("0") && decimal("0.1") > decimal("0.09"));
    assert_eq!(HashSet::from([decimal("1.0"), decimal("01")]).len(), 1);
    assert_eq!(
        serde_json::from_str::<Decimal>("19.9").unwrap().as_str(),
        "19.9"
    );
    assert_eq!(
        serde_json::from_str::<Decimal>("955068612048.1649")
            .unwrap()
            .as_str(),
        "955068612048.1649"
    );
    assert_eq!(json!(decimal("19.90")), json!("19.90"));
    assert_eq!(
        "10.50|EUR".parse::<Money>().unwrap().to_string(),
        "10.50|EUR"
    );
    assert_eq!("5".parse::<Money>().unwrap(), Money::new(5_i64, ""));
    assert!("|EUR".parse::<Money>().is_err());
}

proptest! {
    #[test]
    fn decimals_compare_as_floats_do(a in -10_000..10_000_i32, b in -10_000..10_000_i32) {
        let decimal = |number: i32| format!("{:.2}", f64::from(number) / 100.0).parse::<Decimal>().unwrap();
        prop_assert_eq!(decimal(a).cmp(&decimal(b)), a.cmp(&b));
    }

    #[test]
    fn moments_are_read_as_they_are_written(seconds in 0..4_102_444_800_i64, minutes in -840..840_i32) {
        let moment = DateTime::from_unix(seconds, minutes * 60).unwrap();
        let again: DateTime = moment.to_string().parse().unwrap();
        prop_assert_eq!(again, moment);
        prop_assert_eq!(again.offset_seconds(), minutes * 60);
    }

    #[test]
    fn custom_names_go_both_ways(name in "UF_CRM_[A-Z0-9_]{1,16}") {
        prop_assert_eq!(to_classic(&to_item(&name)), name);
    }

    #[test]
    fn no_name_panics(name in ".{0,12}") {
        let _ = (to_item(&name), to_classic(&name));
        let _ = (name.parse::<EntityRef>(), name.parse::<EntityType>(), name.parse::<DateTime>());
    }

    #[test]
    fn links_go_both_ways(kind in 0..400_u32, id in any::<u64>()) {
        if let Some(kind) = EntityType::from_id(kind) {
            let link = kind.with_id(id);
            prop_assert_eq!(link.to_string().parse::<EntityRef>(), Ok(link));
            prop_assert_eq!(kind.name().parse::<EntityType>(), Ok(kind));
            prop_assert_eq!(EntityType::from_id(kind.id()), Some(kind));
        }
    }
}

#[test]
fn dates() {
    let moment = |text: &str| text.parse::<DateTime>().unwrap();
    assert_eq!(
        moment("2024-08-30T02:00:00+02:00").to_string(),
        "2024-08-30T02:00:00+02:00"
    );
    assert_eq!(
        moment("2024-08-30T02:00:00.123+02:00").to_string(),
        "2024-08-30T02:00:00+02:00"
    );
    assert_eq!(moment("2024-08-30T02:00:00+0200").offset_seconds(), 7200);
    assert_eq!(
        moment("2024-01-01T00:00:00-03:30").to_string(),
        "2024-01-01T00:00:00-03:30"
    );
    assert_eq!(
        moment("2024-08-30T02:00:00Z")
            .at_offset(3600)
            .unwrap()
            .time(),
        (3, 0, 0)
    );
    assert!(moment("2024-08-30T02:00:00+02:00") < moment("2024-08-30T02:00:00+01:00"));
    for wrong in [
        "",
        "2024-08-30",
        "2024-08-30T02:00:00",
        "30.08.2024",
        "2024-13-01T00:00:00Z",
        "x",
    ] {
        assert!(wrong.parse::<DateTime>().is_err(), "{wrong}");
    }
    assert_eq!(
        "2024-08-30T02:00:00"
            .parse::<DateTime>()
            .unwrap_err()
            .to_string(),
        "\"2024-08-30T02:00:00\" is not a date and time with its offset, like +02:00 or Z"
    );
    // As printed, whatever day it is elsewhere.
    assert_eq!(
        "2024-08-30T00:00:00+03:00".parse::<Date>().unwrap(),
        Date::new(2024, 8, 30).unwrap()
    );
    assert_eq!(Date::new(2023, 2, 29), None);
    assert_eq!(Date::new(2024, 2, 200), None);
    assert_eq!(json!(Date::new(987, 2, 3)), json!("0987-02-03"));
    assert!("".parse::<Date>().is_err());
}

#[test]
fn multifields_are_read_in_both_spellings() {
    let classic = json!({"ID": "3", "VALUE_TYPE": "WORK", "VALUE": "+1", "TYPE_ID": "PHONE"});
    let item = json!({"id": 3, "valueType": "WORK", "value": "+1", "typeId": "PHONE", "extra": 1});
    let read: Multifield = serde_json::from_value(classic).unwrap();
    assert_eq!(read, serde_json::from_value(item).unwrap());
    assert_eq!((read.id, read.type_id.as_deref()), (Some(3), Some("PHONE")));
    assert_eq!(
        serde_json::to_string(&read).unwrap(),
        r#"{"ID":3,"VALUE":"+1","VALUE_TYPE":"WORK","TYPE_ID":"PHONE"}"#
    );
}

#[test]
fn kinds_of_objects() {
    for (text, kind) in [
        ("1", EntityType::Lead),
        ("CRM_SMART_INVOICE", EntityType::SmartInvoice),
        ("si", EntityType::SmartInvoice),
        ("rq", EntityType::Requisite),
        ("dynamic_1030", EntityType::Dynamic(1030)),
        ("Tb1", EntityType::Dynamic(177)),
    ] {
        assert_eq!(text.parse(), Ok(kind), "{text}");
    }
    for wrong in [
        "",
        "6",
        "127",
        "T7f",
        "T",
        "T+80",
        "DYNAMIC_5",
        "deals",
        "4294967296",
    ] {
        assert!(wrong.parse::<EntityType>().is_err(), "{wrong}");
    }
    for wrong in ["", "D", "D_", "_5", "D_x", "D_-5", "D_+5", "X_5", "deal_5"] {
        assert!(wrong.parse::<EntityRef>().is_err(), "{wrong}");
    }
    assert_eq!(
        serde_json::from_str::<EntityType>("\"2\"").unwrap(),
        EntityType::Deal
    );
    assert_eq!(json!(EntityType::Dynamic(130)), json!(130));
    assert_eq!(
        json!([EntityType::Dynamic(128).with_id(6)]),
        json!(["T80_6"])
    );
    assert_eq!(EntityType::Order.field_entity(), Some("ORDER"));
}

/// The table of the portal's documentation, and names seen on portals.
#[test]
fn names_of_custom_fields_are_those_of_the_portal() {
    for (classic, item) in [
        ("UF_CRM_3_DIGIT", "ufCrm3Digit"),
        ("UF_CRM_3_DIGIT10", "ufCrm_3_DIGIT10"),
        ("UF_CRM_3_DIGIT_10", "ufCrm_3_DIGIT_10"),
        ("UF_CRM_3_1747309727", "ufCrm3_1747309727"),
        ("UF_CRM_1747309879", "ufCrm_1747309879"),
        ("UF_CRM_64BD76BC5BC45", "ufCrm_64BD76BC5BC45"),
        ("UF_CRM_TASK", "ufCrmTask"),
        ("UF_CRM_BIND_ONE", "ufCrmBindOne"),
        ("UF_CRM_A__B", "ufCrm_A__B"),
        ("UF_TASK_WEBDAV_FILES", "ufTaskWebdavFiles"),
        ("ID", "id"),
        ("UTM_SOURCE", "utmSource"),
    ] {
        assert_eq!(to_item(classic), item);
        assert_eq!(to_classic(item), classic);
        assert_eq!(to_item(item), item);
        assert_eq!(to_classic(classic), classic);
    }
    for other in ["", "Поле", "a-b", "*"] {
        assert_eq!(
            (to_item(other), to_classic(other)),
            (other.to_owned(), other.to_owned())
        );
    }
}
