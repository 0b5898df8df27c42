//! `disk.*`: storages, folders and files with their contents.

mod files;
mod folders;
mod show;
mod storages;
pub(crate) mod transfer;

use crate::php::Php;
use crate::play::{Call, Refusal};
use crate::world::drive::Object;

pub(super) use files::METHODS as FILES;
pub(super) use folders::METHODS as FOLDERS;
pub(super) use storages::METHODS as STORAGES;

/// The parameter `id`.
fn id(call: &Call<'_>) -> Result<i64, Refusal> {
    let id = call.params.get_ci("id").map_or(0, Php::to_int);
    if id > 0 {
        Ok(id)
    } else {
        let text = "Invalid value of parameter {Parameter #0}";
        Err(Refusal::new("ERROR_ARGUMENT", text))
    }
}

/// The file or folder that is meant; one in the bin can still be read.
fn object<'a>(call: &'a Call<'_>, is_folder: bool) -> Result<&'a Object, Refusal> {
    let id = id(call)?;
    let object = call.world.drive.get(id);
    object
        .filter(|object| object.is_folder() == is_folder)
        .ok_or_else(|| not_found(id))
}

/// `data[NAME]` of a new file or folder.
fn new_name(call: &Call<'_>) -> Result<String, Refusal> {
    let data = call.params.get_ci("data");
    let name = data.and_then(|data| data.get_ci("NAME")).map(Php::to_text);
    match name.filter(|name| !name.trim().is_empty()) {
        Some(name) => Ok(name.trim().to_owned()),
        None => Err(coded(
            "DISK_BASE_SERVICE_22001",
            "Error: required parameter NAME",
        )),
    }
}

fn not_found(id: i64) -> Refusal {
    let text = format!("Could not find entity with id `{id}`");
    Refusal::new("ERROR_NOT_FOUND", text)
}

fn name_taken() -> Refusal {
    coded("DISK_OBJ_22000", "Not unique name")
}

/// The drive repeats its codes in its texts.
fn coded(code: &str, text: &str) -> Refusal {
    Refusal::new(code, format!("{text} ({code})"))
}
