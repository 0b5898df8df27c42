//! `$result[…]` and its kin, as the portal replaces them in the parameters of batched commands.
//!
//! A path that leads nowhere ends at the last container reached, and a macro takes everything up to the next space
//! with it. Both are traps of the real portal that clients must live with.

use std::borrow::Cow;

use super::batch::Maps;
use crate::php::{Key, Php, PhpArray};
use crate::play::{Answer, JsonRows};

const NAMES: [&str; 5] = ["result", "next", "total", "time", "error"];

/// Replaces the macros in values, at any depth.
pub(super) fn resolve(params: PhpArray, maps: &Maps) -> PhpArray {
    let mut resolved = PhpArray::new();
    for (key, value) in params {
        let value = match value {
            Php::Str(text) if text.contains('$') => resolve_text(&text, maps),
            Php::Array(inner) => resolve(inner, maps).into(),
            other => other,
        };
        resolved.insert(key, value);
    }
    resolved
}

/// One macro in a text.
struct Macro<'t> {
    start: usize,
    end: usize,
    name: &'t str,
    path: Vec<&'t str>,
}

fn resolve_text(text: &str, maps: &Maps) -> Php {
    let mut shown = String::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some(found) = next_macro(text, from) {
        from = found.end;
        if found.path.is_empty() {
            continue;
        }
        let value = maps.look_up(found.name, &found.path);
        if found.start == 0 && found.end == text.len() {
            return value.into_php();
        }
        if let Some(scalar) = value.text() {
            shown.push_str(&text[copied..found.start]);
            shown.push_str(&scalar);
            copied = found.end;
        }
    }
    shown.push_str(&text[copied..]);
    shown.into()
}

fn next_macro(text: &str, from: usize) -> Option<Macro<'_>> {
    let mut dollars = text[from..]
        .match_indices('$')
        .map(|(place, _)| from + place);
    dollars.find_map(|start| macro_at(text, start))
}

fn macro_at(text: &str, start: usize) -> Option<Macro<'_>> {
    let after = &text[start + 1..];
    let is_here = |name: &&&str| {
        after
            .get(..name.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(name))
    };
    let length = NAMES.iter().find(is_here)?.len();
    let is_space =
        |character: char| matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c');
    let run = &after[length..];
    let run = &run[..run.find(is_space).unwrap_or(run.len())];
    Some(Macro {
        start,
        end: start + 1 + length + run.len(),
        name: &after[..length],
        path: path_of(run),
    })
}

/// The contents of every `[…]`.
fn path_of(run: &str) -> Vec<&str> {
    let mut path = Vec::new();
    let mut open = None;
    for (place, byte) in run.bytes().enumerate() {
        match byte {
            b'[' => open = Some(place + 1),
            b']' => path.extend(open.take().map(|start| &run[start..place])),
            _ => {}
        }
    }
    path
}

/// What a path leads to. Containers of rows are made into values only where they are wanted.
enum Found<'m> {
    Value(Cow<'m, Php>),
    Array(&'m PhpArray),
    Rows(&'m JsonRows),
    Answer(&'m Answer),
    AllResults(&'m Maps),
}

impl Found<'_> {
    fn into_php(self) -> Php {
        match self {
            Self::Value(value) => value.into_owned(),
            Self::Array(array) => array.clone().into(),
            Self::Rows(rows) => rows.to_php(),
            Self::Answer(answer) => answer.to_php(),
            Self::AllResults(maps) => {
                let results = maps.result.iter();
                Php::map(results.map(|(key, answer)| (key.clone(), answer.to_php())))
            }
        }
    }

    /// What is put into a text: a number or a text.
    fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Value(value) => match &**value {
                Php::Int(_) | Php::Float(_) | Php::Str(_) => Some(value.to_text()),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Maps {
    fn look_up(&self, name: &str, path: &[&str]) -> Found<'_> {
        match name {
            "result" => self.look_up_result(path),
            "error" => walk_array(&self.error, path),
            "total" => walk_array(&self.total, path),
            "next" => walk_array(&self.next, path),
            "time" => walk_array(&self.time, path),
            _ => Found::Value(Cow::Owned(Php::Null)),
        }
    }

    /// As [`walk_array`] over the map of results, but reads no more rows than the path needs.
    fn look_up_result(&self, path: &[&str]) -> Found<'_> {
        let wanted = path.first().map(|step| Key::from(*step));
        let found = self
            .result
            .iter()
            .find(|(key, _)| Some(key) == wanted.as_ref());
        match found {
            Some((_, Answer::Value(value) | Answer::Document(value))) if !value.is_null() => {
                walk(value, &path[1..])
            }
            Some((_, answer @ Answer::Rows { key, rows })) => {
                walk_rows(answer, *key, rows, &path[1..])
            }
            _ => Found::AllResults(self),
        }
    }
}

fn walk_rows<'m>(
    answer: &'m Answer,
    key: Option<&str>,
    rows: &'m JsonRows,
    path: &[&str],
) -> Found<'m> {
    let inside = match (key, path) {
        (Some(key), [step, rest @ ..]) if *step == key => rest,
        (None, path) => path,
        _ => return Found::Answer(answer),
    };
    let row = inside.first().and_then(|step| match Key::from(*step) {
        Key::Int(place) => rows.row_php(usize::try_from(place).ok()?),
        Key::Str(_) => None,
    });
    match row {
        Some(row) => Found::Value(Cow::Owned(walk(&row, &inside[1..]).into_php())),
        None => Found::Rows(rows),
    }
}

fn walk_array<'m>(array: &'m PhpArray, path: &[&str]) -> Found<'m> {
    match path
        .split_first()
        .and_then(|(step, rest)| Some((array.get(&Key::from(*step))?, rest)))
    {
        Some((value, rest)) if !value.is_null() => walk(value, rest),
        _ => Found::Array(array),
    }
}

fn walk<'m>(value: &'m Php, path: &[&str]) -> Found<'m> {
    match (value, path.split_first()) {
        (Php::Array(array), Some(_)) => walk_array(array, path),
        (Php::Str(text), Some((step, rest))) => match character(text, step) {
            Some(picked) => Found::Value(Cow::Owned(walk(&picked, rest).into_php())),
            None => Found::Value(Cow::Borrowed(value)),
        },
        _ => Found::Value(Cow::Borrowed(value)),
    }
}

/// `$text[3]`
fn character(text: &str, step: &str) -> Option<Php> {
    let Key::Int(place) = Key::from(step) else {
        return None;
    };
    let byte = *text.as_bytes().get(usize::try_from(place).ok()?)?;
    Some(char::from(byte).to_string().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Maps, resolve};
    use crate::php::{Key, Php, form};
    use crate::play::{Answer, JsonRows};

    fn maps() -> Maps {
        let mut rows = JsonRows::with_capacity(2, 64);
        rows.push_with(|out| out.extend_from_slice(br#"{"ID":"7","TITLE":"a b","N":null}"#));
        rows.push_with(|out| out.extend_from_slice(br#"{"ID":"9","TITLE":"c","N":[1,2]}"#));
        let mut items = JsonRows::with_capacity(1, 16);
        items.push_with(|out| out.extend_from_slice(br#"{"id":5}"#));
        let mut maps = Maps {
            result: vec![
                (Key::from("list"), Answer::Rows { key: None, rows }),
                (
                    Key::from("items"),
                    Answer::Rows {
                        key: Some("items"),
                        rows: items,
                    },
                ),
                (Key::from("0"), Answer::Value(41.into())),
                (Key::from("text"), Answer::Value("word".into())),
                (Key::from("yes"), Answer::Value(true.into())),
                (Key::from("nothing"), Answer::Value(Php::Null)),
            ],
            ..Maps::default()
        };
        maps.total.insert("list", 2.into());
        maps.error.insert("bad", Php::map([("error", "".into())]));
        maps
    }

    fn resolved(value: &str) -> String {
        let query: String = value.bytes().fold("v=".to_owned(), |query, byte| {
            query + &format!("%{byte:02X}")
        });
        let params = resolve(form::parse(query.as_bytes()), &maps());
        let mut out = Vec::new();
        params.get(&Key::from("v")).unwrap().write_json(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn whole_values_keep_their_types() {
        assert_eq!(resolved("$result[list][1][ID]"), r#""9""#);
        assert_eq!(resolved("$result[list][1][N]"), "[1,2]");
        assert_eq!(resolved("$result[items][items][0][id]"), "5");
        assert_eq!(resolved("$result[0]"), "41");
        assert_eq!(resolved("$result[yes]"), "true");
        assert_eq!(resolved("$result[text][1]"), r#""o""#);
        assert_eq!(resolved("$total[list]"), "2");
        assert_eq!(resolved("$error[bad]"), r#"{"error":""}"#);
    }

    #[test]
    fn missing_steps_end_at_the_container() {
        assert_eq!(
            resolved("$result[list][7][ID]"),
            r#"[{"ID":"7","TITLE":"a b","N":null},{"ID":"9","TITLE":"c","N":[1,2]}]"#
        );
        assert_eq!(
            resolved("$result[list][1][NOPE]"),
            r#"{"ID":"9","TITLE":"c","N":[1,2]}"#
        );
        assert_eq!(
            resolved("$result[list][0][N]"),
            r#"{"ID":"7","TITLE":"a b","N":null}"#,
            "null counts as missing"
        );
        assert_eq!(resolved("$result[items][0][id]"), r#"{"items":[{"id":5}]}"#);
        assert!(
            resolved("$result['list'][0]").starts_with(r#"{"list":["#),
            "a quoted key is missing"
        );
        assert!(resolved("$result[nothing]").starts_with(r#"{"list":["#));
        assert_eq!(resolved("$result_error[text]"), r#""word""#);
        assert_eq!(resolved("$RESULT[0]"), "null");
    }

    #[test]
    fn inside_text_only_scalars_are_put_and_the_run_is_eaten() {
        assert_eq!(resolved("id $result[0] is"), r#""id 41 is""#);
        assert_eq!(resolved("x$result[list][0][ID],$result[0]% y"), r#""x7 y""#);
        assert_eq!(resolved("a $result[yes] b"), r#""a $result[yes] b""#);
        assert_eq!(resolved("a $result b"), r#""a $result b""#);
        assert_eq!(resolved("costs 5$"), r#""costs 5$""#);
        assert_eq!(
            resolved("$result[0]-x"),
            "41",
            "the tail goes with the macro"
        );
    }

    proptest! {
        #[test]
        fn any_text_resolves_to_something(text in "([$a-zЖ\\[\\] ]|result|time|list){0,20}") {
            let whole = resolved(&text);
            if !text.contains('$') {
                prop_assert_eq!(whole, serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn nested_values_are_resolved_and_keys_are_not() {
        let params = resolve(form::parse(b"f[%3EID]=$result[0]&f[$result[0]]=x"), &maps());
        let mut out = Vec::new();
        Php::Array(params).write_json(&mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"f":{"\u003EID":41,"$result[0":"x"}}"#
        );
    }
}
