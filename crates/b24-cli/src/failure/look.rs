//! A call that failed: which row it was about, and where to look when its outcome is unknown.

use jiff::{SignedDuration, Zoned};

use super::{Failure, from_sdk};
use crate::catalogue::{self, Version};
use crate::connection::Connection;
use crate::entity;
use crate::parameters::Tree;

/// The clock of the portal may be behind ours by this much.
const SKEW: SignedDuration = SignedDuration::from_mins(2);
/// What tells a new row from others, the surest first.
const TELLING: &[&str] = &["originId", "xmlId", "title", "name", "lastName"];

/// One call of a method, as it was sent.
#[derive(Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) method: &'a str,
    pub(crate) version: Version,
    pub(crate) params: &'a Tree,
    pub(crate) at: Zoned,
}

impl Sent<'_> {
    /// The message for what became of it.
    pub(crate) fn failure(&self, error: &b24::Error, connection: &Connection) -> Failure {
        let mut failure = from_sdk(error, Some(connection));
        if let Some(row) = self.row() {
            let (plain, full) = (
                format!("{} was refused", self.method),
                format!("{} of {row} was refused", self.method),
            );
            failure.message = failure.message.replacen(&plain, &full, 1);
        }
        if error.kind() == b24::Kind::Unknown {
            failure.hints = vec![self.look_first()];
        }
        failure
    }

    /// Where to see whether it was carried out: a command, if one can be made of the parameters.
    pub(crate) fn look_first(&self) -> String {
        match self.command() {
            Some(command) => format!("look first: {command}"),
            None => "look on the portal first whether it was carried out".to_owned(),
        }
    }

    fn command(&self) -> Option<String> {
        let (family, action) = self.method.rsplit_once('.')?;
        match action {
            "add" => self.list(family),
            "update" | "delete" => self.get(family),
            _ => None,
        }
    }

    /// The new row among those made since then.
    fn list(&self, family: &str) -> Option<String> {
        let method = format!("{family}.list");
        let documented = catalogue::find_method(&method, Some(self.version))?;
        let type_id = self.number("entityTypeId");
        let entity = match (family, type_id) {
            ("crm.item", Some(id)) => {
                entity::word_of(id).map_or_else(|| format!("spa:{id}"), str::to_owned)
            }
            _ if documented.params.iter().any(|param| param.required) => return None,
            _ => method,
        };
        let mut command = format!("b24 export {entity}");
        if self.version == Version::V3 {
            command.push_str(" --v3");
        }
        if let Some((name, value)) = self.telling() {
            command = format!("{command} --filter '{name}={value}'");
        }
        let created = match family {
            "crm.item" => Some("createdTime"),
            "crm.lead" | "crm.deal" | "crm.contact" | "crm.company" => Some("DATE_CREATE"),
            _ => None,
        };
        if let (Some(name), Ok(since)) = (created, self.at.checked_sub(SKEW)) {
            let since = since.strftime("%Y-%m-%dT%H:%M:%S%:z");
            command = format!("{command} --filter '{name}>={since}'");
        }
        Some(command)
    }

    /// The row as it is now.
    fn get(&self, family: &str) -> Option<String> {
        let method = format!("{family}.get");
        let documented = catalogue::find_method(&method, Some(self.version))?;
        let mut command = format!("b24 call {method}");
        if self.version == Version::V3 {
            command.push_str(" --v3");
        }
        let (id, value) = self.id()?;
        let given = [self.number("entityTypeId").map(|id| ("entityTypeId", id))];
        let given = given.into_iter().flatten().chain([(id, value)]);
        for (name, value) in given.clone() {
            command = format!("{command} {name}={value}");
        }
        let mut needed = documented.params.iter().filter(|param| param.required);
        needed
            .all(|param| {
                given
                    .clone()
                    .any(|(name, _)| name.eq_ignore_ascii_case(param.name.as_str()))
            })
            .then_some(command)
    }

    /// `deal 812`.
    fn row(&self) -> Option<String> {
        let (family, action) = self.method.rsplit_once('.')?;
        if !["get", "update", "delete"].contains(&action) {
            return None;
        }
        let (_, id) = self.id()?;
        let row = match (family, self.number("entityTypeId")) {
            ("crm.item", Some(type_id)) => entity::row_of(type_id),
            _ => family.rsplit('.').next()?,
        };
        Some(format!("{row} {id}"))
    }

    fn id(&self) -> Option<(&'static str, u64)> {
        ["id", "ID", "taskId"]
            .into_iter()
            .find_map(|name| Some((name, self.number(name)?)))
    }

    fn number(&self, name: &str) -> Option<u64> {
        match self.params.get(name)? {
            Tree::Number(number) => number.as_u64(),
            Tree::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A field that a shell and a filter can take, by which the row is found again.
    fn telling(&self) -> Option<(&str, &str)> {
        let fields = self.params.get("fields")?.entries();
        TELLING.iter().find_map(|wanted| {
            fields.iter().find_map(|(name, value)| match value {
                Tree::Text(text)
                    if name.replace('_', "").eq_ignore_ascii_case(wanted) && is_plain(text) =>
                {
                    Some((name.as_str(), text.as_str()))
                }
                _ => None,
            })
        })
    }
}

/// Goes between single quotes, and means itself behind `FIELD=`.
fn is_plain(text: &str) -> bool {
    let strange = |c: char| c == '\'' || c.is_control();
    !text.trim().is_empty()
        && text.chars().count() <= 100
        && !text.starts_with('=')
        && !text.contains(strange)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(method: &str, version: Version, params: &str) -> String {
        Sent {
            method,
            version,
            params: &serde_json::from_str(params).unwrap(),
            at: "2026-11-20T14:03:00+03:00[+03:00]".parse().unwrap(),
        }
        .look_first()
    }

    #[test]
    fn a_new_row_is_looked_for_by_what_it_holds() {
        let deal = r#"{"entityTypeId":2,"fields":{"opportunity":5,"title":"New pump"}}"#;
        assert_eq!(
            look("crm.item.add", Version::V2, deal),
            "look first: b24 export deals --filter 'title=New pump' --filter 'createdTime>=2026-11-20T14:01:00+03:00'"
        );
        let process = r#"{"entityTypeId":1032,"fields":{"title":"it's"}}"#;
        assert_eq!(
            look("crm.item.add", Version::V2, process),
            "look first: b24 export spa:1032 --filter 'createdTime>=2026-11-20T14:01:00+03:00'"
        );
        let lead = r#"{"fields":{"TITLE":"x","ORIGIN_ID":"a1"}}"#;
        assert_eq!(
            look("crm.lead.add", Version::V2, lead),
            "look first: b24 export crm.lead.list --filter 'ORIGIN_ID=a1' --filter 'DATE_CREATE>=2026-11-20T14:01:00+03:00'"
        );
        assert_eq!(
            look(
                "tasks.task.add",
                Version::V3,
                r#"{"fields":{"title":"Call"}}"#
            ),
            "look first: b24 export tasks.task.list --v3 --filter 'title=Call'"
        );
    }

    #[test]
    fn a_changed_row_is_looked_at() {
        assert_eq!(
            look(
                "crm.item.update",
                Version::V2,
                r#"{"entityTypeId":2,"id":"5"}"#
            ),
            "look first: b24 call crm.item.get entityTypeId=2 id=5"
        );
        assert_eq!(
            look("tasks.task.delete", Version::V2, r#"{"taskId":7}"#),
            "look first: b24 call tasks.task.get taskId=7"
        );
    }

    #[test]
    fn no_command_is_named_that_would_fail() {
        let nothing = "look on the portal first whether it was carried out";
        assert_eq!(look("crm.item.add", Version::V2, "{}"), nothing);
        assert_eq!(look("crm.item.update", Version::V2, r#"{"id":5}"#), nothing);
        assert_eq!(look("im.notify", Version::V2, r#"{"to":1}"#), nothing);
    }
}
