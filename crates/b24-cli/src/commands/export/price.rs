//! `--dry-run`: the plan, and what it costs.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use b24::Wall;
use serde_json::json;

use super::plan::Plan;
use super::source;
use crate::catalogue::Version;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::parameters::Tree;
use crate::printer::{counted, grouped, lasting};
use crate::session::Session;

/// Ids in one request.
const REQUEST: u64 = 2_500;

/// Shows what would be read.
pub(super) async fn show(
    plan: &Plan,
    target: Option<&Path>,
    session: &Session,
    connection: &Connection,
) -> Result<()> {
    let price = tokio::select! {
        price = Price::ask(plan, connection) => price?,
        reason = session.stop.requested() => return Err(Failure::stopped(reason, "the dry run").into()),
    };
    let (rows, requests) = (price.rows, price.requests);
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
        "seconds": price.time.map(|(time, _)| time.as_secs_f64()),
        "binds": price.time.map(|(_, wall)| wall.to_string()),
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
        Some(requests) => format!("about {}", counted(requests, "request", "requests")),
        None if plan.entity.version == Version::V3 => "one request for 1,000 rows".to_owned(),
        None => "one request for up to 2,500 rows".to_owned(),
    };
    lines.push(("cost", cost));
    if let Some((time, wall)) = price.time {
        lines.push(("time", format!("about {}; the {wall} binds", lasting(time))));
    }
    let lines: Vec<_> = lines
        .iter()
        .map(|(name, value)| format!("{name:<8} {value}\n"))
        .collect();
    session.printer.report(&report, lines.concat())?;
    Ok(())
}

/// What a read costs, as far as it can be told before.
struct Price {
    rows: Option<u64>,
    requests: Option<u64>,
    /// How long it takes, and what keeps it from being faster.
    time: Option<(Duration, Wall)>,
}

impl Price {
    /// One request tells; none is needed for ids, which are counted here.
    async fn ask(plan: &Plan, connection: &Connection) -> Result<Self, b24::Error> {
        if let Some(ids) = &plan.ids {
            let all = ids.len() as u64;
            let rows = plan.limit.map_or(all, |limit| all.min(limit));
            return Ok(Self {
                rows: Some(rows),
                requests: Some(rows.div_ceil(REQUEST)),
                time: None,
            });
        }
        let told = source::list(plan, connection).plan().await?;
        Ok(Self {
            rows: told.rows,
            requests: told.requests,
            time: told.duration.map(|time| (time, told.wall)),
        })
    }
}
