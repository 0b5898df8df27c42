//! Rows that were deleted, as new ones.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::change::file::Reader;
use crate::change::{Line, Lines};
use crate::entity::Entity;
use crate::fields::Fields;
use crate::parameters::Tree;

/// Rows read at once.
const SOME: usize = 500;

/// What of the deleted rows can be written.
pub(super) struct Again<'a> {
    reader: Reader,
    entity: &'a Entity,
    fields: &'a Fields,
    files: BTreeSet<String>,
}

impl<'a> Again<'a> {
    pub(super) fn of(reader: Reader, entity: &'a Entity, fields: &'a Fields) -> Self {
        Self {
            reader,
            entity,
            fields,
            files: BTreeSet::new(),
        }
    }

    /// The values that a new row takes.
    fn written(&mut self, row: &Tree) -> Tree {
        let mut new = Tree::empty();
        for (key, value) in row.entries() {
            let contacts = key == "fm";
            let field = self.fields.iter().find(|field| field.key == *key);
            let (name, kind) = match field {
                Some(field) if field.read_only || field.name == self.entity.filter_id() => continue,
                Some(field) => (field.name.as_str(), field.kind.as_str()),
                None if contacts => ("fm", "crm_multifield"),
                None => continue,
            };
            if is_empty(value) {
                continue;
            }
            match kind {
                "file" => drop(self.files.insert(name.to_owned())),
                "crm_multifield" => new.set(name, without_ids(value)),
                _ => new.set(name, value.clone()),
            }
        }
        new
    }
}

fn is_empty(value: &Tree) -> bool {
    match value {
        Tree::Null => true,
        Tree::Text(text) => text.is_empty(),
        Tree::List(all) => all.is_empty(),
        Tree::Bool(_) | Tree::Number(_) | Tree::Map(_) => false,
    }
}

/// Phones and the like get new ids with their new row.
fn without_ids(value: &Tree) -> Tree {
    match value {
        Tree::List(all) => Tree::List(all.iter().map(without_ids).collect()),
        Tree::Map(entries) => Tree::Map(
            entries
                .iter()
                .filter(|(name, _)| !name.eq_ignore_ascii_case("id"))
                .cloned()
                .collect(),
        ),
        other => other.clone(),
    }
}

impl Lines for Again<'_> {
    async fn next(&mut self) -> Result<Option<Vec<Line>>> {
        let some = self.reader.next(SOME)?;
        if some.is_empty() {
            return Ok(None);
        }
        let lines = some.into_iter().map(|line| Line {
            id: line.id,
            old: Tree::Null,
            new: self.written(&line.old),
        });
        Ok(Some(lines.collect()))
    }

    fn left_out(&self) -> Vec<String> {
        let mut all = vec!["they get new ids; links to the old ones stay broken".to_owned()];
        if !self.files.is_empty() {
            let names: Vec<&str> = self.files.iter().map(String::as_str).collect();
            all.push(format!("files are gone for good: {}", names.join(", ")));
        }
        all
    }
}
