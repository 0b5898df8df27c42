//! Writing rows of the CRM: what is filled in, what follows from what, what is checked.

use std::borrow::Cow;

use super::files;
use crate::php::{Php, PhpArray};
use crate::play::Call;
use crate::world::automation::{Automation, Occasion};
use crate::world::directory::{BASE_CURRENCY, CATEGORIES, category, stage_names};
use crate::world::files::Files;
use crate::world::input::{cell, multifields, number};
use crate::world::product_rows::Owner;
use crate::world::schema::{Access, Kind};
use crate::world::table::{FieldNo, Row};
use crate::world::{Cell, CellRef, Entity, Event, World};

/// What is to be written: fields and values, multifields among them.
pub(super) type Changes<'a> = Vec<(FieldNo, &'a Php)>;

/// What is wrong with a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    Required(&'static str),
    Invalid(&'static str),
    /// No address of e-mail.
    Email,
}

/// Whether robots and workflows start on what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Robots {
    Start,
    Rest,
}

/// Whether a caller may set the field when a row is made (`adding`) or changed.
pub(super) fn may_write(entity: &Entity, field: FieldNo, adding: bool) -> bool {
    match entity.table.field(field).access {
        Access::Write => true,
        Access::Once => adding,
        Access::Read => false,
    }
}

/// Checks values against directories: stages, types, sources, currencies, pipelines.
pub(super) fn check(
    world: &World,
    entity: &Entity,
    changes: &Changes<'_>,
    row: Option<Row>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let pipeline = pipeline(entity, changes, row);
    for (field, value) in changes {
        let field = entity.table.field(*field);
        if field.name == "EMAIL" && !multifield_values(value).all(|value| is_email(&value)) {
            faults.push(Fault::Email);
            continue;
        }
        let text = value.to_text();
        let is_known = match field.kind {
            _ if text.is_empty() => true,
            kind if kind.is_time() => number(kind, value).is_some(),
            Kind::Status(_) if is_stage(field.name) => world
                .directory
                .status(&stage_names(entity.type_id, pipeline).0, &text)
                .is_some(),
            Kind::Status(directory) => world.directory.status(directory, &text).is_some(),
            Kind::Currency => crate::world::directory::CURRENCIES
                .iter()
                .any(|currency| currency.code == text),
            Kind::Reference("crm_category") => category(entity.type_id, value.to_int()).is_some(),
            Kind::Reference("user") => world.users.table.find(value.to_int()).is_some(),
            _ => true,
        };
        if !is_known {
            faults.push(Fault::Invalid(field.name));
        }
    }
    faults
}

/// The values that a write of multifields keeps.
fn multifield_values(value: &Php) -> impl Iterator<Item = Cow<'_, str>> {
    let items = value.as_array().into_iter().flat_map(PhpArray::values);
    let kept = items.filter(|item| {
        item.get_ci("DELETE")
            .is_none_or(|flag| flag.to_text() != "Y")
    });
    kept.filter_map(|item| item.get_ci("VALUE").map(Php::to_text))
        .filter(|value| !value.is_empty())
}

fn is_email(text: &str) -> bool {
    let parts = text.trim().rsplit_once('@');
    parts.is_some_and(|(name, host)| {
        let is_spaced = text.trim().contains(char::is_whitespace);
        !name.is_empty() && host.contains('.') && !host.starts_with('.') && !is_spaced
    })
}

/// The fields that a row may not do without: a new one, or one that is to lose them.
pub(super) fn missing(entity: &Entity, changes: &Changes<'_>, row: Option<Row>) -> Vec<Fault> {
    let table = &entity.table;
    let given = |name: &str| {
        let mut changes = changes.iter();
        let change = changes.find(|(field, _)| table.field(*field).name == name);
        change.map(|(_, value)| *value)
    };
    let is_empty = |name: &str| match (given(name), row) {
        (Some(value), _) => value.to_text().is_empty(),
        (None, None) => true,
        (None, Some(row)) => table.text(row, name).is_empty(),
    };
    let mut faults = match entity.type_id {
        3 if is_empty("NAME") && is_empty("LAST_NAME") => {
            vec![Fault::Required("LAST_NAME"), Fault::Required("NAME")]
        }
        4 if is_empty("TITLE") => vec![Fault::Required("TITLE")],
        _ => Vec::new(),
    };
    let mandatory = table.fields().iter().filter(|field| field.required);
    let mandatory = mandatory.filter(|field| match (row, given(field.name)) {
        (_, Some(value)) => value.is_empty() && value.to_text() != "0",
        (None, None) => true,
        (Some(_), None) => false,
    });
    faults.extend(mandatory.map(|field| Fault::Required(field.name)));
    faults
}

/// Adds a row; values that directories do not know are left out.
pub(super) fn add(
    call: &mut Call<'_>,
    type_id: i64,
    changes: &Changes<'_>,
    robots: Robots,
) -> Option<i64> {
    let (actor, now) = (call.actor.user_id, call.now);
    let entity = call.world.crm_mut(type_id)?;
    let pipeline = pipeline(entity, changes, None);
    let row = entity.table.append();
    let id = entity.table.id(row);
    let table = &mut entity.table;
    for author in [
        "ASSIGNED_BY_ID",
        "CREATED_BY_ID",
        "MODIFY_BY_ID",
        "MOVED_BY_ID",
        "LAST_ACTIVITY_BY",
    ] {
        table.set_named(row, author, actor);
    }
    for moment in [
        "DATE_CREATE",
        "DATE_MODIFY",
        "MOVED_TIME",
        "LAST_ACTIVITY_TIME",
    ] {
        table.set_named(row, moment, now);
    }
    table.set_named(row, "CURRENCY_ID", BASE_CURRENCY);
    table.set_named(row, "CATEGORY_ID", pipeline);
    table.set_named(row, "ACCOUNT_NUMBER", id.to_string().as_str());
    table.set_named(row, "IS_NEW", true);
    if !matches!(type_id, 3 | 4) {
        table.set_named(row, "TITLE", default_title(type_id, id).as_str());
        set_first_stage(call.world, type_id, row, pipeline);
    }
    let World {
        crm,
        next_multifield: next_id,
        files,
        ..
    } = &mut *call.world;
    let entity = crm.iter_mut().find(|entity| entity.type_id == type_id)?;
    apply(entity, row, changes, next_id, files);
    follow(call.world, type_id, row, None);
    note(call, type_id, id, "ADD");
    if robots == Robots::Start {
        start_robots(call, type_id, row, Occasion::Add);
    }
    Some(id)
}

/// Changes a row.
pub(super) fn update(call: &mut Call<'_>, type_id: i64, row: Row, changes: &Changes<'_>) {
    let (actor, now) = (call.actor.user_id, call.now);
    let World {
        crm,
        next_multifield,
        files,
        ..
    } = &mut *call.world;
    let Some(entity) = crm.iter_mut().find(|entity| entity.type_id == type_id) else {
        return;
    };
    let before = stage(entity, row).map(str::to_owned);
    let pipeline_before = entity.table.number(row, "CATEGORY_ID");
    apply(entity, row, changes, next_multifield, files);
    let pipeline = entity.table.number(row, "CATEGORY_ID");
    let gives_stage = changes
        .iter()
        .any(|(field, _)| is_stage(entity.table.field(*field).name));
    if pipeline != pipeline_before && !gives_stage {
        set_first_stage(call.world, type_id, row, pipeline);
    }
    let Some(entity) = call.world.crm_mut(type_id) else {
        return;
    };
    entity.table.set_named(row, "MODIFY_BY_ID", actor);
    entity.table.set_named(row, "DATE_MODIFY", now);
    if stage(entity, row).map(str::to_owned) != before {
        entity.table.set_named(row, "MOVED_BY_ID", actor);
        entity.table.set_named(row, "MOVED_TIME", now);
        entity.table.set_named(row, "IS_NEW", false);
    }
    let id = entity.table.id(row);
    follow(call.world, type_id, row, before.as_deref());
    note(call, type_id, id, "UPDATE");
    start_robots(call, type_id, row, Occasion::Update);
}

/// Notes that the robots and workflows of this row's entity and stage would start now.
fn start_robots(call: &mut Call<'_>, type_id: i64, row: Row, on: Occasion) {
    let Some(entity) = call.world.crm(type_id) else {
        return;
    };
    let started = Automation {
        entity: entity.name,
        id: entity.table.id(row),
        on,
        stage: stage(entity, row).unwrap_or_default().to_owned(),
    };
    call.world.automation.push(started);
}

/// Deletes a row; false if there is none.
pub(super) fn delete(call: &mut Call<'_>, type_id: i64, id: i64) -> bool {
    let Some(entity) = call.world.crm_mut(type_id) else {
        return false;
    };
    let row = entity.table.find(id);
    let held = row.map(|row| files::contents(entity, row));
    let gone = entity.table.delete(id);
    for content in held.into_iter().flatten() {
        call.world.files.remove(content);
    }
    if gone {
        call.world.product_rows.clear(Owner { type_id, id });
        note(call, type_id, id, "DELETE");
    }
    gone
}

fn apply(
    entity: &mut Entity,
    row: Row,
    changes: &Changes<'_>,
    next_id: &mut i64,
    contents: &mut Files,
) {
    for &(place, value) in changes {
        let field = *entity.table.field(place);
        let cell = match field.kind {
            kind if kind.is_file() => {
                let current = entity.table.get(row, place);
                match files::written(contents, kind, current, value) {
                    Some(cell) => cell,
                    None => continue,
                }
            }
            Kind::Multifield => multifields(entity.table.get(row, place), value, next_id),
            Kind::Status(_) | Kind::Currency | Kind::Flag if value.to_text().is_empty() => continue,
            _ => cell(&field, value),
        };
        entity.table.set(row, place, &cell);
        // The first of several clients is the one that single fields show.
        if let (Kind::References(_), Cell::Numbers(ids), Some(single)) =
            (field.kind, &cell, entity.table.single(place))
        {
            entity.table.set(row, single, ids[0]);
        }
    }
}

/// Fields that follow from others: the group of the stage, whether the row is closed, whether there is a phone.
fn follow(world: &mut World, type_id: i64, row: Row, before: Option<&str>) {
    let Some(entity) = world.crm(type_id) else {
        return;
    };
    if let Some(now) = stage(entity, row).map(str::to_owned) {
        set_stage(world, type_id, row, &now);
        if let (Some(before), Some(entity)) = (
            before.filter(|before| *before != now),
            world.crm_mut(type_id),
        ) {
            entity.table.set_named(row, "PREVIOUS_STAGE_ID", before);
        }
    }
    let Some(entity) = world.crm_mut(type_id) else {
        return;
    };
    for (contacts, flag) in [("PHONE", "HAS_PHONE"), ("EMAIL", "HAS_EMAIL")] {
        let has = entity.table.named(row, contacts) != CellRef::Null;
        entity.table.set_named(row, flag, has);
    }
}

fn set_first_stage(world: &mut World, type_id: i64, row: Row, pipeline: i64) {
    let (directory, _) = stage_names(type_id, pipeline);
    let stages = world.directory.of(&directory);
    if let Some(first) = stages.first().map(|stage| stage.status_id.clone()) {
        set_stage(world, type_id, row, &first);
    }
}

fn set_stage(world: &mut World, type_id: i64, row: Row, code: &str) {
    let semantics = world.crm(type_id).and_then(|entity| {
        let (directory, _) = stage_names(type_id, entity.table.number(row, "CATEGORY_ID"));
        world
            .directory
            .status(&directory, code)
            .and_then(|status| status.semantics)
    });
    let Some(entity) = world.crm_mut(type_id) else {
        return;
    };
    let table = &mut entity.table;
    let [stage, group] = if type_id == 1 {
        ["STATUS_ID", "STATUS_SEMANTIC_ID"]
    } else {
        ["STAGE_ID", "STAGE_SEMANTIC_ID"]
    };
    table.set_named(row, stage, code);
    table.set_named(row, group, semantics.unwrap_or("P"));
    table.set_named(row, "CLOSED", semantics.is_some());
}

fn stage(entity: &Entity, row: Row) -> Option<&str> {
    let name = if entity.type_id == 1 {
        "STATUS_ID"
    } else {
        "STAGE_ID"
    };
    match entity.table.named(row, name) {
        CellRef::Text(code) => Some(code),
        _ => None,
    }
}

/// Whether this field holds the stage, whose directory depends on the pipeline.
pub(super) fn is_stage(name: &str) -> bool {
    matches!(name, "STAGE_ID" | "STATUS_ID")
}

/// The pipeline that a row is in after these changes.
fn pipeline(entity: &Entity, changes: &Changes<'_>, row: Option<Row>) -> i64 {
    let given = changes
        .iter()
        .find(|(field, _)| entity.table.field(*field).name == "CATEGORY_ID");
    let given = given.and_then(|(field, value)| number(entity.table.field(*field).kind, value));
    if let Some(id) = given.filter(|id| category(entity.type_id, *id).is_some()) {
        return id;
    }
    if let Some(row) = row {
        return entity.table.number(row, "CATEGORY_ID");
    }
    let default = CATEGORIES
        .iter()
        .find(|category| category.entity_type_id == entity.type_id && category.is_default);
    default.map_or(0, |category| category.id)
}

fn default_title(type_id: i64, id: i64) -> String {
    match type_id {
        1 => format!("Lead #{id}"),
        2 => format!("Deal #{id}"),
        31 => format!("Invoice #{id}"),
        _ => format!("Item #{id}"),
    }
}

fn note(call: &mut Call<'_>, type_id: i64, id: i64, what: &str) {
    let name = call
        .world
        .crm(type_id)
        .map_or_else(String::new, |entity| entity.name.to_ascii_uppercase());
    let event = Event {
        audit_type: &format!("CRM_{name}_{what}"),
        module: "crm",
        item: &id.to_string(),
    };
    call.world.note(call.now, call.actor.user_id, &event);
}
