//! What was aimed at, and what the figures say to it.

use std::fmt::Write;

use crate::clients::CLIENTS;
use crate::limit;
use crate::report::Report;
use crate::speed::Row;

/// Times of raw HTTP.
const OVER_RAW: f64 = 1.3;
/// Times of the fastest of the others.
const FASTER: f64 = 2.5;
const FEW_MEGABYTES: f64 = 20.0;
/// An answer of 2,500 whole rows of 1.3 kB; four of them may be there at once.
const WHOLE_MEGABYTES: f64 = FEW_MEGABYTES + 4.0 * 3.3;
const PARQUET_MEGABYTES: f64 = 100.0;
const OVER_FLOOR: f64 = 1.02;
const REQUESTS: u64 = 102;

/// A table of aims.
pub fn table(report: &Report) -> String {
    let mut table = String::from("| part | aim | measured | |\n|--:|---|---|---|\n");
    for whole in [false, true] {
        let fields = if whole { "whole rows" } else { "three fields" };
        speed(report, whole, fields, &mut table);
        memory(report, whole, fields, &mut table);
    }
    under_the_limit(report, &mut table);
    under_change(report, &mut table);
    growth(report, &mut table);
    table
}

fn line(table: &mut String, part: u8, aim: &str, measured: &str, met: bool) {
    let met = if met { "met" } else { "**not met**" };
    // Writing to a string cannot fail.
    let _ = writeln!(table, "| {part} | {aim} | {measured} | {met} |");
}

fn is_ours(name: &str) -> bool {
    CLIENTS
        .iter()
        .any(|client| client.name == name && client.is_ours())
}

fn is_parquet(name: &str) -> bool {
    CLIENTS
        .iter()
        .any(|client| client.name == name && client.is_parquet())
}

fn speed(report: &Report, whole: bool, fields: &str, table: &mut String) {
    let rows: Vec<&Row> = report
        .speed
        .iter()
        .filter(|row| row.whole == whole && row.error.is_none())
        .collect();
    let raw = rows
        .iter()
        .find(|row| row.client == "raw HTTP" && !row.https);
    let ours = || {
        rows.iter()
            .filter(|row| is_ours(&row.client) && !is_parquet(&row.client))
    };
    let Some(raw) = raw else { return };
    let over: Vec<f64> = ours()
        .filter(|row| !row.https)
        .map(|row| row.wall_seconds / raw.wall_seconds)
        .collect();
    line(
        table,
        1,
        &format!("{fields}: at most {OVER_RAW} x raw HTTP"),
        &span(&over, " x"),
        over.iter().all(|over| *over <= OVER_RAW),
    );
    let others = rows
        .iter()
        .filter(|row| !is_ours(&row.client) && row.client != "raw HTTP");
    let fastest = others.min_by(|one, other| one.wall_seconds.total_cmp(&other.wall_seconds));
    let Some(fastest) = fastest else { return };
    let faster: Vec<f64> = ours()
        .map(|row| fastest.wall_seconds / row.wall_seconds)
        .collect();
    line(
        table,
        1,
        &format!(
            "{fields}: at least {FASTER} x faster than the fastest other ({})",
            fastest.client
        ),
        &span(&faster, " x"),
        faster.iter().all(|faster| *faster >= FASTER),
    );
}

fn memory(report: &Report, whole: bool, fields: &str, table: &mut String) {
    for parquet in [false, true] {
        let rows = report.speed.iter().chain(&report.large);
        let peaks: Vec<f64> = rows
            .filter(|row| row.whole == whole && row.error.is_none() && is_ours(&row.client))
            .filter(|row| is_parquet(&row.client) == parquet)
            .map(|row| row.peak_megabytes)
            .collect();
        let (what, most) = match (parquet, whole) {
            (true, _) => ("Parquet", PARQUET_MEGABYTES),
            (false, true) => ("memory", WHOLE_MEGABYTES),
            (false, false) => ("memory", FEW_MEGABYTES),
        };
        if !peaks.is_empty() {
            line(
                table,
                1,
                &format!("{fields}: {what} under {most:.0} MB, at both sizes"),
                &span(&peaks, " MB"),
                peaks.iter().all(|peak| *peak < most),
            );
        }
    }
}

fn under_the_limit(report: &Report, table: &mut String) {
    let ours: Vec<&limit::Row> = report
        .limit
        .iter()
        .filter(|row| is_ours(&row.client))
        .collect();
    let Some(first) = ours.first() else { return };
    let floor = limit::floor(first.rows.div_ceil(2_500) + 1);
    let over: Vec<f64> = ours.iter().map(|row| row.wall_seconds / floor).collect();
    line(
        table,
        2,
        &format!("at most {OVER_FLOOR} x {floor:.2} s, http and https"),
        &span(&over, " x"),
        ours.iter().all(|row| row.error.is_none()) && over.iter().all(|over| *over <= OVER_FLOOR),
    );
    let requests: Vec<f64> = ours.iter().map(|row| row.requests as f64).collect();
    let refused: u64 = ours.iter().map(|row| row.refused).sum();
    line(
        table,
        2,
        &format!("at most {REQUESTS} requests, not one 503"),
        &format!("{}, {refused} times 503", whole_span(&requests)),
        refused == 0 && ours.iter().all(|row| row.requests <= REQUESTS),
    );
}

fn under_change(report: &Report, table: &mut String) {
    let ours = || report.change.iter().filter(|cell| is_ours(&cell.client));
    let cells = ours().count();
    let whole = ours().filter(|cell| cell.text() == "0").count();
    if cells > 0 {
        line(
            table,
            4,
            "zero in every cell of ours",
            &format!("{whole} of {cells} cells"),
            whole == cells,
        );
    }
}

fn growth(report: &Report, table: &mut String) {
    let mut sizes: Vec<u64> = report.growth.iter().map(|row| row.rows).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let [.., middle, largest] = sizes[..] else {
        return;
    };
    let of = |size: u64| report.growth.iter().filter(move |row| row.rows == size);
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for (small, large) in of(middle).zip(of(largest)) {
        let grown = large.rows as f64 / small.rows as f64;
        times.push(large.wall_seconds / small.wall_seconds / grown);
        memory.push(large.peak_megabytes - small.peak_megabytes);
    }
    line(
        table,
        6,
        "time grows as the rows do, from the middle size to the largest",
        &span(&times, " x"),
        times.iter().all(|time| *time < 1.2),
    );
    line(
        table,
        6,
        "memory does not grow",
        &format!("{} more", span(&memory, " MB")),
        memory.iter().all(|more| *more < 2.0),
    );
}

/// From the least to the most.
fn span(values: &[f64], unit: &str) -> String {
    let (least, most) = ends(values);
    format!("{least:.2} to {most:.2}{unit}")
}

fn whole_span(values: &[f64]) -> String {
    let (least, most) = ends(values);
    format!("{least:.0} to {most:.0}")
}

fn ends(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (least, most)
}
