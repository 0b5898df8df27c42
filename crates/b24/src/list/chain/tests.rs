use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// A table that answers like a portal: batch halted at the first error, references resolved, and
/// past a short page the reference becomes the page itself.
struct Portal {
    rows: BTreeSet<u64>,
    random: fastrand::Rng,
    /// One inner command in so many fails; 0 = none.
    fail_one_in: u32,
    /// One row in so many appears or vanishes before a command; 0 = none.
    change_one_in: u32,
    /// One row in so many is cut out of its page by rights; 0 = none.
    hidden_one_in: u64,
    /// What a command does whose bound is an array.
    past_short: PastShort,
    /// Whether it sorts as it is told; otherwise always by rising ids.
    sorts: bool,
    deleted: BTreeSet<u64>,
    requests: u32,
    pages: u32,
}

#[derive(Debug, Clone, Copy)]
enum PastShort {
    FirstPage,
    Elsewhere,
    Nothing,
    Error,
}

impl Portal {
    fn new(rows: impl IntoIterator<Item = u64>) -> Self {
        Self {
            rows: rows.into_iter().collect(),
            random: fastrand::Rng::with_seed(7),
            fail_one_in: 0,
            change_one_in: 0,
            hidden_one_in: 0,
            past_short: PastShort::FirstPage,
            sorts: true,
            deleted: BTreeSet::new(),
            requests: 0,
            pages: 0,
        }
    }

    fn answer(&mut self, links: &[Link]) -> Vec<Answer<&'static str>> {
        self.requests += 1;
        let mut before: Option<Vec<u64>> = None;
        let mut halted = false;
        links
            .iter()
            .map(|link| self.command(*link, &mut before, &mut halted))
            .collect()
    }

    fn command(
        &mut self,
        link: Link,
        before: &mut Option<Vec<u64>>,
        halted: &mut bool,
    ) -> Answer<&'static str> {
        if *halted {
            return Answer::Missing;
        }
        self.change();
        if self.fail_one_in > 0 && self.random.u32(0..self.fail_one_in) == 0 {
            *halted = true;
            return Answer::Failed {
                failure: "INTERNAL_SERVER_ERROR",
                again: true,
            };
        }
        self.pages += 1;
        let ids = match link {
            Link::Top if self.sorts => self.visible(self.rows.iter().rev()),
            Link::Start | Link::Top => self.page_after(None),
            Link::After(id) => self.page_after(Some(number(id))),
            Link::Next => match before.as_ref().and_then(|page| page.get(PAGE - 1)) {
                Some(&last) => self.page_after(Some(last)),
                None => match self.past_short {
                    PastShort::FirstPage => self.page_after(None),
                    PastShort::Elsewhere => {
                        let top = self.rows.last().copied().unwrap_or(1);
                        let somewhere = self.random.u64(0..=top);
                        self.page_after(Some(somewhere))
                    }
                    PastShort::Nothing => Vec::new(),
                    PastShort::Error => {
                        *halted = true;
                        return Answer::Failed {
                            failure: "INVALID_ARG_VALUE",
                            again: false,
                        };
                    }
                },
            },
        };
        *before = Some(ids.clone());
        Answer::Page(Ids {
            ids: ids.into_iter().map(Id::from).collect(),
            list: true,
        })
    }

    fn page_after(&self, after: Option<u64>) -> Vec<u64> {
        self.visible(self.rows.range(after.map_or(0, |id| id + 1)..))
    }

    /// Rights are applied after the page was cut.
    fn visible<'a>(&self, rows: impl Iterator<Item = &'a u64>) -> Vec<u64> {
        rows.take(PAGE)
            .copied()
            .filter(|id| self.is_visible(*id))
            .collect()
    }

    fn is_visible(&self, id: u64) -> bool {
        self.hidden_one_in == 0 || !id.is_multiple_of(self.hidden_one_in)
    }

    fn change(&mut self) {
        if self.change_one_in == 0 || self.random.u32(0..self.change_one_in) > 0 {
            return;
        }
        let top = self.rows.last().copied().unwrap_or(100) + 60;
        for _ in 0..self.random.usize(1..40) {
            let id = self.random.u64(1..=top);
            if self.random.bool() {
                if self.rows.remove(&id) {
                    self.deleted.insert(id);
                }
            } else {
                self.rows.insert(id);
            }
        }
    }
}

fn number(id: Id) -> u64 {
    id.to_string().parse().unwrap()
}

/// Reads the table to its end; starts anew from the cursor whenever the chain stops or `drop_at`
/// says so.
fn read(portal: &mut Portal, drop_one_in: u32) -> Vec<u64> {
    let mut delivered = Vec::new();
    let mut chain = Chain::new(None, true);
    for _ in 0..100_000 {
        let links = chain.next_request(None).to_vec();
        assert!(links.len() <= MAX_COMMANDS);
        let answers = portal.answer(&links);
        let pages: Vec<Vec<u64>> = answers
            .iter()
            .map(|answer| match answer {
                Answer::Page(page) => page.ids.iter().copied().map(number).collect(),
                _ => Vec::new(),
            })
            .collect();
        let outcome = chain.accept(answers);
        delivered.extend(pages.into_iter().take(outcome.pages).flatten());
        match outcome.step {
            Step::Done => return delivered,
            Step::More => {}
            Step::Stop(Stop::Barren(_)) => chain = Chain::new(chain.after(), true),
            Step::Stop(other) => panic!("{other:?}"),
        }
        if drop_one_in > 0 && portal.random.u32(0..drop_one_in) == 0 {
            chain = Chain::new(delivered.last().copied().map(Id::from), true);
        }
    }
    panic!("the read does not end");
}

fn requests_for(rows: impl IntoIterator<Item = u64>) -> (usize, u32, u32) {
    let mut portal = Portal::new(rows);
    let delivered = read(&mut portal, 0);
    assert!(delivered.iter().eq(portal.rows.iter()));
    (delivered.len(), portal.requests, portal.pages)
}

#[test]
fn a_method_that_does_not_sort_downwards_is_read_whole() {
    let mut portal = Portal::new(1..=1_234);
    portal.sorts = false;
    assert_eq!(read(&mut portal, 0), (1..=1_234).collect::<Vec<_>>());
}

#[test]
fn request_counts_are_at_the_floor() {
    assert_eq!(requests_for([]), (0, 1, 5));
    assert_eq!(requests_for(1..=1), (1, 1, 5));
    assert_eq!(requests_for(1..=200).1, 1);
    assert_eq!(requests_for((1..=200).map(|id| id * 37)).1, 1);
    assert_eq!(requests_for(1..=201).1, 2);
    assert_eq!(requests_for(1..=250_000).1, 101);
    let gaps = (1..).filter(|id| id % 12 != 0).take(250_000);
    assert_eq!(requests_for(gaps).1, 101);
}

#[test]
fn a_short_tail_is_not_asked_for_with_fifty_commands() {
    let (rows, requests, pages) = requests_for(1..=2_950);
    assert_eq!((rows, requests), (2_950, 3));
    assert!(pages <= 5 + 50 + 6, "{pages}");
}

#[test]
fn a_caller_who_wants_few_rows_asks_for_few_pages() {
    let mut chain = Chain::new(None, true);
    assert_eq!(chain.next_request(Some(10)), [Link::Start]);
    assert_eq!(
        chain.next_request(Some(150)),
        [Link::Start, Link::Next, Link::Next]
    );
    assert_eq!(chain.next_request(Some(201)).len(), 5);
}

#[test]
fn slow_and_long_pages_make_short_requests() {
    let mut portal = Portal::new(1..=100_000);
    let mut chain = Chain::new(None, true);
    let answers = portal.answer(chain.next_request(None));
    chain.accept(answers);
    assert_eq!(chain.next_request(None).len(), 50);
    chain.learn_seconds(2.0);
    assert_eq!(chain.next_request(None).len(), 10);
    chain.learn_seconds(40.0);
    assert_eq!(chain.next_request(None).len(), 1);
    for _ in 0..10 {
        chain.learn_seconds(0.0);
    }
    chain.learn_bytes(1_000_000.0);
    assert_eq!(chain.next_request(None).len(), 8);
}

#[test]
fn short_pages_make_short_chains() {
    let mut portal = Portal::new(1..=20_000);
    portal.hidden_one_in = 200;
    portal.past_short = PastShort::Nothing;
    assert_eq!(read(&mut portal, 0).len(), 19_900);
    assert!(portal.pages < 3 * 400, "{}", portal.pages);
}

#[test]
fn ids_that_do_not_rise_stop_the_read() {
    let page = |ids: &[i64], list| {
        Answer::<()>::Page(Ids {
            ids: ids.iter().copied().map(Id::from).collect(),
            list,
        })
    };
    let mut chain = Chain::new(None, true);
    chain.next_request(None);
    let outcome = chain.accept(vec![page(&[5, 4, 3], true)]);
    assert!(matches!(outcome.step, Step::Stop(Stop::Fall { .. })));
    assert_eq!(outcome.pages, 0);

    // The bound is ignored: the same page comes again.
    let mut chain = Chain::new(Some(Id::from(9_i64)), true);
    chain.next_request(None);
    let outcome = chain.accept(vec![page(&[1, 2], true)]);
    assert!(matches!(outcome.step, Step::Stop(Stop::Fall { .. })));
}

#[test]
fn a_page_with_holes_counts_but_nothing_after_it() {
    let ids = |from: i64, list| {
        Answer::<()>::Page(Ids {
            ids: (from..from + 50).map(Id::from).collect(),
            list,
        })
    };
    let mut chain = Chain::new(None, true);
    chain.next_request(None);
    let outcome = chain.accept(vec![
        ids(1, false),
        ids(51, true),
        Answer::Missing,
        Answer::Missing,
    ]);
    assert_eq!(outcome.pages, 1);
    assert_eq!(chain.after(), Some(Id::from(50_i64)));
}

#[test]
fn three_requests_without_a_page_end_the_read() {
    let failed = || {
        vec![
            Answer::Failed {
                failure: "LATER",
                again: true,
            },
            Answer::Missing,
        ]
    };
    let mut chain = Chain::new(Some(Id::from(7_i64)), true);
    for _ in 0..2 {
        chain.next_request(None);
        assert!(matches!(chain.accept(failed()).step, Step::More));
    }
    chain.next_request(None);
    assert!(matches!(
        chain.accept(failed()).step,
        Step::Stop(Stop::Barren(Some("LATER")))
    ));
    assert_eq!(chain.after(), Some(Id::from(7_i64)));
}

#[test]
fn a_refusal_of_the_first_page_is_final_and_a_later_one_is_not() {
    let refused = || Answer::Failed {
        failure: "INVALID_ARG_VALUE",
        again: false,
    };
    let full = Answer::Page(Ids {
        ids: (1..=50_i64).map(Id::from).collect(),
        list: true,
    });
    let mut chain = Chain::new(None, true);
    chain.next_request(None);
    let outcome = chain.accept(vec![full, refused()]);
    assert_eq!(outcome.pages, 1);
    assert!(matches!(outcome.step, Step::More));
    chain.next_request(None);
    let outcome = chain.accept(vec![refused()]);
    assert!(matches!(
        outcome.step,
        Step::Stop(Stop::Failed("INVALID_ARG_VALUE"))
    ));
}

#[test]
fn a_portal_that_does_not_resolve_references_is_read_page_by_page() {
    let mut portal = Portal::new(1..=1_000);
    let mut chain = Chain::new(None, true);
    let mut delivered = 0;
    loop {
        let links = chain.next_request(None).to_vec();
        let broken = |link: Link| {
            if link == Link::Next {
                Link::Start
            } else {
                link
            }
        };
        let answers = portal.answer(&links.iter().copied().map(broken).collect::<Vec<_>>());
        let outcome = chain.accept(answers);
        delivered += outcome.pages * PAGE;
        if matches!(outcome.step, Step::Done) {
            break;
        }
    }
    assert_eq!(delivered, 1_000);
    assert_eq!(chain.next_request(None).len(), 1);
}

fn past_short() -> impl Strategy<Value = PastShort> {
    prop_oneof![
        Just(PastShort::FirstPage),
        Just(PastShort::Elsewhere),
        Just(PastShort::Nothing),
        Just(PastShort::Error)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever changes and fails between and inside requests, wherever the reader starts anew:
    /// the rows that were there from start to end come once each, ascending, and nothing comes
    /// twice.
    #[test]
    fn survivors_come_exactly_once(
        gaps in prop::collection::vec(prop_oneof![8 => 1_u64..3, 1 => 1_u64..500], 0..3_000),
        seed: u64,
        fail_one_in in prop_oneof![Just(0_u32), 3_u32..40],
        change_one_in in prop_oneof![Just(0_u32), 2_u32..40],
        drop_one_in in prop_oneof![Just(0_u32), 2_u32..10],
        hidden_one_in in prop_oneof![Just(0_u64), 3_u64..400],
        past_short in past_short(),
    ) {
        let start: BTreeSet<u64> = gaps.iter().scan(0, |id, gap| { *id += gap; Some(*id) }).collect();
        let mut portal = Portal::new(start.iter().copied());
        portal.random = fastrand::Rng::with_seed(seed);
        portal.fail_one_in = fail_one_in;
        portal.change_one_in = change_one_in;
        portal.hidden_one_in = hidden_one_in;
        portal.past_short = past_short;
        let delivered = read(&mut portal, drop_one_in);
        prop_assert!(delivered.windows(2).all(|pair| pair[0] < pair[1]));
        let delivered: BTreeSet<u64> = delivered.into_iter().collect();
        for survivor in start.difference(&portal.deleted).filter(|id| portal.is_visible(**id)) {
            prop_assert!(delivered.contains(survivor), "row {survivor} is lost");
        }
        if change_one_in == 0 {
            prop_assert!(delivered.is_subset(&start));
        }
    }
}

/// Reads the table in windows that are answered in any order.
fn read_in_windows(portal: &mut Portal) -> Vec<u64> {
    struct Lane {
        chain: Chain,
        rows: Vec<u64>,
        done: bool,
    }
    let lane = |chain| Lane {
        chain,
        rows: Vec::new(),
        done: false,
    };
    let mut lanes = vec![lane(Chain::new(None, true))];
    for _ in 0..100_000 {
        let open: Vec<usize> = (0..lanes.len()).filter(|at| !lanes[*at].done).collect();
        let Some(&last) = open.last() else {
            return lanes.into_iter().flat_map(|lane| lane.rows).collect();
        };
        let mut at = open[portal.random.usize(0..open.len())];
        if at == last && at + 1 == lanes.len() && open.len() < 4 {
            let pages = portal.random.usize(1..=50);
            if let Some(window) = lanes[at].chain.split(pages) {
                let rows = std::mem::take(&mut lanes[at].rows);
                let window = Lane {
                    rows,
                    ..lane(window)
                };
                lanes.insert(at, window);
            }
        }
        at = at.min(lanes.len() - 1);
        let lane = &mut lanes[at];
        let links = lane.chain.next_request(None).to_vec();
        let answers = portal.answer(&links);
        let pages: Vec<Vec<u64>> = answers
            .iter()
            .map(|answer| match answer {
                Answer::Page(page) => page.ids.iter().copied().map(number).collect(),
                _ => Vec::new(),
            })
            .collect();
        let outcome = lane.chain.accept(answers);
        let mut pages: Vec<_> = pages.into_iter().take(outcome.pages).collect();
        if let (Some(cut), Some(page)) = (outcome.cut, pages.last_mut()) {
            page.truncate(cut.rows);
            assert_eq!(page.last().copied(), Some(number(cut.last)));
        }
        lane.rows.extend(pages.into_iter().flatten());
        match outcome.step {
            Step::Done => lane.done = true,
            Step::More => {}
            // The windows before this one come first.
            Step::Stop(Stop::Barren(_)) if open[0] != at => lane.chain.barren = 0,
            Step::Stop(Stop::Barren(_)) => {
                // The list ends here with its cursor; what was not delivered is read anew.
                let delivered: Vec<u64> = lanes.drain(..=at).flat_map(|lane| lane.rows).collect();
                let after = delivered.last().copied().map(Id::from);
                lanes.clear();
                lanes.push(Lane {
                    rows: delivered,
                    chain: Chain::new(after, true),
                    done: false,
                });
            }
            Step::Stop(other) => panic!("{other:?}"),
        }
        if let Some(lane) = lanes.get(at) {
            let lesson = lane.chain.lesson();
            for (other, lane) in lanes.iter_mut().enumerate() {
                if other != at {
                    lane.chain.learn(&lesson);
                }
            }
        }
    }
    panic!("the read does not end");
}

#[test]
fn windows_over_a_gap_do_not_read_what_lies_behind_it_again_and_again() {
    let mut portal = Portal::new((1..=10_000).chain(50_000_000..50_010_000));
    let rows = read_in_windows(&mut portal);
    assert!(rows.iter().eq(portal.rows.iter()));
    assert!(portal.requests < 100, "{}", portal.requests);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// In windows, too, and in whatever order their answers come: every row that was there from
    /// start to end comes once, and rows come in the order of their ids.
    #[test]
    fn windows_lose_and_double_nothing(
        gaps in prop::collection::vec(prop_oneof![8 => 1_u64..3, 1 => 1_u64..500], 0..6_000),
        seed: u64,
        fail_one_in in prop_oneof![Just(0_u32), 3_u32..40],
        change_one_in in prop_oneof![Just(0_u32), 2_u32..40],
        hidden_one_in in prop_oneof![Just(0_u64), 3_u64..400],
        past_short in past_short(),
    ) {
        let start: BTreeSet<u64> = gaps.iter().scan(0, |id, gap| { *id += gap; Some(*id) }).collect();
        let mut portal = Portal::new(start.iter().copied());
        portal.random = fastrand::Rng::with_seed(seed);
        portal.fail_one_in = fail_one_in;
        portal.change_one_in = change_one_in;
        portal.hidden_one_in = hidden_one_in;
        portal.past_short = past_short;
        let delivered = read_in_windows(&mut portal);
        prop_assert!(delivered.is_sorted_by(|a, b| a < b), "not ascending");
        let delivered: BTreeSet<u64> = delivered.into_iter().collect();
        for id in start.iter().filter(|id| !portal.deleted.contains(id) && portal.is_visible(**id)) {
            prop_assert!(delivered.contains(id), "row {id} is lost");
        }
    }
}
