//! Part 2: all rows under the documented limit, 150 ms a request.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clients::{CLIENTS, Client, FEW, Job};
use crate::options::Options;
use crate::portal::Portal;

/// What a request takes.
pub const LATENCY_SECONDS: f64 = 0.15;
/// Requests at once, and each second after that.
const BURST: u64 = 50;
const RATE: f64 = 2.0;
/// Rows of a client that would take most of an hour.
const FEWER_ROWS: u64 = 10_000;

/// One client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    pub client: String,
    pub https: bool,
    /// Rows of the table, and how many of them were read.
    pub rows: u64,
    pub read: u64,
    pub wall_seconds: f64,
    pub requests: u64,
    /// 503 as the portal counted them.
    pub refused: u64,
    /// For a client that read fewer rows: what all of them take by its own limiter.
    pub computed_seconds: Option<f64>,
    pub error: Option<String>,
}

/// The time that so many requests need, one after the other.
pub fn floor(requests: u64) -> f64 {
    let by_rate = requests.saturating_sub(BURST) as f64 / RATE + LATENCY_SECONDS;
    by_rate.max(requests as f64 * LATENCY_SECONDS)
}

/// One run of each client, each with a full bucket.
pub async fn run(options: &Options) -> Result<Vec<Row>> {
    let plain = Portal::start(options, "cloud", false, options.rows)?;
    let secure = Portal::start(options, "cloud", true, options.rows)?;
    let fewer_rows = FEWER_ROWS.min(options.rows / 2);
    let border = plain.id_after(fewer_rows).await?.map(|id| (id, fewer_rows));
    let mut rows = Vec::new();
    for client in CLIENTS {
        // It sends the same requests as the typed one.
        let again = client.name == "b24 SDK, text";
        if client.is_parquet() || again || !options.wants_client(client.name) {
            continue;
        }
        let portal = if client.https { &secure } else { &plain };
        let single = client.name == "b24jssdk";
        let fewer = border.filter(|_| single);
        let row = measure(options, portal, client, fewer).await?;
        eprintln!(
            "  {:<22}{:<7}{:>8.2} s {:>6} requests {:>4} refused  {}",
            row.client,
            client.scheme(),
            row.wall_seconds,
            row.requests,
            row.refused,
            row.error.as_deref().unwrap_or_default()
        );
        rows.push(row);
    }
    Ok(rows)
}

async fn measure(
    options: &Options,
    portal: &Portal,
    client: &Client,
    border: Option<(u64, u64)>,
) -> Result<Row> {
    portal.reset().await?;
    portal.slow_down(LATENCY_SECONDS).await?;
    let mut job = Job::new(FEW);
    job.limited = true;
    let mut read = options.rows;
    if let Some((id, fewer_rows)) = border {
        job.filter = json!({"<ID": id});
        read = fewer_rows;
    }
    let run = client.run(options, portal, &job).await?;
    let counts = portal.counts().await?;
    let short = run.told.rows.filter(|rows| *rows != read);
    let error = run
        .told
        .error
        .or(short.map(|rows| format!("{rows} of {read} rows")));
    let pages = options.rows / 50 + 1;
    Ok(Row {
        client: client.name.to_owned(),
        https: client.https,
        rows: options.rows,
        read,
        wall_seconds: run.cost.wall_seconds,
        requests: counts.requests,
        refused: counts.refused,
        computed_seconds: border.map(|_| floor(pages)),
        error,
    })
}
