//! Lines of JSON whose keys stay in the order given: `serde_json::Map` sorts them.

use serde_json::Value;

/// Ends every line, the last one too.
pub(super) fn lines(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().fold(String::new(), |mut text, line| {
        text += &line;
        text.push('\n');
        text
    })
}

/// Writes one object on one line.
pub(super) fn object<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> String {
    let entries = entries
        .into_iter()
        .map(|(key, value)| format!("{}:{value}", Value::from(key)))
        .collect::<Vec<_>>();
    format!("{{{}}}", entries.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_are_escaped() {
        let line = object([("z\"", Value::from(1)), ("a", Value::from("я\n"))]);
        assert_eq!(line, r#"{"z\"":1,"a":"я\n"}"#);
    }
}
