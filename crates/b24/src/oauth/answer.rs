//! The answers of the authorisation server. Pure.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::grant::{ACCESS_LIFETIME, Grant};
use super::{RefreshError, endpoint};
use crate::room::decode;
use crate::value;

/// What the server tells. It sends numbers as numbers; portals, in events, as texts.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default, with = "value::number::option")]
    expires_in: Option<u64>,
    #[serde(default)]
    client_endpoint: Option<String>,
    #[serde(default)]
    server_endpoint: Option<String>,
    #[serde(default)]
    member_id: Option<String>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default, with = "value::number::option")]
    user_id: Option<u64>,
}

/// Reads an answer of `status`. `portal` is where the grant was good before; what the answer leaves out stays as it is
/// there.
pub(super) fn read(status: u16, body: &Bytes, before: &Grant) -> Result<Grant, RefreshError> {
    let Ok(whole) = serde_json::from_slice::<Value>(body) else {
        return Err(RefreshError::Lost(not_json(status, body)));
    };
    match whole.get("error") {
        None | Some(Value::Null) => {}
        Some(Value::String(empty)) if empty.is_empty() => {}
        Some(code) => {
            let error = decode::api_error_from(status, code, &whole);
            return Err(if status >= 500 {
                RefreshError::Lost(format!("{} (HTTP {status})", error.code))
            } else {
                RefreshError::Refused(error)
            });
        }
    }
    let answer: Answer = serde_json::from_slice(body).map_err(|error| {
        // Its own words would quote the tokens.
        let (line, column) = (error.line(), error.column());
        RefreshError::Lost(format!(
            "its answer is JSON of another shape (line {line}, column {column})"
        ))
    })?;
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (Some(access), Some(refresh)) = (
        filled(answer.access_token).filter(|_| (200..300).contains(&status)),
        filled(answer.refresh_token),
    ) else {
        return Err(RefreshError::Lost(format!(
            "its answer (HTTP {status}) holds no tokens"
        )));
    };
    // `expires` is left alone: it is told by another clock than ours.
    let lifetime = answer.expires_in.filter(|seconds| *seconds > 0);
    let lifetime = lifetime.map_or(ACCESS_LIFETIME, Duration::from_secs);
    let mut grant = before.renewed(access, refresh, lifetime);
    if let Some(member_id) = filled(answer.member_id) {
        grant.member_id = member_id;
    }
    if let Some(client) = filled(answer.client_endpoint) {
        if let Some(url) = endpoint::portal(&client) {
            grant.client_endpoint = url.into();
        } else {
            tracing::warn!("the portal's new address is not https, and is not taken over");
        }
    }
    if let Some(server) = filled(answer.server_endpoint) {
        grant.server_endpoint = server;
    }
    if let Some(scope) = filled(answer.scope) {
        grant.scope = scopes(&scope);
    }
    if let Some(status) = filled(answer.status) {
        grant.status = status;
    }
    grant.user_id = answer.user_id.or(grant.user_id);
    Ok(grant)
}

/// Scopes come with commas, in older answers with spaces.
pub(super) fn scopes(text: &str) -> Vec<String> {
    text.split([',', ' '])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What came instead of JSON. Of the body, which may hold tokens in another form, only the title of a page is shown.
fn not_json(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    let what = match text.chars().next() {
        None => "an empty body",
        Some('<') => "a web page",
        Some('{' | '[') => "JSON that is cut off or broken",
        Some(_) => "no JSON",
    };
    let title = decode::page_title(text).filter(|_| text.starts_with('<'));
    let title = title.map_or_else(String::new, |title| format!(", \"{title}\""));
    format!("{what} came (HTTP {status}{title})")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn before() -> Grant {
        Grant::new("m1", "https://acme.bitrix24.com/rest/", "old", "old-r")
            .with_application_token(Some("t".to_owned()))
    }

    fn answer(status: u16, body: &str) -> Result<Grant, RefreshError> {
        read(status, &Bytes::copy_from_slice(body.as_bytes()), &before())
    }

    #[test]
    fn a_renamed_portal_and_new_scopes_are_taken_over() {
        let body = json!({
            "access_token": "a", "refresh_token": "r", "expires_in": 1800, "expires": 5, "scope": "crm,task",
            "client_endpoint": "https://new.bitrix24.com/rest/", "domain": "oauth.bitrix.info",
            "server_endpoint": "https://oauth.bitrix24.tech/rest/", "status": "P", "member_id": "m1", "user_id": 7,
        });
        let grant = answer(200, &body.to_string()).unwrap();
        assert_eq!((grant.access_token(), grant.refresh_token()), ("a", "r"));
        assert_eq!(grant.expires_in, Duration::from_secs(1800));
        assert_eq!(grant.client_endpoint, "https://new.bitrix24.com/rest/");
        assert_eq!(grant.server_endpoint, "https://oauth.bitrix24.tech/rest/");
        assert_eq!(grant.scope, ["crm", "task"]);
        assert_eq!((grant.status.as_str(), grant.user_id), ("P", Some(7)));
        assert_eq!(grant.application_token(), Some("t"));
    }

    /// The vendor's SDK takes such tokens for expired, and calls without any.
    #[test]
    fn without_a_lifetime_a_token_lives_an_hour() {
        for lifetime in ["", r#","expires_in":null"#, r#","expires_in":0"#] {
            let body = format!(r#"{{"access_token":"a","refresh_token":"r"{lifetime}}}"#);
            assert_eq!(answer(200, &body).unwrap().expires_in, ACCESS_LIFETIME);
        }
        let text = r#"{"access_token":"a","refresh_token":"r","expires_in":"1200","user_id":"4"}"#;
        let grant = answer(200, text).unwrap();
        assert_eq!(grant.expires_in, Duration::from_secs(1200));
        assert_eq!(grant.user_id, Some(4));
    }

    #[test]
    fn an_address_without_https_is_not_taken_over() {
        let body = r#"{"access_token":"a","refresh_token":"r","client_endpoint":"http://evil.example/rest/"}"#;
        let grant = answer(200, body).unwrap();
        assert_eq!(grant.client_endpoint, "https://acme.bitrix24.com/rest/");
    }

    #[test]
    fn an_answer_that_reads_badly_is_not_repeated() {
        let twice = json!(r#"{"access_token":"TOPACCESS","refresh_token":"TOPREFRESH"}"#);
        for body in [
            &*twice.to_string(),
            r#"["TOPACCESS"]"#,
            r#"{"access_token":["TOPACCESS"],"refresh_token":"TOPREFRESH"}"#,
            r#"{"access_token":"TOPACCESS","refresh_token":"TOPREFRESH","expires_in":"TOPACCESS"}"#,
            r#"{"access_token":"TOPACCESS","refresh_token":{"TOPREFRESH":1}}"#,
            r#"{"access_token":"TOPACCESS","refresh_"#,
            "access_token=TOPACCESS&refresh_token=TOPREFRESH",
            r#"<pre>{"access_token":"TOPACCESS","refresh_token":"TOPREFRESH"}</pre>"#,
        ] {
            let error = answer(200, body).unwrap_err();
            assert!(matches!(error, RefreshError::Lost(_)), "{body}");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("TOP"), "{shown}");
        }
        let error = answer(200, r#"{"access_token":5}"#).unwrap_err();
        let text = "its answer is JSON of another shape (line 1, column 17)";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn refusals_are_told_from_lost_answers() {
        for (status, body) in [
            (400, r#"{"error":"invalid_grant","error_description":"x"}"#),
            (200, r#"{"error":"wrong_client"}"#),
            (401, r#"{"error":"PAYMENT_REQUIRED"}"#),
        ] {
            assert!(
                matches!(answer(status, body), Err(RefreshError::Refused(_))),
                "{body}"
            );
        }
        for (status, body) in [
            (200, ""),
            (200, "<html><title>Wait</title>"),
            (200, "{\"access_token\":\"a\""),
            (200, "[]"),
            (200, "null"),
            (200, r#"{"access_token":"","refresh_token":"r"}"#),
            (200, r#"{"access_token":"a"}"#),
            (302, r#"{"access_token":"a","refresh_token":"r"}"#),
            (502, "<html>Bad Gateway</html>"),
            (500, r#"{"error":"INTERNAL_SERVER_ERROR"}"#),
        ] {
            assert!(
                matches!(answer(status, body), Err(RefreshError::Lost(_))),
                "{status} {body}"
            );
        }
    }
}
