//! `tasks.task.add`, `update` and `delete`.

use super::filter;
use super::query::{self, misses, property, typed};
use super::read::{not_found, whole};
use crate::methods::tasks::{change, insert, remove};
use crate::php::{Php, PhpArray};
use crate::play::{Call, Refusal, Reply};
use crate::world::input::cell;
use crate::world::scan::Scan;
use crate::world::schema::Access;
use crate::world::table::FieldNo;
use crate::world::{Cell, Entity};

pub(super) fn add(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let fields = query::object(call.params, "fields")?;
    for name in ["title", "creatorId", "responsibleId"] {
        if fields.get(&name.into()).is_none_or(Php::is_empty) {
            return Err(misses(name, &format!("The field `{name}` is required.")));
        }
    }
    let changes = changes(&call.world.tasks, fields)?;
    let row = insert(call, &changes);
    Ok(whole(call.world, &call.world.tasks, row))
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let ids = targets(call)?;
    let changes = changes(&call.world.tasks, query::object(call.params, "fields")?)?;
    for id in ids {
        let row = call
            .world
            .tasks
            .table
            .find(id)
            .ok_or_else(|| not_found(id))?;
        change(call, row, &changes);
    }
    Ok(done())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    for id in targets(call)? {
        if !remove(call, id) {
            return Err(not_found(id));
        }
    }
    Ok(done())
}

/// The tasks that `id` or `filter` names: exactly one of them must be there.
fn targets(call: &Call<'_>) -> Result<Vec<i64>, Refusal> {
    let given = |name: &str| call.params.get(name).filter(|value| !value.is_null());
    match (given("id"), given("filter")) {
        (Some(_), Some(_)) => Err(misses("filter", "Give either `id` or `filter`.")),
        (_, None) => Ok(vec![query::id(call.params)?]),
        (None, Some(found)) => {
            let tasks = &call.world.tasks;
            let filter = filter::parse(tasks, Some(found), call.portal.v3)?;
            let scan = Scan {
                table: &tasks.table,
                filter,
                order: Vec::new(),
            };
            Ok(scan.rows().map(|row| tasks.table.id(row)).collect())
        }
    }
}

fn changes(tasks: &Entity, fields: &PhpArray) -> Result<Vec<(FieldNo, Cell)>, Refusal> {
    let one = |name: &str, value: &Php| {
        let entry = property(tasks, name)?;
        let field = tasks.table.field(entry.field);
        if field.access == Access::Read {
            return Err(misses(
                name,
                &format!("The field `{name}` is not editable."),
            ));
        }
        let known = |text: &str| {
            entry.words.is_empty() || entry.words.iter().any(|(_, word)| *word == text)
        };
        if let Some(text) = value.as_str().filter(|text| !known(text)) {
            return Err(misses(
                name,
                &format!("`{text}` is not a value of the field `{name}`."),
            ));
        }
        Ok((entry.field, cell(field, &typed(entry, value)?)))
    };
    fields
        .iter()
        .map(|(name, value)| one(&name.text(), value))
        .collect()
}

fn done() -> Reply {
    Reply::value(Php::map([("result", true.into())]))
}
