//! The old values of rows that were updated.

use anyhow::Result;

use crate::change::choose::Rows;
use crate::change::file::Reader;
use crate::change::values::same;
use crate::change::{Line, Lines};
use crate::connection::Connection;
use crate::entity::Entity;
use crate::fields::Fields;
use crate::parameters::Tree;
use crate::printer::counted;

/// Rows looked at together: one request.
const SOME: usize = 2_500;
/// Rows that are named.
const NAMED: usize = 5;

/// Rows that are still as the update left them.
pub(super) struct OldValues<'a> {
    reader: Reader,
    connection: &'a Connection,
    entity: &'a Entity,
    fields: &'a Fields,
    force: bool,
    /// Rows that have their old values already.
    back: u64,
    changed: Vec<u64>,
    missing: Vec<String>,
}

impl<'a> OldValues<'a> {
    pub(super) fn of(
        reader: Reader,
        entity: &'a Entity,
        fields: &'a Fields,
        force: bool,
        connection: &'a Connection,
    ) -> Self {
        Self {
            reader,
            connection,
            entity,
            fields,
            force,
            back: 0,
            changed: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// The values that the fields of a line have now.
    fn now(&self, row: &Tree, names: &Tree) -> Tree {
        let mut now = Tree::empty();
        for (name, _) in names.entries() {
            let key = self
                .fields
                .find(name)
                .map_or(name.as_str(), |field| &field.key);
            now.set(name.clone(), row.get(key).cloned().unwrap_or(Tree::Null));
        }
        now
    }
}

/// Whether all values of `one` are those of `other`.
fn all_same(one: &Tree, other: &Tree) -> bool {
    let mut values = one.entries().iter();
    values.all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
}

impl Lines for OldValues<'_> {
    async fn next(&mut self) -> Result<Option<Vec<Line>>> {
        let some = self.reader.next(SOME)?;
        if some.is_empty() {
            return Ok(None);
        }
        let mut select = vec![self.entity.filter_id().to_owned()];
        for (name, _) in some.iter().flat_map(|line| line.old.entries()) {
            if !select.contains(name) {
                select.push(name.clone());
            }
        }
        let ids = some.iter().map(|line| line.id.to_string()).collect();
        let mut rows = Rows::of(self.entity, None, Some(ids), select, self.connection);
        let mut there = std::collections::HashMap::new();
        while let Some(found) = rows.next(self.connection).await? {
            there.extend(
                found
                    .into_iter()
                    .filter_map(|row| Some((self.entity.id_of(&row)?, row))),
            );
        }
        self.missing.extend(rows.missing().iter().cloned());
        let mut lines = Vec::with_capacity(some.len());
        for Line { id, old, new } in some {
            let Some(row) = there.get(&id) else { continue };
            let now = self.now(row, &old);
            if all_same(&old, &now) {
                self.back += 1;
            } else if self.force || all_same(&new, &now) {
                lines.push(Line {
                    id,
                    old: now,
                    new: old,
                });
            } else {
                self.changed.push(id);
            }
        }
        Ok(Some(lines))
    }

    fn left_out(&self) -> Vec<String> {
        let (row, rows) = (&self.entity.row, &self.entity.rows);
        let count = |number: usize, verb: &str, verbs: &str| {
            counted(
                number as u64,
                &format!("{row} {verb}"),
                &format!("{rows} {verbs}"),
            )
        };
        let mut all = Vec::new();
        if self.back > 0 {
            let back = usize::try_from(self.back).unwrap_or(usize::MAX);
            all.push(format!(
                "{} the old values already",
                count(back, "has", "have")
            ));
        }
        if !self.changed.is_empty() {
            let ids: Vec<String> = self.changed.iter().map(u64::to_string).collect();
            all.push(format!(
                "{} changed since, and left out: {}; --force puts them back too",
                count(ids.len(), "was", "were"),
                named(&ids)
            ));
        }
        if !self.missing.is_empty() {
            all.push(format!(
                "{} not there any more: {}",
                count(self.missing.len(), "is", "are"),
                named(&self.missing)
            ));
        }
        all
    }
}

fn named(ids: &[String]) -> String {
    let more = if ids.len() > NAMED { " …" } else { "" };
    format!("{}{more}", ids[..ids.len().min(NAMED)].join(", "))
}
