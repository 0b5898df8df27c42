//! What the arguments ask for, read before anything is sent.

use super::{Args, ids};
use crate::failure::Failure;
use crate::filter::{Condition, FilterError, refused};
use crate::formats::{CsvFor, FileType};
use crate::labels::Labelling;
use crate::parameters::{self, Tree};

/// The arguments of an export, understood.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) conditions: Vec<Condition>,
    pub(super) ready: Option<Tree>,
    pub(super) select: Vec<String>,
    /// A field and whether it goes down.
    pub(super) order: Vec<(String, bool)>,
    pub(super) by_offset: bool,
    pub(super) limit: Option<u64>,
    pub(super) ids: Option<Vec<String>>,
    pub(super) params: Vec<String>,
    pub(super) unchecked: bool,
    pub(super) file_type: FileType,
    pub(super) csv_for: Option<CsvFor>,
    pub(super) labels: Option<Labelling>,
}

impl Request {
    pub(super) fn read(args: &Args, file_type: FileType) -> Result<Self, Failure> {
        let conditions: Result<_, _> = args
            .filter
            .iter()
            .map(|text| Condition::read(text))
            .collect();
        Ok(Self {
            conditions: conditions.map_err(|error| wrong_filter(&error))?,
            ready: args.filter_json.as_deref().map(ready).transpose()?,
            select: names(&args.select),
            order: args
                .order
                .iter()
                .map(|text| order(text))
                .collect::<Result<_, _>>()?,
            by_offset: args.by_offset,
            limit: args.limit,
            ids: args.ids.as_deref().map(ids::read).transpose()?,
            params: args.param.clone(),
            unchecked: args.unchecked,
            file_type,
            csv_for: args.csv_for,
            labels: args.labels,
        })
    }
}

/// A filter error in the words of the command, and the way past the checks.
pub(super) fn wrong_filter(error: &FilterError) -> Failure {
    let failure = refused(error);
    match error {
        FilterError::Field { .. } => failure.hint("--unchecked sends names as they are"),
        FilterError::Operator { .. } => failure.hint("--unchecked sends operators as they are"),
        FilterError::Form { .. } | FilterError::Twice { .. } => failure,
    }
}

fn ready(text: &str) -> Result<Tree, Failure> {
    let json = match text.strip_prefix('@') {
        Some(file) => parameters::read(file),
        None if text == "-" => parameters::read(text),
        None => Ok(text.as_bytes().to_vec()),
    };
    json.and_then(|json| parameters::parse_json(&json))
        .map_err(|why| Failure::usage(format!("--filter-json: {why}")).state("nothing was sent"))
}

fn names(all: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in all
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty())
    {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn order(text: &str) -> Result<(String, bool), Failure> {
    let (field, direction) = text.trim().split_once(':').unwrap_or((text.trim(), "asc"));
    let down = match direction.to_lowercase().as_str() {
        "asc" => false,
        "desc" => true,
        _ => {
            return Err(Failure::usage(format!(
                "--order {text:?}: after the field comes :asc or :desc"
            ))
            .state("nothing was sent"));
        }
    };
    Ok((field.to_owned(), down))
}
