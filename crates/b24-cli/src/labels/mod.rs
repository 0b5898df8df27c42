//! `--labels`: texts for the codes in rows, and titles for the names of fields.

mod ask;
mod books;
mod codes;
mod keep;
mod people;
mod rewrite;
mod stages;
#[cfg(test)]
mod tests;
mod users;
mod words;

use std::collections::HashMap;

use anyhow::Result;
use serde_json::value::RawValue;

use crate::connection::Connection;
use crate::entity::Entity;
use crate::fields::{Field, Fields};
use crate::formats::{Column, Kind};
use crate::session::Session;
use ask::What;
use books::{Directory, directory};
pub(crate) use codes::Codes;
use users::Users;

/// What is put in place of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Labelling {
    /// The text in place of the code
    Text,
    /// The code, and its text in a column beside it
    Both,
}

/// Codes and their texts.
type Book = HashMap<String, String>;

/// The texts of one export.
#[derive(Debug)]
pub(crate) struct Labels {
    labelling: Labelling,
    /// By the key of a field.
    texts: HashMap<String, Texts>,
    users: Users,
}

/// Where the texts of a field are.
#[derive(Debug)]
enum Texts {
    Book(Book),
    Users,
}

impl Labels {
    /// Asks the portal for all texts that the fields need, in one request. `wanted`: whether the
    /// export has the field.
    pub(crate) async fn of(
        labelling: Labelling,
        entity: &Entity,
        fields: &Fields,
        wanted: impl Fn(&Field) -> bool,
        session: &Session,
        connection: &Connection,
    ) -> Result<Self> {
        let coded: Vec<(&Field, Directory)> = fields
            .iter()
            .filter(|field| wanted(field))
            .filter_map(|field| Some((field, directory(field, entity)?)))
            .collect();
        let needed = coded.iter().map(|(_, directory)| directory);
        let mut answers = ask::fetch(needed, entity, session, connection).await?;
        for (what, why) in &answers.refused {
            if *what == What::Users {
                answers.users.give_up();
            }
            session
                .printer
                .warning(format!("{} stay codes: {why}", what.codes()));
        }
        let texts = coded
            .iter()
            .map(|(field, directory)| {
                let texts = match directory {
                    Directory::Choices => Texts::Book(field.items.iter().cloned().collect()),
                    Directory::Users => Texts::Users,
                    Directory::Statuses(kind) => Texts::Book(answers.statuses_of(kind.as_deref())),
                    Directory::Categories => Texts::Book(answers.categories.clone()),
                    Directory::Currencies => Texts::Book(answers.currencies.clone()),
                };
                (field.key.clone(), texts)
            })
            .collect();
        Ok(Self {
            labelling,
            texts,
            users: std::mem::take(&mut answers.users),
        })
    }

    /// The columns with titles for names, and those of the texts.
    pub(crate) fn columns(&self, columns: Vec<Column>) -> Vec<Column> {
        let titled = columns.into_iter().map(|mut column| {
            if let Some(title) = &column.title {
                column.heading.clone_from(title);
            }
            column
        });
        let mut all = Vec::new();
        for mut column in distinct(titled.collect()) {
            let coded = self.texts.contains_key(&column.path);
            let beside = coded && self.labelling == Labelling::Both;
            let text = beside.then(|| Column {
                path: beside_key(&column.path),
                heading: beside_key(&column.heading),
                kind: Kind::Text,
                ..column.clone()
            });
            if coded && !beside {
                column.kind = Kind::Text;
            }
            all.push(column);
            all.extend(text);
        }
        distinct(all)
    }

    /// The keys to write, with those of the texts.
    pub(crate) fn keys(&self, keys: Vec<String>) -> Vec<String> {
        let beside =
            |key: &String| self.labelling == Labelling::Both && self.texts.contains_key(key);
        keys.into_iter()
            .flat_map(|key| {
                let text = beside(&key).then(|| beside_key(&key));
                std::iter::once(key).chain(text)
            })
            .collect()
    }

    /// The rows with texts. Users that nobody knew yet are asked for.
    pub(crate) async fn put(
        &mut self,
        rows: Vec<Box<RawValue>>,
        connection: &Connection,
    ) -> Result<Vec<Box<RawValue>>, b24::Error> {
        let keys: Vec<&str> = self
            .texts
            .iter()
            .filter(|(_, texts)| matches!(texts, Texts::Users))
            .map(|(key, _)| key.as_str())
            .collect();
        if !keys.is_empty() {
            self.users.learn(&rows, &keys, connection).await?;
        }
        Ok(rows.into_iter().map(|row| self.rewrite(row)).collect())
    }
}

/// What the text beside a code is called.
fn beside_key(name: &str) -> String {
    format!("{name} (text)")
}

/// Where two columns would be called the same, each gets its field's name in brackets.
fn distinct(mut columns: Vec<Column>) -> Vec<Column> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for column in &columns {
        *counts.entry(column.heading.clone()).or_default() += 1;
    }
    for column in &mut columns {
        if counts[&column.heading] > 1 {
            column.heading = format!("{} [{}]", column.heading, column.path);
        }
    }
    columns
}
