//! `crm.duplicate.findbycomm`: who has this phone or this address of e-mail.

use crate::methods::v2;
use crate::php::{Php, PhpArray};
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::{CellRef, Entity};

pub(in crate::methods) const METHODS: &[Method] =
    &[v2("crm.duplicate.findbycomm", "crm", find_by_comm)];

/// Values after so many are not looked for.
const MOST: usize = 20;

fn find_by_comm(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let text = |name: &str| {
        let value = call.params.get_ci(name).map(Php::to_text);
        value.unwrap_or_default().to_ascii_uppercase()
    };
    let kind = match text("type") {
        kind if kind.is_empty() => {
            return Err(refuse("Communication type is not defined"));
        }
        kind if matches!(kind.as_str(), "EMAIL" | "PHONE") => kind,
        kind => {
            let text = format!("Communication type '{kind}' is not supported in current context");
            return Err(refuse(&text));
        }
    };
    let values = call.params.get_ci("values").and_then(Php::as_array);
    let wanted: Vec<String> = values
        .into_iter()
        .flat_map(PhpArray::values)
        .take(MOST)
        .map(|value| plain(&kind, &value.to_text()))
        .filter(|value| !value.is_empty())
        .collect();
    if wanted.is_empty() {
        return Err(refuse("Communication values is not defined"));
    }
    let asked = text("entity_type");
    let mut found = PhpArray::new();
    for (name, type_id) in [("LEAD", 1), ("CONTACT", 3), ("COMPANY", 4)] {
        let Some(entity) = call.world.crm(type_id) else {
            continue;
        };
        let ids = match asked.as_str() {
            "" => with_comm(entity, &kind, &wanted),
            asked if asked == name => with_comm(entity, &kind, &wanted),
            _ => Vec::new(),
        };
        if !ids.is_empty() {
            found.insert(name, Php::list(ids.into_iter().map(Php::from)));
        }
    }
    Ok(Reply::value(found))
}

fn with_comm(entity: &Entity, kind: &str, wanted: &[String]) -> Vec<i64> {
    let table = &entity.table;
    let has = |row: &u32| match table.named(*row, kind) {
        CellRef::Contacts(contacts) => contacts
            .iter()
            .any(|contact| wanted.contains(&plain(kind, &contact.value))),
        _ => false,
    };
    let rows = table.places().filter(|row| table.is_live(*row));
    rows.filter(has).map(|row| table.id(row)).collect()
}

/// A value as duplicates are compared: digits of a phone, small letters of an address.
fn plain(kind: &str, value: &str) -> String {
    if kind == "PHONE" {
        value.chars().filter(char::is_ascii_digit).collect()
    } else {
        value.trim().to_lowercase()
    }
}

/// The portal puts the text where other methods have a code.
fn refuse(text: &str) -> Refusal {
    Refusal::new(text, text)
}
