//! Filters as people write them, and as the two versions of the API want them.
//!
//! ```text
//! filter := OP FIELD '=' VALUE     '>=OPPORTUNITY=1000'  '@STAGE_ID=NEW,WON'  '=%TITLE=A%'
//!         | FIELD REL VALUE        'opportunity>=1000'   'stageId!=WON'       'title~Acme'
//! ```

mod condition;
mod json;
mod operator;

#[cfg(test)]
mod tests;

pub(crate) use condition::Condition;
pub(crate) use operator::Operator;

use crate::catalogue::Version;
use crate::failure::Failure;
use crate::fields::{Field, Fields};
use crate::parameters::Tree;

/// A filter that is not sent.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum FilterError {
    /// It does not follow the grammar.
    #[error("filter {filter:?}: {reason}")]
    Form { filter: String, reason: String },
    /// The entity has no such field.
    #[error("{entity} have no field {field:?}")]
    Field {
        entity: String,
        field: String,
        suggestion: Option<String>,
    },
    /// The documentation of the method does not know the operator: the portal would ignore it.
    #[error("{method} does not know the operator {operator:?}")]
    Operator {
        method: String,
        operator: &'static str,
        known: String,
    },
    /// Two conditions would be one key, and one of them would be lost.
    #[error("filter {key:?} is said twice, and the portal would see only one of them")]
    Twice { key: String },
}

/// A filter that is not sent, in the words of the command.
pub(crate) fn refused(error: &FilterError) -> Failure {
    let failure = Failure::usage(error.to_string()).state("nothing was sent");
    match error {
        FilterError::Form { .. } => failure,
        FilterError::Field { suggestion, .. } => failure.hint_if(
            suggestion
                .as_ref()
                .map(|name| format!("did you mean {name}?")),
        ),
        FilterError::Operator { known, .. } => failure.hint(format!("it knows {known}")),
        FilterError::Twice { .. } => {
            failure.hint("for one of several values: '@FIELD=A,B' or 'FIELD:=[\"A\",\"B\"]'")
        }
    }
}

/// What a filter is checked against and written for.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    /// What messages call the rows: `deals`.
    pub(crate) entity: &'a str,
    pub(crate) method: &'a str,
    pub(crate) version: Version,
    /// None: names are not checked.
    pub(crate) fields: Option<&'a Fields>,
    /// The operators that the method documents; empty: not known, not checked.
    pub(crate) operators: Vec<&'a str>,
}

impl Target<'_> {
    /// Writes conditions and a ready filter (`--filter-json`) as one filter, all of it to hold.
    pub(crate) fn write(
        &self,
        conditions: &[Condition],
        ready: Option<Tree>,
    ) -> Result<Tree, FilterError> {
        match self.version {
            Version::V2 => self.write_map(conditions, ready),
            Version::V3 => self.write_triples(conditions, ready),
        }
    }

    /// The field that a name means, or the error that says it means none.
    pub(crate) fn field(&self, name: &str) -> Result<Option<&Field>, FilterError> {
        let Some(fields) = self.fields else {
            return Ok(None);
        };
        // `responsible.name` is a field of a related thing: its head is checked, where it can be.
        let (head, related) = match name.split_once('.') {
            Some((head, _)) => (head, true),
            None => (name, false),
        };
        if related && self.version == Version::V3 {
            // The list of fields has no relations, and the portal refuses those that it does not know.
            return Ok(fields.find(name));
        }
        let found = fields.find(name).or_else(|| fields.find(head));
        match found {
            Some(field) => Ok(Some(field)),
            None => Err(FilterError::Field {
                entity: self.entity.to_owned(),
                field: name.to_owned(),
                suggestion: fields.suggestion(name),
            }),
        }
    }

    /// The name to send for a name that was written.
    pub(crate) fn name(&self, written: &str) -> Result<String, FilterError> {
        Ok(match self.field(written)? {
            Some(field) if !written.contains('.') => field.name.clone(),
            _ => written.to_owned(),
        })
    }

    fn write_map(
        &self,
        conditions: &[Condition],
        ready: Option<Tree>,
    ) -> Result<Tree, FilterError> {
        let mut filter = match ready {
            Some(ready) => json::checked_map(self, ready)?,
            None => Tree::empty(),
        };
        for condition in conditions {
            let prefix = self.spelling(condition)?;
            let key = format!("{prefix}{}", self.name(&condition.field)?);
            if filter.get(&key).is_some() {
                return Err(FilterError::Twice { key });
            }
            filter.set(key, condition.value.clone());
        }
        Ok(filter)
    }

    /// How the method spells the operator. Equality and its opposite have two
    /// spellings; all others are as they are, or unknown to the method.
    fn spelling(&self, condition: &Condition) -> Result<&'static str, FilterError> {
        let operator = condition.operator;
        let is_list = matches!(condition.value, Tree::List(_));
        let knows = |prefix: &str| self.operators.is_empty() || self.operators.contains(&prefix);
        let spelling = match operator {
            Operator::Equal if !condition.documented && is_list && knows("@") => "@",
            // Without an operator a field is compared for equality in every family.
            Operator::Equal if !condition.documented => return Ok(""),
            Operator::NotEqual if !condition.documented && !knows("!=") && knows("!") => "!",
            _ => operator.prefix(),
        };
        if knows(spelling) {
            return Ok(spelling);
        }
        Err(FilterError::Operator {
            method: self.method.to_owned(),
            operator: spelling,
            known: self.operators.join(" "),
        })
    }

    fn write_triples(
        &self,
        conditions: &[Condition],
        ready: Option<Tree>,
    ) -> Result<Tree, FilterError> {
        let mut filter = match ready {
            Some(ready) => json::checked_list(self, ready)?,
            None => Vec::new(),
        };
        for condition in conditions {
            let is_list = matches!(condition.value, Tree::List(_));
            let operator = match condition.operator {
                Operator::Equal if is_list => "in",
                other => other.triple().ok_or_else(|| FilterError::Operator {
                    method: self.method.to_owned(),
                    operator: other.prefix(),
                    known: "= != > >= < <= @ ><".to_owned(),
                })?,
            };
            let field = self.field(&condition.field)?;
            let kind = field.map_or("", |field| field.kind.as_str());
            filter.push(Tree::List(vec![
                self.name(&condition.field)?.into(),
                operator.into(),
                strict(condition.value.clone(), kind),
            ]));
        }
        Ok(Tree::List(filter))
    }
}

/// REST 3 compares types strictly: a text that a person wrote becomes the field's type.
fn strict(value: Tree, kind: &str) -> Tree {
    match value {
        Tree::List(items) => Tree::List(items.into_iter().map(|item| strict(item, kind)).collect()),
        Tree::Text(text) => match kind {
            "int" | "integer" | "float" | "double" => {
                serde_json::from_str(&text).map_or(Tree::Text(text), Tree::Number)
            }
            "bool" | "boolean" => text.parse().map_or(Tree::Text(text), Tree::Bool),
            _ => Tree::Text(text),
        },
        other => other,
    }
}
