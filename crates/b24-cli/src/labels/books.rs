//! Which directory of the portal has the texts of a field.

use super::Book;
use crate::entity::Entity;
use crate::fields::Field;

/// A directory of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Directory {
    /// The field's own choices.
    Choices,
    /// `crm.status.list`, entries of a type; of all stages if none is named.
    Statuses(Option<String>),
    Categories,
    Currencies,
    Users,
}

/// Tasks describe these as numbers.
const TASK_USERS: &[&str] = &[
    "responsibleId",
    "createdBy",
    "changedBy",
    "closedBy",
    "statusChangedBy",
    "accomplices",
    "auditors",
];

/// Where the texts of a field are; none if its values are no codes.
pub(super) fn directory(field: &Field, entity: &Entity) -> Option<Directory> {
    if !field.items.is_empty() {
        return Some(Directory::Choices);
    }
    match field.kind.to_lowercase().as_str() {
        "user" | "employee" => Some(Directory::Users),
        "crm_status" => Some(Directory::Statuses(field.status_type.clone())),
        "crm_category" => Some(Directory::Categories),
        "crm_currency" => Some(Directory::Currencies),
        _ if entity.method.to_lowercase().starts_with("tasks.task.")
            && TASK_USERS.contains(&field.key.as_str()) =>
        {
            Some(Directory::Users)
        }
        _ => None,
    }
}

/// One entry of `crm.status.list`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Status {
    #[serde(rename = "ENTITY_ID")]
    pub(super) kind: String,
    #[serde(rename = "STATUS_ID")]
    pub(super) code: String,
    #[serde(rename = "NAME")]
    pub(super) text: String,
}

/// The entries of a type. A type of stages is one of all pipelines: `DEAL_STAGE` has the entries
/// of `DEAL_STAGE_2` too, whose codes differ (`C2:NEW`).
pub(super) fn statuses(all: &[Status], kind: Option<&str>) -> Book {
    let fits = |status: &&Status| match kind {
        Some(kind) => pipeline(&status.kind) == pipeline(kind),
        None => status.code.contains(':'),
    };
    let each = all.iter().filter(fits);
    each.map(|status| (status.code.clone(), status.text.clone()))
        .collect()
}

/// The type without the number of a pipeline.
fn pipeline(kind: &str) -> &str {
    numbered(kind).0
}

/// `DEAL_STAGE_2` as the type of all pipelines and the number of this one; deals of the first have
/// no number.
pub(super) fn numbered(kind: &str) -> (&str, &str) {
    match kind.rsplit_once('_') {
        Some((base, number))
            if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            (base, number)
        }
        _ => (kind, "0"),
    }
}

/// Whether a type is of stages, which each pipeline has of its own.
pub(super) fn has_pipelines(kind: &str) -> bool {
    pipeline(kind).ends_with("_STAGE")
}
