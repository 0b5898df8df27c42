//! Finding secrets in a text.

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::percent_decode_str;

use super::is_secret_key;

/// A key is looked for this far before its separator.
const KEY_BYTES: usize = 200;

/// Where secrets stand, in any order; ranges may overlap.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (place, byte) in text.bytes().enumerate() {
        let rest = &text.as_bytes()[place..];
        let secret = match byte {
            b'=' => query_value(text, place, 1, false),
            b'%' if starts_ignoring_case(rest, b"%3d") => query_value(text, place, 3, true),
            b':' => json_value(text, place),
            b'r' | b'R' if starts_ignoring_case(rest, b"rest") => webhook_secret(text, place),
            b'b' | b'B' if starts_ignoring_case(rest, b"bearer ") => bearer_token(text, place + 7),
            _ => None,
        };
        found.extend(secret.filter(|range| !range.is_empty()));
    }
    found
}

fn starts_ignoring_case(bytes: &[u8], start: &[u8]) -> bool {
    bytes
        .get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// `key=value`, the whole perhaps percent-encoded once more.
fn query_value(text: &str, place: usize, width: usize, encoded: bool) -> Option<Range<usize>> {
    let (key, _) = key_before(text, place);
    if !is_secret_key(query_key(&key)) {
        return None;
    }
    let start = skip_spaces(text, place + width);
    if let Some(range) = quoted(text, start) {
        return Some(range);
    }
    let rest = &text[start..];
    let mut end = rest
        .find(|c: char| matches!(c, '&' | '#' | ';' | '"' | '\'' | '<' | '>') || c.is_whitespace())
        .unwrap_or(rest.len());
    if encoded {
        for stop in ["%26", "%23"] {
            end = rest.find(stop).map_or(end, |stop| stop.min(end));
        }
    }
    Some(start..start + end)
}

/// `"key": value` of JSON, `key: "value"` of a `Debug`, or a header.
fn json_value(text: &str, place: usize) -> Option<Range<usize>> {
    let (key, key_is_quoted) = key_before(text, place);
    if !is_secret_key(&key) {
        return None;
    }
    let start = skip_spaces(text, place + 1);
    let rest = &text[start..];
    if let Some(range) = quoted(text, start) {
        return Some(range);
    }
    if key_is_quoted {
        if rest.starts_with(['{', '[']) {
            return Some(start..start + nested_len(rest));
        }
        let end = rest.find([',', '}', ']', '\n']).unwrap_or(rest.len());
        let says_nothing = matches!(rest[..end].trim(), "null" | "true" | "false" | "");
        return (!says_nothing).then_some(start..start + end);
    }
    let name = key.to_ascii_lowercase();
    let is_header = name.ends_with("authorization") || name.ends_with("cookie");
    is_header.then(|| start..start + rest.find(['\r', '\n']).unwrap_or(rest.len()))
}

/// The secret of `/rest/1/secret` and `/rest/api/1/secret`, with slashes as
/// they are, escaped by JSON or percent-encoded. `place` is at `rest`.
fn webhook_secret(text: &str, place: usize) -> Option<Range<usize>> {
    let before = &text.as_bytes()[..place];
    let after_slash = before.ends_with(b"/")
        || before.len() >= 3 && before[before.len() - 3..].eq_ignore_ascii_case(b"%2f");
    if !after_slash {
        return None;
    }
    let mut rest = after_slashes(&text[place + 4..])?;
    if let Some(after) = rest.strip_prefix("api").and_then(after_slashes) {
        rest = after;
    }
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits_end = text.len() - rest.len();
    if !text.as_bytes()[digits_end - 1].is_ascii_digit() {
        return None;
    }
    let rest = after_slashes(rest)?;
    let start = text.len() - rest.len();
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'))
        .unwrap_or(rest.len());
    Some(start..start + end)
}

/// The text after one or more slashes.
fn after_slashes(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let bytes = rest.as_bytes();
        let width = match bytes {
            [b'/', ..] => 1,
            [b'\\', b'/', ..] => 2,
            [b'%', b'2', b'f' | b'F', ..] => 3,
            _ => break,
        };
        rest = &rest[width..];
    }
    (rest.len() < text.len()).then_some(rest)
}

/// A token after `Bearer `, told from prose by its length and digits.
fn bearer_token(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = text.get(start..)?;
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && !"-._~+/=|".contains(c))
        .unwrap_or(rest.len());
    let is_token = end >= 8 && rest[..end].bytes().any(|byte| byte.is_ascii_digit());
    is_token.then_some(start..start + end)
}

/// The key that ends before `place`, and whether it stands in quotes.
fn key_before(text: &str, place: usize) -> (Cow<'_, str>, bool) {
    let before = text[..place].trim_end();
    let bare = before.trim_end_matches(['"', '\'', '\\']);
    let mut floor = bare.len().saturating_sub(KEY_BYTES);
    while !bare.is_char_boundary(floor) {
        floor += 1;
    }
    let start = bare[floor..]
        .rfind(|c: char| "?&;#,{}()<>\"'|".contains(c) || c.is_whitespace())
        .map_or(floor, |place| floor + place + 1);
    let start = (start..=bare.len())
        .find(|place| bare.is_char_boundary(*place))
        .unwrap_or(start);
    (decode_fully(&bare[start..]), bare.len() < before.len())
}

/// The key in a decoded `method?a=1&key`.
fn query_key(key: &str) -> &str {
    key.rsplit(['?', '&', '=']).next().unwrap_or(key)
}

/// A query may be encoded again and again on its way.
fn decode_fully(key: &str) -> Cow<'_, str> {
    let mut decoded = Cow::Borrowed(key);
    for _ in 0..3 {
        if !decoded.contains('%') {
            break;
        }
        decoded = Cow::Owned(
            percent_decode_str(&decoded)
                .decode_utf8_lossy()
                .into_owned(),
        );
    }
    decoded
}

fn skip_spaces(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    text.len() - rest.trim_start_matches([' ', '\t']).len()
}

/// What stands between quotes that open at `start`, perhaps escaped ones.
fn quoted(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = &text[start..];
    let slashes = rest.len() - rest.trim_start_matches('\\').len();
    let quote = rest[slashes..]
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\''))?;
    let start = start + slashes + 1;
    let inside = &text.as_bytes()[start..];
    let mut run = 0;
    for (place, byte) in inside.iter().enumerate() {
        match byte {
            b'\\' => run += 1,
            // Deeper escapes belong to the value.
            byte if *byte == quote as u8 && run <= slashes => {
                return Some(start..start + place - run);
            }
            _ => run = 0,
        }
    }
    Some(start..text.len())
}

/// The length of a JSON list or object at the start of the text, brackets
/// included; all of the text if it is cut.
fn nested_len(text: &str) -> usize {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => {
                depth -= 1;
                if depth == 0 {
                    return place + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}
