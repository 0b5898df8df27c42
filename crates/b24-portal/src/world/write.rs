//! Rows straight to JSON bytes, in the form of a family of methods.

use super::cell::{CellRef, Multifield};
use super::schema::Kind;
use super::table::{Row, Table};
use super::time;
use super::view::{Entry, Style, View};
use crate::php::json;

impl View {
    /// Writes `{` and the selected fields; whoever calls may add fields of its own, and closes the object.
    pub(crate) fn open_row(&self, selected: &[usize], table: &Table, row: Row, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut first = true;
        for entry in selected.iter().map(|&place| &self.entries[place]) {
            let value = shown(table, row, entry);
            // A classic row without phones has no PHONE at all.
            if entry.kind == Kind::Multifield && value == CellRef::Null {
                continue;
            }
            if !first {
                out.push(b',');
            }
            first = false;
            out.extend_from_slice(&entry.key);
            write_value(self.style, entry, value, out);
        }
    }

    /// Writes a whole row with the selected fields.
    pub(crate) fn write_row(&self, selected: &[usize], table: &Table, row: Row, out: &mut Vec<u8>) {
        self.open_row(selected, table, row, out);
        out.push(b'}');
    }
}

/// A list that is empty may show the single value of another field.
fn shown<'a>(table: &'a Table, row: Row, entry: &Entry) -> CellRef<'a> {
    let value = table.get(row, entry.field);
    match (value, table.single(entry.field)) {
        (CellRef::Null, Some(single)) => match table.get(row, single) {
            CellRef::Number(0) => CellRef::Null,
            other => other,
        },
        _ => value,
    }
}

fn write_value(style: Style, entry: &Entry, value: CellRef<'_>, out: &mut Vec<u8>) {
    match value {
        CellRef::Null => out.extend_from_slice(null(style, entry.kind)),
        CellRef::Number(number) if entry.kind.is_list() => {
            out.push(b'[');
            write_number(style, entry, number, out);
            out.push(b']');
        }
        CellRef::Number(number) => write_number(style, entry, number, out),
        CellRef::Text(text) => json::write_str(text, out),
        CellRef::Numbers(numbers) => write_list(numbers, out, |number, out| {
            write_number(style, entry, *number, out);
        }),
        CellRef::Texts(texts) => write_list(texts, out, |text, out| json::write_str(text, out)),
        CellRef::Contacts(contacts) => {
            write_list(contacts, out, |contact, out| {
                write_multifield(style, &entry.name, contact, out);
            });
        }
    }
}

/// How "nothing" looks.
pub(crate) fn null(style: Style, kind: Kind) -> &'static [u8] {
    match style {
        Style::Classic if kind.is_time() => b"\"\"",
        Style::Classic
            if matches!(
                kind,
                Kind::Texts | Kind::Options | Kind::Files | Kind::Several(_)
            ) =>
        {
            b"false"
        }
        Style::User if kind.is_time() || kind == Kind::Text => b"\"\"",
        _ if kind.is_list() => b"[]",
        _ => b"null",
    }
}

fn write_number(style: Style, entry: &Entry, number: i64, out: &mut Vec<u8>) {
    if let Some((_, word)) = entry.words.iter().find(|(known, _)| *known == number) {
        return json::write_str(word, out);
    }
    match (entry.kind.element(), style) {
        (Kind::Flag, Style::V3 | Style::User) => {
            out.extend_from_slice(if number != 0 { b"true" } else { b"false" });
        }
        (Kind::Flag, _) => out.extend_from_slice(if number != 0 { b"\"Y\"" } else { b"\"N\"" }),
        (Kind::Date | Kind::DateTime, _) => {
            out.push(b'"');
            time::write(number, out);
            out.push(b'"');
        }
        (Kind::Money, Style::Item | Style::V3) => write_plain_money(number, out),
        (Kind::Money, _) => {
            out.push(b'"');
            write_money(number, out);
            out.push(b'"');
        }
        (Kind::References(_), Style::User | Style::Item | Style::V3)
        | (_, Style::Item | Style::V3) => {
            json::write_int(number, out);
        }
        _ => {
            out.push(b'"');
            json::write_int(number, out);
            out.push(b'"');
        }
    }
}

/// `1000.50`.
pub(crate) fn write_money(hundredths: i64, out: &mut Vec<u8>) {
    if hundredths < 0 {
        out.push(b'-');
    }
    let size = hundredths.unsigned_abs();
    json::write_int((size / 100) as i64, out);
    out.extend_from_slice(&[
        b'.',
        b'0' + (size % 100 / 10) as u8,
        b'0' + (size % 10) as u8,
    ]);
}

/// `1000.5`, `1000`.
pub(crate) fn write_plain_money(hundredths: i64, out: &mut Vec<u8>) {
    write_money(hundredths, out);
    while out.last() == Some(&b'0') {
        out.pop();
    }
    if out.last() == Some(&b'.') {
        out.pop();
    }
}

pub(crate) fn write_list<T>(
    items: &[T],
    out: &mut Vec<u8>,
    mut write: impl FnMut(&T, &mut Vec<u8>),
) {
    out.push(b'[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

/// A multifield as a classic method lists it under its name (`PHONE`), or as `fm` of `crm.item.*` does.
pub(crate) fn write_multifield(
    style: Style,
    type_id: &str,
    contact: &Multifield,
    out: &mut Vec<u8>,
) {
    let keys: [&[u8]; 4] = match style {
        Style::Classic => [
            b"{\"ID\":\"",
            b"\",\"VALUE_TYPE\":",
            b",\"VALUE\":",
            b",\"TYPE_ID\":",
        ],
        _ => [
            b"{\"id\":",
            b",\"valueType\":",
            b",\"value\":",
            b",\"typeId\":",
        ],
    };
    out.extend_from_slice(keys[0]);
    json::write_int(contact.id, out);
    for (key, text) in keys[1..]
        .iter()
        .zip([&*contact.value_type, &contact.value, type_id])
    {
        out.extend_from_slice(key);
        json::write_str(text, out);
    }
    out.push(b'}');
}
