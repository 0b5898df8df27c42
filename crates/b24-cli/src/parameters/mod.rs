//! Parameters of a method as arguments of a command line.
//!
//! ```text
//! key=text          a text; a number or boolean if the catalogue says so
//! key:=json         JSON
//! key=@file         the text of a file          key:=@file   the JSON of a file
//! key@file          an upload: name and base64, shaped as the method wants
//! a[b][>c]=1  a[]=x as in the documentation of PHP
//! @file  -          all parameters: a JSON object from a file or standard input
//! ```

mod argument;
mod path;
mod tree;
mod upload;

#[cfg(test)]
mod tests;

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};

use argument::{Argument, Operand};
pub(crate) use tree::Tree;
pub(crate) use upload::file_name;

use crate::catalogue::{Method, ValueType};

/// An argument that cannot become a parameter.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("parameter {argument}: {reason}")]
pub(crate) struct ParameterError {
    /// The argument without its value, which may be a secret.
    pub(crate) argument: String,
    pub(crate) reason: String,
}

impl ParameterError {
    fn new(argument: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            argument: argument.into(),
            reason: reason.into(),
        }
    }
}

/// Reads arguments into one object, in their order. A later argument changes
/// what came from a file, but two arguments may not say the same thing.
pub(crate) fn parse(arguments: &[String], method: Option<&Method>) -> Result<Tree, ParameterError> {
    let mut parameters = Tree::empty();
    let mut said: Vec<String> = Vec::new();
    let mut names = Vec::new();
    for text in arguments {
        match Argument::read(text)? {
            Argument::All(source) => merge(&mut parameters, all_from(source)?),
            Argument::One { path, operand } => {
                let shown = path.to_string();
                if !shown.ends_with("[]") && said.contains(&shown) {
                    return Err(ParameterError::new(shown, "it is given twice"));
                }
                let value = value(&path, &operand, method)
                    .map_err(|why| ParameterError::new(&shown, why))?;
                path.put(&mut parameters, value)
                    .map_err(|why| ParameterError::new(&shown, why))?;
                said.push(shown);
                if let Operand::Upload(file) = operand {
                    names.extend(upload::name_beside(&path, method).map(|name| (name, file)));
                }
            }
        }
    }
    for (name, file) in names {
        let wrong = |why: &str| ParameterError::new(name, why);
        let (path, _) = path::Path::read(name).map_err(wrong)?;
        if !said.contains(&path.to_string()) && path.get(&parameters).is_none() {
            path.put(&mut parameters, file_name(file).into())
                .map_err(|why| wrong(&why))?;
        }
    }
    Ok(parameters)
}

/// What an argument uploads: where to, as it is written, and the file.
pub(crate) fn upload(argument: &str) -> Option<(String, &str)> {
    match Argument::read(argument).ok()? {
        Argument::One {
            path,
            operand: Operand::Upload(file),
        } => Some((path.to_string(), file)),
        _ => None,
    }
}

fn value(
    path: &path::Path,
    operand: &Operand<'_>,
    method: Option<&Method>,
) -> Result<Tree, String> {
    match operand {
        Operand::Text(text) => Ok(typed(
            text,
            method.and_then(|method| {
                method.type_of(&path.name, path.keys.first().map(String::as_str))
            }),
        )),
        Operand::Json(json) => parse_json(json.as_bytes()),
        Operand::TextFile(file) => String::from_utf8(read(file)?)
            .map(Tree::Text)
            .map_err(|_| format!("{file} is not UTF-8 text; {path}@{file} sends it as a file")),
        Operand::JsonFile(file) => parse_json(&read(file)?).map_err(|why| format!("{file}: {why}")),
        Operand::Upload(file) => upload::value(path, method, file),
    }
}

/// A text as the documented type wants it. What does not read as that type, or
/// would not read back the same, stays the text that was written.
fn typed(text: &str, documented: Option<ValueType>) -> Tree {
    let as_json = match documented {
        Some(ValueType::Number) => serde_json::from_str(text).ok().map(Tree::Number),
        Some(ValueType::Boolean) => text.parse().ok().map(Tree::Bool),
        _ => None,
    };
    match as_json {
        Some(Tree::Number(number)) if number.to_string() != text => text.into(),
        Some(value) => value,
        None => text.into(),
    }
}

fn all_from(source: &str) -> Result<Tree, ParameterError> {
    let shown = if source == "-" {
        "-".to_owned()
    } else {
        format!("@{source}")
    };
    let tree = read(source)
        .and_then(|bytes| parse_json(&bytes))
        .map_err(|why| ParameterError::new(&shown, why))?;
    match tree {
        Tree::Map(_) => Ok(tree),
        // PHP writes an empty object so.
        Tree::List(items) if items.is_empty() => Ok(Tree::empty()),
        other => Err(ParameterError::new(
            shown,
            format!(
                "all parameters must be one JSON object, this is {}",
                other.kind()
            ),
        )),
    }
}

fn merge(parameters: &mut Tree, more: Tree) {
    if let Tree::Map(entries) = more {
        for (key, value) in entries {
            parameters.set(key, value);
        }
    }
}

/// Reads JSON, saying where it is wrong.
pub(crate) fn parse_json(bytes: &[u8]) -> Result<Tree, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("not JSON: {error}"))
}

/// Reads a file, or standard input for `-`.
pub(crate) fn read(source: &str) -> Result<Vec<u8>, String> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let mut bytes = Vec::new();
    if source == "-" {
        if TAKEN.swap(true, Ordering::Relaxed) {
            return Err("standard input can be read only once".to_owned());
        }
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| format!("standard input: {error}"))?;
    } else {
        bytes = std::fs::read(source).map_err(|error| not_read(source, &error))?;
    }
    Ok(bytes)
}

/// The value that sends a file in a field of a row, as `method` wants it.
pub(crate) fn upload_field(
    method: &str,
    name: &str,
    file: &std::path::Path,
) -> Result<Tree, String> {
    let path = path::Path {
        name: "fields".to_owned(),
        keys: Vec::new(),
    };
    let documented = crate::catalogue::find_method(method, Some(crate::catalogue::Version::V2));
    upload::from(&path, documented.as_ref(), name, &file.to_string_lossy())
}

fn not_read(file: &str, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no file {file}"),
        _ => format!("{file}: {error}"),
    }
}

/// Reads a query as PHP does: `select[]=ID&filter[%3EID]=5`.
pub(crate) fn from_query(query: &str, method: &str) -> Result<Tree, ParameterError> {
    let documented = crate::catalogue::find_method(method, None);
    let mut parameters = Tree::empty();
    for (key, text) in url::form_urlencoded::parse(query.as_bytes()) {
        let wrong = |why: String| ParameterError::new(format!("{key:?}"), why);
        let (path, rest) = path::Path::read(&key).map_err(|why| wrong(why.to_owned()))?;
        if !rest.is_empty() {
            return Err(wrong(format!("after the name comes =, not {rest:?}")));
        }
        let value = value(&path, &Operand::Text(&text), documented.as_ref()).map_err(wrong)?;
        path.put(&mut parameters, value).map_err(wrong)?;
    }
    Ok(parameters)
}
