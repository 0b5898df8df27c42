//! Part 6: the same read of ever larger tables.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::clients::{CLIENTS, FEW, Job};
use crate::options::Options;
use crate::portal::Portal;

/// One client and one table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    pub client: String,
    pub rows: u64,
    pub wall_seconds: f64,
    pub peak_megabytes: f64,
    pub requests: u64,
    pub error: Option<String>,
}

/// The best of some runs for each of ours.
pub async fn run(options: &Options) -> Result<Vec<Row>> {
    let sizes: &[u64] = if options.quick {
        &[1_000, 10_000]
    } else {
        &[10_000, 100_000, 1_000_000]
    };
    let mut rows = Vec::new();
    for &size in sizes {
        let portal = Portal::start(options, "box", false, size)?;
        for client in CLIENTS
            .iter()
            .filter(|client| client.is_ours() && !client.https && options.wants_client(client.name))
        {
            let mut best: Option<Row> = None;
            for _ in 0..options.rounds() {
                let run = client.run(options, &portal, &Job::new(FEW)).await?;
                let short = run.told.rows.filter(|rows| *rows != size);
                let row = Row {
                    client: client.name.to_owned(),
                    rows: size,
                    wall_seconds: run.cost.wall_seconds,
                    peak_megabytes: run.cost.peak_megabytes,
                    requests: run.requests,
                    error: run
                        .told
                        .error
                        .or(short.map(|rows| format!("{rows} of {size} rows"))),
                };
                if best
                    .as_ref()
                    .is_none_or(|best| row.wall_seconds < best.wall_seconds)
                {
                    best = Some(row);
                }
            }
            if let Some(best) = best {
                eprintln!(
                    "  {:<22}{:>10} rows {:>8.2} s {:>8.1} MB  {}",
                    best.client,
                    size,
                    best.wall_seconds,
                    best.peak_megabytes,
                    best.error.as_deref().unwrap_or_default()
                );
                rows.push(best);
            }
        }
    }
    Ok(rows)
}
