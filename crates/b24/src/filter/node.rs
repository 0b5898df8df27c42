//! What a filter is made of, and how it is sent.

use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Filter, FilterError, Op};
use crate::value::Tree;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// `operand` is a name, or the map of an expression.
    Condition { operand: Tree, op: Op, value: Tree },
    Group {
        logic: Logic,
        negative: bool,
        members: Vec<Node>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logic {
    And,
    Or,
}

impl Node {
    pub(super) fn condition(operand: Tree, op: Op, value: Tree) -> Result<Self, FilterError> {
        let field = match &operand {
            Tree::Text(name) => name.clone(),
            expression => expression
                .get("expression")
                .and_then(Tree::as_text)
                .unwrap_or_default()
                .to_owned(),
        };
        if field.trim().is_empty() {
            return Err(FilterError::NoField);
        }
        // A text of the first kind stands for another command's result until
        // the batch is written, a map of the second kind for it in v3.
        let is_reference = match &value {
            Tree::Text(text) => text.starts_with('\u{1}'),
            map => map.get("$ref").or_else(|| map.get("$refArray")).is_some(),
        };
        let fits = is_reference
            || match (op, &value) {
                (Op::In, Tree::List(items)) => !items.is_empty() && items.iter().all(is_scalar),
                (Op::Between, Tree::List(ends)) => ends.len() == 2 && ends.iter().all(is_bound),
                (Op::In | Op::Between, _) => false,
                (_, value) => is_scalar(value),
            };
        if fits {
            return Ok(Self::Condition { operand, op, value });
        }
        Err(match op {
            Op::In => FilterError::EmptyIn { field },
            Op::Between => FilterError::Between { field },
            op => FilterError::NotScalar { field, op },
        })
    }
}

const fn is_scalar(value: &Tree) -> bool {
    !matches!(value, Tree::List(_) | Tree::Map(_))
}

fn is_bound(value: &Tree) -> bool {
    is_scalar(value) && *value != Tree::Null && value.as_text() != Some("")
}

impl Serialize for Filter {
    /// As the list that the portal takes; a filter that cannot be sent is an
    /// error.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.node.as_ref().map_err(S::Error::custom)? {
            Node::Group {
                logic: Logic::And,
                negative: false,
                members,
            } => serializer.collect_seq(members.iter().map(|node| Member { node, typed: false })),
            node => serializer.collect_seq([Member { node, typed: false }]),
        }
    }
}

/// A node in its place: a group inside a group is marked with its type.
struct Member<'a> {
    node: &'a Node,
    typed: bool,
}

impl Serialize for Member<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.node {
            Node::Condition { operand, op, value } => {
                let mut list = serializer.serialize_seq(Some(3))?;
                list.serialize_element(operand)?;
                list.serialize_element(op.as_str())?;
                list.serialize_element(value)?;
                list.end()
            }
            Node::Group {
                logic,
                negative,
                members,
            } => {
                let mut map = serializer.serialize_map(None)?;
                if self.typed {
                    map.serialize_entry("type", "filter")?;
                }
                map.serialize_entry("logic", logic.as_str())?;
                if *negative {
                    map.serialize_entry("negative", &true)?;
                }
                let inner: Vec<_> = members
                    .iter()
                    .map(|node| Member { node, typed: true })
                    .collect();
                map.serialize_entry("conditions", &inner)?;
                map.end()
            }
        }
    }
}

impl Logic {
    const fn as_str(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
        }
    }
}
