//! From the arguments to the exit code.

use std::io;
use std::process::ExitCode;

use anyhow::Result;
use clap::FromArgMatches;
use clap::error::ErrorKind;

use crate::args::{self, Cli, Global};
use crate::closing;
use crate::commands;
use crate::exit::Exit;
use crate::failure::{self, Failure};
use crate::log;
use crate::memory;
use crate::printer::{ColorChoice, Printer, ProgressChoice, StdoutClosed, Style};
use crate::report;
use crate::session::Session;
use crate::signals;

/// Parses, runs, reports. Nothing but the parser runs for `--version` and `--help`.
pub(crate) fn main() -> ExitCode {
    memory::keep_private();
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
    let json = std::env::args_os().any(|arg| arg == "--json") || args::is_on("B24_JSON");
    let style = Style::resolve(json, false, 0, ColorChoice::Auto, ProgressChoice::None);
    Printer::new(style).failure(&failure::from_clap(error));
    Exit::Usage
}

fn execute(cli: Cli) -> Exit {
    let Cli { global, command } = cli;
    let session = Session::new(command.name(), global.clone(), printer(&global));
    let (exit, failure) = match start(&global) {
        Ok(runtime) => {
            let ended = runtime.block_on(async {
                signals::watch(&session.stop);
                let ended = conclude(&session, commands::run(command, &session).await).await;
                closing::close(&session, ended).await
            });
            runtime.shutdown_background();
            ended
        }
        Err(failure) => (failure.kind.exit(), Some(failure)),
    };
    if let Some(failure) = &failure {
        session.printer.failure(failure);
    }
    match report::write(&session, exit, failure.as_ref()) {
        Ok(()) => exit,
        Err(failure) => {
            session.printer.failure(&failure);
            if exit == Exit::Done {
                failure.kind.exit()
            } else {
                exit
            }
        }
    }
}

fn start(global: &Global) -> Result<tokio::runtime::Runtime, Failure> {
    log::start(global)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::local(format!("the runtime cannot start: {error}")))
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

/// How it ended, and what went wrong.
async fn conclude(session: &Session, result: Result<Exit>) -> (Exit, Option<Failure>) {
    match result {
        Ok(exit) => (exit, None),
        Err(error) if reader_has_gone(&error) => (Exit::Done, None),
        Err(error) => {
            let failure = explain(&error, session).await;
            (failure.kind.exit(), Some(failure))
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
                .is_some_and(|inner| inner.downcast_ref::<StdoutClosed>().is_some())
        })
}

async fn explain(error: &anyhow::Error, session: &Session) -> Failure {
    let connection = session.connected();
    let failure = failure::from_any(error, connection);
    match connection {
        Some(connection) if session.stop.reason().is_none() => {
            failure::refine(failure, connection).await
        }
        _ => failure,
    }
}
