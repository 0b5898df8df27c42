//! What will be written, what it costs, what starts: shown before, and asked for.

use std::path::Path;

use anyhow::Result;
use b24::Limits;
use serde_json::json;

use super::Mode;
use super::survey::Survey;
use super::target::{External, Target};
use crate::bulk;
use crate::failure::Failure;
use crate::parameters::Tree;
use crate::printer::{counted, grouped, lasting};
use crate::prompt;
use crate::session::{Connection, Mode as Guard, Session};

/// Rows that are written without a question.
const FREE: u64 = 50;
/// Rows that one request looks up.
const LOOKED_UP: u64 = 2_500;

/// Everything the plan names.
pub(super) struct Shown<'a> {
    pub(super) session: &'a Session,
    pub(super) connection: &'a Connection,
    pub(super) file: &'a str,
    /// The command, for hints.
    pub(super) command: String,
    pub(super) target: &'a Target,
    pub(super) mode: Mode,
    pub(super) key: Option<&'a str>,
    pub(super) external: &'a External,
    pub(super) survey: &'a Survey,
    pub(super) journal: Option<&'a Path>,
}

impl Shown<'_> {
    fn requests(&self) -> u64 {
        let rows = self.survey.good;
        let looks = match self.mode {
            Mode::Add => 0,
            Mode::Update | Mode::Upsert => rows.div_ceil(LOOKED_UP),
        };
        bulk::requests(rows) + looks
    }

    /// The least time that the portal's rate allows.
    fn seconds(&self) -> f64 {
        let manners = self.connection.manners();
        let (burst, rate) = match manners.limits {
            Limits::Off => return 0.0,
            Limits::Enterprise => (250, 5.0),
            Limits::Custom { burst, rate } => (burst, rate),
            _ => (50, 2.0),
        };
        let above = self.requests() as f64 - f64::from(burst) * manners.share;
        (above / (rate * manners.share)).max(0.0)
    }

    fn methods(&self) -> String {
        let Target { add, update, .. } = self.target;
        match self.mode {
            Mode::Add => add.clone(),
            Mode::Update => update.clone(),
            Mode::Upsert => format!("{update}, or {add} where none is there"),
        }
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let survey = self.survey;
        let wrong = survey.rows - survey.good;
        let mut lines = vec![
            ("portal", self.connection.to_string()),
            ("method", self.methods()),
            (
                "rows",
                match wrong {
                    0 => grouped(survey.good),
                    wrong => format!(
                        "{} of {}; {} cannot be imported",
                        grouped(survey.good),
                        grouped(survey.rows),
                        grouped(wrong)
                    ),
                },
            ),
        ];
        lines.extend(
            survey
                .reasons
                .lines("row", "rows")
                .into_iter()
                .map(|line| ("", line)),
        );
        if let Some(key) = self.key {
            lines.push(("key", key.to_owned()));
        }
        for fields in &survey.first {
            lines.push(("row", serde_json::to_string(fields).unwrap_or_default()));
        }
        if self.mode == Mode::Add {
            lines.push(("external id", self.external.text(&self.target.entity.rows)));
        }
        lines.push(("starts", self.target.automation(self.mode)));
        lines.push((
            "cost",
            format!(
                "{}, at least {}; each answer that is lost costs one more in 50 rows",
                counted(self.requests(), "request", "requests"),
                lasting(std::time::Duration::from_secs_f64(self.seconds()))
            ),
        ));
        lines.push((
            "operating",
            format!(
                "the portal grants {} 420 s in 10 min; what a row takes shows with the first answer",
                self.methods()
            ),
        ));
        if let Some(journal) = self.journal {
            lines.push(("journal", journal.display().to_string()));
        }
        lines
    }

    /// The plan, as `--dry-run` prints it.
    pub(super) fn report(&self) -> Result<()> {
        let report = json!({
            "event": "plan",
            "entity": self.target.entity.rows,
            "method": self.methods(),
            "mode": self.mode.word(),
            "key": self.key,
            "rows": self.survey.rows,
            "good": self.survey.good,
            "reasons": self.survey.reasons.lines("row", "rows"),
            "first": self.survey.first.iter().collect::<Vec<&Tree>>(),
            "external_id": self.external.text(&self.target.entity.rows),
            "starts": self.target.automation(self.mode),
            "requests": self.requests(),
            "seconds": self.seconds(),
            "journal": self.journal.map(|journal| journal.display().to_string()),
            "portal": self.connection.host,
            "origin": self.connection.origin,
        });
        let text = format!("{}nothing was sent\n", self.text());
        self.session.printer.report(&report, text)?;
        Ok(())
    }

    fn text(&self) -> String {
        let line = |(name, text): (&str, String)| format!("{name:<11} {text}\n");
        self.lines().into_iter().map(line).collect()
    }

    /// Asks whether it shall be done, where that is due.
    pub(super) fn consent(&self) -> Result<()> {
        let rows = self.survey.good;
        let asked = rows > FREE || self.connection.mode == Guard::Confirm;
        if !asked || self.session.global.yes {
            return Ok(());
        }
        let verb = match self.mode {
            Mode::Add => "import",
            Mode::Update => "update",
            Mode::Upsert => "import or update",
        };
        let word = if rows == 1 {
            &self.target.entity.row
        } else {
            &self.target.entity.rows
        };
        let what = format!("{verb} {} {word} on {}", grouped(rows), self.connection);
        if !self.session.can_ask() {
            return Err(
                Failure::usage(format!("this would {what}, and nobody can be asked here"))
                    .state("nothing was sent")
                    .hint(format!("{} --dry-run, then --yes", self.command))
                    .into(),
            );
        }
        if !prompt::confirmed(&format!("{}\n{what}?", self.text()))? {
            return Err(Failure::usage(format!("{} was not imported", self.file))
                .state("nothing was sent")
                .into());
        }
        Ok(())
    }
}
