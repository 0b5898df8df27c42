//! What the documentation says about methods: `data/methods.jsonl`, one a line.
//!
//! The file is searched as text and only the line asked for is parsed, so that
//! a command which needs one method does not pay for all of them.

use serde::{Deserialize, Serialize};

const LINES: &str = include_str!("../data/methods.jsonl");
const EVENTS: &str = include_str!("../data/events.jsonl");

/// Version of the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Version {
    V2,
    V3,
}

impl std::fmt::Display for Version {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        })
    }
}

/// A documented method.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Method {
    name: String,
    pub(crate) version: Version,
    /// The scopes of which one is needed.
    #[serde(default)]
    pub(crate) scope: Vec<String>,
    /// What the documentation names instead of a deprecated one.
    #[serde(default, rename = "use")]
    pub(crate) newer: Vec<String>,
    #[serde(default)]
    pub(crate) params: Vec<Param>,
    pub(crate) list: Option<List>,
    /// The type of `result`, where it is documented.
    pub(crate) result: Option<Returned>,
    /// Who may call it, where that is not everybody.
    pub(crate) who: Option<String>,
    /// Whether webhooks are refused.
    #[serde(default, rename = "app")]
    pub(crate) applications_only: bool,
    #[serde(default)]
    pub(crate) deprecated: bool,
    /// Codes of its own errors.
    #[serde(default)]
    pub(crate) errors: Vec<String>,
}

/// A documented event.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) name: String,
    /// As the documentation writes it.
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) scope: Vec<String>,
    pub(crate) who: Option<String>,
    #[serde(default)]
    pub(crate) deprecated: bool,
    /// What the documentation names instead of a deprecated one.
    #[serde(default, rename = "use")]
    pub(crate) newer: Vec<String>,
    /// What `data` of the event holds.
    #[serde(default)]
    pub(crate) data: Vec<Param>,
}

/// What a method answers.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Returned {
    #[serde(rename = "type")]
    pub(crate) types: String,
    /// Name and type of each of its own fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) fields: Vec<String>,
}

/// How a list method pages.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct List {
    /// Where the rows are in the result; empty: they are the result.
    #[serde(default)]
    pub(crate) key: String,
    /// The field of a row that is its id, if the documentation shows one.
    pub(crate) id: Option<String>,
    /// What pages are asked for by: `start`, `cursor`, …
    #[serde(default)]
    pub(crate) style: String,
}

/// A documented parameter, or a field inside one.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Param {
    pub(crate) name: String,
    /// Empty for text.
    #[serde(default, rename = "type", skip_serializing_if = "String::is_empty")]
    pub(crate) types: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) required: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) fields: Vec<Param>,
    /// Operators of a filter, separated by spaces.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) operators: String,
    /// Names that a filter knows, where no `fields` method tells them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
}

/// A documented type, as far as a text on a command line is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    Number,
    Boolean,
}

impl Method {
    /// The method's name as documented.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Type of a parameter, or of a field inside it.
    pub(crate) fn type_of(&self, param: &str, field: Option<&str>) -> Option<ValueType> {
        let mut found = find(&self.params, param)?;
        if let Some(field) = field {
            found = find(&found.fields, field)?;
        }
        value_type(&found.types)
    }

    /// Whether the documentation says that a parameter, or a field inside it, is a text.
    pub(crate) fn is_text(&self, param: &str, field: Option<&str>) -> bool {
        let found = find(&self.params, param);
        let found = match field {
            Some(field) => found.and_then(|param| find(&param.fields, field)),
            None => found,
        };
        found.is_some_and(|param| param.types.is_empty())
    }

    /// Operators that the documentation of the filter names; empty if it names none.
    pub(crate) fn filter_operators(&self) -> impl Iterator<Item = &str> {
        self.filter()
            .into_iter()
            .flat_map(|filter| filter.operators.split(' '))
            .filter(|op| !op.is_empty())
    }

    /// Field names that the documentation of the filter lists.
    pub(crate) fn filter_names(&self) -> impl Iterator<Item = &str> {
        self.filter().into_iter().flat_map(|filter| {
            let fields = filter.fields.iter().map(|field| field.name.as_str());
            filter.names.iter().map(String::as_str).chain(fields)
        })
    }

    fn filter(&self) -> Option<&Param> {
        find(&self.params, "filter")
    }
}

fn find<'a>(params: &'a [Param], name: &str) -> Option<&'a Param> {
    params
        .iter()
        .find(|param| param.name.eq_ignore_ascii_case(name))
}

fn value_type(types: &str) -> Option<ValueType> {
    let mut all = types
        .split('|')
        .filter(|kind| !kind.ends_with("[]") && *kind != "array");
    let first = all.next()?;
    if all.any(|other| other != first) {
        return None;
    }
    match first {
        "integer" | "double" | "float" | "number" => Some(ValueType::Number),
        "boolean" => Some(ValueType::Boolean),
        _ => None,
    }
}

/// Finds a method in any version, or in the one asked for; v2 comes first.
/// Case does not matter, for the portal it mostly does not either.
pub(crate) fn find_method(name: &str, version: Option<Version>) -> Option<Method> {
    lines()
        .filter(|(documented, _)| documented.eq_ignore_ascii_case(name))
        .filter_map(|(_, line)| serde_json::from_str::<Method>(line).ok())
        .find(|method| version.is_none_or(|wanted| wanted == method.version))
}

/// Finds an event, by its name or as the documentation writes it.
pub(crate) fn find_event(name: &str) -> Option<Event> {
    let called = |event: &Event| {
        event.name.eq_ignore_ascii_case(name) || event.title.eq_ignore_ascii_case(name)
    };
    events().find(called)
}

/// The names of all documented events.
pub(crate) fn event_names() -> impl Iterator<Item = String> {
    events().map(|event| event.name)
}

fn events() -> impl Iterator<Item = Event> {
    EVENTS
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
}

/// All documented names; one that both versions have comes twice.
pub(crate) fn method_names() -> impl Iterator<Item = &'static str> {
    lines().map(|(name, _)| name)
}

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    LINES.lines().filter_map(|line| {
        let name = line.strip_prefix(r#"{"name":""#)?.split('"').next()?;
        Some((name, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_catalogue_reads() {
        for line in LINES.lines() {
            let method: Method = serde_json::from_str(line).expect(line);
            assert_eq!(
                find_method(&method.name, Some(method.version))
                    .expect(line)
                    .name,
                method.name
            );
        }
        assert!(method_names().count() > 1_600);
    }

    #[test]
    fn every_event_reads() {
        assert_eq!(events().count(), EVENTS.lines().count());
        let event = find_event("onCrmDealUpdate").unwrap();
        assert_eq!(event.name, "ONCRMDEALUPDATE");
        assert_eq!(event.data[0].fields[0].name, "ID");
    }

    #[test]
    fn a_method_of_both_versions_is_v2_first() {
        assert_eq!(
            find_method("TASKS.task.list", None).unwrap().version,
            Version::V2
        );
        let v3 = find_method("tasks.task.list", Some(Version::V3)).unwrap();
        assert_eq!(v3.version, Version::V3);
        assert!(find_method("main.eventlog.list", Some(Version::V2)).is_none());
    }

    #[test]
    fn types_come_from_the_documentation() {
        let get = find_method("crm.item.get", None).unwrap();
        assert_eq!(get.type_of("id", None), Some(ValueType::Number));
        assert_eq!(
            get.type_of("useOriginalUfNames", None),
            Some(ValueType::Boolean)
        );
        let add = find_method("crm.deal.add", None).unwrap();
        assert_eq!(
            add.type_of("fields", Some("PROBABILITY")),
            Some(ValueType::Number)
        );
        assert_eq!(add.type_of("fields", Some("TITLE")), None);
    }
}
