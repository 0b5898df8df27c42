//! Keeping secrets out of logs, errors and reports.
//!
//! Whatever is shown of parameters and answers goes through here: at any depth
//! of maps and lists, and inside texts, where a secret hides as a query
//! (`?auth=…`), as JSON, as a header or as a webhook address.
//!
//! ```
//! use b24::redact;
//!
//! assert_eq!(
//!     redact::text("no answer from https://acme.bitrix24.com/rest/1/k3ys3cret/crm.deal.get"),
//!     "no answer from https://acme.bitrix24.com/rest/1/***/crm.deal.get",
//! );
//! assert_eq!(redact::text("crm.deal.get?id=5&AUTH_ID=abc"), "crm.deal.get?id=5&AUTH_ID=***");
//! assert_eq!(
//!     redact::value(&serde_json::json!([{ "method": "user.get", "query": { "token": "abc" } }])),
//!     serde_json::json!([{ "method": "user.get", "query": { "token": "***" } }]),
//! );
//! ```
//!
//! When in doubt it masks: a masked harmless word costs a second look, a
//! shown secret costs a new one.

mod scan;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::value::Tree;

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// A text longer than this is cut where it is shown: a file in base64 is not
/// worth its megabytes in a log.
const SHOWN_CHARS: usize = 300;

/// The text with the secrets in it masked.
pub fn text(text: &str) -> Cow<'_, str> {
    let mut secrets = scan::secrets(text);
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    secrets.sort_unstable_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut shown_to = 0;
    for range in secrets {
        if range.start >= shown_to {
            out.push_str(&text[shown_to..range.start]);
            out.push_str(MASK);
        }
        shown_to = shown_to.max(range.end);
    }
    out.push_str(&text[shown_to..]);
    Cow::Owned(out)
}

/// The value with its secrets masked: whole under a key that names one, and
/// inside its texts.
#[must_use]
pub fn value(shown: &Value) -> Value {
    match shown {
        Value::String(inner) => Value::String(text(inner).into_owned()),
        Value::Array(items) => items.iter().map(value).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, inner)| (key.clone(), under(key, inner)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => shown.clone(),
    }
}

/// The value under a key with its secrets masked: all of it if the key names
/// one.
#[must_use]
pub fn under(key: &str, shown: &Value) -> Value {
    if hides(key, shown.is_null()) {
        MASK.into()
    } else {
        value(shown)
    }
}

/// Whether a key names a secret: `auth`, `access_token`, `AUTH_ID`,
/// `clientSecret`, `botToken`, `fields[password]` …
pub fn is_secret_key(key: &str) -> bool {
    key.split(['[', ']']).any(|part| {
        let name: String = part
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        SECRET_KEYS.contains(&name.as_str())
            || SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending))
    })
}

/// Names without case and punctuation.
const SECRET_KEYS: &[&str] = &[
    "auth",
    "authid",
    "authorization",
    "bearer",
    "cookie",
    "key",
    "proxyauthorization",
    "pwd",
    "refreshid",
    "sessid",
    "setcookie",
    "signature",
];

const SECRET_ENDINGS: &[&str] = &[
    "token",
    "password",
    "passwd",
    "secret",
    "apikey",
    "privatekey",
    "webhook",
    "webhookurl",
];

fn hides(key: &str, nothing: bool) -> bool {
    !nothing && is_secret_key(key)
}

/// The body of a request or an answer as it may be logged.
pub(crate) struct Body<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match serde_json::from_slice(self.0) {
            Ok(tree) => write!(f, "{}", Shown(&tree)),
            Err(_) => write_text(f, &String::from_utf8_lossy(self.0)),
        }
    }
}

/// Parameters as they may be logged: JSON in their own order, secrets masked,
/// long texts cut. The work is done only when it is formatted.
struct Shown<'a>(&'a Tree);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Tree::Null => f.write_str("null"),
            Tree::Bool(shown) => write!(f, "{shown}"),
            Tree::Number(number) => write!(f, "{number}"),
            Tree::Text(shown) => write_text(f, shown),
            Tree::List(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    f.write_str(if place == 0 { "" } else { "," })?;
                    write!(f, "{}", Shown(item))?;
                }
                f.write_str("]")
            }
            Tree::Map(pairs) => {
                f.write_str("{")?;
                for (place, (key, item)) in pairs.iter().enumerate() {
                    f.write_str(if place == 0 { "" } else { "," })?;
                    write_text(f, key)?;
                    if hides(key, *item == Tree::Null) {
                        write!(f, ":\"{MASK}\"")?;
                    } else {
                        write!(f, ":{}", Shown(item))?;
                    }
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, shown: &str) -> fmt::Result {
    let cut = shown
        .char_indices()
        .nth(SHOWN_CHARS)
        .map(|(place, _)| &shown[..place]);
    let mut shown = text(cut.unwrap_or(shown));
    if cut.is_some() {
        shown.to_mut().push('…');
    }
    f.write_str(&serde_json::to_string(&shown).map_err(|_| fmt::Error)?)
}
