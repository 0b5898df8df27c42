//! Where rows come from: a list, or ids.

use b24::List;
use b24::list::Pages;
use serde_json::value::RawValue;

use super::ids::ById;
use super::plan::Plan;
use crate::catalogue::Version;
use crate::connection::Connection;
use crate::resume::{Mark, Place};

/// Rows of the portal, and the place behind them.
pub(super) struct Rows {
    pub(super) rows: Vec<Box<RawValue>>,
    pub(super) place: Place,
}

/// Where rows come from.
pub(super) enum Source {
    List(Box<Pages<Box<RawValue>>>),
    Ids(ById),
}

impl Source {
    /// The rows of the plan, from the mark on.
    pub(super) fn of(plan: &Plan, connection: &Connection, from: Option<&Mark>) -> Self {
        let place = from.map(|mark| mark.place.clone());
        if let Some(ids) = &plan.ids {
            let cut = plan
                .limit
                .map_or(ids.len(), |limit| ids.len().min(limit as usize));
            let ids = ids[..cut].to_vec();
            return Self::Ids(match place {
                Some(Place::Ids { done, missing }) => ById::from(ids, done, missing),
                _ => ById::from(ids, 0, Vec::new()),
            });
        }
        let mut list = list(plan, connection);
        if let Some(limit) = plan.limit {
            list = list.limit(limit - from.map_or(0, |mark| mark.rows.min(limit)));
        }
        if let Some(Place::Cursor(cursor)) = place {
            list = list.resume(cursor);
        }
        Self::List(Box::new(list.pages()))
    }

    /// The next rows; none at the end.
    pub(super) async fn next(
        &mut self,
        plan: &Plan,
        connection: &Connection,
    ) -> Result<Option<Rows>, b24::Error> {
        Ok(match self {
            Self::List(pages) => pages.try_next().await?.map(|page| Rows {
                rows: page.items,
                place: Place::Cursor(page.cursor),
            }),
            Self::Ids(ids) => ids.next(&plan.by_id(), connection).await?.map(|rows| Rows {
                rows,
                place: ids.place(),
            }),
        })
    }

    /// How many rows it is likely to bring in all, and what keeps it from going faster.
    pub(super) fn outlook(&self) -> (Option<u64>, Option<String>) {
        match self {
            Self::List(pages) => {
                let progress = pages.progress();
                (
                    progress.expected,
                    progress.wall.map(|wall| wall.to_string()),
                )
            }
            Self::Ids(_) => (None, None),
        }
    }

    /// Ids that had no row.
    pub(super) fn missing(&self) -> &[String] {
        match self {
            Self::List(_) => &[],
            Self::Ids(ids) => ids.missing(),
        }
    }
}

/// The list of a plan that reads one.
pub(super) fn list(plan: &Plan, connection: &Connection) -> List {
    let mut list = match plan.entity.version {
        Version::V2 => connection.client.v2().list(&plan.entity.method),
        Version::V3 => connection.client.v3().list(&plan.entity.method),
    };
    list = list.params(&plan.params);
    if let Some(filter) = &plan.filter {
        list = list.filter(filter);
    }
    if let Some(select) = &plan.select {
        list = list.select(select.iter().map(String::as_str));
    }
    if !plan.order.is_empty() {
        list = list.order(
            plan.order
                .iter()
                .map(|(name, direction)| (name.as_str(), *direction)),
        );
    }
    if plan.by_offset {
        list = list.by_offset();
    }
    match plan.limit {
        Some(limit) => list.limit(limit),
        None => list,
    }
}
