//! The journal of an import: found or made, and what it has to know before the first row is sent.

use std::path::Path;

use anyhow::Result;

use super::jobs::Plan;
use super::plan::Shown;
use super::survey::Survey;
use super::target::External;
use super::{Import, Mode};
use crate::bulk::{self, SharedJournal};
use crate::check::{Blank, Contacts};
use crate::journal::{Journal, State};
use crate::resume::Question;

impl Import<'_> {
    /// What the journal belongs to.
    fn question(&self, survey: &Survey) -> Question {
        let args = self.args;
        let mut maps = args.map.clone();
        maps.sort();
        Question::default()
            .with("portal", &self.connection.place)
            .with(
                "entity",
                &(&self.target.add, self.target.entity.parameters()),
            )
            .with("content of the file", &survey.content)
            .with("map", &maps)
            .with("mode", &(args.mode.word(), &args.key))
            .with("blank", &(args.blank == Blank::Clear))
            .with("contacts", &(args.contacts == Contacts::Replace))
    }

    /// The journal of an earlier run, or a new one after the plan was agreed to.
    pub(super) fn open_journal(
        &self,
        path: &Path,
        survey: &Survey,
        shown: &Shown<'_>,
    ) -> Result<Journal> {
        let question = self.question(survey);
        let open = |restart| {
            Journal::open(path, &question, restart).map_err(|error| {
                let failure = error.failure();
                if error.is_disk() {
                    return failure.hint("or --journal FILE keeps it elsewhere");
                }
                failure
            })
        };
        let there = path.metadata().is_ok_and(|facts| facts.len() > 0);
        if there && !self.args.restart {
            let journal = open(false)?;
            let settle = self.args.settle;
            bulk::going_on(&journal, ["row", "rows"], survey.rows, settle, self.session)?;
            return Ok(journal);
        }
        if there {
            let loss = "what it has sent is sent again";
            bulk::may_restart(path, loss, self.session)?;
        }
        shown.consent()?;
        Ok(open(self.args.restart)?)
    }

    /// The highest id before the first row was sent: what has an external id of the file and stands below is none of
    /// ours.
    pub(super) async fn above(
        &self,
        plan: &Plan<'_>,
        journal: &SharedJournal,
    ) -> Result<Option<u64>> {
        const FACT: &str = "highest id before";
        if plan.mode != Mode::Add || !matches!(plan.external, External::Own { .. }) {
            return Ok(None);
        }
        let kept = journal.with(|journal| journal.kept(FACT));
        if let Some(kept) = kept.map_err(|error| error.failure())? {
            return Ok(kept.parse().ok());
        }
        let highest = bulk::highest_id(&self.target.entity, self.session, self.connection).await?;
        let none_sent = journal
            .with(|journal| journal.entries(&[State::Sent, State::Done, State::Unknown], 0, 1))
            .map_err(|error| error.failure())?
            .is_empty();
        if none_sent {
            journal
                .with(|journal| journal.keep(FACT, &highest.to_string()))
                .map_err(|error| error.failure())?;
            return Ok(Some(highest));
        }
        Ok(None)
    }
}
