//! Filters of API v3.
//!
//! ```
//! use b24::filter::{Filter, eq, gt, one_of};
//!
//! let filter = eq("status", "NEW").and(one_of("id", [1, 2]).or(gt("id", 100)));
//! assert_eq!(
//!     serde_json::to_string(&filter)?,
//!     r#"[["status","=","NEW"],{"logic":"or","conditions":[["id","in",[1,2]],["id",">",100]]}]"#,
//! );
//!
//! // The same from tuples:
//! let filter = Filter::from(("status", "NEW")).and(
//!     Filter::from(("id", [1, 2])).or(("id", ">", 100)),
//! );
//! # assert_eq!(filter, eq("status", "NEW").and(one_of("id", [1, 2]).or(gt("id", 100))));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! A filter that the portal would refuse, or that would match more than it
//! says, is an error of its own: [`Filter::check`] tells it, and so does
//! serialising the filter. API v2 writes its filters otherwise, as a map with
//! the operator before the name: `{">id": 100}`.

mod node;
mod op;
mod parse;
#[cfg(test)]
mod tests;

use std::ops::Not;

use serde::ser::Serialize;

use self::node::{Logic, Node};
pub use self::op::Op;
use crate::value::Tree;

/// Which rows of a v3 method are meant. Made by the functions of this module,
/// from tuples, or from the JSON that the portal takes.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a filter does nothing until a call takes it"]
pub struct Filter {
    node: Result<Node, FilterError>,
}

/// Why a filter cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// A condition without the name of a field.
    #[error("a filter condition names no field")]
    NoField,
    /// No such operator in v3: it has no `LIKE`, and "not in" is the negation
    /// of a group.
    #[error("{field}: v3 knows no filter operator {op:?}; it has = != > >= < <= in between")]
    Operator {
        /// The field of the condition.
        field: String,
        /// What stood in the place of the operator.
        op: String,
    },
    /// `in` of nothing.
    #[error("{field}: `in` needs a list of at least one value")]
    EmptyIn {
        /// The field of the condition.
        field: String,
    },
    /// `between` without one of its ends.
    #[error("{field}: `between` needs two values, none of them empty")]
    Between {
        /// The field of the condition.
        field: String,
    },
    /// A list or map where one value belongs.
    #[error("{field}: `{op}` compares with one value, not with a list or a map")]
    NotScalar {
        /// The field of the condition.
        field: String,
        /// The operator of the condition.
        op: Op,
    },
    /// A group of nothing would match every row.
    #[error("a filter group without conditions would match every row")]
    EmptyGroup,
    /// JSON that is no filter.
    #[error("{path} is no v3 filter: {reason}")]
    Shape {
        /// Where it stands: `filter[1].conditions[0]`.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A value that does not serialise.
    #[error("{field}: {message}")]
    Value {
        /// The field of the condition.
        field: String,
        /// In the words of its `Serialize`.
        message: String,
    },
}

/// `field = value`; with `()` or `None`: the field is empty.
pub fn eq(field: impl Into<String>, value: impl Serialize) -> Filter {
    condition(field, Op::Eq, value)
}

/// `field != value`; with `()` or `None`: the field is not empty.
pub fn ne(field: impl Into<String>, value: impl Serialize) -> Filter {
    condition(field, Op::Ne, value)
}

/// `field > value`
pub fn gt(field: impl Into<String>, value: impl Serialize) -> Filter {
    condition(field, Op::Gt, value)
}

/// `field >= value`
pub fn ge(field: impl Into<String>, value: impl Serialize) -> Filter {
    condition(field, Op::Ge, value)
}

/// `field < value`
pub fn lt(field: impl Into<String>, value: impl Serialize) -> Filter {
    condition(field, Op::Lt, value)
}

/// `field <= value`
pub fn le(field: impl Into<String>, value: impl Serialize) -> Filter {
    condition(field, Op::Le, value)
}

/// `field in values`. The values are anything that serialises as a list of
/// scalars; an empty one is an error, for it would match nothing.
#[doc(alias = "in")]
#[doc(alias = "in_")]
pub fn one_of(field: impl Into<String>, values: impl Serialize) -> Filter {
    condition(field, Op::In, values)
}

/// `from <= field <= to`
pub fn between(field: impl Into<String>, from: impl Serialize, to: impl Serialize) -> Filter {
    condition(field, Op::Between, (from, to))
}

/// All of the filters hold.
pub fn and<F: Into<Filter>>(filters: impl IntoIterator<Item = F>) -> Filter {
    group(Logic::And, filters.into_iter().map(Into::into))
}

/// One of the filters holds, or several.
pub fn or<F: Into<Filter>>(filters: impl IntoIterator<Item = F>) -> Filter {
    group(Logic::Or, filters.into_iter().map(Into::into))
}

/// The filter does not hold. The other way to write it is `!filter`.
pub fn not(filter: impl Into<Filter>) -> Filter {
    !filter.into()
}

/// A condition whose operator is known only at run time.
pub fn condition(field: impl Into<String>, op: Op, value: impl Serialize) -> Filter {
    let field = field.into();
    let node = match Tree::from_serialize(&value) {
        Ok(value) => Node::condition(Tree::Text(field), op, value),
        Err(error) => Err(FilterError::Value {
            field,
            message: error.to_string(),
        }),
    };
    Filter { node }
}

fn group(logic: Logic, filters: impl Iterator<Item = Filter>) -> Filter {
    let node = filters
        .map(|filter| filter.node)
        .collect::<Result<Vec<_>, _>>()
        .and_then(|mut members| match members.len() {
            0 => Err(FilterError::EmptyGroup),
            1 => Ok(members.remove(0)),
            _ => Ok(Node::Group {
                logic,
                negative: false,
                members,
            }),
        });
    Filter { node }
}

impl Filter {
    /// This filter and the other.
    pub fn and(self, other: impl Into<Self>) -> Self {
        self.joined(Logic::And, other.into())
    }

    /// This filter or the other.
    pub fn or(self, other: impl Into<Self>) -> Self {
        self.joined(Logic::Or, other.into())
    }

    /// Whether it can be sent.
    ///
    /// # Errors
    /// The first [`FilterError`] in it.
    pub fn check(&self) -> Result<(), FilterError> {
        self.node.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    /// `a.and(b).and(c)` is one group of three.
    fn joined(self, join: Logic, other: Self) -> Self {
        match (self.node, other.node) {
            (
                Ok(Node::Group {
                    logic,
                    negative: false,
                    mut members,
                }),
                Ok(node),
            ) if logic == join => {
                members.push(node);
                Self {
                    node: Ok(Node::Group {
                        logic,
                        negative: false,
                        members,
                    }),
                }
            }
            (mine, theirs) => group(join, [mine, theirs].into_iter().map(|node| Self { node })),
        }
    }
}

impl Not for Filter {
    type Output = Self;

    /// Twice is the filter itself.
    fn not(self) -> Self {
        let node = self.node.map(|node| match node {
            Node::Group {
                logic,
                negative,
                members,
            } => match (negative, members.as_slice()) {
                (true, [Node::Condition { operand, op, value }]) => Node::Condition {
                    operand: operand.clone(),
                    op: *op,
                    value: value.clone(),
                },
                _ => Node::Group {
                    logic,
                    negative: !negative,
                    members,
                },
            },
            condition @ Node::Condition { .. } => Node::Group {
                logic: Logic::And,
                negative: true,
                members: vec![condition],
            },
        });
        Self { node }
    }
}

/// `(field, value)`: equal, or one of when the value is a list.
impl<F: Into<String>, V: Serialize> From<(F, V)> for Filter {
    fn from((field, value): (F, V)) -> Self {
        match Tree::from_serialize(&value) {
            Ok(list @ Tree::List(_)) => one_of(field, list),
            // What does not serialise is told by the condition.
            Ok(_) | Err(_) => eq(field, value),
        }
    }
}

/// `(field, operator, value)`
impl<F: Into<String>, V: Serialize> From<(F, &str, V)> for Filter {
    fn from((field, op, value): (F, &str, V)) -> Self {
        match op.parse() {
            Ok(op) => condition(field, op, value),
            Err(_) => Self {
                node: Err(FilterError::Operator {
                    field: field.into(),
                    op: op.to_owned(),
                }),
            },
        }
    }
}

/// All of them hold.
impl<T: Into<Self>, const N: usize> From<[T; N]> for Filter {
    fn from(filters: [T; N]) -> Self {
        and(filters)
    }
}

/// All of them hold.
impl<T: Into<Self>> From<Vec<T>> for Filter {
    fn from(filters: Vec<T>) -> Self {
        and(filters)
    }
}
