//! `crm.item.*`: any entity by its type.

use super::store::{self, Changes, Fault, Robots};
use super::{describe, files};
use crate::methods::grammar::{controller_filter, controller_order, controller_select};
use crate::methods::page::Page;
use crate::methods::{optional_array, required, v2};
use crate::php::{Php, PhpArray};
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::scan::Scan;
use crate::world::schema::{Access, Field, Kind};
use crate::world::table::{FieldNo, Row};
use crate::world::view::{Style, View, upper_snake};
use crate::world::write::write_multifield;
use crate::world::{CellRef, Entity};

pub(in crate::methods) const METHODS: &[Method] = &[
    v2("crm.item.add", "crm", add),
    v2("crm.item.get", "crm", get),
    v2("crm.item.list", "crm", list),
    v2("crm.item.update", "crm", update),
    v2("crm.item.delete", "crm", delete),
    v2("crm.item.fields", "crm", fields),
];

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let entity = entity(call)?;
    let view = view(call, entity);
    let scan = Scan {
        table: &entity.table,
        filter: controller_filter(&entity.table, optional_array(call, "filter")?, view)?,
        order: controller_order(optional_array(call, "order")?, view)?,
    };
    let page = Page::controller(&scan, call.start);
    let selected = controller_select(call.params.get("select"), view);
    let with_contacts = selected.is_none();
    let selected = selected.unwrap_or_else(|| everything(view));
    let (selected, with_files) = files::apart(view, &selected);
    let extra = |row, out: &mut Vec<u8>| {
        files::write(call, entity, view, (&with_files, row), out);
        if with_contacts {
            write_contacts(entity, row, out);
        }
    };
    Ok(page.reply(Some("items"), &entity.table, view, &selected, extra))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let entity = entity(call)?;
    let row = entity.table.find(id(call)?).ok_or_else(not_found)?;
    Ok(item(call, entity, row))
}

fn add(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let fields = given(call)?;
    let entity = entity(call)?;
    let type_id = entity.type_id;
    let contacts = contacts(fields);
    let changes = changes(entity, fields, &contacts, |field| {
        field.access != Access::Read
    })?;
    check(call, entity, &changes, None)?;
    let id = store::add(call, type_id, &changes, Robots::Start).ok_or_else(not_found)?;
    written(call, id)
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let fields = given(call)?;
    let entity = entity(call)?;
    let (type_id, id) = (entity.type_id, id(call)?);
    let row = entity.table.find(id).ok_or_else(not_found)?;
    let contacts = contacts(fields);
    // Unlike the classic methods this one may move a row to another pipeline.
    let changes = changes(entity, fields, &contacts, |field| {
        field.access != Access::Read
    })?;
    check(call, entity, &changes, Some(row))?;
    store::update(call, type_id, row, &changes);
    written(call, id)
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (type_id, id) = (entity(call)?.type_id, id(call)?);
    if store::delete(call, type_id, id) {
        Ok(Reply::value(Php::empty_array()))
    } else {
        Err(not_found())
    }
}

fn fields(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let entity = entity(call)?;
    Ok(Reply::value(describe::item(entity, view(call, entity))))
}

/// The whole item as it is after a write.
fn written(call: &Call<'_>, id: i64) -> Result<Reply, Refusal> {
    let entity = entity(call)?;
    let row = entity.table.find(id).ok_or_else(not_found)?;
    Ok(item(call, entity, row))
}

fn item(call: &Call<'_>, entity: &Entity, row: Row) -> Reply {
    let view = view(call, entity);
    let (selected, with_files) = files::apart(view, &everything(view));
    let mut json = Vec::new();
    view.open_row(&selected, &entity.table, row, &mut json);
    files::write(call, entity, view, (&with_files, row), &mut json);
    write_contacts(entity, row, &mut json);
    json.push(b'}');
    Reply::value(Php::map([(
        "item",
        Php::from_json(&json).unwrap_or_default(),
    )]))
}

fn everything(view: &View) -> Vec<usize> {
    (0..view.entries.len()).collect()
}

/// `fm`: phones, addresses of e-mail and the like in one list.
fn write_contacts(entity: &Entity, row: Row, out: &mut Vec<u8>) {
    if !matches!(entity.type_id, 1 | 3 | 4) {
        return;
    }
    out.extend_from_slice(b",\"fm\":[");
    let mut first = true;
    for (type_id, field) in multifields(entity) {
        let CellRef::Contacts(contacts) = entity.table.get(row, field) else {
            continue;
        };
        for contact in contacts {
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            write_multifield(Style::Item, type_id, contact, out);
        }
    }
    out.push(b']');
}

fn multifields(entity: &Entity) -> impl Iterator<Item = (&'static str, FieldNo)> {
    let fields = entity.table.fields().iter().enumerate();
    fields
        .filter(|(_, field)| field.kind == Kind::Multifield)
        .map(|(place, field)| (field.name, place))
}

/// `fm` of a write, sorted by kind: `PHONE`, `EMAIL` …
pub(super) fn contacts(given: &Php) -> Vec<(String, Php)> {
    let mut sorted: Vec<(String, PhpArray)> = Vec::new();
    for contact in given
        .get("fm")
        .and_then(Php::as_array)
        .into_iter()
        .flat_map(PhpArray::values)
    {
        let type_id = contact
            .get_ci("typeId")
            .or_else(|| contact.get_ci("TYPE_ID"))
            .map(|kind| kind.to_text().into_owned())
            .unwrap_or_default();
        match sorted.iter_mut().find(|(known, _)| *known == type_id) {
            Some((_, contacts)) => contacts.push(contact.clone()),
            None => sorted.push((type_id, [(0_i64, contact.clone())].into_iter().collect())),
        }
    }
    sorted
        .into_iter()
        .map(|(type_id, contacts)| (type_id, contacts.into()))
        .collect()
}

/// The fields that may be written; others are passed over silently.
pub(super) fn changes<'a>(
    entity: &Entity,
    fields: &'a Php,
    contacts: &'a [(String, Php)],
    may_write: impl Fn(&Field) -> bool,
) -> Result<Changes<'a>, Refusal> {
    let mut changes = Changes::new();
    for (name, value) in fields.as_array().into_iter().flat_map(PhpArray::iter) {
        let Some(entry) = entity.camel.entry(&name.text()) else {
            continue;
        };
        if !may_write(entity.table.field(entry.field)) {
            continue;
        }
        let is_scalar = !matches!(value, Php::Array(_) | Php::Null) && !value.to_text().is_empty();
        if entry.kind.is_list() && is_scalar {
            let text = format!(
                "Expected iterable value for multiple field, but got {} instead",
                value.type_name()
            );
            return Err(Refusal::new("100", text));
        }
        changes.push((entry.field, value));
    }
    for (type_id, contacts) in contacts {
        changes.extend(
            multifields(entity)
                .find(|(name, _)| name == type_id)
                .map(|(_, field)| (field, contacts)),
        );
    }
    Ok(changes)
}

/// Refuses what is missing or wrong.
pub(super) fn check(
    call: &Call<'_>,
    entity: &Entity,
    changes: &Changes<'_>,
    row: Option<Row>,
) -> Result<(), Refusal> {
    let mut faults = store::missing(entity, changes, row);
    faults.extend(store::check(call.world, entity, changes, row));
    refuse(entity, &faults)
}

pub(super) fn given<'a>(call: &Call<'a>) -> Result<&'a Php, Refusal> {
    required(call.params, "fields")?;
    optional_array(call, "fields").map(|fields| fields.unwrap_or(call.params))
}

pub(super) fn entity<'a>(call: &'a Call<'_>) -> Result<&'a Entity, Refusal> {
    let type_id = required(call.params, "entityTypeId")?.to_int();
    call.world.crm(type_id).ok_or_else(|| match type_id {
        128.. => Refusal::new("NOT_FOUND", "SPA not found"),
        _ => Refusal::new(
            "ENTITY_TYPE_NOT_SUPPORTED",
            format!("Entity type {type_id} is not supported"),
        ),
    })
}

fn view<'a>(call: &Call<'_>, entity: &'a Entity) -> &'a View {
    let original = call
        .params
        .get("useOriginalUfNames")
        .is_some_and(|flag| matches!(&*flag.to_text(), "Y" | "1"));
    if original {
        &entity.original
    } else {
        &entity.camel
    }
}

fn id(call: &Call<'_>) -> Result<i64, Refusal> {
    required(call.params, "id").map(Php::to_int)
}

fn refuse(entity: &Entity, faults: &[Fault]) -> Result<(), Refusal> {
    let upper = |name: &str| {
        let field = entity
            .table
            .fields()
            .iter()
            .find(|field| field.name == name);
        field.map_or_else(
            || name.to_owned(),
            |field| {
                if field.custom {
                    name.to_owned()
                } else {
                    upper_snake(field.camel)
                }
            },
        )
    };
    match faults.first() {
        None => Ok(()),
        Some(Fault::Required(name)) => Err(Refusal::new(
            "CRM_FIELD_ERROR_REQUIRED",
            format!("The field \"{}\" is required", upper(name)),
        )),
        Some(Fault::Invalid(name)) => Err(invalid(&upper(name))),
        Some(Fault::Email) => Err(invalid("FM")),
    }
}

pub(super) fn invalid(field: &str) -> Refusal {
    Refusal::new(
        "CRM_FIELD_ERROR_VALUE_NOT_VALID",
        format!("Invalid value of the field \"{field}\""),
    )
}

pub(super) fn not_found() -> Refusal {
    Refusal::new("NOT_FOUND", "Item not found")
}
