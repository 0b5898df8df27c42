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
#[serde(default)]
pub(super) struct Answers {
    pub(super) statuses: Vec<Status>,
    pub(super) categories: Book,
    /// The pipeline of rows that name none.
    pub(super) default_category: Option<String>,
    pub(super) currencies: Book,
    /// The currency that the others are measured in.
    pub(super) base_currency: Option<String>,
    pub(super) users: Users,
    /// What it refused, and why.
    #[serde(skip)]
    pub(super) refused: Vec<(What, Failure)>,
}

impl Answers {
    /// The statuses of a type.
    pub(super) fn statuses_of(&self, kind: Option<&str>) -> Book {
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
                    let rows = elements(&rows);
                    self.default_category = marked(&rows, "isDefault", "id");
                    self.categories = book(&rows, "id", "name");
                }
            }
            What::Currencies => {
                let rows = elements(answer);
                self.base_currency = marked(&rows, "BASE", "CURRENCY");
                self.currencies = book(&rows, "CURRENCY", "FULL_NAME");
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
pub(super) enum What {
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

    pub(super) fn of(directory: &Directory) -> Option<Self> {
        match directory {
            Directory::Choices => None,
            Directory::Statuses(_) => Some(Self::Statuses),
            Directory::Categories => Some(Self::Categories),
            Directory::Currencies => Some(Self::Currencies),
            Directory::Users => Some(Self::Users),
        }
    }

    pub(super) const fn method(self) -> &'static str {
        match self {
            Self::Statuses => "crm.status.list",
            Self::Categories => "crm.category.list",
            Self::Currencies => "crm.currency.list",
            Self::Users => "user.get",
        }
    }

    /// What nothing is known of if the portal refuses.
    pub(super) const fn codes(self) -> &'static str {
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

/// The directories that are needed, as they were an hour ago at most.
pub(super) async fn fetch(
    needed: impl Iterator<Item = &Directory>,
    entity: &Entity,
    session: &Session,
    connection: &Connection,
) -> Result<Answers> {
    let asked = asked(needed);
    let methods: Vec<&str> = asked.iter().map(|what| what.method()).collect();
    let place = Place::of(&connection.host, entity.type_id, &methods);
    if let Some(answers) = place.as_ref().and_then(keep::recall) {
        return Ok(answers);
    }
    let answers = ask(asked, entity, session, connection).await?;
    if let (Some(place), true) = (place, answers.refused.is_empty()) {
        keep::keep(&place, &answers);
    }
    Ok(answers)
}

/// Each list of texts once, in the order of the requests.
pub(super) fn asked<'a>(needed: impl Iterator<Item = &'a Directory>) -> Vec<What> {
    let needed: Vec<What> = needed.filter_map(What::of).collect();
    let all = What::ALL.into_iter();
    all.filter(|what| needed.contains(what)).collect()
}

/// Asks for lists of texts, in one request, whatever is remembered of them.
pub(super) async fn ask(
    asked: Vec<What>,
    entity: &Entity,
    session: &Session,
    connection: &Connection,
) -> Result<Answers> {
    let mut answers = Answers::default();
    if asked.is_empty() {
        return Ok(answers);
    }
    let mut batch = connection.client.v2().batch();
    for what in &asked {
        let call = connection.client.v2().call(what.method());
        batch.push(call.params(what.params(entity)));
    }
    let outcomes = tokio::select! {
        outcomes = batch => outcomes?,
        reason = session.stop.requested() => {
            return Err(Failure::stopped(reason, &format!("the {}", session.command)).into());
        }
    };
    for (what, (_, outcome)) in asked.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Ok(answer) => answers.take(what, &answer.read::<Box<RawValue>>()?),
            Outcome::Err(error) | Outcome::Unknown(error) => {
                answers
                    .refused
                    .push((what, from_sdk(&error, Some(connection))));
            }
            Outcome::Skipped => {}
        }
    }
    Ok(answers)
}

/// The code of the row that is marked.
fn marked(rows: &[Box<RawValue>], mark: &str, code: &str) -> Option<String> {
    let found = rows
        .iter()
        .find(|row| entry(row, mark).as_deref() == Some("Y"))?;
    entry(found, code)
}

fn book(rows: &[Box<RawValue>], code: &str, text: &str) -> Book {
    let each = rows.iter();
    each.filter_map(|row| Some((entry(row, code)?, entry(row, text)?)))
        .filter(|(_, text)| !text.is_empty())
        .collect()
}
