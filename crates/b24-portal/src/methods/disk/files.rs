use super::transfer::{self, Target};
use super::{folders, object, show};
use crate::methods::v2;
use crate::play::{Call, Method, Refusal, Reply};

pub(in crate::methods) const METHODS: &[Method] = &[
    v2("disk.file.get", "disk", get),
    v2("disk.file.rename", "disk", |call| {
        folders::rename(call, false)
    }),
    v2("disk.file.getVersions", "disk", versions),
    v2("disk.file.uploadVersion", "disk", upload_version),
    v2("disk.file.markDeleted", "disk", mark_deleted),
    v2("disk.file.restore", "disk", restore),
    v2("disk.file.delete", "disk", delete),
];

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    shown(call)
}

fn versions(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let file = object(call, false)?;
    // The newest comes first.
    let versions = file.versions.iter().rev();
    let rows = versions.map(|version| show::version(call.world, call.links, file, version));
    let rows = rows.collect();
    Ok(show::list(call, rows))
}

fn upload_version(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let file = object(call, false)?.id;
    transfer::upload(call, Target::File(file))
}

fn mark_deleted(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let file = object(call, false)?.id;
    let (now, actor) = (call.now, call.actor.user_id);
    call.world.drive.mark_deleted(file, now, actor);
    shown(call)
}

fn restore(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let file = object(call, false)?.id;
    if let Some(file) = call.world.drive.get_mut(file) {
        file.deleted = None;
    }
    shown(call)
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let file = object(call, false)?.id;
    for content in call.world.drive.delete(file) {
        call.world.files.remove(content);
    }
    Ok(Reply::value(true))
}

fn shown(call: &Call<'_>) -> Result<Reply, Refusal> {
    let file = object(call, false)?;
    let shown = show::object(call.world, call.links, file, false);
    Ok(Reply::value(shown))
}
