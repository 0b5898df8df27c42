//! The first page of a list: how to get the others.

use std::collections::BTreeMap;

use b24::Reply;
use serde_json::value::RawValue;

use crate::parameters::Tree;
use crate::printer::grouped;

/// What to say when the answer is the first page of many.
pub(super) fn more(method: &str, params: &Tree, reply: &Reply<Box<RawValue>>) -> Option<String> {
    reply.next?;
    let rows = rows(&reply.result)?;
    let of = match reply.total {
        Some(total) => format!("{} of {} rows", grouped(rows), grouped(total)),
        None => format!("{} rows, there are more", grouped(rows)),
    };
    Some(format!(
        "{of}; all of them: b24 export {method}{}",
        export_flags(params)?
    ))
}

/// How many rows a page has, bare or under its key.
fn rows(result: &RawValue) -> Option<u64> {
    if let Some(rows) = count(result) {
        return Some(rows);
    }
    let keys: BTreeMap<String, &RawValue> = serde_json::from_str(result.get()).ok()?;
    keys.values().find_map(|value| count(value))
}

fn count(list: &RawValue) -> Option<u64> {
    let rows: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    Some(rows.len() as u64)
}

/// The same list as flags of `export`; none if a shell could not take them.
fn export_flags(params: &Tree) -> Option<String> {
    let mut flags = String::new();
    for (key, value) in params.entries() {
        let lower = key.to_lowercase();
        let text = serde_json::to_string(value).ok()?;
        let flag = match (lower.as_str(), value) {
            ("start" | "order", _) => continue,
            ("filter", _) => format!("--filter-json '{text}'"),
            ("select", Tree::List(names)) => {
                let names = names.iter().map(|name| match name {
                    Tree::Text(name) => Some(name.as_str()),
                    _ => None,
                });
                format!(
                    "--select '{}'",
                    names.collect::<Option<Vec<_>>>()?.join(",")
                )
            }
            _ => match value {
                Tree::Text(text) => format!("--param '{key}={text}'"),
                _ => format!("--param '{key}:={text}'"),
            },
        };
        if flag.matches('\'').count() != 2 {
            return None;
        }
        flags.push(' ');
        flags.push_str(&flag.replace(['\n', '\r'], " "));
    }
    Some(flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(params: &str) -> Option<String> {
        export_flags(&serde_json::from_str(params).unwrap())
    }

    #[test]
    fn the_export_of_a_page_is_the_same_list() {
        assert_eq!(
            flags(r#"{"entityTypeId":2,"filter":{">id":5},"select":["id","title"],"order":{"id":"ASC"},"start":50,"x":"y"}"#).unwrap(),
            " --param 'entityTypeId:=2' --filter-json '{\">id\":5}' --select 'id,title' --param 'x=y'"
        );
        assert_eq!(flags(r#"{"x":"it's"}"#), None);
    }

    #[test]
    fn rows_are_counted_bare_or_under_their_key() {
        let count = |text: &str| rows(&RawValue::from_string(text.to_owned()).unwrap());
        assert_eq!(count("[1,2]"), Some(2));
        assert_eq!(count(r#"{"items":[{},{},{}]}"#), Some(3));
        assert_eq!(count("true"), None);
    }
}
