//! `crm.deal.userfield.*` and its kin: custom fields that come and go.

use crate::methods::v2;
use crate::php::{Php, PhpArray};
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::World;
use crate::world::user_fields::{Choice, UserField, user_type};

macro_rules! methods {
    ($($entity:literal $type_id:literal),*) => {
        &[$(
            v2(concat!("crm.", $entity, ".userfield.add"), "crm", |call| add(call, $type_id)),
            v2(concat!("crm.", $entity, ".userfield.get"), "crm", |call| get(call, $type_id)),
            v2(concat!("crm.", $entity, ".userfield.list"), "crm", |call| list(call, $type_id)),
            v2(concat!("crm.", $entity, ".userfield.update"), "crm", |call| update(call, $type_id)),
            v2(concat!("crm.", $entity, ".userfield.delete"), "crm", |call| delete(call, $type_id)),
        )*]
    };
}

pub(in crate::methods) const METHODS: &[Method] =
    methods!("deal" 2, "lead" 1, "contact" 3, "company" 4);

/// Longer names are refused.
const LONGEST_NAME: usize = 50;

/// Labels in the order in which fields keep them.
const LABELS: [&str; 5] = [
    "EDIT_FORM_LABEL",
    "LIST_COLUMN_LABEL",
    "LIST_FILTER_LABEL",
    "ERROR_MESSAGE",
    "HELP_MESSAGE",
];

fn add(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    let given = given(call)?;
    let text = |name: &str| given.get_ci(name).map(Php::to_text).unwrap_or_default();
    let kind = text("USER_TYPE_ID");
    if kind.is_empty() {
        return Err(refuse("The 'USER_TYPE_ID' field is not found."));
    }
    let kind = user_type(&kind)
        .ok_or_else(|| refuse(&format!("The user type '{kind}' is not supported.")))?;
    let name = full_name(&text("FIELD_NAME"))?;
    let exists = call
        .world
        .user_fields
        .of_type(type_id)
        .any(|field| field.name == name);
    if exists {
        let text = format!(
            "Field {name} for object {} already exists.",
            entity_id(type_id)
        );
        return Err(Refusal::new("ERROR_CORE", text));
    }
    let mut field = UserField::new(type_id, &name, kind);
    field.is_multiple = &*text("MULTIPLE") == "Y";
    write(&mut field, given);
    let World {
        crm, user_fields, ..
    } = &mut *call.world;
    let entity = crm.iter_mut().find(|entity| entity.type_id == type_id);
    let entity = entity.ok_or_else(not_found)?;
    Ok(Reply::value(user_fields.add(entity, field)))
}

fn update(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    let mut field = found(call, type_id)?.clone();
    write(&mut field, given(call)?);
    let World {
        crm, user_fields, ..
    } = &mut *call.world;
    let entity = crm.iter_mut().find(|entity| entity.type_id == type_id);
    user_fields.update(entity.ok_or_else(not_found)?, field);
    Ok(Reply::value(true))
}

fn delete(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    let id = found(call, type_id)?.id;
    let World {
        crm, user_fields, ..
    } = &mut *call.world;
    let entity = crm.iter_mut().find(|entity| entity.type_id == type_id);
    Ok(Reply::value(
        user_fields.delete(entity.ok_or_else(not_found)?, id),
    ))
}

fn get(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    let field = found(call, type_id)?;
    let mut row = row(field);
    for (name, label) in LABELS.iter().zip(&field.labels) {
        let languages = ["en", "ru"].map(|language| (language, shown(label)));
        row.insert(*name, Php::map(languages));
    }
    Ok(Reply::value(row))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]
fn list(call: &mut Call<'_>, type_id: i64) -> Result<Reply, Refusal> {
    let filter = call.params.get_ci("filter");
    let with_labels = filter.is_some_and(|filter| filter.get_ci("LANG").is_some());
    let rows = call.world.user_fields.of_type(type_id).map(|field| {
        let mut row = row(field);
        if with_labels {
            for (name, label) in LABELS.iter().zip(&field.labels) {
                row.insert(*name, shown(label));
            }
        }
        row.into()
    });
    let order = call.params.get_ci("order");
    let filter = filter.and_then(Php::as_array).cloned().unwrap_or_default();
    let filter: PhpArray = filter
        .into_iter()
        .filter(|(name, _)| !name.text().eq_ignore_ascii_case("LANG"))
        .collect();
    let rows = crate::methods::short::chosen(rows.collect(), Some(&filter.into()), order);
    Ok(crate::methods::short::listed(None, rows))
}

/// What `add` and `update` may both set.
fn write(field: &mut UserField, given: &Php) {
    let text = |name: &str| given.get_ci(name).map(|value| value.to_text().into_owned());
    let flag = |name: &str| text(name).map(|value| value == "Y");
    field.is_mandatory = flag("MANDATORY").unwrap_or(field.is_mandatory);
    field.show_in_list = flag("SHOW_IN_LIST").unwrap_or(field.show_in_list);
    field.edit_in_list = flag("EDIT_IN_LIST").unwrap_or(field.edit_in_list);
    field.is_searchable = flag("IS_SEARCHABLE").unwrap_or(field.is_searchable);
    field.sort = given.get_ci("SORT").map_or(field.sort, Php::to_int);
    field.xml_id = text("XML_ID").or_else(|| field.xml_id.take());
    if let Some(filter) = text("SHOW_FILTER") {
        field.show_filter = if filter == "Y" {
            "I".to_owned()
        } else {
            filter
        };
    }
    if let Some(settings @ Php::Array(_)) = given.get_ci("SETTINGS") {
        field.settings = settings.clone();
    }
    if let Some(Php::Array(list)) = given.get_ci("LIST") {
        field.write_choices(list);
    }
    for (name, label) in LABELS.iter().zip(&mut field.labels) {
        let own = given.get_ci(name).or_else(|| given.get_ci("LABEL"));
        // A map of languages, or one text for all.
        let text = own.and_then(|own| match own {
            Php::Array(languages) => languages.values().next().map(Php::to_text),
            text => Some(text.to_text()),
        });
        if let Some(text) = text {
            *label = text.into_owned();
        }
    }
}

fn row(field: &UserField) -> PhpArray {
    let flag = |flag: bool| Php::from(if flag { "Y" } else { "N" });
    let mut row: PhpArray = [
        ("ID", field.id.to_string().into()),
        ("ENTITY_ID", entity_id(field.type_id).into()),
        ("FIELD_NAME", field.name.into()),
        ("USER_TYPE_ID", field.user_type.into()),
        ("XML_ID", field.xml_id.clone().into()),
        ("SORT", field.sort.to_string().into()),
        ("MULTIPLE", flag(field.is_multiple)),
        ("MANDATORY", flag(field.is_mandatory)),
        ("SHOW_FILTER", field.show_filter.as_str().into()),
        ("SHOW_IN_LIST", flag(field.show_in_list)),
        ("EDIT_IN_LIST", flag(field.edit_in_list)),
        ("IS_SEARCHABLE", flag(field.is_searchable)),
        ("SETTINGS", field.settings.clone()),
    ]
    .into_iter()
    .collect();
    if field.user_type == "enumeration" {
        row.insert("LIST", Php::list(field.choices.iter().map(choice)));
    }
    row
}

fn choice(choice: &Choice) -> Php {
    Php::map([
        ("ID", choice.id.to_string().into()),
        ("SORT", choice.sort.to_string().into()),
        ("VALUE", choice.value.as_str().into()),
        ("DEF", if choice.is_default { "Y" } else { "N" }.into()),
        ("XML_ID", choice.xml_id.as_str().into()),
    ])
}

fn shown(label: &str) -> Php {
    (!label.is_empty()).then(|| label.to_owned()).into()
}

/// `MANAGER_NOTE`, `UF_MANAGER_NOTE` and `UF_CRM_MANAGER_NOTE` are one.
fn full_name(given: &str) -> Result<String, Refusal> {
    let upper = given.to_ascii_uppercase();
    let own = upper.strip_prefix("UF_CRM_").unwrap_or(&upper);
    let own = own.strip_prefix("UF_").unwrap_or(own);
    if own.is_empty() {
        return Err(refuse("The 'FIELD_NAME' field is not found."));
    }
    let name = format!("UF_CRM_{own}");
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_plain || name.len() > LONGEST_NAME {
        let text = format!("Field name {name} is not valid.");
        return Err(Refusal::new("ERROR_CORE", text));
    }
    Ok(name)
}

const fn entity_id(type_id: i64) -> &'static str {
    match type_id {
        1 => "CRM_LEAD",
        2 => "CRM_DEAL",
        3 => "CRM_CONTACT",
        _ => "CRM_COMPANY",
    }
}

fn found<'a>(call: &'a Call<'_>, type_id: i64) -> Result<&'a UserField, Refusal> {
    let id = call.params.get_ci("id").map_or(0, Php::to_int);
    if id <= 0 {
        return Err(refuse("ID is not defined or invalid."));
    }
    let field = call.world.user_fields.find(type_id, id);
    field.ok_or_else(|| {
        let text = format!("The entity with ID '{id}' is not found.");
        Refusal::new("ERROR_NOT_FOUND", text)
    })
}

fn given<'a>(call: &Call<'a>) -> Result<&'a Php, Refusal> {
    let fields = call.params.get_ci("fields");
    fields
        .filter(|fields| fields.as_array().is_some())
        .ok_or_else(|| refuse("Parameter 'fields' must be array."))
}

fn not_found() -> Refusal {
    refuse("Not found")
}

fn refuse(text: &str) -> Refusal {
    Refusal::new("", text)
}
