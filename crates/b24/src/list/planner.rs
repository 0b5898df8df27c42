//! How many requests go side by side, and how the pages are dealt to them. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use super::chain::MAX_COMMANDS;
use super::size::Size;

/// Seconds of one of the portal's baskets, and of all ten.
const MINUTE: f64 = 60.0;
const WINDOW: f64 = 600.0;

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

/// The part of an even deal that a window gets at the end of a table. The rest is dealt once more, to the lanes that are
/// done first: windows turn out longer or shorter than the ids let guess.
const DEAL: f64 = 0.95;

/// Pages of the next window, so that all lanes end together.
pub(super) fn window(pages_left: u64, under_way: f64, lanes: usize, most: usize) -> usize {
    let even = (pages_left as f64 + under_way) / lanes as f64;
    let dealt = if even < most as f64 {
        even * DEAL
    } else {
        even
    };
    (dealt.ceil() as usize).clamp(1, most.max(1))
}

/// How long so many seconds of operating time take, spent `speed` times as fast as the clock goes
/// wherever the limit of ten minutes allows.
pub(super) fn with_baskets(
    total: f64,
    speed: f64,
    limit: f64,
    comes_back: &[(Duration, f64)],
) -> f64 {
    let back = comes_back.iter();
    let mut baskets: VecDeque<(f64, f64)> = back
        .map(|(wait, seconds)| (wait.as_secs_f64(), *seconds))
        .collect();
    let (mut clock, mut left) = (0.0, total);
    while left > 1e-6 {
        while baskets
            .front()
            .is_some_and(|(frees_at, _)| *frees_at <= clock)
        {
            baskets.pop_front();
        }
        let used: f64 = baskets.iter().map(|(_, seconds)| seconds).sum();
        match baskets.front() {
            Some((frees_at, _)) if limit - used < 1e-3 => clock = *frees_at,
            _ => {
                let spent = left.min(limit - used).min(speed * MINUTE);
                baskets.push_back((clock + WINDOW, spent));
                clock += spent / speed;
                left -= spent;
            }
        }
    }
    clock
}

/// Pages that fit into one request at this price.
pub(super) fn fitting(seconds_per_page: f64) -> usize {
    let mut size = Size::default();
    size.learn_seconds(seconds_per_page);
    size.fitting(MAX_COMMANDS)
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

    #[test]
    fn operating_time_comes_back_after_ten_minutes() {
        assert!((with_baskets(300.0, 4.0, 480.0, &[]) - 75.0).abs() < 1e-6);
        assert!((with_baskets(1_500.0, 4.0, 480.0, &[]) - 1_815.0).abs() < 1.0);
        let used = [(Duration::from_secs(30), 480.0)];
        assert!((with_baskets(40.0, 4.0, 480.0, &used) - 40.0).abs() < 1e-6);
    }
}
