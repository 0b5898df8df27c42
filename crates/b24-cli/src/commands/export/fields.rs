//! The fields of an entity: asked for once an hour and portal.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use serde_json::value::RawValue;

use crate::catalogue::{Method, Version};
use crate::connection::{Access, Connection, cache, write};
use crate::entity::Entity;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::parameters::{Tree, parse_json};
use crate::session::Session;

const FRESH: Duration = Duration::from_secs(3600);

/// What is known about the fields of an entity.
#[derive(Debug)]
pub(crate) enum Known {
    /// The portal's own description.
    All(Fields),
    /// The names that the documentation of the filter lists.
    Filter(Fields),
    Nothing,
}

/// Asks the portal for the fields, if it has a method for that.
pub(super) async fn fetch(
    entity: &Entity,
    params: &Tree,
    session: &Session,
    connection: &Connection,
) -> Result<Known> {
    let Some(method) = entity.fields_method() else {
        return Ok(documented(entity));
    };
    let question = question(entity, params);
    let kept = place(entity, &method, &question, &connection.host);
    if let Some(fields) = kept.as_deref().and_then(|path| recall(path, entity)) {
        return Ok(Known::All(fields));
    }
    ask(entity, params, session, connection).await
}

/// Asks the portal for the fields, whatever is remembered of them.
pub(crate) async fn ask(
    entity: &Entity,
    params: &Tree,
    session: &Session,
    connection: &Connection,
) -> Result<Known> {
    let Some(method) = entity.fields_method() else {
        return Ok(documented(entity));
    };
    let question = question(entity, params);
    let kept = place(entity, &method, &question, &connection.host);
    let answer = tokio::select! {
        answer = answer(entity, &method, question, connection) => answer,
        reason = session.stop.requested() => return Err(Failure::stopped(reason, session.command).into()),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if has_no_such_method(&error) => return Ok(documented(entity)),
        Err(error) => return Err(error.into()),
    };
    let Some(fields) = understand(answer.get(), entity) else {
        return Ok(documented(entity));
    };
    if let Some(path) = kept {
        // Only time is lost if it cannot be kept.
        let _ = path.parent().map_or(Ok(()), fs::create_dir_all);
        let _ = write(&path, Access::Anyone, answer.get().as_bytes());
    }
    Ok(Known::All(fields))
}

/// The portal's own description, asked for now: what is written by names is not written by memory.
pub(crate) async fn all(
    entity: &Entity,
    session: &Session,
    connection: &Connection,
) -> Result<Fields> {
    match ask(entity, &entity.parameters(), session, connection).await? {
        Known::All(fields) => Ok(fields),
        Known::Filter(_) | Known::Nothing => Err(Failure::usage(format!(
            "{} does not say what fields {} have, so no name can be checked",
            connection.host, entity.rows
        ))
        .state("nothing was sent")
        .hint("b24 batch runs any method for each line of a file")
        .into()),
    }
}

/// The portal's own words. Where its plan is not known yet, the same request asks for it.
async fn answer(
    entity: &Entity,
    method: &str,
    question: Tree,
    connection: &Connection,
) -> Result<Box<RawValue>, b24::Error> {
    let v2 = connection.client.v2();
    let call = match entity.version {
        Version::V2 => v2.call(method),
        Version::V3 => connection.client.v3().call(method),
    };
    let call = call.params(question);
    if entity.version == Version::V3 || !connection.wants_plan() {
        return call.typed().await;
    }
    let mut batch = v2.batch();
    let fields = batch.push(call.typed::<Box<RawValue>>());
    let plan = batch.push(v2.call("app.info"));
    let mut outcomes = batch.await?;
    // Not every portal tells its plan to a webhook.
    if let Ok(info) = outcomes.take(plan) {
        connection.learn_plan(&info);
    }
    outcomes.take(fields)
}

/// What the fields depend on.
fn question(entity: &Entity, params: &Tree) -> Tree {
    let mut question = Tree::empty();
    for key in ["entityTypeId", "useOriginalUfNames"]
        .into_iter()
        .filter(|_| entity.is_items())
    {
        if let Some(value) = params.get(key) {
            question.set(key, value.clone());
        }
    }
    question
}

fn understand(answer: &str, entity: &Entity) -> Option<Fields> {
    let tree: Tree = parse_json(answer.as_bytes()).ok()?;
    let fields = Fields::read(&tree)?;
    Some(if entity.renames_fields() {
        fields.camel_keys()
    } else {
        fields
    })
}

fn documented(entity: &Entity) -> Known {
    let method = entity.documented.as_ref();
    let names: Vec<&str> = method.into_iter().flat_map(Method::filter_names).collect();
    if names.is_empty() || names.iter().any(|name| name.contains(['*', ' ', '.'])) {
        return Known::Nothing;
    }
    let fields = Fields::named(names);
    Known::Filter(if entity.renames_fields() {
        fields.camel_keys()
    } else {
        fields
    })
}

fn has_no_such_method(error: &b24::Error) -> bool {
    matches!(error.status(), Some(501))
        || error.code().is_some_and(|code| {
            code == "ERROR_METHOD_NOT_FOUND"
                || code == "B24_PORTAL_NOT_PLAYED"
                || code.ends_with("METHODNOTFOUNDEXCEPTION")
        })
}

/// The file that keeps the answer; none for a portal on this machine.
fn place(entity: &Entity, method: &str, question: &Tree, host: &str) -> Option<PathBuf> {
    let values = question.entries().iter().map(|(_, value)| match value {
        Tree::Text(text) => format!("-{text}"),
        other => format!("-{}", serde_json::to_string(other).unwrap_or_default()),
    });
    let values = values.collect::<Vec<_>>().concat();
    let file = format!("{}-{method}{values}.json", entity.version).replace(['/', '\\'], "_");
    Some(cache("fields", host)?.join(file))
}

fn recall(path: &Path, entity: &Entity) -> Option<Fields> {
    let age = fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()?;
    (age < FRESH).then_some(())?;
    understand(&fs::read_to_string(path).ok()?, entity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Api, Word};

    #[test]
    fn fields_are_kept_for_an_hour_by_portal_and_type() {
        let Ok(Word::Entity(deals)) = Word::read("deals", Api::Auto) else {
            panic!("an entity");
        };
        let method = deals.fields_method().unwrap();
        let question = question(&deals, &deals.parameters());
        let file = place(&deals, &method, &question, "acme.bitrix24.com").unwrap();
        assert!(
            file.ends_with("b24/fields/acme.bitrix24.com/v2-crm.item.fields-2.json"),
            "{file:?}"
        );
        for here in ["127.0.0.1:8724", "localhost:80", "[::1]:8724"] {
            assert_eq!(place(&deals, &method, &question, here), None);
        }

        let home = b24_seen::folder();
        let file = home.path().join("fields.json");
        assert!(recall(&file, &deals).is_none());
        fs::write(&file, r#"{"fields":{"id":{"type":"integer"}}}"#).unwrap();
        assert!(recall(&file, &deals).unwrap().find("id").is_some());
        let old = std::time::SystemTime::now() - 2 * FRESH;
        fs::File::options()
            .append(true)
            .open(&file)
            .unwrap()
            .set_modified(old)
            .unwrap();
        assert!(recall(&file, &deals).is_none());
    }
}
