//! Part 2: updates under the documented limit, 150 ms a request.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::job::{Job, Kind};
use super::writers::{WRITERS, Writer};
use crate::limit::LATENCY_SECONDS;
use crate::options::Options;
use crate::portal::Portal;

/// Updates of a full run: 100 batches.
const UPDATES: u64 = 5_000;

/// One client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    pub client: String,
    pub https: bool,
    pub rows: u64,
    pub wall_seconds: f64,
    pub requests: u64,
    /// 503 as the portal counted them.
    pub refused: u64,
    pub missing: u64,
    pub error: Option<String>,
}

/// One run of each client, each with a full bucket.
pub async fn run(options: &Options) -> Result<Vec<Row>> {
    let updates = if options.quick { UPDATES / 5 } else { UPDATES };
    let plain = Portal::start(options, "cloud", false, updates)?;
    let secure = Portal::start(options, "cloud", true, updates)?;
    let mut rows = Vec::new();
    for writer in WRITERS {
        if !options.wants_client(writer.name) {
            continue;
        }
        let portal = if writer.https { &secure } else { &plain };
        let row = measure(options, portal, writer, updates).await?;
        eprintln!(
            "  {:<16}{:>8.2} s {:>5} requests {:>4} refused  {}",
            row.client,
            row.wall_seconds,
            row.requests,
            row.refused,
            row.error.as_deref().unwrap_or_default()
        );
        rows.push(row);
    }
    Ok(rows)
}

async fn measure(options: &Options, portal: &Portal, writer: &Writer, updates: u64) -> Result<Row> {
    portal.reset().await?;
    let mut job = Job::make(&options.out, portal, Kind::Updates, updates).await?;
    job.limited = true;
    portal.slow_down(LATENCY_SECONDS).await?;
    let end = writer
        .start(options, portal, &job)?
        .end(writer, &job)
        .await?;
    let counts = portal.counts().await?;
    portal.calm().await?;
    let found = job.found(options, portal).await?;
    Ok(Row {
        client: writer.name.to_owned(),
        https: writer.https,
        rows: updates,
        wall_seconds: end.seconds,
        requests: counts.requests,
        refused: counts.refused,
        missing: found.missing,
        error: end.error,
    })
}
