//! `crm.item.import` and `crm.item.batchImport`: rows that start no robots, with their own dates if an administrator
//! sends them.

use super::item::{changes, check, contacts, entity, given, invalid, not_found};
use super::store::{self, Changes, Robots};
use crate::methods::{required, v2};
use crate::php::Php;
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::Entity;
use crate::world::input::number;
use crate::world::schema::{Access, Field};

pub(in crate::methods) const METHODS: &[Method] = &[
    v2("crm.item.import", "crm", import),
    v2("crm.item.batchImport", "crm", batch_import),
];

/// More rows are refused.
const MOST: usize = 20;

/// Fields that only an import sets.
const SYSTEM: [&str; 6] = [
    "DATE_CREATE",
    "DATE_MODIFY",
    "MOVED_TIME",
    "CREATED_BY_ID",
    "MODIFY_BY_ID",
    "MOVED_BY_ID",
];

fn import(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    entity(call)?;
    let fields = given(call)?;
    let id = row(call, fields)?;
    Ok(Reply::value(imported(id)))
}

fn batch_import(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    entity(call)?;
    let rows = required(call.params, "data")?;
    let Some(rows) = rows.as_array() else {
        let text = "Invalid value to match with parameter {data}. Should be value of type array.";
        return Err(Refusal::new("100", text));
    };
    if rows.len() > MOST {
        let text = format!("You cannot import more than {MOST} items");
        return Err(Refusal::new("MAX_IMPORT_BATCH_SIZE_EXCEEDED", text));
    }
    let items: Vec<Php> = rows
        .values()
        .map(|fields| row(call, fields).map_or_else(|refusal| refused(&refusal), imported))
        .collect();
    Ok(Reply::value(Php::map([("items", Php::list(items))])))
}

fn imported(id: i64) -> Php {
    Php::map([("item", Php::map([("id", id.into())]))])
}

fn refused(refusal: &Refusal) -> Php {
    Php::map([
        ("error", refusal.code.as_str().into()),
        ("error_description", refusal.text.as_str().into()),
    ])
}

/// Adds one row; its id.
fn row(call: &mut Call<'_>, fields: &Php) -> Result<i64, Refusal> {
    let entity = entity(call)?;
    let type_id = entity.type_id;
    let contacts = contacts(fields);
    let changes = changes(entity, fields, &contacts, |field| {
        field.access != Access::Read || is_system(field)
    })?;
    check_system(call, entity, &changes)?;
    check(call, entity, &changes, None)?;
    store::add(call, type_id, &changes, Robots::Rest).ok_or_else(not_found)
}

fn is_system(field: &Field) -> bool {
    SYSTEM.contains(&field.name)
}

/// Who wrote a row and when may be told by an administrator; times rise from row to row and lie in the past.
fn check_system(call: &Call<'_>, entity: &Entity, changes: &Changes<'_>) -> Result<(), Refusal> {
    let given = |name: &str| {
        let change = changes
            .iter()
            .find(|(field, _)| entity.table.field(*field).name == name)?;
        number(entity.table.field(change.0).kind, change.1)
    };
    let system = changes
        .iter()
        .map(|(field, _)| entity.table.field(*field))
        .find(|field| is_system(field));
    match system {
        Some(field) if !call.actor.is_admin() => {
            return Err(invalid(&crate::world::view::upper_snake(field.camel)));
        }
        _ => {}
    }
    let table = &entity.table;
    let last = table.places().rev().find(|row| table.is_live(*row));
    let last_created = last.map_or(i64::MIN, |row| table.number(row, "DATE_CREATE"));
    let created = given("DATE_CREATE").unwrap_or(call.now);
    let updated = given("DATE_MODIFY").unwrap_or(call.now);
    let moved = given("MOVED_TIME").unwrap_or(updated);
    for (is_right, name) in [
        (
            (last_created.min(call.now)..=call.now).contains(&created),
            "CREATED_TIME",
        ),
        ((created..=call.now).contains(&updated), "UPDATED_TIME"),
        ((created..=updated).contains(&moved), "MOVED_TIME"),
    ] {
        if !is_right {
            return Err(invalid(name));
        }
    }
    Ok(())
}
