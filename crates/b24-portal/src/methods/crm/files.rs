//! Fields that hold files: contents come in with a write and go out by signed links.

use crate::methods::disk::transfer::file_content;
use crate::php::Php;
use crate::play::Call;
use crate::world::files::Files;
use crate::world::schema::Kind;
use crate::world::table::Row;
use crate::world::view::{Style, View};
use crate::world::write::{null, write_list};
use crate::world::{Cell, CellRef, Entity};

/// The fields that a view can write by itself, and those that need links.
pub(super) fn apart(view: &View, selected: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let is_plain = |place: &usize| !view.entries[*place].kind.is_file();
    selected.iter().copied().partition(is_plain)
}

/// Writes the file fields of a row whose object is still open.
pub(super) fn write(
    call: &Call<'_>,
    entity: &Entity,
    view: &View,
    (selected, row): (&[usize], Row),
    out: &mut Vec<u8>,
) {
    for entry in selected.iter().map(|place| &view.entries[*place]) {
        if out.last() != Some(&b'{') {
            out.push(b',');
        }
        out.extend_from_slice(&entry.key);
        let owner = format!(
            "type={}&id={}&field={}",
            entity.type_id,
            entity.table.id(row),
            entry.name
        );
        let write_one = |id: i64, out: &mut Vec<u8>| {
            shown(call, view.style, &owner, id).write_json(out);
        };
        match entity.table.get(row, entry.field) {
            CellRef::Number(id) => write_one(id, out),
            CellRef::Numbers(ids) => write_list(ids, out, |id, out| write_one(*id, out)),
            _ => out.extend_from_slice(null(view.style, entry.kind)),
        }
    }
}

fn shown(call: &Call<'_>, style: Style, owner: &str, file: i64) -> Php {
    let query = format!("file={file}&{owner}");
    let token = call.world.signer.token("crm", &query);
    let link = call.links.signed("crm.controller.item.getFile", &token);
    if style == Style::Classic {
        let page = call.links.page(&format!("/crm/file/?{query}"));
        return Php::map([
            ("id", file.into()),
            ("showUrl", page.into()),
            ("downloadUrl", link.into()),
        ]);
    }
    Php::map([
        ("id", file.into()),
        ("url", link.clone().into()),
        ("urlMachine", link.into()),
    ])
}

/// What one entry of a write says.
enum Said<'a> {
    New(&'a Php),
    Keep(i64),
    Remove,
    Nothing,
}

/// The field after a write: `[name, base64]` and `{fileData: …}` bring a file, `{id}` keeps one, `{remove: "Y"}` takes it
/// away. A field of several files holds what is listed, no others. `None` where nothing changes.
pub(super) fn written(
    files: &mut Files,
    kind: Kind,
    current: CellRef<'_>,
    value: &Php,
) -> Option<Cell> {
    let held: &[i64] = match &current {
        CellRef::Number(id) => std::slice::from_ref(id),
        CellRef::Numbers(ids) => ids,
        _ => &[],
    };
    let mut kept = Vec::new();
    for entry in entries(kind, value) {
        match said(entry) {
            // What cannot be decoded is passed over, as everywhere in the CRM.
            Said::New(content) => match file_content(content) {
                Some((name, bytes)) => kept.push(files.add(&name, bytes)),
                None if kind == Kind::File => return None,
                None => {}
            },
            Said::Keep(id) if held.contains(&id) => kept.push(id),
            Said::Keep(_) | Said::Nothing if kind == Kind::File => return None,
            Said::Keep(_) | Said::Nothing | Said::Remove => {}
        }
    }
    for gone in held.iter().filter(|id| !kept.contains(id)) {
        files.remove(*gone);
    }
    Some(match (kind, kept.first()) {
        (_, None) => Cell::Null,
        (Kind::File, Some(id)) => Cell::Number(*id),
        _ => Cell::Numbers(kept.into()),
    })
}

/// The entries of a field of several files; the value of one that holds a single file.
fn entries(kind: Kind, value: &Php) -> Vec<&Php> {
    let is_entry = ["fileData", "id", "remove"]
        .iter()
        .any(|name| value.get_ci(name).is_some());
    match value {
        Php::Array(list) if kind == Kind::Files && !is_entry && !is_pair(value) => {
            list.values().collect()
        }
        single => vec![single],
    }
}

fn said(entry: &Php) -> Said<'_> {
    if let Some(content) = entry.get_ci("fileData") {
        return Said::New(content);
    }
    let is_removed = entry
        .get_ci("remove")
        .is_some_and(|flag| flag.to_text() == "Y");
    let id = entry.get_ci("id").unwrap_or(entry);
    match entry {
        _ if is_removed || entry.is_empty() => Said::Remove,
        Php::Array(_) if is_pair(entry) => Said::New(entry),
        _ if id.as_array().is_none() && id.to_int() > 0 => Said::Keep(id.to_int()),
        _ => Said::Nothing,
    }
}

/// `[name, base64]`
fn is_pair(value: &Php) -> bool {
    let pair = value.as_array().filter(|pair| pair.is_list());
    pair.is_some_and(|pair| pair.len() == 2 && pair.values().all(|text| text.as_str().is_some()))
}

/// The contents that a row holds.
pub(super) fn contents(entity: &Entity, row: Row) -> Vec<i64> {
    let fields = entity.table.fields().iter().enumerate();
    let fields = fields.filter(|(_, field)| field.kind.is_file());
    fields
        .flat_map(|(place, _)| match entity.table.get(row, place) {
            CellRef::Number(id) => vec![id],
            CellRef::Numbers(ids) => ids.to_vec(),
            _ => Vec::new(),
        })
        .collect()
}
