//! A column of a file: where its values are, what it is called and what it holds.

use crate::fields::Field;

/// What the values of a column are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Number,
    Boolean,
    Date,
    Time,
    /// Texts; lists and objects as JSON.
    Text,
    /// Nobody said: each value is what it looks like.
    #[default]
    Any,
}

/// A column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    /// The key of a row, or the way to a value deeper in it: `responsible.name`.
    pub(crate) path: String,
    /// What the file calls it.
    pub(crate) heading: String,
    pub(crate) kind: Kind,
    /// The portal's name for what it holds, such as `crm_status`.
    pub(crate) portal_type: String,
    pub(crate) title: Option<String>,
    /// Several values in one: JSON text.
    pub(crate) multiple: bool,
}

impl Column {
    /// A column that is called as its field.
    pub(crate) fn named(path: impl Into<String>) -> Self {
        let path = path.into();
        Self {
            heading: path.clone(),
            path,
            ..Self::default()
        }
    }

    /// The column of a field that the portal describes.
    pub(crate) fn of(path: impl Into<String>, field: &Field) -> Self {
        Self {
            kind: Kind::of(field),
            portal_type: field.kind.clone(),
            title: field.title.clone(),
            multiple: field.multiple,
            ..Self::named(path)
        }
    }

    /// What a reader of the file should know, beside the type.
    pub(super) fn note(&self) -> &'static str {
        match self.kind {
            _ if self.multiple => "several values, as JSON",
            Kind::Text if NESTED.contains(&self.portal_type.as_str()) => "JSON",
            Kind::Time => "a moment",
            _ => "",
        }
    }
}

/// Types whose values are objects or lists even if there is one.
const NESTED: &[&str] = &[
    "crm_multifield",
    "file",
    "disk_file",
    "crm_product_row",
    "object",
    "array",
];

impl Kind {
    fn of(field: &Field) -> Self {
        if field.multiple {
            return Self::Text;
        }
        match field.kind.to_lowercase().as_str() {
            "" => Self::Any,
            "integer" | "int" | "user" | "employee" | "crm_category" | "crm_lead" | "crm_deal"
            | "crm_contact" | "crm_company" | "crm_quote" => Self::Integer,
            "double" | "float" | "number" => Self::Number,
            "boolean" | "bool" => Self::Boolean,
            "date" => Self::Date,
            "datetime" => Self::Time,
            _ => Self::Text,
        }
    }
}
