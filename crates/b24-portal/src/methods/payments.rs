//! `sale.payment.*`: payments of orders. There are no orders: any number is taken for one.

use super::grammar::{controller_filter, controller_select};
use super::page::Page;
use super::{optional_array, required, v2};
use crate::php::{Php, PhpArray};
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::directory::BASE_CURRENCY;
use crate::world::input::cell;
use crate::world::scan::{Scan, Sort};
use crate::world::schema::{Access, Kind};
use crate::world::table::{FieldNo, Row, Table};
use crate::world::view::{Entry, View};
use crate::world::{Cell, Entity, PAY_SYSTEMS};

pub(super) const METHODS: &[Method] = &[
    v2("sale.payment.add", "sale", add),
    v2("sale.payment.get", "sale", get),
    v2("sale.payment.list", "sale", list),
    v2("sale.payment.update", "sale", update),
    v2("sale.payment.delete", "sale", delete),
    v2("sale.payment.getFields", "sale", fields),
];

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let Entity { table, camel, .. } = &call.world.payments;
    let filter = known(optional_array(call, "filter")?, camel);
    let scan = Scan {
        table,
        filter: controller_filter(table, Some(&filter), camel)?,
        order: order(optional_array(call, "order")?, camel),
    };
    let selected =
        controller_select(call.params.get("select"), camel).unwrap_or_else(|| all(camel));
    let page = Page::controller(&scan, call.start);
    Ok(page.reply(Some("payments"), table, camel, &selected, |_, _| ()))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let row = row(call)?;
    Ok(payment(&call.world.payments, row))
}

fn add(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let changes = changes(call, true)?;
    let order = number(&call.world.payments.table, &changes, "ORDER_ID");
    let row = append(call, order);
    write(call, row, &changes, false);
    Ok(payment(&call.world.payments, row))
}

/// A new payment of an order, with what the portal fills in.
pub(super) fn append(call: &mut Call<'_>, order: i64) -> Row {
    let (actor, now) = (call.actor.user_id, call.now);
    let table = &mut call.world.payments.table;
    let currency = currency_of(table, order).to_owned();
    let row = table.append();
    let account = format!("{order}/{}", table.id(row));
    table.set_named(row, "ACCOUNT_NUMBER", account.as_str());
    table.set_named(row, "CURRENCY", currency.as_str());
    for author in ["RESPONSIBLE_ID", "EMP_RESPONSIBLE_ID"] {
        table.set_named(row, author, actor);
    }
    for moment in ["DATE_BILL", "DATE_RESPONSIBLE_ID"] {
        table.set_named(row, moment, now);
    }
    row
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let row = row(call)?;
    let changes = changes(call, false)?;
    let was_paid = call.world.payments.table.number(row, "PAID") != 0;
    write(call, row, &changes, was_paid);
    Ok(payment(&call.world.payments, row))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = required(call.params, "id")?.to_int();
    if call.world.payments.table.delete(id) {
        Ok(Reply::value(true))
    } else {
        Err(not_found())
    }
}

fn fields(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    optional_array(call, "fields")?;
    let described = call.world.payments.table.fields().iter().map(|field| {
        let kind = match field.kind {
            Kind::DateTime => "datetime",
            Kind::Date => "date",
            Kind::Money => "double",
            Kind::Flag => "char",
            kind if kind.is_number() => "integer",
            _ => "string",
        };
        let about = Php::map([
            ("isImmutable", (field.access == Access::Once).into()),
            ("isReadOnly", (field.access == Access::Read).into()),
            ("isRequired", field.required.into()),
            ("type", kind.into()),
        ]);
        (field.camel, about)
    });
    let described = Php::map(described);
    Ok(Reply::value(Php::map([("payment", described)])))
}

/// The conditions on fields that there are: others fall away silently.
fn known(filter: Option<&Php>, view: &View) -> Php {
    let conditions = filter.and_then(Php::as_array);
    let conditions = conditions.into_iter().flat_map(PhpArray::iter);
    let known = conditions.filter(|(name, _)| {
        let name = name.text();
        view.entry(name.trim_start_matches(['!', '=', '<', '>', '%', '@']))
            .is_some()
    });
    known
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect::<PhpArray>()
        .into()
}

/// Unknown names are passed over, all but DESC is rising.
fn order(order: Option<&Php>, view: &View) -> Vec<Sort> {
    let names = order.and_then(Php::as_array);
    let names = names.into_iter().flat_map(PhpArray::iter);
    let sort = |(entry, direction): (&Entry, &Php)| Sort {
        field: entry.field,
        descending: direction.to_text().eq_ignore_ascii_case("DESC"),
    };
    names
        .filter_map(|(name, direction)| Some((view.entry(&name.text())?, direction)))
        .map(sort)
        .collect()
}

/// The fields that may be written; others are passed over.
fn changes(call: &Call<'_>, adding: bool) -> Result<Vec<(FieldNo, Cell)>, Refusal> {
    required(call.params, "fields")?;
    let Entity { table, camel, .. } = &call.world.payments;
    let fields = optional_array(call, "fields")?.and_then(Php::as_array);
    let fields = fields.into_iter().flat_map(PhpArray::iter);
    let changes: Vec<_> = fields
        .filter_map(|(name, value)| Some((camel.entry(&name.text())?.field, value)))
        .filter(|(field, _)| match table.field(*field).access {
            Access::Write => true,
            Access::Once => adding,
            Access::Read => false,
        })
        .map(|(field, value)| (field, cell(table.field(field), value)))
        .collect();
    let missing: Vec<_> = table
        .fields()
        .iter()
        .filter(|field| field.required && (adding || field.access == Access::Write))
        .filter(|field| number(table, &changes, field.name) == 0)
        .map(|field| field.camel)
        .collect();
    if missing.is_empty() {
        Ok(changes)
    } else {
        let text = format!("Required fields: {}", missing.join(", "));
        Err(Refusal::new("0", text))
    }
}

/// Writes the changes, and what follows from them: who paid and when, the payment system's name.
pub(super) fn write(call: &mut Call<'_>, row: Row, changes: &[(FieldNo, Cell)], was_paid: bool) {
    let (actor, now) = (call.actor.user_id, call.now);
    let table = &mut call.world.payments.table;
    for (field, cell) in changes {
        match (table.field(*field).kind, cell) {
            // Texts are never null.
            (Kind::Text, Cell::Null) => table.set(row, *field, ""),
            _ => table.set(row, *field, cell),
        }
    }
    let system = table.number(row, "PAY_SYSTEM_ID");
    if let Some((_, name, cash)) = PAY_SYSTEMS.iter().find(|(id, ..)| *id == system) {
        table.set_named(row, "PAY_SYSTEM_NAME", *name);
        table.set_named(row, "PAY_SYSTEM_IS_CASH", *cash);
    }
    let is_given = |name: &str| {
        let field = table.field_no(name);
        changes.iter().any(|(known, _)| Some(*known) == field)
    };
    let (date_given, user_given) = (is_given("DATE_PAID"), is_given("EMP_PAID_ID"));
    if (table.number(row, "PAID") != 0) != was_paid {
        if !date_given {
            table.set_named(row, "DATE_PAID", now);
        }
        if !user_given {
            table.set_named(row, "EMP_PAID_ID", actor);
        }
    }
}

/// A number among the changes; 0 if it is not there.
fn number(table: &Table, changes: &[(FieldNo, Cell)], name: &str) -> i64 {
    let field = table.field_no(name);
    let given = changes.iter().find(|(known, _)| Some(*known) == field);
    match given {
        Some((_, Cell::Number(number))) => *number,
        _ => 0,
    }
}

/// The currency of an order: that of its first payment.
fn currency_of(table: &Table, order: i64) -> &str {
    let mut payments = table
        .places()
        .filter(|row| table.number(*row, "ORDER_ID") == order);
    payments
        .next()
        .map_or(BASE_CURRENCY, |row| table.text(row, "CURRENCY"))
}

fn row(call: &Call<'_>) -> Result<Row, Refusal> {
    let id = required(call.params, "id")?.to_int();
    call.world.payments.table.find(id).ok_or_else(not_found)
}

fn payment(payments: &Entity, row: Row) -> Reply {
    let mut json = Vec::new();
    payments
        .camel
        .write_row(&all(&payments.camel), &payments.table, row, &mut json);
    let payment = Php::from_json(&json).unwrap_or_default();
    Reply::value(Php::map([("payment", payment)]))
}

fn all(view: &View) -> Vec<usize> {
    (0..view.entries.len()).collect()
}

fn not_found() -> Refusal {
    Refusal::new("200640400001", "payment is not exists")
}
