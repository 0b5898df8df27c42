//! Reading a table in chains of pages: the decisions, without I/O and without a clock.
//!
//! One request is a batch of pages, each bounded by the last id of the page before it. A page
//! counts only if the page before it was a list of exactly [`PAGE`] rows and the ids rise, within
//! it and across: past a short page the portal puts an array where the bound should be, and serves
//! pages from the start of the table. Whatever does not count is ignored and asked for again.

mod window;

use super::id::Id;
use super::size::Size;

/// Rows on a full page; a constant of the platform.
pub(super) const PAGE: usize = 50;

/// Commands in one batch; a constant of the platform.
pub(super) const MAX_COMMANDS: usize = 50;

/// Pages of a first request, beside the one that looks at the end of the table.
const FIRST_PAGES: usize = 4;

/// Requests in a row without a page that end the read.
const MAX_BARREN: u32 = 3;

/// What one command of a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// The first page of the list.
    Start,
    /// The page after this id.
    After(Id),
    /// The page after the last row of the command before, by reference.
    Next,
    /// The last page, in descending order.
    Top,
}

/// The ids of one page, in the order of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) ids: Vec<Id>,
    /// Whether the page was a list. A map with numbers for keys holds rows too, but a reference
    /// by position does not find its last row.
    pub(super) list: bool,
}

impl Ids {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The lowest and the highest id.
    pub(super) fn bounds(&self) -> Option<(Id, Id)> {
        Some((*self.ids.iter().min()?, *self.ids.iter().max()?))
    }

    fn is_full(&self) -> bool {
        self.list && self.ids.len() == PAGE
    }

    /// Whether every id is below the one before it.
    fn fall(&self) -> bool {
        self.ids.is_sorted_by(|before, id| before > id)
    }

    /// The first id that is not above the one before it, with that one.
    pub(super) fn first_fall(&self, after: Option<Id>) -> Option<(Id, Id)> {
        let mut before = after;
        for &id in &self.ids {
            if let Some(before) = before.filter(|before| *before >= id) {
                return Some((before, id));
            }
            before = Some(id);
        }
        None
    }
}

/// What came back for one [`Link`]; `F` is the caller's failure.
#[derive(Debug)]
pub(super) enum Answer<F> {
    /// A page of rows.
    Page(Ids),
    /// No page. `again` tells whether asking again may help.
    Failed { failure: F, again: bool },
    /// Nothing: an earlier command stopped the batch.
    Missing,
}

/// What to do after an answer.
#[derive(Debug)]
pub(super) struct Outcome<F> {
    /// So many of the first pages of the answer are to be delivered.
    pub(super) pages: usize,
    /// So many rows of the last of them, where it is not all.
    pub(super) cut: Option<Cut>,
    pub(super) step: Step<F>,
}

impl<F> Outcome<F> {
    fn new(pages: usize, step: Step<F>) -> Self {
        Self {
            pages,
            cut: None,
            step,
        }
    }
}

/// The part of a page that lies in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) rows: usize,
    pub(super) last: Id,
}

#[derive(Debug)]
pub(super) enum Step<F> {
    /// Ask on.
    More,
    /// The list is complete.
    Done,
    /// The list cannot go on.
    Stop(Stop<F>),
}

/// Why a list cannot go on.
#[derive(Debug)]
pub(super) enum Stop<F> {
    /// The portal does not sort or filter by this id.
    Fall { before: Id, id: Id },
    /// The portal refuses the page.
    Failed(F),
    /// Several requests in a row brought no page.
    Barren(Option<F>),
}

/// A list that is being read in chains.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    /// Id of the last row that counted.
    after: Option<Id>,
    /// The highest id of the table when it was last looked at.
    highest: Option<Id>,
    /// The last id of the window, where the list is read in several.
    until: Option<Id>,
    /// The first row that was seen behind the window.
    empty_before: Option<Id>,
    size: Size,
    /// So many pages fit into the operating time that is left.
    most: usize,
    /// Whether pages may be chained at all.
    chained: bool,
    /// So many pages are likely to count: fewer where rights make pages short.
    reach: usize,
    /// Requests in a row without a page.
    barren: u32,
    /// Answers whose second page did not follow the first, though that was full.
    unlinked: u32,
    asked: Vec<Link>,
}

impl Chain {
    /// A list to be read after this id. Without `chained`, one page a request.
    pub(super) fn new(after: Option<Id>, chained: bool) -> Self {
        Self {
            after,
            highest: None,
            until: None,
            empty_before: None,
            size: Size::default(),
            most: MAX_COMMANDS,
            chained,
            reach: MAX_COMMANDS,
            barren: 0,
            unlinked: 0,
            asked: Vec::new(),
        }
    }

    /// The id of the last row that counted.
    pub(super) fn after(&self) -> Option<Id> {
        self.after
    }

    /// The commands of the next request. `rows` is how many rows the caller still wants.
    pub(super) fn next_request(&mut self, rows: Option<u64>) -> &[Link] {
        let wanted = rows.map_or(usize::MAX, |rows| {
            rows.div_ceil(PAGE as u64).max(1) as usize
        });
        let estimate = self
            .size
            .pages(self.ids_left())
            .filter(|_| self.barren == 0);
        let pages = match estimate {
            _ if !self.chained => 1,
            Some(pages) => pages,
            None => self.size.fitting(FIRST_PAGES),
        };
        let pages = pages.min(wanted).min(self.reach).min(self.most);
        self.most = MAX_COMMANDS;
        self.asked.clear();
        self.asked.push(self.after.map_or(Link::Start, Link::After));
        self.asked
            .extend(std::iter::repeat_n(Link::Next, pages - 1));
        if self.chained && estimate.is_none() && wanted > pages {
            self.asked.push(Link::Top);
        }
        &self.asked
    }

    /// Ids behind the last row that counted, as far as anybody knows.
    fn ids_left(&self) -> Option<u64> {
        let end = self.until.or(self.highest)?;
        Some(match self.after {
            Some(after) => after.span_to(end).saturating_sub(1),
            None => u64::MAX,
        })
    }

    /// Takes the answers to the commands of the last request, in their order.
    pub(super) fn accept<F>(&mut self, mut answers: Vec<Answer<F>>) -> Outcome<F> {
        if self.asked.last() == Some(&Link::Top)
            && answers.len() == self.asked.len()
            && let Some(Answer::Page(top)) = answers.pop()
        {
            // A method that does not sort would answer with the first rows, and its list would end there.
            if top.fall() {
                self.size.learn_top(&top);
                self.highest = top.bounds().map(|(_, highest)| highest).or(self.highest);
            }
        }
        let mut pages = 0;
        let mut failure = None;
        self.reach = (self.reach * 2).min(MAX_COMMANDS);
        for answer in answers {
            let ids = match answer {
                Answer::Page(ids) => ids,
                Answer::Failed {
                    failure,
                    again: false,
                } if pages == 0 => {
                    return Outcome::new(pages, Step::Stop(Stop::Failed(failure)));
                }
                Answer::Failed { failure: last, .. } => {
                    failure = Some(last);
                    break;
                }
                Answer::Missing => break,
            };
            let Some(&last) = ids.ids.last() else {
                return Outcome::new(pages, Step::Done);
            };
            if let Some((before, id)) = ids.first_fall(self.after) {
                if pages == 0 {
                    return Outcome::new(pages, Step::Stop(Stop::Fall { before, id }));
                }
                self.lost_link(pages);
                break;
            }
            self.size.learn_page(&ids);
            if let Some(until) = self.until
                && last > until
            {
                return self.end_window(pages, &ids, until);
            }
            self.after = Some(last);
            pages += 1;
            if self.until.or(self.highest).is_some_and(|end| last >= end) {
                return Outcome::new(pages, Step::Done);
            }
            if !ids.is_full() {
                self.reach = (pages * 2).clamp(FIRST_PAGES, MAX_COMMANDS);
                break;
            }
        }
        let step = self.after_pages(pages, failure);
        Outcome::new(pages, step)
    }

    /// A row behind the window came: all rows of the window have.
    fn end_window<F>(&mut self, pages: usize, ids: &Ids, until: Id) -> Outcome<F> {
        let rows = ids.ids.partition_point(|id| *id <= until);
        self.empty_before = ids.ids.get(rows).copied();
        let cut = rows.checked_sub(1).map(|at| Cut {
            rows,
            last: ids.ids[at],
        });
        Outcome {
            pages: pages + usize::from(cut.is_some()),
            cut,
            step: Step::Done,
        }
    }

    /// The last request was lost as a whole. Whether there is a shorter one to ask for.
    pub(super) fn shrink(&mut self) -> bool {
        let pages = self.asked.iter().filter(|link| **link != Link::Top).count();
        self.reach = (pages / 4).max(1);
        pages > 1
    }

    /// The request took so long a page.
    pub(super) fn learn_seconds(&mut self, seconds_per_page: f64) {
        self.size.learn_seconds(seconds_per_page);
    }

    /// The answer was so long a page.
    pub(super) fn learn_bytes(&mut self, bytes_per_page: f64) {
        self.size.learn_bytes(bytes_per_page);
    }

    fn after_pages<F>(&mut self, pages: usize, failure: Option<F>) -> Step<F> {
        if pages > 0 {
            self.barren = 0;
            return Step::More;
        }
        self.barren += 1;
        if self.barren < MAX_BARREN {
            Step::More
        } else {
            Step::Stop(Stop::Barren(failure))
        }
    }

    /// A page did not follow a full one. If that happens to second pages again and again, this
    /// portal does not resolve references, and the pages are asked for one by one.
    fn lost_link(&mut self, pages: usize) {
        if pages == 1 {
            self.unlinked += 1;
            self.chained = self.unlinked < MAX_BARREN;
        }
    }
}

#[cfg(test)]
mod tests;
