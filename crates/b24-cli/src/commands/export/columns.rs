//! The columns of a file: what they are called, and what the portal says they hold.

use anyhow::Result;

use super::plan::Plan;
use crate::connection::Connection;
use crate::fields::{Field, Fields};
use crate::formats::{Column, Layout};
use crate::labels::Labels;
use crate::session::Session;

/// The texts for the codes of a plan, if they are wanted.
pub(super) async fn labels(
    plan: &Plan,
    session: &Session,
    connection: &Connection,
) -> Result<Option<Labels>> {
    let (Some(labelling), Some(fields)) = (plan.labels, &plan.fields) else {
        return Ok(None);
    };
    let wanted = |field: &Field| {
        let keys = match &plan.only {
            Some(only) => Some(only),
            None if plan.columns.is_empty() => None,
            None => Some(&plan.columns),
        };
        keys.is_none_or(|keys| keys.contains(&field.key))
    };
    let labels = Labels::of(labelling, &plan.entity, fields, wanted, session, connection);
    Ok(Some(labels.await?))
}

/// What the file of a plan looks like.
pub(super) fn layout(plan: &Plan, labels: Option<&Labels>) -> Layout {
    let fields = plan.fields.as_ref();
    let described = |path: &String| {
        let field = fields.and_then(|fields| fields.iter().find(|field| field.key == *path));
        match field {
            Some(field) => Column::of(path.as_str(), field),
            None => Column::named(path.as_str()),
        }
    };
    let columns: Vec<Column> = match labels {
        // JSON has no columns, but its keys get titles too.
        Some(_) if plan.columns.is_empty() => fields
            .into_iter()
            .flat_map(Fields::iter)
            .map(|field| Column::of(field.key.as_str(), field))
            .collect(),
        _ => plan.columns.iter().map(described).collect(),
    };
    let (columns, only) = match labels {
        Some(labels) => (
            labels.columns(columns),
            plan.only.clone().map(|only| labels.keys(only)),
        ),
        None => (columns, plan.only.clone()),
    };
    Layout {
        file_type: plan.file_type,
        columns,
        only,
        csv_for: plan.csv_for,
        title: plan.entity.stem.clone(),
    }
}
