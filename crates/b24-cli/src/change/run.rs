//! From chosen rows to changed ones.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::consent::{Planned, SHOWN};
use super::file::{Head, Reader, Writer};
use super::methods::Method;
use super::{Action, Line};
use crate::bulk::{self, How, Job, Jobs, Proof, Purpose, SharedJournal};
use crate::connection::{Connection, state_directory};
use crate::entity::Entity;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::journal::Journal;
use crate::parameters::Tree;
use crate::resume::Question;
use crate::session::Session;

/// Rows made into jobs at once.
const SOME: usize = 100;
/// The fact of a journal that names the file with its rows.
const PLAN: &str = "plan";
/// The fact that holds the highest id before rows were added again.
const ABOVE: &str = "above";

/// Where rows come from that have not been read yet.
pub(crate) trait Lines {
    /// The next rows; none at the end.
    ///
    /// # Errors
    /// Ends the command: nothing was sent.
    async fn next(&mut self) -> Result<Option<Vec<Line>>>;
    /// What was left out, and why.
    fn left_out(&self) -> Vec<String>;
}

/// What update, delete and undo are all told.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Refuse if there are more rows; --yes needs it
    #[arg(long, value_name = "N")]
    pub(super) at_most: Option<u64>,
    /// How long a row whose answer is lost is given before it is looked for: the portal's wall and a reserve
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = bulk::SETTLE, hide_short_help = true)]
    pub(super) settle: Duration,
    /// Throw the journal of a stopped run away and begin anew
    #[arg(long, hide_short_help = true)]
    pub(super) restart: bool,
}

/// One change of many rows.
pub(crate) struct Change<'a> {
    pub(crate) session: &'a Session,
    pub(crate) connection: &'a Connection,
    pub(crate) entity: &'a Entity,
    pub(crate) method: Method,
    pub(crate) action: Action,
    /// The command without `--yes` and its like, ready to paste.
    pub(crate) command: String,
    /// What is the same in the same command.
    pub(crate) question: Question,
    pub(crate) filter: Option<Tree>,
    pub(crate) set: Option<Tree>,
    /// Where the undo file goes; none: the command has no undo, and the plan is kept beside the journal.
    pub(crate) undo: Option<PathBuf>,
    pub(crate) args: RunArgs,
    /// The field by which an added row is found again.
    pub(crate) external: Option<String>,
    pub(crate) left_out: Vec<String>,
}

impl Change<'_> {
    /// Does it all: reads, plans, asks, sends, tells.
    pub(crate) async fn run(mut self, lines: &mut impl Lines) -> Result<Exit> {
        if self.session.global.dry_run {
            let planned = self.read(lines, None).await?;
            self.left_out = lines.left_out();
            self.show(&planned)?;
            return Ok(Exit::Done);
        }
        let place = self.place()?;
        let there = place.metadata().is_ok_and(|facts| facts.len() > 0);
        if there && self.args.restart {
            let loss = "what it has not ended is left as it is";
            bulk::may_restart(&place, loss, self.session)?;
        }
        let journal = Journal::open(&place, &self.question, self.args.restart)
            .map_err(|error| error.failure())?;
        let plan = journal.kept(PLAN).map_err(|error| error.failure())?;
        let goes_on = plan.is_some();
        let (journal, plan) = match plan {
            Some(plan) => (journal, PathBuf::from(plan)),
            None => match self.begin(lines, journal).await {
                Ok(Some(begun)) => begun,
                Ok(None) => {
                    forget(&place);
                    self.tell_nothing();
                    return Ok(Exit::Done);
                }
                Err(error) => {
                    forget(&place);
                    return Err(error);
                }
            },
        };
        let reader = Reader::open(&plan)?;
        if goes_on {
            let names = [self.entity.row.as_str(), &self.entity.rows];
            bulk::going_on(&journal, names, reader.rows, self.args.settle, self.session)?;
        }
        self.send(journal, reader, &plan).await
    }

    /// Where the journal of this command is.
    fn place(&self) -> Result<PathBuf, Failure> {
        let directory = state_directory()?;
        Ok(directory.join(format!(
            "{}-{}.db",
            self.session.command,
            self.question.name()
        )))
    }

    /// Reads the rows, asks, and writes down what they were. None: there are no rows.
    async fn begin(
        &mut self,
        lines: &mut impl Lines,
        mut journal: Journal,
    ) -> Result<Option<(Journal, PathBuf)>> {
        let plan = match &self.undo {
            Some(undo) => std::path::absolute(undo)?,
            None => journal.path().with_extension("jsonl"),
        };
        if self.undo.is_none() {
            // Of a run that was killed before it sent anything.
            let _ = std::fs::remove_file(&plan);
        }
        let head = Head::new(
            self.session.command,
            &self.connection.place,
            self.entity.word(),
        );
        let mut writer = Writer::create(&plan, &head)?;
        let planned = self.read(lines, Some(&mut writer)).await?;
        self.left_out = lines.left_out();
        if planned.rows == 0 {
            return Ok(None);
        }
        self.consent(&planned)?;
        let above = match &self.external {
            Some(_) => Some(bulk::highest_id(self.entity, self.session, self.connection).await?),
            None => None,
        };
        writer.finish()?;
        let kept = above.map_or(Ok(()), |above| journal.keep(ABOVE, &above.to_string()));
        let kept = kept.and_then(|()| journal.keep(PLAN, &plan.to_string_lossy()));
        kept.map_err(|error| error.failure())?;
        Ok(Some((journal, plan)))
    }

    async fn read(
        &self,
        lines: &mut impl Lines,
        mut writer: Option<&mut Writer>,
    ) -> Result<Planned> {
        let mut planned = Planned::default();
        loop {
            let some = tokio::select! {
                some = lines.next() => some?,
                reason = self.session.stop.requested() => {
                    let failure = Failure::stopped(reason, self.session.command);
                    return Err(failure.state(format!("nothing was {}", self.action.done())).into());
                }
            };
            let Some(some) = some else { return Ok(planned) };
            for line in some {
                planned.rows += 1;
                if let Some(writer) = &mut writer {
                    writer.line(&line)?;
                }
                if planned.first.len() < SHOWN {
                    planned.first.push(line);
                }
            }
            if !self.session.global.dry_run {
                self.within(planned.rows)?;
            }
        }
    }

    async fn send(&self, journal: Journal, reader: Reader, plan: &Path) -> Result<Exit> {
        let total = reader.rows;
        let above = journal.kept(ABOVE).map_err(|error| error.failure())?;
        let above = above.and_then(|above| above.parse().ok());
        let mut jobs = RowJobs {
            change: self,
            reader,
            look: std::sync::Arc::new(self.look(above)),
            made: format!("b24-{}", journal.id()),
        };
        let journal = SharedJournal::new(journal);
        let how = How {
            session: self.session,
            connection: self.connection,
            settle: self.args.settle,
            rows: &self.entity.rows,
            total,
        };
        let ended = bulk::run(&mut jobs, &journal, &how).await;
        let ended = ended.map_err(|failure| self.with_undo(failure, plan))?;
        self.tell(&journal, &ended, total, plan)
    }

    /// How rows are looked up whose answers are lost.
    fn look(&self, above: Option<u64>) -> bulk::Question {
        let id = self.entity.id_field().to_owned();
        bulk::Question {
            method: self.entity.method.clone(),
            params: self.entity.parameters(),
            field: self.external.clone().unwrap_or_else(|| id.clone()),
            id,
            above,
        }
    }

    pub(super) fn lines_left_out(&self) -> &[String] {
        &self.left_out
    }
}

/// Takes a journal away that holds nothing, or nothing any more.
pub(super) fn forget(place: &Path) {
    // What stays says nothing to anybody, and the same command would only find it finished.
    let _ = std::fs::remove_file(place);
    for ending in ["-wal", "-shm"] {
        let mut name = place.as_os_str().to_owned();
        name.push(ending);
        let _ = std::fs::remove_file(name);
    }
}

/// The rows of the undo file as jobs.
struct RowJobs<'a> {
    change: &'a Change<'a>,
    reader: Reader,
    look: std::sync::Arc<bulk::Question>,
    /// What stands before the number of a row in an external id of ours.
    made: String,
}

impl Jobs for RowJobs<'_> {
    async fn next(&mut self) -> Result<Vec<Job>, Failure> {
        let lines = self.reader.next(SOME)?;
        Ok(lines.into_iter().map(|line| self.job(line)).collect())
    }
}

impl RowJobs<'_> {
    /// The id of a row is its number in the journal.
    fn job(&self, line: Line) -> Job {
        let Line {
            id,
            old: _,
            mut new,
        } = line;
        let change = self.change;
        let proof = match (change.action, &change.external) {
            // The same values again leave what they left the first time.
            (Action::Update | Action::PutBack, _) => Proof::Repeat,
            (Action::Delete, _) => self.proof(id.to_string(), Tree::empty(), Purpose::Delete),
            (Action::Restore, None) => Proof::Nothing,
            (Action::Restore, Some(field)) => {
                let value = match new.get(field) {
                    Some(Tree::Text(own)) if !own.is_empty() => own.clone(),
                    _ => {
                        let made = format!("{}-{id}", self.made);
                        new.set(field.as_str(), made.as_str().into());
                        made
                    }
                };
                self.proof(value, new.clone(), Purpose::Create)
            }
        };
        Job {
            row: id,
            method: change.method.name.clone(),
            params: change.method.params(change.entity, id, &new),
            proof,
        }
    }

    fn proof(&self, value: String, fields: Tree, purpose: Purpose) -> Proof {
        Proof::Look(bulk::Look {
            question: std::sync::Arc::clone(&self.look),
            value,
            fields,
            purpose,
        })
    }
}
