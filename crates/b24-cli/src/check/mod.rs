//! Rows of a file against the fields of the portal: what will be sent, or why a row cannot be.
//!
//! ```text
//! integer, double        7  1 234,5  1,234.50        1,234 may be two numbers: refused
//! boolean                Y N yes no true false 1 0 да нет
//! date, datetime         2026-12-31  31.12.2026  with 14:30[:15] behind it, with an offset behind that
//! money                  100.50|EUR; an amount alone is in the portal's currency
//! enumeration, status, pipeline, currency          the code, or its text
//! stage                  the code, or its text within the row's pipeline
//! user                   the id, the e-mail, or the name if only one has it
//! several values         a JSON list, or ; between them
//! PHONE, EMAIL_HOME …    ; between several; the column `fm` holds JSON
//! file                   @PATH, below the directory of the table
//! ```

mod contacts;
mod file;
mod mapping;
mod merge;
mod moment;
mod names;
mod number;
mod value;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::catalogue::Version;
use crate::fields::Field;
use crate::intake::Row;
use crate::labels::Codes;
use crate::parameters::Tree;
use mapping::Target;
pub(crate) use mapping::{Mapping, Purpose, Wanted};
pub(crate) use merge::{Contacts, merge};
use value::Context;

/// What a blank cell does to a row that is on the portal already. New rows go without the field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Blank {
    /// The field stays as it is
    #[default]
    Keep,
    /// The field is emptied; phones and the like stay
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

/// The pipeline that a row is in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pipeline {
    /// The row says so.
    Named(String),
    /// It says nothing.
    Unnamed,
    /// What it says is wrong.
    Wrong,
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
        let mut checked = Checked {
            fields: Tree::empty(),
            id: None,
        };
        let mut contacts = Vec::new();
        let mut reasons = Vec::new();
        let pipeline = self.pipeline(row);
        for (target, cell) in self.cells(row) {
            let taken = match target {
                Target::Nothing => Ok(()),
                Target::Pipeline(field) => value::of(field, cell, self.context()).map(drop),
                Target::Id => id(cell).map(|id| checked.id = id),
                Target::Contacts(channel) => {
                    contacts::read(cell, *channel).map(|more| contacts.extend(more))
                }
                Target::Field(field) => self
                    .value(field, cell, &pipeline, files)
                    .and_then(|value| self.put(field, value, &mut checked.fields)),
            };
            if let Err(message) = taken {
                let field = target.name().to_owned();
                reasons.push(Reason { field, message });
            }
        }
        contacts::put(contacts, self.mapping.by_item, &mut checked.fields);
        if reasons.is_empty()
            && self.settings.purpose == Purpose::Add
            && checked.fields.entries().is_empty()
        {
            reasons.push(Reason {
                field: String::new(),
                message: "has no value for any field".to_owned(),
            });
        }
        if reasons.is_empty() {
            Ok(checked)
        } else {
            Err(reasons)
        }
    }

    fn cells<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a Target, &'a Tree)> {
        self.mapping.targets().iter().zip(&row.cells)
    }

    fn put(&self, field: &Field, value: Option<Value>, fields: &mut Tree) -> Result<(), String> {
        match value {
            Some(Value::Plain(value)) => fields.set(field.name.as_str(), value),
            Some(Value::Stage(stage, pipeline)) => {
                fields.set(field.name.as_str(), stage.into());
                if let (Some(pipeline), Some(category)) = (pipeline, &self.mapping.category) {
                    fields.set(category.name.as_str(), pipeline);
                }
            }
            None if field.required => return Err("is required and empty".to_owned()),
            None if self.settings.blank == Blank::Clear
                && self.settings.purpose != Purpose::Add =>
            {
                fields.set(field.name.as_str(), "".into());
            }
            None => {}
        }
        Ok(())
    }

    fn value(
        &self,
        field: &Field,
        cell: &Tree,
        pipeline: &Pipeline,
        files: Files,
    ) -> Result<Option<Value>, String> {
        if self.codes.has_stages(field) && !field.multiple {
            return self.stage(field, cell, pipeline);
        }
        if matches!(field.kind.as_str(), "file" | "disk_file") {
            let each = if field.multiple {
                value::list_of(cell, &[';', '\n'])
            } else {
                vec![cell.clone()]
            };
            let directory = &self.settings.files;
            let mut values = Vec::new();
            for cell in each {
                values.extend(file::value(&cell, directory, &self.mapping.method, files)?);
            }
            return Ok(match (field.multiple, values.is_empty()) {
                (_, true) => None,
                (true, _) => Some(Value::Plain(Tree::List(values))),
                (false, _) => values.pop().map(Value::Plain),
            });
        }
        Ok(value::of(field, cell, self.context())?.map(Value::Plain))
    }

    fn context(&self) -> Context<'_> {
        Context {
            codes: &self.codes,
            json_booleans: self.mapping.version == Version::V3,
        }
    }

    /// A stage of the row's pipeline. A new row that names a stage by its code is in the pipeline
    /// of that stage, and one that names none of both in the default one.
    fn stage(
        &self,
        field: &Field,
        cell: &Tree,
        pipeline: &Pipeline,
    ) -> Result<Option<Value>, String> {
        let text = value::text_of(cell)?;
        let text = text.trim();
        if text.is_empty() || *pipeline == Pipeline::Wrong {
            return Ok(None);
        }
        if let Pipeline::Named(pipeline) = pipeline {
            let stage = self.codes.stage(field, text, Some(pipeline))?;
            return Ok(Some(Value::Stage(stage.code, None)));
        }
        let default = self
            .codes
            .default_pipeline(field)
            .filter(|_| self.settings.purpose == Purpose::Add);
        let found = self.codes.stage(field, text, None);
        let by_code = found.as_ref().is_ok_and(|stage| stage.code == text);
        let stage = match default {
            Some(default) if !by_code => self.codes.stage(field, text, Some(default))?,
            _ => found?,
        };
        let elsewhere = default.is_some_and(|default| default != stage.pipeline);
        let pipeline = elsewhere.then(|| number::tree(stage.pipeline));
        Ok(Some(Value::Stage(stage.code, pipeline)))
    }

    fn pipeline(&self, row: &Row) -> Pipeline {
        let Some(category) = &self.mapping.category else {
            return Pipeline::Unnamed;
        };
        let found = self.cells(row).find_map(|(target, cell)| match target {
            Target::Field(field) | Target::Pipeline(field) if field.name == category.name => {
                Some(value::of(field, cell, self.context()))
            }
            _ => None,
        });
        match found {
            Some(Ok(Some(code))) => value::text_of(&code)
                .map_or(Pipeline::Wrong, |code| Pipeline::Named(code.into_owned())),
            Some(Err(_)) => Pipeline::Wrong,
            Some(Ok(None)) | None => Pipeline::Unnamed,
        }
    }
}

/// What a field gets.
#[derive(Debug)]
enum Value {
    Plain(Tree),
    /// A stage, and the pipeline that it is in if the row does not say so.
    Stage(String, Option<Tree>),
}

fn id(cell: &Tree) -> Result<Option<u64>, String> {
    let text = value::text_of(cell)?;
    match text.trim() {
        "" => Ok(None),
        text => match number::integer(text) {
            Ok(id @ 1..) => Ok(Some(id.cast_unsigned())),
            _ => Err(format!("{text:?} is no id")),
        },
    }
}
