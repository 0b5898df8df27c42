use fastrand::Rng;

use super::words::{self, pick};
use super::{DAY, EPOCH, amount, moment, next_row};
use crate::world::World;
use crate::world::entities::PAY_SYSTEMS;

/// Payments: most are paid, a day to a month after they were issued.
pub(super) fn fill(world: &mut World, rng: &mut Rng, count: usize) {
    let table = &mut world.payments.table;
    for place in 0..count {
        let row = next_row(table, rng);
        let issued = moment(rng, place, count);
        // Some orders are paid in two parts.
        let order = (place as i64 + 1) * 9 / 10 + 1;
        let (system, name, cash) = *pick(rng, PAY_SYSTEMS);
        let manager = words::user(rng);
        table.set_named(row, "ACCOUNT_NUMBER", format!("{order}/1").as_str());
        table.set_named(row, "ORDER_ID", order);
        table.set_named(row, "PAY_SYSTEM_ID", system);
        table.set_named(row, "PAY_SYSTEM_NAME", name);
        table.set_named(row, "PAY_SYSTEM_IS_CASH", cash);
        table.set_named(row, "SUM", amount(rng).max(100) + rng.i64(0..100));
        table.set_named(row, "CURRENCY", *pick(rng, words::CURRENCIES));
        table.set_named(row, "DATE_BILL", issued);
        table.set_named(row, "RESPONSIBLE_ID", manager);
        table.set_named(row, "EMP_RESPONSIBLE_ID", manager);
        table.set_named(row, "DATE_RESPONSIBLE_ID", issued);
        if rng.u8(..4) > 0 {
            table.set_named(row, "PAID", true);
            let paid = (issued + rng.i64(0..30 * DAY)).min(EPOCH - 1);
            table.set_named(row, "DATE_PAID", paid);
            table.set_named(row, "EMP_PAID_ID", manager);
        }
        if rng.u8(..40) == 0 {
            table.set_named(row, "IS_RETURN", true);
            table.set_named(row, "PAY_RETURN_COMMENT", *pick(rng, words::COMMENTS));
        }
        if rng.u8(..10) == 0 {
            let document = format!("ПП-{:05}", rng.u32(..100_000));
            table.set_named(row, "PAY_VOUCHER_NUM", document.as_str());
        }
    }
}
