//! A cell as the value of a field.

use std::borrow::Cow;

use super::moment::Moment;
use super::number;
use crate::fields::Field;
use crate::labels::Codes;
use crate::parameters::{Tree, parse_json};

/// Types that refer to other rows of the portal.
const REFERENCES: &[&str] = &[
    "crm_contact",
    "crm_company",
    "crm_lead",
    "crm_deal",
    "crm_quote",
    "crm_entity",
];

/// What values depend on beside their field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) codes: &'a Codes,
    /// REST 3 takes booleans, REST 2 letters.
    pub(super) json_booleans: bool,
}

/// The value of a field; none for a cell that says nothing. Files and stages are not for here.
pub(super) fn of(field: &Field, cell: &Tree, context: Context<'_>) -> Result<Option<Tree>, String> {
    if !is_list(field) {
        return scalar(field, cell, context);
    }
    let mut values = Vec::new();
    for item in list_of(cell, between(field, context)) {
        values.extend(scalar(field, &item, context)?);
    }
    Ok((!values.is_empty()).then_some(Tree::List(values)))
}

fn is_list(field: &Field) -> bool {
    field.multiple || field.kind == "array"
}

/// What stands between several values in one text. Ids have no commas.
fn between(field: &Field, context: Context<'_>) -> &'static [char] {
    let ids = REFERENCES.contains(&field.kind.as_str())
        || field.kind == "integer"
        || context.codes.has_people(field);
    match field.kind.as_str() {
        _ if ids => &[';', '\n', ','],
        // An address ends with its place: 55.7;37.6.
        "address" => &['\n'],
        _ => &[';', '\n'],
    }
}

fn scalar(field: &Field, cell: &Tree, context: Context<'_>) -> Result<Option<Tree>, String> {
    let kind = field.kind.to_lowercase();
    if let Tree::List(_) | Tree::Map(_) = cell {
        return match kind.as_str() {
            // Nobody says what these hold.
            "" | "array" | "object" | "any" => Ok(Some(cell.clone())),
            _ => Err(format!("{} where one value is wanted", cell.kind())),
        };
    }
    let text = text_of(cell)?;
    let plain = text.trim();
    if plain.is_empty() {
        return Ok(None);
    }
    if context.codes.has_people(field) && plain == "0" {
        return Ok(None);
    }
    if let Some(code) = context.codes.find(field, plain) {
        return code.map(|code| Some(as_number(field, code)));
    }
    Ok(Some(match kind.as_str() {
        "integer" | "int" => Tree::Number(number::integer(&text)?.into()),
        "double" | "float" | "number" => match cell {
            Tree::Number(number) => Tree::Number(number.clone()),
            _ => number::tree(number::decimal(&text)?),
        },
        "boolean" | "bool" => boolean(field, plain, context)?,
        "char" => match flag(plain) {
            Some(flag) => letter(flag),
            None => cell.clone(),
        },
        "date" => Tree::Text(moment(plain)?.as_date()),
        "datetime" => Tree::Text(moment(plain)?.as_time()),
        "money" => Tree::Text(money(plain, context.codes)?),
        kind if REFERENCES.contains(&kind) => match number::integer(plain) {
            Ok(0) => return Ok(None),
            Ok(id @ 1..) => Tree::Number(id.into()),
            _ => return Err(format!("{plain:?} is no id")),
        },
        "crm" if !is_binding(plain) => {
            return Err(format!("{plain:?} is no id, such as 5, C_5 or T80_5"));
        }
        "" | "array" | "object" | "any" => json(&text).unwrap_or_else(|| cell.clone()),
        _ => Tree::Text(text.into_owned()),
    }))
}

/// Users and options are numbers; a status is a text.
fn as_number(field: &Field, code: String) -> Tree {
    match code.parse::<i64>() {
        Ok(number) if field.kind != "crm_status" && number.to_string() == code => {
            Tree::Number(number.into())
        }
        _ => Tree::Text(code),
    }
}

fn boolean(field: &Field, text: &str, context: Context<'_>) -> Result<Tree, String> {
    let flag = flag(text).ok_or_else(|| format!("{text:?} is neither yes nor no"))?;
    let custom = field.name.starts_with("uf") || field.name.starts_with("UF_");
    Ok(match custom {
        _ if context.json_booleans => Tree::Bool(flag),
        // The portal takes any text of such a field for yes.
        true => Tree::Number(i64::from(flag).into()),
        false => letter(flag),
    })
}

fn letter(flag: bool) -> Tree {
    if flag { "Y".into() } else { "N".into() }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "y" | "yes" | "true" | "1" | "on" | "да" | "истина" => Some(true),
        "n" | "no" | "false" | "0" | "off" | "нет" | "ложь" => Some(false),
        _ => None,
    }
}

fn moment(text: &str) -> Result<Moment, String> {
    Moment::read(text).ok_or_else(|| {
        format!("{text:?} is no date: write 2026-12-31 or 31.12.2026, with 14:30 behind it")
    })
}

/// `100|EUR`; an amount alone is in the portal's currency.
fn money(text: &str, codes: &Codes) -> Result<String, String> {
    let (amount, currency) = text.split_once('|').unwrap_or((text, ""));
    let amount = number::decimal(amount)?;
    let currency = match (currency.trim(), codes.base_currency()) {
        ("", Some(base)) => base.to_owned(),
        ("", None) => return Err("wants its currency: 100|EUR".to_owned()),
        (currency, _) => codes.currency(currency)?,
    };
    Ok(format!("{amount}|{currency}"))
}

/// `5`, `C_5`, `T80_5`: an element of CRM.
fn is_binding(text: &str) -> bool {
    let (kind, id) = text.rsplit_once('_').unwrap_or(("C", text));
    let number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    number
        && kind.starts_with(|c: char| c.is_ascii_uppercase())
        && kind.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The text of one value.
pub(super) fn text_of(cell: &Tree) -> Result<Cow<'_, str>, String> {
    match cell {
        Tree::Null => Ok(Cow::Borrowed("")),
        Tree::Text(text) => Ok(Cow::Borrowed(text)),
        Tree::Number(number) => Ok(Cow::Owned(number.to_string())),
        Tree::Bool(flag) => Ok(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Tree::List(_) | Tree::Map(_) => Err(format!("{} where one value is wanted", cell.kind())),
    }
}

/// The values of a cell: of a JSON list, also as text, or what stands between the marks.
pub(super) fn list_of(cell: &Tree, between: &[char]) -> Vec<Tree> {
    let text = match cell {
        Tree::Text(text) => text,
        Tree::List(items) => return items.clone(),
        one => return vec![one.clone()],
    };
    match json(text) {
        Some(Tree::List(items)) => items,
        Some(one) => vec![one],
        None => text.split(between).map(Tree::from).collect(),
    }
}

/// Reads JSON that a cell holds as text.
fn json(text: &str) -> Option<Tree> {
    let text = text.trim();
    let nested = text.starts_with('[') || text.starts_with('{');
    nested.then(|| parse_json(text.as_bytes()).ok())?
}
