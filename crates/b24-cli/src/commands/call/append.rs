//! A file for a field that holds several: those that are there stay. Sent alone, the portal would take it for all of
//! them and delete the others.

use anyhow::Result;

use super::Args;
use crate::commands::export::fields::{self, Known};
use crate::connection::Connection;
use crate::entity::{Api, Entity, Word};
use crate::failure::Failure;
use crate::parameters::{self, Tree};
use crate::printer::counted;
use crate::session::Session;

/// Puts the files that fields hold already before those that are uploaded into them; says how many stay.
pub(super) async fn existing(
    args: &Args,
    params: &mut Tree,
    session: &Session,
    connection: &Connection,
) -> Result<Option<String>> {
    let names = uploaded_fields(&args.params);
    let Some((family, entity)) = target(&args.method, params).filter(|_| !names.is_empty()) else {
        return Ok(None);
    };
    let Known::All(known) = fields::ask(&entity, params, session, connection).await? else {
        return Ok(None);
    };
    let several: Vec<(String, String)> = names
        .into_iter()
        .filter_map(|name| {
            let field = known.find(&name)?;
            (field.multiple && field.kind == "file").then(|| (name, field.name.clone()))
        })
        .collect();
    if several.is_empty() {
        return Ok(None);
    }
    let row = current(&family, params, session, connection).await?;
    let mut fields = params.get("fields").cloned().unwrap_or_else(Tree::empty);
    let mut told = Vec::new();
    for (name, key) in several {
        let kept = ids(row.get(&key).or_else(|| row.get(&name)));
        let new = match fields.get(&name) {
            Some(Tree::List(all))
                if all
                    .iter()
                    .all(|one| matches!(one, Tree::List(_) | Tree::Map(_))) =>
            {
                all.clone()
            }
            Some(one) => vec![one.clone()],
            None => continue,
        };
        if !kept.is_empty() {
            told.push(format!(
                "{} of {name} stay",
                counted(kept.len() as u64, "file", "files")
            ));
        }
        let kept = kept.into_iter().map(|id| {
            let mut one = Tree::empty();
            one.set("id", id);
            one
        });
        fields.set(name, Tree::List(kept.chain(new).collect()));
    }
    params.set("fields", fields);
    Ok((!told.is_empty()).then(|| format!("{}; the new ones come behind them", told.join(", "))))
}

/// The names of fields that get a file.
fn uploaded_fields(arguments: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    for argument in arguments {
        let Some((path, _)) = parameters::upload(argument) else {
            continue;
        };
        let Some(name) = path
            .strip_prefix("fields[")
            .and_then(|rest| rest.split(']').next())
        else {
            continue;
        };
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The rows that an update changes, and the family of its method.
fn target(method: &str, params: &Tree) -> Option<(String, Entity)> {
    let lower = method.to_lowercase();
    let family = lower.strip_suffix(".update")?;
    let word = match family {
        "crm.item" => match params.get("entityTypeId")? {
            Tree::Number(id) => format!("spa:{id}"),
            Tree::Text(id) => format!("spa:{id}"),
            _ => return None,
        },
        "crm.lead" | "crm.deal" | "crm.contact" | "crm.company" | "crm.quote" => {
            format!("{family}.list")
        }
        _ => return None,
    };
    match Word::read(&word, Api::V2) {
        Ok(Word::Entity(entity)) => Some((family.to_owned(), *entity)),
        _ => None,
    }
}

async fn current(
    family: &str,
    params: &Tree,
    session: &Session,
    connection: &Connection,
) -> Result<Tree> {
    let mut question = Tree::empty();
    for key in ["entityTypeId", "id", "ID", "useOriginalUfNames"] {
        if let Some(value) = params.get(key) {
            question.set(key, value.clone());
        }
    }
    let call = connection.client.v2().call(format!("{family}.get"));
    let row: Tree = tokio::select! {
        row = call.params(question).typed() => row?,
        reason = session.stop.requested() => {
            return Err(Failure::stopped(reason, "the call").state("nothing changed").into());
        }
    };
    Ok(row.get("item").cloned().unwrap_or(row))
}

/// The ids of the files in a field: a list, or what PHP makes of one with holes.
fn ids(value: Option<&Tree>) -> Vec<Tree> {
    let id = |one: &Tree| one.get("id").cloned();
    match value {
        Some(Tree::List(all)) => all.iter().filter_map(id).collect(),
        Some(one @ Tree::Map(_)) if one.get("id").is_some() => id(one).into_iter().collect(),
        Some(Tree::Map(all)) => all.iter().filter_map(|(_, one)| id(one)).collect(),
        _ => Vec::new(),
    }
}
