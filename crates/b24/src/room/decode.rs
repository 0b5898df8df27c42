//! From the bytes of an answer to a result or an [`ApiError`]. Nothing here waits or retries.

pub(crate) mod as_is;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::found::{Found, Results};
use super::operating::Charge;
use crate::error::{ApiError, Reason, Validation};
use crate::redact;

/// The `time` block of an answer. All of it is optional: boxes leave parts out, errors all of it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Time {
    /// When the portal began, unix seconds.
    #[serde(
        deserialize_with = "lenient",
        serialize_with = "as_php",
        skip_serializing_if = "Option::is_none"
    )]
    pub start: Option<f64>,
    /// When the portal ended, unix seconds.
    #[serde(
        deserialize_with = "lenient",
        serialize_with = "as_php",
        skip_serializing_if = "Option::is_none"
    )]
    pub finish: Option<f64>,
    /// Seconds from start to finish; since rest 25 the start is whole seconds, so up to 1 s too long.
    #[serde(
        deserialize_with = "lenient",
        serialize_with = "as_php",
        skip_serializing_if = "Option::is_none"
    )]
    pub duration: Option<f64>,
    /// Seconds in the method itself.
    #[serde(
        deserialize_with = "lenient",
        serialize_with = "as_php",
        skip_serializing_if = "Option::is_none"
    )]
    pub processing: Option<f64>,
    /// When the portal began, ISO 8601 with the portal's offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_start: Option<String>,
    /// When the portal ended, ISO 8601 with the portal's offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_finish: Option<String>,
    /// Seconds charged to the method in the last ten minutes.
    #[serde(
        deserialize_with = "lenient",
        serialize_with = "as_php",
        skip_serializing_if = "Option::is_none"
    )]
    pub operating: Option<f64>,
    /// When the oldest part of them is free again, unix seconds.
    #[serde(
        deserialize_with = "lenient",
        serialize_with = "as_php",
        skip_serializing_if = "Option::is_none"
    )]
    pub operating_reset_at: Option<f64>,
}

impl Time {
    /// What the answer tells about operating time, on the portal's own clock.
    pub(crate) fn charge(&self) -> Option<Charge> {
        let frees_in = match (self.operating_reset_at, self.finish) {
            (Some(reset), Some(finish)) => Some(reset - finish),
            _ => None,
        };
        self.operating.map(|used| Charge {
            used,
            frees_in,
            finish: self.finish,
        })
    }
}

/// Whole numbers without a fraction, as the portal wrote them.
#[expect(clippy::ref_option, reason = "serde calls it so")]
fn as_php<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match *number {
        Some(number) if number.fract() == 0.0 && number.abs() < EXACT => {
            serializer.serialize_i64(number as i64)
        }
        number => number.serialize(serializer),
    }
}

/// Up to here every whole number is exact in an `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number, a number in a string, or nothing.
fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    })
}

fn lenient_count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(lenient(deserializer)?
        .filter(|n| *n >= 0.0)
        .map(|n| n as u64))
}

/// A key that is there, even as `null`.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// `R` is what the result is read as in the pass that checks the answer.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a, R: Deserialize<'de>"))]
struct Envelope<'a, R> {
    #[serde(default = "nothing", deserialize_with = "present")]
    result: Option<R>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient_count")]
    total: Option<u64>,
    #[serde(default, deserialize_with = "lenient_count")]
    next: Option<u64>,
    #[serde(default, deserialize_with = "lenient_time")]
    time: Option<Time>,
}

fn lenient_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(raw
        .get()
        .starts_with('{')
        .then(|| serde_json::from_str(raw.get()).ok())
        .flatten())
}

fn nothing<R>() -> Option<R> {
    None
}

/// A success: `result` is a slice of the body, not parsed yet, unless something else was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Success<R = Bytes> {
    pub(crate) result: R,
    pub(crate) total: Option<u64>,
    pub(crate) next: Option<u64>,
    pub(crate) time: Option<Time>,
}

/// Reads an answer with this status.
pub(crate) type Decode<R> = fn(u16, &Bytes) -> Result<Success<R>, Reason>;

/// Reads an answer of status `status`.
pub(crate) fn answer(status: u16, body: &Bytes) -> Result<Success, Reason> {
    let text = text_of(status, body)?;
    let envelope: Envelope<'_, &RawValue> = envelope(status, body, text)?;
    let bare = envelope.result.is_none() && envelope.error.is_none();
    // rest.documentation.openapi answers with a bare document.
    if bare && (200..300).contains(&status) && text.contains("\"openapi\"") {
        return Ok(Success {
            result: body.clone(),
            total: None,
            next: None,
            time: None,
        });
    }
    envelope.success(status, text, |result| {
        body.slice(range_in(text, result.get()))
    })
}

/// Reads an answer to a call of a list.
pub(crate) fn page(status: u16, body: &Bytes) -> Result<Success<Results>, Reason> {
    let text = text_of(status, body)?;
    let envelope: Envelope<'_, Found<&RawValue>> = envelope(status, body, text)?;
    envelope.success(status, text, |found| Results::of_call(found, body, text))
}

/// Reads an answer to a batch of calls of a list.
pub(crate) fn pages(status: u16, body: &Bytes) -> Result<Success<Results>, Reason> {
    let text = text_of(status, body)?;
    let envelope: Envelope<'_, BatchResult<'_, Found<&RawValue>>> = envelope(status, body, text)?;
    envelope.success(status, text, |batch| Results::of_batch(batch, body, text))
}

fn text_of(status: u16, body: &Bytes) -> Result<&str, Reason> {
    std::str::from_utf8(body).map_err(|_| unreadable(status, body))
}

fn envelope<'a, R: Deserialize<'a>>(
    status: u16,
    body: &Bytes,
    text: &'a str,
) -> Result<Envelope<'a, R>, Reason> {
    // A derived struct would read a list as its fields in order.
    let object = text.trim_start().starts_with('{');
    match serde_json::from_str(text) {
        Ok(envelope) if object => Ok(envelope),
        Err(error) if !error.is_data() => Err(unreadable(status, body)),
        Err(error) if object && status == 200 => {
            Err(Reason::Unexpected(format!("its result: {error}")))
        }
        _ if status == 200 => Err(Reason::Unexpected(format!(
            "it is no object: {}",
            excerpt(text, 60)
        ))),
        _ => Err(unreadable(status, body)),
    }
}

impl<R> Envelope<'_, R> {
    fn success<T>(
        self,
        status: u16,
        text: &str,
        own: impl FnOnce(R) -> T,
    ) -> Result<Success<T>, Reason> {
        let succeeded = (200..300).contains(&status);
        match (self.result, self.error) {
            (None, Some(error)) => Err(Reason::Api(api_error(status, text, error))),
            (_, Some(error)) if !succeeded || names_a_code(error) => {
                Err(Reason::Api(api_error(status, text, error)))
            }
            (Some(result), _) if succeeded => Ok(Success {
                result: own(result),
                total: self.total,
                next: self.next,
                time: self.time,
            }),
            _ if succeeded => Err(Reason::Unexpected(format!(
                "it has neither result nor error: {}",
                excerpt(text, 60)
            ))),
            _ => Err(unreadable(status, text.as_bytes())),
        }
    }
}

fn names_a_code(error: &RawValue) -> bool {
    !matches!(
        error.get(),
        "null" | "\"\"" | "[]" | "{}" | "false" | "0" | "\"0\""
    )
}

/// Where `part`, a piece of `whole`, is in it.
pub(super) fn range_in(whole: &str, part: &str) -> Range<usize> {
    let from = part.as_ptr() as usize - whole.as_ptr() as usize;
    from..from + part.len()
}

/// What came instead of JSON.
pub(crate) fn unreadable(status: u16, body: &[u8]) -> Reason {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    let start = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    if start.is_empty() {
        return Reason::Unreadable {
            status,
            detail: "an empty body".to_owned(),
        };
    }
    if start.starts_with('<') {
        return Reason::Page {
            status,
            title: title(start),
        };
    }
    let detail = if start.starts_with(['{', '[']) {
        "JSON that is cut off or broken".to_owned()
    } else {
        format!("no JSON: {}", excerpt(start, 60))
    };
    Reason::Unreadable { status, detail }
}

/// The title of a page, or its first words.
fn title(html: &str) -> String {
    page_title(html).unwrap_or_else(|| plain(html, 80))
}

/// The title of a page, if it has one.
pub(crate) fn page_title(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let at = lower.find("<title")?;
    let from = at + lower[at..].find('>')? + 1;
    let to = from + lower[from..].find("</title")?;
    Some(plain(&html[from..to], 80))
}

/// The portal's words as plain text: tags stripped, control characters as spaces, `limit` characters at most.
pub(crate) fn plain(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut in_tag = false;
    for (at, c) in text.char_indices() {
        match c {
            '<' if text[at + 1..]
                .starts_with(|c: char| c.is_ascii_alphabetic() || "/!".contains(c)) =>
            {
                in_tag = true;
                // Tags within a word or before a full stop are not the end of one.
                if !is_inline(&text[at + 1..]) {
                    out.push(' ');
                }
            }
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            c if c.is_control() || c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
    excerpt(&out.split_whitespace().collect::<Vec<_>>().join(" "), limit)
}

/// Whether the tag that begins here only dresses up its text.
fn is_inline(tag: &str) -> bool {
    let name: String = tag
        .trim_start_matches('/')
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    ["a", "b", "em", "font", "i", "span", "strong", "u"]
        .iter()
        .any(|inline| name.eq_ignore_ascii_case(inline))
}

/// The portal's words end up in errors, so what looks like a secret in them is masked.
fn excerpt(text: &str, limit: usize) -> String {
    let text = redact::text(text);
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.into_owned(),
    }
}

/// The longest description that is kept, in characters.
const DESCRIPTION: usize = 300;

fn api_error(status: u16, body: &str, error: &RawValue) -> ApiError {
    let error: Value = serde_json::from_str(error.get()).unwrap_or(Value::Null);
    let whole: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    api_error_from(status, &error, &whole)
}

/// Builds the error of either version from its `error` value and the object round it.
pub(crate) fn api_error_from(status: u16, error: &Value, whole: &Value) -> ApiError {
    let words = |value: Option<&Value>| match value {
        Some(Value::String(text)) => plain(text, DESCRIPTION),
        None | Some(Value::Null) => String::new(),
        Some(other) => plain(&other.to_string(), DESCRIPTION),
    };
    if let Value::Object(v3) = error {
        let validation = v3.get("validation").and_then(Value::as_array);
        return ApiError {
            code: words(v3.get("code")),
            description: words(v3.get("message")),
            status,
            validation: validation.into_iter().flatten().map(remark).collect(),
            extra: others(v3.iter(), &["code", "message", "validation"]),
        };
    }
    ApiError {
        code: words(Some(error)),
        description: words(whole.get("error_description")),
        status,
        validation: Vec::new(),
        extra: others(
            whole.as_object().into_iter().flatten(),
            &[
                "error",
                "error_description",
                "result",
                "time",
                "total",
                "next",
            ],
        ),
    }
}

fn remark(value: &Value) -> Validation {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    Validation {
        field: text("field").map(str::to_owned),
        message: plain(text("message").unwrap_or_default(), DESCRIPTION),
    }
}

fn others<'a>(
    pairs: impl Iterator<Item = (&'a String, &'a Value)>,
    known: &[&str],
) -> Vec<(String, Value)> {
    pairs
        .filter(|(key, _)| !known.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), redact::under(key, value)))
        .collect()
}

/// A PHP array as JSON shows it: a list if its keys are 0..n in order, else an object; `[]` when empty.
///
/// Keys of a list are their positions.
#[derive(Debug)]
pub(crate) struct Keyed<'a, T>(pub(crate) Vec<(Cow<'a, str>, T)>);

impl<T> Default for Keyed<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Keyed<'_, T> {
    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.0
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, value)| value)
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de> + 'a> Deserialize<'de> for Keyed<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<'a, T>(std::marker::PhantomData<&'a T>);
        impl<'de: 'a, 'a, T: Deserialize<'de> + 'a> Visitor<'de> for Pairs<'a, T> {
            type Value = Keyed<'a, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list or an object")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(value) = seq.next_element()? {
                    pairs.push((Cow::Owned(pairs.len().to_string()), value));
                }
                Ok(Keyed(pairs))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, T>()? {
                    pairs.push((Cow::Owned(key), value));
                }
                Ok(Keyed(pairs))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Keyed::default())
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Keyed::default())
            }
        }
        deserializer.deserialize_any(Pairs(std::marker::PhantomData))
    }
}

/// The `result` of a v2 batch; `R` is what the result of a command is read as.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a, R: Deserialize<'de> + 'a"))]
pub(crate) struct BatchResult<'a, R = &'a RawValue> {
    #[serde(default)]
    pub(crate) result: Keyed<'a, R>,
    #[serde(borrow, default)]
    pub(crate) result_error: Keyed<'a, &'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) result_total: Keyed<'a, &'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) result_next: Keyed<'a, &'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) result_time: Keyed<'a, &'a RawValue>,
}

impl<'a> BatchResult<'a> {
    pub(crate) fn parse(result: &'a Bytes) -> Result<Self, Reason> {
        serde_json::from_slice(result)
            .map_err(|e| Reason::Unexpected(format!("the batch's result: {e}")))
    }
}

impl<R> BatchResult<'_, R> {
    /// The error of one command.
    pub(crate) fn error(&self, key: &str) -> Option<ApiError> {
        let raw = self.result_error.get(key)?;
        let value: Value = serde_json::from_str(raw.get()).unwrap_or(Value::Null);
        Some(match value.get("error") {
            Some(error) => api_error_from(200, error, &value),
            None => api_error_from(200, &value, &Value::Null),
        })
    }

    /// The `time` block of one command.
    pub(crate) fn time(&self, key: &str) -> Option<Time> {
        self.result_time
            .get(key)
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
    }
}

#[cfg(test)]
mod tests;
