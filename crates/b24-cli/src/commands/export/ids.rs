//! `--ids`: rows by their ids, 2,500 in a request.

use std::collections::HashSet;

use b24::Outcome;
use serde_json::value::RawValue;

use crate::catalogue::Version;
use crate::connection::Connection;
use crate::entity::Entity;
use crate::failure::Failure;
use crate::filter::Operator;
use crate::formats::entry;
use crate::parameters::{self, Tree};
use crate::resume::Place;

/// Ids in one command: one page.
const PAGE: usize = 50;
/// Commands in one request.
const COMMANDS: usize = 50;

/// Reads a file of ids, one a line.
pub(crate) fn read(source: &str) -> Result<Vec<String>, Failure> {
    let wrong = |why: String| Failure::usage(format!("--ids: {why}")).state("nothing was sent");
    let bytes = parameters::read(source).map_err(wrong)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong(format!("{source} is not text")))?;
    let mut known = HashSet::new();
    let mut ids = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{FEFF}').lines()) {
        let id = line.trim().trim_matches('"');
        if id.is_empty() || (number == 1 && id.eq_ignore_ascii_case("id")) {
            continue;
        }
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong(format!("{source}, line {number}: {id:?} is no id")));
        }
        if known.insert(id.to_owned()) {
            ids.push(id.to_owned());
        }
    }
    Ok(ids)
}

/// What is wanted of the rows.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) entity: &'a Entity,
    /// The parameters of the list method beside the filter.
    pub(crate) params: &'a Tree,
    /// What a row has to fulfil besides.
    pub(crate) filter: Option<&'a Tree>,
    /// None: the method's own choice.
    pub(crate) select: Option<&'a [String]>,
    /// Whether the method knows the operator `@`.
    pub(crate) knows_in: bool,
}

/// Reads rows by id, in the order of the file.
#[derive(Debug)]
pub(crate) struct ById {
    left: std::vec::IntoIter<String>,
    /// Ids that were looked up.
    done: usize,
    missing: Vec<String>,
}

impl ById {
    /// Goes on behind the first `done` ids, of which some had no row.
    pub(crate) fn from(ids: Vec<String>, done: usize, missing: Vec<String>) -> Self {
        let mut left = ids.into_iter();
        if let Some(last) = done.checked_sub(1) {
            left.nth(last);
        }
        Self {
            left,
            done,
            missing,
        }
    }

    /// The place behind the rows that came.
    pub(super) fn place(&self) -> Place {
        Place::Ids {
            done: self.done,
            missing: self.missing.clone(),
        }
    }

    /// Ids that had no row.
    pub(crate) fn missing(&self) -> &[String] {
        &self.missing
    }

    /// The next rows; none at the end.
    pub(crate) async fn next(
        &mut self,
        wanted: &Asked<'_>,
        connection: &Connection,
    ) -> Result<Option<Vec<Box<RawValue>>>, b24::Error> {
        let some: Vec<String> = self.left.by_ref().take(PAGE * COMMANDS).collect();
        if some.is_empty() {
            return Ok(None);
        }
        let mut batch = match wanted.entity.version {
            Version::V2 => connection.client.v2().batch(),
            Version::V3 => connection.client.v3().batch(),
        };
        for ids in some.chunks(PAGE) {
            let call = match wanted.entity.version {
                Version::V2 => connection.client.v2().call(&wanted.entity.method),
                Version::V3 => connection.client.v3().call(&wanted.entity.method),
            };
            batch.push(call.params(parameters_of(wanted, ids)));
        }
        let mut rows = Vec::with_capacity(some.len());
        for (_, outcome) in batch.await? {
            match outcome {
                Outcome::Ok(answer) => rows.extend(rows_of(wanted, answer.read()?)),
                Outcome::Err(error) | Outcome::Unknown(error) => return Err(error),
                Outcome::Skipped => {}
            }
        }
        self.done += some.len();
        Ok(Some(self.sorted(&some, rows, wanted.entity.id_field())))
    }

    fn sorted(
        &mut self,
        wanted: &[String],
        rows: Vec<Box<RawValue>>,
        id: &str,
    ) -> Vec<Box<RawValue>> {
        let mut by_id: std::collections::HashMap<String, Box<RawValue>> = rows
            .into_iter()
            .filter_map(|row| Some((entry(&row, id)?, row)))
            .collect();
        let mut sorted = Vec::with_capacity(by_id.len());
        for id in wanted {
            // `007` is the row 7.
            let plain = id.trim_start_matches('0');
            match by_id.remove(plain).or_else(|| by_id.remove(id.as_str())) {
                Some(row) => sorted.push(row),
                None => self.missing.push(id.clone()),
            }
        }
        sorted
    }
}

/// The list method's parameters for one page of ids, beside the filter of the user.
fn parameters_of(wanted: &Asked<'_>, ids: &[String]) -> Tree {
    let mut params = wanted.params.clone();
    let id = wanted.entity.filter_id();
    let number =
        |id: &String| serde_json::from_str(id).map_or_else(|_| id.as_str().into(), Tree::Number);
    let values = Tree::List(ids.iter().map(number).collect());
    let filter = match wanted.entity.version {
        Version::V2 => {
            let mut filter = wanted.filter.cloned().unwrap_or_else(Tree::empty);
            let prefix = if wanted.knows_in {
                Operator::In.prefix()
            } else {
                ""
            };
            filter.set(format!("{prefix}{id}"), values);
            params.set("start", Tree::Number((-1).into()));
            filter
        }
        Version::V3 => {
            let mut all = match wanted.filter {
                Some(Tree::List(all)) => all.clone(),
                _ => Vec::new(),
            };
            all.push(Tree::List(vec![id.into(), "in".into(), values]));
            Tree::List(all)
        }
    };
    params.set("filter", filter);
    if let Some(select) = wanted.select {
        let mut select = select.to_vec();
        if !select.iter().any(|name| name == "*" || name == id) {
            select.push(id.to_owned());
        }
        params.set(
            "select",
            Tree::List(select.into_iter().map(Tree::Text).collect()),
        );
    }
    params
}

/// The rows of one answer: bare, or under the key of the method. PHP writes a list with holes as an object.
fn rows_of(wanted: &Asked<'_>, result: Box<RawValue>) -> Vec<Box<RawValue>> {
    let documented = wanted
        .entity
        .documented
        .as_ref()
        .and_then(|method| method.list.as_ref());
    let key = documented.map_or("", |list| list.key.as_str());
    let rows = if key.is_empty() {
        Some(result)
    } else {
        crate::formats::value(&result, key)
    };
    rows.map(|rows| crate::formats::elements(&rows))
        .unwrap_or_default()
}
