//! REST 3.0: strict types, filters as lists of conditions, no totals.

mod aggregate;
mod fields;
mod filter;
mod meta;
mod query;
mod read;
mod write;

use crate::play::{Method, Play, Version};
use crate::world::{Entity, World};

pub(super) const METHODS: &[Method] = &[
    v3("tasks.task.add", "tasks", write::add),
    v3("tasks.task.get", "tasks", |call| {
        read::get(call, Source::Tasks)
    }),
    v3("tasks.task.list", "tasks", |call| {
        read::list(call, Source::Tasks)
    }),
    v3("tasks.task.update", "tasks", write::update),
    v3("tasks.task.delete", "tasks", write::delete),
    v3("tasks.task.aggregate", "tasks", |call| {
        aggregate::answer(call, Source::Tasks)
    }),
    v3("tasks.task.field.list", "tasks", |call| {
        fields::list(call, Source::Tasks)
    }),
    v3("tasks.task.field.get", "tasks", |call| {
        fields::get(call, Source::Tasks)
    }),
    v3("main.eventlog.get", "main", |call| {
        read::get(call, Source::Events)
    }),
    v3("main.eventlog.list", "main", |call| {
        read::list(call, Source::Events)
    }),
    v3("main.eventlog.tail", "main", |call| {
        read::tail(call, Source::Events)
    }),
    v3("main.eventlog.aggregate", "main", |call| {
        aggregate::answer(call, Source::Events)
    }),
    v3("main.eventlog.field.list", "main", |call| {
        fields::list(call, Source::Events)
    }),
    v3("main.eventlog.field.get", "main", |call| {
        fields::get(call, Source::Events)
    }),
    v3("rest.scope.list", "", meta::scopes),
    v3("rest.documentation.openapi", "", meta::openapi),
];

const fn v3(name: &'static str, scope: &'static str, play: Play) -> Method {
    Method {
        name,
        version: Version::V3,
        scope,
        app_only: false,
        play,
    }
}

/// What a method of v3 works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Tasks,
    Events,
}

impl Source {
    const fn entity(self, world: &World) -> &Entity {
        match self {
            Self::Tasks => &world.tasks,
            Self::Events => &world.events,
        }
    }
}
