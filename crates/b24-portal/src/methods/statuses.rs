//! `crm.status.*`: the directories of stages, sources and types.

use super::short::{chosen, listed};
use super::v2;
use crate::php::{Php, PhpArray};
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::directory::{CATEGORIES, PROCESSES, Status, stage_names};

pub(super) const METHODS: &[Method] = &[
    v2("crm.status.list", "crm", list),
    v2("crm.status.get", "crm", get),
    v2("crm.status.add", "crm", add),
    v2("crm.status.update", "crm", update),
    v2("crm.status.delete", "crm", delete),
    v2("crm.status.fields", "crm", fields),
    v2("crm.status.entity.types", "crm", types),
    v2("crm.status.entity.items", "crm", items),
];

/// The directories that belong to no pipeline.
const DIRECTORIES: [(&str, &str); 8] = [
    ("STATUS", "Lead stages"),
    ("SOURCE", "Sources"),
    ("CONTACT_TYPE", "Contact types"),
    ("COMPANY_TYPE", "Company types"),
    ("EMPLOYEES", "Employees"),
    ("INDUSTRY", "Industries"),
    ("DEAL_TYPE", "Deal types"),
    ("HONORIFIC", "Salutations"),
];

#[expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]
fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let rows = call.world.directory.statuses.iter().map(row).collect();
    let (filter, order) = (call.params.get_ci("filter"), call.params.get_ci("order"));
    Ok(listed(None, chosen(rows, filter, order)))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let at = found(call)?;
    Ok(Reply::value(row(&call.world.directory.statuses[at])))
}

fn add(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let fields = given(call)?;
    let text = |name: &str| {
        fields
            .get_ci(name)
            .map(|value| value.to_text().into_owned())
    };
    let required = |name: &str| {
        text(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| refuse(&format!("The field {name} is required.")))
    };
    let (entity_id, status_id) = (required("ENTITY_ID")?, required("STATUS_ID")?);
    let name = required("NAME")?;
    let kind = kinds()
        .into_iter()
        .find(|kind| kind.id == entity_id)
        .ok_or_else(|| refuse(&format!("Unknown directory {entity_id}.")))?;
    // Stages of a pipeline begin with its mark, whether it was given or not.
    let status_id = match status_id.strip_prefix(&kind.prefix) {
        Some(own) => format!("{}{own}", kind.prefix),
        None => format!("{}{status_id}", kind.prefix),
    };
    let directory = &mut call.world.directory;
    if directory.status(&entity_id, &status_id).is_some() {
        return Err(Refusal::new(
            "ERROR_CORE",
            format!("{status_id} exists in {entity_id} already."),
        ));
    }
    let last = directory.of(&entity_id).last().map_or(0, |last| last.sort);
    let status = Status {
        id: directory.next_id(),
        sort: fields.get_ci("SORT").map_or(last + 10, Php::to_int),
        category_id: kind.category,
        color: text("COLOR").unwrap_or_else(|| "#ACE9FB".to_owned()),
        semantics: match text("SEMANTICS").as_deref() {
            Some("S") => Some("S"),
            Some("F") => Some("F"),
            _ => None,
        },
        is_system: false,
        entity_id,
        status_id,
        name,
    };
    let id = status.id;
    directory.statuses.push(status);
    Ok(Reply::value(id))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (at, fields) = (found(call)?, given(call)?);
    let status = &mut call.world.directory.statuses[at];
    let text = |name: &str| {
        fields
            .get_ci(name)
            .map(|value| value.to_text().into_owned())
    };
    status.name = text("NAME")
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| status.name.clone());
    status.color = text("COLOR").unwrap_or_else(|| status.color.clone());
    status.sort = fields.get_ci("SORT").map_or(status.sort, Php::to_int);
    Ok(Reply::value(true))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let at = found(call)?;
    let params = call.params.get_ci("params");
    let forced = params.and_then(|params| params.get_ci("FORCED"));
    let is_forced = forced.is_some_and(|flag| flag.to_text() == "Y");
    if call.world.directory.statuses[at].is_system && !is_forced {
        return Err(refuse(
            "CRM System Status can be deleted only if parameter FORCED is specified and equal to 'Y'",
        ));
    }
    call.world.directory.statuses.remove(at);
    Ok(Reply::value(true))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]
fn fields(_: &mut Call<'_>) -> Result<Reply, Refusal> {
    const FIELDS: [(&str, &str, [bool; 3]); 9] = [
        ("ID", "integer", [false, true, false]),
        ("ENTITY_ID", "string", [true, false, true]),
        ("STATUS_ID", "string", [true, false, true]),
        ("SORT", "integer", [false, false, false]),
        ("NAME", "string", [true, false, false]),
        ("NAME_INIT", "string", [false, true, false]),
        ("SYSTEM", "char", [false, true, false]),
        ("CATEGORY_ID", "integer", [false, true, false]),
        ("COLOR", "string", [false, false, false]),
    ];
    let described = FIELDS.map(|(name, kind, [required, read_only, immutable])| {
        let about = Php::map([
            ("type", kind.into()),
            ("isRequired", required.into()),
            ("isReadOnly", read_only.into()),
            ("isImmutable", immutable.into()),
            ("isMultiple", false.into()),
            ("isDynamic", false.into()),
            ("title", name.into()),
        ]);
        (name, about)
    });
    Ok(Reply::value(Php::map(described)))
}

fn items(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let entity_id = call.params.get_ci("entityId").map(Php::to_text);
    let entity_id = entity_id
        .filter(|text| !text.is_empty())
        .ok_or_else(|| refuse("The parameter entityId is not defined or invalid."))?;
    let statuses = call.world.directory.of(&entity_id);
    let items = statuses.into_iter().map(|status| {
        Php::map([
            ("NAME", status.name.as_str().into()),
            ("SORT", status.sort.into()),
            ("STATUS_ID", status.status_id.as_str().into()),
        ])
    });
    Ok(Reply::value(Php::list(items)))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]
fn types(_: &mut Call<'_>) -> Result<Reply, Refusal> {
    let types = kinds().into_iter().map(|kind| {
        let mut about: PhpArray = [
            ("ID", kind.id.into()),
            ("NAME", kind.name.into()),
            ("SEMANTIC_INFO", Php::empty_array()),
        ]
        .into_iter()
        .collect();
        if kind.entity_type_id > 0 {
            about.insert("ENTITY_TYPE_ID", kind.entity_type_id.into());
            about.insert("PREFIX", kind.prefix.trim_end_matches(':').into());
            about.insert("CATEGORY_ID", kind.category.into());
        }
        about.into()
    });
    Ok(Reply::value(Php::list(types)))
}

/// A directory.
struct Kind {
    id: String,
    name: String,
    /// What its codes begin with.
    prefix: String,
    category: Option<i64>,
    entity_type_id: i64,
}

/// All directories: those without pipelines, then the stages of each pipeline.
fn kinds() -> Vec<Kind> {
    let plain = DIRECTORIES.map(|(id, name)| Kind {
        id: id.to_owned(),
        name: name.to_owned(),
        prefix: String::new(),
        category: None,
        entity_type_id: 0,
    });
    let pipelines = CATEGORIES
        .iter()
        .filter(|category| !matches!(category.entity_type_id, 3 | 4));
    let stages = pipelines.map(|category| {
        let (id, prefix) = stage_names(category.entity_type_id, category.id);
        let process = PROCESSES
            .iter()
            .find(|process| process.entity_type_id == category.entity_type_id);
        let of = process.map_or("", |process| process.title);
        Kind {
            id,
            name: format!("{of} {}: stages", category.name).trim().to_owned(),
            prefix,
            category: Some(category.id),
            entity_type_id: category.entity_type_id,
        }
    });
    plain.into_iter().chain(stages).collect()
}

fn row(status: &Status) -> Php {
    let group = match status.semantics {
        Some("S") => "success",
        Some(_) => "failure",
        None => "process",
    };
    let color = || Php::from(status.color.as_str());
    let category = status.category_id.filter(|id| *id > 0);
    let is_system = if status.is_system { "Y" } else { "N" };
    let extra = Php::map([("SEMANTICS", group.into()), ("COLOR", color())]);
    Php::map([
        ("ID", status.id.to_string().into()),
        ("ENTITY_ID", status.entity_id.as_str().into()),
        ("STATUS_ID", status.status_id.as_str().into()),
        ("NAME", status.name.as_str().into()),
        ("NAME_INIT", status.name.as_str().into()),
        ("SORT", status.sort.to_string().into()),
        ("SYSTEM", is_system.into()),
        ("CATEGORY_ID", category.map(|id| id.to_string()).into()),
        ("COLOR", color()),
        ("SEMANTICS", status.semantics.into()),
        ("EXTRA", extra),
    ])
}

/// The place of the status that is meant.
fn found(call: &Call<'_>) -> Result<usize, Refusal> {
    let id = call.params.get_ci("id").map_or(0, Php::to_int);
    if id <= 0 {
        return Err(refuse("The parameter id is invalid or not defined."));
    }
    let mut statuses = call.world.directory.statuses.iter();
    statuses
        .position(|status| status.id == id)
        .ok_or_else(|| refuse("CRM Status is not found."))
}

fn given<'a>(call: &Call<'a>) -> Result<&'a Php, Refusal> {
    let fields = call.params.get_ci("fields");
    fields
        .filter(|fields| fields.as_array().is_some())
        .ok_or_else(|| refuse("Parameter 'fields' must be array."))
}

fn refuse(text: &str) -> Refusal {
    Refusal::new("", text)
}
