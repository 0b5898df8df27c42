//! The demo set: made up, alike on every run, with everything that makes real data awkward – Cyrillic, quotes,
//! ampersands, empty fields, ids with gaps.

mod clients;
mod deals;
mod payments;
mod processes;
mod tasks;
mod users;
mod words;

use fastrand::Rng;

use super::World;
use super::table::{Row, Table};

pub(super) use users::fill as users;

/// The moment before which everything happened: 2026-01-01 in the portal's zone.
pub(super) const EPOCH: i64 = 1_767_214_800;
const DAY: i64 = 86_400;
const TWO_YEARS: i64 = 730 * DAY;

/// Fills the world with this many deals and what goes with them.
pub(super) fn fill(world: &mut World, deals: usize) {
    let mut rng = Rng::with_seed(24);
    let contacts = (deals * 3 / 5).clamp(60, 100_000);
    let companies = (deals * 4 / 25).clamp(20, 30_000);
    clients::companies(world, &mut rng, companies);
    clients::contacts(world, &mut rng, contacts);
    clients::leads(world, &mut rng, (deals * 6 / 25).clamp(30, 50_000));
    deals::fill(world, &mut rng, deals);
    processes::invoices(world, &mut rng, (deals / 12).clamp(10, 20_000));
    processes::items(world, &mut rng, 128, 240);
    processes::items(world, &mut rng, 1032, 90);
    tasks::fill(world, &mut rng, (deals * 2 / 5).clamp(20, 50_000));
    tasks::events(world, &mut rng, 600);
    payments::fill(world, &mut rng, (deals / 10).clamp(30, 20_000));
}

/// Adds a row that looks like one made by another user.
pub(super) fn plain_row(table: &mut Table) {
    let row = table.append();
    let title = format!("Row {}", table.id(row));
    table.set_named(row, "TITLE", title.as_str());
    table.set_named(row, "NAME", "Новый");
    for author in [
        "ASSIGNED_BY_ID",
        "CREATED_BY_ID",
        "MODIFY_BY_ID",
        "CREATED_BY",
        "RESPONSIBLE_ID",
    ] {
        table.set_named(row, author, 1);
    }
    for moment in [
        "DATE_CREATE",
        "DATE_MODIFY",
        "CREATED_DATE",
        "CHANGED_DATE",
        "TIMESTAMP_X",
    ] {
        table.set_named(row, moment, EPOCH);
    }
    for currency in ["CURRENCY_ID", "CURRENCY"] {
        table.set_named(row, currency, super::directory::BASE_CURRENCY);
    }
    if let Some(stage) = table.field_no("STAGE_ID")
        && table.field(stage).kind == super::schema::Kind::Status("DEAL_STAGE")
    {
        table.set(row, stage, "NEW");
    }
}

/// A row with the next id; about one id in twelve is missing, as if deleted.
fn next_row(table: &mut Table, rng: &mut Rng) -> Row {
    while rng.u8(..12) == 0 {
        table.skip_ids(1);
    }
    table.append()
}

/// The moment of the `place`th of `count` rows: rows come in the order of their making.
fn moment(rng: &mut Rng, place: usize, count: usize) -> i64 {
    let step = TWO_YEARS / count.max(1) as i64;
    EPOCH - TWO_YEARS + step * place as i64 + rng.i64(0..step.max(1))
}

/// The id of one of the rows of a table; 0 if it is empty.
fn some_id(table: &Table, rng: &mut Rng) -> i64 {
    let places = table.places();
    if places.is_empty() {
        0
    } else {
        table.id(rng.u32(places))
    }
}

/// An amount as people write them: mostly round, in hundredths.
fn amount(rng: &mut Rng) -> i64 {
    match rng.u8(..10) {
        0 => 0,
        1..=6 => rng.i64(5..2_000) * 50_000,
        7 | 8 => rng.i64(10_000..5_000_000),
        _ => rng.i64(1..90) * 10_000_000,
    }
}
