use fastrand::Rng;

use super::words::{self, pick};
use super::{DAY, amount, moment, next_row, some_id};
use crate::world::table::{Row, Table};
use crate::world::{Cell, Multifield, World};

const PHONE_TYPES: &[&str] = &["WORK", "MOBILE"];
const MAIL_TYPES: &[&str] = &["WORK", "HOME"];

pub(super) fn companies(world: &mut World, rng: &mut Rng, count: usize) {
    let World {
        crm,
        next_multifield,
        ..
    } = world;
    let Some(table) = table(crm, 4) else { return };
    for place in 0..count {
        let row = next_row(table, rng);
        table.set_named(row, "TITLE", words::company(rng).as_str());
        table.set_named(
            row,
            "COMPANY_TYPE",
            *pick(
                rng,
                &[
                    "CUSTOMER",
                    "CUSTOMER",
                    "CUSTOMER",
                    "SUPPLIER",
                    "PARTNER",
                    "COMPETITOR",
                ],
            ),
        );
        table.set_named(
            row,
            "INDUSTRY",
            *pick(rng, &["IT", "TELECOM", "MANUFACTURING", "BANKING", "OTHER"]),
        );
        table.set_named(
            row,
            "EMPLOYEES",
            *pick(
                rng,
                &["EMPLOYEES_1", "EMPLOYEES_2", "EMPLOYEES_3", "EMPLOYEES_4"],
            ),
        );
        table.set_named(row, "REVENUE", amount(rng) * 10);
        table.set_named(row, "CURRENCY_ID", *pick(rng, words::CURRENCIES));
        table.set_named(row, "IS_MY_COMPANY", place == 0);
        if rng.u8(..4) == 0 {
            table.set_named(
                row,
                "UF_CRM_1704067231",
                format!("77{:08}", rng.u32(..100_000_000)).as_str(),
            );
        }
        if rng.u8(..6) == 0 {
            table.set_named(row, "UF_CRM_1704067232", 70 + rng.i64(0..3));
        }
        let created = moment(rng, place, count);
        authors(table, row, rng, created);
        contact_data(table, row, rng, next_multifield);
    }
}

pub(super) fn contacts(world: &mut World, rng: &mut Rng, count: usize) {
    for place in 0..count {
        let company = world
            .crm(4)
            .map_or(0, |companies| some_id(&companies.table, rng));
        let World {
            crm,
            next_multifield,
            ..
        } = world;
        let Some(table) = table(crm, 3) else { return };
        let row = next_row(table, rng);
        person(table, row, rng);
        table.set_named(row, "HONORIFIC", *pick(rng, &["HNR_RU_1", "HNR_RU_2"]));
        table.set_named(
            row,
            "TYPE_ID",
            *pick(rng, &["CLIENT", "CLIENT", "SUPPLIER", "PARTNER", "OTHER"]),
        );
        table.set_named(row, "SOURCE_ID", *pick(rng, words::SOURCES));
        table.set_named(row, "POST", *pick(rng, words::POSITIONS));
        table.set_named(
            row,
            "COMPANY_ID",
            if rng.u8(..4) == 0 { 0 } else { company },
        );
        if rng.u8(..3) == 0 {
            table.set_named(row, "BIRTHDATE", 157_766_400 + rng.i64(0..12_000) * DAY);
        }
        if rng.u8(..8) == 0 {
            table.set_named(
                row,
                "UF_CRM_1704067221",
                *pick(rng, &["чай", "кофе & молоко", "вода", "\"Тархун\""]),
            );
        }
        if rng.u8(..10) == 0 {
            let languages = if rng.bool() {
                vec!["русский".into(), "English".into()]
            } else {
                vec!["Deutsch".into()]
            };
            table.set_named(row, "UF_CRM_1704067222", &Cell::Texts(languages.into()));
        }
        let created = moment(rng, place, count);
        authors(table, row, rng, created);
        contact_data(table, row, rng, next_multifield);
    }
}

pub(super) fn leads(world: &mut World, rng: &mut Rng, count: usize) {
    let World {
        crm,
        next_multifield,
        ..
    } = world;
    let Some(table) = table(crm, 1) else { return };
    for place in 0..count {
        let row = next_row(table, rng);
        person(table, row, rng);
        let (status, semantics) = *pick(
            rng,
            &[
                ("NEW", "P"),
                ("NEW", "P"),
                ("IN_PROCESS", "P"),
                ("PROCESSED", "P"),
                ("CONVERTED", "S"),
                ("JUNK", "F"),
            ],
        );
        let created = moment(rng, place, count);
        table.set_named(
            row,
            "TITLE",
            format!(
                "{}: {}",
                pick(rng, &["Заявка", "Lead", "Звонок", "CRM-форма"]),
                pick(rng, words::SUBJECTS)
            )
            .as_str(),
        );
        table.set_named(row, "COMPANY_TITLE", words::company(rng).as_str());
        table.set_named(row, "STATUS_ID", status);
        table.set_named(row, "STATUS_SEMANTIC_ID", semantics);
        if semantics != "P" {
            table.set_named(row, "DATE_CLOSED", created + rng.i64(0..30) * DAY);
        }
        table.set_named(row, "SOURCE_ID", *pick(rng, words::SOURCES));
        table.set_named(row, "CURRENCY_ID", *pick(rng, words::CURRENCIES));
        table.set_named(row, "OPPORTUNITY", amount(rng));
        if rng.u8(..5) == 0 {
            table.set_named(row, "UF_CRM_1704067212", 60 + rng.i64(0..3));
        }
        authors(table, row, rng, created);
        contact_data(table, row, rng, next_multifield);
    }
}

fn table(crm: &mut [crate::world::Entity], type_id: i64) -> Option<&mut Table> {
    crm.iter_mut()
        .find(|entity| entity.type_id == type_id)
        .map(|entity| &mut entity.table)
}

fn person(table: &mut Table, row: Row, rng: &mut Rng) {
    let (first, _) = pick(rng, words::FIRST_NAMES);
    let (_, last) = pick(rng, words::FIRST_NAMES);
    table.set_named(row, "NAME", *first);
    table.set_named(row, "LAST_NAME", *last);
    if rng.u8(..3) == 0 {
        table.set_named(row, "SECOND_NAME", *pick(rng, words::MIDDLE_NAMES));
    }
}

/// Who made the row and when, and sometimes a comment.
fn authors(table: &mut Table, row: Row, rng: &mut Rng, created: i64) {
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
    let modified = created + rng.i64(0..20) * DAY / 2;
    for field in ["DATE_MODIFY", "MOVED_TIME", "LAST_ACTIVITY_TIME"] {
        table.set_named(row, field, modified);
    }
    table.set_named(row, "DATE_CREATE", created);
    if rng.u8(..4) == 0 {
        table.set_named(row, "COMMENTS", *pick(rng, words::COMMENTS));
    }
}

/// Phones and addresses of e-mail; some have none, some several.
fn contact_data(table: &mut Table, row: Row, rng: &mut Rng, next_id: &mut i64) {
    let number = table.id(row);
    let mut contact = |value: String, value_type: &str| {
        let contact = Multifield {
            id: *next_id,
            value_type: value_type.into(),
            value: value.into(),
        };
        *next_id += 1;
        contact
    };
    let phones: Vec<Multifield> = (0..*pick(rng, &[0, 1, 1, 1, 2]))
        .map(|_| contact(words::phone(rng), pick::<&str>(rng, PHONE_TYPES)))
        .collect();
    let mails: Vec<Multifield> = (0..*pick(rng, &[0, 1, 1, 2]))
        .map(|_| {
            contact(
                format!("client{number}.{}@example.org", rng.u16(..1000)),
                pick::<&str>(rng, MAIL_TYPES),
            )
        })
        .collect();
    for (field, flag, contacts) in [
        ("PHONE", "HAS_PHONE", phones),
        ("EMAIL", "HAS_EMAIL", mails),
    ] {
        table.set_named(row, flag, !contacts.is_empty());
        if !contacts.is_empty() {
            table.set_named(row, field, &Cell::Contacts(contacts.into()));
        }
    }
}
