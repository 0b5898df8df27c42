//! `--filter-json`: a ready filter, its names checked and old ones replaced.

use super::operator::Operator;
use super::{FilterError, Target};
use crate::parameters::Tree;

/// A filter of REST 2: an object of `operator + field` to value, with groups under numbers.
pub(super) fn checked_map(target: &Target<'_>, ready: Tree) -> Result<Tree, FilterError> {
    let entries = match ready {
        Tree::Map(entries) => entries,
        Tree::List(items) if items.is_empty() => Vec::new(),
        other => return Err(wrong_form("an object", &other)),
    };
    let mut checked = Tree::empty();
    for (key, value) in entries {
        let is_group = key.parse::<u32>().is_ok() && matches!(value, Tree::Map(_));
        let (key, value) = if is_group {
            (key, checked_map(target, value)?)
        } else if key.eq_ignore_ascii_case("logic") {
            (key, value)
        } else {
            let (operator, field) = Operator::split(&key);
            let prefix = operator.map_or("", Operator::prefix);
            (format!("{prefix}{}", target.name(field)?), value)
        };
        if checked.get(&key).is_some() {
            return Err(FilterError::Twice { key });
        }
        checked.set(key, value);
    }
    Ok(checked)
}

/// A filter of REST 3: a list of `[field, operator, value]` and groups.
pub(super) fn checked_list(target: &Target<'_>, ready: Tree) -> Result<Vec<Tree>, FilterError> {
    let Tree::List(items) = ready else {
        return Err(wrong_form("a list", &ready));
    };
    let checked = items.into_iter().map(|item| match item {
        Tree::List(mut triple) => {
            if let Some(Tree::Text(field)) = triple.first_mut() {
                *field = target.name(field)?;
            }
            Ok(Tree::List(triple))
        }
        Tree::Map(mut group) => {
            for (key, value) in &mut group {
                if key == "conditions" {
                    let inner = std::mem::replace(value, Tree::Null);
                    *value = Tree::List(checked_list(target, inner)?);
                }
            }
            Ok(Tree::Map(group))
        }
        other => Err(wrong_form("a list of lists", &other)),
    });
    checked.collect()
}

fn wrong_form(wanted: &str, found: &Tree) -> FilterError {
    FilterError::Form {
        filter: "--filter-json".to_owned(),
        reason: format!("it must be {wanted}, this is {}", found.kind()),
    }
}
