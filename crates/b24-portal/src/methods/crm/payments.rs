//! `crm.item.payment.*`: payments of deals, invoices and items. They are payments of hidden orders, which
//! `sale.payment.*` shows too.

use crate::methods::payments::{append, write};
use crate::methods::short::chosen;
use crate::methods::{optional_array, required, v2};
use crate::php::Php;
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::product_rows::Owner;
use crate::world::table::Row;
use crate::world::{Cell, PAY_SYSTEMS};

pub(in crate::methods) const METHODS: &[Method] = &[
    v2("crm.item.payment.add", "crm", add),
    v2("crm.item.payment.get", "crm", get),
    v2("crm.item.payment.list", "crm", list),
    v2("crm.item.payment.update", "crm", update),
    v2("crm.item.payment.delete", "crm", delete),
    v2("crm.item.payment.pay", "crm", |call| set_paid(call, true)),
    v2("crm.item.payment.unpay", "crm", |call| {
        set_paid(call, false)
    }),
];

/// A payment of what other payments of the item leave.
fn add(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let owner = owner(call)?;
    let known = of(call, owner);
    let table = &call.world.payments.table;
    let covered: i64 = known.iter().map(|row| table.number(*row, "SUM")).sum();
    let last_order = table
        .places()
        .map(|row| table.number(row, "ORDER_ID"))
        .max();
    let own_order = known.first().map(|row| table.number(*row, "ORDER_ID"));
    let order = own_order.unwrap_or(last_order.unwrap_or(0) + 1);
    let (total, currency) = call
        .world
        .crm(owner.type_id)
        .and_then(|entity| {
            let row = entity.table.find(owner.id)?;
            let currency = entity.table.text(row, "CURRENCY_ID").to_owned();
            Some((entity.table.number(row, "OPPORTUNITY"), currency))
        })
        .unwrap_or_default();
    let row = append(call, order);
    let table = &mut call.world.payments.table;
    table.set_named(row, "ORDER_ID", order);
    table.set_named(row, "CURRENCY", currency.as_str());
    table.set_named(row, "SUM", (total - covered).max(0));
    let id = table.id(row);
    let system = PAY_SYSTEMS[0].0;
    change(call, row, "PAY_SYSTEM_ID", system);
    call.world.item_payments.insert(id, owner);
    Ok(Reply::value(id))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let row = found(call)?;
    Ok(Reply::value(shown(call, row)))
}

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let rows = of(call, owner(call)?);
    let rows = rows.into_iter().map(|row| shown(call, row)).collect();
    let (filter, order) = (
        optional_array(call, "filter")?,
        optional_array(call, "order")?,
    );
    Ok(Reply::value(chosen(rows, filter, order)))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let row = found(call)?;
    let fields = required(call.params, "fields")?;
    if let Some(system) = fields.get("paySystemId").map(Php::to_int) {
        if !PAY_SYSTEMS.iter().any(|(id, ..)| *id == system) {
            return Err(Refusal::new("0", "Pay system was not found"));
        }
        change(call, row, "PAY_SYSTEM_ID", system);
    }
    if let Some(paid) = fields.get("paid").map(Php::to_text) {
        change(call, row, "PAID", i64::from(paid == "Y"));
    }
    Ok(Reply::value(true))
}

fn set_paid(call: &mut Call<'_>, is_paid: bool) -> Result<Reply, Refusal> {
    let row = found(call)?;
    change(call, row, "PAID", i64::from(is_paid));
    Ok(Reply::value(true))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let row = found(call)?;
    let id = call.world.payments.table.id(row);
    if call.world.payments.table.number(row, "PAID") != 0 {
        return Err(Refusal::new("0", "A paid payment cannot be deleted"));
    }
    call.world.payments.table.delete(id);
    call.world.item_payments.remove(&id);
    Ok(Reply::value(true))
}

/// Sets one field, with what follows from it.
fn change(call: &mut Call<'_>, row: Row, name: &str, number: i64) {
    let table = &call.world.payments.table;
    let was_paid = table.number(row, "PAID") != 0;
    if let Some(field) = table.field_no(name) {
        write(call, row, &[(field, Cell::Number(number))], was_paid);
    }
}

fn shown(call: &Call<'_>, row: Row) -> Php {
    const SHOWN: [&str; 9] = [
        "id",
        "accountNumber",
        "paid",
        "datePaid",
        "empPaidId",
        "paySystemId",
        "sum",
        "currency",
        "paySystemName",
    ];
    let payments = &call.world.payments;
    let places = SHOWN.iter().filter_map(|name| payments.camel.place(name));
    let places: Vec<usize> = places.collect();
    let mut json = Vec::new();
    payments
        .camel
        .write_row(&places, &payments.table, row, &mut json);
    Php::from_json(&json).unwrap_or_default()
}

/// The payments of an item, by id.
fn of(call: &Call<'_>, owner: Owner) -> Vec<Row> {
    let payments = call.world.item_payments.iter();
    payments
        .filter(|(_, known)| **known == owner)
        .filter_map(|(id, _)| call.world.payments.table.find(*id))
        .collect()
}

fn owner(call: &Call<'_>) -> Result<Owner, Refusal> {
    let type_id = required(call.params, "entityTypeId")?.to_int();
    let id = required(call.params, "entityId")?.to_int();
    let entity = call.world.crm(type_id);
    match entity.filter(|entity| entity.table.field_no("OPPORTUNITY").is_some()) {
        None => Err(Refusal::new("0", "Entity type is not supported")),
        Some(entity) if entity.table.find(id).is_none() => {
            Err(Refusal::new("0", "Entity was not found"))
        }
        Some(_) => Ok(Owner { type_id, id }),
    }
}

/// A payment that belongs to an item.
fn found(call: &Call<'_>) -> Result<Row, Refusal> {
    let id = required(call.params, "id")?.to_int();
    let row = call.world.payments.table.find(id);
    row.filter(|_| call.world.item_payments.contains_key(&id))
        .ok_or_else(|| Refusal::new("0", "Payment was not found"))
}
