//! The commands of a batch file, one a line.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};

use b24::Effect;

use crate::failure::Failure;
use crate::parameters::{self, Tree};

/// One command.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// Its number in the file, from 1.
    pub(super) number: u64,
    pub(super) name: Option<String>,
    pub(super) method: String,
    pub(super) params: Tree,
}

/// `{"$ref":"name.path"}` or `{"$refArray":"name.field"}` in the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    pub(super) name: &'a str,
    pub(super) path: &'a str,
    /// All values of a field over the rows of a list.
    pub(super) each: bool,
}

impl Line {
    /// Reads `{"method":…,"params":…,"name":…}`, `"method?query"` or `method?query`.
    pub(super) fn read(number: u64, text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, method, params) = match text.as_bytes().first() {
            Some(b'{') => object(text)?,
            Some(b'"') => {
                let text: String =
                    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
                query(&text)?
            }
            _ => query(text)?,
        };
        if method.is_empty()
            || !method
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        {
            return Err(format!("{method:?} is no method name"));
        }
        if method.eq_ignore_ascii_case("batch") {
            return Err("a batch cannot hold a batch".to_owned());
        }
        let line = Self {
            number,
            name,
            method,
            params,
        };
        references(&line.params, &mut Vec::new())?;
        Ok(line)
    }

    /// The commands that this one uses results of.
    pub(super) fn references(&self) -> Vec<Reference<'_>> {
        let mut found = Vec::new();
        // `read` has refused what this could find wrong.
        let _ = references(&self.params, &mut found);
        found
    }

    pub(super) fn effect(&self) -> Effect {
        Effect::of(&self.method)
    }
}

type Parts = (Option<String>, String, Tree);

fn object(text: &str) -> Result<Parts, String> {
    let Tree::Map(entries) = parameters::parse_json(text.as_bytes())? else {
        return Err("not an object".to_owned());
    };
    let (mut name, mut method, mut params) = (None, None, Tree::empty());
    for (key, value) in entries {
        match (key.as_str(), value) {
            ("method", Tree::Text(text)) => method = Some(text),
            ("name" | "as", Tree::Text(text))
                if !text.is_empty() && !text.contains(['.', '[', ']']) =>
            {
                name = Some(text);
            }
            ("name" | "as", _) => {
                return Err("a name is a text without dots and brackets".to_owned());
            }
            ("params" | "query", value @ (Tree::Map(_) | Tree::List(_))) => params = value,
            ("params" | "query", Tree::Null) => {}
            (key @ ("method" | "params" | "query"), value) => {
                return Err(format!("\"{key}\" cannot be {}", value.kind()));
            }
            (key, _) => {
                return Err(format!(
                    "it has \"{key}\"; only method, params and name are known"
                ));
            }
        }
    }
    Ok((name, method.ok_or("it has no \"method\"")?, params))
}

fn query(text: &str) -> Result<Parts, String> {
    let (method, query) = text.split_once('?').unwrap_or((text, ""));
    let params = parameters::from_query(query, method).map_err(|error| error.to_string())?;
    Ok((None, method.to_owned(), params))
}

/// Finds references; an error for a marker that cannot be one.
fn references<'a>(tree: &'a Tree, found: &mut Vec<Reference<'a>>) -> Result<(), String> {
    match tree {
        Tree::List(items) => items.iter().try_for_each(|item| references(item, found)),
        Tree::Map(entries) => {
            if let Some(reference) = marker(entries)? {
                found.push(reference);
                return Ok(());
            }
            entries
                .iter()
                .try_for_each(|(_, value)| references(value, found))
        }
        _ => Ok(()),
    }
}

/// Reads `{"$ref":"name.path"}`.
pub(super) fn marker(entries: &[(String, Tree)]) -> Result<Option<Reference<'_>>, String> {
    let Some((key, value)) = entries
        .iter()
        .find(|(key, _)| key == "$ref" || key == "$refArray")
    else {
        return Ok(None);
    };
    let each = key == "$refArray";
    match value {
        Tree::Text(text) if entries.len() == 1 && !text.is_empty() => {
            let (name, path) = text.split_once('.').unwrap_or((text, ""));
            if each && path.is_empty() {
                return Err("a $refArray is \"name.field\"".to_owned());
            }
            Ok(Some(Reference { name, path, each }))
        }
        _ => Err(format!(
            "{key} stands alone in its object and is a text such as \"name.ID\""
        )),
    }
}

/// What a look at all lines has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overview {
    pub(super) commands: u64,
    pub(super) writes: u64,
    pub(super) effect: Effect,
}

/// A batch file. Standard input is copied first, so that a wrong line is found before anything is sent.
#[derive(Debug)]
pub(super) struct Input {
    name: String,
    file: File,
}

impl Input {
    pub(super) fn open(source: &str) -> Result<Self, Failure> {
        let failed = |name: &str, error: &io::Error| match error.kind() {
            io::ErrorKind::NotFound => Failure::usage(format!("there is no file {name}")),
            _ => Failure::local(format!("{name}: {error}")),
        };
        let input = if source == "-" {
            let name = "standard input".to_owned();
            let file = spool(&mut io::stdin().lock()).map_err(|error| failed(&name, &error))?;
            Self { name, file }
        } else {
            let file = File::open(source)
                .map_err(|error| failed(source, &error).state("nothing was sent"))?;
            let seekable = file.metadata().is_ok_and(|facts| facts.is_file());
            let file = if seekable {
                Ok(file)
            } else {
                spool(&mut { file })
            };
            let file = file.map_err(|error| failed(source, &error).state("nothing was sent"))?;
            Self {
                name: source.to_owned(),
                file,
            }
        };
        Ok(input)
    }

    /// Checks every line.
    pub(super) fn check(&mut self) -> Result<Overview, Failure> {
        let name = self.name.clone();
        let wrong = |number: u64, why: String| {
            Failure::usage(format!("{name}, line {number}: {why}")).state("nothing was sent")
        };
        let mut names: HashSet<String> = HashSet::new();
        let mut overview = Overview {
            commands: 0,
            writes: 0,
            effect: Effect::Read,
        };
        self.each(|number, read| {
            let line = read.map_err(|why| wrong(number, why))?;
            for reference in line.references() {
                if !names.contains(reference.name) {
                    let why = format!(
                        "it refers to {:?}, and no line before it has that name",
                        reference.name
                    );
                    return Err(wrong(number, why));
                }
            }
            overview.commands += 1;
            overview.writes += u64::from(line.effect() != Effect::Read);
            overview.effect = overview.effect.max(line.effect());
            match line.name {
                Some(name) if !names.insert(name.clone()) => Err(wrong(
                    number,
                    format!("the name {name:?} is taken by a line before it"),
                )),
                _ => Ok(()),
            }
        })?;
        Ok(overview)
    }

    fn each(
        &mut self,
        mut take: impl FnMut(u64, Result<Line, String>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let name = self.name.clone();
        for (number, text) in self.lines()? {
            let text =
                text.map_err(|error| Failure::local(format!("{name}, line {number}: {error}")))?;
            if !text.trim().is_empty() {
                take(number, Line::read(number, &text))?;
            }
        }
        Ok(())
    }

    fn lines(
        &mut self,
    ) -> Result<impl Iterator<Item = (u64, io::Result<String>)> + use<'_>, Failure> {
        self.file
            .rewind()
            .map_err(|error| Failure::local(format!("{}: {error}", self.name)))?;
        Ok((1..).zip(BufReader::new(&self.file).lines()))
    }

    /// The commands, after [`check`](Self::check) has found nothing wrong.
    pub(super) fn commands(
        &mut self,
    ) -> Result<impl Iterator<Item = Result<Line, Failure>> + use<'_>, Failure> {
        let name = self.name.clone();
        Ok(self.lines()?.filter_map(move |(number, text)| {
            let changed = |why: String| Failure::local(format!("{name}, line {number}: {why}"));
            match text {
                Ok(text) if text.trim().is_empty() => None,
                Ok(text) => Some(Line::read(number, &text).map_err(changed)),
                Err(error) => Some(Err(changed(error.to_string()))),
            }
        }))
    }
}

/// Copies what can be read only once.
fn spool(from: &mut impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(from, &mut file)?;
    file.flush()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match Line::read(1, text) {
            Ok(line) => format!(
                "{:?} {} {}",
                line.name,
                line.method,
                serde_json::to_string(&line.params).unwrap()
            ),
            Err(why) => format!("error: {why}"),
        }
    }

    #[test]
    fn lines_are_objects_or_queries() {
        let cases = [
            r#"{"method":"crm.item.get","params":{"id":5,"a":[]},"name":"one"}"#,
            r#"{"method":"tasks.task.list","query":{},"as":"L"}"#,
            r#""crm.deal.list?filter[%3EID]=5&select[]=ID&select[]=TITLE&x=a+b%26c""#,
            "user.current",
            "crm.item.get?entityTypeId=2&id=7",
            "{",
            r#"{"params":{}}"#,
            r#"{"method":"a.b","extra":1}"#,
            r#"{"method":"a.b","params":5}"#,
            r#"{"method":"a b"}"#,
            r#"{"method":"batch"}"#,
            r#"{"method":"a.b","name":"x.y"}"#,
            r#"{"method":"a.b","params":{"id":{"$ref":5}}}"#,
            r#"{"method":"a.b","params":{"id":{"$ref":"x","y":1}}}"#,
            r#"{"method":"a.b","params":{"id":{"$refArray":"x"}}}"#,
            "crm.deal.get?=5",
        ];
        let seen: Vec<_> = cases
            .iter()
            .map(|case| format!("{case}\n    {}", shown(case)))
            .collect();
        insta::assert_snapshot!(seen.join("\n"));
    }

    #[test]
    fn references_are_found_anywhere() {
        let line = Line::read(1, r#"{"method":"a.b","params":{"x":[{"$ref":"me.ID"}],"y":{"$refArray":"l.id"},"z":{"$ref":"me"}}}"#).unwrap();
        let found: Vec<_> = line
            .references()
            .iter()
            .map(|r| (r.name, r.path, r.each))
            .collect();
        assert_eq!(
            found,
            [("me", "ID", false), ("l", "id", true), ("me", "", false)]
        );
    }
}
