//! How storages, folders, files and versions are shown.

use crate::links::Links;
use crate::methods::page;
use crate::methods::short::chosen;
use crate::php::{Php, PhpArray};
use crate::play::{Call, Reply};
use crate::world::World;
use crate::world::drive::{FileVersion, Object, Storage};
use crate::world::time;

pub(super) fn storage(storage: &Storage) -> Php {
    Php::map([
        ("ID", storage.id.to_string().into()),
        ("NAME", storage.name.as_str().into()),
        ("CODE", Php::Null),
        ("MODULE_ID", "disk".into()),
        ("ENTITY_TYPE", storage.entity_type.into()),
        ("ENTITY_ID", storage.entity_id.as_str().into()),
        ("ROOT_OBJECT_ID", storage.root.to_string().into()),
    ])
}

/// A file or folder; one that has just been made shows some numbers as numbers.
pub(super) fn object(world: &World, links: &Links, object: &Object, is_new: bool) -> Php {
    let text = |number: i64| Php::from(number.to_string());
    let fresh = |number: i64| {
        if is_new { number.into() } else { text(number) }
    };
    let moment = |at: i64| Php::from(time::text(at));
    let deleted = object
        .deleted
        .map(|deleted| if deleted.with_parent { 4 } else { 3 });
    let mut row: PhpArray = [
        ("ID", fresh(object.id)),
        ("NAME", object.name.as_str().into()),
        ("CODE", Php::Null),
        ("STORAGE_ID", text(object.storage)),
        (
            "TYPE",
            if object.is_folder() { "folder" } else { "file" }.into(),
        ),
        ("PARENT_ID", text(object.parent)),
        ("DELETED_TYPE", fresh(deleted.unwrap_or(0))),
    ]
    .into_iter()
    .collect();
    match object.versions.last() {
        None => row.insert("REAL_OBJECT_ID", fresh(object.id)),
        Some(version) => {
            let count = object.versions.len() as i64;
            row.insert("GLOBAL_CONTENT_VERSION", fresh(count));
            row.insert("FILE_ID", fresh(version.file_id));
            row.insert("SIZE", text(version.size as i64));
        }
    }
    let (created_at, created_by) = object.created;
    let (updated_at, updated_by) = object.updated;
    row.insert("CREATE_TIME", moment(created_at));
    row.insert("UPDATE_TIME", moment(updated_at));
    let bin = object.deleted;
    row.insert("DELETE_TIME", bin.map(|bin| time::text(bin.at)).into());
    row.insert("CREATED_BY", text(created_by));
    row.insert("UPDATED_BY", text(updated_by));
    row.insert("DELETED_BY", bin.map(|bin| bin.by.to_string()).into());
    if let Some(version) = object.versions.last() {
        row.insert("DOWNLOAD_URL", download(world, links, version).into());
    }
    let page = format!("/disk/{}/{}", object.storage, object.id);
    row.insert("DETAIL_URL", links.page(&page).into());
    row.into()
}

pub(super) fn version(world: &World, links: &Links, object: &Object, version: &FileVersion) -> Php {
    let number = object
        .versions
        .iter()
        .position(|known| known.id == version.id);
    Php::map([
        ("ID", version.id.to_string().into()),
        ("OBJECT_ID", object.id.to_string().into()),
        ("SIZE", version.size.to_string().into()),
        ("NAME", version.name.as_str().into()),
        (
            "GLOBAL_CONTENT_VERSION",
            number.map(|number| (number + 1).to_string()).into(),
        ),
        ("CREATE_TIME", time::text(version.at).into()),
        ("CREATED_BY", version.by.to_string().into()),
        ("DOWNLOAD_URL", download(world, links, version).into()),
    ])
}

fn download(world: &World, links: &Links, version: &FileVersion) -> String {
    let token = world
        .signer
        .token("disk", &format!("file={}", version.file_id));
    links.signed("download", &token)
}

/// A page of the rows that a filter lets through; `start` is an offset.
pub(super) fn list(call: &Call<'_>, rows: Vec<Php>) -> Reply {
    let (filter, order) = (call.params.get_ci("filter"), call.params.get_ci("order"));
    let rows = chosen(rows, filter, order);
    let total = rows.len();
    let start = usize::try_from(call.start.unwrap_or(0)).unwrap_or(0);
    let page: Vec<Php> = rows.into_iter().skip(start).take(page::SIZE).collect();
    let end = start + page.len();
    Reply {
        next: (!page.is_empty() && end < total).then_some(end as i64),
        total: Some(total as i64),
        ..Reply::value(page)
    }
}
