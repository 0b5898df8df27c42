//! The other way round: codes for the texts that a file has.

use std::collections::HashMap;

use anyhow::Result;
use b24::Kind;
use serde_json::value::RawValue;

use super::ask::{self, Answers, What};
use super::books::{self, Directory, directory};
use super::people::People;
use super::stages::{Stage, Stages};
use super::words::Words;
use crate::connection::Connection;
use crate::entity::Entity;
use crate::failure::{Failure, from_sdk};
use crate::fields::{Field, Fields};
use crate::session::Session;

/// The codes of an import.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    /// By the name of a field.
    lookups: HashMap<String, Lookup>,
    people: People,
    currencies: Words,
    base_currency: Option<String>,
}

/// Where the codes of a field are.
#[derive(Debug)]
enum Lookup {
    Words(Words),
    Stages(Stages),
    Currencies,
    People,
    /// The portal does not tell them.
    Refused(What),
}

impl Codes {
    /// Asks the portal for the directories of the fields that are `wanted`, whatever is remembered
    /// of them. What it refuses is a warning: codes are then taken as they are.
    pub(crate) async fn of(
        entity: &Entity,
        fields: &Fields,
        wanted: impl Fn(&Field) -> bool,
        session: &Session,
        connection: &Connection,
    ) -> Result<Self> {
        let wanted: Vec<&Field> = fields.iter().filter(|field| wanted(field)).collect();
        let needed = needed(&wanted, fields, entity);
        let (users, lists) = ask::asked(needed.iter())
            .into_iter()
            .partition::<Vec<What>, _>(|what| *what == What::Users);
        let mut answers = ask::ask(lists, entity, session, connection).await?;
        let mut people = People::default();
        if !users.is_empty() {
            match everybody(session, connection).await? {
                Ok(all) => people = all,
                Err(why) => answers.refused.push((What::Users, why)),
            }
        }
        for (what, why) in &answers.refused {
            session.printer.warning(format!(
                "{} cannot be checked, nor written as texts: {why}",
                what.codes()
            ));
        }
        Ok(Self::from(&wanted, entity, answers, people))
    }

    /// Codes out of what the portal answered.
    fn from(wanted: &[&Field], entity: &Entity, answers: Answers, people: People) -> Self {
        let lookups = wanted.iter().filter_map(|field| {
            let directory = directory(field, entity)?;
            Some((field.name.clone(), Lookup::of(&directory, field, &answers)))
        });
        Self {
            lookups: lookups.collect(),
            people,
            currencies: Words::of("currency", &answers.currencies),
            base_currency: answers.base_currency,
        }
    }

    /// The code for a text, or for the code itself. None if the values of the field are no codes.
    /// Stages are those of any pipeline: see [`stage`](Self::stage).
    pub(crate) fn find(&self, field: &Field, text: &str) -> Option<Result<String, String>> {
        Some(match self.lookups.get(&field.name)? {
            Lookup::Words(words) => words.find(text),
            Lookup::Stages(stages) => stages.find(text, None).map(|stage| stage.code),
            Lookup::Currencies => self.currencies.find(text),
            Lookup::People => self.people.find(text),
            Lookup::Refused(what) => unchecked(text, *what),
        })
    }

    /// Whether the values of a field are stages, and each pipeline has its own.
    pub(crate) fn has_stages(&self, field: &Field) -> bool {
        matches!(self.lookups.get(&field.name), Some(Lookup::Stages(_)))
    }

    /// Whether the values of a field are users.
    pub(crate) fn has_people(&self, field: &Field) -> bool {
        let lookup = self.lookups.get(&field.name);
        matches!(lookup, Some(Lookup::People | Lookup::Refused(What::Users)))
    }

    /// A stage by its code, or by its text: within a pipeline, or of any if none is named.
    pub(crate) fn stage(
        &self,
        field: &Field,
        text: &str,
        pipeline: Option<&str>,
    ) -> Result<Stage, String> {
        match self.lookups.get(&field.name) {
            Some(Lookup::Stages(stages)) => stages.find(text, pipeline),
            _ => Err(format!("no stage {text:?}")),
        }
    }

    /// The pipeline of new rows that name none.
    pub(crate) fn default_pipeline(&self, stage: &Field) -> Option<&str> {
        match self.lookups.get(&stage.name) {
            Some(Lookup::Stages(stages)) => Some(&stages.default),
            _ => None,
        }
    }

    /// A currency by its code or name.
    pub(crate) fn currency(&self, text: &str) -> Result<String, String> {
        match self.base_currency {
            Some(_) => self.currencies.find(text),
            None => unchecked(text, What::Currencies),
        }
    }

    /// The currency of amounts that name none.
    pub(crate) fn base_currency(&self) -> Option<&str> {
        self.base_currency.as_deref()
    }
}

impl Lookup {
    fn of(directory: &Directory, field: &Field, answers: &Answers) -> Self {
        let refused = answers.refused.iter().map(|(what, _)| *what);
        if let Some(refused) = refused
            .into_iter()
            .find(|what| Some(*what) == What::of(directory))
        {
            return Self::Refused(refused);
        }
        match directory {
            Directory::Choices => {
                let items = field.items.iter().map(|(code, text)| (code, text));
                Self::Words(Words::of("option", items))
            }
            Directory::Statuses(Some(kind)) if books::has_pipelines(kind) => {
                let default = answers.default_category.as_deref();
                Self::Stages(Stages::of(&answers.statuses, kind, default))
            }
            Directory::Statuses(Some(kind)) => {
                let book = answers.statuses_of(Some(kind));
                Self::Words(Words::of("entry", &book))
            }
            // Nobody says which directory it is: any has to do.
            Directory::Statuses(None) => {
                let all = answers.statuses.iter();
                let pairs = all.map(|status| (&status.code, &status.text));
                Self::Words(Words::of("entry", pairs))
            }
            Directory::Categories => Self::Words(Words::of("pipeline", &answers.categories)),
            Directory::Currencies => Self::Currencies,
            Directory::Users => Self::People,
        }
    }
}

/// The directories of fields, that of the currencies of amounts, and the pipelines of stages.
fn needed(wanted: &[&Field], fields: &Fields, entity: &Entity) -> Vec<Directory> {
    let mut needed: Vec<Directory> = wanted
        .iter()
        .filter_map(|field| directory(field, entity))
        .collect();
    if wanted.iter().any(|field| field.kind == "money") {
        needed.push(Directory::Currencies);
    }
    let stages = needed.iter().any(
        |directory| matches!(directory, Directory::Statuses(Some(kind)) if books::has_pipelines(kind)),
    );
    if stages && fields.iter().any(|field| field.kind == "crm_category") {
        needed.push(Directory::Categories);
    }
    needed
}

/// All users, or why there are none.
async fn everybody(session: &Session, connection: &Connection) -> Result<Result<People, Failure>> {
    let list = connection.client.v2().list(What::Users.method());
    let mut users = list.items::<Box<RawValue>>();
    let mut people = People::default();
    loop {
        let user = tokio::select! {
            user = users.try_next() => user,
            reason = session.stop.requested() => {
                return Err(Failure::stopped(reason, &format!("the {}", session.command)).into());
            }
        };
        match user {
            Ok(Some(user)) => people.take(&user),
            Ok(None) => return Ok(Ok(people)),
            // A refusal is something to go on without, a lost connection is not.
            Err(error) if matches!(error.kind(), Kind::Refused | Kind::Auth) => {
                return Ok(Err(from_sdk(&error, Some(connection))));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// A text that looks like a code, where nobody can say whether it is one.
fn unchecked(text: &str, what: What) -> Result<String, String> {
    let code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "_:".contains(c);
    if !text.is_empty() && text.chars().all(code) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{} cannot be looked up (the portal refused {}): write the id",
        what.codes(),
        what.method()
    ))
}
