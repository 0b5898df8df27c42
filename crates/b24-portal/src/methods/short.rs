//! Short lists, always whole: statuses, currencies, custom fields.

use crate::php::{Key, Php, PhpArray};
use crate::play::Reply;

/// A whole list with its length.
pub(super) fn listed(key: Option<&str>, rows: Vec<Php>) -> Reply {
    let total = Some(rows.len() as i64);
    let rows = Php::list(rows);
    let value = match key {
        Some(key) => Php::map([(key, rows)]),
        None => rows,
    };
    Reply {
        total,
        ..Reply::value(value)
    }
}

/// The rows that a filter lets through, in order. Unknown names fall away.
pub(super) fn chosen(mut rows: Vec<Php>, filter: Option<&Php>, order: Option<&Php>) -> Vec<Php> {
    let entries = |array: Option<&Php>| -> Vec<(String, Php)> {
        let array = array
            .and_then(Php::as_array)
            .into_iter()
            .flat_map(PhpArray::iter);
        array
            .map(|(key, value): (&Key, &Php)| (key.text().into_owned(), value.clone()))
            .collect()
    };
    for (key, value) in entries(filter) {
        rows.retain(|row| passes(row, &key, &value));
    }
    // The last key is the least, and sorting keeps what is equal in place.
    for (name, direction) in entries(order).into_iter().rev() {
        let by_number = rows.iter().all(|row| {
            row.get(&name)
                .is_some_and(|value| value.to_text().parse::<f64>().is_ok())
        });
        let number = |row: &Php| row.get(&name).map_or(0.0, Php::to_float);
        let text = |row: &Php| row.get(&name).map(|value| value.to_text().into_owned());
        if by_number {
            rows.sort_by(|left, right| number(left).total_cmp(&number(right)));
        } else {
            rows.sort_by_key(text);
        }
        if !direction.to_text().eq_ignore_ascii_case("ASC") {
            rows.reverse();
        }
    }
    rows
}

fn passes(row: &Php, key: &str, wanted: &Php) -> bool {
    let name = key.trim_start_matches(['!', '=', '@', '%', '<', '>']);
    let mark = &key[..key.len() - name.len()];
    let Some(found) = row.get(name).map(Php::to_text) else {
        return true;
    };
    let number = || found.parse::<f64>().unwrap_or(0.0);
    let equals = |wanted: &Php| match wanted {
        Php::Array(values) => values.values().any(|value| value.to_text() == found),
        value => value.to_text() == found,
    };
    match mark {
        "!" | "!=" | "!@" => !equals(wanted),
        "%" => found
            .to_lowercase()
            .contains(&wanted.to_text().to_lowercase()),
        ">" => number() > wanted.to_float(),
        ">=" => number() >= wanted.to_float(),
        "<" => number() < wanted.to_float(),
        "<=" => number() <= wanted.to_float(),
        _ => equals(wanted),
    }
}
