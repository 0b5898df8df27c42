//! `cargo xtask bench oauth`: what is promised of applications, done and counted.
//!
//! Tests do most of it, named here: each prints its lines of the table. Beside them the vendor's client does the same as
//! ours, and another one goes through the proxy.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::compat::{Bench, Row};
use crate::peers::Peers;
use crate::postgres;
use crate::process::{cargo, output, run, target_directory};

/// What a test prints before a line of the table.
const MARK: &str = "proof\t";

const COLUMNS: [&str; 6] = ["what", "who", "calls", "succeeded", "refreshes", ""];

const TESTS: [&str; 5] = [
    "killed::processes_with_one_sqlite_file",
    "killed::processes_with_one_postgres",
    "shared_budget::four_processes_are_refused_nothing_with_sqlite",
    "shared_budget::four_processes_are_refused_nothing_with_postgres",
    "applications_shared::an_import_goes_on_across_the_end_of_its_token",
];

/// Runs all of it, then prints the table.
pub(crate) fn prove(root: &Path) -> Result<()> {
    postgres::provide()?;
    let target = target_directory(root)?;
    let bench = Bench {
        scripts: root.join("compat/clients"),
        peers: Peers::install(root, &target)?,
        b24: target.join("debug/b24"),
    };
    // Also builds the command, with the features that the tests have: nothing is built twice.
    let suite = ["test", "--workspace", "--test", "it"];
    run(cargo(root, &suite).arg("--no-run"))?;
    eprintln!("\nours: {} tests, two minutes", TESTS.len());
    let shown = ["--", "--nocapture", "--test-threads=1", "--include-ignored"];
    let mut tests = cargo(root, &[&suite[..], &shown].concat());
    let said = output(tests.arg("--exact").args(TESTS))?;
    for test in TESTS {
        ensure!(said.contains(test), "there is no test {test}");
    }
    let mut rows = rows(&said);
    eprintln!("theirs: b24jssdk in 8 processes");
    rows.extend(bench.processes()?);
    eprintln!("theirs: b24pysdk through b24 proxy");
    rows.push(bench.proxied()?.row());
    eprintln!("\n{}\n", table(&rows));
    places(root)
}

/// What a place in a budget costs, in a release build.
fn places(root: &Path) -> Result<()> {
    let optimised = [
        "test",
        "--release",
        "--package",
        "b24-store",
        "--test",
        "it",
    ];
    let shown = ["--", "--nocapture", "--test-threads=1", "--ignored"];
    let mut measured = cargo(root, &[&optimised[..], &shown].concat());
    run(measured.arg("place_cost::"))
}

/// The lines of the table among what tests have printed.
fn rows(said: &str) -> Vec<Row> {
    // The runner leaves its own line open.
    let marked = said.lines().filter_map(|line| line.split_once(MARK));
    marked
        .filter_map(|(_, cells)| {
            let cells: Vec<String> = cells.split('\t').map(str::to_owned).collect();
            cells.try_into().ok()
        })
        .collect()
}

/// In Markdown, what belongs together under one another.
fn table(rows: &[Row]) -> String {
    let mut rows: Vec<Row> = rows.to_vec();
    let order: Vec<String> = rows.iter().map(|row| row[0].clone()).collect();
    rows.sort_by_key(|row| order.iter().position(|what| *what == row[0]));
    rows.insert(0, COLUMNS.map(str::to_owned));
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths = [0, 1, 2, 3, 4, 5].map(width);
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            format!("| {} |", cells.join(" | "))
        })
        .collect();
    lines.insert(1, format!("|{}", "---|".repeat(COLUMNS.len())));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_tests_become_a_table_in_groups() {
        let said = "test a::b ... proof\tone\tb24\t8\t8\t1\t\nproof\ttwo\tb24\t4\t4\t\tx\nok\n";
        let mut found = rows(said);
        assert_eq!(found.len(), 2);
        found.push(["one", "theirs", "8", "1", "2", "7 failed"].map(str::to_owned));
        let table = table(&found);
        let firsts: Vec<&str> = table.lines().map(|line| &line[2..5]).collect();
        assert_eq!(firsts, ["wha", "--|", "one", "one", "two"], "{table}");
    }
}
