//! The parameters of a list, and what they become for each page: the caller's own filter, select
//! and options are kept, the bound on the id and the order are added.

use super::chain::PAGE;
use super::id::Id;
use super::shape::{Order, Shape};
use crate::batch::reference::reads_as_macro;
use crate::value::Tree;
use crate::value::form::{self, Empty};

/// The method that takes every parameter it does not know for a filter, unless there is one.
const BARE_FILTER: &str = "user.get";

/// What it does not take for a filter.
const NOT_A_FILTER: &[&str] = &[
    "sort",
    "order",
    "select",
    "start",
    "filter",
    "admin_mode",
    "image_resize",
];

/// A v2 list prepared for reading by id.
#[derive(Debug, Clone)]
pub(super) struct Query {
    shape: Shape,
    /// Everything but the filter and the order.
    rest: Vec<(String, Tree)>,
    /// The caller's filter, without an exclusive lower bound on the id.
    filter: Vec<(String, Tree)>,
    /// His exclusive lower bound on the id: only the first page needs it.
    above: Option<Tree>,
    chainable: bool,
}

/// The lower bound of a page.
#[derive(Debug, Clone)]
pub(super) enum Bound {
    None,
    Id(Id),
    /// The last row of the command with this name, in the same batch.
    LastOf(String),
}

impl Query {
    /// Prepares `params` of `method`; the text says what is wrong with them.
    pub(super) fn new(method: &str, shape: Shape, params: &Tree) -> Result<Self, String> {
        let mut rest = params.pairs().unwrap_or_default().to_vec();
        rest.retain(|(_, value)| *value != Tree::Null);
        for (_, value) in &mut rest {
            as_in_a_form(value);
        }
        refuse_start(&rest)?;
        refuse_order(&mut rest, &shape)?;
        let mut filter = take_filter(&mut rest)?;
        if filter.is_empty() && method.eq_ignore_ascii_case(BARE_FILTER) {
            let is_option = |name: &str| {
                NOT_A_FILTER
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(name))
            };
            (rest, filter) = rest.into_iter().partition(|(name, _)| is_option(name));
        }
        respell(&mut rest, "select", shape.select);
        select_id(&mut rest, &shape)?;
        rest.retain(|(_, value)| !value.is_empty_container());
        if reads_or(&filter) {
            if is_classic_crm(method, &shape) {
                return Err(
                    "classic CRM methods do not document LOGIC in a filter, so a bound on \
                            the id cannot be added to it safely; read crm.item.list, or call \
                            by_offset()"
                        .to_owned(),
                );
            }
            filter = vec![("0".to_owned(), Tree::Map(filter))];
        }
        let above = merge_bounds(&mut filter, &shape.filter_id);
        let chainable = !rest
            .iter()
            .chain(&filter)
            .map(|(_, value)| value)
            .chain(&above)
            .any(needs_json)
            && fits_a_form(&rest, &filter);
        Ok(Self {
            shape,
            rest,
            filter,
            above,
            chainable,
        })
    }

    /// Whether the parameters may enter a batch. Text that reads like a macro may not, nor what a
    /// form cannot express: an empty list in a filter would vanish, and all rows match.
    pub(super) fn chainable(&self) -> bool {
        self.chainable
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The first answer told where the rows are and what their id is called.
    pub(super) fn learn(&mut self, key: String, id: String) {
        self.shape.key = key.into();
        self.shape.filter_id = id.clone().into();
        self.shape.row_id = id.into();
        self.shape.guessed = false;
        if let Some(above) = self.above.take() {
            self.filter
                .push((format!(">{}", self.shape.filter_id), above));
        }
        self.above = merge_bounds(&mut self.filter, &self.shape.filter_id);
    }

    /// The parameters of one page in ascending order.
    pub(super) fn page(&self, bound: &Bound) -> Vec<(String, Tree)> {
        let above = match bound {
            Bound::None => self.above.clone(),
            Bound::Id(id) => Some(id.to_tree()),
            Bound::LastOf(command) => Some(Tree::Text(self.last_row_of(command))),
        };
        self.with(above, "ASC")
    }

    /// The parameters of the last page, in descending order.
    pub(super) fn top(&self) -> Vec<(String, Tree)> {
        self.with(self.above.clone(), "DESC")
    }

    fn with(&self, above: Option<Tree>, direction: &str) -> Vec<(String, Tree)> {
        let mut params = self.rest.clone();
        let mut filter = self.filter.clone();
        if let Some(above) = above {
            filter.push((format!(">{}", self.shape.filter_id), above));
        }
        if !filter.is_empty() {
            let name = if self.shape.filter.is_empty() {
                "filter"
            } else {
                self.shape.filter
            };
            params.push((name.to_owned(), Tree::Map(filter)));
        }
        params.extend(order_by(&self.shape, direction));
        params.push(("start".to_owned(), Tree::from(-1_i64)));
        params
    }

    /// The macro for the id of the last row of a full page.
    fn last_row_of(&self, command: &str) -> String {
        let key = match &*self.shape.key {
            "" => String::new(),
            key => format!("[{key}]"),
        };
        format!(
            "$result[{command}]{key}[{}][{}]",
            PAGE - 1,
            self.shape.row_id
        )
    }
}

/// The parameters that sort by id.
pub(super) fn order_by(shape: &Shape, direction: &str) -> Vec<(String, Tree)> {
    let id = shape.filter_id.to_string();
    match shape.order {
        Order::None => Vec::new(),
        Order::Map(name) => {
            vec![(
                name.to_owned(),
                Tree::Map(vec![(id, Tree::from(direction))]),
            )]
        }
        Order::Scalars(sort, order) => {
            vec![
                (sort.to_owned(), Tree::from(id)),
                (order.to_owned(), Tree::from(direction)),
            ]
        }
    }
}

/// Whether a parameter is the one called `name`, in the spellings that classic methods accept.
pub(super) fn is_called(param: &str, name: &str) -> bool {
    let bare = param
        .strip_prefix("ar")
        .filter(|rest| rest.starts_with(char::is_uppercase));
    bare.unwrap_or(param).eq_ignore_ascii_case(name)
}

/// Gives a parameter the spelling that the method documents.
pub(super) fn respell(params: &mut [(String, Tree)], name: &str, documented: &'static str) {
    let spelled = params.iter().any(|(param, _)| param == documented);
    if let (false, false, Some((param, _))) = (
        spelled,
        documented.is_empty(),
        params.iter_mut().find(|(param, _)| is_called(param, name)),
    ) {
        documented.clone_into(param);
    }
}

/// Paging belongs to the list.
pub(super) fn refuse_start(params: &[(String, Tree)]) -> Result<(), String> {
    match params.iter().find(|(name, _)| is_called(name, "start")) {
        Some(_) => Err(
            "a list pages by itself; leave `start` out, begin at a place with \
                        resume(cursor), or ask for one page with call()"
                .to_owned(),
        ),
        None => Ok(()),
    }
}

/// Takes an order out that is what the list does anyway; any other asks for `by_offset()`.
fn refuse_order(params: &mut Vec<(String, Tree)>, shape: &Shape) -> Result<(), String> {
    let is_order = |name: &str| match shape.order {
        Order::Map(order) => is_called(name, order) || is_called(name, "order"),
        Order::Scalars(sort, order) => is_called(name, sort) || is_called(name, order),
        Order::None => is_called(name, "order"),
    };
    let is_id = |name: &str| name.eq_ignore_ascii_case(&shape.filter_id);
    let is_ours = |value: &Tree| match value {
        Tree::Text(text) => is_id(text) || text.eq_ignore_ascii_case("ASC"),
        Tree::Map(pairs) => pairs.iter().all(|(field, direction)| {
            is_id(field)
                && direction
                    .as_text()
                    .is_some_and(|text| text.eq_ignore_ascii_case("ASC"))
        }),
        other => *other == Tree::Null || other.is_empty_container(),
    };
    if let Some((name, _)) = params
        .iter()
        .find(|(name, value)| is_order(name) && !is_ours(value))
    {
        return Err(format!(
            "`{name}` sorts by something else than the id, and a list is read in the order of the \
             id; leave it out, or call by_offset(), which is slower and loses rows that move"
        ));
    }
    params.retain(|(name, _)| !is_order(name));
    Ok(())
}

/// Takes the filter out, in whatever spelling; `FILTER` and `filter` are one.
fn take_filter(params: &mut Vec<(String, Tree)>) -> Result<Vec<(String, Tree)>, String> {
    let mut filter: Vec<(String, Tree)> = Vec::new();
    let (filters, rest): (Vec<_>, Vec<_>) = std::mem::take(params)
        .into_iter()
        .partition(|(name, _)| is_called(name, "filter"));
    *params = rest;
    for (name, value) in filters {
        let pairs = match value {
            Tree::Map(pairs) => pairs,
            Tree::List(items) => items
                .into_iter()
                .enumerate()
                .map(|(at, item)| (at.to_string(), item))
                .collect(),
            Tree::Null => Vec::new(),
            _ => return Err(format!("`{name}` is not a map of conditions")),
        };
        for (key, value) in pairs {
            match filter.iter().find(|(known, _)| *known == key) {
                Some((_, known)) if *known == value => {}
                Some(_) => {
                    return Err(format!(
                        "the filter has two conditions `{key}`, in `filter` and in `FILTER`"
                    ));
                }
                None => filter.push((key, value)),
            }
        }
    }
    Ok(filter)
}

/// Adds the id to a selection that would leave it out.
pub(super) fn select_id(params: &mut Vec<(String, Tree)>, shape: &Shape) -> Result<(), String> {
    let Some(place) = params
        .iter()
        .position(|(name, _)| is_called(name, "select"))
    else {
        return Ok(());
    };
    let fields = match &mut params[place].1 {
        Tree::List(fields) => fields,
        Tree::Map(pairs) => {
            let fields = std::mem::take(pairs)
                .into_iter()
                .map(|(_, field)| field)
                .collect();
            params[place].1 = Tree::List(fields);
            return select_id(params, shape);
        }
        Tree::Text(field) => {
            params[place].1 = Tree::List(vec![Tree::Text(std::mem::take(field))]);
            return select_id(params, shape);
        }
        Tree::Null => {
            params.remove(place);
            return Ok(());
        }
        _ => return Err("`select` is not a list of field names".to_owned()),
    };
    if fields.is_empty() {
        params.remove(place);
    } else if !fields.iter().any(|field| {
        matches!(field.as_text(), Some("*")) || field.as_text() == Some(&shape.filter_id)
    }) {
        fields.push(Tree::from(&*shape.filter_id));
    }
    Ok(())
}

fn reads_or(filter: &[(String, Tree)]) -> bool {
    filter.iter().any(|(key, value)| {
        key.eq_ignore_ascii_case("logic")
            && value
                .as_text()
                .is_some_and(|logic| logic.eq_ignore_ascii_case("or"))
    })
}

fn is_classic_crm(method: &str, shape: &Shape) -> bool {
    let crm = method
        .get(..4)
        .is_some_and(|scope| scope.eq_ignore_ascii_case("crm."));
    crm && shape.key.is_empty() && shape.row_id == "ID"
}

/// Brings the caller's bounds on the id to one spelling, the tighter of two, and takes out the
/// exclusive lower one, whose place is ours on all pages but the first.
fn merge_bounds(filter: &mut Vec<(String, Tree)>, id: &str) -> Option<Tree> {
    for operator in [">", ">=", "<", "<="] {
        let is_bound = |key: &str| {
            key.strip_prefix(operator)
                .is_some_and(|field| field.eq_ignore_ascii_case(id))
        };
        let (bounds, others): (Vec<_>, Vec<_>) = std::mem::take(filter)
            .into_iter()
            .partition(|(key, _)| is_bound(key));
        *filter = others;
        let tightest = bounds
            .into_iter()
            .map(|(_, value)| value)
            .reduce(|one, other| {
                let above = Id::from_tree(&one) < Id::from_tree(&other);
                if above == operator.starts_with('>') {
                    other
                } else {
                    one
                }
            });
        if let Some(value) = tightest {
            filter.push((format!("{operator}{id}"), value));
        }
    }
    let exclusive = format!(">{id}");
    let place = filter.iter().position(|(key, _)| *key == exclusive)?;
    Some(filter.remove(place).1)
}

/// Whether the parameters can be a batch command, with room for what a page adds to them.
fn fits_a_form(rest: &[(String, Tree)], filter: &[(String, Tree)]) -> bool {
    const ROOM: usize = 16;
    let mut all = rest.to_vec();
    all.push(("filter".to_owned(), Tree::Map(filter.to_vec())));
    form::encode(&all, Empty::Drop)
        .is_ok_and(|form| form.matches('&').count() + ROOM < form::MAX_PAIRS)
}

/// Whether a form or a batch would change this value.
fn needs_json(value: &Tree) -> bool {
    value.any_text(&reads_as_macro) || has_empty_container(value)
}

/// A batch takes a form, a single call takes JSON, and a list may need both: its values are the
/// same in either, as a form has them.
fn as_in_a_form(value: &mut Tree) {
    match value {
        Tree::Bool(truth) => *value = Tree::from(i64::from(*truth)),
        Tree::Null => *value = Tree::from(""),
        Tree::List(items) => items.iter_mut().for_each(as_in_a_form),
        Tree::Map(pairs) => pairs.iter_mut().for_each(|(_, value)| as_in_a_form(value)),
        Tree::Number(_) | Tree::Text(_) => {}
    }
}

fn has_empty_container(value: &Tree) -> bool {
    match value {
        Tree::List(items) => items.is_empty() || items.iter().any(has_empty_container),
        Tree::Map(pairs) => {
            pairs.is_empty() || pairs.iter().any(|(_, value)| has_empty_container(value))
        }
        _ => false,
    }
}

#[cfg(test)]
#[path = "query/tests.rs"]
mod tests;
