use fastrand::Rng;

use super::words::{self, pick};
use super::{DAY, amount, moment, next_row, some_id};
use crate::world::World;
use crate::world::table::{Row, Table};
use crate::world::time::day;

pub(super) fn invoices(world: &mut World, rng: &mut Rng, count: usize) {
    for place in 0..count {
        let links = Links::pick(world, rng);
        let Some(invoices) = world.crm_mut(31) else {
            return;
        };
        let table = &mut invoices.table;
        let row = next_row(table, rng);
        let number = table.id(row);
        table.set_named(row, "TITLE", format!("Счёт № {number}").as_str());
        table.set_named(row, "ACCOUNT_NUMBER", number.to_string().as_str());
        table.set_named(
            row,
            "STAGE_ID",
            *pick(
                rng,
                &[
                    "DT31_5:N", "DT31_5:S", "DT31_5:S", "DT31_5:P", "DT31_5:P", "DT31_5:D",
                ],
            ),
        );
        let created = moment(rng, place, count);
        common(table, row, rng, created, &links);
    }
}

/// Items of a smart process.
pub(super) fn items(world: &mut World, rng: &mut Rng, type_id: i64, count: usize) {
    for place in 0..count {
        let links = Links::pick(world, rng);
        let Some(process) = world.crm_mut(type_id) else {
            return;
        };
        let table = &mut process.table;
        let row = next_row(table, rng);
        let pipeline = if type_id == 128 && rng.u8(..3) == 0 {
            9
        } else {
            table.number(row, "CATEGORY_ID")
        };
        let stage = pick(
            rng,
            &["NEW", "NEW", "PREPARATION", "CLIENT", "SUCCESS", "FAIL"],
        );
        table.set_named(row, "CATEGORY_ID", pipeline);
        table.set_named(
            row,
            "STAGE_ID",
            format!("DT{type_id}_{pipeline}:{stage}").as_str(),
        );
        table.set_named(
            row,
            "TITLE",
            format!(
                "{} — {}",
                pick(rng, words::SUBJECTS),
                pick(rng, words::CITIES)
            )
            .as_str(),
        );
        if rng.u8(..4) == 0 {
            table.set_named(row, "UF_CRM_5_1704067251", *pick(rng, words::COMMENTS));
            table.set_named(row, "UF_CRM_5_1704067252", 80 + rng.i64(0..3));
        }
        let created = moment(rng, place, count);
        common(table, row, rng, created, &links);
    }
}

/// The deal and the clients that an item belongs to.
struct Links {
    deal: i64,
    company: i64,
    contact: i64,
}

impl Links {
    fn pick(world: &World, rng: &mut Rng) -> Self {
        let mut some = |type_id| {
            world
                .crm(type_id)
                .map_or(0, |entity| some_id(&entity.table, rng))
        };
        Self {
            deal: some(2),
            company: some(4),
            contact: some(3),
        }
    }
}

fn common(table: &mut Table, row: Row, rng: &mut Rng, created: i64, links: &Links) {
    table.set_named(row, "COMPANY_ID", links.company);
    table.set_named(row, "CONTACT_ID", links.contact);
    if links.deal > 0 {
        table.set_named(row, "PARENT_ID_2", links.deal);
    }
    table.set_named(row, "CURRENCY_ID", *pick(rng, words::CURRENCIES));
    table.set_named(row, "OPPORTUNITY", amount(rng));
    table.set_named(row, "DATE_CREATE", created);
    table.set_named(row, "BEGINDATE", day(created));
    table.set_named(row, "CLOSEDATE", day(created) + 14 * DAY);
    for field in ["DATE_MODIFY", "MOVED_TIME", "LAST_ACTIVITY_TIME"] {
        table.set_named(row, field, created + rng.i64(0..10) * DAY / 3);
    }
    let author = words::user(rng);
    for field in [
        "ASSIGNED_BY_ID",
        "CREATED_BY_ID",
        "MODIFY_BY_ID",
        "MOVED_BY_ID",
        "LAST_ACTIVITY_BY",
    ] {
        table.set_named(row, field, author);
    }
}
