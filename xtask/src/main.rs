//! Tasks of the repository: `cargo xtask help`.
#![expect(
    clippy::print_stderr,
    reason = "tasks report to the terminal; standard output stays with the tools they run"
)]

mod arrows;
mod bench;
mod codegen;
mod compat;
mod debian;
mod deny;
mod encodings;
mod file_size;
mod peers;
mod postgres;
mod process;
mod secrets;
mod shown;
mod test;
mod wasm;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
Tasks of the repository

  cargo xtask test                 all checks, then all tests; what CI runs
  cargo xtask test --only STEP     one step of them (may be repeated)
  cargo xtask codegen              write the files generated from catalogue/
  cargo xtask codegen --check      fail if one of them differs
  cargo xtask wasm                 check the crate b24 for wasm32-unknown-unknown
  cargo xtask compat               clients of others against the portal (needs npm and python3)
  cargo xtask bench reads          reads of all rows by several clients, see docs/benchmarks.md
  cargo xtask bench writes         writes by several clients under faults, see docs/writes.md
  cargo xtask bench oauth          processes of an application, ours and others', see docs/applications.md
  cargo xtask bench proxy          what a call takes longer through `b24 proxy`
  cargo xtask deny                 licences, advisories, sources (needs cargo-deny)
  cargo xtask help                 this text

Steps of `test`, in order:
";

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    let root = root();
    match arguments {
        ["test", options @ ..] => test::run(&root, &only(options)?),
        ["codegen"] => codegen::run(&root, false),
        ["codegen", "--check"] => codegen::run(&root, true),
        ["wasm"] => wasm::check(&root),
        ["compat"] => compat::check(&root),
        ["bench", "reads", options @ ..] => bench::reads(&root, options),
        ["bench", "writes", options @ ..] => bench::writes(&root, options),
        ["bench", "oauth"] => bench::oauth(&root),
        ["bench", "proxy", options @ ..] => bench::proxy(&root, options),
        ["deny"] => deny::check(&root),
        [] | ["help" | "--help" | "-h", ..] => {
            eprint!("{HELP}{}", test::list_of_steps());
            Ok(())
        }
        other => bail!("no task `{}`; see `cargo xtask help`", other.join(" ")),
    }
}

/// The values of every `--only STEP`.
fn only<'a>(options: &[&'a str]) -> Result<Vec<&'a str>> {
    options
        .chunks(2)
        .map(|pair| match pair {
            ["--only", step] => Ok(*step),
            _ => bail!("`test` takes `--only STEP`, not `{}`", pair.join(" ")),
        })
        .collect()
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_test_are_read() {
        assert_eq!(
            only(&["--only", "fmt", "--only", "wasm"]).unwrap(),
            ["fmt", "wasm"]
        );
        assert!(only(&["--only"]).is_err());
        assert!(only(&["fmt"]).is_err());
    }

    #[test]
    fn an_unknown_task_or_step_is_an_error() {
        assert!(run(&["tset"]).unwrap_err().to_string().contains("tset"));
        let error = run(&["test", "--only", "cipply"]).unwrap_err().to_string();
        assert!(
            error.contains("cipply") && error.contains("clippy"),
            "{error}"
        );
    }
}
