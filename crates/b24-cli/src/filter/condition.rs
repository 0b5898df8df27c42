//! One condition of a filter, read from one argument.

use super::FilterError;
use super::operator::{Operator, PREFIXES, RELATIONS};
use crate::parameters::{Tree, parse_json};

/// `FIELD operator VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    /// The field as it was written.
    pub(crate) field: String,
    pub(crate) operator: Operator,
    /// Written as the documentation does, the operator before the field.
    pub(crate) documented: bool,
    pub(crate) value: Tree,
}

impl Condition {
    /// Reads `>=FIELD=VALUE` or `FIELD>=VALUE`.
    pub(crate) fn read(text: &str) -> Result<Self, FilterError> {
        let wrong = |reason: String| FilterError::Form {
            filter: text.to_owned(),
            reason,
        };
        if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            related(text).map_err(wrong)
        } else {
            prefixed(text).map_err(wrong)
        }
    }
}

/// `OP FIELD '=' VALUE`, or `OP FIELD ':=' JSON`.
fn prefixed(text: &str) -> Result<Condition, String> {
    let (Some(operator), rest) = Operator::split(text) else {
        let first = text.chars().next();
        return Err(match first {
            None => "it is empty".to_owned(),
            Some(c) => format!(
                "{c:?} is no operator: before the field may stand {}",
                PREFIXES.map(|(prefix, _)| prefix).join(" ")
            ),
        });
    };
    let (field, rest) = field(rest)
        .ok_or_else(|| format!("after {:?} comes the name of a field", operator.prefix()))?;
    if rest.starts_with("==") {
        return Err(double_equals(field));
    }
    let value = if let Some(json) = rest.strip_prefix(":=") {
        from_json(operator, json)?
    } else if let Some(value) = rest.strip_prefix('=') {
        from_text(operator, field, value)?
    } else if relation(rest).is_some() {
        return Err(format!(
            "an operator before and after {field}: one of them is enough"
        ));
    } else {
        return Err(format!("after {field} comes = and a value"));
    };
    Ok(Condition {
        field: field.to_owned(),
        operator,
        documented: true,
        value,
    })
}

/// `FIELD REL VALUE`.
fn related(text: &str) -> Result<Condition, String> {
    let (field, rest) = field(text).ok_or("it names no field")?;
    if rest.starts_with("==") {
        return Err(double_equals(field));
    }
    let (operator, value) = if let Some(json) = rest.strip_prefix(":=") {
        (Operator::Equal, from_json(Operator::Equal, json)?)
    } else {
        let (operator, value) = relation(rest).ok_or_else(|| {
            format!("after {field} comes one of = != > >= < <= ~ !~ := and a value")
        })?;
        (operator, from_text(operator, field, value)?)
    };
    Ok(Condition {
        field: field.to_owned(),
        operator,
        documented: false,
        value,
    })
}

fn relation(rest: &str) -> Option<(Operator, &str)> {
    RELATIONS
        .iter()
        .find_map(|(relation, operator)| Some((*operator, rest.strip_prefix(relation)?)))
}

/// `[A-Za-z][A-Za-z0-9_.]*` from the start of `text`.
fn field(text: &str) -> Option<(&str, &str)> {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
        .unwrap_or(text.len());
    Some(text.split_at(end))
}

/// A comma makes a list only where the operator compares with one.
fn from_text(operator: Operator, field: &str, text: &str) -> Result<Tree, String> {
    let prefix = operator.prefix();
    if operator.wants_bounds() {
        return Err(format!(
            "{prefix} wants two bounds: {prefix}{field}:=[100,200]"
        ));
    }
    if !operator.wants_list() {
        return Ok(text.into());
    }
    if text.is_empty() {
        return Err(format!("{prefix} wants values: {prefix}{field}=NEW,WON"));
    }
    Ok(Tree::List(
        text.split(',').map(|item| item.trim().into()).collect(),
    ))
}

fn from_json(operator: Operator, json: &str) -> Result<Tree, String> {
    let value = parse_json(json.as_bytes()).map_err(|why| format!("after := {why}"))?;
    let prefix = operator.prefix();
    match value {
        Tree::Map(_) => {
            Err("a value may be a text, a number, a boolean, null or a list".to_owned())
        }
        Tree::List(items) if operator.wants_bounds() && items.len() != 2 => {
            Err(format!("{prefix} wants two bounds, not {}", items.len()))
        }
        Tree::List(items) if items.is_empty() => {
            Err("an empty list matches nothing, or everything".to_owned())
        }
        Tree::List(items) => Ok(Tree::List(items)),
        _ if operator.wants_bounds() => Err(format!("{prefix} wants two bounds in a list")),
        one if operator.wants_list() => Ok(Tree::List(vec![one])),
        one => Ok(one),
    }
}

fn double_equals(field: &str) -> String {
    format!("== is no operator: {field}=VALUE")
}
