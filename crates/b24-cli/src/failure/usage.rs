//! Wrong flags and commands, said in our own form.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Failure;

/// Names that later versions will have.
const LATER: &[&str] = &[
    "sync",
    "methods",
    "types",
    "listen",
    "mcp",
    "trigger",
    "snapshot",
    "clone-schema",
];

/// Flags that later versions will have.
const LATER_FLAGS: &[&str] = &["--data", "--seed"];

/// Turns a parser error into a message of ours.
pub(crate) fn from_clap(error: &clap::Error) -> Failure {
    if let Some(name) = text(error, ContextKind::InvalidSubcommand) {
        return unknown_command(error, name);
    }
    if let Some(flag) =
        text(error, ContextKind::InvalidArg).filter(|flag| LATER_FLAGS.contains(flag))
    {
        return later(flag, error);
    }
    let rendered = error.render().to_string();
    let first = rendered.lines().next().unwrap_or_default();
    let mut message = first
        .trim_start_matches("error: ")
        .trim_end_matches('.')
        .to_owned();
    if error.kind() == ErrorKind::MissingRequiredArgument {
        let missing = list(error, ContextKind::InvalidArg).join(" ");
        message = format!("missing argument: {missing}");
    }
    let failure = Failure::usage(message);
    match suggestion(error, ContextKind::SuggestedArg)
        .or_else(|| suggestion(error, ContextKind::SuggestedValue))
    {
        Some(name) => failure.hint(format!("did you mean {name}?")),
        None => failure.hint(help(error)),
    }
}

/// `name` of `candidates` that is most like `word`, if any is like it.
pub(crate) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&word, &name.to_lowercase()), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

fn later(name: &str, error: &clap::Error) -> Failure {
    Failure::usage(format!("`{name}` comes with a later version")).hint(help(error))
}

fn unknown_command(error: &clap::Error, name: &str) -> Failure {
    if LATER.contains(&name) {
        return later(name, error);
    }
    let failure = Failure::usage(format!("there is no command `{name}`"));
    match suggestion(error, ContextKind::SuggestedSubcommand) {
        Some(known) => failure.hint(format!("did you mean `{known}`?")),
        None => failure.hint(help(error)),
    }
}

fn help(error: &clap::Error) -> String {
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let command: Vec<&str> = usage
        .trim_start_matches("Usage: ")
        .split_whitespace()
        .take_while(|word| {
            word.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        })
        .collect();
    match command.as_slice() {
        [] => "b24 --help".to_owned(),
        words => format!("{} --help", words.join(" ")),
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

fn list(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::Strings(all)) => all.clone(),
        Some(ContextValue::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

fn suggestion(error: &clap::Error, kind: ContextKind) -> Option<String> {
    list(error, kind).into_iter().next()
}
