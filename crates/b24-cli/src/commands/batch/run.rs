//! Sending the commands in groups, and one line of output for each.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::Write;
use std::time::Instant;

use anyhow::Result;
use b24::{Effect, Outcome, Slot};
use serde_json::{Value, json};

use super::input::{Line, Overview, Reference};
use super::results::Results;
use crate::catalogue::Version;
use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Kind, from_sdk};
use crate::formats::compact;
use crate::parameters::Tree;
use crate::printer::{Progress, Summary, counted, grouped};
use crate::session::Session;

/// What the portal takes in one request.
const REQUEST: usize = 50;
/// Commands handed to the SDK at once: four requests, which it sends side by side.
const GROUP: usize = 4 * REQUEST;
/// How many lines an error names.
const EXAMPLES: usize = 3;

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
        version,
        halt,
        waiting: VecDeque::new(),
        results: Results::default(),
        references_wait: false,
        counts: Counts::default(),
        reasons: BTreeMap::new(),
        out: Vec::new(),
        started: Instant::now(),
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
        let go_on = run.step().await?;
        run.flush()?;
        run.progress(overview.commands);
        if let Err(end) = go_on {
            run.skip_rest(commands)?;
            run.summary();
            return end.map_or_else(|| run.conclude(), |failure| Err(failure.into()));
        }
    }
    run.summary();
    run.conclude()
}

#[derive(Debug, Default)]
struct Counts {
    ok: u64,
    failed: u64,
    skipped: u64,
    unknown: u64,
}

/// Why no further command is sent: the failure that is told, or none when the failed lines are.
type End = Option<Failure>;

struct Run<'a> {
    session: &'a Session,
    connection: &'a Connection,
    version: Version,
    halt: bool,
    waiting: VecDeque<Line>,
    results: Results,
    /// References are filled in from answers only: the SDK cannot put them into one request.
    references_wait: bool,
    counts: Counts,
    /// Failures by method and code: how many, and the first lines.
    reasons: BTreeMap<String, (u64, Vec<u64>)>,
    out: Vec<u8>,
    started: Instant,
}

/// One line of a group.
enum Entry {
    /// Goes to the portal.
    Send(Line),
    /// Cannot be sent: what it refers to is not there.
    Refused(Line, String),
}

impl Run<'_> {
    /// Sends one group and writes its outcomes.
    async fn step(&mut self) -> Result<Result<(), End>> {
        let mut batch = match self.version {
            Version::V2 => self.connection.client.v2().batch(),
            Version::V3 => self.connection.client.v3().batch(),
        };
        if self.halt {
            batch = batch.halt(true);
        }
        let mut entries = Vec::new();
        let mut slots: HashMap<String, Slot<Value>> = HashMap::new();
        let mut depends = false;
        while entries.len() < GROUP
            && let Some(line) = self.waiting.pop_front()
        {
            let here = |reference: &Reference<'_>| slots.get(reference.name);
            let near = line
                .references()
                .iter()
                .any(|reference| here(reference).is_some());
            if near && !self.fits(&line, &slots, batch.len()) {
                self.waiting.push_front(line);
                break;
            }
            depends |= near;
            let filled = self.results.fill(&line.params, &mut |reference| {
                let slot = here(&reference)?;
                let place = if reference.each {
                    slot.each(reference.path)
                } else {
                    slot.field(reference.path)
                };
                match serde_json::to_value(place) {
                    Ok(Value::String(place)) => Some(Tree::Text(place)),
                    _ => None,
                }
            });
            match filled {
                Ok(params) => {
                    let call = match self.version {
                        Version::V2 => self.connection.client.v2().call(&line.method),
                        Version::V3 => self.connection.client.v3().call(&line.method),
                    };
                    let slot = batch.push(call.params(params));
                    if let Some(name) = &line.name {
                        slots.insert(name.clone(), slot);
                    }
                    entries.push(Entry::Send(line));
                }
                Err(why) => {
                    entries.push(Entry::Refused(line, why));
                    if self.halt {
                        break;
                    }
                }
            }
        }
        let outcomes = if batch.is_empty() {
            Vec::new()
        } else {
            let sent = tokio::select! {
                sent = batch => sent,
                reason = self.session.stop.requested() => return Ok(self.stopped(entries, reason)),
            };
            match sent {
                Ok(outcomes) => outcomes.into_iter().map(|(_, outcome)| outcome).collect(),
                Err(error) if depends && error.kind() == b24::Kind::Usage => {
                    // A command of this group has to go alone, so another cannot refer to it there.
                    self.references_wait = true;
                    self.put_back(entries);
                    return Ok(Ok(()));
                }
                Err(error) => {
                    return Ok(Err(Some(
                        self.failure(&error).state("nothing of this group was sent"),
                    )));
                }
            }
        };
        Ok(self.take(entries, outcomes))
    }

    /// Whether a line may refer to commands of this group: they must be in the same request.
    fn fits(&self, line: &Line, slots: &HashMap<String, Slot<Value>>, at: usize) -> bool {
        let request = at / REQUEST;
        let same = |slot: &Slot<Value>| slot.index() / REQUEST == request;
        let mut targets = line
            .references()
            .into_iter()
            .filter_map(|reference| slots.get(reference.name));
        !self.references_wait && targets.all(same)
    }

    /// Writes the outcomes of a group, in order.
    fn take(&mut self, entries: Vec<Entry>, outcomes: Vec<Outcome>) -> Result<(), End> {
        let mut outcomes = outcomes.into_iter();
        let mut entries = VecDeque::from(entries);
        let (mut any_hope, mut hopeless) = (false, None);
        while let Some(entry) = entries.pop_front() {
            let line = match entry {
                Entry::Refused(line, why) => {
                    let failure = Failure::usage(why).state("it was not sent");
                    self.failed(&line, &failure);
                    if self.halt {
                        self.put_back(entries);
                        return Err(None);
                    }
                    continue;
                }
                Entry::Send(line) => line,
            };
            match outcomes.next() {
                Some(Outcome::Ok(answer)) => {
                    any_hope = true;
                    self.ok(&line, answer.json());
                }
                Some(Outcome::Err(error)) => {
                    let failure = self.failure(&error);
                    self.failed(&line, &failure);
                    any_hope |= !is_hopeless(&error);
                    hopeless.get_or_insert(failure);
                }
                Some(Outcome::Unknown(error)) => {
                    any_hope = true;
                    let failure = self.failure(&error);
                    self.unknown(&line, &failure);
                }
                Some(Outcome::Skipped) | None => {
                    // The SDK halts a batch with references; what does not depend on the failed
                    // command goes into the next group, what does is refused there.
                    entries.push_front(Entry::Send(line));
                    self.put_back(entries);
                    return if self.halt { Err(None) } else { Ok(()) };
                }
            }
        }
        let nothing_ran = self.counts.ok + self.counts.unknown == 0;
        match hopeless {
            Some(failure) if !any_hope && nothing_ran => Err(Some(failure)),
            Some(_) if !any_hope => Err(None),
            _ if self.halt && self.counts.failed + self.counts.unknown > 0 => Err(None),
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
    fn stopped(&mut self, entries: Vec<Entry>, reason: crate::stop::Reason) -> Result<(), End> {
        let failure = Failure::stopped(reason, "the batch");
        for entry in entries {
            match entry {
                Entry::Send(line) if line.effect() != Effect::Read => {
                    let why = format!(
                        "{} was under way when the batch was stopped; it may have run",
                        line.method
                    );
                    self.unknown(&line, &Failure::new(Kind::Unknown, why));
                }
                Entry::Send(line) => self.skipped(&line),
                Entry::Refused(line, why) => self.failed(&line, &Failure::usage(why)),
            }
        }
        Err((self.counts.unknown == 0).then_some(failure))
    }

    fn failure(&self, error: &b24::Error) -> Failure {
        from_sdk(error, Some(self.connection))
    }

    fn ok(&mut self, line: &Line, result: &[u8]) {
        self.counts.ok += 1;
        self.results.keep(line, Some(result));
        self.begin(line, "ok");
        self.out.extend_from_slice(b",\"result\":");
        compact(&String::from_utf8_lossy(result), &mut self.out);
        self.out.extend_from_slice(b"}\n");
    }

    fn failed(&mut self, line: &Line, failure: &Failure) {
        self.counts.failed += 1;
        self.error(line, "error", failure);
    }

    fn unknown(&mut self, line: &Line, failure: &Failure) {
        self.counts.unknown += 1;
        self.error(line, "unknown", failure);
    }

    fn skipped(&mut self, line: &Line) {
        self.counts.skipped += 1;
        self.results.keep(line, None);
        self.begin(line, "skipped");
        self.out.extend_from_slice(b"}\n");
    }

    fn error(&mut self, line: &Line, outcome: &str, failure: &Failure) {
        self.results.keep(line, None);
        let reason = match &failure.code {
            Some(code) if code.is_empty() => format!("{}: \"\"", line.method),
            Some(code) => format!("{}: {code}", line.method),
            None => failure.message.clone(),
        };
        let (count, examples) = self.reasons.entry(reason).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(line.number);
        }
        self.begin(line, outcome);
        self.out.extend_from_slice(b",\"error\":");
        let object = serde_json::to_value(failure).unwrap_or_default();
        self.out.extend_from_slice(object.to_string().as_bytes());
        self.out.extend_from_slice(b"}\n");
    }

    fn begin(&mut self, line: &Line, outcome: &str) {
        let name = line
            .name
            .as_ref()
            .map(|name| format!(",\"name\":{}", json!(name)))
            .unwrap_or_default();
        let begin = format!("{{\"line\":{}{name},\"outcome\":\"{outcome}\"", line.number);
        self.out.extend_from_slice(begin.as_bytes());
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let mut stdout = self.session.printer.stdout();
        stdout.write_all(&self.out)?;
        stdout.flush()?;
        self.out.clear();
        Ok(())
    }

    fn progress(&self, total: u64) {
        let Counts {
            ok,
            failed,
            skipped,
            unknown,
        } = self.counts;
        self.session.printer.progress(&Progress {
            what: "commands".to_owned(),
            done: ok + failed + skipped + unknown,
            total: Some(total),
        });
    }

    /// Nothing more is sent: every other line is skipped, and says so.
    fn skip_rest(&mut self, commands: impl Iterator<Item = Result<Line, Failure>>) -> Result<()> {
        for line in std::mem::take(&mut self.waiting) {
            self.skipped(&line);
        }
        for line in commands {
            self.skipped(&line?);
            if self.out.len() > 1 << 16 {
                self.flush()?;
            }
        }
        Ok(self.flush()?)
    }

    fn summary(&self) {
        let Counts {
            ok,
            failed,
            skipped,
            unknown,
        } = self.counts;
        let others = [
            (failed, "failed"),
            (skipped, "skipped"),
            (unknown, "unknown"),
        ];
        let others: Vec<_> = others
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!(", {} {what}", grouped(*count)))
            .collect();
        let others = others.concat();
        let requests = self.connection.client.stats().requests;
        let seconds = self.started.elapsed().as_secs_f64();
        let text = format!(
            "{} ok{others}; {} in {seconds:.1} s, {}",
            counted(ok, "command", "commands"),
            counted(requests, "request", "requests"),
            self.connection,
        );
        self.session.finish(
            Summary::new(text)
                .field("ok", ok)
                .field("failed", failed)
                .field("skipped", skipped)
                .field("unknown", unknown)
                .field("requests", requests)
                .field("seconds", seconds)
                .field("portal", self.connection.host.as_str())
                .field("origin", self.connection.origin.as_str()),
        );
    }

    fn conclude(&self) -> Result<Exit> {
        let Counts {
            ok,
            failed,
            skipped,
            unknown,
        } = self.counts;
        if failed + unknown == 0 {
            return Ok(Exit::Done);
        }
        let total = ok + failed + skipped + unknown;
        let (kind, message, state) = if unknown > 0 {
            let message = format!(
                "nobody knows what became of {} of {} commands",
                grouped(unknown),
                grouped(total)
            );
            (Kind::Unknown, message, "unknown; they were not sent again")
        } else {
            let message = format!("{} of {} commands failed", grouped(failed), grouped(total));
            (
                Kind::Partial,
                message,
                "the others have run, unless their line says skipped",
            )
        };
        let mut failure = Failure::new(kind, message).state(state);
        for (reason, (count, examples)) in &self.reasons {
            let shown: Vec<_> = examples.iter().map(u64::to_string).collect();
            let more = if *count > examples.len() as u64 {
                " …"
            } else {
                ""
            };
            failure = failure.cause(format!(
                "{count} x {reason}        lines {}{more}",
                shown.join(", ")
            ));
        }
        Err(failure.into())
    }
}

/// No command would fare better: the credential or the portal itself is the trouble.
fn is_hopeless(error: &b24::Error) -> bool {
    matches!(
        error.kind(),
        b24::Kind::Auth | b24::Kind::Temporary | b24::Kind::Local
    )
}
