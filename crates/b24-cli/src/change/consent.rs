//! The plan, and the word that it may be done.

use anyhow::Result;
use serde_json::json;

use super::run::Change;
use super::{Action, Line};
use crate::bulk;
use crate::failure::Failure;
use crate::parameters::Tree;
use crate::printer::{counted, grouped};
use crate::prompt;

/// Rows that are shown.
pub(super) const SHOWN: usize = 5;
/// Characters of a value.
const VALUE: usize = 120;

/// What is known before the first write.
#[derive(Debug, Default)]
pub(super) struct Planned {
    pub(super) rows: u64,
    pub(super) first: Vec<Line>,
}

impl Change<'_> {
    /// `412 deals`
    pub(super) fn count(&self, rows: u64) -> String {
        counted(rows, &self.entity.row, &self.entity.rows)
    }

    /// Shows the plan and asks; without anybody to ask the flags have to say it.
    pub(super) fn consent(&self, planned: &Planned) -> Result<()> {
        let global = &self.session.global;
        self.within(planned.rows)?;
        let wish = self.action.wish(&self.count(planned.rows));
        let refused = |why: &str| {
            let rows = planned.rows;
            Failure::usage(format!(
                "this would {wish} on {}, and {why}",
                self.connection
            ))
            .state(format!("nothing was {}", self.action.done()))
            .hint(format!(
                "{} --dry-run, then --yes --at-most {rows}",
                self.command
            ))
        };
        if global.yes && self.args.at_most.is_some() {
            return Ok(());
        }
        if global.yes {
            return Err(refused("nobody has looked at how many there are").into());
        }
        if !self.session.can_ask() {
            return Err(refused("nobody can be asked here").into());
        }
        let question = format!(
            "{}{} on {}?",
            self.text(planned),
            capital(&wish),
            self.connection
        );
        if prompt::confirmed(&question)? {
            return Ok(());
        }
        Err(Failure::usage(format!("{wish}: not confirmed"))
            .state(format!("nothing was {}", self.action.done()))
            .into())
    }

    /// Whether there are no more rows than `--at-most`.
    pub(super) fn within(&self, rows: u64) -> Result<(), Failure> {
        match self.args.at_most {
            Some(most) if rows > most => Err(Failure::usage(format!(
                "this would {} on {}, and --at-most is {}",
                self.action.wish(&format!("{} or more", self.count(rows))),
                self.connection,
                grouped(most)
            ))
            .state(format!("nothing was {}", self.action.done()))
            .hint(format!("{} --dry-run", self.command))),
            _ => Ok(()),
        }
    }

    /// `--dry-run`.
    pub(super) fn show(&self, planned: &Planned) -> Result<()> {
        let report = json!({
            "event": "plan",
            "action": self.session.command,
            "method": self.method.name,
            "entity": self.entity.rows,
            "filter": self.filter,
            "set": self.set,
            "rows": planned.rows,
            "requests": bulk::requests(planned.rows),
            "first": planned.first,
            "left_out": self.lines_left_out(),
            "portal": self.connection.host,
            "origin": self.connection.origin,
        });
        let text = format!("{}nothing was {}\n", self.text(planned), self.action.done());
        self.session.printer.report(&report, text)?;
        Ok(())
    }

    fn text(&self, planned: &Planned) -> String {
        let mut lines = vec![
            ("portal", self.connection.to_string()),
            ("method", self.method.name.clone()),
        ];
        if let Some(filter) = &self.filter {
            lines.push(("filter", filter.shown(VALUE)));
        }
        if let Some(set) = &self.set {
            lines.push(("set", set.shown(VALUE)));
        }
        lines.push(("rows", self.count(planned.rows)));
        for left_out in self.lines_left_out() {
            lines.push(("", left_out.clone()));
        }
        for (at, line) in planned.first.iter().enumerate() {
            let name = if at == 0 { "first" } else { "" };
            lines.push((name, self.row(line)));
        }
        if planned.rows > planned.first.len() as u64 {
            lines.push(("", "…".to_owned()));
        }
        lines.push(("starts", self.starts()));
        lines.push((
            "cost",
            format!(
                "about {}",
                counted(bulk::requests(planned.rows), "request", "requests")
            ),
        ));
        let lines = lines
            .iter()
            .map(|(name, value)| format!("{name:<8} {value}\n"));
        lines.collect()
    }

    /// `812: stageId "NEW" -> "WON"`
    fn row(&self, line: &Line) -> String {
        match self.action {
            Action::Update | Action::PutBack => {
                let changes = line.new.entries().iter().map(|(name, new)| {
                    let old = line.old.get(name).unwrap_or(&Tree::Null);
                    format!("{name} {} -> {}", old.shown(VALUE), new.shown(VALUE))
                });
                format!("{}: {}", line.id, changes.collect::<Vec<_>>().join(", "))
            }
            Action::Delete => format!("{}{}", line.id, title(&line.old)),
            Action::Restore => format!("{}{}", line.id, title(&line.new)),
        }
    }

    /// What a write sets going on the portal.
    fn starts(&self) -> String {
        let crm = self.method.name.starts_with("crm.");
        let rows = &self.entity.rows;
        match self.action {
            Action::Update | Action::PutBack if crm => {
                format!("robots and workflows for changed {rows}")
            }
            Action::Restore if crm => format!("robots and workflows for new {rows}"),
            _ => "nothing that is documented".to_owned(),
        }
    }
}

fn title(row: &Tree) -> String {
    let found = ["title", "TITLE", "name", "NAME"]
        .iter()
        .find_map(|key| row.get(key));
    match found {
        Some(Tree::Text(title)) => format!(" {title:?}"),
        _ => String::new(),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}
