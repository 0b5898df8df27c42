//! `{"$ref": "alias.path"}` and `{"$refArray": "alias.field"}` inside batched queries.

use crate::php::{Key, Php, PhpArray};
use crate::play::{Answer, Refusal};

/// What later items can refer to: the inner `item` or `items` of earlier ones, by alias or place.
#[derive(Debug, Default)]
pub(super) struct Context {
    values: PhpArray,
}

impl Context {
    pub(super) fn knows(&self, name: &Key) -> bool {
        self.values.get(name).is_some()
    }

    pub(super) fn add(&mut self, name: Key, answer: &Answer) {
        let whole = answer.to_php();
        let inner = whole.get("item").or_else(|| whole.get("items"));
        self.values.insert(name, inner.cloned().unwrap_or_default());
    }

    /// Replaces the references in a query, at any depth.
    pub(super) fn resolve(&self, query: &Php) -> Result<Php, Refusal> {
        let Php::Array(array) = query else {
            return Ok(query.clone());
        };
        if let Some(path) = only(array, "$ref") {
            return self.look_up(path);
        }
        if let Some(path) = only(array, "$refArray") {
            return self.collect(path);
        }
        let mut resolved = PhpArray::new();
        for (key, value) in array.iter() {
            resolved.insert(key.clone(), self.resolve(value)?);
        }
        Ok(resolved.into())
    }

    fn look_up(&self, path: &Php) -> Result<Php, Refusal> {
        let steps = steps(path)?;
        let first = self
            .values
            .get(&Key::from(steps[0]))
            .filter(|value| !value.is_null());
        let found = steps[1..]
            .iter()
            .try_fold(first.ok_or_else(|| missing(path))?, |value, step| {
                value.get(step)
            });
        found.cloned().ok_or_else(|| missing(path))
    }

    fn collect(&self, path: &Php) -> Result<Php, Refusal> {
        let steps = steps(path)?;
        let rows = self
            .values
            .get(&Key::from(steps[0]))
            .and_then(Php::as_array)
            .ok_or_else(|| missing(path))?;
        let field = |row: &Php| {
            steps[1..]
                .iter()
                .try_fold(row, |value, step| value.get(step))
                .cloned()
        };
        rows.values()
            .map(|row| field(row).ok_or_else(|| missing(path)))
            .collect::<Result<Vec<_>, _>>()
            .map(Php::list)
    }
}

/// The value of the only key of an array.
fn only<'a>(array: &'a PhpArray, key: &str) -> Option<&'a Php> {
    array.get(&Key::from(key)).filter(|_| array.len() == 1)
}

/// At least an alias and one step.
fn steps(path: &Php) -> Result<Vec<&str>, Refusal> {
    let steps: Vec<_> = path.as_str().unwrap_or_default().split('.').collect();
    let valid = steps.len() > 1 && steps.iter().all(|step| !step.is_empty());
    if valid {
        Ok(steps)
    } else {
        Err(super::batch::malformed(
            "Reference must look like `alias.path`.",
        ))
    }
}

fn missing(path: &Php) -> Refusal {
    super::batch::malformed(format!("Reference `{}` leads nowhere.", path.to_text()))
}

#[cfg(test)]
mod tests {
    use super::{Answer, Context, Key, Php};

    fn json(text: &str) -> Php {
        Php::from_json(text.as_bytes()).unwrap()
    }

    fn context() -> Context {
        let mut context = Context::default();
        context.add(
            Key::from("task"),
            &Answer::Value(json(r#"{"item":{"id":5,"tags":["a","b"]}}"#)),
        );
        context.add(
            Key::from("1"),
            &Answer::Value(json(r#"{"items":[{"id":7},{"id":8}]}"#)),
        );
        context.add(Key::from("made"), &Answer::Value(json(r#"{"id":9}"#)));
        context
    }

    #[test]
    fn references_are_replaced_with_their_types() {
        let query = json(
            r#"{"id":{"$ref":"task.id"},"f":[["id","in",{"$refArray":"1.id"}],["x",{"$ref":"1.0.id"}]]}"#,
        );
        let expected = json(r#"{"id":5,"f":[["id","in",[7,8]],["x",7]]}"#);
        assert_eq!(context().resolve(&query).unwrap(), expected);
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for query in [
            r#"{"$ref":"task.nope"}"#,
            r#"{"$ref":"nobody.id"}"#,
            r#"{"$ref":"task"}"#,
            r#"{"$ref":5}"#,
            r#"{"$ref":"made.id"}"#,
            r#"{"$refArray":"1.nope"}"#,
            r#"{"$refArray":"task.id"}"#,
        ] {
            let refusal = context().resolve(&json(query)).unwrap_err();
            assert!(refusal.code.ends_with("INVALIDSELECTEXCEPTION"), "{query}");
        }
    }
}
