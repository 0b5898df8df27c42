//! What the `b24` command knows about methods and error codes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::catalogue::{Catalogue, Method, texts};
use super::json;

/// One method a line; what is absent or false is left out to keep the binary small.
pub(super) fn methods(catalogue: &Catalogue) -> String {
    json::lines(catalogue.methods.iter().map(method_line))
}

fn method_line(method: &Method) -> String {
    let mut entries = vec![
        ("name", Value::from(method.name.as_str())),
        ("version", method.version.as_str().into()),
        ("scope", method.texts("scope").into()),
    ];
    if !method.params().is_empty() {
        entries.push(("params", params(method.params())));
    }
    if let Some(list) = list_shape(method) {
        entries.push(("list", list));
    }
    if let Some(result) = result(method.fact("returns")) {
        entries.push(("result", result));
    }
    if method.is_for_applications() {
        entries.push(("app", true.into()));
    }
    entries.extend(who(method.fact("who")));
    entries.extend(deprecation(method.fact("deprecated")));
    let codes = error_codes(method);
    if !codes.is_empty() {
        entries.push(("errors", codes.into_iter().collect::<Vec<_>>().into()));
    }
    json::object(entries)
}

/// One event a line: its title as the documentation writes it, and what it sends.
pub(super) fn events(catalogue: &Catalogue) -> String {
    json::lines(catalogue.events.iter().map(|(name, facts)| {
        let mut entries = vec![
            ("name", Value::from(name.as_str())),
            ("title", facts["title"].clone()),
            ("scope", texts(&facts["scope"]).into()),
        ];
        if let Some(data) = facts["data_fields"].as_array() {
            entries.push(("data", params(data)));
        }
        entries.extend(who(&facts["who"]));
        entries.extend(deprecation(&facts["deprecated"]));
        json::object(entries)
    }))
}

/// Who may call it, where that is not everybody.
fn who(fact: &Value) -> Option<(&'static str, Value)> {
    let who = fact.as_str().unwrap_or_default();
    (!matches!(who, "" | "any" | "unspecified")).then(|| ("who", who.into()))
}

/// That it is deprecated, and what the documentation names instead.
fn deprecation(fact: &Value) -> Vec<(&'static str, Value)> {
    let Value::Object(notice) = fact else {
        return Vec::new();
    };
    let mut entries = vec![("deprecated", true.into())];
    let replacements = texts(notice.get("use").unwrap_or(&Value::Null));
    if !replacements.is_empty() {
        entries.push(("use", replacements.into()));
    }
    entries
}

/// Type of `result` and its own fields, without what is inside of those.
fn result(returns: &Value) -> Option<Value> {
    let all = returns.as_array()?;
    let result = all.iter().find(|part| part["name"] == "result")?;
    let mut kept = serde_json::Map::new();
    kept.insert("type".to_owned(), texts(&result["type"]).join("|").into());
    let fields = result["fields"].as_array().into_iter().flatten();
    let fields: Vec<Value> = fields
        .map(|field| {
            let types = texts(&field["type"]).join("|");
            let name = field["name"].as_str().unwrap_or_default();
            format!("{name} {types}").trim_end().into()
        })
        .collect();
    if !fields.is_empty() {
        kept.insert("fields".to_owned(), fields.into());
    }
    Some(Value::Object(kept))
}

/// Parameters with what typing a command line needs: name, types (absent: text), required, inner
/// fields; of a filter also its operators and the names that it lists.
fn params(documented: &[Value]) -> Value {
    documented
        .iter()
        .map(|param| {
            let mut kept = serde_json::Map::new();
            kept.insert("name".to_owned(), param["name"].clone());
            let types = texts(&param["type"]).join("|");
            if !types.is_empty() && types != "string" {
                kept.insert("type".to_owned(), types.into());
            }
            if param["required"] == Value::Bool(true) {
                kept.insert("required".to_owned(), true.into());
            }
            if param["name"]
                .as_str()
                .is_some_and(|name| name.eq_ignore_ascii_case("filter"))
            {
                let operators = texts(&param["operators"]).join(" ");
                if !operators.is_empty() {
                    kept.insert("operators".to_owned(), operators.into());
                }
                let names = texts(&param["listed_fields"]);
                if !names.is_empty() {
                    kept.insert("names".to_owned(), names.into());
                }
            }
            if let Some(fields) = param["fields"]
                .as_array()
                .filter(|fields| !fields.is_empty())
            {
                kept.insert("fields".to_owned(), params(fields));
            }
            Value::Object(kept)
        })
        .collect()
}

/// Paging style, key of the rows in `result` ("" = the result itself) and field of the id.
fn list_shape(method: &Method) -> Option<Value> {
    let list = method.fact("list");
    if list["paginated"] != Value::Bool(true) {
        return None;
    }
    let mut shape = serde_json::Map::new();
    shape.insert("style".to_owned(), list["style"].clone());
    shape.insert(
        "key".to_owned(),
        list["result_key"].as_str().unwrap_or_default().into(),
    );
    if let Some(id) = method.fact("id_key")["result"].as_str() {
        shape.insert("id".to_owned(), id.into());
    }
    Some(Value::Object(shape))
}

/// Codes of the method's page in the order of the page, each once, without empty ones.
fn error_codes(method: &Method) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    method
        .fact("errors")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["code"].as_str().map(str::trim))
        .filter(|code| !code.is_empty() && seen.insert(*code))
        .collect()
}

/// One error code a line: statuses it comes with, and how many methods document it.
pub(super) fn errors(catalogue: &Catalogue) -> String {
    json::lines(catalogue.errors.iter().map(|(code, facts)| {
        json::object([
            ("code", code.as_str().into()),
            ("status", facts.statuses.iter().copied().collect()),
            ("methods", facts.methods.into()),
        ])
    }))
}
