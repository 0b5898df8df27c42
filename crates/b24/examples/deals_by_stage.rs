//! All deals of one stage into another: `cargo run --example deals_by_stage -- LOSE NEW`.
//!
//! Changes the portal that `B24_WEBHOOK` names, or a local one with made-up data. The ids are read first: deals leave
//! the filter as they are changed. Of each deal the outcome is told; a lost answer does no harm, for the same stage
//! again leaves what one update leaves.

use std::error::Error;
use std::io::Write;

use b24::model::Deal;
use b24::{Client, Outcome};
use serde_json::json;

#[path = "demo/mod.rs"]
mod demo;

/// What became of the deals.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) done: usize,
    /// Refused, or not surely done: these want a look.
    pub(crate) open: Vec<u64>,
}

pub(crate) async fn run(
    b24: &Client,
    from: &str,
    to: &str,
    mut out: impl Write,
) -> Result<Moved, Box<dyn Error>> {
    let mut deals = b24
        .deals()
        .list()
        .filter(json!({ "stageId": from }))
        .select(["id"])
        .items::<Deal>();
    let mut ids = Vec::new();
    while let Some(deal) = deals.try_next().await? {
        ids.push(deal.id);
    }

    let mut batch = b24.v2().batch();
    for id in &ids {
        let update = b24.deals().update(*id, json!({ "stageId": to }));
        batch.push(update.idempotent(true));
    }
    let outcomes = batch.await?;

    let mut moved = Moved::default();
    for (id, (_, outcome)) in ids.into_iter().zip(outcomes.iter()) {
        match outcome {
            Outcome::Ok(_) => moved.done += 1,
            Outcome::Err(error) | Outcome::Unknown(error) => {
                writeln!(out, "deal {id}: {error}")?;
                moved.open.push(id);
            }
            Outcome::Skipped => moved.open.push(id),
        }
    }
    writeln!(out, "{} deals moved from {from} to {to}", moved.done)?;
    Ok(moved)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (b24, _portal) = demo::connect().await?;
    let mut words = std::env::args().skip(1);
    let from = words.next().unwrap_or("LOSE".to_owned());
    let to = words.next().unwrap_or("NEW".to_owned());
    run(&b24, &from, &to, std::io::stdout()).await?;
    Ok(())
}
