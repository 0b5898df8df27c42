//! What requests of v3 have in common: properties, types, select, order, windows.

use crate::php::{Php, PhpArray};
use crate::play::Refusal;
use crate::world::Entity;
use crate::world::scan::Sort;
use crate::world::schema::Kind;
use crate::world::time;
use crate::world::view::Entry;

/// A refusal by the end of its code.
pub(super) fn invalid(suffix: &str, text: &str) -> Refusal {
    Refusal::v3(suffix, text)
}

/// A refusal that names the part of the request to blame.
pub(super) fn misses(field: &str, message: &str) -> Refusal {
    Refusal::v3(
        "VALIDATION_REQUESTVALIDATIONEXCEPTION",
        "Request validation error.",
    )
    .field(Some(field), message)
}

/// The property of this name.
pub(super) fn property<'a>(entity: &'a Entity, name: &str) -> Result<&'a Entry, Refusal> {
    let unknown = || {
        invalid(
            "UNKNOWNDTOPROPERTYEXCEPTION",
            &format!("Unknown DTO property `{name}`."),
        )
    };
    entity.v3.entry(name).ok_or_else(unknown)
}

/// The name of a property's type.
pub(super) const fn type_name(entry: &Entry) -> &'static str {
    match entry.kind {
        _ if !entry.words.is_empty() => "string",
        Kind::Money => "float",
        Kind::Flag | Kind::Boolean => "bool",
        Kind::Date => "date",
        Kind::DateTime => "datetime",
        kind if kind.is_list() => "array",
        kind if kind.is_number() => "int",
        _ => "string",
    }
}

/// A value as it is kept, if it has the property's JSON type: `5` for an integer, not `"5"`.
pub(super) fn typed(entry: &Entry, value: &Php) -> Result<Php, Refusal> {
    let word = |text: &str| {
        entry
            .words
            .iter()
            .find(|(_, word)| *word == text)
            .map(|(number, _)| Php::Int(*number))
    };
    let typed = match (type_name(entry), value) {
        (_, Php::Null) => Some(Php::Null),
        ("string", Php::Str(text)) if !entry.words.is_empty() => {
            Some(word(text).unwrap_or(Php::Int(i64::MIN + 1)))
        }
        ("string", Php::Int(number)) if !entry.words.is_empty() => Some(Php::Int(*number)),
        ("string", Php::Str(_))
        | ("int", Php::Int(_))
        | ("bool", Php::Bool(_))
        | ("float", Php::Int(_) | Php::Float(_))
        | ("array", Php::Array(_) | Php::Int(_) | Php::Str(_)) => Some(value.clone()),
        ("datetime", Php::Str(text)) if is_atom(text) => Some(value.clone()),
        ("date", Php::Str(text)) if text.len() == 10 && time::parse(text).is_some() => {
            Some(value.clone())
        }
        _ => None,
    };
    typed.ok_or_else(|| {
        misses(
            &entry.name,
            &format!(
                "The field `{}` must be of type {}.",
                entry.name,
                type_name(entry)
            ),
        )
    })
}

/// `2024-08-30T14:05:00+03:00`.
fn is_atom(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 25
        && bytes[10] == b'T'
        && matches!(bytes[19], b'+' | b'-')
        && time::parse(text).is_some()
}

/// A required integer at the top of a request.
pub(super) fn id(params: &Php) -> Result<i64, Refusal> {
    match params.get("id") {
        Some(Php::Int(id)) => Ok(*id),
        None | Some(Php::Null) => Err(misses("id", "The field `id` is required.")),
        Some(_) => Err(misses("id", "The field `id` must be of type int.")),
    }
}

/// A required object at the top of a request.
pub(super) fn object<'a>(params: &'a Php, name: &str) -> Result<&'a PhpArray, Refusal> {
    match params.get(name) {
        Some(Php::Array(object)) => Ok(object),
        None | Some(Php::Null) => Err(misses(name, &format!("The field `{name}` is required."))),
        Some(_) => Err(misses(
            name,
            &format!("The field `{name}` must be of type object."),
        )),
    }
}

/// The names of a select; `None` where there is none.
pub(super) fn select(params: &Php) -> Result<Option<Vec<&str>>, Refusal> {
    let wrong = || {
        invalid(
            "INVALIDSELECTEXCEPTION",
            "`select` must be a list of names.",
        )
    };
    match params.get("select") {
        None | Some(Php::Null) => Ok(None),
        Some(Php::Array(names)) if names.is_empty() => Ok(None),
        Some(Php::Array(names)) => names
            .values()
            .map(|name| name.as_str().ok_or_else(wrong))
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(wrong()),
    }
}

/// An order; without one rows come by id.
pub(super) fn order(entity: &Entity, params: &Php) -> Result<Vec<Sort>, Refusal> {
    let wrong = |text: &str| invalid("INVALIDORDEREXCEPTION", text);
    let order = match params.get("order") {
        None | Some(Php::Null) => return Ok(Vec::new()),
        Some(Php::Array(order)) if order.is_empty() => return Ok(Vec::new()),
        Some(Php::Array(order)) if !order.is_list() => order,
        Some(_) => return Err(wrong("`order` must be an object of directions.")),
    };
    let key = |name: &str, direction: &Php| {
        let entry = property(entity, name)?;
        if entry.kind.is_list() {
            return Err(misses(
                name,
                &format!("The field `{name}` is not sortable."),
            ));
        }
        Ok(Sort {
            field: entry.field,
            descending: descending(direction)?,
        })
    };
    order
        .iter()
        .map(|(name, direction)| key(&name.text(), direction))
        .collect()
}

/// ASC or DESC, in any case.
pub(super) fn descending(direction: &Php) -> Result<bool, Refusal> {
    match direction.to_text().to_ascii_uppercase().as_str() {
        "ASC" => Ok(false),
        "DESC" => Ok(true),
        other => Err(invalid(
            "INVALIDORDEREXCEPTION",
            &format!("Invalid direction `{other}`: ASC or DESC."),
        )),
    }
}

/// Offset and limit; no limit above `cap`.
pub(super) fn window(params: &Php, cap: i64) -> Result<(usize, usize), Refusal> {
    let pagination = match params.get("pagination") {
        None | Some(Php::Null) => return Ok((0, 50)),
        Some(pagination @ Php::Array(_)) => pagination,
        Some(_) => return Err(wrong_window("`pagination` must be an object.")),
    };
    let limit = limit(pagination.get("limit"), cap)?;
    let offset = match number(pagination.get("page"), "page")? {
        Some(page) => page.saturating_sub(1).max(0).saturating_mul(limit as i64),
        None => number(pagination.get("offset"), "offset")?.unwrap_or(0),
    };
    Ok((usize::try_from(offset).unwrap_or(0), limit))
}

/// A limit: 50 if none is given, never above `cap`; a negative one crashes.
pub(super) fn limit(limit: Option<&Php>, cap: i64) -> Result<usize, Refusal> {
    match number(limit, "limit")? {
        None => Ok(50.min(cap) as usize),
        Some(0) => Err(wrong_window("`limit` must be above zero.")),
        Some(negative) if negative < 0 => {
            Err(Refusal::v3("INTERNAL_INTERNALEXCEPTION", "Internal error.").status(500))
        }
        Some(limit) => Ok(limit.min(cap) as usize),
    }
}

/// A number, also as text.
fn number(value: Option<&Php>, name: &str) -> Result<Option<i64>, Refusal> {
    match value {
        None | Some(Php::Null) => Ok(None),
        Some(Php::Int(number)) => Ok(Some(*number)),
        Some(Php::Str(text)) => text
            .parse()
            .map(Some)
            .map_err(|_| wrong_window(&format!("`{name}` must be a number."))),
        Some(_) => Err(wrong_window(&format!("`{name}` must be a number."))),
    }
}

fn wrong_window(text: &str) -> Refusal {
    invalid("INVALIDPAGINATIONEXCEPTION", text)
}
