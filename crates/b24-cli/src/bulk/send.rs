//! The requests: what the machine decides is done here.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use b24::Outcomes;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::answer::judge;
use super::look::{Found, Look, Unseen, look};
use super::machine::{Answer, Certainty, Finding, Machine, Standing, Step, fence_left};
use super::{Ended, How, Job, Jobs, Proof, SharedJournal};
use crate::failure::{Failure, Kind, from_sdk};
use crate::journal::{End, Entry, JournalError, State};
use crate::printer::{Progress, counted, grouped, time_after};
use crate::stop::Reason;

/// What is under way when the run must end may still be answered within this time.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// A wait that ends so soon after one that was told is not told again.
const SAME_WAIT: Duration = Duration::from_secs(5);

/// Sends all jobs. What became of them is in the journal, whichever way it ends.
///
/// # Errors
/// Why it ended before all rows had: a signal, `--deadline`, a credential that is no longer good, a disk that is
/// full, a portal that does not answer. The same command goes on.
pub(crate) async fn run(
    jobs: &mut impl Jobs,
    journal: &SharedJournal,
    how: &How<'_>,
) -> Result<Ended, Failure> {
    let begun = journal.tally().map_err(|error| error.failure())?;
    let mut run = Run {
        how,
        journal,
        machine: Machine::new(how.settle),
        jobs: HashMap::new(),
        earlier: HashSet::new(),
        under_way: JoinSet::new(),
        origin: Instant::now(),
        opened: Timestamp::now(),
        ended: Ended::default(),
        before: begun.ended(),
        done: begun.ended(),
    };
    match run.all(jobs).await {
        Ok(()) => Ok(run.ended),
        Err(stop) => {
            run.last_answers(&stop).await;
            Err(stop.failure(journal, how))
        }
    }
}

/// Why a run ends before its rows have.
enum Stop {
    Asked(Reason),
    Portal(b24::Error),
    /// Too many answers were lost; the last reason.
    Lost(String),
    Journal(JournalError),
    /// Said by whoever makes the jobs.
    Told(Failure),
}

impl From<JournalError> for Stop {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// A request that has come back.
enum Landed {
    Sent {
        rows: Vec<u64>,
        outcomes: Result<Outcomes, b24::Error>,
        /// When it left last, if it did.
        left: Option<Instant>,
        /// Why the journal did not let it leave.
        kept: Option<JournalError>,
    },
    Looked(Result<Found, Unseen>),
}

struct Run<'a> {
    how: &'a How<'a>,
    journal: &'a SharedJournal,
    machine: Machine,
    jobs: HashMap<u64, Job>,
    /// Rows that an earlier run has left unsettled.
    earlier: HashSet<u64>,
    under_way: JoinSet<Landed>,
    /// When the machine's clock was 0, by both clocks.
    origin: Instant,
    opened: Timestamp,
    ended: Ended,
    /// Rows that had ended before this run.
    before: u64,
    done: u64,
}

impl Run<'_> {
    async fn all(&mut self, jobs: &mut impl Jobs) -> Result<(), Stop> {
        let mut said = Duration::ZERO;
        loop {
            match self.machine.next(self.origin.elapsed()) {
                Step::Feed => self.feed(jobs).await?,
                Step::Send(rows) => self.send(rows),
                Step::Look(rows) => self.look(&rows),
                Step::Wait(until) => {
                    let idle = self.under_way.is_empty();
                    if let Some(until) = until.filter(|until| idle && *until > said + SAME_WAIT) {
                        self.say_wait(until);
                        said = until;
                    }
                    self.wait(until).await?;
                }
                Step::Over => return Ok(()),
                Step::GiveUp => return Err(Stop::Lost(self.last_reason()?)),
            }
        }
    }

    /// Brings more rows into play.
    async fn feed(&mut self, jobs: &mut impl Jobs) -> Result<(), Stop> {
        let more = tokio::select! {
            more = jobs.next() => more.map_err(Stop::Told)?,
            reason = self.how.session.stop.requested() => return Err(Stop::Asked(reason)),
        };
        if more.is_empty() {
            self.machine.fed();
            return Ok(());
        }
        let mut ends = Vec::new();
        for job in more {
            let row = job.row;
            let entry = self.journal.entry(row)?;
            if entry
                .as_ref()
                .is_some_and(|entry| is_over(entry, &job.proof))
            {
                continue;
            }
            let standing = self.standing(entry.as_ref());
            if matches!(standing, Standing::Unsettled { .. }) {
                self.earlier.insert(row);
            }
            let now = self.origin.elapsed();
            match self.machine.feed(row, certainty(&job.proof), standing, now) {
                Some(end) => ends.push((row, end)),
                None => drop(self.jobs.insert(row, job)),
            }
        }
        self.settle(&ends)
    }

    /// What an earlier run has left of a row.
    fn standing(&self, entry: Option<&Entry>) -> Standing {
        let Some(entry) = entry else {
            return Standing::Waiting { lost: 0 };
        };
        if entry.state == State::Waiting {
            return Standing::Waiting { lost: entry.lost };
        }
        let trusted = !self.journal.with(|journal| journal.clock_went_back());
        let since = entry.sent.filter(|_| trusted).and_then(|sent| {
            // Against the clock at the start, which the journal has checked, and then by the steady one.
            let until_start = Duration::try_from(self.opened.duration_since(sent)).ok()?;
            Some(until_start + self.origin.elapsed())
        });
        Standing::Unsettled {
            lost: entry.lost,
            left: fence_left(self.how.settle, since),
        }
    }

    fn send(&mut self, rows: Vec<u64>) {
        let client = &self.how.connection.client;
        let left = Arc::new(Mutex::new(None));
        let kept = Arc::new(Mutex::new(None));
        let permit = {
            let (journal, rows) = (self.journal.clone(), rows.clone());
            let (left, kept) = (Arc::clone(&left), Arc::clone(&kept));
            move |places: &[usize]| {
                let leaving: Vec<u64> = places
                    .iter()
                    .filter_map(|place| rows.get(*place).copied())
                    .collect();
                match journal.with(|journal| journal.sent(&leaving)) {
                    Ok(()) => {
                        set(&left, Instant::now());
                        Ok(())
                    }
                    Err(error) => {
                        let text = error.to_string();
                        set(&kept, error);
                        Err(text)
                    }
                }
            }
        };
        let mut batch = client.v2().batch().before_send(permit);
        for job in rows.iter().filter_map(|row| self.jobs.get(row)) {
            let call = client.v2().call(&job.method).params(&job.params);
            batch.push(match job.proof {
                Proof::Repeat => call.idempotent(true),
                Proof::Look(_) | Proof::Nothing => call.idempotent(false),
            });
        }
        self.under_way.spawn(async move {
            let outcomes = batch.await;
            let left = take(&left);
            let kept = take(&kept);
            Landed::Sent {
                rows,
                outcomes,
                left,
                kept,
            }
        });
    }

    fn look(&mut self, rows: &[u64]) {
        let client = self.how.connection.client.clone();
        let looks: Vec<(u64, Look)> = rows
            .iter()
            .filter_map(|row| match &self.jobs.get(row)?.proof {
                Proof::Look(look) => Some((*row, look.clone())),
                Proof::Repeat | Proof::Nothing => None,
            })
            .collect();
        self.under_way
            .spawn(async move { Landed::Looked(look(client, looks).await) });
    }

    /// Waits for an answer or the time.
    async fn wait(&mut self, until: Option<Duration>) -> Result<(), Stop> {
        let over = async {
            match until {
                Some(until) => tokio::time::sleep_until(self.origin + until).await,
                None => std::future::pending().await,
            }
        };
        let landed = tokio::select! {
            Some(landed) = self.under_way.join_next() => landed,
            () = over => return Ok(()),
            reason = self.how.session.stop.requested() => return Err(Stop::Asked(reason)),
        };
        match landed {
            Ok(landed) => self.landed(landed),
            Err(error) => Err(Stop::Told(Failure::local(format!(
                "a request broke: {error}"
            )))),
        }
    }

    fn landed(&mut self, landed: Landed) -> Result<(), Stop> {
        match landed {
            Landed::Sent {
                rows,
                outcomes,
                left,
                kept,
            } => {
                let sent = left.map_or(self.origin.elapsed(), |left| left - self.origin);
                let mut stop = kept.map(Stop::Journal);
                let mut answers = Vec::with_capacity(rows.len());
                match outcomes {
                    Ok(outcomes) => {
                        let together = rows.len();
                        for (row, (_, outcome)) in rows.into_iter().zip(outcomes) {
                            let judged = judge(outcome, together);
                            if let Some(error) = judged.stop {
                                stop.get_or_insert(Stop::Portal(error));
                            }
                            answers.push((row, judged.answer));
                        }
                    }
                    // Nothing was sent: one of the rows cannot be written down as a command.
                    Err(error) => answers.extend(rows.into_iter().map(|row| {
                        let reason = error.to_string();
                        (row, Answer::Misfit { reason })
                    })),
                }
                let ends = self.machine.answered(answers, sent);
                self.settle(&ends)?;
                stop.map_or(Ok(()), Err)
            }
            Landed::Looked(Ok(found)) => self.looked(found),
            Landed::Looked(Err(Unseen::Portal(error))) => Err(Stop::Portal(error)),
            Landed::Looked(Err(Unseen::Field)) => Err(Stop::Told(Failure::new(
                Kind::Answer,
                "the portal does not say which of the rows that were looked up is which",
            ))),
        }
    }

    fn looked(&mut self, found: Found) -> Result<(), Stop> {
        let rows: Vec<u64> = found.findings.iter().map(|(row, _)| *row).collect();
        let absent = found
            .findings
            .iter()
            .filter(|(_, finding)| *finding == Finding::NotRun)
            .count() as u64;
        let exist = rows.len() as u64 - absent;
        self.ended.found += exist;
        self.ended.absent += absent;
        self.ended.differing.extend(found.differing);
        let field = rows
            .first()
            .and_then(|row| match &self.jobs.get(row)?.proof {
                Proof::Look(look) => Some(look.question.field.clone()),
                Proof::Repeat | Proof::Nothing => None,
            });
        if rows.iter().any(|row| self.earlier.contains(row)) {
            self.how.session.printer.note(format!(
                "{} looked up by {}: {} exist, {} do not{}",
                counted(rows.len() as u64, "unknown row", "unknown rows"),
                field.unwrap_or_default(),
                grouped(exist),
                grouped(absent),
                if absent > 0 { " and are sent now" } else { "" },
            ));
        }
        let ends = self.machine.looked(found.findings);
        self.settle(&ends)
    }

    /// Writes down what rows came to, and forgets those that have ended.
    fn settle(&mut self, ends: &[(u64, End)]) -> Result<(), Stop> {
        self.journal.settle(ends)?;
        for (row, end) in ends {
            if !self.machine.has(*row) {
                self.jobs.remove(row);
                self.earlier.remove(row);
                self.done += u64::from(!matches!(end, End::Again));
            }
        }
        let (fenced, _) = self.machine.fenced();
        self.how.session.printer.progress(&Progress {
            what: self.how.rows.to_owned(),
            done: self.done,
            before: self.before,
            total: Some(self.how.total),
            binds: (fenced > 0).then(|| "answers that were lost".to_owned()),
        });
        Ok(())
    }

    fn say_wait(&self, until: Duration) {
        let (fenced, _) = self.machine.fenced();
        let left = until.saturating_sub(self.origin.elapsed());
        self.how.session.printer.waiting(&format!(
            "{} may still run; looking for them at {}",
            counted(
                fenced as u64,
                "row without an answer",
                "rows without an answer"
            ),
            time_after(left)
        ));
    }

    fn last_reason(&self) -> Result<String, Stop> {
        let unknown = self
            .journal
            .with(|journal| journal.entries(&[State::Unknown], 0, 1))?;
        let reason = unknown.into_iter().next().and_then(|entry| entry.reason);
        Ok(reason.unwrap_or_default())
    }

    /// Takes in what is answered soon; whoever pressed Ctrl-C does not wait.
    async fn last_answers(&mut self, stop: &Stop) {
        if matches!(stop, Stop::Asked(_) | Stop::Journal(_)) {
            return;
        }
        let all = async {
            while let Some(landed) = self.under_way.join_next().await {
                // The run ends for its first reason.
                let _ = landed.map(|landed| self.landed(landed));
            }
        };
        let _ = tokio::time::timeout(LAST_ANSWERS, all).await;
    }
}

impl Stop {
    fn failure(self, journal: &SharedJournal, how: &How<'_>) -> Failure {
        let tally = journal.tally().unwrap_or_default();
        let so_far = format!("{} of {}", grouped(tally.done), grouped(how.total));
        let open = tally.sent + tally.unknown;
        let kept = journal.with(|journal| journal.path().display().to_string());
        let mut state = format!(
            "{so_far} {} are on {}; the journal is {kept}",
            how.rows, how.connection.host
        );
        if open > 0 {
            state = format!(
                "{state}, with {} to look up",
                counted(open, "unknown row", "unknown rows")
            );
        }
        let again = "the same command goes on, and sends nothing twice";
        let failure = match self {
            Self::Asked(reason) => Failure::stopped(reason, how.session.command).hint(again),
            Self::Portal(error) => from_sdk(&error, Some(how.connection)).hint(again),
            Self::Lost(reason) => Failure::new(
                Kind::Temporary,
                format!("the answers of too many requests in a row were lost: {reason}"),
            )
            .hint(again),
            Self::Journal(error) if error.is_disk() => {
                Failure::local(format!("{error} after {so_far} {}", how.rows))
                    .hint(format!("free space, then {again}"))
            }
            Self::Journal(error) => Failure::local(error.to_string()),
            Self::Told(failure) => failure,
        };
        failure.state(state)
    }
}

/// Whether nothing is left to do about a row, or nothing can be done.
fn is_over(entry: &Entry, proof: &Proof) -> bool {
    entry.state.is_final() || (entry.state == State::Unknown && matches!(proof, Proof::Nothing))
}

fn certainty(proof: &Proof) -> Certainty {
    match proof {
        Proof::Repeat => Certainty::Repeat,
        Proof::Look(_) => Certainty::Look,
        Proof::Nothing => Certainty::Nothing,
    }
}

fn set<T>(place: &Mutex<Option<T>>, value: T) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
}

fn take<T>(place: &Mutex<Option<T>>) -> Option<T> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}
