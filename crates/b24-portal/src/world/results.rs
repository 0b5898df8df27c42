//! What counted scans have found, kept until the next write: the pages of one list cost one look at the table.

use std::collections::VecDeque;
use std::sync::Arc;

use super::filter::Filter;
use super::scan::Sort;
use super::table::Row;

/// Lists that are read side by side; the oldest is forgotten first.
const KEPT: usize = 8;

/// The rows of the last counted scans, in their order.
#[derive(Debug, Default)]
pub(super) struct Results {
    kept: VecDeque<Found>,
}

#[derive(Debug)]
struct Found {
    filter: Filter,
    order: Vec<Sort>,
    rows: Arc<[Row]>,
}

impl Results {
    pub(super) fn find(&self, filter: &Filter, order: &[Sort]) -> Option<Arc<[Row]>> {
        let found = self
            .kept
            .iter()
            .find(|found| found.order == order && found.filter == *filter)?;
        Some(Arc::clone(&found.rows))
    }

    pub(super) fn keep(&mut self, filter: Filter, order: Vec<Sort>, rows: Arc<[Row]>) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Found {
            filter,
            order,
            rows,
        });
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }
}
