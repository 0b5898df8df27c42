use super::standard;
use crate::world::schema::Field;
use crate::world::schema::Kind::{
    Code, DateTime, Flag, Integer, Reference, References, Text, Texts,
};
use crate::world::view::Words;

/// Tasks: `tasks.task.*` of both versions.
pub(in crate::world) const TASK: &[Field] = &[
    standard::ID,
    Field::new("PARENT_ID", "parentId", Reference("task"), "Parent task").rare(),
    Field::new("TITLE", "title", Text, "Title").required(),
    Field::new("DESCRIPTION", "description", Text, "Description").code(""),
    Field::new("MARK", "mark", Code, "Rating"),
    Field::new("PRIORITY", "priority", Integer, "Priority").number(1),
    Field::new("MULTITASK", "multitask", Flag, "For several people").number(0),
    Field::new("NOT_VIEWED", "notViewed", Flag, "Not viewed")
        .number(0)
        .read_only(),
    Field::new("REPLICATE", "replicate", Flag, "Recurring").number(0),
    Field::new("STAGE_ID", "stageId", Integer, "Stage").number(0),
    Field::new("SPRINT_ID", "sprintId", Integer, "Sprint").rare(),
    Field::new("BACKLOG_ID", "backlogId", Integer, "Backlog").rare(),
    Field::new("CREATED_BY", "createdBy", Reference("user"), "Created by"),
    Field::new("CREATED_DATE", "createdDate", DateTime, "Created on").read_only(),
    Field::new(
        "RESPONSIBLE_ID",
        "responsibleId",
        Reference("user"),
        "Responsible person",
    )
    .required(),
    Field::new("CHANGED_BY", "changedBy", Reference("user"), "Modified by").read_only(),
    Field::new("CHANGED_DATE", "changedDate", DateTime, "Modified on").read_only(),
    Field::new(
        "STATUS_CHANGED_BY",
        "statusChangedBy",
        Reference("user"),
        "Status changed by",
    )
    .read_only(),
    Field::new(
        "STATUS_CHANGED_DATE",
        "statusChangedDate",
        DateTime,
        "Status changed on",
    )
    .read_only(),
    Field::new("CLOSED_BY", "closedBy", Reference("user"), "Closed by").read_only(),
    Field::new("CLOSED_DATE", "closedDate", DateTime, "Closed on").read_only(),
    Field::new("ACTIVITY_DATE", "activityDate", DateTime, "Last activity").read_only(),
    Field::new("DATE_START", "dateStart", DateTime, "Started on").rare(),
    Field::new("DEADLINE", "deadline", DateTime, "Deadline"),
    Field::new(
        "START_DATE_PLAN",
        "startDatePlan",
        DateTime,
        "Planned start",
    )
    .rare(),
    Field::new("END_DATE_PLAN", "endDatePlan", DateTime, "Planned end").rare(),
    Field::new("GUID", "guid", Text, "GUID").read_only(),
    standard::XML_ID,
    Field::new("COMMENTS_COUNT", "commentsCount", Integer, "Comments")
        .rare()
        .read_only(),
    Field::new(
        "ALLOW_CHANGE_DEADLINE",
        "allowChangeDeadline",
        Flag,
        "Deadline may be moved",
    )
    .number(1),
    Field::new(
        "ALLOW_TIME_TRACKING",
        "allowTimeTracking",
        Flag,
        "Time is tracked",
    )
    .number(0),
    Field::new("TASK_CONTROL", "taskControl", Flag, "To be approved").number(0),
    Field::new("ADD_IN_REPORT", "addInReport", Flag, "In report").number(0),
    Field::new("TIME_ESTIMATE", "timeEstimate", Integer, "Estimated time").number(0),
    Field::new(
        "TIME_SPENT_IN_LOGS",
        "timeSpentInLogs",
        Integer,
        "Time spent",
    )
    .rare()
    .read_only(),
    Field::new("MATCH_WORK_TIME", "matchWorkTime", Flag, "Skip days off").number(0),
    Field::new("SITE_ID", "siteId", Code, "Site").code("s1"),
    Field::new("SUBORDINATE", "subordinate", Flag, "Subordinate")
        .number(0)
        .read_only(),
    Field::new("DURATION_PLAN", "durationPlan", Integer, "Planned duration").rare(),
    Field::new("DURATION_TYPE", "durationType", Code, "Unit of duration").code("days"),
    Field::new("IS_MUTED", "isMuted", Flag, "Muted")
        .number(0)
        .read_only(),
    Field::new("IS_PINNED", "isPinned", Flag, "Pinned")
        .number(0)
        .read_only(),
    Field::new(
        "IS_PINNED_IN_GROUP",
        "isPinnedInGroup",
        Flag,
        "Pinned in group",
    )
    .number(0)
    .read_only(),
    Field::new("FLOW_ID", "flowId", Integer, "Flow").rare(),
    Field::new(
        "DESCRIPTION_IN_BBCODE",
        "descriptionInBbcode",
        Flag,
        "BBCode",
    )
    .number(1)
    .read_only(),
    Field::new("STATUS", "status", Integer, "Status").number(2),
    Field::new("FAVORITE", "favorite", Flag, "Favourite")
        .number(0)
        .read_only(),
    Field::new("GROUP_ID", "groupId", Reference("group"), "Project").number(0),
    Field::new("AUDITORS", "auditors", References("user"), "Observers"),
    Field::new(
        "ACCOMPLICES",
        "accomplices",
        References("user"),
        "Participants",
    ),
    Field::new("UF_CRM_TASK", "ufCrmTask", Texts, "CRM items"),
];

/// A field of v3, the field behind it, and the words for its numbers.
pub(in crate::world) type TaskV3 = (&'static str, &'static str, Words);

/// Names of v3, which differ from those of v2.
pub(in crate::world) const TASK_V3: &[TaskV3] = &[
    ("id", "ID", &[]),
    ("title", "TITLE", &[]),
    ("description", "DESCRIPTION", &[]),
    ("creatorId", "CREATED_BY", &[]),
    ("created", "CREATED_DATE", &[]),
    ("responsibleId", "RESPONSIBLE_ID", &[]),
    ("deadline", "DEADLINE", &[]),
    ("needsControl", "TASK_CONTROL", &[]),
    ("startPlan", "START_DATE_PLAN", &[]),
    ("endPlan", "END_DATE_PLAN", &[]),
    ("groupId", "GROUP_ID", &[]),
    ("stageId", "STAGE_ID", &[]),
    ("flowId", "FLOW_ID", &[]),
    (
        "priority",
        "PRIORITY",
        &[(0, "low"), (1, "average"), (2, "high")],
    ),
    ("status", "STATUS", STATUSES),
    ("statusChanged", "STATUS_CHANGED_DATE", &[]),
    ("parentId", "PARENT_ID", &[]),
    ("plannedDuration", "DURATION_PLAN", &[]),
    ("durationType", "DURATION_TYPE", &[]),
    ("started", "DATE_START", &[]),
    ("estimatedTime", "TIME_ESTIMATE", &[]),
    ("replicate", "REPLICATE", &[]),
    ("changed", "CHANGED_DATE", &[]),
    ("changedById", "CHANGED_BY", &[]),
    ("statusChangedById", "STATUS_CHANGED_BY", &[]),
    ("closedById", "CLOSED_BY", &[]),
    ("closed", "CLOSED_DATE", &[]),
    ("activity", "ACTIVITY_DATE", &[]),
    ("guid", "GUID", &[]),
    ("xmlId", "XML_ID", &[]),
    ("mark", "MARK", &[]),
    ("allowsChangeDeadline", "ALLOW_CHANGE_DEADLINE", &[]),
    ("allowsTimeTracking", "ALLOW_TIME_TRACKING", &[]),
    ("matchesWorkTime", "MATCH_WORK_TIME", &[]),
    ("addInReport", "ADD_IN_REPORT", &[]),
    ("isMultitask", "MULTITASK", &[]),
    ("siteId", "SITE_ID", &[]),
    ("crmItemIds", "UF_CRM_TASK", &[]),
];

/// States of tasks: numbers in v2, words in v3.
const STATUSES: Words = &[
    (2, "pending"),
    (3, "in_progress"),
    (4, "supposedly_completed"),
    (5, "completed"),
    (6, "deferred"),
];
