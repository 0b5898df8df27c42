//! Sending the commands in groups.

use std::collections::VecDeque;

use anyhow::Result;
use b24::{Effect, Outcome};

use super::group::{Entry, GROUP, Group, Maker};
use super::input::{Line, Overview};
use super::report::{Counts, Report};
use crate::catalogue::Version;
use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Kind, from_sdk};
use crate::printer::{counted, grouped};
use crate::session::Session;
use crate::stop::Reason;

/// Runs all commands.
pub(super) async fn run(
    session: &Session,
    connection: &Connection,
    commands: impl Iterator<Item = Result<Line, Failure>>,
    overview: Overview,
    version: Version,
    halt: bool,
) -> Result<Exit> {
    let mut run = Run {
        session,
        connection,
        maker: Maker {
            connection,
            version,
            halt,
            references_wait: false,
        },
        waiting: VecDeque::new(),
        report: Report::new(session, connection),
    };
    let mut commands = commands.fuse();
    loop {
        while run.waiting.len() < GROUP
            && let Some(line) = commands.next()
        {
            run.waiting.push_back(line?);
        }
        if run.waiting.is_empty() {
            break;
        }
        let go_on = run.step().await;
        run.report.flush().map_err(|error| run.unwritten(error))?;
        run.report.progress(overview.commands);
        if let Err(end) = go_on {
            run.skip_rest(commands)?;
            run.report.summary();
            return end.map_or_else(|| run.report.conclude(), |failure| Err(failure.into()));
        }
    }
    run.report.summary();
    run.report.conclude()
}

/// Why no further command is sent: the failure that is told, or none when the failed lines are.
type End = Option<Failure>;

struct Run<'a> {
    session: &'a Session,
    connection: &'a Connection,
    maker: Maker<'a>,
    waiting: VecDeque<Line>,
    report: Report<'a>,
}

impl Run<'_> {
    /// Sends one group and tells its outcomes.
    async fn step(&mut self) -> Result<(), End> {
        let group = self.maker.gather(&mut self.waiting, &self.report.results);
        let Group {
            batch,
            entries,
            depends,
            ..
        } = group;
        if batch.is_empty() {
            return self.take(entries, Vec::new());
        }
        let sent = tokio::select! {
            sent = batch => sent,
            reason = self.session.stop.requested() => return self.stopped(entries, reason),
        };
        match sent {
            Ok(outcomes) => {
                let outcomes = outcomes.into_iter().map(|(_, outcome)| outcome);
                self.take(entries, outcomes.collect())
            }
            Err(error) if depends && error.kind() == b24::Kind::Usage => {
                // A command of this group has to go alone, so another cannot refer to it there.
                self.maker.references_wait = true;
                self.put_back(entries);
                Ok(())
            }
            Err(error) => {
                let failure = self.failure(&error).state("nothing of this group was sent");
                self.put_back(entries);
                Err(Some(failure))
            }
        }
    }

    /// Tells the outcomes of a group, in order.
    fn take(&mut self, entries: Vec<Entry>, outcomes: Vec<Outcome>) -> Result<(), End> {
        let mut outcomes = outcomes.into_iter();
        let mut entries = VecDeque::from(entries);
        let (mut any_hope, mut hopeless) = (false, None);
        let told = self.report.counts.all();
        while let Some(entry) = entries.pop_front() {
            let line = match entry {
                Entry::Refused(line, why) => {
                    any_hope = true;
                    let failure = Failure::usage(why).state("it was not sent");
                    self.report.failed(&line, &failure);
                    continue;
                }
                Entry::Send(line) => line,
            };
            match outcomes.next() {
                Some(Outcome::Ok(answer)) => {
                    any_hope = true;
                    self.report.ok(&line, answer.json());
                }
                Some(Outcome::Err(error)) => {
                    any_hope |= !is_hopeless(&error);
                    let failure = self.failure(&error);
                    self.report.failed(&line, &failure);
                    hopeless.get_or_insert(failure);
                }
                Some(Outcome::Unknown(error)) => {
                    any_hope = true;
                    let failure = self.failure(&error);
                    self.report.unknown(&line, &failure);
                }
                // Nothing before it failed: it would be skipped again.
                Some(Outcome::Skipped) | None if self.report.counts.all() == told => {
                    self.report.skipped(&line);
                }
                Some(Outcome::Skipped) | None => {
                    // The SDK halts a batch with references; what does not depend on the failed
                    // command goes into the next group, what does is refused there.
                    entries.push_front(Entry::Send(line));
                    break;
                }
            }
        }
        self.put_back(entries);
        let counts = self.report.counts;
        match hopeless {
            Some(failure) if !any_hope && counts.ok + counts.unknown == 0 => Err(Some(failure)),
            Some(_) if !any_hope => Err(None),
            _ if self.maker.halt && counts.failed + counts.unknown > 0 => Err(None),
            _ => Ok(()),
        }
    }

    fn put_back(
        &mut self,
        entries: impl IntoIterator<Item = Entry, IntoIter: DoubleEndedIterator>,
    ) {
        for entry in entries.into_iter().rev() {
            let (Entry::Send(line) | Entry::Refused(line, _)) = entry;
            self.waiting.push_front(line);
        }
    }

    /// The command was stopped with a group on its way: its writes may have run.
    fn stopped(&mut self, entries: Vec<Entry>, reason: Reason) -> Result<(), End> {
        for entry in entries {
            match entry {
                Entry::Send(line) if line.effect() != Effect::Read => {
                    let why = format!(
                        "{} was under way when the batch was stopped; it may have run",
                        line.method
                    );
                    self.report
                        .unknown(&line, &Failure::new(Kind::Unknown, why));
                }
                Entry::Send(line) => self.report.skipped(&line),
                Entry::Refused(line, why) => self.report.failed(&line, &Failure::usage(why)),
            }
        }
        let none_unknown = self.report.counts.unknown == 0;
        Err(none_unknown.then(|| Failure::stopped(reason, "the batch")))
    }

    /// The outcomes of what has run have no place to go.
    fn unwritten(&self, error: std::io::Error) -> anyhow::Error {
        let Counts { ok, unknown, .. } = self.report.counts;
        let ran = counted(ok, "command has run", "commands have run");
        let unknown = match unknown {
            0 => String::new(),
            unknown => format!(", {} may have run", grouped(unknown)),
        };
        let state =
            format!("{ran}{unknown}; the last outcomes are not written, the rest is not sent");
        Failure::unwritten(error, state)
    }

    /// Nothing more is sent: every other line is skipped, and says so.
    fn skip_rest(&mut self, commands: impl Iterator<Item = Result<Line, Failure>>) -> Result<()> {
        for line in std::mem::take(&mut self.waiting) {
            self.report.skipped(&line);
        }
        for line in commands {
            self.report.skipped(&line?);
            self.report.flush_block()?;
        }
        Ok(self.report.flush()?)
    }

    fn failure(&self, error: &b24::Error) -> Failure {
        from_sdk(error, Some(self.connection))
    }
}

/// No command would fare better: the credential or the portal itself is the trouble.
fn is_hopeless(error: &b24::Error) -> bool {
    matches!(
        error.kind(),
        b24::Kind::Auth | b24::Kind::Temporary | b24::Kind::Local
    )
}
