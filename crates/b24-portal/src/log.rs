//! The request log: what came, what was answered; never a secret.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::io::Write;
use std::sync::Mutex;

use serde::Serialize;

use crate::oauth::TOKEN_LENGTH;
use crate::php::{Php, PhpArray};
use crate::shared::lock;

/// Older entries are forgotten.
const KEPT: usize = 10_000;
/// Longer parameters and commands are cut in the log.
const SHOWN: usize = 2000;

/// One request as the portal saw it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// When it came, by the portal's clock.
    pub time: String,
    /// Where it came from.
    pub address: String,
    /// GET, POST …
    pub verb: String,
    /// The method as called; empty where the URL names none; `oauth/token` and `oauth/authorize`.
    pub method: String,
    /// 2 or 3; 0 for OAuth.
    pub version: u8,
    /// Its parameters as JSON, without credentials and without `cmd`, cut when long.
    pub params: String,
    /// HTTP status of the answer; 0 when the connection was cut instead.
    pub status: u16,
    /// `error` of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Rows in the answer, those of batched lists included.
    pub rows: u64,
    /// Seconds from the request's arrival to its answer.
    pub seconds: f64,
    /// The commands of a batch, in order, without credentials.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Faults that struck.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

/// Keeps the last requests and copies them to a writer, one JSON object a line.
pub(crate) struct RequestLog {
    entries: Mutex<VecDeque<LogEntry>>,
    copy: Option<Mutex<Box<dyn Write + Send>>>,
}

impl fmt::Debug for RequestLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RequestLog").finish_non_exhaustive()
    }
}

impl RequestLog {
    pub(crate) fn new(copy: Option<Box<dyn Write + Send>>) -> Self {
        Self {
            entries: Mutex::default(),
            copy: copy.map(Mutex::new),
        }
    }

    pub(crate) fn add(&self, entry: LogEntry) {
        if let Some(copy) = &self.copy
            && let Ok(mut line) = serde_json::to_vec(&entry)
        {
            line.push(b'\n');
            let mut copy = lock(copy);
            if let Err(error) = copy.write_all(&line).and_then(|()| copy.flush()) {
                tracing::warn!(%error, "the request log cannot be written");
            }
        }
        let mut entries = lock(&self.entries);
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub(crate) fn entries(&self) -> Vec<LogEntry> {
        lock(&self.entries).iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        lock(&self.entries).clear();
    }
}

/// Parameters whose values are never shown, at any depth.
const CREDENTIALS: [&str; 10] = [
    "auth",
    "access_token",
    "refresh_token",
    "client_secret",
    "ap",
    "aplogin",
    "password",
    "token",
    "sessid",
    "AUTH_ID",
];

fn is_credential(name: &str) -> bool {
    CREDENTIALS
        .iter()
        .any(|credential| credential.eq_ignore_ascii_case(name))
}

/// Parameters as the log shows them; `secrets` are blotted out wherever they stand.
pub(crate) fn params_text(params: &PhpArray, secrets: &[String]) -> String {
    let shown = params
        .iter()
        .filter(|(key, _)| !key.text().eq_ignore_ascii_case("cmd"));
    let shown: PhpArray = shown
        .map(|(key, value)| (key.text().into_owned(), without_credentials(value)))
        .collect();
    let shown: PhpArray = shown
        .into_iter()
        .filter(|(key, _)| !is_credential(&key.text()))
        .collect();
    if shown.is_empty() {
        return "{}".to_owned();
    }
    let mut json = Vec::new();
    Php::Array(shown).write_json(&mut json);
    finished(&String::from_utf8_lossy(&json), secrets)
}

/// A batched command as the log shows it.
pub(crate) fn command_text(command: &str, secrets: &[String]) -> String {
    let Some((method, query)) = command.split_once('?') else {
        return finished(command, secrets);
    };
    let pairs: Vec<_> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if is_credential(name) => format!("{name}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    finished(&format!("{method}?{}", pairs.join("&")), secrets)
}

fn without_credentials(value: &Php) -> Php {
    let array = match value {
        Php::Array(array) => array,
        // A file in base64 need not be copied to be cut.
        Php::Str(text) if text.len() > SHOWN => return beginning(text).into(),
        scalar => return scalar.clone(),
    };
    let entries = array.iter().map(|(key, inner)| {
        let shown = if is_credential(&key.text()) {
            "***".into()
        } else {
            without_credentials(inner)
        };
        (key.text().into_owned(), shown)
    });
    entries.collect::<PhpArray>().into()
}

fn finished(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets
        .iter()
        .filter(|secret| !secret.is_empty() && text.contains(secret.as_str()))
        .collect::<Vec<_>>()
    {
        text = text.replace(secret.as_str(), "***");
    }
    let text = without_tokens(&text);
    if text.len() > SHOWN {
        format!("{}…", beginning(&text))
    } else {
        text.into_owned()
    }
}

/// Tokens and codes are known by their form, so that none has to be looked up.
fn without_tokens(text: &str) -> Cow<'_, str> {
    let is_part = |letter: char| letter.is_ascii_hexdigit();
    let runs = text.split(|letter| !is_part(letter));
    let found: Vec<&str> = runs.filter(|run| run.len() == TOKEN_LENGTH).collect();
    found.into_iter().fold(Cow::Borrowed(text), |text, token| {
        Cow::Owned(text.replace(token, "***"))
    })
}

/// As much of a text as the log shows.
fn beginning(text: &str) -> &str {
    let end = (0..=SHOWN)
        .rev()
        .find(|place| text.is_char_boundary(*place))
        .unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::{PhpArray, command_text, params_text};
    use crate::php::form;

    fn shown(query: &str) -> String {
        let params: PhpArray = form::parse(query.as_bytes());
        params_text(&params, &["s3cret".to_owned()])
    }

    #[test]
    fn no_credential_is_shown() {
        assert_eq!(
            shown("auth=x&fields[TITLE]=a&fields[password]=b"),
            r#"{"fields":{"TITLE":"a","password":"***"}}"#
        );
        assert_eq!(shown("note=my+s3cret+is"), r#"{"note":"my *** is"}"#);
        assert_eq!(
            command_text("m?auth=x&id=s3cret", &["s3cret".to_owned()]),
            "m?auth=***&id=***"
        );
        let token = "0a".repeat(35);
        assert_eq!(shown(&format!("note=x{token}")), r#"{"note":"x***"}"#);
        assert_eq!(
            shown(&format!("a={}", "Ж".repeat(5000))).chars().last(),
            Some('…')
        );
    }
}
