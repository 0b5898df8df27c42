//! Which column of a file is which field of the portal.

use crate::catalogue::Version;
use crate::entity::Entity;
use crate::failure::Failure;
use crate::fields::{Field, Fields};
use crate::printer::counted;

use super::contacts::{self, Channel};
use super::names::{Names, is_text_beside, no_column};

/// What is done with the rows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Each becomes a new row of the portal.
    Add,
    /// Each changes one.
    Update,
    /// Each changes one, or becomes a new one where there is none.
    Upsert,
}

/// Fields of `crm.item.*` that the portal fills itself, required or not.
const FILLED: &[&str] = &["title", "categoryId", "stageId", "assignedById", "opened"];

/// What a column means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Id,
    Field(Box<Field>),
    /// The pipeline of a row that has one already: it says which stages are meant, and is not sent.
    Pipeline(Box<Field>),
    /// Phones and the like; several columns may bring some.
    Contacts(Channel),
    /// Not sent.
    Nothing,
}

impl Target {
    /// What messages call it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Id | Self::Nothing => "id",
            Self::Field(field) | Self::Pipeline(field) => &field.name,
            Self::Contacts(Channel::Any) => "fm",
            Self::Contacts(Channel::One(kind, _)) => kind,
        }
    }
}

/// The columns of a file and their fields.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    targets: Vec<Target>,
    /// The field of a row's pipeline, mapped or not.
    pub(super) category: Option<Field>,
    /// Whether contacts are all in `fm`.
    pub(super) by_item: bool,
    /// The method that lists the rows.
    pub(super) method: String,
    pub(super) version: Version,
    notes: Vec<String>,
    warnings: Vec<String>,
}

/// What is wanted of a mapping.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// What messages call the file.
    pub(crate) file: &'a str,
    pub(crate) columns: &'a [String],
    /// `--map COLUMN=FIELD`; no field leaves the column out.
    pub(crate) maps: &'a [(String, String)],
    pub(crate) purpose: Purpose,
}

impl Mapping {
    /// Finds the field of each column: the one that `--map` names, else the one of that name,
    /// former name or title.
    pub(crate) fn of(
        wanted: Wanted<'_>,
        entity: &Entity,
        fields: &Fields,
    ) -> Result<Self, Failure> {
        let names = Names { entity, fields };
        for (column, _) in wanted.maps {
            if !wanted.columns.contains(column) {
                return Err(no_column(column, wanted));
            }
        }
        let mut mapping = Self {
            targets: Vec::new(),
            category: fields
                .iter()
                .find(|field| field.kind == "crm_category")
                .cloned(),
            by_item: contacts::by_item(fields),
            method: entity.method.clone(),
            version: entity.version,
            notes: Vec::new(),
            warnings: Vec::new(),
        };
        for (at, column) in wanted.columns.iter().enumerate() {
            let mapped = wanted.maps.iter().rev().find(|(name, _)| name == column);
            let target = match mapped {
                Some((_, field)) if field.is_empty() => Target::Nothing,
                Some((_, field)) => names.target(field).ok_or_else(|| {
                    names.unknown(field, &format!("--map {column}={field}: "), None)
                })?,
                None if column.is_empty() => {
                    mapping
                        .notes
                        .push(format!("column {} has no heading and is left out", at + 1));
                    Target::Nothing
                }
                None => match names.by_heading(column)? {
                    Some(target) => target,
                    None if is_text_beside(column, wanted.columns) => Target::Nothing,
                    None => {
                        return Err(names.unknown(column, "", Some((at, wanted.file))));
                    }
                },
            };
            mapping.targets.push(target);
        }
        mapping.once_each(wanted)?;
        mapping.leave_out(wanted);
        mapping.required(wanted, entity, fields)?;
        for target in &mut mapping.targets {
            if let Target::Field(field) = target {
                field.required = wanted.purpose == Purpose::Add && is_required(field, entity);
            }
        }
        Ok(mapping)
    }

    /// The meaning of each column, in their order.
    pub(super) fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Whether a column is of this field.
    pub(crate) fn has(&self, field: &Field) -> bool {
        self.targets.iter().any(|target| match target {
            Target::Field(own) | Target::Pipeline(own) => own.name == field.name,
            Target::Id | Target::Contacts(_) | Target::Nothing => false,
        })
    }

    /// What is left out, as a person would expect.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is left out although a person might not expect it.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn once_each(&self, wanted: Wanted<'_>) -> Result<(), Failure> {
        for (at, target) in self.targets.iter().enumerate() {
            let before = self.targets[..at].iter().position(|other| other == target);
            let (Some(before), Target::Field(_) | Target::Id) = (before, target) else {
                continue;
            };
            let (first, second) = (&wanted.columns[before], &wanted.columns[at]);
            let field = match target {
                Target::Field(field) => field.name.as_str(),
                _ => "id",
            };
            let message = format!("columns {first:?} and {second:?} are both {field}");
            return Err(Failure::usage(message)
                .state("nothing was sent")
                .hint(format!("--map '{second}=' leaves the second out")));
        }
        Ok(())
    }

    /// Takes out what only the portal writes: an export has it.
    fn leave_out(&mut self, wanted: Wanted<'_>) {
        let (mut by_portal, mut once) = (Vec::new(), Vec::new());
        for (target, column) in self.targets.iter_mut().zip(wanted.columns) {
            match target {
                Target::Id if wanted.purpose == Purpose::Add => {
                    by_portal.push(column.as_str());
                    *target = Target::Nothing;
                }
                Target::Field(field) if field.read_only => {
                    by_portal.push(column.as_str());
                    *target = Target::Nothing;
                }
                Target::Field(field) if field.immutable && wanted.purpose == Purpose::Update => {
                    once.push(column.as_str());
                    *target = match field.kind.as_str() {
                        "crm_category" => Target::Pipeline(field.clone()),
                        _ => Target::Nothing,
                    };
                }
                _ => {}
            }
        }
        if !by_portal.is_empty() {
            let count = counted(by_portal.len() as u64, "column is", "columns are");
            self.notes.push(format!(
                "{count} written by the portal alone and left out: {}",
                some(&by_portal)
            ));
        }
        if !once.is_empty() {
            let count = counted(once.len() as u64, "column is", "columns are");
            self.warnings.push(format!(
                "{count} for new rows only and left out: {}",
                some(&once)
            ));
        }
    }

    fn required(
        &self,
        wanted: Wanted<'_>,
        entity: &Entity,
        fields: &Fields,
    ) -> Result<(), Failure> {
        if wanted.purpose != Purpose::Add {
            return Ok(());
        }
        let missing = fields
            .iter()
            .find(|field| is_required(field, entity) && !self.has(field));
        match missing {
            Some(field) => {
                let title = field.title.as_deref().unwrap_or(&field.name);
                let message = format!(
                    "{} need {:?} ({title}), and no column of {} has it",
                    entity.rows, field.name, wanted.file
                );
                Err(Failure::usage(message)
                    .state("nothing was sent")
                    .hint(format!(
                        "--map COLUMN={} says which column it is",
                        field.name
                    )))
            }
            None => Ok(()),
        }
    }
}

/// Whether a new row is refused without it.
fn is_required(field: &Field, entity: &Entity) -> bool {
    let filled = entity.is_items() && FILLED.contains(&field.name.as_str());
    field.required && !field.read_only && !filled
}

/// The first of many names.
fn some(names: &[&str]) -> String {
    const SHOWN: usize = 6;
    let mut text = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN {
        text += " …";
    }
    text
}
