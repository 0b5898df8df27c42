//! What `*.fields` says about fields.

use crate::php::{Php, PhpArray};
use crate::world::Entity;
use crate::world::directory::{CATEGORIES, stage_names};
use crate::world::schema::{Access, Field, Kind};
use crate::world::view::{View, upper_snake};

/// `crm.deal.fields` and its kin.
pub(super) fn classic(entity: &Entity) -> Php {
    let fields = entity.table.fields().iter().filter(|field| field.classic);
    Php::map(fields.map(|field| (field.name, describe(entity, field, false).into())))
}

/// `crm.item.fields`, by the names of this view.
pub(super) fn item(entity: &Entity, view: &View) -> Php {
    let mut fields = PhpArray::new();
    for entry in &view.entries {
        let field = entity.table.field(entry.field);
        let mut described = describe(entity, field, true);
        let upper = if field.custom {
            field.name.to_owned()
        } else {
            upper_snake(field.camel)
        };
        described.insert("upperName", upper.into());
        fields.insert(&*entry.name, described.into());
    }
    if matches!(entity.type_id, 1 | 3 | 4) {
        let fm = Field::new(
            "FM",
            "fm",
            Kind::Multifield,
            "Phones, e-mail and other means of contact",
        );
        fields.insert("fm", describe(entity, &fm, true).into());
    }
    Php::map([("fields", fields.into())])
}

fn describe(entity: &Entity, field: &Field, by_item: bool) -> PhpArray {
    let mut described = PhpArray::new();
    described.insert("type", type_name(field, by_item).into());
    for (flag, value) in [
        ("isRequired", field.required),
        ("isReadOnly", field.access == Access::Read),
        ("isImmutable", field.access == Access::Once && !by_item),
        ("isMultiple", field.is_multiple()),
        ("isDynamic", field.custom),
    ] {
        described.insert(flag, value.into());
    }
    if let Some(directory) = status_type(entity, field) {
        described.insert("statusType", directory.into());
    }
    if !field.options.is_empty() {
        let items = field
            .options
            .iter()
            .map(|(id, text)| Php::map([("ID", id.to_string().into()), ("VALUE", (*text).into())]));
        described.insert("items", Php::list(items));
    }
    described.insert(
        "title",
        if field.custom {
            field.name
        } else {
            field.title
        }
        .into(),
    );
    if field.custom {
        for label in ["listLabel", "formLabel", "filterLabel"] {
            described.insert(label, field.title.into());
        }
    }
    if let Some(parent) = parent(field.kind) {
        described.insert(
            "settings",
            Php::map([("parentEntityTypeId", parent.into())]),
        );
    }
    if field.name == "CONTACT_ID" && entity.type_id != 1 {
        described.insert("isDeprecated", true.into());
    }
    described
}

/// Texts of several lines, which only `crm.item.fields` tells apart.
fn is_long(name: &str) -> bool {
    matches!(
        name,
        "COMMENTS" | "SOURCE_DESCRIPTION" | "STATUS_DESCRIPTION"
    )
}

fn type_name(field: &Field, by_item: bool) -> &'static str {
    if !field.user_type.is_empty() {
        return field.user_type;
    }
    match field.kind.element() {
        Kind::Integer => "integer",
        Kind::Reference(name) | Kind::References(name) => name,
        Kind::Parent(_) => "crm_entity",
        Kind::Money => "double",
        Kind::Flag if by_item => "boolean",
        Kind::Flag => "char",
        Kind::Text if by_item && is_long(field.name) => "text",
        Kind::Boolean => "boolean",
        Kind::Text | Kind::Code | Kind::Texts => "string",
        Kind::Status(_) => "crm_status",
        Kind::Currency => "crm_currency",
        Kind::Date => "date",
        Kind::DateTime => "datetime",
        Kind::Multifield => "crm_multifield",
        Kind::Option | Kind::Options | Kind::Several(_) => "enumeration",
        Kind::File | Kind::Files => "file",
        Kind::MoneyText => "money",
    }
}

/// The directory of a status; that of a stage is the default pipeline's.
fn status_type(entity: &Entity, field: &Field) -> Option<String> {
    let Kind::Status(directory) = field.kind else {
        return None;
    };
    if !super::store::is_stage(field.name) {
        return Some(directory.to_owned());
    }
    let default = CATEGORIES
        .iter()
        .find(|category| category.entity_type_id == entity.type_id && category.is_default);
    Some(stage_names(entity.type_id, default.map_or(0, |category| category.id)).0)
}

const fn parent(kind: Kind) -> Option<i64> {
    match kind {
        Kind::Parent(type_id) => Some(type_id),
        Kind::Reference(name) => match name.as_bytes() {
            b"crm_lead" => Some(1),
            b"crm_company" => Some(4),
            b"crm_quote" => Some(7),
            _ => None,
        },
        _ => None,
    }
}
