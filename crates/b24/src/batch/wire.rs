//! The bodies of batch requests.

use bytes::Bytes;
use serde::Serialize;

use super::Command;
use super::reference::Ref;
use crate::call::Version;
use crate::effect::Effect;
use crate::error::Error;
use crate::value::Tree;
use crate::value::form::{self, Empty, FormError};

/// The name of the command at `position` of a request. Names of our own keep PHP from reading numbers out of the user's.
pub(super) fn key(position: usize) -> String {
    format!("c{position}")
}

/// The body of a request with these commands, in this order.
pub(super) fn body(
    commands: &[(usize, &Command)],
    version: Version,
    halt: bool,
) -> Result<Bytes, Error> {
    match version {
        Version::V2 => v2(commands, halt),
        Version::V3 => Ok(v3(commands)),
    }
}

/// A v2 batch from ready-made command strings: `{"halt":1,"cmd":{name: "method?query"}}`.
pub(crate) fn v2_body<'a>(
    halt: bool,
    commands: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Bytes {
    let cmd = commands
        .into_iter()
        .map(|(name, command)| (name.to_owned(), Tree::Text(command.to_owned())))
        .collect();
    let body = Tree::Map(vec![
        ("halt".to_owned(), Tree::Number(u8::from(halt).into())),
        ("cmd".to_owned(), Tree::Map(cmd)),
    ]);
    json(&body)
}

/// How many bytes a command takes in the body of a batch, about; `None`: it does not fit into one at all.
///
/// A mistake in it is found when the body is made.
pub(super) fn length(command: &Command, version: Version) -> Option<usize> {
    /// Key, quotes and the like.
    const AROUND: usize = 40;
    let call = &command.call;
    let params = match version {
        Version::V2 => match query(command, call.params.clone()) {
            Ok(query) => query.len(),
            Err(FormError::TooManyPairs { .. }) => return None,
            Err(_) => 0,
        },
        Version::V3 => json(&call.params).len(),
    };
    Some(AROUND + call.method.len() + params)
}

/// The parameters as the form that a batch command takes.
fn query(command: &Command, params: Tree) -> Result<String, FormError> {
    let empty = if command.call.effect == Effect::Read {
        Empty::Drop
    } else {
        Empty::Refuse
    };
    let pairs = match params {
        Tree::Map(pairs) => pairs,
        Tree::List(items) => items
            .into_iter()
            .enumerate()
            .map(|(at, item)| (at.to_string(), item))
            .collect(),
        _ => Vec::new(),
    };
    form::encode(&pairs, empty)
}

fn v2(commands: &[(usize, &Command)], halt: bool) -> Result<Bytes, Error> {
    let mut strings = Vec::with_capacity(commands.len());
    for (position, (_, command)) in commands.iter().enumerate() {
        let params = resolved(command, commands, Ref::to_macro);
        let query = query(command, params).map_err(|error| {
            Error::usage(format!("command {:?}: {error}", command.name))
                .with_method(command.call.method.clone())
        })?;
        strings.push((key(position), format!("{}?{query}", command.call.method)));
    }
    Ok(v2_body(
        halt,
        strings
            .iter()
            .map(|(name, command)| (name.as_str(), command.as_str())),
    ))
}

/// A v3 batch is a bare list: an object would be read as one too, and any further key as a command.
fn v3(commands: &[(usize, &Command)]) -> Bytes {
    let items = commands.iter().enumerate().map(|(position, (_, command))| {
        Tree::Map(vec![
            ("method".to_owned(), Tree::Text(command.call.method.clone())),
            (
                "query".to_owned(),
                resolved(command, commands, Ref::to_marker),
            ),
            ("as".to_owned(), Tree::Text(key(position))),
        ])
    });
    json(&Tree::List(items.collect()))
}

/// The parameters with every reference put into the portal's own form.
fn resolved(
    command: &Command,
    commands: &[(usize, &Command)],
    form: fn(&Ref, &str) -> Tree,
) -> Tree {
    let mut params = command.call.params.clone();
    let walked: Result<(), std::convert::Infallible> = params.for_each_text(&mut |text| {
        if let Some(reference) = text.as_text().and_then(Ref::parse) {
            let position = commands
                .iter()
                .position(|(index, _)| *index == reference.index);
            *text = form(&reference, &key(position.unwrap_or(reference.index)));
        }
        Ok(())
    });
    let Ok(()) = walked;
    params
}

fn json(tree: &impl Serialize) -> Bytes {
    #[expect(clippy::expect_used, reason = "a tree holds nothing that JSON cannot")]
    let body = serde_json::to_vec(tree).expect("a tree is JSON");
    Bytes::from(body)
}
