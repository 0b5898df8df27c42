use super::transfer::{self, Target};
use super::{id, new_name, not_found, show};
use crate::methods::v2;
use crate::php::Php;
use crate::play::{ActorKind, Call, Method, Refusal, Reply};
use crate::refusals;
use crate::world::drive::Storage;

pub(in crate::methods) const METHODS: &[Method] = &[
    v2("disk.storage.getList", "disk", list),
    v2("disk.storage.get", "disk", get),
    v2("disk.storage.getTypes", "disk", types),
    v2("disk.storage.getForApp", "disk", for_app),
    v2("disk.storage.getChildren", "disk", children),
    v2("disk.storage.addFolder", "disk", add_folder),
    v2("disk.storage.uploadFile", "disk", upload_file),
];

#[expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]
fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let storages = call.world.drive.storages.iter();
    let rows = storages.map(show::storage).collect();
    Ok(show::list(call, rows))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::value(show::storage(storage(call)?)))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]
fn types(_: &mut Call<'_>) -> Result<Reply, Refusal> {
    let types = ["user", "common", "group", "restapp"].map(Php::from);
    Ok(Reply::value(Php::list(types)))
}

/// The storage of the application, made when it first asks.
fn for_app(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    if call.actor.kind == ActorKind::Webhook {
        return Err(refusals::application_required());
    }
    let drive = &mut call.world.drive;
    let known = drive
        .storages
        .iter()
        .find(|storage| storage.entity_type == "restapp")
        .cloned();
    let storage = known.unwrap_or_else(|| drive.add_storage("Application", "restapp", "1"));
    Ok(Reply::value(show::storage(&storage)))
}

fn children(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let root = storage(call)?.root;
    let (world, links) = (&*call.world, call.links);
    let rows = world
        .drive
        .children(root)
        .map(|object| show::object(world, links, object, false));
    Ok(show::list(call, rows.collect()))
}

fn add_folder(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let root = storage(call)?.root;
    super::folders::add(call, root, &new_name(call)?)
}

fn upload_file(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let root = storage(call)?.root;
    transfer::upload(call, Target::Folder(root))
}

fn storage<'a>(call: &'a Call<'_>) -> Result<&'a Storage, Refusal> {
    let id = id(call)?;
    call.world.drive.storage(id).ok_or_else(|| not_found(id))
}
