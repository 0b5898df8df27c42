use fastrand::Rng;

use super::words::{self, pick};
use super::{DAY, EPOCH, amount, moment, next_row, some_id};
use crate::world::time::day;
use crate::world::{Cell, World, field_numbers};

type Stage = (i64, &'static str, &'static str, i64);

/// Pipeline, stage, its group, probability.
const STAGES: &[Stage] = &[
    (0, "NEW", "P", 10),
    (0, "NEW", "P", 10),
    (0, "PREPARATION", "P", 20),
    (0, "PREPAYMENT_INVOICE", "P", 40),
    (0, "EXECUTING", "P", 60),
    (0, "FINAL_INVOICE", "P", 80),
    (0, "WON", "S", 100),
    (0, "WON", "S", 100),
    (0, "LOSE", "F", 0),
    (0, "APOLOGY", "F", 0),
    (1, "C1:NEW", "P", 15),
    (1, "C1:PREPARATION", "P", 50),
    (1, "C1:WON", "S", 100),
    (1, "C1:LOSE", "F", 0),
    (2, "C2:NEW", "P", 20),
    (2, "C2:WON", "S", 100),
    (2, "C2:LOSE", "F", 0),
];

pub(super) fn fill(world: &mut World, rng: &mut Rng, count: usize) {
    let clients = |world: &World, rng: &mut Rng, type_id| {
        world
            .crm(type_id)
            .map_or(0, |entity| some_id(&entity.table, rng))
    };
    // A fixed pool keeps a million deals from looking up a client each.
    let companies: Vec<i64> = (0..2_000).map(|_| clients(world, rng, 4)).collect();
    let contacts: Vec<i64> = (0..5_000).map(|_| clients(world, rng, 3)).collect();
    let Some(deals) = world.crm_mut(2) else {
        return;
    };
    let table = &mut deals.table;
    let [
        title,
        type_id,
        stage,
        probability,
        currency,
        opportunity,
        manual,
        tax,
        company,
        contact,
        begin,
        close,
    ] = field_numbers(
        table,
        [
            "TITLE",
            "TYPE_ID",
            "STAGE_ID",
            "PROBABILITY",
            "CURRENCY_ID",
            "OPPORTUNITY",
            "IS_MANUAL_OPPORTUNITY",
            "TAX_VALUE",
            "COMPANY_ID",
            "CONTACT_ID",
            "BEGINDATE",
            "CLOSEDATE",
        ],
    );
    let [
        created,
        modified,
        moved,
        active,
        closed,
        comments,
        category,
        semantics,
        is_new,
        returning,
        source,
    ] = field_numbers(
        table,
        [
            "DATE_CREATE",
            "DATE_MODIFY",
            "MOVED_TIME",
            "LAST_ACTIVITY_TIME",
            "CLOSED",
            "COMMENTS",
            "CATEGORY_ID",
            "STAGE_SEMANTIC_ID",
            "IS_NEW",
            "IS_RETURN_CUSTOMER",
            "SOURCE_ID",
        ],
    );
    let authors = field_numbers(
        table,
        [
            "ASSIGNED_BY_ID",
            "CREATED_BY_ID",
            "MODIFY_BY_ID",
            "MOVED_BY_ID",
            "LAST_ACTIVITY_BY",
        ],
    );
    let custom = field_numbers(
        table,
        [
            "UF_CRM_1704067201",
            "UF_CRM_1704067202",
            "UF_CRM_1704067203",
            "UF_CRM_1704067204",
            "UF_CRM_1704067205",
            "UF_CRM_1704067206",
            "UF_CRM_1704067207",
            "UF_CRM_1704067208",
        ],
    );
    let [utm_source, origin, observers] =
        field_numbers(table, ["UTM_SOURCE", "ORIGIN_ID", "OBSERVER_IDS"]);

    for place in 0..count {
        let row = next_row(table, rng);
        let (pipeline, stage_id, group, chance) = *pick(rng, STAGES);
        let made = moment(rng, place, count);
        let changed = (made + rng.i64(0..60) * DAY / 3).min(EPOCH);
        let sum = amount(rng);
        table.set(
            row,
            title,
            format!("{} № {}", pick(rng, words::SUBJECTS), table.id(row)).as_str(),
        );
        table.set(row, type_id, *pick(rng, words::DEAL_TYPES));
        table.set(row, stage, stage_id);
        table.set(row, probability, chance);
        table.set(row, currency, *pick(rng, words::CURRENCIES));
        table.set(row, opportunity, sum);
        table.set(row, manual, rng.bool());
        table.set(row, tax, if rng.u8(..3) == 0 { sum / 6 } else { 0 });
        table.set(
            row,
            company,
            if rng.u8(..5) == 0 {
                0
            } else {
                *pick(rng, &companies)
            },
        );
        if rng.u8(..6) > 0 {
            table.set(row, contact, *pick(rng, &contacts));
        }
        table.set(row, begin, day(made));
        table.set(row, close, day(made) + rng.i64(1..60) * DAY);
        table.set(row, created, made);
        for field in [modified, moved, active] {
            table.set(row, field, changed);
        }
        table.set(row, closed, group != "P");
        if rng.u8(..3) == 0 {
            table.set(row, comments, *pick(rng, words::COMMENTS));
        }
        table.set(row, category, pipeline);
        table.set(row, semantics, group);
        table.set(row, is_new, stage_id.ends_with("NEW"));
        table.set(row, returning, rng.u8(..8) == 0);
        table.set(row, source, *pick(rng, words::SOURCES));
        let author = words::user(rng);
        for field in authors {
            table.set(row, field, author);
        }
        if rng.u8(..30) == 0 {
            table.set(row, utm_source, "yandex");
            table.set(
                row,
                origin,
                format!("1C-{:06}", rng.u32(..1_000_000)).as_str(),
            );
        }
        if rng.u8(..40) == 0 {
            table.set(row, observers, &Cell::Numbers([words::user(rng)].into()));
        }
        if rng.u8(..8) == 0 {
            let cell = custom_value(rng, made);
            table.set(row, custom[cell.0], &cell.1);
        }
    }
}

/// A value for one of the custom fields, by its place.
fn custom_value(rng: &mut Rng, made: i64) -> (usize, Cell) {
    let place = rng.usize(..8);
    let label = |rng: &mut Rng| Box::<str>::from(*pick(rng, words::LABELS));
    let value = match place {
        0 => Cell::text(*pick(rng, words::COMMENTS)),
        1 => Cell::Number(rng.i64(1..36)),
        2 => Cell::Number(44 + rng.i64(0..4)),
        3 => Cell::Number(day(made) + rng.i64(0..90) * DAY),
        4 => Cell::Texts([label(rng), label(rng)].into()),
        5 => Cell::Number(rng.i64(0..2)),
        6 => Cell::text(format!(
            "{}.00|{}",
            rng.i64(1..500) * 100,
            pick(rng, words::CURRENCIES)
        )),
        _ => Cell::Numbers([50 + rng.i64(0..2), 52 + rng.i64(0..3)].into()),
    };
    (place, value)
}
