use super::words::{FIRST_NAMES, USER_COUNT};
use super::{DAY, EPOCH, TWO_YEARS};
use crate::world::{Cell, World};

const POSITIONS: &[(&str, i64)] = &[
    ("Генеральный директор", 1),
    ("Руководитель отдела продаж", 3),
    ("Менеджер по продажам", 3),
    ("Менеджер по продажам", 3),
    ("Руководитель поддержки", 4),
    ("Инженер поддержки", 4),
    ("Инженер поддержки", 4),
    ("Head of marketing", 5),
    ("PR manager", 5),
    ("Дизайнер", 5),
    ("Маркетолог", 5),
    ("CTO", 7),
    ("Developer", 7),
    ("Developer", 7),
    ("Тестировщик", 7),
    ("Главный бухгалтер", 8),
    ("Бухгалтер", 8),
    ("Экономист", 8),
    ("Менеджер по продажам", 9),
    ("Руководитель филиала", 9),
];

/// The people of the portal, in every world: the administrator (1) first.
pub(in crate::world) fn fill(world: &mut World) {
    let table = &mut world.users.table;
    for place in 0..USER_COUNT {
        let row = table.append();
        let (first, last) = FIRST_NAMES[place as usize % FIRST_NAMES.len()];
        let (position, department) = POSITIONS[place as usize % POSITIONS.len()];
        let registered = EPOCH - TWO_YEARS + place * 11 * DAY;
        table.set_named(row, "NAME", first);
        table.set_named(row, "LAST_NAME", last);
        table.set_named(
            row,
            "EMAIL",
            format!("user{}@example.com", place + 1).as_str(),
        );
        table.set_named(row, "WORK_POSITION", position);
        table.set_named(row, "UF_DEPARTMENT", &Cell::Numbers([department].into()));
        table.set_named(
            row,
            "PERSONAL_GENDER",
            if matches!(place % 5, 0 | 2 | 4) {
                "F"
            } else {
                "M"
            },
        );
        table.set_named(
            row,
            "PERSONAL_MOBILE",
            format!("+7 900 000-00-{:02}", place + 1).as_str(),
        );
        table.set_named(row, "WORK_PHONE", format!("{}", 100 + place).as_str());
        table.set_named(row, "UF_PHONE_INNER", format!("{}", 100 + place).as_str());
        // Two people have left.
        table.set_named(row, "ACTIVE", !matches!(place, 13 | 17));
        table.set_named(
            row,
            "DATE_REGISTER",
            registered - registered.rem_euclid(DAY),
        );
        table.set_named(row, "LAST_LOGIN", EPOCH - place * 3_601);
        table.set_named(row, "LAST_ACTIVITY_DATE", EPOCH - place * 1_801);
        table.set_named(row, "TIMESTAMP_X", EPOCH - place * DAY);
        if place % 3 == 0 {
            table.set_named(row, "PERSONAL_BIRTHDAY", 315_532_800 + place * 211 * DAY);
        }
    }
}
