//! How many pages the next request asks for, as far as ids, seconds and bytes say.

use super::chain::{Ids, MAX_COMMANDS, PAGE};
use super::id::Id;

/// A request takes at most this long at the portal, whose wall is 60 s.
const SECONDS: f64 = 20.0;

/// An answer is at most this long: two of them may wait for a slow reader.
const BYTES: f64 = 8.0 * 1024.0 * 1024.0;

/// Learns from answers how dense the ids lie and how long a page takes.
#[derive(Debug, Clone, Default)]
pub(super) struct Size {
    /// Rows per id where the reader stands now.
    here: Option<f64>,
    /// Rows per id at the end of the table.
    top: Option<f64>,
    seconds_per_page: Option<f64>,
    bytes_per_page: Option<f64>,
}

impl Size {
    /// How many pages to ask for, given how many ids are left (`None`: nobody knows).
    pub(super) fn pages(&self, ids_left: Option<u64>) -> Option<usize> {
        let ids_left = ids_left?;
        let likely = self.pages_in(ids_left)?.saturating_add(1);
        let most = ids_left.div_ceil(PAGE as u64);
        let pages = likely.min(most).clamp(1, MAX_COMMANDS as u64) as usize;
        Some(self.fitting(pages))
    }

    /// How many pages of rows so many ids are likely to be.
    pub(super) fn pages_in(&self, ids: u64) -> Option<u64> {
        Some(self.rows_in(ids)?.div_ceil(PAGE as u64))
    }

    /// How many rows so many ids are likely to be; `None` where the ids are unknown.
    pub(super) fn rows_in(&self, ids: u64) -> Option<u64> {
        (ids < u64::MAX).then(|| (ids as f64 * self.density()).ceil() as u64)
    }

    /// How many ids so many pages are likely to span.
    pub(super) fn ids(&self, pages: usize) -> i64 {
        let density = self.here.unwrap_or_else(|| self.density());
        ((pages * PAGE) as f64 / density).round() as i64
    }

    /// Rows per id. The end of the table is near when it matters most, so its density counts too.
    fn density(&self) -> f64 {
        let density = self.here.unwrap_or(0.0).max(self.top.unwrap_or(0.0));
        if density > 0.0 { density } else { 1.0 }
    }

    /// As many of these pages as fit into the time and the length of one answer.
    pub(super) fn fitting(&self, pages: usize) -> usize {
        let fits = |most: f64, per_page: Option<f64>| match per_page {
            Some(per_page) if per_page > 0.0 => (most / per_page) as usize,
            _ => usize::MAX,
        };
        let in_time = fits(SECONDS, self.seconds_per_page);
        let in_length = fits(BYTES, self.bytes_per_page);
        pages.min(in_time).min(in_length).max(1)
    }

    /// A page was read, in ascending order.
    pub(super) fn learn_page(&mut self, ids: &Ids) {
        self.here = density(ids).or(self.here);
    }

    /// The page with the highest ids was read.
    pub(super) fn learn_top(&mut self, ids: &Ids) {
        self.top = density(ids).or(self.top);
    }

    /// A request told how long its pages took on average.
    pub(super) fn learn_seconds(&mut self, seconds_per_page: f64) {
        // Dearer pages count at once, cheaper ones bit by bit: a plan that is too short fails.
        let kept = self
            .seconds_per_page
            .unwrap_or(0.0)
            .midpoint(seconds_per_page);
        self.seconds_per_page = Some(seconds_per_page.max(kept));
    }

    /// What the next page is likely to take.
    pub(super) fn seconds_per_page(&self) -> Option<f64> {
        self.seconds_per_page
    }

    /// How long the next page is likely to be.
    pub(super) fn bytes_per_page(&self) -> f64 {
        self.bytes_per_page.unwrap_or(0.0)
    }

    /// An answer was so long a page.
    pub(super) fn learn_bytes(&mut self, bytes_per_page: f64) {
        self.bytes_per_page = Some(bytes_per_page);
    }
}

/// Rows per id on a page. Fewer than a handful of rows say nothing.
fn density(ids: &Ids) -> Option<f64> {
    let (low, high) = ids.bounds()?;
    let span = Id::span_to(low, high);
    (ids.len() >= 5).then(|| ids.len() as f64 / span as f64)
}
