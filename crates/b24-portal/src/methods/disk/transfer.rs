//! Contents in and out: base64 in a call, a form posted to a signed link, a signed link to read from.

use bytes::Bytes;

use super::{name_taken, new_name, not_found, show};
use crate::php::{Php, PhpArray, form};
use crate::play::{Call, Refusal, Reply};
use crate::refusals;
use crate::world::files::{StoredFile, decode};

/// Where an upload goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    Folder(i64),
    /// A new version of this file.
    File(i64),
}

/// A file of a form.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

/// With `fileContent` the file is taken; without it the answer is a link to post it to.
pub(super) fn upload(call: &mut Call<'_>, target: Target) -> Result<Reply, Refusal> {
    let is_unique = call
        .params
        .get_ci("generateUniqueName")
        .is_some_and(|flag| flag.truthy() && flag.as_str() != Some("false"));
    let content = call.params.get_ci("fileContent");
    let Some(content) = content.filter(|content| !content.is_empty()) else {
        let (kind, id) = match target {
            Target::Folder(id) => ("folder", id),
            Target::File(id) => ("file", id),
        };
        let query = format!("upload={kind}&id={id}&unique={}", i64::from(is_unique));
        let token = call.world.signer.token("disk", &query);
        return Ok(Reply::value(Php::map([
            ("field", "file".into()),
            ("uploadUrl", call.links.signed("upload", &token).into()),
        ])));
    };
    let given_name = match target {
        Target::Folder(_) => Some(new_name(call)?),
        Target::File(_) => None,
    };
    let (own_name, bytes) = file_content(content)
        .ok_or_else(|| Refusal::new("ERROR_COULD_NOT_SAVE_FILE", "Could not save file"))?;
    let name = given_name.unwrap_or(own_name);
    save(call, target, &name, bytes, is_unique)
}

/// Name and content: `[name, base64]`, or the base64 alone.
pub(crate) fn file_content(content: &Php) -> Option<(String, Bytes)> {
    let (name, text) = match content {
        Php::Array(pair) => {
            let mut values = pair.values();
            let (name, text) = (values.next()?, values.next()?);
            (name.to_text().into_owned(), text.to_text())
        }
        text => (String::new(), text.to_text()),
    };
    Some((name, decode(&text)?))
}

fn save(
    call: &mut Call<'_>,
    target: Target,
    name: &str,
    bytes: Bytes,
    is_unique: bool,
) -> Result<Reply, Refusal> {
    let moment = (call.now, call.actor.user_id);
    let size = bytes.len();
    let id = match target {
        Target::Folder(folder) => {
            let name = if is_unique {
                call.world.drive.free_name(folder, name)
            } else {
                name.to_owned()
            };
            if call.world.drive.is_taken(folder, &name) {
                return Err(name_taken());
            }
            let content = call.world.files.add(&name, bytes);
            let added = call
                .world
                .drive
                .add(folder, &name, moment, Some((content, size)));
            added.map_err(|_| name_taken())?
        }
        Target::File(file) => {
            let known = call.world.drive.get(file).ok_or_else(|| not_found(file))?;
            let content = call.world.files.add(&known.name.clone(), bytes);
            call.world.drive.add_version(file, moment, content, size);
            file
        }
    };
    let object = call.world.drive.get(id).ok_or_else(|| not_found(id))?;
    let shown = show::object(call.world, call.links, object, true);
    Ok(Reply::value(shown))
}

/// `upload`: the file of a form posted to a link that [`upload`] gave.
pub(crate) fn receive(call: &mut Call<'_>, files: &[Posted]) -> Result<Reply, Refusal> {
    let query = signed(call)?;
    let number = |name: &str| query.get(&name.into()).map_or(0, Php::to_int);
    let target = match query.get(&"upload".into()).and_then(Php::as_str) {
        Some("folder") => Target::Folder(number("id")),
        Some("file") => Target::File(number("id")),
        _ => return Err(refusals::link_check_failed()),
    };
    let file = files
        .iter()
        .find(|file| file.field == "file")
        .ok_or_else(|| Refusal::new("ERROR_ARGUMENT", "Invalid value of parameter {file}"))?;
    let is_unique = number("unique") != 0;
    save(call, target, &file.name, file.bytes.clone(), is_unique)
}

/// `download`: the file that a signed link means.
pub(crate) fn send(call: &Call<'_>) -> Result<StoredFile, Refusal> {
    let query = signed(call)?;
    let id = query.get(&"file".into()).map_or(0, Php::to_int);
    let file = call.world.files.get(id);
    file.cloned()
        .ok_or_else(|| Refusal::new("ERROR_NOT_FOUND", "File not found").status(404))
}

/// What the token of a link says, if this portal has signed it.
fn signed(call: &Call<'_>) -> Result<PhpArray, Refusal> {
    let token = call.params.get("token").map(Php::to_text);
    let read = token.and_then(|token| call.world.signer.read(&token));
    let (_, query) = read.ok_or_else(refusals::link_check_failed)?;
    Ok(form::parse(query.as_bytes()))
}
