use fastrand::Rng;

use super::words::{self, pick};
use super::{DAY, EPOCH, moment, next_row, some_id};
use crate::world::{Cell, Event, World};

pub(super) fn fill(world: &mut World, rng: &mut Rng, count: usize) {
    let deals: Vec<i64> = (0..500)
        .map(|_| world.crm(2).map_or(0, |deals| some_id(&deals.table, rng)))
        .collect();
    let table = &mut world.tasks.table;
    for place in 0..count {
        let row = next_row(table, rng);
        let created = moment(rng, place, count);
        let status = *pick(rng, &[2_i64, 2, 3, 3, 4, 5, 5, 5, 6]);
        let author = words::user(rng);
        table.set_named(
            row,
            "TITLE",
            format!(
                "{}: {}",
                pick(rng, words::TASKS),
                pick(rng, words::SUBJECTS)
            )
            .as_str(),
        );
        if rng.bool() {
            table.set_named(row, "DESCRIPTION", *pick(rng, words::COMMENTS));
        }
        table.set_named(row, "STATUS", status);
        table.set_named(row, "PRIORITY", *pick(rng, &[1_i64, 1, 1, 1, 2]));
        table.set_named(row, "CREATED_BY", author);
        table.set_named(row, "CHANGED_BY", author);
        table.set_named(row, "RESPONSIBLE_ID", words::user(rng));
        table.set_named(row, "CREATED_DATE", created);
        for field in ["CHANGED_DATE", "ACTIVITY_DATE", "STATUS_CHANGED_DATE"] {
            table.set_named(row, field, (created + rng.i64(0..15) * DAY / 2).min(EPOCH));
        }
        if rng.u8(..3) > 0 {
            table.set_named(
                row,
                "DEADLINE",
                created - created.rem_euclid(DAY) + rng.i64(1..30) * DAY + 16 * 3_600,
            );
        }
        if status == 5 {
            table.set_named(row, "CLOSED_BY", author);
            table.set_named(
                row,
                "CLOSED_DATE",
                (created + rng.i64(1..20) * DAY).min(EPOCH),
            );
        }
        table.set_named(row, "GROUP_ID", *pick(rng, &[0_i64, 0, 0, 3, 5]));
        table.set_named(
            row,
            "GUID",
            format!(
                "{{{:08X}-{:04X}-{:04X}-{:04X}-{:012X}}}",
                rng.u32(..),
                rng.u16(..),
                rng.u16(..),
                rng.u16(..),
                rng.u64(..1 << 48)
            )
            .as_str(),
        );
        if rng.u8(..6) == 0 {
            table.set_named(row, "AUDITORS", &Cell::Numbers([words::user(rng)].into()));
        }
        if rng.u8(..8) == 0 {
            table.set_named(
                row,
                "ACCOMPLICES",
                &Cell::Numbers([words::user(rng)].into()),
            );
        }
        if rng.u8(..4) == 0 {
            let deal = pick(rng, &deals);
            table.set_named(
                row,
                "UF_CRM_TASK",
                &Cell::Texts([format!("D_{deal}").into()].into()),
            );
        }
    }
}

/// What the event log of a portal in use looks like.
pub(super) fn events(world: &mut World, rng: &mut Rng, count: usize) {
    const KINDS: &[(&str, &str)] = &[
        ("USER_AUTHORIZE", "main"),
        ("USER_LOGOUT", "main"),
        ("USER_EDIT", "main"),
        ("CRM_DEAL_ADD", "crm"),
        ("TASKS_TASK_ADD", "tasks"),
    ];
    for place in 0..count {
        if rng.u8(..12) == 0 {
            world.events.table.skip_ids(1);
        }
        let (audit_type, module) = *pick(rng, KINDS);
        let user = words::user(rng);
        world.note(
            moment(rng, place, count),
            user,
            &Event {
                audit_type,
                module,
                item: &user.to_string(),
            },
        );
    }
}
