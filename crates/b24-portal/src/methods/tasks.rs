//! `tasks.task.*` of v2: questions in `UPPER_SNAKE`, answers in camelCase, ids as text.

#![expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]

use super::grammar::{classic_filter, classic_order, names};
use super::page::Page;
use super::{optional_array, required, v2};
use crate::php::{Php, PhpArray, json};
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::input::cell;
use crate::world::scan::Scan;
use crate::world::schema::Access;
use crate::world::table::{FieldNo, Row};
use crate::world::view::Entry;
use crate::world::{Cell, Event, World};

pub(super) const METHODS: &[Method] = &[
    v2("tasks.task.add", "task", add),
    v2("tasks.task.get", "task", get),
    v2("tasks.task.list", "task", list),
    v2("tasks.task.update", "task", update),
    v2("tasks.task.delete", "task", delete),
    v2("tasks.task.getFields", "task", fields),
];

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (world, tasks) = (&*call.world, &call.world.tasks);
    // Filters know upper case only; `>id` is passed over, and the same page comes again.
    let upper = |name: &str| {
        asked(world, name).filter(|_| name.chars().all(|letter| !letter.is_ascii_lowercase()))
    };
    let scan = Scan {
        table: &tasks.table,
        filter: classic_filter(&tasks.table, optional_array(call, "filter")?, &upper),
        order: classic_order(optional_array(call, "order")?, &|name: &str| {
            asked(world, name)
        }),
    };
    let page = Page::controller(&scan, call.start);
    let shown = Shown::select(world, call.params.get("select"));
    Ok(page.reply(
        Some("tasks"),
        &tasks.table,
        &tasks.camel,
        &shown.fields,
        |row, out| shown.write_people(world, row, out),
    ))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let row = row(call)?;
    Ok(task(
        call.world,
        &Shown::select(call.world, call.params.get("select")),
        row,
    ))
}

fn add(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let changes = changes(call)?;
    let given = |name: &str| {
        let field = call.world.tasks.table.field_no(name);
        changes.iter().any(|(known, cell)| {
            Some(*known) == field && !matches!(cell, Cell::Null | Cell::Number(0))
        })
    };
    if !given("TITLE") {
        return Err(failed("The task title is not specified"));
    }
    let has_responsible = given("RESPONSIBLE_ID");
    if !has_responsible {
        return Err(failed("The responsible person is not specified"));
    }
    let row = insert(call, &changes);
    Ok(task(call.world, &Shown::select(call.world, None), row))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let row = row(call)?;
    let changes = changes(call)?;
    change(call, row, &changes);
    Ok(task(call.world, &Shown::select(call.world, None), row))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = required(call.params, "taskId")?.to_int();
    if !remove(call, id) {
        return Err(Refusal::new(
            "1048582",
            "Action on the task is not allowed or the task does not exist",
        ));
    }
    Ok(Reply::value(Php::map([("task", true.into())])))
}

fn fields(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let described = call.world.tasks.table.fields().iter().map(|field| {
        let kind = if field.kind.is_time() {
            "datetime"
        } else if field.kind.is_list() {
            "array"
        } else if field.kind.is_number() {
            "integer"
        } else {
            "string"
        };
        let mut entry: PhpArray = [("title", field.title.into()), ("type", kind.into())]
            .into_iter()
            .collect();
        if field.name == "ID" {
            entry.insert("primary", true.into());
        }
        if field.required {
            entry.insert("required", true.into());
        }
        (field.name, entry.into())
    });
    Ok(Reply::value(Php::map([("fields", Php::map(described))])))
}

/// Adds a task.
pub(super) fn insert(call: &mut Call<'_>, changes: &[(FieldNo, Cell)]) -> Row {
    let (actor, now) = (call.actor.user_id, call.now);
    let table = &mut call.world.tasks.table;
    let row = table.append();
    for author in [
        "CREATED_BY",
        "CHANGED_BY",
        "STATUS_CHANGED_BY",
        "RESPONSIBLE_ID",
    ] {
        table.set_named(row, author, actor);
    }
    for moment in [
        "CREATED_DATE",
        "CHANGED_DATE",
        "STATUS_CHANGED_DATE",
        "ACTIVITY_DATE",
    ] {
        table.set_named(row, moment, now);
    }
    let id = table.id(row);
    table.set_named(
        row,
        "GUID",
        format!("{{00000000-0000-4000-8000-{id:012X}}}").as_str(),
    );
    for (field, cell) in changes {
        table.set(row, *field, cell);
    }
    close_if_done(call, row);
    note(call, row, "TASKS_TASK_ADD");
    row
}

/// Changes a task.
pub(super) fn change(call: &mut Call<'_>, row: Row, changes: &[(FieldNo, Cell)]) {
    let (actor, now) = (call.actor.user_id, call.now);
    let table = &mut call.world.tasks.table;
    let before = table.number(row, "STATUS");
    for (field, cell) in changes {
        table.set(row, *field, cell);
    }
    table.set_named(row, "CHANGED_BY", actor);
    for moment in ["CHANGED_DATE", "ACTIVITY_DATE"] {
        table.set_named(row, moment, now);
    }
    if table.number(row, "STATUS") != before {
        table.set_named(row, "STATUS_CHANGED_BY", actor);
        table.set_named(row, "STATUS_CHANGED_DATE", now);
        close_if_done(call, row);
    }
    note(call, row, "TASKS_TASK_UPDATE");
}

/// Deletes a task; false if there is none.
pub(super) fn remove(call: &mut Call<'_>, id: i64) -> bool {
    let Some(row) = call.world.tasks.table.find(id) else {
        return false;
    };
    note(call, row, "TASKS_TASK_DELETE");
    call.world.tasks.table.delete(id)
}

fn close_if_done(call: &mut Call<'_>, row: Row) {
    let table = &mut call.world.tasks.table;
    let done = table.number(row, "STATUS") == 5;
    let (by, at) = if done {
        (Cell::Number(call.actor.user_id), Cell::Number(call.now))
    } else {
        (Cell::Null, Cell::Null)
    };
    table.set_named(row, "CLOSED_BY", &by);
    table.set_named(row, "CLOSED_DATE", &at);
}

fn note(call: &mut Call<'_>, row: Row, audit_type: &str) {
    let id = call.world.tasks.table.id(row).to_string();
    call.world.note(
        call.now,
        call.actor.user_id,
        &Event {
            audit_type,
            module: "tasks",
            item: &id,
        },
    );
}

/// A field by its name in either case; `REAL_STATUS` is what is stored.
fn asked<'a>(world: &'a World, name: &str) -> Option<&'a Entry> {
    let name = match name {
        "REAL_STATUS" => "STATUS",
        "AUDITOR" => "AUDITORS",
        "ACCOMPLICE" => "ACCOMPLICES",
        name => name,
    };
    world.tasks.camel.entry(name)
}

/// The task that `taskId` names.
fn row(call: &Call<'_>) -> Result<Row, Refusal> {
    let id = required(call.params, "taskId")?.to_int();
    let unknown = || Refusal::new("0", "Task not found or access denied");
    call.world.tasks.table.find(id).ok_or_else(unknown)
}

fn changes(call: &Call<'_>) -> Result<Vec<(FieldNo, Cell)>, Refusal> {
    required(call.params, "fields")?;
    let fields = optional_array(call, "fields")?.and_then(Php::as_array);
    let table = &call.world.tasks.table;
    let changes = fields
        .into_iter()
        .flat_map(PhpArray::iter)
        .filter_map(|(name, value)| {
            let field = asked(call.world, &name.text())?.field;
            (table.field(field).access != Access::Read)
                .then(|| (field, cell(table.field(field), value)))
        });
    Ok(changes.collect())
}

/// What a caller wants to see of a task.
struct Shown {
    fields: Vec<usize>,
    creator: bool,
    responsible: bool,
    group: bool,
}

impl Shown {
    /// Nothing or `*` is everything; the id always comes.
    fn select(world: &World, select: Option<&Php>) -> Self {
        let names = names(select);
        let view = &world.tasks.camel;
        if names.is_empty() || names.iter().any(|name| name == "*") {
            return Self {
                fields: (0..view.entries.len()).collect(),
                creator: true,
                responsible: true,
                group: true,
            };
        }
        let mut fields: Vec<usize> = vec![0];
        for place in names.iter().filter_map(|name| view.place(name)) {
            if !fields.contains(&place) {
                fields.push(place);
            }
        }
        let has = |name: &str| {
            fields
                .iter()
                .any(|&place| &*view.entries[place].name == name)
        };
        let [creator, responsible, group] = ["createdBy", "responsibleId", "groupId"].map(has);
        Self {
            fields,
            creator,
            responsible,
            group,
        }
    }

    /// The people and the project behind ids.
    fn write_people(&self, world: &World, row: Row, out: &mut Vec<u8>) {
        if self.group {
            out.extend_from_slice(b",\"group\":[]");
        }
        for (shown, key, field) in [
            (self.creator, "creator", "CREATED_BY"),
            (self.responsible, "responsible", "RESPONSIBLE_ID"),
        ] {
            if shown {
                out.push(b',');
                json::write_key(&key.into(), out);
                person(world, world.tasks.table.number(row, field)).write_json(out);
            }
        }
    }
}

fn person(world: &World, id: i64) -> Php {
    let users = &world.users.table;
    let Some(row) = users.find(id) else {
        return Php::empty_array();
    };
    Php::map([
        ("id", id.to_string().into()),
        (
            "name",
            format!(
                "{} {}",
                users.text(row, "NAME"),
                users.text(row, "LAST_NAME")
            )
            .into(),
        ),
        ("link", format!("/company/personal/user/{id}/").into()),
        ("icon", "/bitrix/images/tasks/default_avatar.png".into()),
        ("workPosition", users.text(row, "WORK_POSITION").into()),
    ])
}

/// `{task: {…}}` with what may be done to it.
fn task(world: &World, shown: &Shown, row: Row) -> Reply {
    const ACTIONS: [(&str, bool); 8] = [
        ("accept", false),
        ("decline", false),
        ("complete", true),
        ("approve", false),
        ("start", true),
        ("delegate", true),
        ("remove", true),
        ("edit", true),
    ];
    let tasks = &world.tasks;
    let mut json = Vec::new();
    tasks
        .camel
        .open_row(&shown.fields, &tasks.table, row, &mut json);
    shown.write_people(world, row, &mut json);
    json.extend_from_slice(b",\"action\":");
    Php::map(ACTIONS.map(|(name, allowed)| (name, allowed.into()))).write_json(&mut json);
    json.push(b'}');
    Reply::value(Php::map([(
        "task",
        Php::from_json(&json).unwrap_or_default(),
    )]))
}

fn failed(text: &str) -> Refusal {
    Refusal::new(
        "ERROR_CORE",
        format!("TASKS_ERROR_EXCEPTION_#8; {text}; 8/TE/ACTION_FAILED_TO_BE_PROCESSED"),
    )
}
