use super::*;

fn read(status: u16, body: &'static str) -> Result<Success, Reason> {
    answer(status, &Bytes::from_static(body.as_bytes()))
}

fn api(status: u16, body: &'static str) -> ApiError {
    match read(status, body) {
        Err(Reason::Api(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_result_is_a_slice_of_the_body() {
    let ok = read(
        200,
        r#"{"result": {"ID":"5"} ,"total":"12","next":50,"time":{"operating":0.5}}"#,
    )
    .unwrap();
    assert_eq!(&ok.result[..], br#"{"ID":"5"}"#);
    assert_eq!((ok.total, ok.next), (Some(12), Some(50)));
    assert_eq!(ok.time.unwrap().operating, Some(0.5));
}

#[test]
fn null_false_and_empty_results_are_successes() {
    for body in [
        r#"{"result":null}"#,
        r#"{"result":false}"#,
        r#"{"result":[]}"#,
        r#"{"result":""}"#,
        r#"{"result":0}"#,
    ] {
        assert!(read(200, body).is_ok(), "{body}");
    }
}

#[test]
fn times_may_be_missing_whole_or_strings() {
    let body = r#"{"result":1,"time":{"start":1766047124,"finish":"1766047124.5","operating_reset_at":1766047184,"operating":"12"}}"#;
    let time = read(200, body).unwrap().time.unwrap();
    assert_eq!(
        time.charge(),
        Some(Charge {
            used: 12.0,
            frees_in: Some(59.5),
            finish: Some(1_766_047_124.5),
        })
    );
    assert_eq!(read(200, r#"{"result":1,"time":[]}"#).unwrap().time, None);
    assert_eq!(read(200, r#"{"result":1}"#).unwrap().time, None);
}

#[test]
fn times_are_written_as_the_portal_wrote_them() {
    let body = r#"{"result":1,"time":{"start":1795889786,"finish":1795889786.771917,"duration":0.771917,"processing":0,"date_start":"2026-11-28T21:16:26+03:00"}}"#;
    let time = read(200, body).unwrap().time.unwrap();
    let written = serde_json::to_string(&time).unwrap();
    assert_eq!(format!(r#"{{"result":1,"time":{written}}}"#), body);
}

#[test]
fn errors_of_both_versions_look_the_same() {
    let v2 = api(
        400,
        r#"{"error":"ERROR_ARGUMENT","error_description":"Argument 'X' is <b>empty</b>.<br>See\u003Cbr /\u003Ethe <a href=\"/x\">manual</a>","argument":"X"}"#,
    );
    assert_eq!(
        (v2.code.as_str(), v2.description.as_str()),
        ("ERROR_ARGUMENT", "Argument 'X' is empty. See the manual")
    );
    assert_eq!(v2.extra, [("argument".to_owned(), Value::from("X"))]);
    let v3 = api(
        400,
        r#"{"error":{"code":"BITRIX_REST_V3_EXCEPTION_VALIDATION_REQUESTVALIDATIONEXCEPTION","message":"Bad","validation":[{"field":"id","message":"needed"}]}}"#,
    );
    assert_eq!(
        v3.validation,
        [Validation {
            field: Some("id".to_owned()),
            message: "needed".to_owned()
        }]
    );
}

#[test]
fn an_empty_or_numeric_code_is_an_error_too() {
    assert_eq!(
        api(400, r#"{"error":"","error_description":"Not found"}"#).code,
        ""
    );
    assert_eq!(
        api(400, r#"{"error":0,"error_description":"Wrong"}"#).code,
        "0"
    );
}

#[test]
fn an_error_under_status_200_is_an_error() {
    assert_eq!(
        api(200, r#"{"error":"wrong_client","error_description":"x"}"#).code,
        "wrong_client"
    );
}

#[test]
fn a_page_names_its_title() {
    let page = read(
        502,
        "<html><head><title>502 Bad\nGateway</title></head><body>…</body>",
    );
    assert!(matches!(page, Err(Reason::Page { status: 502, title }) if title == "502 Bad Gateway"));
}

#[test]
fn empty_cut_and_odd_bodies_are_told_apart() {
    assert!(
        matches!(read(500, ""), Err(Reason::Unreadable { detail, .. }) if detail == "an empty body")
    );
    assert!(
        matches!(read(200, r#"{"result":{"ID":"#), Err(Reason::Unreadable { detail, .. }) if detail.contains("cut"))
    );
    assert!(
        matches!(read(200, "gone"), Err(Reason::Unreadable { detail, .. }) if detail.contains("gone"))
    );
    assert!(matches!(read(200, "{}"), Err(Reason::Unexpected(_))));
    assert!(matches!(
        read(200, "[1]"),
        Err(Reason::Unexpected(_) | Reason::Unreadable { .. })
    ));
}

#[test]
fn php_maps_come_as_lists_objects_or_nothing() {
    let read = |json: &'static str| serde_json::from_str::<Keyed<'_, i32>>(json).unwrap().0;
    assert!(read("[]").is_empty());
    assert!(read("false").is_empty());
    assert_eq!(read("[7,8]"), [("0".into(), 7), ("1".into(), 8)]);
    assert_eq!(read(r#"{"1":7,"b":8}"#), [("1".into(), 7), ("b".into(), 8)]);
}

#[test]
fn the_words_of_the_portal_are_tamed() {
    assert_eq!(plain("a < b\u{1b}[31m", 300), "a < b [31m");
    assert_eq!(plain(&"я".repeat(400), 300).chars().count(), 301);
}
