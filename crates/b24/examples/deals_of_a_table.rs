//! A table of deals, loaded as often as it changes: `cargo run --example deals_of_a_table -- deals.txt`.
//!
//! Each line is `key;title;amount`; the key is that of the system the table comes from and becomes `originId`. Deals
//! with a key that is there are updated, others are added. An added deal whose answer was lost is not sent again: the
//! next run looks for its key. Start that run when the request cannot run any more, 90 s later.
//!
//! `b24 import deals FILE --mode upsert --key originId` does this for CSV and Excel, with a journal.

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};

use b24::{Client, Outcome};
use serde::Deserialize;
use serde_json::{Value, json};

#[path = "demo/mod.rs"]
mod demo;

/// Keys asked for in one list: a page of the portal.
const PAGE: usize = 50;

/// What became of the lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Loaded {
    pub(crate) added: usize,
    pub(crate) updated: usize,
    /// Keys of lines that were refused, or whose answer was lost: the next run finds out.
    pub(crate) open: Vec<String>,
}

struct Row {
    key: String,
    fields: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct There {
    id: u64,
    origin_id: String,
}

pub(crate) async fn run(
    b24: &Client,
    table: impl BufRead,
    mut out: impl Write,
) -> Result<Loaded, Box<dyn Error>> {
    let rows = read(table)?;
    let there = look_up(b24, &rows).await?;

    let mut batch = b24.v2().batch();
    for row in &rows {
        match there.get(&row.key) {
            // The same values again leave what one update leaves: a lost answer is asked for again.
            Some(id) => batch.push(b24.deals().update(*id, &row.fields).idempotent(true)),
            None => batch.push(b24.deals().add(&row.fields)),
        };
    }
    let outcomes = batch.await?;

    let mut loaded = Loaded::default();
    for (row, (_, outcome)) in rows.into_iter().zip(outcomes.iter()) {
        match outcome {
            Outcome::Ok(_) if there.contains_key(&row.key) => loaded.updated += 1,
            Outcome::Ok(_) => loaded.added += 1,
            Outcome::Err(error) | Outcome::Unknown(error) => {
                writeln!(out, "{}: {error}", row.key)?;
                loaded.open.push(row.key);
            }
            Outcome::Skipped => loaded.open.push(row.key),
        }
    }
    let Loaded { added, updated, .. } = loaded;
    writeln!(out, "{added} deals added, {updated} updated")?;
    Ok(loaded)
}

/// The lines. A key that two of them have would be added twice.
fn read(table: impl BufRead) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows: Vec<Row> = Vec::new();
    for (number, line) in (1..).zip(table.lines()) {
        let line = line?;
        let [key, title, amount] = line.split(';').collect::<Vec<_>>()[..] else {
            return Err(format!("line {number} is not key;title;amount").into());
        };
        let amount: f64 = amount.trim().parse()?;
        let key = key.trim().to_owned();
        if key.is_empty() || rows.iter().any(|row| row.key == key) {
            return Err(format!("line {number}: the key {key:?} is empty or not the first").into());
        }
        let fields = json!({ "originId": key, "title": title.trim(), "opportunity": amount });
        rows.push(Row { key, fields });
    }
    Ok(rows)
}

/// The ids of the deals that have these keys.
async fn look_up(b24: &Client, rows: &[Row]) -> Result<HashMap<String, u64>, Box<dyn Error>> {
    let mut there = HashMap::new();
    for rows in rows.chunks(PAGE) {
        let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        let mut deals = b24
            .deals()
            .list()
            .filter(json!({ "@originId": keys }))
            .select(["id", "originId"])
            .items::<There>();
        while let Some(deal) = deals.try_next().await? {
            if let Some(other) = there.insert(deal.origin_id, deal.id) {
                return Err(format!("deals {other} and {} have one key", deal.id).into());
            }
        }
    }
    Ok(there)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (b24, _portal) = demo::connect().await?;
    let table = match std::env::args().nth(1) {
        Some(file) => std::fs::read_to_string(file)?,
        None => "ERP-1;Pump;1000.50\nERP-2;Lathe;20000\n".to_owned(),
    };
    run(&b24, table.as_bytes(), std::io::stdout()).await?;
    Ok(())
}
