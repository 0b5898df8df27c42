//! The `b24` command.

mod args;
mod commands;
mod exit;
mod failure;
mod printer;
mod run;
mod session;
mod stop;

fn main() -> std::process::ExitCode {
    run::main()
}
