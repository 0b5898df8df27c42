//! Where a file is: its address, its name, its size.

use anyhow::Result;
use url::Url;

use super::reference::Reference;
use crate::commands::export::entity_of;
use crate::commands::export::fields::{self, Known};
use crate::connection::Connection;
use crate::entity::{Api, Entity};
use crate::failure::{Failure, Kind};
use crate::fields::Fields;
use crate::parameters::Tree;
use crate::session::Session;

/// A file on the portal.
#[derive(Debug)]
pub(super) struct Source {
    /// Holds a token, and maybe the secret of the webhook: it is never shown.
    pub(super) url: Url,
    pub(super) name: String,
    pub(super) size: Option<u64>,
}

/// Finds the file.
pub(super) async fn find(
    reference: &Reference,
    session: &Session,
    connection: &Connection,
) -> Result<Source> {
    match reference {
        Reference::Address(url) => {
            let url = of_this_portal(url.as_str(), connection)?;
            let name = last_segment(&url);
            Ok(Source {
                url,
                name,
                size: None,
            })
        }
        Reference::Disk(id) => disk(*id, session, connection).await,
        Reference::Field {
            entity,
            id,
            field,
            file,
        } => {
            let entity = entity_of(entity.clone(), Api::Auto, session, connection).await?;
            of_field(&entity, *id, field, *file, session, connection).await
        }
    }
}

async fn disk(id: u64, session: &Session, connection: &Connection) -> Result<Source> {
    let call = connection.client.v2().call("disk.file.get").param("id", id);
    let file: Tree = tokio::select! {
        file = call.typed() => file?,
        reason = session.stop.requested() => return Err(Failure::stopped(reason, "the download").into()),
    };
    let Some(address) = text(&file, "DOWNLOAD_URL") else {
        return Err(Failure::new(
            Kind::Answer,
            format!("disk.file.get of {id} tells no DOWNLOAD_URL"),
        )
        .into());
    };
    Ok(Source {
        url: of_this_portal(address, connection)?,
        name: text(&file, "NAME").unwrap_or("file").to_owned(),
        size: number(&file, "SIZE"),
    })
}

async fn of_field(
    entity: &Entity,
    id: u64,
    field: &str,
    file: Option<u64>,
    session: &Session,
    connection: &Connection,
) -> Result<Source> {
    let params = entity.parameters();
    let known = fields::ask(entity, &params, session, connection).await?;
    let (name, key) = match &known {
        Known::All(all) => named(all, entity, field)?,
        Known::Filter(_) | Known::Nothing => (field.to_owned(), field.to_owned()),
    };
    let mut rows = list(entity, connection)
        .params(&params)
        .filter(filter(entity, id))
        .select([entity.filter_id(), name.as_str()])
        .limit(1)
        .items::<Tree>();
    let row = tokio::select! {
        row = rows.try_next() => row?,
        reason = session.stop.requested() => return Err(Failure::stopped(reason, "the download").into()),
    };
    let Some(row) = row else {
        return Err(
            Failure::new(Kind::Refused, format!("there is no {} {id}", entity.row))
                .state("nothing changed")
                .into(),
        );
    };
    let what = format!("{field} of {} {id}", entity.row);
    let chosen = choose(row.get(&key).unwrap_or(&Tree::Null), file, &what)?;
    // A webhook may use the machine's address; the others want a person who is logged in.
    let address = ["urlMachine", "downloadUrl", "url"]
        .iter()
        .find_map(|key| text(chosen, key));
    let Some(address) = address else {
        return Err(Failure::new(Kind::Answer, format!("{what} holds no file"))
            .state("nothing changed")
            .into());
    };
    Ok(Source {
        url: of_this_portal(address, connection)?,
        name: number(chosen, "id").map_or_else(|| field.to_owned(), |id| format!("{field}-{id}")),
        size: None,
    })
}

fn list(entity: &Entity, connection: &Connection) -> b24::List {
    match entity.version {
        crate::catalogue::Version::V2 => connection.client.v2().list(&entity.method),
        crate::catalogue::Version::V3 => connection.client.v3().list(&entity.method),
    }
}

fn filter(entity: &Entity, id: u64) -> Tree {
    let mut filter = Tree::empty();
    filter.set(entity.filter_id(), id.into());
    match entity.version {
        crate::catalogue::Version::V2 => filter,
        crate::catalogue::Version::V3 => Tree::List(vec![Tree::List(vec![
            entity.filter_id().into(),
            "=".into(),
            id.into(),
        ])]),
    }
}

/// The name of a field in a selection, and its key in a row.
fn named(all: &Fields, entity: &Entity, field: &str) -> Result<(String, String), Failure> {
    match all.find(field) {
        Some(found) => Ok((found.name.clone(), found.key.clone())),
        None => Err(
            Failure::usage(format!("{} have no field {field:?}", entity.rows))
                .state("nothing was fetched")
                .hint_if(
                    all.suggestion(field)
                        .map(|name| format!("did you mean {name}?")),
                ),
        ),
    }
}

/// The file of a field: the one there is, or the one that was named.
fn choose<'a>(value: &'a Tree, file: Option<u64>, what: &str) -> Result<&'a Tree, Failure> {
    let all: Vec<&Tree> = match value {
        Tree::List(all) => all.iter().collect(),
        one @ Tree::Map(_) if one.get("id").is_some() || one.get("url").is_some() => vec![one],
        Tree::Map(all) => all.iter().map(|(_, one)| one).collect(),
        _ => Vec::new(),
    };
    let ids = || -> Vec<String> {
        let each = all.iter().filter_map(|one| number(one, "id"));
        each.map(|id| id.to_string()).collect()
    };
    let found = match file {
        Some(file) => all.iter().find(|one| number(one, "id") == Some(file)),
        None if all.len() > 1 => {
            return Err(Failure::usage(format!(
                "{what} holds {} files: {}",
                all.len(),
                ids().join(", ")
            ))
            .state("nothing was fetched")
            .hint("the id of one of them behind another colon"));
        }
        None => all.first(),
    };
    match (found, file) {
        (Some(found), _) => Ok(*found),
        (None, Some(file)) => Err(Failure::usage(format!("{what} holds no file {file}"))
            .state("nothing was fetched")
            .hint_if((!all.is_empty()).then(|| format!("it holds {}", ids().join(", "))))),
        (None, None) => {
            Err(Failure::new(Kind::Refused, format!("{what} holds no file"))
                .state("nothing changed"))
        }
    }
}

/// An address of this portal and no other: it may carry the secret.
fn of_this_portal(address: &str, connection: &Connection) -> Result<Url, Failure> {
    let wrong = |why: String| Failure::usage(why).state("nothing was fetched");
    let base = Url::parse(&connection.base())
        .map_err(|error| wrong(format!("{}: {error}", connection.host)))?;
    let url = base
        .join(address)
        .map_err(|error| wrong(format!("the address cannot be read: {error}")))?;
    if url.origin() != base.origin() {
        return Err(wrong(format!(
            "the file is at {}, and this is {connection}",
            url.host_str().unwrap_or("another place")
        ))
        .hint("an address of the same portal, or another profile: b24 -p NAME download …"));
    }
    Ok(url)
}

fn last_segment(url: &Url) -> String {
    let segments = url.path_segments();
    segments
        .and_then(|mut all| all.rfind(|part| !part.is_empty()).map(ToOwned::to_owned))
        .unwrap_or_else(|| "file".to_owned())
}

fn text<'a>(tree: &'a Tree, key: &str) -> Option<&'a str> {
    match tree.get(key)? {
        Tree::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn number(tree: &Tree, key: &str) -> Option<u64> {
    match tree.get(key)? {
        Tree::Number(number) => number.as_u64(),
        Tree::Text(text) => text.parse().ok(),
        _ => None,
    }
}
