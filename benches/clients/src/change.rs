//! Part 4: rows come and go while they are read, commands fail, connections break.
//!
//! A row counts if it is on the portal, and matches, from the start of the read to its end: it
//! has to come exactly once. Every change is made before every request in turn.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clients::{CLIENTS, Client, FEW, Job, Run};
use crate::options::Options;
use crate::portal::Portal;

/// Rows of the table: three batches of 2,500, the last one short.
const ROWS: u64 = 6_000;
/// At most so many requests of a client are tried in turn.
const GAPS: u64 = 4;
/// Requests with a change where every one has one.
const STEPS: u64 = 24;
/// Text of rows that the filter keeps out.
const HIDDEN: &str = "hidden";
/// Rows that change at once.
const FEW_ROWS: usize = 25;
const MORE_ROWS: usize = 130;

/// What one client made of one change, all gaps together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cell {
    pub client: String,
    pub https: bool,
    pub change: String,
    pub runs: Vec<Outcome>,
}

/// One read under change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// Requests that passed before the change.
    pub gap: u64,
    pub delivered: usize,
    /// Rows that were there throughout and did not come.
    pub lost: usize,
    /// Rows that came more than once.
    pub doubled: usize,
    /// The client said that it failed.
    pub error: Option<String>,
    /// The client wrote a warning.
    pub warned: bool,
}

/// Something that happens before a request.
struct Change {
    name: &'static str,
    /// What the portal is told, for a gap and the ids of the table.
    rules: fn(u64, &[u64]) -> Vec<Value>,
    /// Once, for it happens at many requests anyway.
    once: bool,
    /// The lowest rows are hidden at first.
    hides: bool,
}

const CHANGES: &[Change] = &[
    Change {
        name: "25 lowest rows deleted",
        rules: |gap, ids| vec![rule(gap, &deletion(&ids[..FEW_ROWS]))],
        once: false,
        hides: false,
    },
    Change {
        name: "130 highest rows deleted",
        rules: |gap, ids| vec![rule(gap, &deletion(&ids[ids.len() - MORE_ROWS..]))],
        once: false,
        hides: false,
    },
    Change {
        name: "130 rows inserted before the cursor",
        rules: |gap, ids| vec![rule(gap, &titles(&ids[..MORE_ROWS], "seen"))],
        once: false,
        hides: true,
    },
    Change {
        name: "130 rows inserted at the end",
        rules: |gap, _| vec![rule(gap, &insertion(MORE_ROWS))],
        once: false,
        hides: false,
    },
    Change {
        name: "all of it, before every request",
        rules: every_request,
        once: true,
        hides: true,
    },
    Change {
        name: "first command of a batch fails",
        rules: |gap, _| vec![failing_command(gap, 0)],
        once: false,
        hides: false,
    },
    Change {
        name: "every 37th page fails once",
        rules: |_, _| (1..=3).map(|turn| failing_page(36 * turn)).collect(),
        once: true,
        hides: false,
    },
    Change {
        name: "operating limit within a batch",
        rules: |gap, _| {
            let mut rule = rule(gap * 20, &json!("operating_limit"));
            rule["method"] = json!("crm.deal.list");
            vec![rule]
        },
        once: false,
        hides: false,
    },
    Change {
        name: "connection cut before the call ran",
        rules: |gap, _| vec![rule(gap, &json!("cut_before_run"))],
        once: false,
        hides: false,
    },
    Change {
        name: "connection cut in the answer",
        rules: |gap, _| vec![rule(gap, &json!("cut_body"))],
        once: false,
        hides: false,
    },
    Change {
        name: "answer cut to half",
        rules: |gap, _| vec![rule(gap, &json!("truncate_body"))],
        once: false,
        hides: false,
    },
    Change {
        name: "page of a proxy (502)",
        rules: |gap, _| vec![rule(gap, &json!("html502"))],
        once: false,
        hides: false,
    },
    Change {
        name: "one 503 of the rate limit",
        rules: |gap, _| vec![rule(gap, &json!("query_limit"))],
        once: false,
        hides: false,
    },
];

fn rule(skip: u64, fault: &Value) -> Value {
    json!({"fault": fault, "skip": skip})
}

fn deletion(ids: &[u64]) -> Value {
    json!({"delete_rows": {"entity": "deal", "ids": ids}})
}

fn insertion(count: usize) -> Value {
    json!({"insert_rows": {"entity": "deal", "count": count}})
}

fn titles(ids: &[u64], title: &str) -> Value {
    json!({"update_rows": {"entity": "deal", "ids": ids, "fields": {"TITLE": title}}})
}

fn failing_command(skip: u64, command: usize) -> Value {
    let fault = json!({"inner_error": {
        "command": command, "code": "INTERNAL_SERVER_ERROR", "text": "Internal server error"}});
    let mut rule = rule(skip.saturating_sub(1), &fault);
    rule["method"] = json!("batch");
    rule
}

fn failing_page(skip: u64) -> Value {
    let fault = json!({"refuse": {
        "status": 500, "code": "INTERNAL_SERVER_ERROR", "text": "Internal server error"}});
    let mut rule = rule(skip, &fault);
    rule["method"] = json!("crm.deal.list");
    rule
}

/// In turn: hidden rows appear, low rows go, high rows go, rows are added.
fn every_request(_: u64, ids: &[u64]) -> Vec<Value> {
    let steps = 1..STEPS;
    steps
        .map(|step| {
            let turn = (step / 4) as usize;
            let change = match step % 4 {
                1 => titles(&ids[turn * 20..(turn + 1) * 20], "seen"),
                2 => deletion(&ids[MORE_ROWS + turn * 5..MORE_ROWS + (turn + 1) * 5]),
                3 => deletion(&ids[ids.len() - (turn + 1) * 5..ids.len() - turn * 5]),
                _ => insertion(7),
            };
            rule(step, &change)
        })
        .collect()
}

/// All clients through all changes.
pub async fn run(options: &Options) -> Result<Vec<Cell>> {
    let plain = Portal::start(options, "box", false, ROWS)?;
    let secure = Portal::start(options, "box", true, ROWS)?;
    let ids: Vec<u64> = visible(&plain).await?.into_iter().collect();
    let mut cells = Vec::new();
    for client in CLIENTS {
        let text_only = client.name == "b24 SDK, text" || client.is_parquet();
        if client.is_raw() || text_only || !options.wants_client(client.name) {
            continue;
        }
        let portal = if client.https { &secure } else { &plain };
        let quiet = portal_run(options, portal, client).await?;
        eprintln!("  {} ({} requests)", client.name, quiet.requests);
        for change in CHANGES {
            let mut runs = Vec::new();
            for gap in gaps(quiet.requests, change.once, options.quick) {
                runs.push(outcome(options, portal, client, change, gap, &ids).await?);
            }
            let cell = Cell {
                client: client.name.to_owned(),
                https: client.https,
                change: change.name.to_owned(),
                runs,
            };
            eprintln!("    {:<40}{}", change.name, cell.text());
            cells.push(cell);
        }
    }
    Ok(cells)
}

async fn portal_run(options: &Options, portal: &Portal, client: &Client) -> Result<Run> {
    portal.reset().await?;
    client.run(options, portal, &job()).await
}

fn job() -> Job {
    let mut job = Job::new(FEW);
    job.filter = json!({"!TITLE": HIDDEN});
    job.ids = true;
    job.timeout_seconds = 90;
    job
}

/// Before which requests a change is made: all, or some of many. The first is left out, for a
/// change before it is none.
fn gaps(requests: u64, once: bool, quick: bool) -> Vec<u64> {
    let last = requests.saturating_sub(1).max(1);
    let wanted = if once || quick { 1 } else { GAPS.min(last) };
    let gaps: BTreeSet<u64> = (1..=wanted)
        .map(|part| (last * part).div_ceil(wanted))
        .collect();
    gaps.into_iter().collect()
}

async fn outcome(
    options: &Options,
    portal: &Portal,
    client: &Client,
    change: &Change,
    gap: u64,
    ids: &[u64],
) -> Result<Outcome> {
    portal.reset().await?;
    let mut before: BTreeSet<u64> = ids.iter().copied().collect();
    if change.hides {
        before = before.split_off(&ids[MORE_ROWS]);
        portal
            .arm(&rule(0, &titles(&ids[..MORE_ROWS], HIDDEN)))
            .await?;
        portal.call("server.time", &json!({})).await?;
    }
    for rule in (change.rules)(gap, ids) {
        portal.arm(&rule).await?;
    }
    let run = client.run(options, portal, &job()).await?;
    let after = visible(portal).await?;
    let mut times: BTreeMap<u64, usize> = BTreeMap::new();
    for id in &run.ids {
        *times.entry(*id).or_default() += 1;
    }
    let throughout = before.intersection(&after);
    Ok(Outcome {
        gap,
        delivered: run.ids.len(),
        lost: throughout.filter(|id| !times.contains_key(id)).count(),
        doubled: times.values().filter(|times| **times > 1).count(),
        error: run.told.error,
        warned: run.warned,
    })
}

/// The ids of the rows that the filter lets through.
async fn visible(portal: &Portal) -> Result<BTreeSet<u64>> {
    let rows = portal.deals().await?;
    Ok(rows
        .iter()
        .filter(|row| row.title != HIDDEN)
        .filter_map(|row| row.id.parse().ok())
        .collect())
}

impl Outcome {
    fn is_silent_stop(&self) -> bool {
        self.error.is_none() && self.lost as u64 > ROWS / 10
    }
}

impl Cell {
    /// `0`, or what went wrong in how many of the runs.
    pub fn text(&self) -> String {
        let all = self.runs.len();
        let told = |count: usize, what: String| {
            let of = if all > 1 {
                format!(" ({count} of {all})")
            } else {
                String::new()
            };
            (count > 0).then(|| format!("{what}{of}"))
        };
        let kept = || self.runs.iter().filter(|run| run.error.is_none());
        let count = |is: fn(&Outcome) -> bool| kept().filter(|run| is(run)).count();
        let most = |value: fn(&Outcome) -> usize| kept().map(value).max().unwrap_or_default();
        let failed = self.runs.iter().filter(|run| run.error.is_some()).count();
        let short = kept().filter(|run| !run.is_silent_stop());
        let lost = short.clone().filter(|run| run.lost > 0).count();
        let most_lost = short.map(|run| run.lost).max().unwrap_or_default();
        let parts = [
            told(
                count(Outcome::is_silent_stop),
                format!("**silent stop**, {} lost", most(|run| run.lost)),
            ),
            told(lost, format!("**{most_lost} lost**")),
            told(
                count(|run| run.doubled > 0),
                format!("**{} doubled**", most(|run| run.doubled)),
            ),
            told(failed, "error".to_owned()),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            return "0".to_owned();
        }
        let mut wrong = kept().filter(|run| run.lost + run.doubled > 0).peekable();
        let warned = wrong.peek().is_some() && wrong.all(|run| run.warned);
        let told = if warned { ", with a warning" } else { "" };
        format!("{}{told}", parts.join(", "))
    }
}
