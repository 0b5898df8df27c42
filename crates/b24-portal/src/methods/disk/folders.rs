use super::transfer::{self, Target};
use super::{coded, name_taken, new_name, not_found, object, show};
use crate::methods::v2;
use crate::php::Php;
use crate::play::{Call, Method, Refusal, Reply};

pub(in crate::methods) const METHODS: &[Method] = &[
    v2("disk.folder.get", "disk", get),
    v2("disk.folder.getChildren", "disk", children),
    v2("disk.folder.addSubFolder", "disk", add_sub_folder),
    v2("disk.folder.rename", "disk", |call| rename(call, true)),
    v2("disk.folder.uploadFile", "disk", upload_file),
    v2("disk.folder.markDeleted", "disk", mark_deleted),
    v2("disk.folder.deleteTree", "disk", delete_tree),
];

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let folder = object(call, true)?;
    let shown = show::object(call.world, call.links, folder, false);
    Ok(Reply::value(shown))
}

fn children(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let folder = object(call, true)?.id;
    let (world, links) = (&*call.world, call.links);
    let rows = world
        .drive
        .children(folder)
        .map(|object| show::object(world, links, object, false));
    Ok(show::list(call, rows.collect()))
}

fn add_sub_folder(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let folder = object(call, true)?.id;
    add(call, folder, &new_name(call)?)
}

/// A new folder.
pub(super) fn add(call: &mut Call<'_>, parent: i64, name: &str) -> Result<Reply, Refusal> {
    let moment = (call.now, call.actor.user_id);
    let added = call.world.drive.add(parent, name, moment, None);
    let id = added.map_err(|_| name_taken())?;
    let folder = call.world.drive.get(id).ok_or_else(|| not_found(id))?;
    let shown = show::object(call.world, call.links, folder, true);
    Ok(Reply::value(shown))
}

/// Of folders and files.
pub(super) fn rename(call: &mut Call<'_>, is_folder: bool) -> Result<Reply, Refusal> {
    let known = object(call, is_folder)?.clone();
    let name = call.params.get_ci("newName").map(Php::to_text);
    let name = name.filter(|name| !name.trim().is_empty()).ok_or_else(|| {
        Refusal::new(
            "ERROR_ARGUMENT",
            "Invalid value of parameter {Parameter #1}",
        )
    })?;
    let name = name.trim();
    let is_own = known.name.to_lowercase() == name.to_lowercase();
    if !is_own && call.world.drive.is_taken(known.parent, name) {
        return Err(name_taken());
    }
    let moment = (call.now, call.actor.user_id);
    if let Some(object) = call.world.drive.get_mut(known.id) {
        name.clone_into(&mut object.name);
        object.updated = moment;
    }
    let renamed = object(call, is_folder)?;
    let shown = show::object(call.world, call.links, renamed, false);
    Ok(Reply::value(shown))
}

fn upload_file(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let folder = object(call, true)?.id;
    transfer::upload(call, Target::Folder(folder))
}

fn mark_deleted(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = deletable(call)?;
    let (now, actor) = (call.now, call.actor.user_id);
    call.world.drive.mark_deleted(id, now, actor);
    let folder = object(call, true)?;
    let shown = show::object(call.world, call.links, folder, false);
    Ok(Reply::value(shown))
}

fn delete_tree(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = deletable(call)?;
    for content in call.world.drive.delete(id) {
        call.world.files.remove(content);
    }
    Ok(Reply::value(true))
}

/// The root of a storage stays.
fn deletable(call: &Call<'_>) -> Result<i64, Refusal> {
    let folder = object(call, true)?;
    if folder.parent == 0 {
        return Err(coded("DISK_OBJ_22000", "The root folder cannot be deleted"));
    }
    Ok(folder.id)
}
