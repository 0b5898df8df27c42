//! v3 lists by id: one page a request, up to 1,000 rows each.
//!
//! Portals cap the page per method and do not tell the cap, so a short page is not the end: only
//! an empty one is.

use super::cursor::Position;
use super::id::Id;
use super::query::{is_called, order_by, select_id};
use super::reader::{Ask, Next, PageRows, Reader, Taken, cannot_go_on};
use super::rows::Rows;
use super::shape::{Paging, Shape};
use crate::error::Error;
use crate::room::decode::Success;
use crate::room::found::Results;
use crate::value::Tree;

/// Rows asked for in one page, the most that any v3 method gives.
const LIMIT: u64 = 1_000;

/// A v3 list, prepared.
#[derive(Debug, Clone)]
pub(super) struct QueryV3 {
    pub(super) shape: Shape,
    rest: Vec<(String, Tree)>,
    /// Conditions, all of which must hold.
    filter: Vec<Tree>,
    limit: u64,
}

/// Where a page of a v3 list begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    Start,
    After(Id),
    Offset(u64),
}

impl QueryV3 {
    /// Prepares `params`; the text says what is wrong with them.
    pub(super) fn new(shape: Shape, params: &Tree) -> Result<Self, String> {
        let mut rest = params.pairs().unwrap_or_default().to_vec();
        let limit = take_limit(&mut rest)?;
        let filter = take_filter(&mut rest)?;
        if shape.paging == Paging::KeysetV3 {
            refuse_order(&mut rest, &shape)?;
            select_id(&mut rest, &shape)?;
        } else if shape.sorts_by_id && !rest.iter().any(|(name, _)| is_called(name, "order")) {
            // Without an order the database may deal the rows anew for each page.
            rest.extend(order_by(&shape, "ASC"));
        }
        Ok(Self {
            shape,
            rest,
            filter,
            limit,
        })
    }

    /// The parameters of one page. `rows` is how many rows the caller still wants.
    pub(super) fn page(&self, begin: Begin, rows: Option<u64>) -> Tree {
        let mut params = self.rest.clone();
        let mut filter = self.filter.clone();
        if let Begin::After(id) = begin {
            let field = Tree::from(&*self.shape.filter_id);
            filter.push(Tree::List(vec![field, Tree::from(">"), id.to_tree()]));
        }
        if !filter.is_empty() {
            params.push(("filter".to_owned(), Tree::List(filter)));
        }
        if self.shape.paging == Paging::KeysetV3 {
            params.extend(order_by(&self.shape, "ASC"));
        }
        let limit = rows.map_or(self.limit, |rows| rows.clamp(1, self.limit));
        let mut pagination = vec![("limit".to_owned(), Tree::from(limit))];
        if let Begin::Offset(offset) = begin {
            pagination.push(("offset".to_owned(), Tree::from(offset)));
        }
        params.push(("pagination".to_owned(), Tree::Map(pagination)));
        Tree::Map(params)
    }
}

/// Reads a v3 list page by page.
#[derive(Debug)]
pub(super) struct PagesV3 {
    method: String,
    query: QueryV3,
    begin: Begin,
}

impl PagesV3 {
    pub(super) fn new(method: &str, query: QueryV3, begin: Begin) -> Self {
        Self {
            method: method.to_owned(),
            query,
            begin,
        }
    }

    /// Where the list stands behind the first `count` rows of a page.
    fn begin_after(&self, rows: &Rows, count: usize) -> Result<Begin, Error> {
        let after = match self.begin {
            Begin::Offset(offset) => return Ok(Begin::Offset(offset + count as u64)),
            Begin::After(id) => Some(id),
            Begin::Start => None,
        };
        let shape = &self.query.shape;
        let ids = rows.ids(&shape.row_id).map_err(|error| {
            cannot_go_on(format!("{error}; name the id of the rows with .id(\"…\")"))
        })?;
        if let Some((before, id)) = ids.first_fall(after) {
            return Err(cannot_go_on(format!(
                "row {id} came after row {before}: the method does not filter and sort by {}; \
                 call by_offset()",
                shape.filter_id
            )));
        }
        match ids.ids.get(count - 1) {
            Some(id) => Ok(Begin::After(*id)),
            None => Err(cannot_go_on("a row has lost its id".to_owned())),
        }
    }
}

impl Reader for PagesV3 {
    fn ask(&mut self, rows: Option<u64>) -> Ask {
        Ask::call(&self.method, &self.query.page(self.begin, rows))
    }

    fn take(&mut self, success: &Success<Results>) -> Taken {
        let (rows, count) = match rows_of(success, &self.query.shape.key) {
            Ok((_, 0)) => return Taken::new(Vec::new(), Next::Done),
            Ok(found) => found,
            Err(error) => return Taken::failed(error),
        };
        match self.begin_after(&rows, count) {
            Ok(begin) => {
                self.begin = begin;
                let page = PageRows {
                    rows,
                    count,
                    behind: begin.position(),
                    moved: None,
                };
                Taken::new(vec![page], Next::More)
            }
            Err(error) => Taken::failed(error),
        }
    }

    fn place_behind(&self, page: &PageRows, count: usize) -> Result<Position, Error> {
        if let Position::Offset(behind) = page.behind {
            return Ok(Position::Offset(behind - (page.count - count) as u64));
        }
        let ids = page.rows.ids(&self.query.shape.row_id).ok();
        let id = ids.and_then(|ids| ids.ids.get(count - 1).copied());
        id.map(Position::After)
            .ok_or_else(|| cannot_go_on("a row has lost its id".to_owned()))
    }
}

impl Begin {
    fn position(self) -> Position {
        match self {
            Self::Start => Position::Offset(0),
            Self::After(id) => Position::After(id),
            Self::Offset(offset) => Position::Offset(offset),
        }
    }
}

/// The rows of a v3 answer and how many they are.
pub(super) fn rows_of(success: &Success<Results>, key: &str) -> Result<(Rows, usize), Error> {
    let results = &success.result;
    let rows = Rows::find(results.only(), key, &results.body)
        .map_err(|error| cannot_go_on(error.to_string()))?;
    let count = rows.count();
    Ok((rows, count))
}

/// Takes `pagination` out; only its limit may be the caller's.
fn take_limit(params: &mut Vec<(String, Tree)>) -> Result<u64, String> {
    let Some(place) = params.iter().position(|(name, _)| name == "pagination") else {
        return Ok(LIMIT);
    };
    let pagination = params.remove(place).1;
    for (name, _) in pagination.pairs().unwrap_or_default() {
        if name != "limit" {
            return Err(format!(
                "a list pages by itself; leave `pagination.{name}` out, begin at a place with \
                 resume(cursor), or ask for one page with call()"
            ));
        }
    }
    match pagination.get("limit") {
        None => Ok(LIMIT),
        Some(Tree::Number(limit))
            if limit
                .as_u64()
                .is_some_and(|limit| (1..=LIMIT).contains(&limit)) =>
        {
            Ok(limit.as_u64().unwrap_or(LIMIT))
        }
        Some(_) => Err(format!(
            "`pagination.limit` is not a number from 1 to {LIMIT}"
        )),
    }
}

/// Takes the filter out as a list of conditions that all must hold.
pub(super) fn take_filter(params: &mut Vec<(String, Tree)>) -> Result<Vec<Tree>, String> {
    let Some(place) = params.iter().position(|(name, _)| name == "filter") else {
        return Ok(Vec::new());
    };
    match params.remove(place).1 {
        Tree::Null => Ok(Vec::new()),
        // ["id", ">", 5]: a single condition, not a list of them.
        Tree::List(items) if matches!(items.first(), Some(Tree::Text(_))) => {
            Ok(vec![Tree::List(items)])
        }
        Tree::List(items) => Ok(items),
        empty if empty.is_empty_container() => Ok(Vec::new()),
        group if group.get("conditions").is_some() => Ok(vec![group]),
        _ => Err(
            "a v3 filter is a list of conditions such as [[\"id\", \">\", 5]], not a map; \
                  build it with Filter"
                .to_owned(),
        ),
    }
}

fn refuse_order(params: &mut Vec<(String, Tree)>, shape: &Shape) -> Result<(), String> {
    let is_ours = |value: &Tree| {
        *value == Tree::Null
            || value.is_empty_container()
            || value.pairs().is_some_and(|pairs| {
                pairs.iter().all(|(field, direction)| {
                    *field == shape.filter_id
                        && direction
                            .as_text()
                            .is_some_and(|text| text.eq_ignore_ascii_case("ASC"))
                })
            })
    };
    if params
        .iter()
        .any(|(name, value)| is_called(name, "order") && !is_ours(value))
    {
        return Err(
            "`order` sorts by something else than the id, and a list is read in the order \
                    of the id; leave it out, or call by_offset(), which loses rows that move"
                .to_owned(),
        );
    }
    params.retain(|(name, _)| !is_called(name, "order"));
    Ok(())
}

#[cfg(test)]
#[path = "keyset_v3/tests.rs"]
mod tests;
