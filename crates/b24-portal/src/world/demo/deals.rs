use fastrand::Rng;

use super::words::{self, pick};
use super::{DAY, EPOCH, amount, moment, next_row, some_id};
use crate::world::table::{FieldNo, ID, Row, Table};
use crate::world::time::day;
use crate::world::{Cell, World};

/// Pipeline, stage, its group, probability.
const STAGES: &[(i64, &str, &str, i64)] = &[
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
    let columns = Columns::of(table);
    for place in 0..count {
        let row = next_row(table, rng);
        let made = moment(rng, place, count);
        columns.describe(table, row, rng);
        columns.date(table, row, rng, made);
        columns.advance(table, row, rng);
        let company = *pick(rng, &companies);
        if rng.u8(..5) > 0 {
            table.set(row, columns.company, company);
        }
        if rng.u8(..6) > 0 {
            table.set(row, columns.contact, *pick(rng, &contacts));
        }
        if rng.u8(..8) == 0 {
            let (place, value) = custom_value(rng, made);
            table.set(row, columns.custom[place], &value);
        }
    }
}

/// Where the fields are: looked up once, not for each of a million rows.
struct Columns {
    title: FieldNo,
    type_id: FieldNo,
    stage: FieldNo,
    probability: FieldNo,
    currency: FieldNo,
    opportunity: FieldNo,
    manual: FieldNo,
    tax: FieldNo,
    company: FieldNo,
    contact: FieldNo,
    begin: FieldNo,
    close: FieldNo,
    created: FieldNo,
    changed: [FieldNo; 3],
    closed: FieldNo,
    comments: FieldNo,
    category: FieldNo,
    semantics: FieldNo,
    is_new: FieldNo,
    returning: FieldNo,
    source: FieldNo,
    authors: [FieldNo; 5],
    utm_source: FieldNo,
    origin: FieldNo,
    observers: FieldNo,
    custom: [FieldNo; 8],
}

impl Columns {
    fn of(table: &Table) -> Self {
        let of = |name: &str| table.field_no(name).unwrap_or(ID);
        Self {
            title: of("TITLE"),
            type_id: of("TYPE_ID"),
            stage: of("STAGE_ID"),
            probability: of("PROBABILITY"),
            currency: of("CURRENCY_ID"),
            opportunity: of("OPPORTUNITY"),
            manual: of("IS_MANUAL_OPPORTUNITY"),
            tax: of("TAX_VALUE"),
            company: of("COMPANY_ID"),
            contact: of("CONTACT_ID"),
            begin: of("BEGINDATE"),
            close: of("CLOSEDATE"),
            created: of("DATE_CREATE"),
            changed: ["DATE_MODIFY", "MOVED_TIME", "LAST_ACTIVITY_TIME"].map(of),
            closed: of("CLOSED"),
            comments: of("COMMENTS"),
            category: of("CATEGORY_ID"),
            semantics: of("STAGE_SEMANTIC_ID"),
            is_new: of("IS_NEW"),
            returning: of("IS_RETURN_CUSTOMER"),
            source: of("SOURCE_ID"),
            authors: [
                "ASSIGNED_BY_ID",
                "CREATED_BY_ID",
                "MODIFY_BY_ID",
                "MOVED_BY_ID",
                "LAST_ACTIVITY_BY",
            ]
            .map(of),
            utm_source: of("UTM_SOURCE"),
            origin: of("ORIGIN_ID"),
            observers: of("OBSERVER_IDS"),
            custom: [1, 2, 3, 4, 5, 6, 7, 8].map(|number| of(&format!("UF_CRM_170406720{number}"))),
        }
    }

    /// What the deal is about and whose it is.
    fn describe(&self, table: &mut Table, row: Row, rng: &mut Rng) {
        let title = format!("{} № {}", pick(rng, words::SUBJECTS), table.id(row));
        let sum = amount(rng);
        table.set(row, self.title, title.as_str());
        table.set(row, self.type_id, *pick(rng, words::DEAL_TYPES));
        table.set(row, self.currency, *pick(rng, words::CURRENCIES));
        table.set(row, self.opportunity, sum);
        table.set(row, self.manual, rng.bool());
        table.set(row, self.tax, if rng.u8(..3) == 0 { sum / 6 } else { 0 });
        table.set(row, self.source, *pick(rng, words::SOURCES));
        table.set(row, self.returning, rng.u8(..8) == 0);
        if rng.u8(..3) == 0 {
            table.set(row, self.comments, *pick(rng, words::COMMENTS));
        }
        let author = words::user(rng);
        for field in self.authors {
            table.set(row, field, author);
        }
        if rng.u8(..30) == 0 {
            let origin = format!("1C-{:06}", rng.u32(..1_000_000));
            table.set(row, self.utm_source, "yandex");
            table.set(row, self.origin, origin.as_str());
        }
        if rng.u8(..40) == 0 {
            let observers = Cell::Numbers([words::user(rng)].into());
            table.set(row, self.observers, &observers);
        }
    }

    fn date(&self, table: &mut Table, row: Row, rng: &mut Rng, made: i64) {
        let changed = (made + rng.i64(0..60) * DAY / 3).min(EPOCH);
        table.set(row, self.begin, day(made));
        table.set(row, self.close, day(made) + rng.i64(1..60) * DAY);
        table.set(row, self.created, made);
        for field in self.changed {
            table.set(row, field, changed);
        }
    }

    /// How far the deal has come.
    fn advance(&self, table: &mut Table, row: Row, rng: &mut Rng) {
        let (pipeline, stage, group, chance) = *pick(rng, STAGES);
        table.set(row, self.category, pipeline);
        table.set(row, self.stage, stage);
        table.set(row, self.semantics, group);
        table.set(row, self.probability, chance);
        table.set(row, self.closed, group != "P");
        table.set(row, self.is_new, stage.ends_with("NEW"));
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
