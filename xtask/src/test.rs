//! `cargo xtask test`: the checks in order of their price, the tests last.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{cargo, run as run_process, run_to};
use crate::secrets::Run;
use crate::shown::Shown;
use crate::{arrows, codegen, file_size, postgres, wasm};

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Path) -> Result<()>,
}

/// `tests` stands last, for the last thing printed is the test runner's own summary line.
/// Documentation tests stand before it: their runner prints its times after its summary.
const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        about: "rustfmt changes nothing",
        run: |root| run_process(&mut cargo(root, &["fmt", "--all", "--check"])),
    },
    Step {
        name: "sizes",
        about: "no hand-written file over 600 lines of code",
        run: file_size::check,
    },
    Step {
        name: "arrows",
        about: "crates depend only on what they may",
        run: arrows::check,
    },
    Step {
        name: "codegen",
        about: "generated files are what the catalogue makes",
        run: |root| codegen::run(root, true),
    },
    Step {
        name: "clippy",
        about: "no warning in any target",
        run: |root| {
            let arguments = [
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ];
            run_process(&mut cargo(root, &arguments))
        },
    },
    Step {
        name: "docs",
        about: "rustdoc without warnings",
        run: |root| {
            // Libraries only: the command and the SDK are both called b24.
            let arguments = ["doc", "--workspace", "--no-deps", "--lib"];
            run_process(cargo(root, &arguments).env("RUSTDOCFLAGS", "-D warnings"))
        },
    },
    Step {
        name: "wasm",
        about: "the crate b24 compiles for wasm32-unknown-unknown",
        run: wasm::check,
    },
    Step {
        name: "doctests",
        about: "examples of the documentation",
        run: |root| run_process(&mut cargo(root, &["test", "--workspace", "--doc"])),
    },
    Step {
        name: "tests",
        about: "unit and integration tests, and no secret in all that they leave behind",
        run: tests,
    },
];

/// The tests, and then the search for secrets. The runner's last line is printed after what the search says.
fn tests(root: &Path) -> Result<()> {
    postgres::provide()?;
    let run = Run::begin()?;
    let arguments = [
        "test",
        "--workspace",
        "--lib",
        "--bins",
        "--tests",
        "--examples",
        "--",
        "--show-output",
    ];
    let mut command = cargo(root, &arguments);
    let mut shown = Shown::new(std::io::stdout(), run.output()?);
    run_to(command.envs(run.variables()), &mut shown)?;
    eprintln!("== secrets: {}", run.search()?);
    shown.end()?;
    Ok(())
}

/// Runs every step, or those named.
pub(crate) fn run(root: &Path, only: &[&str]) -> Result<()> {
    let steps = chosen(only)?;
    let mut times = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        if index + 1 == steps.len() && !times.is_empty() {
            eprintln!("\n== done: {}", summary(&times));
        }
        eprintln!("\n== {}: {}", step.name, step.about);
        let started = Instant::now();
        (step.run)(root).with_context(|| {
            format!(
                "step `{0}` failed; alone: cargo xtask test --only {0}",
                step.name
            )
        })?;
        let time = started.elapsed();
        times.push((step.name, time));
        if step.name != "tests" {
            eprintln!("== {}: ok in {}", step.name, seconds(time));
        }
    }
    Ok(())
}

fn chosen(only: &[&str]) -> Result<Vec<&'static Step>> {
    for name in only {
        if !STEPS.iter().any(|step| step.name == *name) {
            let names = STEPS.iter().map(|step| step.name).collect::<Vec<_>>();
            bail!("no step `{name}`; there are {}", names.join(", "));
        }
    }
    Ok(STEPS
        .iter()
        .filter(|step| only.is_empty() || only.contains(&step.name))
        .collect())
}

/// The steps for the help text.
pub(crate) fn list_of_steps() -> String {
    STEPS.iter().fold(String::new(), |mut text, step| {
        let _ = writeln!(text, "  {:<10}{}", step.name, step.about);
        text
    })
}

fn summary(times: &[(&str, Duration)]) -> String {
    times
        .iter()
        .map(|(name, time)| format!("{name} {}", seconds(*time)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runner_s_summary_is_the_last_thing_printed() {
        assert_eq!(STEPS.last().map(|step| step.name), Some("tests"));
    }

    #[test]
    fn chosen_steps_keep_their_order() {
        let names = |only: &[&str]| {
            chosen(only)
                .unwrap()
                .iter()
                .map(|step| step.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&["wasm", "fmt"]), ["fmt", "wasm"]);
        assert_eq!(names(&[]).len(), STEPS.len());
    }
}
