//! The page `docs/writes.md`, out of a report.

use std::fmt::Write;

use super::limit;
use super::report::Report;
use super::troubles::Cell;
use super::writers::WRITERS;
use crate::limit::floor;
use crate::page::{NOTHING, cell as words, grouped, machine, scheme};

const PAGE: &str = include_str!("../../writes.md");

/// The page as text.
pub fn make(report: &Report) -> String {
    let (updates, adds): (Vec<_>, Vec<_>) = report.troubles.iter().partition(|cell| cell.updates);
    let parts = [
        ("{machine}", machine(report.machine.as_ref(), report.quick)),
        ("{clients}", clients()),
        ("{adds}", troubles(&adds)),
        ("{updates}", troubles(&updates)),
        ("{limit}", limits(&report.limit)),
    ];
    parts.iter().fold(PAGE.to_owned(), |page, (mark, text)| {
        page.replace(mark, text)
    })
}

fn clients() -> String {
    WRITERS.iter().fold(String::new(), |mut list, writer| {
        let _ = writeln!(list, "- `{}`: {}", writer.name, writer.remark);
        list
    })
}

fn troubles(cells: &[&Cell]) -> String {
    if cells.is_empty() {
        return NOTHING.to_owned();
    }
    let names = cells.iter().filter(|cell| cell.client == cells[0].client);
    let mut table = String::from("| trouble |");
    let writers = WRITERS
        .iter()
        .filter(|writer| cells.iter().any(|cell| cell.client == writer.name));
    for writer in writers.clone() {
        let rows = cells.iter().find(|cell| cell.client == writer.name);
        let rows = rows.map_or(0, |cell| cell.rows);
        let _ = write!(table, " {}, {} rows |", writer.name, grouped(rows));
    }
    let _ = writeln!(table, "\n|---|{}", "---|".repeat(writers.clone().count()));
    for name in names.map(|cell| &cell.trouble) {
        let _ = write!(table, "| {name} |");
        for writer in writers.clone() {
            let cell = cells
                .iter()
                .find(|cell| cell.client == writer.name && cell.trouble == *name);
            let text = cell.map_or_else(String::new, |cell| cell.text());
            let _ = write!(table, " {text} |");
        }
        table.push('\n');
    }
    table
}

fn limits(rows: &[limit::Row]) -> String {
    if rows.is_empty() {
        return NOTHING.to_owned();
    }
    let mut table = String::from(
        "| client | over | wall, s | x floor | requests | refused | not written | |\n|---|---|--:|--:|--:|--:|--:|---|\n",
    );
    for row in rows {
        let floor = floor(row.rows / 50);
        let _ = writeln!(
            table,
            "| {} | {} | {:.2} | {:.3} | {} | {} | {} | {} |",
            row.client,
            scheme(row.https),
            row.wall_seconds,
            row.wall_seconds / floor,
            row.requests,
            row.refused,
            row.missing,
            row.error.as_deref().map_or_else(String::new, words),
        );
    }
    table
}
