//! What the names in a file mean, and what is said of those that mean nothing.

use super::contacts;
use super::mapping::{Target, Wanted};
use crate::entity::Entity;
use crate::failure::Failure;
use crate::fields::{Field, Fields};

/// `stageId (text)` beside `stageId`, as `--labels both` writes them.
pub(super) fn is_text_beside(column: &str, columns: &[String]) -> bool {
    let code = column.strip_suffix(" (text)");
    code.is_some_and(|code| columns.iter().any(|column| column == code))
}

pub(super) fn no_column(column: &str, wanted: Wanted<'_>) -> Failure {
    let names = wanted.columns.iter().map(String::as_str);
    let close = crate::failure::closest(column, names);
    let failure = Failure::usage(format!("{} has no column {column:?}", wanted.file));
    let failure = failure.state("nothing was sent");
    match close {
        Some(close) => failure.hint(format!("did you mean {close:?}?")),
        None => failure.hint(format!("it has: {}", wanted.columns.join(", "))),
    }
}

/// The names of an entity's fields.
pub(super) struct Names<'a> {
    pub(super) entity: &'a Entity,
    pub(super) fields: &'a Fields,
}

impl Names<'_> {
    /// What a name that a person wrote for us means.
    pub(super) fn target(&self, name: &str) -> Option<Target> {
        if name == self.entity.id_field() || name.eq_ignore_ascii_case("id") {
            return Some(Target::Id);
        }
        if let Some(channel) = contacts::channel(name, self.fields) {
            return Some(Target::Contacts(channel));
        }
        let field = self.fields.find(name)?;
        Some(Target::Field(Box::new(field.clone())))
    }

    /// What a heading means: a name, or a title as `--labels` writes it.
    pub(super) fn by_heading(&self, heading: &str) -> Result<Option<Target>, Failure> {
        if let Some(target) = self.target(heading) {
            return Ok(Some(target));
        }
        let named = |field: &&Field| {
            field.title.as_deref().is_some_and(|title| {
                let key = heading
                    .strip_suffix(']')
                    .and_then(|text| text.strip_prefix(title));
                same(title, heading) || key.is_some_and(|key| key == format!(" [{}", field.key))
            })
        };
        let found: Vec<&Field> = self.fields.iter().filter(named).collect();
        // Of two fields with one title a person means the one that can be written.
        let writable: Vec<&Field> = found
            .iter()
            .copied()
            .filter(|field| !field.read_only)
            .collect();
        match (writable.as_slice(), found.as_slice()) {
            ([], []) => Ok(None),
            ([field], _) | ([], [field, ..]) => Ok(self.target(&field.name)),
            ([first, second, ..], _) => {
                let message = format!(
                    "{heading:?} is the title of {} and of {}",
                    first.name, second.name
                );
                Err(Failure::usage(message)
                    .state("nothing was sent")
                    .hint(format!("--map '{heading}={}'", first.name)))
            }
        }
    }

    pub(super) fn unknown(
        &self,
        name: &str,
        before: &str,
        place: Option<(usize, &str)>,
    ) -> Failure {
        let rows = &self.entity.rows;
        let place = place.map(|(at, file)| format!(" (column {} of {file})", at + 1));
        let message = format!(
            "{before}{rows} have no field {name:?}{}",
            place.as_deref().unwrap_or_default()
        );
        let failure = Failure::usage(message).state("nothing was sent");
        let suggestion =
            contacts::suggestion(name, self.fields).or_else(|| self.fields.suggestion(name));
        let failure = match &suggestion {
            Some(close) => failure.hint(format!(
                "did you mean {close}? b24 describe {}",
                self.entity.stem
            )),
            None => failure.hint(format!("b24 describe {} lists them", self.entity.stem)),
        };
        // A shell takes the name as it is.
        if place.is_none() || name.contains(|c: char| c == '\'' || c.is_control()) {
            return failure;
        }
        let field = suggestion
            .as_deref()
            .and_then(|close| close.split('"').nth(1));
        let field = field.unwrap_or("FIELD");
        failure.hint(format!(
            "--map '{name}={field}' says which it is, --map '{name}=' leaves the column out"
        ))
    }
}

fn same(title: &str, heading: &str) -> bool {
    title.trim().to_lowercase() == heading.trim().to_lowercase()
}
