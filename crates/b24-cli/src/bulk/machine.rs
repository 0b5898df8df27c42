//! Which rows go next, and what an answer does to a row. Pure: no clock, no file, no portal; time comes in as
//! a number, what to do goes out as a word.
//!
//! ```text
//! ready -> under way -> over
//!            └ lost: Repeat  -> ready
//!                    Look    -> fenced -> looked up -> over | ready
//!                    Nothing -> over, unknown
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::journal::End;

/// Commands of one request.
pub(super) const REQUEST: usize = 50;
/// Requests under way together; more would not be faster, see the SDK's batches.
const TOGETHER: usize = 4;
/// Rows in play at once: a bound for memory while answers are lost.
const IN_PLAY: usize = 10_000;
/// After so many lost answers in a row nothing new is sent until the portal was seen again.
const TROUBLE: u32 = 5;
/// So often it may come to that without one answer in between.
const TROUBLES: u32 = 3;
/// How many rows go together, by how often they were lost: one of them may be what breaks their request.
const TOGETHER_BY_LOST: [(u32, usize); 3] = [(0, REQUEST), (2, 10), (4, 1)];
/// A row that was lost as often is not sent again.
const LOST: u32 = 10;

/// What can be done about a row whose answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// Run twice, it leaves what one run leaves: it is sent again at once.
    Repeat,
    /// The portal can be asked, once the request cannot run any more.
    Look,
    /// Nothing can tell.
    Nothing,
}

/// Where a row stands when it comes into play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was not sent, or did not run; its answer was lost so many times before that.
    Waiting { lost: u32 },
    /// It was sent by an earlier run, and may have run; its fence is over after `left`.
    Unsettled { lost: u32, left: Duration },
}

/// What came back for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It ran.
    Ran { id: Option<String> },
    /// It was refused for good.
    Refused { code: String, reason: String },
    /// It surely did not run, and may be sent again.
    NotRun,
    /// It cannot stand in a request with others, or not at all.
    Misfit { reason: String },
    /// It may have run.
    Lost { reason: String },
}

/// What a look at the portal says about a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// It has run.
    Ran { id: Option<String> },
    /// It has not.
    NotRun,
    /// It has run more than once.
    Doubled { ids: Vec<String> },
    /// It cannot run any more.
    Refused { code: String, reason: String },
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Bring more rows into play.
    Feed,
    /// Send these in one request.
    Send(Vec<u64>),
    /// Ask the portal about these.
    Look(Vec<u64>),
    /// Wait for an answer, or until then at the latest.
    Wait(Option<Duration>),
    /// Nothing is left.
    Over,
    /// Too many answers were lost in a row: end, and go on another time.
    GiveUp,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    certainty: Certainty,
    lost: u32,
    alone: bool,
}

/// The rows in play.
#[derive(Debug)]
pub(crate) struct Machine {
    settle: Duration,
    rows: BTreeMap<u64, Row>,
    /// Rows that can be sent, by how many go together.
    ready: [VecDeque<u64>; TOGETHER_BY_LOST.len()],
    /// When a row cannot run any more.
    fenced: BTreeSet<(Duration, u64)>,
    requests: usize,
    /// No more rows come.
    fed: bool,
    lost_in_a_row: u32,
    troubles: u32,
}

impl Machine {
    /// A machine whose lost rows wait `settle`, counted from their send.
    pub(crate) fn new(settle: Duration) -> Self {
        Self {
            settle,
            rows: BTreeMap::new(),
            ready: Default::default(),
            fenced: BTreeSet::new(),
            requests: 0,
            fed: false,
            lost_in_a_row: 0,
            troubles: 0,
        }
    }

    /// A row comes into play. An end: nothing can be done about it.
    pub(crate) fn feed(
        &mut self,
        row: u64,
        certainty: Certainty,
        standing: Standing,
        now: Duration,
    ) -> Option<End> {
        let (lost, fence) = match standing {
            Standing::Waiting { lost } => (lost, None),
            Standing::Unsettled { lost, left } => (lost, Some(now + left)),
        };
        let known = Row {
            certainty,
            lost,
            alone: false,
        };
        match (fence, certainty) {
            (Some(_), Certainty::Nothing) => {
                return Some(End::Unknown {
                    reason: "an earlier run has sent it, and was stopped before the answer"
                        .to_owned(),
                });
            }
            (Some(fence), Certainty::Look) => {
                self.rows.insert(row, known);
                self.fenced.insert((fence, row));
            }
            (Some(_), Certainty::Repeat) | (None, _) => {
                self.rows.insert(row, known);
                self.make_ready(row, false);
            }
        }
        None
    }

    /// No more rows come.
    pub(crate) fn fed(&mut self) {
        self.fed = true;
    }

    /// Whether the row is in play.
    pub(crate) fn has(&self, row: u64) -> bool {
        self.rows.contains_key(&row)
    }

    /// Rows that wait until they cannot run any more, and the latest time of it.
    pub(crate) fn fenced(&self) -> (usize, Option<Duration>) {
        let last = self.fenced.last().map(|(until, _)| *until);
        (self.fenced.len(), last)
    }

    /// What to do now. `Send` and `Look` count as done with the answer.
    pub(crate) fn next(&mut self, now: Duration) -> Step {
        let calm = self.lost_in_a_row < TROUBLE;
        if !calm && self.requests == 0 && (self.troubles >= TROUBLES || self.fenced.is_empty()) {
            return Step::GiveUp;
        }
        if self.requests < TOGETHER {
            if let Some(rows) = self.due(now, calm) {
                self.requests += 1;
                return Step::Look(rows);
            }
            if calm && !self.fed && self.ready[0].len() < REQUEST && self.rows.len() < IN_PLAY {
                return Step::Feed;
            }
            if calm && let Some(rows) = self.take_ready() {
                self.requests += 1;
                return Step::Send(rows);
            }
        }
        match self.fenced.first() {
            Some((until, _)) if self.requests < TOGETHER => Step::Wait(Some(*until)),
            _ if self.requests > 0 => Step::Wait(None),
            _ => Step::Over,
        }
    }

    /// Rows to ask about: as many as fit in a request, or what there is when nothing else is left to do.
    fn due(&mut self, now: Duration, calm: bool) -> Option<Vec<u64>> {
        let due: Vec<(Duration, u64)> = self
            .fenced
            .iter()
            .take(REQUEST)
            .take_while(|(until, _)| *until <= now)
            .copied()
            .collect();
        let idle = !calm
            || (self.ready.iter().all(VecDeque::is_empty)
                && (self.fed || self.rows.len() >= IN_PLAY));
        if due.is_empty() || (due.len() < REQUEST && !idle) {
            return None;
        }
        for one in &due {
            self.fenced.remove(one);
        }
        Some(due.into_iter().map(|(_, row)| row).collect())
    }

    fn take_ready(&mut self) -> Option<Vec<u64>> {
        let (queue, (_, together)) = self
            .ready
            .iter_mut()
            .zip(TOGETHER_BY_LOST)
            .find(|(queue, _)| !queue.is_empty())?;
        let take = queue.len().min(together);
        Some(queue.drain(..take).collect())
    }

    /// A request with these rows has ended; `sent` is when it left last. Returns what the rows came to.
    pub(crate) fn answered(
        &mut self,
        answers: Vec<(u64, Answer)>,
        sent: Duration,
    ) -> Vec<(u64, End)> {
        self.requests -= 1;
        let lost = |(_, answer): &(u64, Answer)| matches!(answer, Answer::Lost { .. });
        let heard = |(_, answer): &(u64, Answer)| {
            matches!(answer, Answer::Ran { .. } | Answer::Refused { .. })
        };
        if answers.iter().any(heard) {
            self.lost_in_a_row = 0;
            self.troubles = 0;
        } else if answers.iter().any(lost) {
            self.lost_in_a_row += 1;
            self.troubles += u32::from(self.lost_in_a_row == TROUBLE);
        }
        let mut ends = Vec::with_capacity(answers.len());
        // Backwards: what goes to the front again keeps its order.
        for (row, answer) in answers.into_iter().rev() {
            if let Some(end) = self.answer(row, answer, sent) {
                ends.push((row, end));
            }
        }
        ends
    }

    fn answer(&mut self, row: u64, answer: Answer, sent: Duration) -> Option<End> {
        let known = self.rows.get_mut(&row)?;
        let end = match answer {
            Answer::Ran { id } => End::Done { id },
            Answer::Refused { code, reason } => End::Failed { code, reason },
            Answer::Misfit { reason } if known.alone => End::Failed {
                code: String::new(),
                reason,
            },
            Answer::Misfit { .. } => {
                known.alone = true;
                self.make_ready(row, false);
                return Some(End::Again);
            }
            Answer::NotRun => {
                self.make_ready(row, true);
                return Some(End::Again);
            }
            Answer::Lost { reason } => {
                known.lost += 1;
                let again = known.lost < LOST;
                match known.certainty {
                    Certainty::Look => {
                        self.fenced.insert((sent + self.settle, row));
                        return Some(End::Unknown { reason });
                    }
                    Certainty::Repeat if again => {
                        self.make_ready(row, false);
                        return Some(End::Unknown { reason });
                    }
                    Certainty::Repeat | Certainty::Nothing => End::Unknown { reason },
                }
            }
        };
        self.rows.remove(&row);
        Some(end)
    }

    /// The portal has been asked about these rows. Returns what they came to.
    pub(crate) fn looked(&mut self, findings: Vec<(u64, Finding)>) -> Vec<(u64, End)> {
        self.requests -= 1;
        self.lost_in_a_row = 0;
        let mut ends = Vec::with_capacity(findings.len());
        for (row, finding) in findings.into_iter().rev() {
            let Some(known) = self.rows.get(&row) else {
                continue;
            };
            let end = match finding {
                Finding::Ran { id } => End::Done { id },
                Finding::Doubled { ids } => End::Doubled { ids },
                Finding::Refused { code, reason } => End::Failed { code, reason },
                Finding::NotRun if known.lost < LOST => {
                    self.make_ready(row, true);
                    ends.push((row, End::Again));
                    continue;
                }
                Finding::NotRun => End::Failed {
                    code: String::new(),
                    reason: format!(
                        "the portal did not carry it out, and its answer was lost {} times",
                        known.lost
                    ),
                },
            };
            self.rows.remove(&row);
            ends.push((row, end));
        }
        ends
    }

    fn make_ready(&mut self, row: u64, first: bool) {
        let Some(known) = self.rows.get(&row) else {
            return;
        };
        let alone = TOGETHER_BY_LOST.len() - 1;
        let class = TOGETHER_BY_LOST
            .iter()
            .rposition(|(lost, _)| known.lost >= *lost)
            .filter(|_| !known.alone)
            .unwrap_or(alone);
        if first {
            self.ready[class].push_front(row);
        } else {
            self.ready[class].push_back(row);
        }
    }
}

/// How long a row that an earlier run has sent may still run.
///
/// `since` is the time from its send to now; `None`: the clock has gone back, or says nothing, so it is waited for
/// in full.
pub(crate) fn fence_left(settle: Duration, since: Option<Duration>) -> Duration {
    settle.saturating_sub(since.unwrap_or_default())
}
