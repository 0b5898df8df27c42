//! Leads of a month by source: `cargo run --example leads_by_source -- 2025-12`.
//!
//! Reads the portal that `B24_WEBHOOK` names, or a local one with made-up data.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;

use b24::Client;
use b24::model::Lead;
use b24::value::Date;
use serde::Deserialize;
use serde_json::json;

#[path = "demo/mod.rs"]
mod demo;

/// An entry of a directory.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Status {
    status_id: String,
    name: String,
}

pub(crate) async fn run(
    b24: &Client,
    month: &str,
    mut out: impl Write,
) -> Result<(), Box<dyn Error>> {
    let first: Date = format!("{month}-01").parse()?;
    let next = match first.month() {
        12 => Date::new(first.year() + 1, 1, 1),
        month => Date::new(first.year(), month + 1, 1),
    };
    let sources = b24
        .v2()
        .list("crm.status.list")
        .filter(json!({ "ENTITY_ID": "SOURCE" }))
        .typed::<Status>()
        .await?;
    let names: BTreeMap<String, String> = sources
        .into_iter()
        .map(|source| (source.status_id, source.name))
        .collect();

    let mut leads = b24
        .leads()
        .list()
        .filter(json!({ ">=createdTime": first, "<createdTime": next }))
        .select(["sourceId"])
        .items::<Lead>();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(lead) = leads.try_next().await? {
        let source = lead.source_id.unwrap_or_default();
        *count.entry(source).or_default() += 1;
    }

    let mut count: Vec<_> = count.into_iter().collect();
    count.sort_by_key(|(_, leads)| std::cmp::Reverse(*leads));
    for (source, leads) in count {
        let name = names.get(&source).map_or("(none)", String::as_str);
        writeln!(out, "{leads:>6}  {name}")?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (b24, _portal) = demo::connect().await?;
    let month = std::env::args().nth(1).unwrap_or("2025-12".to_owned());
    run(&b24, &month, std::io::stdout()).await
}
