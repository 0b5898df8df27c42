//! Tasks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::read::{ids, parsed, texts};
use super::{Extra, is_unset};
use crate::value::{DateTime, flag, map, maybe, number};

/// A task: `tasks.task.*` of REST v2. Answers are in camel case, filters, selections and orders in upper
/// case (`RESPONSIBLE_ID`).
///
/// Made by [`Client::tasks`](crate::Client::tasks); what a field is for when it is read and written is told in
/// [`model`](crate::model).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
#[serde(default, rename_all = "camelCase")]
pub struct Task {
    /// Its number; 0 before the portal has it. Written by the portal.
    #[serde(with = "number", skip_serializing_if = "is_unset")]
    pub id: u64,
    /// Its name. A new task needs it.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What is to be done, with `BBCode` or HTML.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its state: 2 waiting, 3 in progress, 4 waiting for approval, 5 done, 6 put off.
    #[serde(with = "number::option", skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// 0 low, 1 normal, 2 high.
    #[serde(with = "number::option", skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// The rating: `P` good, `N` bad.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// The user who set it.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub created_by: Option<u64>,
    /// The user who does it. A new task needs one.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub responsible_id: Option<u64>,
    /// Users who help.
    #[serde(deserialize_with = "ids", skip_serializing_if = "Vec::is_empty")]
    pub accomplices: Vec<u64>,
    /// Users who watch.
    #[serde(deserialize_with = "ids", skip_serializing_if = "Vec::is_empty")]
    pub auditors: Vec<u64>,
    /// The project.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub group_id: Option<u64>,
    /// The task it is a part of.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<u64>,
    /// Its column on the board of the project.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub stage_id: Option<u64>,
    /// The flow it came by.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<u64>,
    /// To be done by.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DateTime>,
    /// When it is planned to begin.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub start_date_plan: Option<DateTime>,
    /// When it is planned to end.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub end_date_plan: Option<DateTime>,
    /// When it was begun. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub date_start: Option<DateTime>,
    /// When it was made. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub created_date: Option<DateTime>,
    /// The user who changed it last. Written by the portal.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<u64>,
    /// When it was changed last. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub changed_date: Option<DateTime>,
    /// The user who changed its state last. Written by the portal.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub status_changed_by: Option<u64>,
    /// When its state changed last. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub status_changed_date: Option<DateTime>,
    /// The user who finished it. Written by the portal.
    #[serde(with = "number::link", skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<u64>,
    /// When it was finished. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub closed_date: Option<DateTime>,
    /// When something happened last. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub activity_date: Option<DateTime>,
    /// The time it is expected to take, in seconds.
    #[serde(with = "number::option", skip_serializing_if = "Option::is_none")]
    pub time_estimate: Option<i64>,
    /// The time spent on it, in seconds. Written by the portal.
    #[serde(with = "number::option", skip_serializing_if = "Option::is_none")]
    pub time_spent_in_logs: Option<i64>,
    /// How long it is planned to last, in units of `durationType`.
    #[serde(with = "number::option", skip_serializing_if = "Option::is_none")]
    pub duration_plan: Option<i64>,
    /// The unit of durations: `secs`, `mins`, `hours`, `days`, `weeks` …
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub duration_type: Option<String>,
    /// Whether the responsible user may move the deadline.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub allow_change_deadline: Option<bool>,
    /// Whether time is tracked.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub allow_time_tracking: Option<bool>,
    /// Whether planned times skip what is no working time.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub match_work_time: Option<bool>,
    /// Whether the creator approves the result.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub task_control: Option<bool>,
    /// Whether it counts in the efficiency report.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub add_in_report: Option<bool>,
    /// Whether it was set to several users at once.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub multitask: Option<bool>,
    /// Whether it recurs.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub replicate: Option<bool>,
    /// Whether it was set to a subordinate. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub subordinate: Option<bool>,
    /// Whether the caller has it among favourites. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub favorite: Option<bool>,
    /// Whether the caller is not told about it. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub is_muted: Option<bool>,
    /// Whether the caller has pinned it. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub is_pinned: Option<bool>,
    /// Whether the caller has not seen it. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub not_viewed: Option<bool>,
    /// How many comments it has. Written by the portal.
    #[serde(with = "number::option", skip_serializing_if = "Option::is_none")]
    pub comments_count: Option<i64>,
    /// Whether the description is `BBCode`. Written by the portal.
    #[serde(with = "flag::option", skip_serializing_if = "Option::is_none")]
    pub description_in_bbcode: Option<bool>,
    /// Its id for exchange. Written by the portal.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub guid: Option<String>,
    /// Its id in an outside system: search by it before adding again.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub xml_id: Option<String>,
    /// The site: `s1`.
    #[serde(deserialize_with = "parsed", skip_serializing_if = "Option::is_none")]
    pub site_id: Option<String>,
    /// The CRM objects it is about: `D_5`, `CO_3`; each reads as an
    /// [`EntityRef`](crate::value::EntityRef).
    #[serde(deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub uf_crm_task: Vec<String>,
    /// The user who set it. Never sent.
    #[serde(with = "maybe", skip_serializing)]
    pub creator: Option<Person>,
    /// The user who does it. Never sent.
    #[serde(with = "maybe", skip_serializing)]
    pub responsible: Option<Person>,
    /// The project. Never sent.
    #[serde(with = "maybe", skip_serializing)]
    pub group: Option<Group>,
    /// What the caller may do with it, by name: `complete`, `edit`. Never sent.
    #[serde(with = "map", skip_serializing)]
    pub action: BTreeMap<String, bool>,
    /// Custom fields (`ufCrm_…`) and others that this model does not name.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A user as tasks show one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
#[serde(default, rename_all = "camelCase")]
pub struct Person {
    /// The user's id.
    #[serde(with = "number")]
    pub id: u64,
    /// First and last name.
    #[serde(deserialize_with = "parsed")]
    pub name: Option<String>,
    /// Position.
    #[serde(deserialize_with = "parsed")]
    pub work_position: Option<String>,
}

/// A project as tasks show it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
#[serde(default)]
pub struct Group {
    /// The project's id.
    #[serde(with = "number")]
    pub id: u64,
    /// Its name.
    #[serde(deserialize_with = "parsed")]
    pub name: Option<String>,
}
