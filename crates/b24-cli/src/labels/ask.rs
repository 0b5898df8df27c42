//! One request for all texts, kept for an hour as the fields are.

use anyhow::Result;
use b24::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Book;
use super::books::{self, Directory, Status};
use super::keep::{self, Place};
use super::users::{PAGE, Users};
use crate::connection::Connection;
use crate::entity::Entity;
use crate::failure::{Failure, from_sdk};
use crate::formats::{elements, entry, value};
use crate::parameters::Tree;
use crate::session::Session;

/// What the portal answered.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Answers {
    statuses: Vec<Status>,
    pub(super) categories: Book,
    pub(super) currencies: Book,
    pub(super) users: Users,
}

impl Answers {
    /// The statuses of a type.
    pub(super) fn statuses(&self, kind: Option<&str>) -> Book {
        books::statuses(&self.statuses, kind)
    }

    fn take(&mut self, what: What, answer: &RawValue) {
        match what {
            What::Statuses => {
                let each = elements(answer).into_iter();
                self.statuses = each
                    .filter_map(|row| serde_json::from_str(row.get()).ok())
                    .collect();
            }
            What::Categories => {
                if let Some(rows) = value(answer, "categories") {
                    self.categories = book(&elements(&rows), "id", "name");
                }
            }
            What::Currencies => {
                self.currencies = book(&elements(answer), "CURRENCY", "FULL_NAME");
            }
            What::Users => {
                let users = elements(answer);
                self.users.first(&users, users.len() >= PAGE);
            }
        }
    }
}

/// One list of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Statuses,
    Categories,
    Currencies,
    Users,
}

impl What {
    const ALL: [Self; 4] = [
        Self::Statuses,
        Self::Categories,
        Self::Currencies,
        Self::Users,
    ];

    fn of(directory: &Directory) -> Option<Self> {
        match directory {
            Directory::Choices => None,
            Directory::Statuses(_) => Some(Self::Statuses),
            Directory::Categories => Some(Self::Categories),
            Directory::Currencies => Some(Self::Currencies),
            Directory::Users => Some(Self::Users),
        }
    }

    const fn method(self) -> &'static str {
        match self {
            Self::Statuses => "crm.status.list",
            Self::Categories => "crm.category.list",
            Self::Currencies => "crm.currency.list",
            Self::Users => "user.get",
        }
    }

    /// What stays a code if the portal refuses.
    const fn codes(self) -> &'static str {
        match self {
            Self::Statuses => "stages and statuses",
            Self::Categories => "pipelines",
            Self::Currencies => "currencies",
            Self::Users => "users",
        }
    }

    fn params(self, entity: &Entity) -> Tree {
        let mut params = Tree::empty();
        if self == Self::Categories {
            // The classic method is the one of deals.
            params.set("entityTypeId", entity.type_id.unwrap_or(2).into());
        }
        params
    }
}

/// Asks for the directories that are needed.
pub(super) async fn ask(
    needed: impl Iterator<Item = &Directory>,
    entity: &Entity,
    session: &Session,
    connection: &Connection,
) -> Result<Answers> {
    let needed: Vec<What> = needed.filter_map(What::of).collect();
    let asked: Vec<What> = What::ALL
        .into_iter()
        .filter(|what| needed.contains(what))
        .collect();
    if asked.is_empty() {
        return Ok(Answers::default());
    }
    let methods: Vec<&str> = asked.iter().map(|what| what.method()).collect();
    let place = Place::of(&connection.host, entity.type_id, &methods);
    if let Some(answers) = place.as_ref().and_then(keep::recall) {
        return Ok(answers);
    }
    let mut batch = connection.client.v2().batch();
    for what in &asked {
        let call = connection.client.v2().call(what.method());
        batch.push(call.params(what.params(entity)));
    }
    let outcomes = tokio::select! {
        outcomes = batch => outcomes?,
        reason = session.stop.requested() => return Err(Failure::stopped(reason, "the export").into()),
    };
    let mut answers = Answers::default();
    let mut whole = true;
    for (what, (_, outcome)) in asked.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Ok(answer) => answers.take(what, &answer.read::<Box<RawValue>>()?),
            Outcome::Err(error) | Outcome::Unknown(error) => {
                whole = false;
                if what == What::Users {
                    answers.users.give_up();
                }
                let why = from_sdk(&error, Some(connection));
                session
                    .printer
                    .warning(format!("{} stay codes: {why}", what.codes()));
            }
            Outcome::Skipped => whole = false,
        }
    }
    if let (Some(place), true) = (place, whole) {
        keep::keep(&place, &answers);
    }
    Ok(answers)
}

fn book(rows: &[Box<RawValue>], code: &str, text: &str) -> Book {
    let each = rows.iter();
    each.filter_map(|row| Some((entry(row, code)?, entry(row, text)?)))
        .filter(|(_, text)| !text.is_empty())
        .collect()
}
