//! `get`, `list` and `tail`.

use super::query::{self, invalid, misses, property};
use super::{Source, filter};
use crate::php::{Php, PhpArray};
use crate::play::{Answer, Call, JsonRows, Refusal, Reply};
use crate::settings::V3Profile;
use crate::world::filter::{Filter, Relation};
use crate::world::input::{Op, Rules, condition};
use crate::world::scan::{Scan, Sort};
use crate::world::table::Row;
use crate::world::{Entity, World};

/// The most that core methods give at once.
const CORE_CAP: i64 = 1_000;

pub(super) fn list(call: &mut Call<'_>, source: Source) -> Result<Reply, Refusal> {
    allow(call, source)?;
    let entity = source.entity(call.world);
    let cap = if source == Source::Tasks {
        call.portal.v3_task_list_cap
    } else {
        CORE_CAP
    };
    let shown = Shown::select(entity, source, call.params)?;
    let filter = filter::parse(entity, call.params.get("filter"), call.portal.v3)?;
    let order = query::order(entity, call.params)?;
    let (offset, limit) = query::window(call.params, cap)?;
    let scan = Scan {
        table: &entity.table,
        filter,
        order,
    };
    Ok(items(
        call.world,
        entity,
        &shown,
        &scan.window(offset, limit),
    ))
}

pub(super) fn get(call: &mut Call<'_>, source: Source) -> Result<Reply, Refusal> {
    allow(call, source)?;
    let id = query::id(call.params)?;
    let entity = source.entity(call.world);
    let shown = Shown::select(entity, source, call.params)?;
    let row = entity.table.find(id).ok_or_else(|| not_found(id))?;
    Ok(item(call.world, entity, &shown, row))
}

/// Rows strictly after the cursor, in its order.
pub(super) fn tail(call: &mut Call<'_>, source: Source) -> Result<Reply, Refusal> {
    allow(call, source)?;
    let entity = source.entity(call.world);
    let shown = Shown::select(entity, source, call.params)?;
    query::object(call.params, "cursor")?;
    let cursor = call.params.get("cursor").unwrap_or(&Php::Null);
    let name = cursor
        .get("field")
        .and_then(Php::as_str)
        .ok_or_else(|| misses("cursor.field", "The field `cursor.field` is required."))?;
    let is_missing =
        |value: &&Php| value.is_null() || (call.portal.v3 == V3Profile::V25 && value.is_empty());
    let value = cursor.get("value").filter(|value| !is_missing(value));
    let value =
        value.ok_or_else(|| misses("cursor.value", "The field `cursor.value` is required."))?;
    let entry = property(entity, name)?;
    let descending = cursor.get("order").map_or(Ok(false), query::descending)?;
    let limit = query::limit(cursor.get("limit"), CORE_CAP)?;

    let mut asked = Vec::new();
    filter::fields(call.params.get("filter"), &mut asked);
    if asked.iter().any(|field| field == name) {
        return Err(invalid(
            "INVALIDFILTEREXCEPTION",
            &format!("The cursor's field `{name}` may not appear in the filter."),
        ));
    }
    let relation = if descending {
        Relation::Below
    } else {
        Relation::Above
    };
    let value = query::typed(entry, value)?;
    let after = condition(
        &entity.table,
        entry.field,
        Op::Is(relation),
        false,
        &value,
        Rules::Strict,
    );
    let filter = filter::parse(entity, call.params.get("filter"), call.portal.v3)?;
    let filter = Filter::All(vec![after.unwrap_or(Filter::Always(false)), filter]);
    let scan = Scan {
        table: &entity.table,
        filter,
        order: vec![Sort {
            field: entry.field,
            descending,
        }],
    };
    Ok(items(call.world, entity, &shown, &scan.window(0, limit)))
}

/// The event log is the administrator's.
pub(super) fn allow(call: &Call<'_>, source: Source) -> Result<(), Refusal> {
    if source == Source::Events && call.actor.user_id != 1 {
        return Err(invalid("ACCESSDENIEDEXCEPTION", "Access denied.").status(403));
    }
    Ok(())
}

pub(super) fn not_found(id: i64) -> Refusal {
    invalid(
        "ENTITYNOTFOUNDEXCEPTION",
        &format!("Entity with id {id} not found."),
    )
}

/// `{item: {…}}` with every field.
pub(super) fn whole(world: &World, entity: &Entity, row: Row) -> Reply {
    let fields = (0..entity.v3.entries.len()).collect();
    item(
        world,
        entity,
        &Shown {
            fields,
            people: Vec::new(),
        },
        row,
    )
}

fn item(world: &World, entity: &Entity, shown: &Shown<'_>, row: Row) -> Reply {
    let mut json = Vec::new();
    shown.write(world, entity, row, &mut json);
    Reply::value(Php::map([(
        "item",
        Php::from_json(&json).unwrap_or_default(),
    )]))
}

fn items(world: &World, entity: &Entity, shown: &Shown<'_>, found: &[Row]) -> Reply {
    let mut rows = JsonRows::with_capacity(found.len(), found.len() * shown.fields.len() * 32);
    for &row in found {
        rows.push_with(|out| shown.write(world, entity, row, out));
    }
    Reply {
        answer: Answer::Rows {
            key: Some("items"),
            rows,
        },
        next: None,
        total: None,
    }
}

/// What a caller wants to see.
struct Shown<'a> {
    fields: Vec<usize>,
    /// `responsible.name`, `creator.email`: a relation, and a field of the user behind it.
    people: Vec<(&'a str, &'a str)>,
}

impl<'a> Shown<'a> {
    /// Without a select: everything in the core, only the id of tasks.
    fn select(entity: &Entity, source: Source, params: &'a Php) -> Result<Self, Refusal> {
        let mut shown = Self {
            fields: Vec::new(),
            people: Vec::new(),
        };
        let Some(names) = query::select(params)? else {
            let all = if source == Source::Tasks {
                1
            } else {
                entity.v3.entries.len()
            };
            return Ok(Self {
                fields: (0..all).collect(),
                ..shown
            });
        };
        for name in names {
            match name.split_once('.') {
                None => {
                    property(entity, name)?;
                    shown.fields.extend(
                        entity
                            .v3
                            .place(name)
                            .filter(|place| !shown.fields.contains(place)),
                    );
                }
                Some((
                    relation @ ("responsible" | "creator"),
                    field @ ("id" | "name" | "email"),
                )) if source == Source::Tasks => {
                    shown.people.push((relation, field));
                }
                Some((relation, _)) => {
                    return Err(invalid(
                        "INVALIDSELECTEXCEPTION",
                        &format!("Unknown relation in `{relation}`."),
                    ));
                }
            }
        }
        Ok(shown)
    }

    fn write(&self, world: &World, entity: &Entity, row: Row, out: &mut Vec<u8>) {
        entity.v3.open_row(&self.fields, &entity.table, row, out);
        for (relation, column) in [("creator", "CREATED_BY"), ("responsible", "RESPONSIBLE_ID")] {
            let wanted: Vec<&str> = self
                .people
                .iter()
                .filter(|(name, _)| *name == relation)
                .map(|(_, field)| *field)
                .collect();
            if wanted.is_empty() {
                continue;
            }
            if out.last() != Some(&b'{') {
                out.push(b',');
            }
            crate::php::json::write_key(&relation.into(), out);
            person(world, entity.table.number(row, column), &wanted).write_json(out);
        }
        out.push(b'}');
    }
}

fn person(world: &World, id: i64, wanted: &[&str]) -> Php {
    let users = &world.users.table;
    let Some(row) = users.find(id) else {
        return Php::Null;
    };
    let mut person = PhpArray::new();
    for field in wanted {
        let value = match *field {
            "id" => id.into(),
            "name" => format!(
                "{} {}",
                users.text(row, "NAME"),
                users.text(row, "LAST_NAME")
            )
            .into(),
            _ => users.text(row, "EMAIL").into(),
        };
        person.insert(*field, value);
    }
    person.into()
}
