//! The `b24` command.

mod args;
mod catalogue;
mod commands;
mod exit;
mod explain;
mod failure;
mod fields;
mod filter;
mod formats;
mod parameters;
mod printer;
mod run;
mod session;
mod stop;

fn main() -> std::process::ExitCode {
    run::main()
}
