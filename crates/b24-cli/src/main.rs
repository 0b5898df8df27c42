//! The `b24` command.

mod args;
mod bulk;
mod catalogue;
mod change;
mod check;
mod closing;
mod commands;
mod connection;
mod entity;
mod exit;
mod explain;
mod failure;
mod fields;
mod filter;
mod formats;
mod guard;
mod intake;
mod journal;
mod labels;
mod log;
mod memory;
mod parameters;
mod printer;
mod prompt;
mod report;
mod resume;
mod run;
mod session;
mod signals;
mod stop;
mod survey;

fn main() -> std::process::ExitCode {
    run::main()
}
