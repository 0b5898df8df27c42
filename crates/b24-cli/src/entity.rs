//! What a person exports: a word for CRM entities, or any method.

use b24::Effect;

use crate::catalogue::{self, Version};
use crate::failure::{Failure, closest};
use crate::parameters::Tree;

/// `--api`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Api {
    /// What the catalogue says; v2 where a method is in both
    #[default]
    Auto,
    /// REST 2
    V2,
    /// REST 3
    V3,
}

impl Api {
    /// `--v3` is short for `--api v3`.
    pub(crate) fn chosen(self, v3: bool) -> Self {
        if v3 { Self::V3 } else { self }
    }

    /// The version of a method. A version that the catalogue does not know is the user's word.
    pub(crate) fn version(self, method: &str) -> Version {
        match self {
            Self::V2 => Version::V2,
            Self::V3 => Version::V3,
            Self::Auto => {
                catalogue::find_method(method, None).map_or(Version::V2, |method| method.version)
            }
        }
    }
}

/// A word, what one row is called, and the type of `crm.item.*`.
const CRM: &[(&str, &str, u64)] = &[
    ("leads", "lead", 1),
    ("deals", "deal", 2),
    ("contacts", "contact", 3),
    ("companies", "company", 4),
    ("quotes", "quote", 7),
    ("invoices", "invoice", 31),
];

/// A word, what one row is called, and its method.
const OTHER: &[(&str, &str, &str)] = &[
    ("tasks", "task", "tasks.task.list"),
    ("users", "user", "user.get"),
    ("products", "product", "crm.product.list"),
];

/// What messages call a row of this type of `crm.item.*`.
pub(crate) fn row_of(type_id: u64) -> &'static str {
    let known = CRM.iter().find(|(.., id)| *id == type_id);
    known.map_or("item", |(_, row, _)| *row)
}

/// The word for this type of `crm.item.*`; smart processes have none.
pub(crate) fn word_of(type_id: u64) -> Option<&'static str> {
    let known = CRM.iter().find(|(.., id)| *id == type_id);
    known.map(|(rows, ..)| *rows)
}

const ITEMS: &str = "crm.item.list";

/// A list of rows on the portal.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    /// What messages call the rows: `deals`, or `rows`.
    pub(crate) rows: String,
    /// What messages call one of them.
    pub(crate) row: String,
    /// The name of a file in a directory: `deals`, `crm.deal.list`.
    pub(crate) stem: String,
    pub(crate) method: String,
    pub(crate) version: Version,
    /// `entityTypeId` of `crm.item.*`.
    pub(crate) type_id: Option<u64>,
    /// What the catalogue says about the method.
    pub(crate) documented: Option<catalogue::Method>,
}

/// An entity as it was written.
#[derive(Clone, Debug)]
pub(crate) enum Word {
    /// Known without asking anybody.
    Entity(Box<Entity>),
    /// `spa:NAME`, which only the portal knows.
    SmartProcess(String),
}

impl Word {
    /// Reads an entity word, `spa:…` or a method name.
    pub(crate) fn read(word: &str, api: Api) -> Result<Self, Failure> {
        let lower = word.to_lowercase();
        if let Some((rows, row, id)) = CRM.iter().find(|(rows, ..)| *rows == lower) {
            return Ok(Self::known(Entity::of_type(rows, row, *id, api)?));
        }
        if let Some((rows, row, method)) = OTHER.iter().find(|(rows, ..)| *rows == lower) {
            return Ok(Self::known(Entity::of_method(
                method, rows, row, rows, api,
            )?));
        }
        if let Some((_, name)) = lower.split_once(':').filter(|(head, _)| *head == "spa") {
            return match name.parse() {
                Ok(id) => Ok(Self::known(Entity::smart(id, api)?)),
                Err(_) if name.is_empty() => Err(unknown(word)),
                Err(_) => Ok(Self::SmartProcess(word[4..].to_owned())),
            };
        }
        if !word.contains('.') {
            return Err(unknown(word));
        }
        Ok(Self::known(Entity::of_method(
            word, "rows", "row", word, api,
        )?))
    }

    fn known(entity: Entity) -> Self {
        Self::Entity(Box::new(entity))
    }
}

impl Entity {
    fn of_type(rows: &str, row: &str, id: u64, api: Api) -> Result<Self, Failure> {
        let mut entity = Self::of_method(ITEMS, rows, row, rows, api)?;
        entity.type_id = Some(id);
        Ok(entity)
    }

    fn smart(id: u64, api: Api) -> Result<Self, Failure> {
        let mut entity = Self::of_type("items", "item", id, api)?;
        entity.stem = format!("spa-{id}");
        Ok(entity)
    }

    fn of_method(
        method: &str,
        rows: &str,
        row: &str,
        stem: &str,
        api: Api,
    ) -> Result<Self, Failure> {
        if !method
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        {
            return Err(unknown(method));
        }
        let version = api.version(method);
        let documented = catalogue::find_method(method, Some(version));
        if documented.is_none()
            && let Some(other) = catalogue::find_method(method, None)
        {
            let failure = Failure::usage(format!("{method} exists in {} only", other.version));
            return Err(failure
                .state("nothing was sent")
                .hint(format!("--api {}", other.version)));
        }
        let is_list = documented
            .as_ref()
            .is_some_and(|method| method.list.is_some());
        if !is_list && Effect::of(method) != Effect::Read {
            return Err(Failure::usage(format!(
                "{method} may change the portal, it is no list to export"
            ))
            .state("nothing was sent")
            .hint(format!("b24 call {method}")));
        }
        Ok(Self {
            rows: rows.to_owned(),
            row: row.to_owned(),
            stem: stem.to_owned(),
            method: method.to_owned(),
            version,
            type_id: None,
            documented,
        })
    }

    /// A smart process by its title or code, out of the answer to `crm.type.list`.
    pub(crate) fn smart_process(name: &str, types: &Tree, api: Api) -> Result<Self, Failure> {
        let types = match types.get("types").unwrap_or(types) {
            Tree::List(types) => types.as_slice(),
            _ => &[],
        };
        let text = |of: &Tree, key: &str| match of.get(key) {
            Some(Tree::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let titles: Vec<String> = types
            .iter()
            .filter_map(|kind| text(kind, "title"))
            .collect();
        let found = types.iter().find(|kind| {
            let is = |key| {
                text(kind, key).is_some_and(|text| text.to_lowercase() == name.to_lowercase())
            };
            is("title") || is("code") || is("name")
        });
        let id = found.and_then(|kind| match kind.get("entityTypeId") {
            Some(Tree::Number(id)) => id.as_u64(),
            Some(Tree::Text(id)) => id.parse().ok(),
            _ => None,
        });
        let Some(id) = id else {
            let close = closest(name, titles.iter().map(String::as_str));
            let failure = Failure::usage(format!("the portal has no smart process {name:?}"))
                .state("nothing changed");
            return Err(match (close, titles.is_empty()) {
                (Some(close), _) => failure.hint(format!("did you mean \"spa:{close}\"?")),
                (None, false) => failure.hint(format!("it has: {}", titles.join(", "))),
                (None, true) => failure,
            });
        };
        Self::smart(id, api)
    }

    /// What a person would write for it: `deals`, `spa:1032`, or its method.
    pub(crate) fn word(&self) -> String {
        match self.type_id {
            Some(id) => word_of(id).map_or_else(|| format!("spa:{id}"), ToOwned::to_owned),
            None => self.method.clone(),
        }
    }

    /// Parameters that the entity stands for.
    pub(crate) fn parameters(&self) -> Tree {
        let mut parameters = Tree::empty();
        if let Some(id) = self.type_id {
            parameters.set("entityTypeId", id.into());
        }
        parameters
    }

    /// The method that describes the fields, if the catalogue has one.
    pub(crate) fn fields_method(&self) -> Option<String> {
        let (base, _) = self.method.rsplit_once('.')?;
        let endings: &[&str] = match self.version {
            Version::V2 => &["fields", "getFields"],
            Version::V3 => &["field.list"],
        };
        endings
            .iter()
            .filter_map(|ending| {
                catalogue::find_method(&format!("{base}.{ending}"), Some(self.version))
            })
            .map(|method| method.name().to_owned())
            .next()
    }

    /// Whether filters name fields in `UPPER_SNAKE` while rows have them in camelCase.
    pub(crate) fn renames_fields(&self) -> bool {
        self.version == Version::V2 && self.method.to_lowercase().starts_with("tasks.task.")
    }

    /// A classic CRM list: it leaves out user fields and phones unless they are named.
    pub(crate) fn is_classic_crm(&self) -> bool {
        let classic = [
            "crm.lead.list",
            "crm.deal.list",
            "crm.contact.list",
            "crm.company.list",
            "crm.quote.list",
        ];
        self.version == Version::V2 && classic.contains(&self.method.to_lowercase().as_str())
    }

    /// `crm.item.list`, whatever the type.
    pub(crate) fn is_items(&self) -> bool {
        self.method.eq_ignore_ascii_case(ITEMS)
    }

    /// The field of a row that is its id.
    pub(crate) fn id_field(&self) -> &str {
        let documented = self
            .documented
            .as_ref()
            .and_then(|method| method.list.as_ref()?.id.as_deref());
        documented.unwrap_or(match self.version {
            Version::V2 => "ID",
            Version::V3 => "id",
        })
    }

    /// The id of a row.
    pub(crate) fn id_of(&self, row: &Tree) -> Option<u64> {
        row.get(self.id_field())?.word()?.parse().ok()
    }

    /// The id in a filter.
    pub(crate) fn filter_id(&self) -> &str {
        if self.renames_fields() {
            "ID"
        } else {
            self.id_field()
        }
    }
}

/// What to select so that these fields come: phones and the like of `crm.item.list` come with everything, and never
/// when they are named.
pub(crate) fn selecting(names: Vec<String>) -> Vec<String> {
    if names.iter().any(|name| name == "fm") {
        return vec!["*".to_owned()];
    }
    names
}

fn unknown(word: &str) -> Failure {
    let words = || {
        CRM.iter()
            .map(|(rows, ..)| *rows)
            .chain(OTHER.iter().map(|(rows, ..)| *rows))
    };
    let singular = CRM
        .iter()
        .map(|(rows, row, _)| (row, rows))
        .chain(OTHER.iter().map(|(rows, row, _)| (row, rows)));
    let failure = Failure::usage(format!("there is no entity {word:?}")).state("nothing was sent");
    let exact = singular
        .into_iter()
        .find_map(|(row, rows)| (*row == word).then_some(*rows));
    match exact.or_else(|| closest(word, words())) {
        Some(close) => failure.hint(format!("did you mean {close}?")),
        None => failure.hint(format!(
            "one of {}, spa:NAME, or a list method such as crm.deal.list",
            words().collect::<Vec<_>>().join(" ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(word: &str, api: Api) -> Result<Entity, String> {
        match Word::read(word, api) {
            Ok(Word::Entity(entity)) => Ok(*entity),
            Ok(Word::SmartProcess(name)) => Err(format!("smart process {name}")),
            Err(failure) => Err(format!("{failure} / {}", failure.hints.join(" "))),
        }
    }

    #[test]
    fn crm_words_are_typed_items() {
        for (word, _, id) in CRM {
            let entity = read(word, Api::Auto).unwrap();
            assert_eq!(
                (entity.method.as_str(), entity.type_id),
                ("crm.item.list", Some(*id))
            );
            assert_eq!(entity.fields_method().as_deref(), Some("crm.item.fields"));
            assert_eq!(entity.id_field(), "id");
        }
        let spa = read("spa:1032", Api::Auto).unwrap();
        assert_eq!((spa.type_id, spa.rows.as_str()), (Some(1032), "items"));
    }

    #[test]
    fn tasks_are_v2_unless_asked_for() {
        let tasks = read("tasks", Api::Auto).unwrap();
        assert_eq!(
            (tasks.version, tasks.id_field(), tasks.filter_id()),
            (Version::V2, "id", "ID")
        );
        let v3 = read("tasks", Api::V3).unwrap();
        assert_eq!((v3.version, v3.filter_id()), (Version::V3, "id"));
        assert_eq!(
            read("main.eventlog.list", Api::Auto).unwrap().version,
            Version::V3
        );
        let classic = read("crm.deal.list", Api::Auto).unwrap();
        assert_eq!(
            (classic.id_field(), classic.fields_method().as_deref()),
            ("ID", Some("crm.deal.fields"))
        );
    }

    #[test]
    fn what_cannot_be_exported_says_why() {
        let words = [
            "deal",
            "Deal",
            "deels",
            "xyz",
            "spa:",
            "crm.deal.add",
            "a b.c",
        ];
        let mut seen: Vec<_> = words
            .iter()
            .map(|word| read(word, Api::Auto).unwrap_err())
            .collect();
        seen.push(read("deals", Api::V3).unwrap_err());
        insta::assert_snapshot!(seen.join("\n"));
    }

    #[test]
    fn smart_processes_are_found_by_title_or_code() {
        let types: Tree = serde_json::from_str(
            r#"{"types":[{"title":"Оборудование","code":"EQUIP","entityTypeId":128},{"title":"Orders","entityTypeId":"1032"}]}"#,
        ).unwrap();
        let id = |name| {
            Entity::smart_process(name, &types, Api::Auto).map(|entity| entity.type_id.unwrap())
        };
        assert_eq!(id("оборудование").unwrap(), 128);
        assert_eq!(id("equip").unwrap(), 128);
        assert_eq!(id("orders").unwrap(), 1032);
        assert_eq!(
            id("Order").unwrap_err().hints,
            ["did you mean \"spa:Orders\"?"]
        );
    }
}
