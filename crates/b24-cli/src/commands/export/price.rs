//! `--dry-run`: the plan, and what it costs.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use b24::{Reply, Time};
use serde_json::json;
use serde_json::value::RawValue;

use super::duration::{Facts, expected};
use super::plan::Plan;
use crate::catalogue::Version;
use crate::connection::Connection;
use crate::parameters::Tree;
use crate::printer::{grouped, lasting};
use crate::session::Session;

/// Rows of a page.
const PAGE: u64 = 50;

/// Shows what would be read.
pub(super) async fn show(
    plan: &Plan,
    target: Option<&Path>,
    session: &Session,
    connection: &Connection,
) -> Result<()> {
    let counted = count(plan, connection).await?;
    let rows = counted.rows;
    let requests = rows.map(|rows| requests(plan, rows));
    let expected = rows.zip(counted.seconds).map(|(rows, seconds)| {
        let facts = Facts {
            requests: self::requests(plan, rows),
            pages: rows.div_ceil(PAGE),
            page: seconds.page,
            way: seconds.way,
            used: seconds.used,
        };
        expected(facts, connection.manners())
    });
    let json = |tree: &Option<Tree>| {
        tree.as_ref()
            .map(|tree| serde_json::to_string(tree).unwrap_or_default())
    };
    let output = target.map_or_else(
        || "standard output".to_owned(),
        |path| path.display().to_string(),
    );
    let report = json!({
        "event": "plan",
        "entity": plan.entity.rows,
        "method": plan.entity.method,
        "api": plan.entity.version.to_string(),
        "params": plan.params,
        "filter": plan.filter,
        "select": plan.select,
        "order": plan.order,
        "format": plan.file_type.extension(),
        "columns": plan.columns,
        "output": output,
        "rows": rows,
        "requests": requests,
        "seconds": expected.map(|(time, _)| time.as_secs_f64()),
        "binds": expected.map(|(_, wall)| wall.to_string()),
        "portal": connection.host,
        "origin": connection.origin,
    });
    let fields = match &plan.select {
        Some(names) if plan.chosen => names.join(", "),
        _ => "everything; --select makes the answers smaller".to_owned(),
    };
    let order: Vec<_> = plan
        .order
        .iter()
        .map(|(name, direction)| format!("{name} {direction}"))
        .collect();
    let mut lines = vec![
        ("portal", connection.to_string()),
        (
            "method",
            format!("{} ({})", plan.entity.method, plan.entity.version),
        ),
        ("params", serde_json::to_string(&plan.params)?),
        (
            "filter",
            json(&plan.filter).unwrap_or_else(|| "none".to_owned()),
        ),
        ("select", fields),
        (
            "order",
            if order.is_empty() {
                "by id".to_owned()
            } else {
                order.join(", ")
            },
        ),
        (
            "output",
            format!("{output} ({})", plan.file_type.extension()),
        ),
    ];
    if plan.file_type.format.has_columns() {
        lines.push(("columns", plan.columns.join(", ")));
    }
    lines.push((
        "rows",
        rows.map_or_else(
            || "the portal does not count them".to_owned(),
            |rows| format!("~{}", grouped(rows)),
        ),
    ));
    let cost = match requests {
        Some(requests) => format!("about {} requests", grouped(requests)),
        None if plan.entity.version == Version::V3 => "one request for 1,000 rows".to_owned(),
        None => "one request for up to 2,500 rows".to_owned(),
    };
    lines.push(("cost", cost));
    if let Some((time, wall)) = expected {
        lines.push(("time", format!("about {}; {wall} binds", lasting(time))));
    }
    let lines: Vec<_> = lines
        .iter()
        .map(|(name, value)| format!("{name:<8} {value}\n"))
        .collect();
    session.printer.report(&report, lines.concat())?;
    Ok(())
}

/// What one small request tells.
struct Counted {
    rows: Option<u64>,
    seconds: Option<Seconds>,
}

/// What it took.
struct Seconds {
    page: f64,
    way: f64,
    used: f64,
}

impl Seconds {
    /// Of the answer with this `time`, which was under way for so long.
    fn of(time: &Time, took: Duration) -> Self {
        let page = time
            .processing
            .or(time.duration)
            .unwrap_or_default()
            .max(0.0);
        Self {
            page,
            way: (took.as_secs_f64() - page).max(0.0),
            used: time.operating.unwrap_or_default(),
        }
    }
}

/// Rows that the portal counts, as far as it does.
async fn count(plan: &Plan, connection: &Connection) -> Result<Counted> {
    let cut = |rows: u64| plan.limit.map_or(rows, |limit| rows.min(limit));
    if let Some(ids) = &plan.ids {
        return Ok(Counted {
            rows: Some(cut(ids.len() as u64)),
            seconds: None,
        });
    }
    if plan.entity.version == Version::V3 {
        return Ok(Counted {
            rows: None,
            seconds: None,
        });
    }
    let mut params = plan.params.clone();
    if let Some(filter) = &plan.filter {
        params.set("filter", filter.clone());
    }
    params.set("select", Tree::List(vec![plan.entity.filter_id().into()]));
    let call = connection
        .client
        .v2()
        .call(&plan.entity.method)
        .params(params);
    let begun = Instant::now();
    let reply: Reply<Box<RawValue>> = call.typed().reply().await?;
    let took = begun.elapsed();
    Ok(Counted {
        rows: reply.total.map(cut),
        seconds: reply.time.map(|time| Seconds::of(&time, took)),
    })
}

/// The first request brings four pages, each further one up to fifty.
pub(super) fn requests(plan: &Plan, rows: u64) -> u64 {
    if plan.ids.is_some() {
        return rows.div_ceil(PAGE * PAGE);
    }
    if plan.by_offset {
        return rows.div_ceil(PAGE).max(1);
    }
    1 + rows.saturating_sub(4 * PAGE).div_ceil(PAGE * PAGE)
}
