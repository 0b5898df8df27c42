//! The operators of a filter.

/// The 18 documented operators, as they stand before a field of REST 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Not,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    In,
    NotIn,
    Contains,
    NotContains,
    Like,
    NotLike,
    LikeReversed,
    NotLikeReversed,
    Between,
    NotBetween,
    Query,
}

use Operator::{
    Between, Contains, Equal, Greater, GreaterEqual, In, Less, LessEqual, Like, LikeReversed, Not,
    NotBetween, NotContains, NotEqual, NotIn, NotLike, NotLikeReversed, Query,
};

/// What stands before a field; of two that fit the longer comes first.
pub(super) const PREFIXES: [(&str, Operator); 18] = [
    ("!><", NotBetween),
    ("!=%", NotLike),
    ("!%=", NotLikeReversed),
    ("><", Between),
    (">=", GreaterEqual),
    ("<=", LessEqual),
    ("!=", NotEqual),
    ("!@", NotIn),
    ("!%", NotContains),
    ("=%", Like),
    ("%=", LikeReversed),
    (">", Greater),
    ("<", Less),
    ("@", In),
    ("%", Contains),
    ("?", Query),
    ("=", Equal),
    ("!", Not),
];

/// What stands between a field and a value, as people write it; `:=` is apart,
/// it says how the value is written.
pub(super) const RELATIONS: [(&str, Operator); 8] = [
    ("!=", NotEqual),
    (">=", GreaterEqual),
    ("<=", LessEqual),
    ("!~", NotContains),
    ("=", Equal),
    (">", Greater),
    ("<", Less),
    ("~", Contains),
];

impl Operator {
    /// The operator as REST 2 writes it before the field.
    pub(crate) fn prefix(self) -> &'static str {
        PREFIXES
            .iter()
            .find_map(|(text, operator)| (*operator == self).then_some(*text))
            .unwrap_or_default()
    }

    /// The operator of a REST 3 triple, if there is one.
    pub(super) fn triple(self) -> Option<&'static str> {
        Some(match self {
            Equal => "=",
            NotEqual | Not => "!=",
            Greater => ">",
            GreaterEqual => ">=",
            Less => "<",
            LessEqual => "<=",
            In => "in",
            Between => "between",
            _ => return None,
        })
    }

    /// Whether the operator compares with a list of values.
    pub(super) const fn wants_list(self) -> bool {
        matches!(self, In | NotIn)
    }

    /// Whether the operator compares with two bounds.
    pub(super) const fn wants_bounds(self) -> bool {
        matches!(self, Between | NotBetween)
    }

    /// Takes an operator from the start of a key.
    pub(super) fn split(key: &str) -> (Option<Self>, &str) {
        for (prefix, operator) in PREFIXES {
            if let Some(field) = key.strip_prefix(prefix) {
                return (Some(operator), field);
            }
        }
        (None, key)
    }
}
