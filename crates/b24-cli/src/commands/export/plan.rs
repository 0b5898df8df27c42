//! What will be sent, and in which columns it comes out.

use std::collections::BTreeSet;

use anyhow::Result;

use super::fields::{self, Known};
use super::ids::Asked;
use super::request::{Request, wrong_filter};
use crate::catalogue::{Method, Version};
use crate::connection::{Connection, WithLabels};
use crate::entity::Entity;
use crate::failure::Failure;
use crate::fields::{Fields, row_key};
use crate::filter::Target;
use crate::formats::{CsvFor, FileType, Format};
use crate::labels::Labelling;
use crate::parameters::{self, Tree};
use crate::resume::Question;
use crate::session::Session;

/// Columns of a table when nobody says which: of these, those that the entity has.
const TABLE: &[&str] = &[
    "id",
    "title",
    "name",
    "lastName",
    "email",
    "stageId",
    "status",
    "opportunity",
    "currencyId",
    "deadline",
    "assignedById",
    "responsibleId",
    "createdTime",
    "createdDate",
    "dateCreate",
];

/// One list, ready to be read.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) entity: Entity,
    /// The entity's own parameters and those of `--param`.
    pub(super) params: Tree,
    pub(super) filter: Option<Tree>,
    /// The names that are sent; none: the method's own choice.
    pub(super) select: Option<Vec<String>>,
    /// A field and `ASC` or `DESC`.
    pub(super) order: Vec<(String, &'static str)>,
    pub(super) by_offset: bool,
    pub(super) limit: Option<u64>,
    pub(super) ids: Option<Vec<String>>,
    pub(super) file_type: FileType,
    pub(super) csv_for: Option<CsvFor>,
    /// The columns of a CSV file or table.
    pub(super) columns: Vec<String>,
    /// The keys of a row that the user asked for; none for all.
    pub(super) only: Option<Vec<String>>,
    /// What is put in place of codes.
    pub(super) labels: Option<Labelling>,
    /// What the portal says about the fields, if it was asked.
    pub(super) fields: Option<Fields>,
    /// Whether the fields were chosen, by the user or for a table.
    pub(super) chosen: bool,
    /// Whether the method knows the operator `@`.
    pub(super) knows_in: bool,
}

impl Plan {
    /// What is wanted of rows that are read by their ids.
    pub(super) fn by_id(&self) -> Asked<'_> {
        Asked {
            entity: &self.entity,
            params: &self.params,
            filter: self.filter.as_ref(),
            select: self.select.as_deref(),
            knows_in: self.knows_in,
        }
    }

    /// What a file of this plan answers.
    pub(super) fn question(&self, connection: &Connection) -> Question {
        Question::default()
            .with("portal", &connection.caller())
            .with(
                "method",
                &(&self.entity.method, self.entity.version.to_string()),
            )
            .with("parameters", &self.params)
            .with("filter", &self.filter)
            .with("select", &(&self.select, &self.only))
            .with("columns", &self.columns)
            .with("order", &(&self.order, self.by_offset))
            .with("limit", &self.limit)
            .with("ids", &self.ids)
            .with(
                "format",
                &format!("{:?} {:?}", self.file_type, self.csv_for),
            )
    }
}

/// Dates without a time in a filter, the portal reads them as midnight of its own zone.
pub(super) fn bare_dates(filter: &Tree) -> BTreeSet<&str> {
    match filter {
        Tree::Text(text) if text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok() => {
            BTreeSet::from([text.as_str()])
        }
        Tree::List(values) => values.iter().flat_map(bare_dates).collect(),
        Tree::Map(entries) => entries
            .iter()
            .flat_map(|(_, value)| bare_dates(value))
            .collect(),
        _ => BTreeSet::new(),
    }
}

/// Checks the request against the entity's fields and makes the plan.
pub(super) async fn make(
    request: &Request,
    entity: Entity,
    session: &Session,
    connection: &Connection,
) -> Result<Plan> {
    let Wanted { select, labels } = wanted(request, &entity, session)?;
    let (entity, params) = parameters_of(request, entity)?;
    let known = if labels.is_some() || needs_fields(request, &entity, &select) {
        fields::fetch(&entity, &params, session, connection).await?
    } else {
        Known::Nothing
    };
    let mut plan = plan(request, entity, params, &select, &known)?;
    if labels.is_some() && plan.fields.is_none() {
        return Err(Failure::usage(format!(
            "--labels needs the fields of {}, and the portal has no method that describes them",
            plan.entity.method
        ))
        .state("nothing was sent")
        .into());
    }
    plan.labels = labels;
    Ok(plan)
}

/// The parameters of the list beside its filter; a type that they name is the entity's.
fn parameters_of(request: &Request, mut entity: Entity) -> Result<(Entity, Tree), Failure> {
    let more = parameters::parse(&request.params, entity.documented.as_ref())
        .map_err(|error| Failure::usage(format!("--param: {error}")).state("nothing was sent"))?;
    if let (true, Some(Tree::Number(id))) = (entity.is_items(), more.get("entityTypeId")) {
        entity.type_id = id.as_u64();
    }
    let mut params = entity.parameters();
    for (key, value) in more.entries() {
        params.set(key.clone(), value.clone());
    }
    Ok((entity, params))
}

/// What the user wants of each row, here or in the project's `b24.toml`.
struct Wanted {
    select: Vec<String>,
    labels: Option<Labelling>,
}

fn wanted(request: &Request, entity: &Entity, session: &Session) -> Result<Wanted> {
    let mut wanted = Wanted {
        select: request.select.clone(),
        labels: request.labels,
    };
    let Some((path, mut project)) = crate::connection::project()? else {
        return Ok(wanted);
    };
    let defaults = project.export.remove(&entity.stem).unwrap_or_default();
    let mut taken = Vec::new();
    let select = defaults.select.unwrap_or_default();
    if wanted.select.is_empty() && !select.is_empty() {
        wanted.select = select;
        taken.push("the fields");
    }
    let labels = defaults.labels.and_then(WithLabels::labelling);
    if wanted.labels.is_none() && labels.is_some() {
        wanted.labels = labels;
        taken.push("the labels");
    }
    if !taken.is_empty() {
        session.printer.note(format!(
            "{} of {} come from {}",
            taken.join(" and "),
            entity.rows,
            path.display()
        ));
    }
    Ok(wanted)
}

fn needs_fields(request: &Request, entity: &Entity, select: &[String]) -> bool {
    let all_columns = select.is_empty() || select.iter().any(|name| name.contains('*'));
    let named = !request.conditions.is_empty()
        || request.ready.is_some()
        || !select.is_empty()
        || !request.order.is_empty();
    (named && !request.unchecked)
        || (all_columns
            && (request.file_type.format.has_columns()
                || entity.version == Version::V3
                || entity.is_classic_crm()))
}

fn plan(
    request: &Request,
    entity: Entity,
    params: Tree,
    select: &[String],
    known: &Known,
) -> Result<Plan, Failure> {
    let all = match known {
        Known::All(fields) => Some(fields),
        Known::Filter(_) | Known::Nothing => None,
    };
    let in_filter = match known {
        Known::All(fields) | Known::Filter(fields) => Some(fields),
        Known::Nothing => None,
    };
    let documented = entity.documented.as_ref();
    let operators: Vec<&str> = documented
        .into_iter()
        .flat_map(Method::filter_operators)
        .collect();
    let target = |fields| Target {
        entity: &entity.rows,
        method: &entity.method,
        version: entity.version,
        fields: if request.unchecked { None } else { fields },
        operators: if request.unchecked {
            Vec::new()
        } else {
            operators.clone()
        },
    };
    let wrong = |error| wrong_filter(&error);

    let has_filter = !request.conditions.is_empty() || request.ready.is_some();
    let written = target(in_filter)
        .write(&request.conditions, request.ready.clone())
        .map_err(wrong)?;
    let filter = has_filter.then_some(written);

    let names = target(all);
    let resolve = |name: &String| {
        if name.contains('*') {
            Ok(name.clone())
        } else {
            names.name(name).map_err(wrong)
        }
    };
    let chosen = unique(select.iter().map(resolve).collect::<Result<_, _>>()?);
    let order: Vec<(String, bool)> = request
        .order
        .iter()
        .map(|(name, down)| Ok((resolve(name)?, *down)))
        .collect::<Result<_, Failure>>()?;
    let natural = matches!(order.as_slice(), [(name, false)] if *name == entity.filter_id());
    let order = if natural { Vec::new() } else { order };

    let chosen = match (chosen.is_empty(), request.file_type.format, all) {
        (true, Format::Table, Some(fields)) => short(fields),
        _ => chosen,
    };
    let columns = columns(request.file_type.format, &entity, &chosen, all)?;
    let only = only(&entity, &chosen, all);
    let select = if chosen.is_empty() {
        everything(&entity, all)
    } else {
        Some(chosen.clone())
    };

    let knows_in = operators.is_empty() || operators.contains(&"@");
    Ok(Plan {
        by_offset: request.by_offset || !order.is_empty(),
        order: order
            .into_iter()
            .map(|(name, down)| (name, if down { "DESC" } else { "ASC" }))
            .collect(),
        limit: request.limit,
        ids: request.ids.clone(),
        file_type: request.file_type,
        fields: all.cloned(),
        labels: None,
        csv_for: request.csv_for,
        chosen: !chosen.is_empty(),
        params,
        filter,
        select,
        columns,
        only,
        knows_in,
        entity,
    })
}

/// An old name and the new one are the same column.
fn unique(names: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names
        .into_iter()
        .filter(|name| seen.insert(name.clone()))
        .collect()
}

/// What has to be named so that nothing is left out.
pub(crate) fn everything(entity: &Entity, fields: Option<&Fields>) -> Option<Vec<String>> {
    let named = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect());
    if entity.is_items() {
        return named(&["*"]);
    }
    if entity.is_classic_crm() {
        let multiple = fields
            .into_iter()
            .flat_map(Fields::iter)
            .filter(|field| field.kind == "crm_multifield");
        let both = ["*", "UF_*"].map(ToOwned::to_owned).into_iter();
        return Some(
            both.chain(multiple.map(|field| field.name.clone()))
                .collect(),
        );
    }
    if entity.renames_fields() {
        return named(&["*", "UF_*"]);
    }
    if entity.version == Version::V3 {
        return Some(fields?.iter().map(|field| field.name.clone()).collect());
    }
    None
}

/// The columns of a file: those that were chosen, else all that the portal describes. Never those of the first row.
fn columns(
    format: Format,
    entity: &Entity,
    chosen: &[String],
    fields: Option<&Fields>,
) -> Result<Vec<String>, Failure> {
    if !format.has_columns() {
        return Ok(Vec::new());
    }
    if let Some(keys) = keys(entity, chosen, fields) {
        return Ok(keys);
    }
    match fields {
        Some(fields) => Ok(fields.iter().map(|field| field.key.clone()).collect()),
        None => Err(Failure::usage(format!(
            "the columns of {} are not known: the portal has no method that describes its fields",
            entity.method
        ))
        .state("nothing was sent")
        .hint("name them: --select ID,NAME; or write all of it with -f jsonl")),
    }
}

/// The keys that rows have for the chosen fields; none if all are chosen.
fn keys(entity: &Entity, chosen: &[String], fields: Option<&Fields>) -> Option<Vec<String>> {
    if chosen.is_empty() || chosen.iter().any(|name| name.contains('*')) {
        return None;
    }
    let key = |name: &String| match fields.and_then(|fields| fields.find(name)) {
        Some(field) => field.key.clone(),
        None => row_key(name, entity.renames_fields()),
    };
    Some(chosen.iter().map(key).collect())
}

/// The keys of whole values: `responsible` for `responsible.name`.
fn only(entity: &Entity, chosen: &[String], fields: Option<&Fields>) -> Option<Vec<String>> {
    // Without the portal's description a name may differ from the key in the rows: then all is written.
    fields?;
    let head = |key: String| key.split('.').next().map(ToOwned::to_owned).unwrap_or(key);
    Some(
        keys(entity, chosen, fields)?
            .into_iter()
            .map(head)
            .collect(),
    )
}

/// A few columns that fit on a terminal.
fn short(fields: &Fields) -> Vec<String> {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let found = TABLE.iter().filter_map(|name| {
        fields
            .iter()
            .find(|field| plain(&field.name) == plain(name))
    });
    let mut names: Vec<String> = found.map(|field| field.name.clone()).collect();
    names.dedup();
    names
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
