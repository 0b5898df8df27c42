//! A value as what its column holds.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde_json::value::RawValue;

use super::column::Kind;
use super::row::{is_number, text};

/// A value, typed.
#[derive(Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Empty,
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Date(Date),
    /// As the clock of the portal showed it, and the moment if it came with an offset.
    Time(DateTime, Option<Timestamp>),
    Text(Cow<'a, str>),
}

/// Reads a value as `kind`. None: it is not of that kind.
pub(super) fn read(value: Option<&RawValue>, kind: Kind) -> Option<Cell<'_>> {
    let Some(value) = value.filter(|value| value.get() != "null") else {
        return Some(Cell::Empty);
    };
    let plain = text(Some(value));
    match kind {
        Kind::Text => return Some(Cell::Text(plain)),
        Kind::Any => return Some(guess(value, plain)),
        // PHP writes false and an empty list for "no value" as well.
        Kind::Boolean if plain.is_empty() || plain == "[]" => return Some(Cell::Empty),
        Kind::Boolean => {}
        _ if matches!(plain.as_ref(), "" | "false" | "[]") => return Some(Cell::Empty),
        _ => {}
    }
    let plain = plain.trim();
    match kind {
        Kind::Integer => integer(plain).map(Cell::Integer),
        Kind::Number => number(plain).map(Cell::Number),
        Kind::Boolean => boolean(plain).map(Cell::Boolean),
        Kind::Date => plain.get(..10)?.parse().ok().map(Cell::Date),
        Kind::Time => {
            let wall = plain.get(..19).unwrap_or(plain).parse().ok()?;
            Some(Cell::Time(wall, plain.parse().ok()))
        }
        Kind::Text | Kind::Any => None,
    }
}

/// A JSON number or boolean is one; the rest is text.
fn guess<'a>(value: &RawValue, plain: Cow<'a, str>) -> Cell<'a> {
    match value.get() {
        "true" => Cell::Boolean(true),
        "false" => Cell::Boolean(false),
        raw if is_number(value) => match (raw.parse(), number(raw)) {
            (Ok(integer), _) => Cell::Integer(integer),
            (_, Some(number)) => Cell::Number(number),
            _ => Cell::Text(plain),
        },
        _ => Cell::Text(plain),
    }
}

fn integer(plain: &str) -> Option<i64> {
    plain.parse().ok().or_else(|| {
        // `12.00`: the classic methods write some integers so.
        let (whole, zeros) = plain.split_once('.')?;
        zeros
            .bytes()
            .all(|b| b == b'0')
            .then(|| whole.parse().ok())?
    })
}

/// Words such as `inf` are numbers to Rust, not to the portal.
fn number(plain: &str) -> Option<f64> {
    let begins = plain.starts_with(|c: char| c == '-' || c == '.' || c.is_ascii_digit());
    plain
        .parse()
        .ok()
        .filter(|number: &f64| begins && number.is_finite())
}

fn boolean(plain: &str) -> Option<bool> {
    match plain {
        "true" | "Y" | "1" => Some(true),
        "false" | "N" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(json: &str, kind: Kind) -> String {
        let value: &RawValue = serde_json::from_str(json).unwrap();
        match read(Some(value), kind) {
            Some(Cell::Time(wall, moment)) => {
                let moment = moment.map(|moment| moment.to_string());
                format!("{wall} {}", moment.unwrap_or_default())
            }
            Some(cell) => format!("{cell:?}"),
            None => "no".to_owned(),
        }
    }

    #[test]
    fn values_are_read_as_the_portal_writes_them() {
        let cases = [
            (
                Kind::Integer,
                r#"7 "7" "7.00" "" null false 7.5 "x" 12345678901234567"#,
            ),
            (Kind::Number, r#"7 "7.50" -0.1 "" "inf" "1e400" "1,5""#),
            (Kind::Boolean, r#"true false "Y" "N" "1" 0 "" "?""#),
            (
                Kind::Date,
                r#""2026-03-01T03:00:00+03:00" "2026-03-01" "" "01.03.2026""#,
            ),
            (
                Kind::Time,
                r#""2026-03-01T03:00:00+03:00" "2026-03-01 03:00:00" "" "soon""#,
            ),
            (Kind::Text, r#""" "7" 7 [1,"a"] {"a":1} null"#),
            (Kind::Any, r#"7 7.5 "7" true [1]"#),
        ];
        let lines = cases.map(|(kind, values)| {
            let values = values.replace("2026-03-01 03", "2026-03-01_03");
            let each = values
                .split(' ')
                .map(|json| cell(&json.replace('_', " "), kind));
            format!("{kind:?}: {}\n", each.collect::<Vec<_>>().join(" | "))
        });
        insta::assert_snapshot!(lines.concat());
    }
}
