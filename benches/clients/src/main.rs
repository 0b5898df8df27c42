//! Reads of all rows by several clients, side by side against the local portal.
//!
//! `cargo xtask bench reads` builds and starts it. It is one program in four parts: `run` is the
//! bench, `measure` starts one client and tells what it cost, `raw` and `sdk` are clients; and
//! `leashed` becomes a program that ends when the bench does.

mod aims;
mod change;
mod clients;
mod environment;
mod growth;
mod leash;
mod limit;
mod measure;
mod options;
mod page;
mod plot;
mod portal;
mod raw;
mod reader;
mod report;
mod sdk;
mod speed;
mod versions;
mod writes;

use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match part(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn part(arguments: &[String]) -> Result<ExitCode> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        // First, and before anything is set up: what this process uses is a floor of what it measures.
        ["measure", report, seconds, ref command @ ..] => {
            measure::run(report, seconds.parse()?, command)
        }
        ["leashed", program, ref arguments @ ..] => leash::turn_into(program, arguments),
        ["raw"] => runtime()?.block_on(raw::run()),
        ["sdk", rows] => runtime()?.block_on(sdk::run(rows)),
        ["run", ref options @ ..] => {
            let options = options::Options::read(options, [250_000, 10_000])?;
            runtime()?.block_on(report::run(&options))
        }
        ["writes", ref options @ ..] => {
            let options = options::Options::read(options, [10_000, 500])?;
            runtime()?.block_on(writes::run(&options))
        }
        _ => bail!("started by `cargo xtask bench`"),
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}
