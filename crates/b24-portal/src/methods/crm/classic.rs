//! `crm.deal.*`, `crm.lead.*`, `crm.contact.*`, `crm.company.*`.

use super::store::{self, Changes, Fault, Robots};
use super::{describe, files};
use crate::methods::grammar::{classic_filter, classic_order, classic_select};
use crate::methods::page::Page;
use crate::methods::v2;
use crate::php::{Php, PhpArray};
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::Entity;
use crate::world::scan::Scan;
use crate::world::schema::Kind;
use crate::world::view::Group;

macro_rules! methods {
    ($($entity:literal $type_id:literal),*) => {
        &[$(
            v2(concat!("crm.", $entity, ".add"), "crm", |call| add(call, $type_id)),
            v2(concat!("crm.", $entity, ".get"), "crm", |call| get(call, $type_id)),
            v2(concat!("crm.", $entity, ".list"), "crm", |call| list(call, $type_id)),
            v2(concat!("crm.", $entity, ".update"), "crm", |call| update(call, $type_id)),
            v2(concat!("crm.", $entity, ".delete"), "crm", |call| delete(call, $type_id)),
            v2(concat!("crm.", $entity, ".fields"), "crm", |call| fields(call, $type_id)),
        )*]
    };
}

pub(in crate::methods) const METHODS: &[Method] =
    methods!("deal" 2, "lead" 1, "contact" 3, "company" 4);

fn list(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    let entity = entity(call, type_id)?;
    let [filter, order] = [array(call, "filter")?, array(call, "order")?];
    let view = &entity.classic;
    let find = |name: &str| view.entry(name);
    let scan = Scan {
        table: &entity.table,
        filter: classic_filter(&entity.table, filter, &find),
        order: classic_order(order, &find),
    };
    let page = Page::navigator(&scan, call.start, call.portal.past_the_end);
    let selected = classic_select(parameter(call, "select"), view);
    let (selected, with_files) = files::apart(view, &selected);
    let extra = |row, out: &mut Vec<u8>| files::write(call, entity, view, (&with_files, row), out);
    Ok(page.reply(None, &entity.table, view, &selected, extra))
}

fn get(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    let id = id(call)?;
    let entity = entity(call, type_id)?;
    let row = entity.table.find(id).ok_or_else(not_found)?;
    let groups = [Group::Standard, Group::Custom, Group::Named];
    let shown = |place: &usize| {
        let entry = &entity.classic.entries[*place];
        entry.group == Group::Custom || !matches!(entry.kind, Kind::References(_))
    };
    let selected: Vec<usize> = entity
        .classic
        .of_groups(&groups)
        .into_iter()
        .filter(shown)
        .collect();
    let view = &entity.classic;
    let (selected, with_files) = files::apart(view, &selected);
    let mut json = Vec::new();
    view.open_row(&selected, &entity.table, row, &mut json);
    files::write(call, entity, view, (&with_files, row), &mut json);
    json.push(b'}');
    Ok(Reply::value(Php::from_json(&json).unwrap_or_default()))
}

fn add(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    let params = call.params;
    let given = given(params)?;
    let entity = entity(call, type_id)?;
    let changes = changes(call, entity, given, None)?;
    let id = store::add(call, type_id, &changes, Robots::Start).ok_or_else(not_found)?;
    Ok(Reply::value(id))
}

fn update(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    let params = call.params;
    let id = id(call)?;
    let given = given(params)?;
    let entity = entity(call, type_id)?;
    let row = entity.table.find(id).ok_or_else(not_found)?;
    let changes = changes(call, entity, given, Some(row))?;
    store::update(call, type_id, row, &changes);
    Ok(Reply::value(true))
}

fn delete(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    let id = id(call)?;
    if store::delete(call, type_id, id) {
        Ok(Reply::value(true))
    } else {
        Err(not_found())
    }
}

fn fields(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    Ok(Reply::value(describe::classic(entity(call, type_id)?)))
}

/// The fields that may be written, without those whose values no directory knows: classic methods drop both silently.
/// They refuse what is missing, and what is no address of e-mail.
fn changes<'a>(
    call: &Call<'_>,
    entity: &Entity,
    given: &'a Php,
    row: Option<u32>,
) -> Result<Changes<'a>, Refusal> {
    let known = |name: &str| entity.classic.entry(name).map(|entry| entry.field);
    let writable = given.as_array().into_iter().flat_map(PhpArray::iter);
    let writable = writable.filter_map(|(name, value)| Some((known(&name.text())?, value)));
    let mut changes: Changes<'a> = writable
        .filter(|(field, _)| store::may_write(entity, *field, row.is_none()))
        .collect();
    let mut faults = store::missing(entity, &changes, row);
    for fault in store::check(call.world, entity, &changes, row) {
        match fault {
            Fault::Invalid(name) => {
                changes.retain(|(field, _)| entity.table.field(*field).name != name);
            }
            fault => faults.push(fault),
        }
    }
    if faults.is_empty() {
        return Ok(changes);
    }
    let texts = faults.iter().map(|fault| describe_fault(entity, fault));
    Err(plain(&texts.collect::<Vec<_>>().join("<br>")))
}

fn entity<'a>(call: &'a Call<'_>, type_id: i64) -> Result<&'a Entity, Refusal> {
    call.world.crm(type_id).ok_or_else(not_found)
}

/// A parameter in any of the spellings that classic methods take: `filter`, `FILTER`, `arFilter`.
fn parameter<'a>(call: &Call<'a>, name: &str) -> Option<&'a Php> {
    call.params
        .get_ci(name)
        .or_else(|| call.params.get_ci(&format!("ar{name}")))
        .filter(|value| !value.is_null())
}

fn array<'a>(call: &Call<'a>, name: &str) -> Result<Option<&'a Php>, Refusal> {
    match parameter(call, name) {
        Some(Php::Str(text)) if text.is_empty() => Ok(None),
        Some(value) if value.as_array().is_none() => {
            Err(plain(&format!("Parameter '{name}' must be array.")))
        }
        value => Ok(value),
    }
}

fn given(params: &Php) -> Result<&Php, Refusal> {
    let fields = params
        .get_ci("fields")
        .or_else(|| params.get_ci("arFields"));
    fields
        .filter(|fields| fields.as_array().is_some())
        .ok_or_else(|| plain("Parameter 'fields' must be array."))
}

fn id(call: &Call<'_>) -> Result<i64, Refusal> {
    let id = call.params.get_ci("id").map_or(0, Php::to_int);
    if id > 0 {
        Ok(id)
    } else {
        Err(plain("ID is not defined or invalid."))
    }
}

fn describe_fault(entity: &Entity, fault: &Fault) -> String {
    let (Fault::Required(name) | Fault::Invalid(name)) = fault else {
        return "Incorrect e-mail address.".to_owned();
    };
    let title = entity
        .table
        .fields()
        .iter()
        .find(|field| field.name == *name)
        .map_or(*name, |field| field.title);
    format!("The field \"{title}\" is required.")
}

fn not_found() -> Refusal {
    plain("Not found")
}

/// Classic methods refuse without a code.
fn plain(text: &str) -> Refusal {
    Refusal::new("", text)
}
