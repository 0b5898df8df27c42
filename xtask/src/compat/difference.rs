//! Where two results part.

use serde_json::Value;

/// The first place where `theirs` differs from `ours`; rows may come in any order.
pub(super) fn difference(ours: &Value, theirs: &Value) -> Option<String> {
    at("", ours, theirs)
}

fn at(path: &str, ours: &Value, theirs: &Value) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => a
            .keys()
            .chain(b.keys().filter(|key| !a.contains_key(*key)))
            .find_map(|key| {
                let inner = format!("{path}/{key}");
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => at(&inner, a, b),
                    (Some(a), None) => Some(format!("{inner}: {a} is missing")),
                    (None, b) => Some(format!(
                        "{inner}: {} is too much",
                        b.unwrap_or(&Value::Null)
                    )),
                }
            }),
        (Value::Array(a), Value::Array(b)) => {
            if a.len() != b.len() {
                return Some(format!(
                    "{path}: {} elements instead of {}",
                    b.len(),
                    a.len()
                ));
            }
            let (a, b) = (by_id(a), by_id(b));
            a.iter()
                .zip(&b)
                .enumerate()
                .find_map(|(index, (a, b))| at(&format!("{path}/{index}"), a, b))
        }
        (a, b) if a == b => None,
        (a, b) => Some(format!("{path}: {b} instead of {a}")),
    }
}

/// Rows in the order of their ids; lists of anything else as they are.
fn by_id(list: &[Value]) -> Vec<&Value> {
    let mut rows = list.iter().collect::<Vec<_>>();
    if list.iter().all(|row| id(row).is_some()) {
        rows.sort_by_key(|row| id(row));
    }
    rows
}

fn id(row: &Value) -> Option<u64> {
    let id = row.get("ID").or_else(|| row.get("id"))?;
    id.as_u64().or_else(|| id.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_may_come_in_any_order() {
        let ours = json!([{"ID": "2"}, {"ID": "10"}]);
        assert_eq!(difference(&ours, &json!([{"ID": "10"}, {"ID": "2"}])), None);
        assert!(difference(&json!(["a", "b"]), &json!(["b", "a"])).is_some());
    }

    #[test]
    fn a_difference_is_named_by_its_place() {
        let ours = json!({"me": {"ID": "1", "NAME": "Anna"}, "rows": [1, 2]});
        let told = |theirs: Value| difference(&ours, &theirs).unwrap();
        assert_eq!(
            told(json!({"me": {"ID": 1, "NAME": "Anna"}, "rows": [1, 2]})),
            r#"/me/ID: 1 instead of "1""#
        );
        assert_eq!(
            told(json!({"me": {"ID": "1"}, "rows": [1, 2]})),
            r#"/me/NAME: "Anna" is missing"#
        );
        assert_eq!(
            told(json!({"me": {"ID": "1", "NAME": "Anna", "X": 0}, "rows": [1, 2]})),
            "/me/X: 0 is too much"
        );
        assert_eq!(
            told(json!({"me": {"ID": "1", "NAME": "Anna"}, "rows": [1]})),
            "/rows: 1 elements instead of 2"
        );
    }
}
