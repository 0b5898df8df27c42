//! Filters of v3: `[["id", ">", 10], ["status", "in", […]]]`, groups with `logic`, `negative` and `conditions`.

use super::query::{invalid, property, typed};
use crate::php::{Php, PhpArray};
use crate::play::Refusal;
use crate::settings::V3Profile;
use crate::world::Entity;
use crate::world::filter::{Filter, Relation, Test};
use crate::world::input::{Op, Rules, condition};
use crate::world::view::Entry;

const INVALID: &str = "INVALIDFILTEREXCEPTION";

/// Reads a filter; an absent one lets everything through.
pub(super) fn parse(
    entity: &Entity,
    filter: Option<&Php>,
    profile: V3Profile,
) -> Result<Filter, Refusal> {
    let filter = match filter {
        None | Some(Php::Null) => return Ok(Filter::Always(true)),
        Some(Php::Array(filter)) => filter,
        Some(_) => return Err(invalid(INVALID, "The filter must be an array.")),
    };
    if filter.is_empty() {
        return match profile {
            V3Profile::V25 => Err(invalid(INVALID, "The filter is empty.")),
            V3Profile::V26 => Ok(Filter::Always(true)),
        };
    }
    if !filter.is_list() {
        if is_group(filter) {
            return group(entity, filter);
        }
        return Err(match filter.len() {
            // Keys such as `>id`, two or three of them, are taken for a condition and crash.
            2 | 3 => Refusal::v3("INTERNAL_INTERNALEXCEPTION", "Internal error.").status(500),
            _ => invalid(
                INVALID,
                "Conditions must be arrays like [field, operator, value].",
            ),
        });
    }
    if let Some(Php::Str(_)) = filter.values().next() {
        return one(entity, filter);
    }
    let parts = filter.values().map(|item| match item {
        Php::Array(item) if item.is_list() && !item.is_empty() => one(entity, item),
        Php::Array(item) if is_group(item) => group(entity, item),
        _ => Err(invalid(
            INVALID,
            "A condition must be an array like [field, operator, value].",
        )),
    });
    Ok(Filter::All(parts.collect::<Result<_, _>>()?))
}

/// The names of the fields that a filter asks about.
pub(super) fn fields(filter: Option<&Php>, found: &mut Vec<String>) {
    let Some(Php::Array(filter)) = filter else {
        return;
    };
    if filter.is_list()
        && let Some(Php::Str(name)) = filter.values().next()
    {
        found.push(name.to_string());
        return;
    }
    filter.values().for_each(|item| fields(Some(item), found));
}

fn is_group(item: &PhpArray) -> bool {
    ["logic", "conditions"]
        .iter()
        .any(|key| item.get(&(*key).into()).is_some())
}

fn group(entity: &Entity, group: &PhpArray) -> Result<Filter, Refusal> {
    let get = |key: &str| group.get(&key.into());
    let conditions = get("conditions")
        .and_then(Php::as_array)
        .ok_or_else(|| invalid(INVALID, "A group needs `conditions`."))?;
    let parts = conditions.values().map(|item| match item {
        Php::Array(item) if item.is_list() && !item.is_empty() => one(entity, item),
        Php::Array(item) => match item.get(&"type".into()).and_then(Php::as_str) {
            Some("filter") => self::group(entity, item),
            Some("condition") => {
                Err(Refusal::v3("INTERNAL_INTERNALEXCEPTION", "Internal error.").status(500))
            }
            _ => Err(invalid(
                INVALID,
                "A group inside `conditions` needs `type: filter`.",
            )),
        },
        _ => Err(invalid(
            INVALID,
            "A condition must be an array like [field, operator, value].",
        )),
    });
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let joined = match get("logic").and_then(Php::as_str) {
        Some("and") => Filter::All(parts),
        Some("or") => Filter::Any(parts),
        _ => return Err(invalid(INVALID, "`logic` must be `and` or `or`.")),
    };
    match get("negative") {
        None | Some(Php::Bool(false)) => Ok(joined),
        Some(Php::Bool(true)) => Ok(joined.negate()),
        Some(_) => Err(invalid(INVALID, "`negative` must be a boolean.")),
    }
}

/// `[field, value]` or `[field, operator, value]`.
fn one(entity: &Entity, parts: &PhpArray) -> Result<Filter, Refusal> {
    let mut parts = parts.values();
    let (operand, operator, value) = match (parts.next(), parts.next(), parts.next(), parts.next())
    {
        (Some(operand), Some(value @ Php::Array(_)), None, None) => (operand, "in", value),
        (Some(operand), Some(value), None, None) => (operand, "=", value),
        (Some(operand), Some(Php::Str(operator)), Some(value), None) => {
            (operand, &**operator, value)
        }
        _ => {
            return Err(invalid(
                INVALID,
                "A condition must have two or three parts.",
            ));
        }
    };
    let (entry, is_length) = operand_of(entity, operand)?;
    let (op, negated) = match operator {
        "=" => (Op::Is(Relation::Equal), false),
        "!=" => (Op::Is(Relation::Equal), true),
        ">" => (Op::Is(Relation::Above), false),
        ">=" => (Op::Is(Relation::AtLeast), false),
        "<" => (Op::Is(Relation::Below), false),
        "<=" => (Op::Is(Relation::AtMost), false),
        "in" => (Op::In, false),
        "between" => (Op::Between, false),
        other => {
            return Err(invalid(
                "UNKNOWNFILTEROPERATOREXCEPTION",
                &format!("Unknown filter operator `{other}`."),
            ));
        }
    };
    if is_length {
        let (Op::Is(relation), Php::Int(length)) = (op, value) else {
            return Err(invalid(INVALID, "`length` is compared with an integer."));
        };
        let test = Filter::Field(entry.field, Test::Length(relation, *length));
        return Ok(if negated { test.negate() } else { test });
    }
    let value = operand_value(entry, op, value)?;
    Ok(condition(
        &entity.table,
        entry.field,
        op,
        negated,
        &value,
        Rules::Strict,
    )
    .unwrap_or(Filter::Always(false)))
}

/// A field, or `{expression: "column" | "length", parameters: [field]}`.
fn operand_of<'a>(entity: &'a Entity, operand: &Php) -> Result<(&'a Entry, bool), Refusal> {
    match operand {
        Php::Str(name) => Ok((property(entity, name)?, false)),
        Php::Array(_) => {
            let name = operand
                .get("parameters")
                .and_then(Php::as_array)
                .and_then(|list| list.values().next())
                .and_then(Php::as_str);
            let is_length = match operand.get("expression").and_then(Php::as_str) {
                Some("column") => false,
                Some("length") => true,
                _ => return Err(invalid(INVALID, "Unknown expression.")),
            };
            Ok((
                property(
                    entity,
                    name.ok_or_else(|| invalid(INVALID, "An expression needs `parameters`."))?,
                )?,
                is_length,
            ))
        }
        _ => Err(invalid(
            INVALID,
            "The first part of a condition must be a field.",
        )),
    }
}

/// The value with its type checked.
fn operand_value(entry: &Entry, op: Op, value: &Php) -> Result<Php, Refusal> {
    match (op, value) {
        (Op::In, Php::Array(values)) => values
            .values()
            .map(|value| typed(entry, value))
            .collect::<Result<Vec<_>, _>>()
            .map(Php::list),
        (Op::In, _) => Err(invalid(INVALID, "`in` needs an array.")),
        (Op::Between, Php::Array(pair)) if pair.len() == 2 && pair.values().all(Php::truthy) => {
            if !(entry.kind.is_number() || entry.kind.is_time()) || !entry.words.is_empty() {
                return Err(invalid(
                    INVALID,
                    &format!("`between` does not fit the field `{}`.", entry.name),
                ));
            }
            pair.values()
                .map(|value| typed(entry, value))
                .collect::<Result<Vec<_>, _>>()
                .map(Php::list)
        }
        (Op::Between, _) => Err(invalid(
            INVALID,
            "`between` needs two values that are not empty.",
        )),
        (_, Php::Array(_)) => Err(invalid(INVALID, "Only `in` and `between` take arrays.")),
        (_, value) => typed(entry, value),
    }
}
