//! The page `docs/benchmarks.md` and its plots, out of a report.

use std::fs;

use anyhow::{Context, Result};

use crate::clients::CLIENTS;
use crate::options::Options;
use crate::plot::{self, Bar, Colour};
use crate::report::Report;
use crate::versions::Machine;
use crate::{aims, limit, speed};

const PAGE: &str = include_str!("../page.md");
pub const NOTHING: &str = "Not measured yet.";

/// The page as text.
pub fn make(report: &Report) -> String {
    let few: Vec<_> = report.speed.iter().filter(|row| !row.whole).collect();
    let whole: Vec<_> = report.speed.iter().filter(|row| row.whole).collect();
    let large: Vec<_> = report.large.iter().collect();
    let parts = [
        ("{machine}", machine(report.machine.as_ref(), report.quick)),
        ("{aims}", aims::table(report)),
        ("{speed_few}", speeds(&few)),
        ("{speed_whole}", speeds(&whole)),
        ("{large}", larges(&large)),
        ("{limit}", limits(&report.limit)),
        ("{change}", changes(report)),
        ("{criterion}", criterion(report)),
        ("{growth}", growth(report)),
    ];
    parts.iter().fold(PAGE.to_owned(), |page, (mark, text)| {
        page.replace(mark, text)
    })
}

/// Writes the page and its plots.
pub fn write(options: &Options, report: &Report, text: &str) -> Result<()> {
    let docs = options.root.join("docs");
    fs::create_dir_all(&docs)?;
    let rows: Vec<_> = report.speed.iter().filter(|row| !row.whole).collect();
    let bars: Vec<Bar> = rows
        .iter()
        .filter(|row| row.error.is_none())
        .map(|row| {
            bar(
                &row.client,
                row.https,
                row.wall_seconds,
                seconds(row.wall_seconds),
            )
        })
        .collect();
    let count = rows.first().map_or(0, |row| row.rows);
    let speed = plot::bars(
        &format!(
            "Seconds for {} rows of three fields, limits off",
            grouped(count)
        ),
        &bars,
        longest(&bars, 5.0),
    );
    let bars: Vec<Bar> = report
        .limit
        .iter()
        .filter(|row| row.error.is_none())
        .map(|row| {
            let value = row.computed_seconds.unwrap_or(row.wall_seconds);
            let computed = if row.computed_seconds.is_some() {
                " computed"
            } else {
                ""
            };
            bar(
                &row.client,
                row.https,
                value,
                format!("{}{computed}", seconds(value)),
            )
        })
        .collect();
    let count = report.limit.first().map_or(0, |row| row.rows);
    let limit = plot::bars(
        &format!(
            "Seconds for {} rows under the documented limit",
            grouped(count)
        ),
        &bars,
        longest(&bars, 90.0),
    );
    for (name, content) in [
        ("benchmarks.md", text),
        ("reads-speed.svg", &speed),
        ("reads-limit.svg", &limit),
    ] {
        let path = docs.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("written: docs/{name}");
    }
    Ok(())
}

fn bar(client: &str, https: bool, value: f64, text: String) -> Bar {
    let found = CLIENTS.iter().find(|known| known.name == client);
    let colour = match found {
        Some(client) if client.is_ours() => Colour::Ours,
        Some(client) if client.is_raw() => Colour::Limit,
        _ => Colour::Other,
    };
    let scheme = if https { " (https)" } else { "" };
    Bar {
        label: format!("{client}{scheme}"),
        value,
        text,
        colour,
    }
}

/// The longest bar, cut so that the short ones can be told apart.
fn longest(bars: &[Bar], most: f64) -> f64 {
    bars.iter()
        .map(|bar| bar.value)
        .fold(0.1, f64::max)
        .min(most)
}

/// On what it was measured.
pub fn machine(machine: Option<&Machine>, quick: bool) -> String {
    let Some(machine) = machine else {
        return NOTHING.to_owned();
    };
    let versions: Vec<String> = machine
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let quick = if quick {
        "\n\n**Small tables (`--quick`): the figures tell nothing.**"
    } else {
        ""
    };
    format!(
        "{} at {}: {} x {}, {:.0} GB, Linux {}; load {} before it began. {}.{quick}",
        machine.day,
        machine.commit,
        machine.cores,
        machine.processor,
        machine.memory_gigabytes,
        machine.kernel,
        machine.load,
        versions.join(", ")
    )
}

fn speeds(rows: &[&speed::Row]) -> String {
    if rows.is_empty() {
        return NOTHING.to_owned();
    }
    let mut table = String::from(
        "| client | over | wall, s | x raw | CPU, s | peak, MB | requests | runs | |\n|---|---|--:|--:|--:|--:|--:|--:|---|\n",
    );
    for row in rows {
        let raw = raw_of(rows, row);
        let remark = CLIENTS
            .iter()
            .find(|client| client.name == row.client && (client.https == row.https))
            .map_or("", |client| client.remark);
        let end = row.error.as_deref().map_or(remark.to_owned(), cell);
        table.push_str(&format!(
            "| {} | {} | {:.2} | {} | {:.2} | {:.1} | {} | {} | {end} |\n",
            row.client,
            scheme(row.https),
            row.wall_seconds,
            ratio(row.wall_seconds, raw),
            row.cpu_seconds,
            row.peak_megabytes,
            grouped(row.requests),
            row.runs,
        ));
    }
    let total = rows.first().map_or(0, |row| row.rows);
    format!("{} rows.\n\n{table}\n{}", grouped(total), verdict(rows))
}

/// The wall time of raw HTTP over the same scheme.
fn raw_of(rows: &[&speed::Row], row: &speed::Row) -> Option<f64> {
    rows.iter()
        .find(|raw| raw.client == "raw HTTP" && raw.https == row.https)
        .map(|raw| raw.wall_seconds)
}

/// Ours beside the fastest of the others that brought all rows.
fn verdict(rows: &[&speed::Row]) -> String {
    let is_ours = |row: &speed::Row| row.client.starts_with("b24 ");
    let others = rows
        .iter()
        .filter(|row| !is_ours(row) && row.client != "raw HTTP" && row.error.is_none());
    let fastest = others.min_by(|one, other| one.wall_seconds.total_cmp(&other.wall_seconds));
    let Some(fastest) = fastest else {
        return String::new();
    };
    let ours = rows
        .iter()
        .filter(|row| is_ours(row) && row.https == fastest.https && row.error.is_none());
    let ratios: Vec<String> = ours
        .map(|row| {
            format!(
                "{} {}",
                row.client,
                ratio(fastest.wall_seconds, Some(row.wall_seconds))
            )
        })
        .collect();
    format!(
        "The fastest of the others, {} ({}), takes so many times as long as ours over the same: {}.",
        fastest.client,
        scheme(fastest.https),
        ratios.join(", ")
    )
}

fn larges(rows: &[&speed::Row]) -> String {
    if rows.is_empty() {
        return NOTHING.to_owned();
    }
    let mut table = String::from(
        "| client | rows | fields | wall, s | x raw | CPU, s | peak, MB | requests | |\n|---|--:|---|--:|--:|--:|--:|--:|---|\n",
    );
    for row in rows {
        let alike: Vec<_> = rows
            .iter()
            .filter(|raw| raw.whole == row.whole)
            .copied()
            .collect();
        table.push_str(&format!(
            "| {} | {} | {} | {:.2} | {} | {:.2} | {:.1} | {} | {} |\n",
            row.client,
            grouped(row.rows),
            if row.whole { "all" } else { "three" },
            row.wall_seconds,
            ratio(row.wall_seconds, raw_of(&alike, row)),
            row.cpu_seconds,
            row.peak_megabytes,
            grouped(row.requests),
            row.error.as_deref().map_or_else(String::new, cell),
        ));
    }
    table
}

fn limits(rows: &[limit::Row]) -> String {
    if rows.is_empty() {
        return NOTHING.to_owned();
    }
    let mut table = String::from(
        "| client | over | rows | wall, s | x floor | requests | refused | |\n|---|---|--:|--:|--:|--:|--:|---|\n",
    );
    for row in rows {
        let computed = row.computed_seconds.map(|seconds| {
            format!(
                "all {} rows: {:.0} s (computed)",
                grouped(row.rows),
                seconds
            )
        });
        let end = row
            .error
            .as_deref()
            .map(cell)
            .or(computed)
            .unwrap_or_default();
        table.push_str(&format!(
            "| {} | {} | {} | {:.2} | {} | {} | {} | {end} |\n",
            row.client,
            scheme(row.https),
            grouped(row.read),
            row.wall_seconds,
            by_floor(row),
            grouped(row.requests),
            row.refused,
        ));
    }
    table
}

/// How many times the shortest time that is possible for all rows.
fn by_floor(row: &limit::Row) -> String {
    let floor = limit::floor(row.rows.div_ceil(2_500) + 1);
    let wall = row.computed_seconds.unwrap_or(row.wall_seconds);
    match row.error {
        Some(_) => "–".to_owned(),
        None => format!("{:.3}", wall / floor),
    }
}

fn changes(report: &Report) -> String {
    let mut clients: Vec<(&str, bool)> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for cell in &report.change {
        if !clients.contains(&(cell.client.as_str(), cell.https)) {
            clients.push((&cell.client, cell.https));
        }
        if !names.contains(&cell.change.as_str()) {
            names.push(&cell.change);
        }
    }
    if clients.is_empty() {
        return NOTHING.to_owned();
    }
    let heads: String = clients
        .iter()
        .map(|(client, https)| format!(" {client}{} |", if *https { " (https)" } else { "" }))
        .collect();
    let mut table = format!("| change |{heads}\n|---|{}\n", "---|".repeat(clients.len()));
    for name in names {
        table.push_str(&format!("| {name} |"));
        for (client, https) in &clients {
            let cell = report
                .change
                .iter()
                .find(|cell| cell.change == name && cell.client == *client && cell.https == *https);
            let text = cell.map_or_else(String::new, crate::change::Cell::text);
            table.push_str(&format!(" {text} |"));
        }
        table.push('\n');
    }
    table
}

fn criterion(report: &Report) -> String {
    if report.criterion.is_empty() {
        return NOTHING.to_owned();
    }
    let mut table =
        String::from("| bench | way | median, µs | records a second |\n|---|---|--:|--:|\n");
    for one in &report.criterion {
        let rate = one
            .elements
            .map(|count| count as f64 / one.nanoseconds * 1e9);
        table.push_str(&format!(
            "| {} | {} | {:.1} | {} |\n",
            one.group,
            one.name,
            one.nanoseconds / 1e3,
            rate.map_or_else(String::new, |rate| grouped(rate as u64))
        ));
    }
    let time = |name: &str| {
        let found = report
            .criterion
            .iter()
            .find(|one| one.group == "one call" && one.name == name);
        found.map(|one| one.nanoseconds)
    };
    if let (Some(ours), Some(bare)) = (time("b24"), time("reqwest")) {
        table.push_str(&format!(
            "\nOne call through `b24` takes {:.2} times what the same request takes through bare reqwest.\n",
            ours / bare
        ));
    }
    table
}

fn growth(report: &Report) -> String {
    if report.growth.is_empty() {
        return NOTHING.to_owned();
    }
    let mut table = String::from(
        "| client | rows | wall, s | µs a row | peak, MB | requests | |\n|---|--:|--:|--:|--:|--:|---|\n",
    );
    let mut rows: Vec<_> = report.growth.iter().collect();
    let place = |name: &str| CLIENTS.iter().position(|client| client.name == name);
    rows.sort_by_key(|row| (place(&row.client), row.rows));
    for row in rows {
        table.push_str(&format!(
            "| {} | {} | {:.2} | {:.2} | {:.1} | {} | {} |\n",
            row.client,
            grouped(row.rows),
            row.wall_seconds,
            row.wall_seconds / row.rows as f64 * 1e6,
            row.peak_megabytes,
            grouped(row.requests),
            row.error.as_deref().map_or_else(String::new, cell),
        ));
    }
    table
}

/// Words of a client in a cell.
pub fn cell(text: &str) -> String {
    let clean = text.replace('|', "/").replace('\n', " ");
    let short: String = clean.chars().take(120).collect();
    format!("**{short}**")
}

fn ratio(value: f64, of: Option<f64>) -> String {
    of.map_or_else(|| "–".to_owned(), |of| format!("{:.2}", value / of))
}

fn seconds(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2} s")
    } else {
        format!("{value:.1} s")
    }
}

pub const fn scheme(https: bool) -> &'static str {
    if https { "https" } else { "http" }
}

/// `250,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
