//! What callers send, as cells and as conditions: the portal takes numbers as text, flags in any form, dates in many.

use super::cell::{Cell, CellRef, Multifield};
use super::filter::{Filter, Relation, Test, fold};
use super::money::Hundredths;
use super::schema::{Field, Kind};
use super::table::{FieldNo, Table};
use super::time;
use crate::php::{Php, PhpArray};

/// The operator of a condition; negation stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Is(Relation),
    In,
    Contains,
    Like,
    Between,
}

/// How a grammar treats values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// v2: zero and the empty text also stand for NULL.
    Loose,
    /// v3: only null does.
    Strict,
}

/// A condition on a field. `None` where the value says nothing (an empty array) and the condition falls away.
pub(crate) fn condition(
    table: &Table,
    field: FieldNo,
    op: Op,
    negated: bool,
    value: &Php,
    rules: Rules,
) -> Option<Filter> {
    let positive = |value: &Php| positive(table, field, op, value, rules);
    let signed = |filter: Filter| if negated { filter.negate() } else { filter };
    match (value, op) {
        (_, Op::In) => {
            let values = list(value);
            (!values.is_empty()).then(|| signed(one_of(table, field, &values, rules)))
        }
        (Php::Array(pair), Op::Between) => {
            let mut bounds = pair.values();
            let (low, high) = (bounds.next()?, bounds.next()?);
            let bound =
                |relation, value| condition(table, field, Op::Is(relation), false, value, rules);
            Some(signed(Filter::All(vec![
                bound(Relation::AtLeast, low)?,
                bound(Relation::AtMost, high)?,
            ])))
        }
        (Php::Array(values), _) => {
            let each: Vec<Filter> = values
                .values()
                .map(|value| signed(positive(value)))
                .collect();
            match each.is_empty() {
                true => None,
                false if negated => Some(Filter::All(each)),
                false => Some(Filter::Any(each)),
            }
        }
        (value, _) => Some(signed(positive(value))),
    }
}

fn positive(table: &Table, field: FieldNo, op: Op, value: &Php, rules: Rules) -> Filter {
    let kind = table.field(field).kind;
    let test = |test| Filter::field(table, field, test);
    let numeric = kind.has_numbers();
    let says_nothing = match rules {
        Rules::Strict => value.is_null(),
        Rules::Loose => matches!(value, Php::Null | Php::Bool(false)) || value.as_str() == Some(""),
    };
    match op {
        Op::Is(Relation::Equal)
            if says_nothing && numeric && !kind.element().is_time() && rules == Rules::Loose =>
        {
            Filter::Any(vec![
                test(Test::Empty),
                test(Test::Number(Relation::Equal, 0)),
            ])
        }
        Op::Is(Relation::Equal) if says_nothing => test(Test::Empty),
        Op::Is(relation) if numeric => number_test(table, field, relation, value, rules),
        _ if numeric => number_test(table, field, Relation::Equal, value, rules),
        Op::Is(relation) => test(Test::Text(relation, fold(&value.to_text()))),
        Op::Contains => test(Test::Contains(fold(&value.to_text()))),
        Op::Like => test(Test::Like(fold(&value.to_text()))),
        Op::In | Op::Between => Filter::Always(false),
    }
}

fn number_test(
    table: &Table,
    field: FieldNo,
    relation: Relation,
    value: &Php,
    rules: Rules,
) -> Filter {
    let kind = table.field(field).kind;
    let Some(number) = number(kind, value) else {
        return Filter::Always(false);
    };
    let test = |relation, number| Filter::field(table, field, Test::Number(relation, number));
    // Between two hundredths: the bound is rounded down, so that "at least" means above it, and nothing equals it.
    let inexact = kind.element() == Kind::Money && !Hundredths::read(value).exact;
    match relation {
        Relation::Equal if inexact => Filter::Always(false),
        Relation::AtLeast if inexact => test(Relation::Above, number),
        Relation::Below if inexact => test(Relation::AtMost, number),
        Relation::Equal if number == 0 && !kind.element().is_time() && rules == Rules::Loose => {
            Filter::Any(vec![
                test(Relation::Equal, 0),
                Filter::field(table, field, Test::Empty),
            ])
        }
        _ => test(relation, number),
    }
}

fn one_of(table: &Table, field: FieldNo, values: &[Php], rules: Rules) -> Filter {
    let kind = table.field(field).kind;
    let empty = values
        .iter()
        .any(|value| value.is_null() || (rules == Rules::Loose && value.as_str() == Some("")));
    let test = if kind.has_numbers() {
        let mut numbers: Vec<i64> = values
            .iter()
            .filter(|value| !value.is_null())
            .filter_map(|value| number(kind, value))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        Test::Numbers(numbers.into())
    } else {
        Test::Texts(values.iter().map(|value| fold(&value.to_text())).collect())
    };
    let listed = Filter::field(table, field, test);
    if empty {
        Filter::Any(vec![listed, Filter::field(table, field, Test::Empty)])
    } else {
        listed
    }
}

/// The values of an IN: an array, or text with commas.
fn list(value: &Php) -> Vec<Php> {
    match value {
        Php::Array(values) => values.values().cloned().collect(),
        Php::Str(text) => text.split(',').map(|part| part.trim().into()).collect(),
        other => vec![other.clone()],
    }
}

/// A value as the number that a field of this kind keeps; `None` for what is no time.
pub(crate) fn number(kind: Kind, value: &Php) -> Option<i64> {
    match kind {
        Kind::Several(one) => number(*one, value),
        Kind::Flag | Kind::Boolean => Some(i64::from(flag(value))),
        Kind::Money => Some(Hundredths::read(value).floor),
        Kind::Date => time::parse(&value.to_text()).map(time::day),
        Kind::DateTime => time::parse(&value.to_text()),
        _ => Some(value.to_int()),
    }
}

fn flag(value: &Php) -> bool {
    match value {
        Php::Str(text) => matches!(&**text, "Y" | "y" | "1" | "true"),
        other => other.truthy(),
    }
}

/// A value as a cell of a field; what the field cannot hold becomes NULL.
pub(crate) fn cell(field: &Field, value: &Php) -> Cell {
    let known = |id: &i64| field.options.iter().any(|(option, _)| option == id);
    match (field.kind, value) {
        (Kind::References(_), _) => numbers(value, |id| *id > 0),
        (Kind::Options, _) => numbers(value, known),
        (Kind::Several(one), _) => {
            let one = Field {
                kind: *one,
                ..*field
            };
            let cells = items(value).filter(|value| !value.to_text().is_empty());
            let numbers = cells.filter_map(|value| match cell(&one, value) {
                Cell::Number(number) => Some(number),
                _ => None,
            });
            match numbers.collect::<Box<[i64]>>() {
                numbers if numbers.is_empty() => Cell::Null,
                numbers => Cell::Numbers(numbers),
            }
        }
        (Kind::Texts, _) => match texts(value) {
            texts if texts.is_empty() => Cell::Null,
            texts => Cell::Texts(texts),
        },
        // Multifields are kept by id: see `multifields`; files by their contents: see the methods of the CRM.
        (Kind::Multifield | Kind::File | Kind::Files, _) | (_, Php::Null | Php::Array(_)) => {
            Cell::Null
        }
        (Kind::Option, _) => Some(value.to_int())
            .filter(known)
            .map_or(Cell::Null, Cell::Number),
        (Kind::Date | Kind::DateTime, _) => {
            number(field.kind, value).map_or(Cell::Null, Cell::Number)
        }
        (Kind::Money, value) => Cell::Number(Hundredths::read(value).nearest),
        (Kind::MoneyText, value) => money_text(&value.to_text()),
        (kind, value) if kind.is_number() => number(kind, value).map_or(Cell::Null, Cell::Number),
        (_, value) if value.to_text().is_empty() => Cell::Null,
        (_, value) => Cell::text(&*value.to_text()),
    }
}

fn numbers(value: &Php, keep: impl Fn(&i64) -> bool) -> Cell {
    let numbers: Box<[i64]> = items(value).map(Php::to_int).filter(keep).collect();
    if numbers.is_empty() {
        Cell::Null
    } else {
        Cell::Numbers(numbers)
    }
}

fn texts(value: &Php) -> Box<[Box<str>]> {
    let texts = items(value).map(Php::to_text);
    texts
        .filter(|text| !text.is_empty())
        .map(Box::from)
        .collect()
}

/// The items of an array; anything else is its own only item.
fn items(value: &Php) -> impl Iterator<Item = &Php> {
    let array = value.as_array();
    let single = array.is_none().then_some(value);
    array.into_iter().flat_map(PhpArray::values).chain(single)
}

/// `100.5|EUR` with two digits; anything else is NULL.
fn money_text(text: &str) -> Cell {
    match text
        .split_once('|')
        .map(|(amount, currency)| (amount.parse::<f64>(), currency))
    {
        Some((Ok(amount), currency)) if amount.is_finite() && !currency.is_empty() => {
            Cell::text(format!("{amount:.2}|{currency}"))
        }
        _ => Cell::Null,
    }
}

/// Multifields after a write: entries with an id change or go (`DELETE: Y`, empty value), others are added.
pub(crate) fn multifields(current: CellRef<'_>, value: &Php, next_id: &mut i64) -> Cell {
    let mut contacts: Vec<Multifield> = match current {
        CellRef::Contacts(contacts) => contacts.to_vec(),
        _ => Vec::new(),
    };
    for item in items(value) {
        let text_of = |key: &str| item.get_ci(key).map(Php::to_text);
        let value: Box<str> = text_of("VALUE").unwrap_or_default().into();
        let value_type = text_of("VALUE_TYPE").or_else(|| text_of("valueType"));
        let id = item.get_ci("ID").map_or(0, Php::to_int);
        let gone = text_of("DELETE").is_some_and(|flag| flag == "Y") || value.is_empty();
        match contacts.iter().position(|contact| contact.id == id) {
            Some(place) if gone => {
                contacts.remove(place);
            }
            Some(place) => {
                contacts[place].value = value;
                if let Some(value_type) = value_type {
                    contacts[place].value_type = value_type.into();
                }
            }
            None if gone => {}
            None => {
                let value_type = value_type
                    .filter(|kind| !kind.is_empty())
                    .unwrap_or("WORK".into());
                contacts.push(Multifield {
                    id: *next_id,
                    value_type: value_type.into(),
                    value,
                });
                *next_id += 1;
            }
        }
    }
    if contacts.is_empty() {
        Cell::Null
    } else {
        Cell::Contacts(contacts.into())
    }
}
