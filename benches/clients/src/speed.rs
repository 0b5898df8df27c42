//! Part 1: all rows with the limits off on both sides.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::clients::{CLIENTS, Client, FEW, Job, Run, WHOLE};
use crate::options::Options;
use crate::portal::Portal;

/// Runs longer than this are not repeated: they are far from where a few percent matter.
const LONG_SECONDS: f64 = 10.0;

/// Medians of one client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    pub client: String,
    pub https: bool,
    /// Rows of the table.
    pub rows: u64,
    /// Three fields, or all.
    pub whole: bool,
    pub wall_seconds: f64,
    pub cpu_seconds: f64,
    pub peak_megabytes: f64,
    pub requests: u64,
    pub runs: usize,
    /// Why it did not bring all rows.
    pub error: Option<String>,
}

/// Measures all clients in turn, so that a busy moment of the machine hits all alike.
pub async fn run(options: &Options) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for whole in [false, true] {
        let job = Job::new(if whole { WHOLE } else { FEW });
        let clients = CLIENTS.iter().filter(|client| {
            // Three fields are typed; rows of any fields stay text.
            !(whole && client.name == "b24 SDK, typed")
        });
        rows.extend(table(options, clients, options.rows, &job, whole).await?);
    }
    Ok(rows)
}

/// Ours and the limit, for a larger table.
pub async fn large(options: &Options, count: u64) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for whole in [false, true] {
        let job = Job::new(if whole { WHOLE } else { FEW });
        let clients = CLIENTS.iter().filter(|client| {
            !client.https
                && (client.is_ours() || client.is_raw())
                && !(whole && client.name == "b24 SDK, typed")
        });
        rows.extend(table(options, clients, count, &job, whole).await?);
    }
    Ok(rows)
}

async fn table(
    options: &Options,
    clients: impl Iterator<Item = &Client>,
    count: u64,
    job: &Job,
    whole: bool,
) -> Result<Vec<Row>> {
    let clients: Vec<&Client> = clients
        .filter(|client| options.wants_client(client.name))
        .collect();
    let plain = Portal::start(options, "box", false, count)?;
    let secure = if clients.iter().any(|client| client.https) {
        Some(Portal::start(options, "box", true, count)?)
    } else {
        None
    };
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); clients.len()];
    for round in 0..options.rounds() {
        for (client, runs) in clients.iter().zip(&mut runs) {
            let is_long = |run: &Run| run.cost.wall_seconds > LONG_SECONDS;
            if runs
                .iter()
                .any(|run| is_long(run) || run.told.error.is_some())
            {
                continue;
            }
            let portal = secure.as_ref().filter(|_| client.https).unwrap_or(&plain);
            let run = client.run(options, portal, job).await?;
            eprintln!(
                "  {:<22}{:<7}{:>8.2} s {:>8.2} s cpu {:>8.1} MB {:>6} requests  round {}{}",
                client.name,
                client.scheme(),
                run.cost.wall_seconds,
                run.cost.cpu_seconds,
                run.cost.peak_megabytes,
                run.requests,
                round + 1,
                run.told
                    .error
                    .as_deref()
                    .map(|error| format!("  {error}"))
                    .unwrap_or_default()
            );
            runs.push(run);
        }
    }
    let rows = clients.iter().zip(&runs);
    Ok(rows
        .map(|(client, runs)| row(client, runs, count, whole))
        .collect())
}

fn row(client: &Client, runs: &[Run], count: u64, whole: bool) -> Row {
    let median_of = |value: fn(&Run) -> f64| median(runs.iter().map(value));
    let error = runs.iter().find_map(|run| {
        let short = run.told.rows.filter(|rows| *rows != count);
        let short = short.map(|rows| format!("{rows} of {count} rows"));
        run.told.error.clone().or(short)
    });
    Row {
        client: client.name.to_owned(),
        https: client.https,
        rows: count,
        whole,
        wall_seconds: median_of(|run| run.cost.wall_seconds),
        cpu_seconds: median_of(|run| run.cost.cpu_seconds),
        peak_megabytes: median_of(|run| run.cost.peak_megabytes),
        requests: runs.first().map_or(0, |run| run.requests),
        runs: runs.len(),
        error,
    }
}

/// The middle value; of two in the middle the lower one.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or(f64::NAN)
}
