//! Deals changed since a date, sent on to another system, or to standard output:
//! `cargo run --example forward_deals -- 2025-12-01 round.json http://127.0.0.1:8080/deals`.
//! Run it again: it goes on where it was killed, or sends what changed since. Each change arrives at least once.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use b24::model::Deal;
use b24::{Client, Cursor};
use serde_json::json;

#[path = "demo/mod.rs"]
mod demo;

/// A round sends what changed since a moment; the next one, what changed since this one began by the portal's clock.
#[derive(serde::Serialize, serde::Deserialize)]
struct Round {
    since: String,
    begun: String,
    /// Behind the last page that was sent; none between rounds.
    cursor: Option<Cursor>,
}

/// Sends a round, and returns how many deals were in it.
pub(crate) async fn run(
    b24: &Client,
    since: &str,
    file: &Path,
    to: Option<&str>,
) -> Result<usize, Box<dyn Error>> {
    let mut round: Round = match fs::read(file) {
        Ok(json) => serde_json::from_slice(&json)?,
        Err(_) => serde_json::from_value(json!({ "since": "", "begun": since }))?,
    };
    if round.cursor.is_none() {
        let now = b24.v2().call("server.time").typed().await?;
        round.since = std::mem::replace(&mut round.begun, now);
    }
    let changed = json!({ ">=updatedTime": round.since });
    let mut deals = b24.deals().list().filter(changed);
    if let Some(cursor) = round.cursor.take() {
        deals = deals.resume(cursor);
    }
    let (mut pages, mut sent) = (deals.pages::<Deal>(), 0);
    while let Some(page) = pages.try_next().await? {
        let body = serde_json::to_string(&page.items)?;
        if let Some(url) = to {
            let answer = reqwest::Client::new().post(url).body(body).send().await?;
            answer.error_for_status()?;
        } else {
            std::io::stdout().write_all(body.as_bytes())?;
        }
        sent += page.items.len();
        round.cursor = Some(page.cursor);
        save(&round, file)?;
    }
    round.cursor = None;
    save(&round, file)?;
    Ok(sent)
}

/// Whole or not at all, also when the program is killed meanwhile.
fn save(round: &Round, file: &Path) -> Result<(), Box<dyn Error>> {
    let new = file.with_extension("new");
    fs::write(&new, serde_json::to_vec(round)?)?;
    Ok(fs::rename(new, file)?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (b24, _portal) = demo::connect().await?;
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |place: usize| args.get(place).map(String::as_str);
    let file = Path::new(arg(1).unwrap_or("forward_deals.json"));
    run(&b24, arg(0).unwrap_or("2025-12-01"), file, arg(2)).await?;
    Ok(())
}
