//! Cells that Excel neither runs nor rounds.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::row::{is_number, is_text, text};

/// Excel keeps 15 digits of a number.
const DIGITS: usize = 15;
/// The longest text that a formula may hold.
const LITERAL: usize = 255;

/// A value as Excel should see it: ids, phones and long numbers as text, the
/// start of a formula as an apostrophe and a text.
pub(super) fn cell<'a>(column: &str, value: &'a RawValue) -> Cow<'a, str> {
    let plain = text(Some(value));
    let keep_as_text = match (is_number(value), is_text(value)) {
        (true, _) => is_id(column) || plain.len() > DIGITS,
        (_, true) => looks_like_number(&plain, is_id(column)),
        _ => false,
    };
    if keep_as_text && plain.len() <= LITERAL {
        return format!("=\"{plain}\"").into();
    }
    if !is_number(value) && plain.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return format!("'{plain}").into();
    }
    plain
}

/// `id`, `ID`, `assignedById`, `COMPANY_ID`.
fn is_id(column: &str) -> bool {
    column.eq_ignore_ascii_case("id") || column.ends_with("Id") || column.ends_with("_ID")
}

/// Digits that a spreadsheet would change: leading zeros and plus signs go, long ones are rounded.
fn looks_like_number(text: &str, id: bool) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let changed = id || text.starts_with('+') || text.len() > DIGITS || text.starts_with('0');
    changed && digits.len() > 1 - usize::from(id) && digits.bytes().all(|b| b.is_ascii_digit())
}
