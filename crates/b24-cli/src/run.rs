//! From the arguments to the exit code.

use std::io;
use std::process::ExitCode;

use anyhow::Result;
use clap::FromArgMatches;
use clap::error::ErrorKind;

use crate::args::{self, Cli, Global};
use crate::commands;
use crate::exit::Exit;
use crate::failure::{self, Failure, Kind};
use crate::printer::{ColorChoice, Printer, ProgressChoice, StdoutClosed, Style};
use crate::session::Session;

/// Parses, runs, reports. Nothing but the parser runs for `--version` and `--help`.
pub(crate) fn main() -> ExitCode {
    let parsed = args::grammar()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => execute(cli).into(),
        Err(error) => not_parsed(&error).into(),
    }
}

fn not_parsed(error: &clap::Error) -> Exit {
    let help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if help {
        let _ = error.print();
        return if error.use_stderr() {
            Exit::Usage
        } else {
            Exit::Done
        };
    }
    let json = std::env::args_os().any(|arg| arg == "--json")
        || std::env::var_os("B24_JSON").is_some_and(|value| !value.is_empty() && value != "0");
    let style = Style::resolve(json, false, 0, ColorChoice::Auto, ProgressChoice::None);
    Printer::new(style).failure(&failure::from_clap(error));
    Exit::Usage
}

fn execute(cli: Cli) -> Exit {
    let Cli { global, command } = cli;
    let printer = printer(&global);
    let session = Session::new(global, printer.clone());
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.failure(&Failure::local(format!(
                "the runtime cannot start: {error}"
            )));
            return Exit::Failed;
        }
    };
    let result = runtime.block_on(commands::run(command, &session));
    runtime.shutdown_background();
    conclude(&session, result)
}

fn printer(global: &Global) -> Printer {
    Printer::new(Style::resolve(
        global.json,
        global.quiet,
        global.verbose,
        global.color,
        global.progress,
    ))
}

/// Tells how it ended.
fn conclude(session: &Session, result: Result<Exit>) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(error) if reader_has_gone(&error) => Exit::Done,
        Err(error) => {
            let failure = explain(&error);
            session.printer.failure(&failure);
            failure.kind.exit()
        }
    }
}

fn reader_has_gone(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| {
            error
                .get_ref()
                .is_some_and(|inner| inner.is::<StdoutClosed>())
        })
}

fn explain(error: &anyhow::Error) -> Failure {
    match error.downcast_ref::<Failure>() {
        Some(failure) => failure.clone(),
        None => Failure::new(Kind::Local, format!("{error:#}")),
    }
}
