//! v2 lists by id: a batch of chained pages a request.

use std::ops::Range;

use bytes::Bytes;

use super::chain::{Answer, Chain, Ids, Link, Outcome, Step, Stop};
use super::cursor::Position;
use super::id::Id;
use super::query::{Bound, Query};
use super::reader::{Ask, Next, PageRows, Reader, Taken, cannot_go_on};
use super::rows::{self, Rows};
use crate::batch::wire;
use crate::error::{ApiError, Error, Kind, Reason};
use crate::room::decode::{Success, Time};
use crate::room::found::{Found, Results, named};
use crate::room::retry;
use crate::value::Tree;
use crate::value::form::{self, Empty};

/// The command that asks for the end of the table.
const TOP: &str = "top";

/// Codes of a refusal that asking again does not change.
const FINAL: &[&str] = &[
    "ACCESS_DENIED",
    "ERROR_ACCESS_DENIED",
    "ERROR_ARGUMENT",
    "ERROR_BATCH_METHOD_NOT_ALLOWED",
    "ERROR_METHOD_NOT_FOUND",
    "INVALID_ARG_VALUE",
    "INVALID_CREDENTIALS",
    "insufficient_scope",
];

/// Reads a v2 list in chains of pages.
#[derive(Debug)]
pub(super) struct Chained {
    method: String,
    query: Query,
    chain: Chain,
    /// Whether the list is read in batches: portals may count their operating time apart, so a
    /// single page goes in one, too.
    batched: bool,
    asked: Vec<Link>,
}

/// A page that did not come, and why.
#[derive(Debug)]
enum Failure {
    Api(ApiError),
    Answer(String),
}

impl Chained {
    pub(super) fn new(method: &str, query: Query, after: Option<Id>) -> Self {
        let chain = Chain::new(after, query.chainable());
        Self {
            method: method.to_owned(),
            query,
            chain,
            batched: false,
            asked: Vec::new(),
        }
    }

    /// A page out of the result of one command.
    fn page(&self, found: &Found<Range<usize>>, body: &Bytes) -> (Answer<Failure>, Option<Rows>) {
        let rows = match Rows::find(found, &self.query.shape().key, body) {
            Ok(rows) => rows,
            Err(error) => {
                let again = error.is_nothing();
                let failure = Failure::Answer(error.to_string());
                return (Answer::Failed { failure, again }, None);
            }
        };
        match rows.ids(&self.query.shape().row_id) {
            Ok(ids) => (Answer::Page(ids), Some(rows)),
            Err(error) => {
                let failure = Failure::Answer(format!(
                    "{}; name the id of the rows with .id(\"…\"), or call by_offset()",
                    without_place(&error)
                ));
                (
                    Answer::Failed {
                        failure,
                        again: false,
                    },
                    None,
                )
            }
        }
    }

    /// Corrects a shape that nobody has written down. Whether there was anything to correct.
    fn learn(&mut self, first: Option<&Found<Range<usize>>>, body: &[u8]) -> bool {
        if !self.query.shape().guessed {
            return false;
        }
        let shape = self.query.shape();
        match first.and_then(|first| rows::guess(first, body)) {
            Some((key, id)) if key != *shape.key || id != *shape.row_id => {
                self.query.learn(key, id);
                self.chain = Chain::new(self.chain.after(), self.query.chainable());
                true
            }
            _ => false,
        }
    }

    fn accept(&mut self, answers: Vec<Answer<Failure>>, pages: Vec<Option<Rows>>) -> Taken {
        let ids: Vec<_> = answers.iter().map(last_and_count).collect();
        let Outcome {
            pages: count,
            cut,
            step,
        } = self.chain.accept(answers);
        let mut pages: Vec<PageRows> = pages
            .into_iter()
            .zip(ids)
            .take(count)
            .filter_map(|(rows, ids)| {
                let (last, count) = ids?;
                Some(PageRows {
                    rows: rows?,
                    count,
                    behind: Position::After(last),
                    moved: None,
                })
            })
            .collect();
        if let (Some(cut), Some(page)) = (cut, pages.last_mut()) {
            page.rows = page.rows.clone().first(cut.rows);
            page.count = cut.rows;
            page.behind = Position::After(cut.last);
        }
        let next = match step {
            Step::More if count == 0 => Next::Again,
            Step::More => Next::More,
            Step::Done => Next::Done,
            Step::Stop(stop) => Next::Failed(self.error(stop)),
        };
        Taken::new(pages, next)
    }

    fn error(&self, stop: Stop<Failure>) -> Error {
        match stop {
            Stop::Fall { before, id } => cannot_go_on(format!(
                "row {id} came after row {before}: the method does not filter and sort by {}; \
                 call by_offset()",
                self.query.shape().filter_id
            )),
            Stop::Failed(failure) => failure.into_error(),
            Stop::Barren(failure) => {
                let error = Error::new(
                    Kind::Temporary,
                    Reason::List("three requests in a row brought no page".to_owned()),
                );
                match failure {
                    Some(failure) => error.with_source(failure.into_error()),
                    None => error,
                }
            }
        }
    }

    fn take_call(&mut self, results: &Results) -> Taken {
        let (answer, rows) = self.page(results.only(), &results.body);
        let failed = matches!(answer, Answer::Failed { .. });
        if failed && self.learn(Some(results.only()), &results.body) {
            return Taken::new(Vec::new(), Next::More);
        }
        self.accept(vec![answer], vec![rows])
    }

    fn take_batch(&mut self, results: &Results) -> Taken {
        let names = names(&self.asked);
        let times = names.iter().filter_map(|name| named(&results.times, name));
        let times: Vec<&Time> = times.collect();
        if let Some(seconds) = seconds_per_page(&times) {
            self.chain.learn_seconds(seconds);
        }
        let answered = results.found.len().max(1);
        self.chain
            .learn_bytes(results.body.len() as f64 / answered as f64);
        let charge = times.iter().rev().find_map(|time| time.charge());
        let mut errors = names.iter().filter_map(|name| named(&results.errors, name));
        let refused = errors.any(retry::is_operating_limit);
        let taken = self.take_commands(&names, results);
        Taken {
            charge,
            refused,
            ..taken
        }
    }

    fn take_commands(&mut self, names: &[String], results: &Results) -> Taken {
        let Results {
            body,
            found,
            errors,
            ..
        } = results;
        let first = names.first().and_then(|name| named(found, name));
        let refused = names.first().and_then(|name| named(errors, name));
        if refused.is_some_and(retry::is_operating_limit) {
            return Taken::new(Vec::new(), Next::Postponed);
        }
        let (answers, pages): (Vec<_>, Vec<_>) = names
            .iter()
            .map(|name| match (named(errors, name), named(found, name)) {
                (Some(error), _) => {
                    let again = !FINAL.contains(&error.code.as_str());
                    (
                        Answer::Failed {
                            failure: Failure::Api(error.clone()),
                            again,
                        },
                        None,
                    )
                }
                (None, Some(found)) => self.page(found, body),
                (None, None) => (Answer::Missing, None),
            })
            .unzip();
        if matches!(answers.first(), Some(Answer::Failed { .. })) && self.learn(first, body) {
            return Taken::new(Vec::new(), Next::More);
        }
        self.accept(answers, pages)
    }
}

impl Reader for Chained {
    fn ask(&mut self, rows: Option<u64>) -> Ask {
        self.asked = self.chain.next_request(rows).to_vec();
        let names = names(&self.asked);
        let params = |at: usize| match self.asked[at] {
            Link::Start => self.query.page(&Bound::None),
            Link::After(id) => self.query.page(&Bound::Id(id)),
            Link::Next => self.query.page(&Bound::LastOf(names[at - 1].clone())),
            Link::Top => self.query.top(),
        };
        self.batched = self.query.chainable() && (self.batched || self.asked.len() > 1);
        if !self.batched {
            return Ask::call(&self.method, &Tree::Map(params(0)));
        }
        let commands: Vec<String> = (0..self.asked.len())
            .map(|at| {
                // Parameters that a form cannot express are never chained.
                let query = form::encode(&params(at), Empty::Drop).unwrap_or_default();
                format!("{}?{query}", self.method)
            })
            .collect();
        let pairs = names.iter().zip(&commands);
        let body = wire::v2_body(
            true,
            pairs.map(|(name, command)| (name.as_str(), command.as_str())),
        );
        Ask {
            method: "batch".into(),
            body,
        }
    }

    fn take(&mut self, success: &Success<Results>) -> Taken {
        if self.batched {
            self.take_batch(&success.result)
        } else {
            self.take_call(&success.result)
        }
    }

    fn shrink(&mut self) -> bool {
        self.chain.shrink()
    }

    fn chain(&mut self) -> Option<&mut Chain> {
        Some(&mut self.chain)
    }

    fn split(&mut self, pages: usize) -> Option<Box<dyn Reader>> {
        Some(Box::new(Self {
            method: self.method.clone(),
            query: self.query.clone(),
            chain: self.chain.split(pages)?,
            batched: self.batched,
            asked: Vec::new(),
        }))
    }

    fn rows_left(&self) -> Option<u64> {
        self.chain.rows_left()
    }

    fn place_behind(&self, page: &PageRows, count: usize) -> Result<Position, Error> {
        let ids = page.rows.ids(&self.query.shape().row_id);
        let id = ids.ok().and_then(|ids| ids.ids.get(count - 1).copied());
        id.map(Position::After)
            .ok_or_else(|| cannot_go_on("a row has lost its id".to_owned()))
    }
}

impl Failure {
    fn into_error(self) -> Error {
        match self {
            Self::Api(error) => Error::api(error),
            Self::Answer(text) => cannot_go_on(text),
        }
    }
}

/// The names of the commands: `p00`, `p01`, … and `top`.
fn names(links: &[Link]) -> Vec<String> {
    let name = |(at, link): (usize, &Link)| match link {
        Link::Top => TOP.to_owned(),
        _ => format!("p{at:02}"),
    };
    links.iter().enumerate().map(name).collect()
}

fn last_and_count(answer: &Answer<Failure>) -> Option<(Id, usize)> {
    match answer {
        Answer::Page(Ids { ids, .. }) => Some((*ids.last()?, ids.len())),
        _ => None,
    }
}

/// From one finish to the next: `duration` counts from a whole second since rest 25, so a fast
/// page seems to take half a second.
fn seconds_per_page(times: &[&Time]) -> Option<f64> {
    let finishes: Vec<f64> = times.iter().filter_map(|time| time.finish).collect();
    if let [first, .., last] = finishes[..] {
        return Some(((last - first) / (finishes.len() - 1) as f64).max(0.0));
    }
    times.first().and_then(|time| time.duration)
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}
