//! `aggregate`: counts, sums and extremes of fields.

use std::collections::HashSet;

use super::query::{self, invalid, misses, property};
use super::{Source, filter};
use crate::php::{Php, PhpArray};
use crate::play::{Call, Refusal, Reply};
use crate::world::scan::Scan;
use crate::world::schema::Kind;
use crate::world::view::Entry;
use crate::world::{CellRef, Entity, time};

/// Answers `{result: {count: {id: 12}, sum: {…}}}`.
pub(super) fn answer(call: &mut Call<'_>, source: Source) -> Result<Reply, Refusal> {
    super::read::allow(call, source)?;
    let entity = source.entity(call.world);
    let select = query::object(call.params, "select")?;
    let filter = filter::parse(entity, call.params.get("filter"), call.portal.v3)?;
    let scan = Scan {
        table: &entity.table,
        filter,
        order: Vec::new(),
    };
    let mut result = PhpArray::new();
    for (function, fields) in select.iter() {
        let function = function.text();
        let mut column = PhpArray::new();
        for (field, alias) in columns(fields)? {
            let entry = property(entity, &field)?;
            column.insert(alias, compute(entity, &scan, &function, entry)?);
        }
        result.insert(&*function, column.into());
    }
    Ok(Reply::value(Php::map([("result", result.into())])))
}

/// `["id"]` or `{"id": "alias"}`: fields and the keys they come under.
fn columns(fields: &Php) -> Result<Vec<(String, String)>, Refusal> {
    let fields = fields.as_array().ok_or_else(|| {
        invalid(
            "INVALIDSELECTEXCEPTION",
            "A function needs a list of fields.",
        )
    })?;
    let is_list = fields.is_list();
    let pair = |(key, value): (&crate::php::Key, &Php)| {
        let text = value.as_str().ok_or_else(|| {
            invalid(
                "INVALIDSELECTEXCEPTION",
                "Fields of a function must be names.",
            )
        })?;
        Ok(if is_list {
            (text.to_owned(), text.to_owned())
        } else {
            (key.text().into_owned(), text.to_owned())
        })
    };
    fields.iter().map(pair).collect()
}

fn compute(
    entity: &Entity,
    scan: &Scan<'_>,
    function: &str,
    entry: &Entry,
) -> Result<Php, Refusal> {
    let values = || {
        scan.rows()
            .map(|row| entity.table.get(row, entry.field))
            .filter(|value| *value != CellRef::Null)
    };
    let numbers = || {
        values().filter_map(|value| match value {
            CellRef::Number(number) => Some(number),
            _ => None,
        })
    };
    match function {
        "count" => return Ok((values().count() as i64).into()),
        "countDistinct" => {
            let texts = values()
                .map(|value| format!("{value:?}"))
                .collect::<HashSet<_>>();
            return Ok((texts.len() as i64).into());
        }
        "sum" | "avg" | "min" | "max" => {}
        other => {
            return Err(invalid(
                "UNKNOWNAGGREGATEFUNCTIONEXCEPTION",
                &format!("Unknown function `{other}`."),
            ));
        }
    }
    let is_extreme = matches!(function, "min" | "max");
    if !entry.kind.is_number() || (entry.kind.is_time() && !is_extreme) {
        return Err(misses(
            &entry.name,
            &format!("`{function}` does not fit the field `{}`.", entry.name),
        ));
    }
    let count = numbers().count();
    Ok(match function {
        _ if count == 0 => Php::Null,
        "sum" => shown(entry, numbers().fold(0, i64::saturating_add)),
        "min" => numbers()
            .min()
            .map_or(Php::Null, |number| shown(entry, number)),
        "max" => numbers()
            .max()
            .map_or(Php::Null, |number| shown(entry, number)),
        _ => {
            let unit = if entry.kind == Kind::Money {
                100.0
            } else {
                1.0
            };
            let sum: f64 = numbers().map(|number| number as f64).sum();
            Php::Float(sum / unit / count as f64)
        }
    })
}

fn shown(entry: &Entry, number: i64) -> Php {
    match entry.kind {
        Kind::Money => Php::Float(number as f64 / 100.0),
        kind if kind.is_time() => time::text(number).into(),
        _ => number.into(),
    }
}
