//! The fields of an entity: their names in filters and rows, their titles and types.

use crate::failure::closest;
use crate::parameters::Tree;

/// One field.
#[expect(clippy::struct_excessive_bools, reason = "the portal's own flags")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field {
    /// The name that filters, orders and selections use.
    pub(crate) name: String,
    /// The key in a row; differs where the portal renames (tasks).
    pub(crate) key: String,
    /// The portal's title, if it gave one that says more than the name.
    pub(crate) title: Option<String>,
    /// The portal's type, such as `integer`; empty if it gave none.
    pub(crate) kind: String,
    /// Whether it holds a list of values.
    pub(crate) multiple: bool,
    /// Whether a new row needs it.
    pub(crate) required: bool,
    /// Whether only the portal writes it.
    pub(crate) read_only: bool,
    /// Whether it is written once.
    pub(crate) immutable: bool,
    /// The directory of a `crm_status`, such as `DEAL_STAGE`.
    pub(crate) status_type: Option<String>,
    /// The codes of an enumeration and their texts.
    pub(crate) items: Vec<(String, String)>,
}

/// The fields of one entity, in the portal's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    all: Vec<Field>,
}

/// Names of the classic methods that `crm.item.*` has under another one.
const OLD_NAMES: &[(&str, &str)] = &[
    ("DATE_CREATE", "createdTime"),
    ("DATE_MODIFY", "updatedTime"),
    ("CREATED_BY_ID", "createdBy"),
    ("MODIFY_BY_ID", "updatedBy"),
    ("MOVED_BY_ID", "movedBy"),
    ("STATUS_ID", "stageId"),
    ("STATUS_SEMANTIC_ID", "stageSemanticId"),
    ("RESPONSIBLE_ID", "assignedById"),
];

impl Fields {
    /// Fields known by name only.
    pub(crate) fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let all = names.into_iter().map(|name| Field {
            name: name.to_owned(),
            key: name.to_owned(),
            ..Field::default()
        });
        Self { all: all.collect() }
    }

    /// Reads the answer of a `fields` method of any family. `None`: not a list of fields.
    ///
    /// An object of descriptions by name, bare or under one key (`fields`, `product`, …),
    /// an object of titles by name (`user.fields`), or a list of descriptions (REST 3).
    pub(crate) fn read(answer: &Tree) -> Option<Self> {
        let all: Vec<Field> = match answer {
            Tree::List(items) => items.iter().map(|item| described(None, item)).collect(),
            Tree::Map(entries) => {
                if let [(_, inner @ (Tree::Map(_) | Tree::List(_)))] = entries.as_slice()
                    && inner.get("type").is_none()
                {
                    return Self::read(inner);
                }
                let each = entries.iter();
                each.map(|(name, item)| described(Some(name), item))
                    .collect()
            }
            _ => return None,
        };
        let all: Vec<Field> = all
            .into_iter()
            .filter(|field| !field.name.is_empty())
            .collect();
        (!all.is_empty()).then_some(Self { all })
    }

    /// Rows of this entity write the keys in camelCase while filters use `UPPER_SNAKE`.
    #[must_use]
    pub(crate) fn camel_keys(mut self) -> Self {
        for field in &mut self.all {
            field.key = camel(&field.name);
        }
        self
    }

    /// All fields, in the portal's order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Field> {
        self.all.iter()
    }

    /// The field that `name` means: its own name, its key in rows, its `UPPER_SNAKE` form,
    /// or the name that it had in the classic methods.
    pub(crate) fn find(&self, name: &str) -> Option<&Field> {
        let exact = self
            .all
            .iter()
            .find(|field| field.name == name || field.key == name);
        if exact.is_some() || name.contains(|c: char| c.is_ascii_lowercase()) {
            return exact;
        }
        let new = OLD_NAMES
            .iter()
            .find_map(|(old, new)| (*old == name).then_some(*new));
        self.all
            .iter()
            .find(|field| same(&field.name, name))
            .or_else(|| {
                self.all
                    .iter()
                    .find(|field| Some(field.name.as_str()) == new)
            })
    }

    /// The field whose name is most like `name`, shown with its title.
    pub(crate) fn suggestion(&self, name: &str) -> Option<String> {
        let plain = |text: &str| text.replace('_', "").to_lowercase();
        let found = self
            .all
            .iter()
            .find(|field| plain(&field.name) == plain(name));
        let found = found.or_else(|| {
            let close = closest(name, self.all.iter().map(|field| field.name.as_str()))?;
            self.all.iter().find(|field| field.name == close)
        })?;
        Some(match &found.title {
            Some(title) => format!("{:?} ({title})", found.name),
            None => format!("{:?}", found.name),
        })
    }
}

fn described(name: Option<&str>, item: &Tree) -> Field {
    let text = |key: &str| match item.get(key).or_else(|| item.get(&key.to_uppercase())) {
        Some(Tree::Text(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let name = name.map(ToOwned::to_owned).or_else(|| text("name"));
    let name = name.unwrap_or_default();
    let labels = ["listLabel", "formLabel", "title"]
        .into_iter()
        .find_map(text);
    let title = match item {
        Tree::Text(title) => Some(title.clone()),
        _ => labels,
    };
    let is = |old: &str, new: &str| {
        let flag = item.get(old).or_else(|| item.get(new));
        flag == Some(&Tree::Bool(true)) || flag == Some(&Tree::Text("Y".to_owned()))
    };
    Field {
        key: name.clone(),
        title: title.filter(|title| *title != name),
        kind: text("type").unwrap_or_default(),
        multiple: is("isMultiple", "multiple"),
        required: is("isRequired", "required"),
        read_only: is("isReadOnly", "readOnly") || item.get("editable") == Some(&Tree::Bool(false)),
        immutable: is("isImmutable", "immutable"),
        status_type: text("statusType").or_else(|| {
            // Of a custom field.
            let own = item.get("settings")?.get("ENTITY_TYPE")?;
            plain(own).filter(|kind| !kind.is_empty())
        }),
        items: choices(item),
        name,
    }
}

/// The choices of an enumeration: `items` of user fields, `values` of tasks.
fn choices(item: &Tree) -> Vec<(String, String)> {
    match (item.get("items"), item.get("values")) {
        (Some(Tree::List(items)), _) => {
            let each = items.iter();
            each.filter_map(|item| Some((plain(item.get("ID")?)?, plain(item.get("VALUE")?)?)))
                .collect()
        }
        (_, Some(Tree::Map(values))) => {
            let each = values.iter();
            each.filter_map(|(code, text)| Some((code.clone(), plain(text)?)))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A text or number as text.
fn plain(value: &Tree) -> Option<String> {
    match value {
        Tree::Text(text) => Some(text.clone()),
        Tree::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether an `UPPER_SNAKE` name and a camelCase one are the same.
fn same(name: &str, upper: &str) -> bool {
    let plain = |text: &str| text.replace('_', "").to_ascii_uppercase();
    plain(name) == plain(upper)
}

/// The key that a row has for a field of this name.
pub(crate) fn row_key(name: &str, renamed: bool) -> String {
    if renamed {
        camel(name)
    } else {
        name.to_owned()
    }
}

/// `CREATED_DATE` as `createdDate`.
fn camel(name: &str) -> String {
    if name.contains(|c: char| c.is_ascii_lowercase()) {
        return name.to_owned();
    }
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = !out.is_empty();
        } else if upper {
            out.push(c);
            upper = false;
        } else {
            out.push(c.to_ascii_lowercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Fields {
        Fields::read(&serde_json::from_str(json).unwrap()).unwrap()
    }

    fn names(fields: &Fields) -> Vec<&str> {
        fields.iter().map(|field| field.name.as_str()).collect()
    }

    #[test]
    fn every_family_of_fields_methods_reads() {
        let item = read(
            r#"{"fields":{"title":{"type":"string","title":"Name"},"id":{"type":"integer","title":"ID"}}}"#,
        );
        assert_eq!(names(&item), ["title", "id"]);
        assert_eq!(item.find("title").unwrap().title.as_deref(), Some("Name"));
        let classic = read(
            r#"{"ID":{"type":"integer","title":"ID"},"UF_CRM_1":{"type":"string","listLabel":"Colour"}}"#,
        );
        assert_eq!(
            classic.find("UF_CRM_1").unwrap().title.as_deref(),
            Some("Colour")
        );
        assert_eq!(
            names(&read(r#"{"product":{"id":{"type":"integer"},"name":{}}}"#)),
            ["id", "name"]
        );
        let v3 = read(r#"{"items":[{"name":"id","type":"int"},{"name":"title"}]}"#);
        assert_eq!(names(&v3), ["id", "title"]);
        assert_eq!(
            read(r#"{"NAME":"First name"}"#)
                .find("NAME")
                .unwrap()
                .title
                .as_deref(),
            Some("First name")
        );
        assert!(Fields::read(&Tree::List(Vec::new())).is_none());
        assert!(Fields::read(&Tree::Bool(true)).is_none());
    }

    #[test]
    fn the_directory_of_a_custom_status_is_in_its_settings() {
        let fields = read(
            r#"{"UF_1":{"type":"crm_status","settings":{"ENTITY_TYPE":"SOURCE"}},"STAGE_ID":{"type":"crm_status","statusType":"DEAL_STAGE"}}"#,
        );
        let kind = |name| fields.find(name).unwrap().status_type.as_deref();
        assert_eq!(kind("UF_1"), Some("SOURCE"));
        assert_eq!(kind("STAGE_ID"), Some("DEAL_STAGE"));
    }

    #[test]
    fn old_and_upper_names_are_aliases_but_a_slip_is_not() {
        let item = Fields::named(["id", "stageId", "createdTime", "ufCrm7_1690000"]);
        assert_eq!(item.find("STAGE_ID").unwrap().name, "stageId");
        assert_eq!(item.find("DATE_CREATE").unwrap().name, "createdTime");
        assert_eq!(
            item.find("UF_CRM_7_1690000").unwrap().name,
            "ufCrm7_1690000"
        );
        assert!(item.find("stage_id").is_none());
        assert_eq!(item.suggestion("stage_id").as_deref(), Some("\"stageId\""));
        assert!(item.suggestion("zzz").is_none());
    }

    #[test]
    fn tasks_are_filtered_in_upper_case_and_read_in_camel_case() {
        let tasks = Fields::named(["ID", "CREATED_DATE"]).camel_keys();
        assert_eq!(tasks.find("createdDate").unwrap().name, "CREATED_DATE");
        assert_eq!(tasks.find("CREATED_DATE").unwrap().key, "createdDate");
    }
}
