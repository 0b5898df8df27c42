//! Reading by `start` and `next`, for methods that cannot filter by id and for an order of the
//! caller's own. Rows that are deleted or inserted meanwhile shift the pages.

/// Where an offset read stands.
#[derive(Debug, Clone)]
pub(super) struct Offset {
    start: u64,
}

/// What to do after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Deliver the page and ask on.
    More,
    /// Deliver the page; it is the last.
    Last,
    /// The page lies past the end: some methods answer with the first page there.
    PastEnd,
}

impl Offset {
    pub(super) fn new(start: u64) -> Self {
        Self { start }
    }

    /// The offset of the next page.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Takes the `next` and `total` of an answer. The end is where `next` is missing, not an
    /// empty page: rights may be applied after the page was cut.
    pub(super) fn accept(&mut self, next: Option<u64>, total: Option<u64>) -> After {
        match (next, total) {
            (Some(next), _) if next > self.start => {
                self.start = next;
                After::More
            }
            (Some(_), _) => After::PastEnd,
            (None, Some(total)) if self.start > 0 && total <= self.start => After::PastEnd,
            (None, _) => After::Last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_where_next_is_missing() {
        let mut offset = Offset::new(0);
        assert_eq!(offset.accept(Some(50), Some(120)), After::More);
        assert_eq!(offset.start(), 50);
        assert_eq!(offset.accept(Some(100), Some(120)), After::More);
        assert_eq!(offset.accept(None, Some(120)), After::Last);
    }

    #[test]
    fn the_first_page_past_the_end_is_not_read_again() {
        // start = 1000 of 60 rows: rows 1 to 50 with `next: 50`.
        assert_eq!(Offset::new(1_000).accept(Some(50), Some(60)), After::PastEnd);
        // start = 1000 of 30 rows: all of them, without `next`.
        assert_eq!(Offset::new(1_000).accept(None, Some(30)), After::PastEnd);
        assert_eq!(Offset::new(0).accept(Some(0), None), After::PastEnd);
        // A method that counts its page, not its table.
        assert_eq!(Offset::new(0).accept(None, Some(0)), After::Last);
    }
}
