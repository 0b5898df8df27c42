//! Rows of a file against the fields of the portal: what will be sent, or why a row cannot be.

mod contacts;
mod mapping;

use std::path::PathBuf;

use crate::intake::Row;
use crate::labels::Codes;
use crate::parameters::Tree;
pub(crate) use contacts::{Contacts, merge};
use mapping::Target;
pub(crate) use mapping::{Mapping, Purpose};

/// What a blank cell does to a row that is on the portal already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Blank {
    /// The field stays as it is
    #[default]
    Keep,
    /// The field is emptied
    Clear,
}

/// How rows are checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) purpose: Purpose,
    pub(crate) blank: Blank,
    /// The directory of the files that cells name (`@photo.png`); none outside of it are read.
    pub(crate) files: PathBuf,
}

/// Why a row cannot be sent. The same reason has the same words in every row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reason {
    /// The field, as the portal calls it.
    pub(crate) field: String,
    pub(crate) message: String,
}

/// A row that can be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checked {
    /// The value of `fields`. Phones and the like are those of the file: see [`merge`].
    pub(crate) fields: Tree,
    /// The id that the file gives, where it has a column of ids.
    pub(crate) id: Option<u64>,
}

/// Whether files that cells name are read: their contents are wanted only to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// Only looked at.
    Look,
    /// Read into the fields.
    Load,
}

/// Checks rows.
#[derive(Debug)]
pub(crate) struct Checker {
    mapping: Mapping,
    codes: Codes,
    settings: Settings,
}

impl Checker {
    pub(crate) fn new(mapping: Mapping, codes: Codes, settings: Settings) -> Self {
        Self {
            mapping,
            codes,
            settings,
        }
    }

    /// A row as `fields`, or everything that is wrong with it.
    pub(crate) fn check(&self, row: &Row, files: Files) -> Result<Checked, Vec<Reason>> {
        let _ = (files, &self.codes, &self.settings);
        let mut fields = Tree::empty();
        let mut reasons = Vec::new();
        for (target, cell) in self.mapping.targets().iter().zip(&row.cells) {
            match (target, cell) {
                (Target::Field(field), Tree::Null) if field.required => reasons.push(Reason {
                    field: field.name.clone(),
                    message: "is required and empty".to_owned(),
                }),
                (Target::Field(field), cell) if *cell != Tree::Null => {
                    fields.set(field.name.as_str(), cell.clone());
                }
                _ => {}
            }
        }
        if reasons.is_empty() {
            Ok(Checked { fields, id: None })
        } else {
            Err(reasons)
        }
    }
}
