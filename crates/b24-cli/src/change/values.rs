//! The values of `--set`, checked against the fields; and whether two values are the same.

use std::path::PathBuf;

use anyhow::Result;

use crate::bulk;
use crate::check::{Blank, Checker, Files, Mapping, Purpose, Settings, Wanted};
use crate::connection::Connection;
use crate::entity::Entity;
use crate::failure::Failure;
use crate::fields::{Field, Fields};
use crate::intake::Row;
use crate::labels::Codes;
use crate::parameters::{self, Tree};
use crate::session::Session;

/// What `--set` and `--set-json` say, before the portal is asked.
#[derive(Debug, Default)]
pub(crate) struct Set {
    /// A field and its text; empty to clear it.
    texts: Vec<(String, String)>,
    /// A field and its value, ready.
    ready: Vec<(String, Tree)>,
}

impl Set {
    /// Reads `field=text`, `field:=json` and a JSON object.
    pub(crate) fn read(set: &[String], json: Option<&str>) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::usage(why).state("nothing was sent");
        let mut all = Self::default();
        for text in set {
            let Some((name, value)) = text.split_once('=') else {
                return Err(wrong(format!(
                    "--set {text:?}: after the field comes = or :="
                )));
            };
            match name.strip_suffix(':') {
                Some(name) => {
                    let value = parameters::parse_json(value.as_bytes())
                        .map_err(|why| wrong(format!("--set {name}: {why}")))?;
                    all.ready.push((name.to_owned(), value));
                }
                None => all.texts.push((name.to_owned(), value.to_owned())),
            }
        }
        if let Some(text) = json {
            let bytes = match text.strip_prefix('@') {
                Some(file) => parameters::read(file),
                None if text == "-" => parameters::read(text),
                None => Ok(text.as_bytes().to_vec()),
            };
            let tree = bytes
                .and_then(|bytes| parameters::parse_json(&bytes))
                .map_err(|why| wrong(format!("--set-json: {why}")))?;
            let Tree::Map(entries) = tree else {
                return Err(wrong(
                    "--set-json must be an object of fields and values".to_owned(),
                ));
            };
            all.ready.extend(entries);
        }
        if all.texts.is_empty() && all.ready.is_empty() {
            return Err(wrong("what is to be set? --set FIELD=VALUE".to_owned()));
        }
        Ok(all)
    }

    /// The values as the portal wants them. Every name is a field that can be written.
    pub(crate) async fn checked(
        &self,
        entity: &Entity,
        fields: &Fields,
        session: &Session,
        connection: &Connection,
    ) -> Result<Tree> {
        let mut values = Tree::empty();
        let mut columns = Vec::new();
        let mut cells = Vec::new();
        for (name, text) in &self.texts {
            columns.push(writable(name, entity, fields)?.name.clone());
            cells.push(match text.as_str() {
                "" => Tree::Null,
                text => text.into(),
            });
        }
        for (name, value) in &self.ready {
            let name = writable(name, entity, fields)?.name.as_str();
            if values.get(name).is_some() {
                return Err(twice(name).into());
            }
            values.set(name, value.clone());
        }
        if columns.is_empty() {
            return Ok(values);
        }
        if let Some(name) = columns.iter().find(|name| values.get(name).is_some()) {
            return Err(twice(name).into());
        }
        let wanted = Wanted {
            file: "--set",
            columns: &columns,
            maps: &[],
            purpose: Purpose::Update,
        };
        let mapping = Mapping::of(wanted, entity, fields)?;
        let codes = Codes::of(
            entity,
            fields,
            |field| mapping.has(field),
            session,
            connection,
        )
        .await?;
        let settings = Settings {
            purpose: Purpose::Update,
            blank: Blank::Clear,
            files: PathBuf::from("."),
        };
        let row = Row { number: 1, cells };
        let checked = Checker::new(mapping, codes, settings).check(&row, Files::Look);
        let checked = checked.map_err(|reasons| {
            let mut reasons = reasons.iter();
            let first = reasons.next();
            let failure = Failure::usage(first.map_or_else(String::new, |reason| {
                format!("--set {}: {}", reason.field, reason.message)
            }));
            reasons
                .fold(failure, |failure, reason| {
                    failure.cause(format!("--set {}: {}", reason.field, reason.message))
                })
                .state("nothing was sent")
        })?;
        for (name, value) in checked.fields.entries() {
            values.set(name.clone(), value.clone());
        }
        Ok(values)
    }
}

fn twice(name: &str) -> Failure {
    Failure::usage(format!("--set {name}: it is given twice")).state("nothing was sent")
}

/// The field of this name, if its old value can be put back.
fn writable<'a>(name: &str, entity: &Entity, fields: &'a Fields) -> Result<&'a Field, Failure> {
    let Some(field) = fields.find(name) else {
        let stem = &entity.stem;
        return Err(
            Failure::usage(format!("{} have no field {name:?}", entity.rows))
                .state("nothing was sent")
                .hint(match fields.suggestion(name) {
                    Some(close) => format!("did you mean {close}? b24 describe {stem}"),
                    None => format!("b24 describe {stem} lists them"),
                }),
        );
    };
    let refused = |why: &str| {
        Failure::usage(format!("{name:?} cannot be set: {why}")).state("nothing was sent")
    };
    if field.read_only {
        return Err(refused("only the portal writes it"));
    }
    if field.immutable {
        return Err(refused("it is written once, with a new row"));
    }
    match field.kind.as_str() {
        "crm_multifield" => Err(refused(
            "its values have ids of their own, which an undo could not give back",
        )
        .hint(format!(
            "b24 import {} FILE --mode update adds or replaces them",
            entity.stem
        ))),
        "file" => Err(refused("files cannot be put back by an undo")
            .hint("b24 call sends a file: fields[NAME]@FILE")),
        _ => Ok(field),
    }
}

/// Whether two values are surely the same, however they are written.
pub(crate) fn same(one: &Tree, other: &Tree) -> bool {
    let empty = |value: &Tree| match value {
        Tree::Null | Tree::Bool(false) => true,
        Tree::Text(text) => text.is_empty(),
        Tree::List(all) => all.is_empty(),
        Tree::Map(all) => all.is_empty(),
        Tree::Bool(true) | Tree::Number(_) => false,
    };
    match (one, other) {
        (Tree::List(one), Tree::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Tree::List(_) | Tree::Map(_), _) | (_, Tree::List(_) | Tree::Map(_)) => {
            one == other || (empty(one) && empty(other))
        }
        _ => !bulk::differs(one, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_same_only_when_they_surely_are() {
        let of = |one: &str, other: &str| {
            same(
                &serde_json::from_str(one).unwrap(),
                &serde_json::from_str(other).unwrap(),
            )
        };
        for (one, other) in [
            ("10", "\"10.00\""),
            ("[1,2]", "[\"1\",2]"),
            ("[]", "false"),
            ("null", "\"\""),
        ] {
            assert!(of(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("[1]", "null"),
            ("[1]", "1"),
            ("\"A\"", "\"B\""),
            ("{\"a\":1}", "{\"a\":2}"),
        ] {
            assert!(!of(one, other), "{one} {other}");
        }
    }
}
