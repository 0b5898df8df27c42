//! Filters written as the portal's JSON.

use serde_json::Value;

use super::node::{Logic, Node};
use super::{Filter, FilterError, Op};
use crate::value::Tree;

/// The JSON that the portal takes, checked as deep as it goes: a list of
/// conditions and groups, one bare condition or one group.
///
/// ```
/// use b24::filter::{Filter, FilterError};
/// use serde_json::json;
///
/// let filter = Filter::try_from(json!([["status", ["NEW", "WON"]], ["id", ">", 10]]))?;
/// assert_eq!(
///     serde_json::to_value(&filter).unwrap(),
///     json!([["status", "in", ["NEW", "WON"]], ["id", ">", 10]]),
/// );
///
/// let error = Filter::try_from(json!({ ">id": 10 })).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "filter is no v3 filter: a group needs `conditions`; a filter like {\">id\": 1} is one of v2",
/// );
/// # Ok::<(), FilterError>(())
/// ```
impl TryFrom<Value> for Filter {
    type Error = FilterError;

    fn try_from(value: Value) -> Result<Self, FilterError> {
        let node = match Tree::from(value) {
            Tree::List(items) if !is_condition(&items) => {
                let members = members(items, "filter")?;
                Node::Group {
                    logic: Logic::And,
                    negative: false,
                    members,
                }
            }
            single => parse_node(single, "filter")?,
        };
        Ok(Self { node: Ok(node) })
    }
}

/// A bare condition begins with its operand.
fn is_condition(items: &[Tree]) -> bool {
    match items.first() {
        Some(Tree::Text(_)) => true,
        Some(first) => first.get("expression").is_some(),
        None => false,
    }
}

fn members(items: Vec<Tree>, path: &str) -> Result<Vec<Node>, FilterError> {
    if items.is_empty() {
        return Err(FilterError::EmptyGroup);
    }
    let nodes = items.into_iter().enumerate();
    nodes
        .map(|(place, item)| parse_node(item, &format!("{path}[{place}]")))
        .collect()
}

fn parse_node(tree: Tree, path: &str) -> Result<Node, FilterError> {
    match tree {
        Tree::List(items) if is_condition(&items) => parse_condition(items, path),
        Tree::Map(_) => parse_group(tree, path),
        _ => Err(shape(path, "a condition is [field, operator, value]")),
    }
}

fn parse_condition(items: Vec<Tree>, path: &str) -> Result<Node, FilterError> {
    let mut items = items.into_iter();
    match (items.next(), items.next(), items.next(), items.next()) {
        (Some(operand), Some(value), None, None) => {
            let op = if matches!(value, Tree::List(_)) {
                Op::In
            } else {
                Op::Eq
            };
            Node::condition(operand, op, value)
        }
        (Some(operand), Some(Tree::Text(op)), Some(value), None) => {
            let known = op.parse().map_err(|_| {
                let field = operand.as_text().unwrap_or("expression").to_owned();
                FilterError::Operator { field, op }
            });
            Node::condition(operand, known?, value)
        }
        _ => Err(shape(
            path,
            "a condition is [field, operator, value] or [field, value]",
        )),
    }
}

fn parse_group(mut group: Tree, path: &str) -> Result<Node, FilterError> {
    let conditions = match group.remove("conditions") {
        Some(Tree::List(conditions)) => conditions,
        Some(_) => return Err(shape(path, "`conditions` must be a list")),
        None => {
            return Err(shape(
                path,
                "a group needs `conditions`; a filter like {\">id\": 1} is one of v2",
            ));
        }
    };
    let logic = match group.get("logic").map(Tree::as_text) {
        None | Some(Some("and")) => Logic::And,
        Some(Some("or")) => Logic::Or,
        Some(_) => return Err(shape(path, "`logic` must be \"and\" or \"or\"")),
    };
    let negative = match group.get("negative") {
        None => false,
        Some(Tree::Bool(negative)) => *negative,
        Some(_) => return Err(shape(path, "`negative` must be true or false")),
    };
    if !matches!(
        group.get("type").map(Tree::as_text),
        None | Some(Some("filter"))
    ) {
        return Err(shape(path, "the `type` of a group must be \"filter\""));
    }
    let members = members(conditions, &format!("{path}.conditions"))?;
    Ok(Node::Group {
        logic,
        negative,
        members,
    })
}

fn shape(path: &str, reason: &'static str) -> FilterError {
    FilterError::Shape {
        path: path.to_owned(),
        reason,
    }
}
