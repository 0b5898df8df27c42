//! One argument, taken apart.

use super::ParameterError;
use super::path::Path;

/// What an argument says, before files are read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Argument<'a> {
    /// `@file` or `-`: all parameters.
    All(&'a str),
    /// One parameter.
    One { path: Path, operand: Operand<'a> },
}

/// Where the value comes from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Operand<'a> {
    Text(&'a str),
    Json(&'a str),
    TextFile(&'a str),
    JsonFile(&'a str),
    Upload(&'a str),
}

impl<'a> Argument<'a> {
    pub(crate) fn read(text: &'a str) -> Result<Self, ParameterError> {
        if text == "-" {
            return Ok(Self::All(text));
        }
        if let Some(file) = text.strip_prefix('@') {
            return match file {
                "" => Err(ParameterError::new("@", "it names no file")),
                _ => Ok(Self::All(file)),
            };
        }
        let (path, rest) = Path::read(text)
            .map_err(|why| ParameterError::new(format!("{:?}", without_value(text)), why))?;
        let operand = operand(rest).ok_or_else(|| {
            let why = match rest {
                "" => "it has no value: key=text, key:=json or key@file".to_owned(),
                "@" => "it names no file".to_owned(),
                _ => format!(
                    "after the name comes =, := or @, not {:?}",
                    rest.chars().next().unwrap_or_default()
                ),
            };
            ParameterError::new(path.to_string(), why)
        })?;
        Ok(Self::One { path, operand })
    }
}

fn operand(rest: &str) -> Option<Operand<'_>> {
    if let Some(json) = rest.strip_prefix(":=") {
        return Some(match json.strip_prefix('@') {
            Some(file) => Operand::JsonFile(file),
            None => Operand::Json(json),
        });
    }
    if let Some(text) = rest.strip_prefix('=') {
        return Some(match text.strip_prefix('@') {
            Some(file) => Operand::TextFile(file),
            None => Operand::Text(text),
        });
    }
    rest.strip_prefix('@')
        .filter(|file| !file.is_empty())
        .map(Operand::Upload)
}

/// The start of an argument that cannot be read: never what may be its value.
fn without_value(text: &str) -> &str {
    let end = text.find(['=', '@', '[']).map_or(text.len(), |at| at + 1);
    &text[..end]
}
