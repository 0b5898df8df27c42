//! The names of users: all of them where they are few, else those that occur.

use std::collections::{BTreeSet, HashMap, HashSet};

use b24::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::connection::Connection;
use crate::formats::{elements, entry, text, value};
use crate::parameters::Tree;

/// Users of one answer.
pub(super) const PAGE: usize = 50;
/// Commands of one request.
const COMMANDS: usize = 50;

/// Users by id.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Users {
    names: HashMap<String, String>,
    /// Whether there are no others, or nobody may ask.
    complete: bool,
    /// Ids that the portal does not know.
    #[serde(skip)]
    strangers: HashSet<String>,
}

impl Users {
    /// The name of a user.
    pub(super) fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    /// Takes the users of a first answer.
    pub(super) fn first(&mut self, users: &[Box<RawValue>], more: bool) {
        self.take(users);
        self.complete = !more;
    }

    /// Nobody may ask for users: ids stay ids.
    pub(super) fn give_up(&mut self) {
        self.complete = true;
    }

    fn take(&mut self, users: &[Box<RawValue>]) {
        for user in users {
            if let (Some(id), Some(name)) = (entry(user, "ID"), name(user)) {
                self.names.insert(id, name);
            }
        }
    }

    /// Asks for the users that the rows name under these keys and nobody knows yet.
    pub(super) async fn learn(
        &mut self,
        rows: &[Box<RawValue>],
        keys: &[&str],
        connection: &Connection,
    ) -> Result<(), b24::Error> {
        if self.complete {
            return Ok(());
        }
        let unknown: Vec<String> = self.unknown(rows, keys).into_iter().collect();
        for ids in unknown.chunks(PAGE * COMMANDS) {
            let mut batch = connection.client.v2().batch();
            for ids in ids.chunks(PAGE) {
                let ids = ids.iter().map(|id| id.as_str().into()).collect();
                let mut filter = Tree::empty();
                filter.set("ID", Tree::List(ids));
                let mut params = Tree::empty();
                params.set("FILTER", filter);
                batch.push(connection.client.v2().call("user.get").params(params));
            }
            for (_, outcome) in batch.await? {
                match outcome {
                    Outcome::Ok(answer) => self.take(&elements(&answer.read::<Box<RawValue>>()?)),
                    Outcome::Err(error) | Outcome::Unknown(error) => return Err(error),
                    Outcome::Skipped => {}
                }
            }
        }
        let strangers = unknown
            .into_iter()
            .filter(|id| !self.names.contains_key(id));
        let strangers: Vec<String> = strangers.collect();
        self.strangers.extend(strangers);
        Ok(())
    }

    fn unknown(&self, rows: &[Box<RawValue>], keys: &[&str]) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for value in rows
            .iter()
            .flat_map(|row| keys.iter().filter_map(|key| value(row, key)))
        {
            let each = if value.get().starts_with('[') {
                elements(&value)
            } else {
                vec![value]
            };
            let each = each.iter().map(|id| text(Some(id)).into_owned());
            ids.extend(each.filter(|id| {
                let number =
                    id.bytes().all(|b| b.is_ascii_digit()) && !matches!(id.as_str(), "" | "0");
                number && !self.names.contains_key(id) && !self.strangers.contains(id)
            }));
        }
        ids
    }
}

/// First and last name, else the address.
pub(super) fn name(user: &RawValue) -> Option<String> {
    let part = |key| entry(user, key).map(|part| part.trim().to_owned());
    let parts = [part("NAME"), part("LAST_NAME")].into_iter().flatten();
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    let whole = if parts.is_empty() {
        part("EMAIL").unwrap_or_default()
    } else {
        parts.join(" ")
    };
    (!whole.is_empty()).then_some(whole)
}
