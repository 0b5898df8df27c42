//! Results of named commands, for the commands that refer to them.

use std::collections::HashMap;

use super::input::{Line, Reference, marker};
use crate::parameters::{Tree, parse_json};

/// What became of the commands that have a name.
#[derive(Debug, Default)]
pub(super) struct Results {
    known: HashMap<String, Option<Box<[u8]>>>,
}

impl Results {
    /// Keeps a result; `None` for a command that has none.
    pub(super) fn keep(&mut self, line: &Line, result: Option<&[u8]>) {
        if let Some(name) = &line.name {
            self.known.insert(name.clone(), result.map(Into::into));
        }
    }

    /// The parameters with every reference replaced by the value that it means.
    ///
    /// The portal would put the whole result in the place of a path that is not in it: here that is an error.
    pub(super) fn fill(
        &self,
        tree: &Tree,
        pending: &mut impl FnMut(Reference<'_>) -> Option<Tree>,
    ) -> Result<Tree, String> {
        Ok(match tree {
            Tree::List(items) => {
                let items: Result<_, _> =
                    items.iter().map(|item| self.fill(item, pending)).collect();
                Tree::List(items?)
            }
            Tree::Map(entries) => {
                if let Some(reference) = marker(entries)? {
                    return match pending(reference) {
                        Some(tree) => Ok(tree),
                        None => self.value(reference),
                    };
                }
                let each =
                    |(key, value): &(String, Tree)| Ok((key.clone(), self.fill(value, pending)?));
                let entries: Result<_, String> = entries.iter().map(each).collect();
                Tree::Map(entries?)
            }
            other => other.clone(),
        })
    }

    fn value(&self, reference: Reference<'_>) -> Result<Tree, String> {
        let name = reference.name;
        let Some(Some(json)) = self.known.get(name) else {
            return Err(format!("it needs the result of {name:?}, which has none"));
        };
        let result = parse_json(json)?;
        // As in REST 3 itself: a path starts inside `item` or `items`, if there is one.
        let inner = match reference.path.split('.').next() {
            Some("item" | "items") => None,
            _ => result.get("item").or_else(|| result.get("items")),
        };
        let missing = || format!("the result of {name:?} has no {:?}", reference.path);
        if reference.each {
            let Tree::List(rows) = inner.unwrap_or(&result) else {
                return Err(format!("the result of {name:?} is no list"));
            };
            let values: Option<Vec<_>> = rows
                .iter()
                .map(|row| walk(row, reference.path).cloned())
                .collect();
            return values.map(Tree::List).ok_or_else(missing);
        }
        let found = walk(&result, reference.path);
        let found = found.or_else(|| walk(inner?, reference.path));
        found.cloned().ok_or_else(missing)
    }
}

fn walk<'a>(tree: &'a Tree, path: &str) -> Option<&'a Tree> {
    path.split('.')
        .filter(|step| !step.is_empty())
        .try_fold(tree, |at, step| match at {
            Tree::List(items) => items.get(step.parse::<usize>().ok()?),
            other => other.get(step),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_answers_become_their_values() {
        let mut results = Results::default();
        let keep = |results: &mut Results, name: &str, json: Option<&[u8]>| {
            let line = Line::read(1, &format!(r#"{{"method":"a.b","name":"{name}"}}"#)).unwrap();
            results.keep(&line, json);
        };
        keep(&mut results, "me", Some(br#"{"ID":"7","UF":[1,2]}"#));
        keep(
            &mut results,
            "list",
            Some(br#"{"items":[{"id":1},{"id":2}]}"#),
        );
        keep(&mut results, "bad", None);
        let fill = |text: &str| {
            let tree = parse_json(text.as_bytes()).unwrap();
            match results.fill(&tree, &mut |_| None) {
                Ok(tree) => serde_json::to_string(&tree).unwrap(),
                Err(why) => why,
            }
        };
        assert_eq!(
            fill(r#"{"a":[{"$ref":"me.ID"}],"b":1}"#),
            r#"{"a":["7"],"b":1}"#
        );
        assert_eq!(fill(r#"{"a":{"$ref":"me.UF.1"}}"#), r#"{"a":2}"#);
        assert_eq!(fill(r#"{"a":{"$refArray":"list.id"}}"#), r#"{"a":[1,2]}"#);
        assert_eq!(fill(r#"{"a":{"$ref":"list.items.0.id"}}"#), r#"{"a":1}"#);
        assert_eq!(fill(r#"{"a":{"$ref":"list.1.id"}}"#), r#"{"a":2}"#);
        assert_eq!(
            fill(r#"{"a":{"$ref":"me.NOPE"}}"#),
            r#"the result of "me" has no "NOPE""#
        );
        assert_eq!(
            fill(r#"{"a":{"$ref":"bad.ID"}}"#),
            r#"it needs the result of "bad", which has none"#
        );
    }
}
