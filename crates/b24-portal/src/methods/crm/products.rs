//! `crm.product.*`: the CRM's own view of its catalogue.

use super::describe;
use crate::methods::grammar::{classic_filter, classic_order, classic_select};
use crate::methods::page::Page;
use crate::methods::v2;
use crate::php::{Php, PhpArray};
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::directory::{BASE_CURRENCY, CURRENCIES};
use crate::world::input::cell;
use crate::world::scan::Scan;
use crate::world::schema::{Access, Kind};
use crate::world::table::{FieldNo, Row};
use crate::world::{Cell, Entity};

pub(in crate::methods) const METHODS: &[Method] = &[
    v2("crm.product.add", "crm", add),
    v2("crm.product.get", "crm", get),
    v2("crm.product.list", "crm", list),
    v2("crm.product.update", "crm", update),
    v2("crm.product.delete", "crm", delete),
    v2("crm.product.fields", "crm", |call| {
        Ok(Reply::value(describe::classic(&call.world.products)))
    }),
];

#[expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]
fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let Entity { table, classic, .. } = &call.world.products;
    let find = |name: &str| classic.entry(name);
    let scan = Scan {
        table,
        filter: classic_filter(table, call.params.get_ci("filter"), &find),
        order: classic_order(call.params.get_ci("order"), &find),
    };
    let page = Page::navigator(&scan, call.start, call.portal.past_the_end);
    let selected = classic_select(call.params.get_ci("select"), classic);
    Ok(page.reply(None, table, classic, &selected, |_, _| ()))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let row = found(call)?;
    let Entity { table, classic, .. } = &call.world.products;
    let all: Vec<usize> = (0..classic.entries.len()).collect();
    let mut json = Vec::new();
    classic.write_row(&all, table, row, &mut json);
    Ok(Reply::value(Php::from_json(&json).unwrap_or_default()))
}

fn add(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let changes = changes(call, true)?;
    let (actor, now) = (call.actor.user_id, call.now);
    let table = &mut call.world.products.table;
    let row = table.append();
    let id = table.id(row);
    table.set_named(row, "CURRENCY_ID", BASE_CURRENCY);
    table.set_named(row, "XML_ID", id.to_string().as_str());
    table.set_named(row, "DATE_CREATE", now);
    table.set_named(row, "CREATED_BY", actor);
    write(call, row, &changes);
    Ok(Reply::value(id))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let row = found(call)?;
    let changes = changes(call, false)?;
    write(call, row, &changes);
    Ok(Reply::value(true))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let row = found(call)?;
    let id = call.world.products.table.id(row);
    call.world.products.table.delete(id);
    Ok(Reply::value(true))
}

fn write(call: &mut Call<'_>, row: Row, changes: &[(FieldNo, Cell)]) {
    let (actor, now) = (call.actor.user_id, call.now);
    let table = &mut call.world.products.table;
    for (field, cell) in changes {
        table.set(row, *field, cell);
    }
    table.set_named(row, "TIMESTAMP_X", now);
    table.set_named(row, "MODIFIED_BY", actor);
}

/// What may be written, as cells. Unknown names and currencies fall away; a product without a name is refused.
fn changes(call: &Call<'_>, adding: bool) -> Result<Vec<(FieldNo, Cell)>, Refusal> {
    let given = call.params.get_ci("fields");
    let given = given
        .and_then(Php::as_array)
        .ok_or_else(|| refuse("Parameter 'fields' must be array."))?;
    let name = given.get_ci("NAME").map(Php::to_text);
    let is_nameless = name.map_or(adding, |name| name.trim().is_empty());
    if is_nameless {
        return Err(refuse("The field \"Name\" is required."));
    }
    let table = &call.world.products.table;
    let change = |(name, value): (&crate::php::Key, &Php)| {
        let place = table.field_no(&name.text())?;
        let field = table.field(place);
        let may_write = match field.access {
            Access::Write => true,
            Access::Once => adding,
            Access::Read => false,
        };
        let is_known = field.kind != Kind::Currency
            || CURRENCIES
                .iter()
                .any(|currency| currency.code == value.to_text());
        (may_write && is_known).then(|| (place, cell(field, value)))
    };
    Ok(PhpArray::iter(given).filter_map(change).collect())
}

fn found(call: &Call<'_>) -> Result<Row, Refusal> {
    let id = call.params.get_ci("id").map_or(0, Php::to_int);
    if id <= 0 {
        return Err(refuse("ID is not defined or invalid."));
    }
    let row = call.world.products.table.find(id);
    row.ok_or_else(|| refuse("Product is not found."))
}

fn refuse(text: &str) -> Refusal {
    Refusal::new("", text)
}
