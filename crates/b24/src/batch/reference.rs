//! References from one command of a batch to the result of another, and texts that only look like one.

use std::sync::OnceLock;

use serde::{Serialize, Serializer};

use crate::error::Error;
use crate::value::Tree;

/// The place of another command's result, to be put into the parameters of a later one.
///
/// It serialises, so it can stand anywhere in `json!`. Made by [`Slot::field`](super::Slot::field).
#[derive(Clone, Debug)]
pub struct Ref {
    pub(super) batch: u64,
    pub(super) index: usize,
    pub(super) path: Vec<String>,
    /// v3: all values of a field over the rows of a list.
    pub(super) each: bool,
}

/// Starts a reference on its way through `Serialize`; never leaves the process. The number is chance, so that
/// no data can imitate it.
fn mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    MARK.get_or_init(|| format!("\u{1}b24:{:016x}:", fastrand::u64(..)))
}

impl Serialize for Ref {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            batch,
            index,
            path,
            each,
        } = self;
        let path = path.join("\u{1}");
        serializer.serialize_str(&format!(
            "{}{batch}:{index}:{}:{path}",
            mark(),
            u8::from(*each)
        ))
    }
}

impl Ref {
    /// Reads a text that [`Ref`] has serialised to.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(mark())?;
        let mut parts = rest.splitn(4, ':');
        let (batch, index) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let each = parts.next()? == "1";
        let path = parts.next()?;
        let path = if path.is_empty() {
            Vec::new()
        } else {
            path.split('\u{1}').map(str::to_owned).collect()
        };
        Some(Self {
            batch,
            index,
            path,
            each,
        })
    }

    /// As the portal's v2 macro.
    pub(super) fn to_macro(&self, name: &str) -> Tree {
        let mut text = format!("$result[{name}]");
        for step in &self.path {
            text.extend(["[", step, "]"]);
        }
        Tree::Text(text)
    }

    /// As the portal's v3 marker.
    pub(super) fn to_marker(&self, name: &str) -> Tree {
        let key = if self.each { "$refArray" } else { "$ref" };
        let mut text = name.to_owned();
        for step in &self.path {
            text.extend([".", step]);
        }
        Tree::Map(vec![(key.to_owned(), Tree::Text(text))])
    }
}

/// Calls and lists of their own have nothing to refer to.
pub(crate) fn refuse(params: &Tree) -> Result<(), Error> {
    if params.any_text(&|text| text.starts_with(mark())) {
        return Err(Error::usage(
            "a reference to another command works only inside the batch that made it",
        ));
    }
    Ok(())
}

/// All references in `params`.
pub(super) fn references(params: &Tree) -> Vec<Ref> {
    let mut found = Vec::new();
    collect(params, &mut found);
    found
}

fn collect(tree: &Tree, found: &mut Vec<Ref>) {
    match tree {
        Tree::Text(text) => found.extend(Ref::parse(text)),
        Tree::List(items) => items.iter().for_each(|item| collect(item, found)),
        Tree::Map(pairs) => pairs.iter().for_each(|(_, value)| collect(value, found)),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) => {}
    }
}

/// Whether the portal would read a macro out of this text: `$result[…`, `$total[…` and so on, in any case of letters.
pub(crate) fn reads_as_macro(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        // PHP's \s without the flag u: a non-breaking space does not end the run.
        let run = text[at + 1..]
            .split(|c: char| c.is_ascii_whitespace())
            .next()
            .unwrap_or_default();
        let named = ["result", "next", "total", "time", "error"]
            .iter()
            .any(|name| {
                run.get(..name.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(name))
            });
        named && run.contains('[')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reference_survives_json() {
        let made = Ref {
            batch: 7,
            index: 3,
            path: vec!["items".into(), "0".into(), "a:b".into()],
            each: false,
        };
        let tree = Tree::from_serialize(&json!({ "filter": { ">id": made } })).unwrap();
        let found = references(&tree);
        assert_eq!(
            (found[0].batch, found[0].index, &found[0].path),
            (7, 3, &made.path)
        );
        assert_eq!(
            found[0].to_macro("c3"),
            Tree::Text("$result[c3][items][0][a:b]".into())
        );
    }

    #[test]
    fn texts_that_read_as_a_macro_are_known() {
        for text in [
            "$result[a]",
            "x $RESULT[a][b]",
            "$result_error[a]",
            "$total[x]",
            "a$next[1]",
            "$error.x[1]",
            "$result\u{a0}[a]",
        ] {
            assert!(reads_as_macro(text), "{text}");
        }
        for text in [
            "$result",
            "$ result[a]",
            "result[a]",
            "$5 [discount]",
            "$resul[a]",
            "€[a]",
            "$result a[0]",
        ] {
            assert!(!reads_as_macro(text), "{text}");
        }
    }
}
