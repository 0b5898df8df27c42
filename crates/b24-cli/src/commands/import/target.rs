//! The methods that write rows of an entity, and the field by which a new row is found again.

use std::sync::Arc;

use b24::Effect;

use super::Mode;
use crate::bulk;
use crate::catalogue::{self, Version};
use crate::entity::Entity;
use crate::failure::Failure;
use crate::fields::{Field, Fields};
use crate::parameters::Tree;

/// Where rows are written to.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) entity: Entity,
    /// Makes a row: `crm.item.add`, or `crm.item.import` where robots shall not start.
    pub(super) add: String,
    /// Changes one: `crm.item.update`.
    pub(super) update: String,
    /// The parameter of `update` that takes the id.
    id_param: String,
}

impl Target {
    pub(super) fn of(entity: Entity, no_automation: bool) -> Result<Self, Failure> {
        let list = entity.method.to_lowercase();
        let base = list.strip_suffix(".list").unwrap_or_default();
        let add = with_fields(&format!("{base}.add"));
        let update = with_fields(&format!("{base}.update"));
        let (Some(add), Some(update), Version::V2) = (add, update, entity.version) else {
            return Err(Failure::usage(format!(
                "{} cannot be imported: the portal has no methods that write such rows from fields",
                entity.stem
            ))
            .state("nothing was sent")
            .hint("b24 batch runs any method for each line of a file"));
        };
        let id_param = ["id", "ID", "taskId"]
            .into_iter()
            .find(|name| update.params.iter().any(|param| param.name == *name))
            .unwrap_or("id");
        if no_automation && !entity.is_items() {
            return Err(Failure::usage(format!(
                "--no-automation is for CRM entities: {} has no form that starts nothing",
                add.name()
            ))
            .state("nothing was sent"));
        }
        let add = if no_automation {
            "crm.item.import"
        } else {
            add.name()
        };
        Ok(Self {
            add: add.to_owned(),
            update: update.name().to_owned(),
            id_param: id_param.to_owned(),
            entity,
        })
    }

    /// The parameters that make a row.
    pub(super) fn adding(&self, fields: Tree) -> Tree {
        let mut params = self.entity.parameters();
        params.set("fields", fields);
        params
    }

    /// The parameters that change a row.
    pub(super) fn changing(&self, id: u64, fields: Tree) -> Tree {
        let mut params = self.entity.parameters();
        params.set(self.id_param.as_str(), id.into());
        params.set("fields", fields);
        params
    }

    /// How rows are looked up by a field.
    pub(super) fn question(&self, field: &str, above: Option<u64>) -> Arc<bulk::Question> {
        Arc::new(bulk::Question {
            method: self.entity.method.clone(),
            params: self.entity.parameters(),
            field: field.to_owned(),
            id: self.entity.id_field().to_owned(),
            above,
        })
    }

    /// What starts at the portal when rows are written.
    pub(super) fn automation(&self, mode: Mode) -> String {
        if self.add == "crm.item.import" {
            return "none: crm.item.import starts neither robots nor workflows".to_owned();
        }
        let rows = &self.entity.rows;
        match (mode, self.entity.method.starts_with("crm.")) {
            (_, false) => format!("{} tells those who take part", self.add),
            (Mode::Add, true) if self.entity.is_items() => format!(
                "robots and workflows for new {rows} start; with --no-automation they do not"
            ),
            (Mode::Update, true) => format!("robots and workflows for changed {rows} start"),
            (_, true) => format!("robots and workflows for new and changed {rows} start"),
        }
    }
}

/// A method of REST 2 that writes and takes `fields`.
fn with_fields(name: &str) -> Option<catalogue::Method> {
    let method = catalogue::find_method(name, Some(Version::V2))?;
    let takes = method.params.iter().any(|param| param.name == "fields");
    (takes && Effect::of(name) != Effect::Read).then_some(method)
}

/// The field that tells whether a new row is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum External {
    /// The file has it, with another value in each row.
    Own { field: String },
    /// It is made of the journal's name and the row's number.
    Made {
        field: String,
        /// Who gave the id, where the entity has a field for that and the file has not.
        giver: Option<String>,
    },
    /// There is none.
    None,
}

/// What is put in the field that says who gave the external id.
pub(super) const GIVER: &str = "b24";

impl External {
    /// Chooses the field. `has`: whether the file has it; `differs`: whether in each row another one.
    pub(super) fn of(
        entity: &Entity,
        fields: &Fields,
        has: impl Fn(&Field) -> bool,
        differs: impl Fn(&str) -> bool,
    ) -> Self {
        let there: Vec<_> = bulk::external_ids(entity, fields).collect();
        let own = there
            .iter()
            .find(|(field, _)| has(field) && differs(&field.name));
        if let Some((field, _)) = own {
            return Self::Own {
                field: field.name.clone(),
            };
        }
        match there.iter().find(|(field, _)| !has(field)) {
            Some((field, giver)) => Self::Made {
                field: field.name.clone(),
                giver: giver
                    .filter(|giver| !has(giver))
                    .map(|giver| giver.name.clone()),
            },
            None => Self::None,
        }
    }

    /// As the plan names it.
    pub(super) fn text(&self, rows: &str) -> String {
        match self {
            Self::Own { field } => {
                format!("{field} of the file tells whether a row is there when its answer is lost")
            }
            Self::Made { field, giver: None } => {
                format!("{field} is filled with the journal's name and the row's number")
            }
            Self::Made {
                field,
                giver: Some(giver),
            } => format!(
                "{field} is filled with the journal's name and the row's number, {giver} with {GIVER:?}"
            ),
            Self::None => {
                format!(
                    "none: {rows} have no free field for it, so a row whose answer is lost is reported as unknown"
                )
            }
        }
    }
}
