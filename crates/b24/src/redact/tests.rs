use proptest::prelude::*;
use serde_json::json;

use super::{Body, is_secret_key, text, under, value};

const SECRET: &str = "s3cr3tk3y0f1234x";

#[test]
fn secrets_in_texts_are_masked() {
    let cases = [
        (
            "crm.deal.get?id=5&auth=SECRET",
            "crm.deal.get?id=5&auth=***",
        ),
        ("auth=SECRET&x=1", "auth=***&x=1"),
        (
            "a?AUTH_ID=SECRET&REFRESH_ID=SECRET#z",
            "a?AUTH_ID=***&REFRESH_ID=***#z",
        ),
        (
            "?a[auth]=SECRET&b[x][clientSecret]=SECRET",
            "?a[auth]=***&b[x][clientSecret]=***",
        ),
        ("?a%5Bauth%5D=SECRET&b=1", "?a%5Bauth%5D=***&b=1"),
        ("?a%255Btoken%255D=SECRET", "?a%255Btoken%255D=***"),
        (
            "cmd=crm.deal.get%3Fauth%3DSECRET%26id%3D5",
            "cmd=crm.deal.get%3Fauth%3D***%26id%3D5",
        ),
        ("auth[domain]=SECRET&event=X", "auth[domain]=***&event=X"),
        (r#"{"token":"SECRET","id":5}"#, r#"{"token":"***","id":5}"#),
        (
            r#"{"auth":{"a":["SECRET","}"]},"id":5}"#,
            r#"{"auth":***,"id":5}"#,
        ),
        (r#"{"key":12345,"id":5}"#, r#"{"key":***,"id":5}"#),
        (r#"{"token":null,"id":5}"#, r#"{"token":null,"id":5}"#),
        (
            r#"{"token": "a\"SECRET", "id": 5}"#,
            r#"{"token": "***", "id": 5}"#,
        ),
        (
            r#"in \"password\":\"SECRET\",\"id\":5"#,
            r#"in \"password\":\"***\",\"id\":5"#,
        ),
        (
            r#"Token { access_token: "SECRET", id: 5 }"#,
            r#"Token { access_token: "***", id: 5 }"#,
        ),
        (r#"{"token":"SECRET"#, r#"{"token":"***"#),
        (
            "Authorization: Bearer SECRET\r\nHost: h",
            "Authorization: ***\r\nHost: h",
        ),
        ("sent with bearer SECRET.", "sent with bearer ***"),
        (
            "https://h/rest/1/SECRET/crm.deal.get",
            "https://h/rest/1/***/crm.deal.get",
        ),
        (
            "https://h/p/rest/api/12/SECRET",
            "https://h/p/rest/api/12/***",
        ),
        ("https://h//rest//1//SECRET//", "https://h//rest//1//***//"),
        (
            r"https:\/\/h\/rest\/1\/SECRET\/",
            r"https:\/\/h\/rest\/1\/***\/",
        ),
        (
            "u=https%3A%2F%2Fh%2Frest%2F1%2FSECRET%2F",
            "u=https%3A%2F%2Fh%2Frest%2F1%2F***%2F",
        ),
        ("(https://h/rest/1/SECRET)", "(https://h/rest/1/***)"),
        (
            "https://h/rest/download.json?auth=SECRET&token=x%7CSECRET",
            "https://h/rest/download.json?auth=***&token=***",
        ),
        ("password = 'SECRET x' next", "password = '***' next"),
    ];
    for (dirty, clean) in cases {
        let shown = text(&dirty.replace("SECRET", SECRET)).into_owned();
        assert_eq!(shown, clean);
        assert_eq!(text(&shown), shown, "masking again changes nothing");
    }
}

#[test]
fn prose_and_ordinary_parameters_stay() {
    for harmless in [
        "",
        "invalid token: ask for a new one",
        "the bearer of this letter",
        "Wrong auth: expired",
        "crm.item.list?entityTypeId=2&filter[>id]=5&author=7&monkey=1",
        "https://acme.bitrix24.com/crm/deal/details/5/",
        "the rest/1 of it",
        "auth=&x=1",
        r#"{"result":{"ID":"5","TITLE":"Key account"}}"#,
        "ф=ы&ключ=1",
    ] {
        assert_eq!(text(harmless), harmless);
    }
}

#[test]
fn keys_are_known_in_every_spelling() {
    for key in [
        "auth",
        "AUTH",
        "password",
        "token",
        "secret",
        "access_token",
        "refresh_token",
        "client_secret",
        "application_token",
        "sessid",
        "key",
        "signature",
        "AUTH_ID",
        "REFRESH_ID",
        "clientSecret",
        "bearer",
        "botToken",
        "BOT_TOKEN",
        "x-api-key",
        "Authorization",
        "auth[domain]",
        "data[BOT][39][AUTH][access_token]",
        "Set-Cookie",
    ] {
        assert!(is_secret_key(key), "{key}");
    }
    for key in [
        "author",
        "AUTHOR_ID",
        "keyword",
        "KEY_ID",
        "id",
        "TITLE",
        "",
        "tokens_left",
        "[]",
    ] {
        assert!(!is_secret_key(key), "{key}");
    }
}

#[test]
fn values_are_masked_at_any_depth_and_in_lists() {
    let dirty = json!([
        {"method": "user.get", "query": {"a": {"b": {"c": [{"AUTH_ID": SECRET}]}}}},
        {"cmd": [format!("user.get?auth={SECRET}")], "token": {"x": SECRET}, "key": null},
        [[{"bearer": 5}]],
    ]);
    assert_eq!(
        value(&dirty),
        json!([
            {"method": "user.get", "query": {"a": {"b": {"c": [{"AUTH_ID": "***"}]}}}},
            {"cmd": ["user.get?auth=***"], "token": "***", "key": null},
            [[{"bearer": "***"}]],
        ])
    );
}

#[test]
fn bodies_are_shown_as_json_in_order_and_short() {
    let body = format!(
        r#"{{"z":[1,null,true,"a\"b"],"auth":"{SECRET}","file":["x","{}"],"key":null}}"#,
        "я".repeat(1000)
    );
    let file = format!("{}…", "я".repeat(300));
    assert_eq!(
        Body(body.as_bytes()).to_string(),
        format!(r#"{{"z":[1,null,true,"a\"b"],"auth":"***","file":["x","{file}"],"key":null}}"#)
    );
    assert_eq!(
        Body(b"<html>auth=secret \xff").to_string(),
        "\"<html>auth=*** \u{fffd}\""
    );
}

#[test]
fn a_key_masks_what_is_under_it() {
    assert_eq!(under("token", &json!({"a": 1})), json!("***"));
    assert_eq!(under("token", &json!(null)), json!(null));
    assert_eq!(under("id", &json!({"token": 1})), json!({"token": "***"}));
}

proptest! {
    #[test]
    fn no_text_panics(dirty in any::<String>(), parts in prop::collection::vec(
        prop::sample::select(vec![
            "auth", "=", ":", "%3D", "%26", "\"", "\\", "'", "{", "}", "[", "]", "/rest/", "1", "/",
            "api", "bearer ", "я", " ", "&", "token",
        ]), 0..20)
    ) {
        let _ = text(&dirty);
        let _ = text(&parts.concat());
    }

    #[test]
    fn a_secret_never_stays(
        before in "[a-zа-я \"'&?/{}\\[\\]:=%]{0,12}",
        carrier in prop::sample::select(vec![
            "?auth=S", "&a[token]=S", "&a%5Btoken%5D=S", "\"password\":\"S\"", "/rest/1/S/",
            "/rest/api/77/S", "\\/rest\\/1\\/S", "{\"auth\":{\"x\":\"S\"}}", "Authorization: Bearer S",
        ]),
        after in "[a-zа-я \"'&?/{}\\[\\]:=%]{0,12}",
    ) {
        let dirty = format!("{before}{}{after}", carrier.replace('S', SECRET));
        prop_assert!(!text(&dirty).contains(SECRET), "{}", dirty);
    }
}
