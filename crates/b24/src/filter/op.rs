//! The operators of API v3.

use std::fmt;
use std::str::FromStr;

use super::FilterError;

/// What a condition compares by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `=`; with null: is empty.
    Eq,
    /// `!=`; with null: is not empty.
    Ne,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `in`: one of a list.
    In,
    /// `between`: from one value to another, both included.
    Between,
}

impl Op {
    /// As the portal writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::In => "in",
            Self::Between => "between",
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Op {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        [
            Self::Eq,
            Self::Ne,
            Self::Gt,
            Self::Ge,
            Self::Lt,
            Self::Le,
            Self::In,
            Self::Between,
        ]
        .into_iter()
        .find(|op| op.as_str() == text)
        .ok_or_else(|| FilterError::Operator {
            field: "filter".into(),
            op: text.into(),
        })
    }
}
