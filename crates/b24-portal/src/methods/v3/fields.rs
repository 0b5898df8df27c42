//! `*.field.list` and `*.field.get`: what a DTO consists of.

use super::Source;
use super::query::{self, invalid, misses, property, type_name};
use crate::php::{Php, PhpArray};
use crate::play::{Call, Refusal, Reply};
use crate::world::Entity;
use crate::world::schema::Access;
use crate::world::view::Entry;

const KEYS: [&str; 11] = [
    "name",
    "type",
    "title",
    "description",
    "validationRules",
    "requiredGroups",
    "filterable",
    "sortable",
    "editable",
    "multiple",
    "elementType",
];

pub(super) fn list(call: &mut Call<'_>, source: Source) -> Result<Reply, Refusal> {
    super::read::allow(call, source)?;
    let entity = source.entity(call.world);
    let keys = query::select(call.params)?;
    if let Some(unknown) = keys.iter().flatten().find(|key| !KEYS.contains(key)) {
        return Err(invalid(
            "UNKNOWNDTOPROPERTYEXCEPTION",
            &format!("Unknown DTO property `{unknown}`."),
        ));
    }
    let items = entity
        .v3
        .entries
        .iter()
        .map(|entry| describe(entity, entry, keys.as_deref()));
    Ok(Reply::value(Php::map([("items", Php::list(items))])))
}

pub(super) fn get(call: &mut Call<'_>, source: Source) -> Result<Reply, Refusal> {
    super::read::allow(call, source)?;
    let entity = source.entity(call.world);
    let name = call
        .params
        .get("name")
        .and_then(Php::as_str)
        .ok_or_else(|| misses("name", "The field `name` is required."))?;
    let item = describe(entity, property(entity, name)?, None);
    Ok(Reply::value(Php::map([("item", item)])))
}

fn describe(entity: &Entity, entry: &Entry, keys: Option<&[&str]>) -> Php {
    let field = entity.table.field(entry.field);
    let groups = if field.required {
        Php::list(["add".into()])
    } else {
        Php::empty_array()
    };
    let values: [Php; 11] = [
        (&*entry.name).into(),
        type_name(entry).into(),
        field.title.into(),
        Php::Null,
        Php::empty_array(),
        groups,
        true.into(),
        (!entry.kind.is_list()).into(),
        (field.access != Access::Read).into(),
        entry.kind.is_list().into(),
        Php::Null,
    ];
    let shown = |key: &str| keys.is_none_or(|keys| keys.contains(&key));
    KEYS.into_iter()
        .zip(values)
        .filter(|(key, _)| shown(key))
        .collect::<PhpArray>()
        .into()
}
