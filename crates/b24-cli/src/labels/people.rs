//! Users by what a file calls them: id, e-mail, name.

use std::collections::{HashMap, HashSet};

use serde_json::value::RawValue;

use super::users::name;
use super::words::plain;
use crate::formats::entry;

/// All users of a portal.
#[derive(Debug, Default)]
pub(super) struct People {
    ids: HashSet<String>,
    /// By e-mail and by name, in small letters.
    called: HashMap<String, Vec<Person>>,
}

#[derive(Clone, Debug)]
struct Person {
    id: String,
    active: bool,
}

impl People {
    pub(super) fn take(&mut self, user: &RawValue) {
        let Some(id) = entry(user, "ID") else { return };
        self.ids.insert(id.clone());
        let person = Person {
            active: entry(user, "ACTIVE").is_none_or(|active| active == "true" || active == "Y"),
            id,
        };
        let part = |key| entry(user, key).unwrap_or_default();
        let reversed = format!("{} {}", part("LAST_NAME"), part("NAME"));
        let mut names: Vec<String> = [entry(user, "EMAIL"), name(user), Some(reversed)]
            .into_iter()
            .flatten()
            .map(|name| plain(&name))
            .filter(|name| !name.is_empty())
            .collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            self.called.entry(name).or_default().push(person.clone());
        }
    }

    /// The id of a user. Of several with one name, the one that works here still.
    pub(super) fn find(&self, text: &str) -> Result<String, String> {
        if self.ids.contains(text) {
            return Ok(text.to_owned());
        }
        let found = self.called.get(&plain(text)).map_or(&[][..], Vec::as_slice);
        let active: Vec<&Person> = found.iter().filter(|person| person.active).collect();
        match (active.as_slice(), found) {
            ([one], _) => Ok(one.id.clone()),
            (_, [one]) => Ok(one.id.clone()),
            (_, []) => Err(format!("no user {text:?}")),
            (_, many) => Err(format!(
                "{} users are called {text:?}: write an id or an e-mail",
                many.len()
            )),
        }
    }
}
