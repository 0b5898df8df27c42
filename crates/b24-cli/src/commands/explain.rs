//! `b24 explain CODE`

use std::fmt::Write;

use anyhow::Result;
use serde_json::json;

use crate::exit::Exit;
use crate::explain::{self, Explanation, Ran};
use crate::failure::{Failure, Kind};
use crate::session::Session;

/// What an error code means, whether a write may have run, and what to do.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 explain QUERY_LIMIT_EXCEEDED
  b24 explain \"\"                     the empty code of classic CRM methods
  b24 explain --json insufficient_scope
")]
pub(crate) struct Args {
    /// The code, as the portal sent it.
    code: String,
}

/// Runs the command.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let Some(found) = explain::explain(&args.code) else {
        let hint = match explain::similar(&args.code) {
            Some(name) => format!("did you mean {name}?"),
            None => "b24 call METHOD shows the portal's own description below the code".to_owned(),
        };
        let message = format!("nobody documents the code {}", quoted(&args.code));
        return Err(Failure::new(Kind::Local, message).hint(hint).into());
    };
    session
        .printer
        .report(&object(&args.code, &found), text(&args.code, &found))?;
    Ok(Exit::Done)
}

fn object(word: &str, found: &Explanation) -> serde_json::Value {
    json!({
        "code": found.documented.as_ref().map_or(word, |known| known.code.as_str()),
        "group": found.code.map(|code| code.group),
        "means": found.code.map(|code| code.means),
        "may_have_run": found.code.map(|code| code.ran == Ran::Maybe),
        "do": found.code.map(|code| code.advice),
        "status": found.documented.as_ref().map(|known| &known.status),
        "methods": found.documented.as_ref().map_or(0, |known| known.methods),
    })
}

fn text(word: &str, found: &Explanation) -> String {
    let mut out = String::new();
    let mut line = |label: &str, words: &str| {
        let _ = writeln!(out, "{label:<12} {words}");
    };
    line(
        "code",
        quoted(found.documented.as_ref().map_or(word, |known| &known.code)),
    );
    if let Some(code) = found.code {
        line("means", code.means);
        line("a write", ran(code.ran));
        line("do", code.advice);
    } else {
        line(
            "means",
            "whatever the method says; the portal's description tells which",
        );
        line("a write", ran(Ran::No));
        line(
            "do",
            "read the description below the code, and mend the parameters",
        );
    }
    if let Some(known) = &found.documented {
        line("documented", &documented(known));
    }
    out
}

fn documented(known: &explain::Documented) -> String {
    let statuses: Vec<String> = known.status.iter().map(u16::to_string).collect();
    let whose = match known.methods {
        0 => "for any method".to_owned(),
        1 => "for 1 method".to_owned(),
        many => format!("for {many} methods"),
    };
    if statuses.is_empty() {
        whose
    } else {
        format!("{whose}, with HTTP {}", statuses.join(" or "))
    }
}

fn ran(ran: Ran) -> &'static str {
    match ran {
        Ran::No => "was not carried out",
        Ran::Maybe => "may have been carried out: look first",
    }
}

fn quoted(code: &str) -> &str {
    if code.is_empty() { "\"\"" } else { code }
}
