//! Whether a row on the portal is what was sent. The portal writes numbers as texts, `Y` for true, and times in its
//! own zone: only what surely differs is a difference.

use jiff::Timestamp;
use serde_json::Number;

use crate::parameters::Tree;

/// Characters of a value in a message.
const SHOWN: usize = 60;

/// The fields that surely differ, as a person reads them. A field that did not come back says nothing.
pub(super) fn differences(sent: &Tree, found: &Tree) -> Vec<String> {
    let mut all = Vec::new();
    for (name, value) in sent.entries() {
        let Some(is) = found.get(name) else { continue };
        if differs(value, is) {
            all.push(format!(
                "{name}: sent {}, is {}",
                value.shown(SHOWN),
                is.shown(SHOWN)
            ));
        }
    }
    all
}

/// Whether everything that was sent is there: the values of a list among others, a single value as it was sent.
pub(super) fn has_all(sent: &Tree, found: &Tree) -> bool {
    sent.entries().iter().all(|(name, value)| {
        let Some(is) = found.get(name) else {
            return false;
        };
        match (value, is) {
            (Tree::List(sent), Tree::List(is)) => {
                sent.iter().all(|one| is.iter().any(|it| holds(one, it)))
            }
            _ => !differs(value, is),
        }
    })
}

/// Whether an object has the entries of another, or a value is the same.
fn holds(sent: &Tree, is: &Tree) -> bool {
    match (sent, is) {
        (Tree::Map(entries), Tree::Map(_)) => entries
            .iter()
            .all(|(name, value)| is.get(name).is_some_and(|is| !differs(value, is))),
        _ => !differs(sent, is),
    }
}

/// Whether two values surely differ.
pub(crate) fn differs(sent: &Tree, is: &Tree) -> bool {
    match (sent, is) {
        (Tree::List(sent), Tree::List(is)) => {
            sent.len() != is.len() || sent.iter().zip(is).any(|(sent, is)| differs(sent, is))
        }
        // What the portal makes of files, phones and the like is its own.
        (Tree::List(_) | Tree::Map(_), _) | (_, Tree::List(_) | Tree::Map(_)) => false,
        _ => match (plain(sent), plain(is)) {
            // A date comes back as its midnight in some zone.
            (Plain::Date(date), Plain::Time(_)) => !is
                .word()
                .is_some_and(|is| is.starts_with(&date.to_string())),
            (sent, is) => sent != is,
        },
    }
}

/// A value in the one form that all its spellings have.
#[derive(Debug, PartialEq)]
enum Plain {
    Nothing,
    Number(f64),
    Time(Timestamp),
    Date(jiff::civil::Date),
    Text(String),
}

fn plain(value: &Tree) -> Plain {
    match value {
        Tree::Null => Plain::Nothing,
        Tree::Bool(yes) => Plain::Text(if *yes { "Y" } else { "N" }.to_owned()),
        Tree::Number(number) => number_of(number),
        Tree::Text(text) => plain_text(text.trim()),
        Tree::List(_) | Tree::Map(_) => Plain::Text(String::new()),
    }
}

fn number_of(number: &Number) -> Plain {
    match number.as_f64() {
        // `0` is how the portal says that no user, company or sum was given.
        Some(0.0) => Plain::Nothing,
        Some(number) => Plain::Number(number),
        None => Plain::Text(number.to_string()),
    }
}

fn plain_text(text: &str) -> Plain {
    if text.is_empty() || text.parse() == Ok(0.0) {
        return Plain::Nothing;
    }
    // `10.50|EUR` is a sum in a currency.
    let sum = text.split_once('|').map_or(text, |(sum, _)| sum);
    if let Ok(number) = sum.parse() {
        return Plain::Number(number);
    }
    if let Ok(time) = text.parse() {
        return Plain::Time(time);
    }
    match text.parse() {
        Ok(date) => Plain::Date(date),
        Err(_) => Plain::Text(text.replace("\r\n", "\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(json: &str) -> Tree {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn spellings_of_one_value_are_no_difference() {
        for (sent, is) in [
            ("10", "\"10.00\""),
            ("\"10.5\"", "10.5"),
            ("true", "\"Y\""),
            ("\"\"", "null"),
            ("0", "\"\""),
            ("\" A\"", "\"A\""),
            ("\"a\\r\\nb\"", "\"a\\nb\""),
            ("\"2026-01-02T03:00:00+03:00\"", "\"2026-01-02T00:00:00Z\""),
            (
                "[{\"typeId\":\"PHONE\",\"value\":\"1\"}]",
                "[{\"id\":7,\"typeId\":\"PHONE\",\"value\":\"1\"}]",
            ),
            ("\"10|EUR\"", "\"10.00|EUR\""),
        ] {
            assert!(!differs(&tree(sent), &tree(is)), "{sent} {is}");
        }
        for (sent, is) in [
            ("10", "\"11\""),
            ("\"A\"", "\"a\""),
            ("\"NEW\"", "\"WON\""),
            ("[1,2]", "[1]"),
            ("true", "\"N\""),
            ("\"2026-01-02T03:00:00+03:00\"", "\"2026-01-02T03:00:00Z\""),
        ] {
            assert!(differs(&tree(sent), &tree(is)), "{sent} {is}");
        }
    }

    #[test]
    fn a_date_and_its_midnight_are_the_same() {
        let found = tree(r#"{"begindate":"2026-01-02T00:00:00+03:00"}"#);
        assert!(differences(&tree(r#"{"begindate":"2026-01-02"}"#), &found).is_empty());
        assert!(!differences(&tree(r#"{"begindate":"2026-01-03"}"#), &found).is_empty());
    }

    #[test]
    fn added_values_are_there_among_others() {
        let found = tree(
            r#"{"id":5,"fm":[{"id":1,"typeId":"PHONE","value":"1"},{"id":2,"typeId":"EMAIL","value":"a@b"}]}"#,
        );
        let sent = |value: &str| {
            tree(&format!(
                r#"{{"fm":[{{"typeId":"EMAIL","value":"{value}"}}]}}"#
            ))
        };
        assert!(has_all(&sent("a@b"), &found));
        assert!(!has_all(&sent("c@d"), &found));
        assert!(!has_all(&tree(r#"{"title":"A"}"#), &found));
    }
}
