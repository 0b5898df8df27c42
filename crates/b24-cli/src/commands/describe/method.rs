//! What the documentation says about a method or an event.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::catalogue::{Event, Method, Param};

pub(super) fn object(method: &Method) -> Value {
    json!({
        "method": method.name(),
        "api": method.version.to_string(),
        "scope": method.scope,
        "who": method.who,
        "applications_only": method.applications_only,
        "deprecated": method.deprecated,
        "newer": method.newer,
        "params": method.params,
        "result": method.result,
        "list": method.list.as_ref().map(|list| json!({
            "key": list.key,
            "id": list.id,
            "paging": list.style,
        })),
        "errors": method.errors,
    })
}

pub(super) fn text(method: &Method) -> String {
    let mut out = String::new();
    let mut line = |label: &str, words: String| {
        let _ = writeln!(out, "{label:<8} {words}");
    };
    line("method", format!("{} ({})", method.name(), method.version));
    if method.deprecated {
        line("old", deprecated(&method.newer));
    }
    line("scope", method.scope.join(" or "));
    if method.applications_only {
        line("for", "applications only, webhooks are refused".to_owned());
    }
    if let Some(who) = &method.who {
        line("who", words(who));
    }
    if let Some(result) = &method.result {
        let fields = match result.fields.as_slice() {
            [] => String::new(),
            fields => format!(": {}", fields.join(", ")),
        };
        line("result", format!("{}{fields}", result.types));
    }
    if let Some(list) = &method.list {
        let key = match list.key.as_str() {
            "" => "the result itself".to_owned(),
            key => format!("result.{key}"),
        };
        let id = list
            .id
            .as_ref()
            .map(|id| format!(", id in {id}"))
            .unwrap_or_default();
        line("rows", format!("{key}{id}; b24 export {}", method.name()));
    }
    if !method.errors.is_empty() {
        line("errors", method.errors.join(", "));
    }
    params("parameters", &method.params, &mut out);
    out
}

pub(super) fn event_object(event: &Event) -> Value {
    json!({
        "event": event.name,
        "title": event.title,
        "scope": event.scope,
        "who": event.who,
        "deprecated": event.deprecated,
        "newer": event.newer,
        "data": event.data,
    })
}

pub(super) fn event_text(event: &Event) -> String {
    let mut out = String::new();
    let mut line = |label: &str, words: String| {
        let _ = writeln!(out, "{label:<8} {words}");
    };
    line("event", format!("{} ({})", event.name, event.title));
    if event.deprecated {
        line("old", deprecated(&event.newer));
    }
    line("scope", event.scope.join(" or "));
    if let Some(who) = &event.who {
        line("who", words(who));
    }
    params("data", &event.data, &mut out);
    out
}

fn deprecated(newer: &[String]) -> String {
    match newer {
        [] => "deprecated".to_owned(),
        newer => format!("deprecated; newer: {}", newer.join(", ")),
    }
}

/// `crm_admin` as `crm admin`.
fn words(who: &str) -> String {
    who.replace('_', " ")
}

fn params(title: &str, params: &[Param], out: &mut String) {
    if params.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title} (* required)");
    let width = widest(params, 0).min(40);
    list(params, 1, width, out);
}

fn widest(params: &[Param], depth: usize) -> usize {
    let width = |param: &Param| {
        let own = 2 * depth + param.name.chars().count() + usize::from(param.required);
        own.max(widest(&param.fields, depth + 1))
    };
    params.iter().map(width).max().unwrap_or(0)
}

fn list(params: &[Param], depth: usize, width: usize, out: &mut String) {
    for param in params {
        let mark = if param.required { "*" } else { "" };
        let name = format!("{}{}{mark}", "  ".repeat(depth), param.name);
        let types = match param.types.as_str() {
            "" => "string",
            types => types,
        };
        let operators = match param.operators.as_str() {
            "" => String::new(),
            operators => format!("  operators: {operators}"),
        };
        let width = width + 2;
        let _ = writeln!(out, "{name:<width$}  {types}{operators}");
        list(&param.fields, depth + 1, width - 2, out);
    }
}
