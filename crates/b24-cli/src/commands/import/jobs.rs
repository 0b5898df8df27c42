//! The second pass: rows as calls, with what proves whether a lost one ran.

use std::collections::HashMap;
use std::sync::Arc;

use super::known::{self, key_of};
use super::survey::{Survey, told};
use super::target::{External, GIVER, Target};
use super::{CONTACTS, Mode};
use crate::bulk::{self, Job, Jobs, Look, Proof, Purpose, SharedJournal};
use crate::check::{Checked, Checker, Contacts, Files, merge};
use crate::connection::Connection;
use crate::failure::{Failure, from_sdk};
use crate::intake::Rows;
use crate::journal::{End, JournalError};
use crate::parameters::Tree;

/// Rows that are looked up together before they are sent.
const LOOKED_UP: usize = 2_500;
/// Rows that need no look.
const READ: usize = 200;

/// Everything that stays the same from row to row.
pub(super) struct Plan<'a> {
    pub(super) target: &'a Target,
    pub(super) mode: Mode,
    /// The field that tells the rows that are changed.
    pub(super) key: Option<&'a str>,
    pub(super) contacts: Contacts,
    pub(super) external: &'a External,
    pub(super) checker: &'a Checker,
    pub(super) survey: &'a Survey,
}

/// Rows of a file, as calls.
pub(super) struct RowJobs<'a> {
    plan: &'a Plan<'a>,
    rows: Rows,
    journal: SharedJournal,
    /// The journal's name, of which external ids are made.
    name: String,
    connection: &'a Connection,
    /// How new rows are looked up, and changed ones.
    by_external: Option<Arc<bulk::Question>>,
    by_id: Arc<bulk::Question>,
}

impl<'a> RowJobs<'a> {
    /// `above`: the highest id before the first row was sent.
    pub(super) fn new(
        plan: &'a Plan<'a>,
        rows: Rows,
        journal: SharedJournal,
        above: Option<u64>,
        connection: &'a Connection,
    ) -> Self {
        let target = plan.target;
        let field = match (plan.mode, plan.external) {
            (Mode::Upsert, _) => plan.key,
            (_, External::Own { field } | External::Made { field, .. }) => Some(field.as_str()),
            (_, External::None) => None,
        };
        Self {
            plan,
            rows,
            name: journal.with(|journal| journal.id().to_owned()),
            journal,
            connection,
            by_external: field.map(|field| target.question(field, above)),
            by_id: target.question(target.entity.id_field(), None),
        }
    }

    /// Rows that can be sent; those that cannot are settled.
    fn read(&mut self, limit: usize) -> Result<(Vec<(u64, Checked)>, bool), Failure> {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        let mut more = true;
        while good.len() < limit {
            let Some(read) = self.rows.read()? else {
                more = false;
                break;
            };
            let number = match &read {
                Ok(row) => row.number,
                Err(bad) => bad.number,
            };
            let entry = self.journal.entry(number).map_err(|error| disk(&error))?;
            if entry.is_some_and(|entry| entry.state.is_final()) {
                continue;
            }
            match self.check(read) {
                Ok(checked) => good.push((number, checked)),
                Err(end) => bad.push((number, end)),
            }
        }
        self.journal.settle(&bad).map_err(|error| disk(&error))?;
        Ok((good, more))
    }

    fn check(
        &self,
        read: Result<crate::intake::Row, crate::intake::BadRow>,
    ) -> Result<Checked, End> {
        let failed = |code: String, reason: String| End::Failed { code, reason };
        let row = read.map_err(|bad| failed(String::new(), bad.message))?;
        let checked = self
            .plan
            .checker
            .check(&row, Files::Load)
            .map_err(|reasons| {
                let (code, reason) = told(&reasons);
                failed(code, reason)
            })?;
        if let Some(key) = self.plan.key {
            if let Some(first) = self.plan.survey.repeated.get(&row.number) {
                return Err(failed(key.to_owned(), format!("row {first} has the same")));
            }
            if key_of(&checked, key).is_none() {
                return Err(failed(key.to_owned(), "is empty".to_owned()));
            }
        }
        Ok(checked)
    }

    /// A row that is made.
    fn adding(&self, row: u64, checked: Checked) -> Job {
        let mut fields = checked.fields;
        let value = match (self.plan.mode, self.plan.external) {
            (Mode::Upsert, _) | (_, External::Own { .. }) => self
                .by_external
                .as_ref()
                .and_then(|by| fields.get(&by.field))
                .and_then(Tree::word),
            (_, External::Made { field, giver }) => {
                let value = format!("{GIVER}-{}-{row}", self.name);
                fields.set(field.as_str(), value.as_str().into());
                if let Some(giver) = giver {
                    fields.set(giver.as_str(), GIVER.into());
                }
                Some(value)
            }
            (_, External::None) => None,
        };
        let proof = match (&self.by_external, value) {
            (Some(question), Some(value)) => Proof::Look(Look {
                question: Arc::clone(question),
                value,
                fields: fields.clone(),
                purpose: Purpose::Create,
            }),
            _ => Proof::Nothing,
        };
        Job {
            row,
            method: self.plan.target.add.clone(),
            params: self.plan.target.adding(fields),
            proof,
        }
    }

    /// A row that is changed. `current` is what it holds.
    fn changing(&self, row: u64, id: u64, fields: Tree, current: &Tree) -> Job {
        let fields = merge(fields, current, self.plan.contacts);
        let added = added(&fields);
        let proof = if added.is_empty() {
            Proof::Repeat
        } else {
            Proof::Look(Look {
                question: Arc::clone(&self.by_id),
                value: id.to_string(),
                fields: Tree::Map(added),
                purpose: Purpose::Change,
            })
        };
        Job {
            row,
            method: self.plan.target.update.clone(),
            params: self.plan.target.changing(id, fields),
            proof,
        }
    }

    /// Finds the rows of the portal that are meant, and makes calls of what was found.
    async fn meant(&self, rows: Vec<(u64, Checked)>) -> Result<Vec<Job>, Failure> {
        let target = self.plan.target;
        let key = self.plan.key.unwrap_or_default();
        let key_on_portal = if key.eq_ignore_ascii_case("id") {
            target.entity.id_field()
        } else {
            key
        };
        let contacts: Vec<&str> = CONTACTS
            .into_iter()
            .filter(|name| rows.iter().any(|(_, row)| row.fields.get(name).is_some()))
            .collect();
        let by_id = key_on_portal == target.entity.id_field();
        let there = if by_id && contacts.is_empty() && self.plan.mode == Mode::Update {
            HashMap::new()
        } else {
            let values: Vec<String> = rows
                .iter()
                .filter_map(|(_, checked)| key_of(checked, key))
                .collect();
            known::ask(&values, key_on_portal, &contacts, target, self.connection)
                .await
                .map_err(|error| from_sdk(&error, Some(self.connection)))?
        };
        let (mut jobs, mut ends) = (Vec::with_capacity(rows.len()), Vec::new());
        for (row, checked) in rows {
            let value = key_of(&checked, key).unwrap_or_default();
            let found = there.get(&value).map_or(&[][..], Vec::as_slice);
            match (found, checked.id) {
                ([], Some(id)) if there.is_empty() && by_id && self.plan.mode == Mode::Update => {
                    jobs.push(self.changing(row, id, checked.fields, &Tree::Null));
                }
                ([], _) if self.plan.mode == Mode::Upsert && !by_id => {
                    jobs.push(self.adding(row, checked));
                }
                ([], _) => ends.push((row, none(key, &value, target))),
                ([one], _) => match target.entity.id_of(one) {
                    Some(id) => jobs.push(self.changing(row, id, checked.fields, one)),
                    None => ends.push((row, none(key, &value, target))),
                },
                (several, _) => ends.push((row, too_many(key, &value, several, target))),
            }
        }
        self.journal.settle(&ends).map_err(|error| disk(&error))?;
        Ok(jobs)
    }
}

impl Jobs for RowJobs<'_> {
    async fn next(&mut self) -> Result<Vec<Job>, Failure> {
        loop {
            let limit = match self.plan.mode {
                Mode::Add => READ,
                Mode::Update | Mode::Upsert => LOOKED_UP,
            };
            let (rows, more) = self.read(limit)?;
            let jobs = match self.plan.mode {
                Mode::Add => rows
                    .into_iter()
                    .map(|(row, checked)| self.adding(row, checked))
                    .collect(),
                Mode::Update | Mode::Upsert if rows.is_empty() => Vec::new(),
                Mode::Update | Mode::Upsert => self.meant(rows).await?,
            };
            if !jobs.is_empty() || !more {
                return Ok(jobs);
            }
        }
    }
}

/// Phones and the like that are one more each time they are sent: those without an id of their own.
fn added(fields: &Tree) -> Vec<(String, Tree)> {
    let new = |item: &&Tree| item.get("id").or_else(|| item.get("ID")).is_none();
    let each = CONTACTS.iter().filter_map(|name| {
        let Some(Tree::List(items)) = fields.get(name) else {
            return None;
        };
        let items: Vec<Tree> = items.iter().filter(new).cloned().collect();
        (!items.is_empty()).then(|| ((*name).to_owned(), Tree::List(items)))
    });
    each.collect()
}

fn none(key: &str, value: &str, target: &Target) -> End {
    End::Failed {
        code: key.to_owned(),
        reason: format!("no {} has {value:?}", target.entity.row),
    }
}

fn too_many(key: &str, value: &str, found: &[Tree], target: &Target) -> End {
    let ids: Vec<String> = found
        .iter()
        .filter_map(|row| target.entity.id_of(row))
        .map(|id| id.to_string())
        .collect();
    End::Failed {
        code: key.to_owned(),
        reason: format!(
            "{} {} have {value:?}: {}",
            found.len(),
            target.entity.rows,
            ids.join(", ")
        ),
    }
}

fn disk(error: &JournalError) -> Failure {
    Failure::local(error.to_string()).hint("free space, then the same command goes on")
}
