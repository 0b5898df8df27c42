//! Custom fields of the CRM as their own methods describe them: those of the demo set and those made at run time.

use super::cell::Cell;
use super::entity::Entity;
use super::input;
use super::schema::{Field, Kind};
use super::table::FieldNo;
use crate::php::{Php, PhpArray};

/// One custom field.
#[expect(clippy::struct_excessive_bools, reason = "the flags of the portal")]
#[derive(Debug, Clone)]
pub(crate) struct UserField {
    pub(crate) id: i64,
    pub(crate) type_id: i64,
    pub(crate) place: FieldNo,
    /// `UF_CRM_…`
    pub(crate) name: &'static str,
    pub(crate) user_type: &'static str,
    pub(crate) is_multiple: bool,
    pub(crate) is_mandatory: bool,
    pub(crate) xml_id: Option<String>,
    pub(crate) sort: i64,
    pub(crate) show_filter: String,
    pub(crate) show_in_list: bool,
    pub(crate) edit_in_list: bool,
    pub(crate) is_searchable: bool,
    pub(crate) settings: Php,
    /// Form, list, filter, error, help.
    pub(crate) labels: [String; 5],
    pub(crate) choices: Vec<Choice>,
}

/// One choice of a list.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) id: i64,
    pub(crate) value: String,
    pub(crate) sort: i64,
    pub(crate) is_default: bool,
    pub(crate) xml_id: String,
}

/// All custom fields of the CRM.
#[derive(Debug)]
pub(crate) struct UserFields {
    all: Vec<UserField>,
    next_id: i64,
    next_choice: i64,
}

/// Types of fields with the kinds of a single value and of several.
const TYPES: [(&str, Kind, Kind); 14] = [
    ("string", Kind::Text, Kind::Texts),
    ("url", Kind::Text, Kind::Texts),
    ("address", Kind::Text, Kind::Texts),
    ("crm", Kind::Text, Kind::Texts),
    ("crm_status", Kind::Text, Kind::Texts),
    ("money", Kind::MoneyText, Kind::Texts),
    ("integer", Kind::Integer, Kind::Several(&Kind::Integer)),
    ("double", Kind::Money, Kind::Several(&Kind::Money)),
    ("boolean", Kind::Boolean, Kind::Several(&Kind::Integer)),
    ("date", Kind::Date, Kind::Several(&Kind::Date)),
    ("datetime", Kind::DateTime, Kind::Several(&Kind::DateTime)),
    ("enumeration", Kind::Option, Kind::Options),
    ("file", Kind::File, Kind::Files),
    (
        "employee",
        Kind::Reference("employee"),
        Kind::References("employee"),
    ),
];

/// The type of this name as it is kept.
pub(crate) fn user_type(name: &str) -> Option<&'static str> {
    TYPES
        .iter()
        .map(|(known, ..)| *known)
        .find(|known| *known == name)
}

impl UserFields {
    /// Describes the custom fields that entities begin with.
    pub(super) fn of(entities: &[Entity]) -> Self {
        let mut fields = Self {
            all: Vec::new(),
            next_id: 101,
            next_choice: 1000,
        };
        for entity in entities {
            let custom = entity.table.fields().iter().enumerate();
            for (place, field) in custom.filter(|(_, field)| field.custom) {
                let known = UserField::known(fields.next_id, entity.type_id, place, field);
                fields.next_id += 2;
                fields.all.push(known);
            }
        }
        fields
    }

    /// The fields of an entity, oldest first.
    pub(crate) fn of_type(&self, type_id: i64) -> impl Iterator<Item = &UserField> {
        self.all
            .iter()
            .filter(move |field| field.type_id == type_id)
    }

    pub(crate) fn find(&self, type_id: i64, id: i64) -> Option<&UserField> {
        self.of_type(type_id).find(|field| field.id == id)
    }

    /// Adds a field to an entity; its id.
    pub(crate) fn add(&mut self, entity: &mut Entity, mut field: UserField) -> i64 {
        field.id = self.next_id;
        self.next_id += 2;
        self.number_choices(&mut field);
        field.place = entity.table.add_field(field.definition(), field.initial());
        entity.renew_views();
        let id = field.id;
        self.all.push(field);
        id
    }

    /// Puts a changed field in the place of the one with its id.
    pub(crate) fn update(&mut self, entity: &mut Entity, mut field: UserField) {
        self.number_choices(&mut field);
        let (definition, initial) = (field.definition(), field.initial());
        entity
            .table
            .redefine_field(field.place, definition, initial);
        entity.renew_views();
        if let Some(known) = self.all.iter_mut().find(|known| known.id == field.id) {
            *known = field;
        }
    }

    /// Takes a field away, with its values; false if there is none.
    pub(crate) fn delete(&mut self, entity: &mut Entity, id: i64) -> bool {
        let is_meant = |field: &UserField| field.id == id && field.type_id == entity.type_id;
        let Some(at) = self.all.iter().position(is_meant) else {
            return false;
        };
        let field = self.all.remove(at);
        entity.table.remove_field(field.place);
        entity.renew_views();
        true
    }

    fn number_choices(&mut self, field: &mut UserField) {
        for choice in field.choices.iter_mut().filter(|choice| choice.id == 0) {
            choice.id = self.next_choice;
            self.next_choice += 1;
        }
        field.choices.sort_by_key(|choice| choice.sort);
    }
}

impl UserField {
    /// A field of this name without anything else.
    pub(crate) fn new(type_id: i64, name: &str, user_type: &'static str) -> Self {
        Self {
            id: 0,
            type_id,
            place: 0,
            name: kept(name),
            user_type,
            is_multiple: false,
            is_mandatory: false,
            xml_id: None,
            sort: 100,
            show_filter: "N".to_owned(),
            show_in_list: false,
            edit_in_list: true,
            is_searchable: false,
            settings: Php::empty_array(),
            labels: Default::default(),
            choices: Vec::new(),
        }
    }

    /// A field that the entity has had from the start.
    fn known(id: i64, type_id: i64, place: FieldNo, field: &Field) -> Self {
        let user_type = TYPES
            .iter()
            .find(|(_, one, several)| *one == field.kind || *several == field.kind)
            .map_or("string", |(name, ..)| *name);
        let choice = |((id, text), place): (&(i64, &str), i64)| Choice {
            id: *id,
            value: (*text).to_owned(),
            sort: 10 * (place + 1),
            is_default: false,
            xml_id: format!("choice{id}"),
        };
        let title = field.title.to_owned();
        Self {
            id,
            place,
            is_multiple: field.is_multiple(),
            is_mandatory: field.required,
            show_in_list: true,
            labels: [
                title.clone(),
                title.clone(),
                title,
                String::new(),
                String::new(),
            ],
            choices: field.options.iter().zip(0..).map(choice).collect(),
            name: field.name,
            ..Self::new(type_id, "", user_type)
        }
    }

    /// As the entity's table and views need it.
    fn definition(&self) -> Field {
        let kinds = TYPES.iter().find(|(name, ..)| *name == self.user_type);
        let kind = kinds.map_or(
            Kind::Text,
            |(_, one, several)| {
                if self.is_multiple { *several } else { *one }
            },
        );
        let title = match &self.labels[0] {
            label if label.is_empty() => self.name,
            label => kept(label),
        };
        let options: Vec<_> = self
            .choices
            .iter()
            .map(|choice| (choice.id, kept(&choice.value)))
            .collect();
        Field {
            required: self.is_mandatory,
            user_type: self.user_type,
            options: options.leak(),
            ..Field::custom(self.name, kept(&camel(self.name)), kind, title)
        }
    }

    /// What new rows hold.
    fn initial(&self) -> Cell {
        let field = self.definition();
        let chosen = self.choices.iter().find(|choice| choice.is_default);
        match (chosen, self.settings.get("DEFAULT_VALUE")) {
            (Some(choice), _) => input::cell(&field, &choice.id.into()),
            (None, Some(Php::Array(_)) | None) => Cell::Null,
            (None, Some(value)) if value.to_text().is_empty() => Cell::Null,
            (None, Some(value)) => input::cell(&field, value),
        }
    }

    /// The choices after a write: entries with an id change or go (`DEL: Y`), others are added.
    pub(crate) fn write_choices(&mut self, list: &PhpArray) {
        for item in list.values() {
            let text = |key: &str| item.get_ci(key).map(|value| value.to_text().into_owned());
            let id = item.get_ci("ID").map_or(0, Php::to_int);
            let mut choices = self.choices.iter();
            let at = choices.position(|choice| id > 0 && choice.id == id);
            if text("DEL").is_some_and(|flag| flag == "Y") {
                if let Some(at) = at {
                    self.choices.remove(at);
                }
                continue;
            }
            let mut choice = at.map_or_else(
                || Choice {
                    id: 0,
                    value: String::new(),
                    sort: 500,
                    is_default: false,
                    xml_id: String::new(),
                },
                |at| self.choices[at].clone(),
            );
            choice.value = text("VALUE").unwrap_or(choice.value);
            choice.sort = item.get_ci("SORT").map_or(choice.sort, Php::to_int);
            choice.is_default = text("DEF").map_or(choice.is_default, |flag| flag == "Y");
            choice.xml_id = text("XML_ID").unwrap_or(choice.xml_id);
            match at {
                Some(at) => self.choices[at] = choice,
                None => self.choices.push(choice),
            }
        }
    }
}

/// Text that lives as long as the process: custom fields are few, and everything that asks for a field's name can go on
/// as if all had been written in the source.
fn kept(text: &str) -> &'static str {
    text.to_owned().leak()
}

/// `UF_CRM_1704067201` → `ufCrm_1704067201`, `UF_CRM_MANAGER_NOTE` → `ufCrmManagerNote`.
fn camel(name: &str) -> String {
    let mut camel = String::new();
    for part in name.split('_').filter(|part| !part.is_empty()) {
        let (first, rest) = part.split_at(part.chars().next().map_or(0, char::len_utf8));
        if camel.is_empty() {
            camel.push_str(&part.to_lowercase());
        } else if first.starts_with(|letter: char| letter.is_ascii_digit()) {
            camel.push('_');
            camel.push_str(&part.to_lowercase());
        } else {
            camel.push_str(&first.to_uppercase());
            camel.push_str(&rest.to_lowercase());
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::camel;

    #[test]
    fn names_become_camel_case() {
        for (name, expected) in [
            ("UF_CRM_1704067201", "ufCrm_1704067201"),
            ("UF_CRM_MANAGER_NOTE", "ufCrmManagerNote"),
            ("UF_CRM_A_1", "ufCrmA_1"),
        ] {
            assert_eq!(camel(name), expected);
        }
    }
}
