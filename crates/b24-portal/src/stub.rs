//! Invented answers in a documented shape.

use crate::php::{Php, PhpArray};
use crate::world::time;

/// Puts plausible values in place of the names of types.
pub(crate) fn fill(shape: &Php, now: i64) -> Php {
    match shape {
        Php::Str(kind) => value(kind, now),
        Php::Array(array) => {
            let entries = array
                .iter()
                .map(|(key, inner)| (key.text().into_owned(), fill(inner, now)));
            entries.collect::<PhpArray>().into()
        }
        other => other.clone(),
    }
}

fn value(kind: &str, now: i64) -> Php {
    match kind.split('|').next().unwrap_or(kind) {
        "string" => "text".into(),
        "integer" => 1.into(),
        "integer-string" => "1".into(),
        "double" => 1.5.into(),
        "double-string" => "1.50".into(),
        "boolean" => true.into(),
        "char(Y/N)" => "Y".into(),
        "datetime-string" => time::text(now).into(),
        "date-string" => time::text(now)[..10].into(),
        "null" => Php::Null,
        unknown => unknown.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Php, fill};

    #[test]
    fn types_become_values_and_the_rest_stays() {
        let shape = Php::from_json(
            br#"{"items":[{"id":"integer","at":"datetime-string","x":null}],"ok":"boolean|null"}"#,
        )
        .unwrap();
        let mut out = Vec::new();
        fill(&shape, 0).write_json(&mut out);
        let expected =
            r#"{"items":[{"id":1,"at":"1970-01-01T03:00:00+03:00","x":null}],"ok":true}"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
