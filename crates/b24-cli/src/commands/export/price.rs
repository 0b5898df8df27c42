//! `--dry-run`: the plan, and what it costs.

use std::path::Path;

use anyhow::Result;
use b24::Reply;
use serde_json::json;
use serde_json::value::RawValue;

use super::plan::Plan;
use crate::catalogue::Version;
use crate::connection::Connection;
use crate::parameters::Tree;
use crate::printer::grouped;
use crate::session::Session;

/// Shows what would be read.
pub(super) async fn show(
    plan: &Plan,
    target: Option<&Path>,
    session: &Session,
    connection: &Connection,
) -> Result<()> {
    let rows = count(plan, connection).await?;
    let requests = rows.map(|rows| requests(plan, rows));
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
    let lines: Vec<_> = lines
        .iter()
        .map(|(name, value)| format!("{name:<8} {value}\n"))
        .collect();
    session.printer.report(&report, lines.concat())?;
    Ok(())
}

/// Rows that the portal counts, as far as it does.
async fn count(plan: &Plan, connection: &Connection) -> Result<Option<u64>> {
    let cut = |rows: u64| plan.limit.map_or(rows, |limit| rows.min(limit));
    if let Some(ids) = &plan.ids {
        return Ok(Some(cut(ids.len() as u64)));
    }
    if plan.entity.version == Version::V3 {
        return Ok(None);
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
    let reply: Reply<Box<RawValue>> = call.typed().reply().await?;
    Ok(reply.total.map(cut))
}

/// The first request brings four pages, each further one up to fifty.
pub(super) fn requests(plan: &Plan, rows: u64) -> u64 {
    const PAGE: u64 = 50;
    if plan.ids.is_some() {
        return rows.div_ceil(PAGE * PAGE);
    }
    if plan.by_offset {
        return rows.div_ceil(PAGE).max(1);
    }
    1 + rows.saturating_sub(4 * PAGE).div_ceil(PAGE * PAGE)
}
