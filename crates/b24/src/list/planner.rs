//! How many requests go side by side, and how the pages are dealt to them. Pure.

/// A list holds at most so many places in the queue.
pub(super) const MOST_LANES: usize = 4;

/// Undelivered bytes of a list stay under this.
pub(super) const MOST_BYTES: f64 = 16.0 * 1024.0 * 1024.0;

/// Requests a second that a portal without a limit is not asked to exceed in side-by-side reads:
/// the pace of the largest plan.
const UNLIMITED: f64 = 5.0;

/// Requests side by side: more than one only where a request takes longer than the rate makes it
/// wait anyway.
pub(super) fn lanes(rate: Option<f64>, request_seconds: f64) -> usize {
    let lanes = (rate.unwrap_or(UNLIMITED) * request_seconds).ceil();
    (lanes as usize).clamp(1, MOST_LANES)
}

/// Pages of the next window, so that all lanes end together.
pub(super) fn window(pages_left: u64, under_way: f64, lanes: usize, most: usize) -> usize {
    let fair = (pages_left as f64 + under_way) / lanes as f64;
    (fair.ceil() as usize).clamp(1, most.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slow_requests_go_side_by_side() {
        assert_eq!(lanes(Some(2.0), 0.15), 1);
        assert_eq!(lanes(Some(2.0), 0.5), 1);
        assert_eq!(lanes(Some(2.0), 0.9), 2);
        assert_eq!(lanes(Some(2.0), 15.0), 4);
        assert_eq!(lanes(Some(0.5), 3.0), 2);
        assert_eq!(lanes(None, 0.05), 1);
        assert_eq!(lanes(None, 15.0), 4);
        assert_eq!(lanes(Some(2.0), 0.0), 1);
    }

    #[test]
    fn lanes_end_together() {
        assert_eq!(window(1_000, 0.0, 4, 50), 50);
        assert_eq!(window(60, 0.0, 4, 50), 15);
        assert_eq!(window(45, 15.0, 4, 50), 15);
        assert_eq!(window(0, 0.0, 4, 50), 1);
        assert_eq!(window(10, 190.0, 4, 50), 50);
    }
}
