//! The `b24` command.

mod args;
#[expect(dead_code, unused_imports, reason = "`import` is made of it")]
mod bulk;
mod catalogue;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "`import` is made of it")
)]
mod check;
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
#[cfg_attr(not(test), expect(dead_code, reason = "`import` is made of it"))]
mod intake;
#[expect(dead_code, reason = "`import` is made of it")]
mod journal;
mod labels;
mod log;
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
