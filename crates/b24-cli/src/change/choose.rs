//! Which rows: a filter, ids, or all of them.

use b24::list::Pages;
use serde_json::value::RawValue;

use crate::catalogue::Method;
use crate::commands::export::ids::{self, Asked, ById};
use crate::connection::Connection;
use crate::entity::Entity;
use crate::failure::{Failure, quoted};
use crate::fields::Fields;
use crate::filter::{Condition, Target, refused};
use crate::parameters::{self, Tree};
use crate::printer::counted;

/// The flags that choose rows.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ChoiceArgs {
    /// Only rows like this: 'opportunity>=1000', 'stageId=LOSE'; all of several
    #[arg(long, value_name = "FILTER")]
    pub(crate) filter: Vec<String>,
    /// A ready filter: JSON, @FILE or -
    #[arg(long, value_name = "JSON")]
    pub(crate) filter_json: Option<String>,
    /// Only the rows with these ids: 5,7,9, a file with one a line, or -
    #[arg(long, value_name = "FILE")]
    pub(crate) ids: Option<String>,
    /// All rows there are
    #[arg(long, conflicts_with_all = ["filter", "filter_json", "ids"])]
    pub(crate) all: bool,
    /// Refused here: names are always checked
    #[arg(long, hide = true)]
    pub(crate) unchecked: bool,
}

impl ChoiceArgs {
    /// The flags as a shell takes them.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut flag = |name: &str, value: &str| words.extend([name.to_owned(), quoted(value)]);
        self.filter
            .iter()
            .for_each(|filter| flag("--filter", filter));
        if let Some(json) = &self.filter_json {
            flag("--filter-json", json);
        }
        if let Some(ids) = &self.ids {
            flag("--ids", ids);
        }
        if self.all {
            words.push("--all".to_owned());
        }
        words
    }
}

/// Rows that were asked for, before the portal is.
#[derive(Debug)]
pub(crate) struct Choice {
    conditions: Vec<Condition>,
    ready: Option<Tree>,
    ids: Option<Vec<String>>,
}

impl Choice {
    /// Reads the flags; rows have to be chosen by one of them.
    pub(crate) fn read(args: &ChoiceArgs, verb: &str) -> Result<Self, Failure> {
        if args.unchecked {
            return Err(Failure::usage(format!(
                "{verb} checks every name: the portal may ignore a field that it does not know, and {verb} all rows"
            ))
            .state("nothing was sent")
            .hint("--ids names the rows themselves"));
        }
        if !args.all && args.filter.is_empty() && args.filter_json.is_none() && args.ids.is_none() {
            return Err(Failure::usage(format!("which rows are to {verb}?"))
                .state("nothing was sent")
                .hint("--filter 'FIELD=VALUE', --ids FILE, or --all"));
        }
        let conditions: Result<_, _> = args
            .filter
            .iter()
            .map(|text| Condition::read(text))
            .collect();
        let ready = args.filter_json.as_deref().map(ready).transpose()?;
        let choice = Self {
            conditions: conditions.map_err(|error| refused(&error))?,
            ready,
            ids: args.ids.as_deref().map(listed).transpose()?,
        };
        let empty = choice
            .ready
            .as_ref()
            .is_some_and(|ready| ready.entries().is_empty());
        if empty && choice.conditions.is_empty() && choice.ids.is_none() {
            return Err(
                Failure::usage("--filter-json is empty: it chooses all rows")
                    .state("nothing was sent")
                    .hint("--all says so"),
            );
        }
        if choice.ids.as_ref().is_some_and(Vec::is_empty) {
            return Err(Failure::usage("--ids names no row").state("nothing was sent"));
        }
        Ok(choice)
    }

    /// The filter as it is sent: every name in it is a field of the entity.
    pub(crate) fn filter(&self, entity: &Entity, fields: &Fields) -> Result<Option<Tree>, Failure> {
        if self.conditions.is_empty() && self.ready.is_none() {
            return Ok(None);
        }
        let documented = entity.documented.as_ref();
        let target = Target {
            entity: &entity.rows,
            method: &entity.method,
            version: entity.version,
            fields: Some(fields),
            operators: documented
                .into_iter()
                .flat_map(Method::filter_operators)
                .collect(),
        };
        target
            .write(&self.conditions, self.ready.clone())
            .map(Some)
            .map_err(|error| refused(&error))
    }

    /// The ids that were named.
    pub(crate) fn ids(&self) -> Option<&[String]> {
        self.ids.as_deref()
    }
}

fn listed(text: &str) -> Result<Vec<String>, Failure> {
    let is_list = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b',' || byte == b' ')
        && text.bytes().any(|byte| byte.is_ascii_digit());
    if !is_list {
        return ids::read(text);
    }
    let mut all: Vec<String> = Vec::new();
    for id in text.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        if !all.iter().any(|known| known == id) {
            all.push(id.to_owned());
        }
    }
    Ok(all)
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

/// The chosen rows, read from the portal.
pub(crate) struct Rows<'a> {
    entity: &'a Entity,
    params: Tree,
    filter: Option<Tree>,
    select: Vec<String>,
    source: Source,
}

enum Source {
    List(Box<Pages<Box<RawValue>>>),
    Ids(ById),
}

impl<'a> Rows<'a> {
    /// Rows by a filter, or by ids, or both; of each the fields named.
    pub(crate) fn of(
        entity: &'a Entity,
        filter: Option<Tree>,
        ids: Option<Vec<String>>,
        select: Vec<String>,
        connection: &Connection,
    ) -> Self {
        let params = entity.parameters();
        let source = if let Some(ids) = ids {
            Source::Ids(ById::from(ids, 0, Vec::new()))
        } else {
            let mut list = connection.client.v2().list(&entity.method).params(&params);
            if let Some(filter) = &filter {
                list = list.filter(filter);
            }
            let list = list.select(select.iter().map(String::as_str));
            Source::List(Box::new(list.pages()))
        };
        Self {
            entity,
            params,
            filter,
            select,
            source,
        }
    }

    /// The next rows; none at the end.
    pub(crate) async fn next(
        &mut self,
        connection: &Connection,
    ) -> Result<Option<Vec<Tree>>, b24::Error> {
        let rows = match &mut self.source {
            Source::List(pages) => pages.try_next().await?.map(|page| page.items),
            Source::Ids(ids) => {
                let documented = self.entity.documented.as_ref();
                let operators: Vec<&str> = documented
                    .into_iter()
                    .flat_map(Method::filter_operators)
                    .collect();
                let wanted = Asked {
                    entity: self.entity,
                    params: &self.params,
                    filter: self.filter.as_ref(),
                    select: Some(&self.select),
                    knows_in: operators.is_empty() || operators.contains(&"@"),
                };
                ids.next(&wanted, connection).await?
            }
        };
        let read =
            |row: Box<RawValue>| parameters::parse_json(row.get().as_bytes()).unwrap_or(Tree::Null);
        Ok(rows.map(|rows| rows.into_iter().map(read).collect()))
    }

    /// What was asked for and is not there.
    pub(crate) fn left_out(&self) -> Vec<String> {
        let missing = self.missing();
        if missing.is_empty() {
            return Vec::new();
        }
        let shown: Vec<&str> = missing.iter().take(3).map(String::as_str).collect();
        let more = if missing.len() > shown.len() {
            " …"
        } else {
            ""
        };
        let count = counted(missing.len() as u64, "id has", "ids have");
        vec![format!("{count} no row: {}{more}", shown.join(", "))]
    }

    /// Ids that had no row.
    pub(crate) fn missing(&self) -> &[String] {
        match &self.source {
            Source::List(_) => &[],
            Source::Ids(ids) => ids.missing(),
        }
    }
}
