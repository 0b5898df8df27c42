//! `filter`, `order` and `select` as v2 writes them: the operator stands before the field's name.

use crate::php::{Key, Php};
use crate::play::Refusal;
use crate::world::filter::{Filter, Relation};
use crate::world::input::{Op, Rules, condition};
use crate::world::scan::Sort;
use crate::world::schema::Kind;
use crate::world::table::Table;
use crate::world::view::{Entry, Group, View};

/// Operators of the classic builder in the order in which it looks for them.
const CLASSIC: &[(&str, Op)] = &[
    (">=", Op::Is(Relation::AtLeast)),
    (">", Op::Is(Relation::Above)),
    ("<=", Op::Is(Relation::AtMost)),
    ("<", Op::Is(Relation::Below)),
    ("@", Op::In),
    ("=%", Op::Like),
    ("%=", Op::Like),
    ("%", Op::Contains),
    ("?", Op::Contains),
    ("*=", Op::Contains),
    ("*%", Op::Contains),
    ("*", Op::Contains),
    ("=", Op::Is(Relation::Equal)),
];

/// Operators of controllers, the longest first; the flag is negation.
const CONTROLLER: &[(&str, Op, bool)] = &[
    ("!><", Op::Between, true),
    ("!=%", Op::Like, true),
    ("!%=", Op::Like, true),
    ("><", Op::Between, false),
    ("!@", Op::In, true),
    ("!%", Op::Contains, true),
    ("!=", Op::Is(Relation::Equal), true),
    (">=", Op::Is(Relation::AtLeast), false),
    ("<=", Op::Is(Relation::AtMost), false),
    ("=%", Op::Like, false),
    ("%=", Op::Like, false),
    (">", Op::Is(Relation::Above), false),
    ("<", Op::Is(Relation::Below), false),
    ("@", Op::In, false),
    ("%", Op::Contains, false),
    ("=", Op::Is(Relation::Equal), false),
    ("!", Op::Is(Relation::Equal), true),
];

/// A filter of the classic builder. Names that `find` does not know fall away silently, with their condition.
pub(super) fn classic_filter<'v>(
    table: &Table,
    filter: Option<&Php>,
    find: &impl Fn(&str) -> Option<&'v Entry>,
) -> Filter {
    let Some(Php::Array(filter)) = filter else {
        return Filter::Always(true);
    };
    let any = filter
        .iter()
        .any(|(key, value)| is_logic(key) && value.to_text().eq_ignore_ascii_case("OR"));
    let mut parts = Vec::new();
    for (key, value) in filter.iter().filter(|(key, _)| !is_logic(key)) {
        let name = key.text();
        if matches!(key, Key::Int(_)) || name.starts_with("__INNER_FILTER") {
            if value.as_array().is_some() {
                parts.push(classic_filter(table, Some(value), find));
            }
            continue;
        }
        let (negated, rest) = name
            .strip_prefix('!')
            .map_or((false, &*name), |rest| (true, rest));
        let rest = rest.strip_prefix('+').unwrap_or(rest);
        let equal = ("", Op::Is(Relation::Equal));
        let (mark, op) = CLASSIC
            .iter()
            .copied()
            .find(|(mark, _)| rest.starts_with(mark))
            .unwrap_or(equal);
        let Some(entry) = find(&rest[mark.len()..]) else {
            continue;
        };
        let is_like = matches!(op, Op::Like | Op::Contains);
        let op = match entry.kind {
            Kind::Status(_) | Kind::Currency | Kind::Reference(_) if is_like => {
                Op::Is(Relation::Equal)
            }
            _ => op,
        };
        // The old builder does not know a negated LIKE.
        parts.extend(condition(
            table,
            entry.field,
            op,
            negated && !is_like,
            value,
            Rules::Loose,
        ));
    }
    join(any, parts)
}

/// A filter of `crm.item.*`: unknown names are refused.
pub(super) fn controller_filter(
    table: &Table,
    filter: Option<&Php>,
    view: &View,
) -> Result<Filter, Refusal> {
    let Some(Php::Array(filter)) = filter else {
        return Ok(Filter::Always(true));
    };
    let any = filter
        .iter()
        .any(|(key, value)| is_logic(key) && value.to_text().eq_ignore_ascii_case("OR"));
    let mut parts = Vec::new();
    for (key, value) in filter.iter().filter(|(key, _)| !is_logic(key)) {
        if matches!(key, Key::Int(_)) {
            if value.as_array().is_some() {
                parts.push(controller_filter(table, Some(value), view)?);
            }
            continue;
        }
        let name = key.text().replace('.', "");
        let equal = ("", Op::Is(Relation::Equal), false);
        let (mark, op, negated) = CONTROLLER
            .iter()
            .copied()
            .find(|(mark, ..)| name.starts_with(mark))
            .unwrap_or(equal);
        let field = &name[mark.len()..];
        let unknown = || {
            Refusal::new(
                "INVALID_ARG_VALUE",
                format!("Invalid filter: field '{field}' is not allowed in filter"),
            )
        };
        let entry = view.entry(field).ok_or_else(unknown)?;
        parts.extend(condition(
            table,
            entry.field,
            op,
            negated,
            value,
            Rules::Loose,
        ));
    }
    Ok(join(any, parts))
}

fn is_logic(key: &Key) -> bool {
    matches!(key, Key::Str(name) if name.eq_ignore_ascii_case("logic"))
}

fn join(any: bool, mut parts: Vec<Filter>) -> Filter {
    match parts.len() {
        0 => Filter::Always(true),
        1 => parts.remove(0),
        _ if any => Filter::Any(parts),
        _ => Filter::All(parts),
    }
}

/// An order of the classic builder: unknown names are passed over, all but ASC is descending.
pub(super) fn classic_order<'v>(
    order: Option<&Php>,
    find: &impl Fn(&str) -> Option<&'v Entry>,
) -> Vec<Sort> {
    let Some(Php::Array(order)) = order else {
        return Vec::new();
    };
    let key = |(name, direction): (&Key, &Php)| {
        let field = find(&name.text())?.field;
        Some(Sort {
            field,
            descending: !direction.to_text().eq_ignore_ascii_case("ASC"),
        })
    };
    order.iter().filter_map(key).collect()
}

/// An order of `crm.item.*`: unknown names and directions are refused.
pub(super) fn controller_order(order: Option<&Php>, view: &View) -> Result<Vec<Sort>, Refusal> {
    let Some(Php::Array(order)) = order else {
        return Ok(Vec::new());
    };
    let key = |(name, direction): (&Key, &Php)| {
        let (name, direction) = (name.text(), direction.to_text());
        let refuse = |text: String| Refusal::new("INVALID_ARG_VALUE", text);
        let unknown = || {
            refuse(format!(
                "Invalid order: field '{name}' is not allowed in order"
            ))
        };
        let field = view.entry(&name).ok_or_else(unknown)?.field;
        match direction.to_ascii_uppercase().as_str() {
            "ASC" => Ok(Sort {
                field,
                descending: false,
            }),
            "DESC" => Ok(Sort {
                field,
                descending: true,
            }),
            _ => Err(refuse(format!(
                "Invalid order: allowed values for '{name}' are ASC and DESC, got '{direction}'"
            ))),
        }
    };
    order.iter().map(key).collect()
}

/// A classic select: nothing or `*` are the standard fields, `UF_*` the custom ones; the id comes with what is kept
/// beside the row.
pub(super) fn classic_select(select: Option<&Php>, view: &View) -> Vec<usize> {
    let mut selected = Vec::new();
    let mut add = |place: usize| {
        if !selected.contains(&place) {
            selected.push(place);
        }
    };
    for name in names(select) {
        match name.as_str() {
            "*" => view
                .of_groups(&[Group::Standard])
                .into_iter()
                .for_each(&mut add),
            "UF_*" => view
                .of_groups(&[Group::Custom])
                .into_iter()
                .for_each(&mut add),
            name => view.place(name).into_iter().for_each(&mut add),
        }
    }
    if selected.is_empty() {
        return view.of_groups(&[Group::Standard]);
    }
    let id = view
        .entries
        .iter()
        .position(|entry| entry.field == crate::world::table::ID);
    let beside = selected
        .iter()
        .any(|&place| view.entries[place].group != Group::Standard);
    match id {
        Some(id) if beside && !selected.contains(&id) => selected.insert(0, id),
        _ => {}
    }
    selected
}

/// A select of `crm.item.*`; `None` stands for everything.
pub(super) fn controller_select(select: Option<&Php>, view: &View) -> Option<Vec<usize>> {
    let names = names(select);
    if names.is_empty() || names.iter().any(|name| name == "*") {
        return None;
    }
    let mut selected: Vec<usize> = Vec::new();
    for place in names.iter().filter_map(|name| view.place(name)) {
        if !selected.contains(&place) {
            selected.push(place);
        }
    }
    Some(selected)
}

/// The names of a select: a list, or a single name.
pub(super) fn names(select: Option<&Php>) -> Vec<String> {
    match select {
        Some(Php::Array(names)) => names
            .values()
            .map(|name| name.to_text().into_owned())
            .collect(),
        Some(Php::Str(name)) if !name.is_empty() => vec![name.to_string()],
        _ => Vec::new(),
    }
}
