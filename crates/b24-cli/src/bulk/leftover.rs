//! What is left of a bulk write: rows that are not on the portal once, by the reason.

use std::collections::BTreeMap;

use super::SharedJournal;
use crate::journal::{JournalError, State};

/// Entries read from the journal at once.
const PAGE: usize = 1_000;
/// Reasons, and doubled rows, that are told.
const TOLD: usize = 10;
/// Rows named for one reason.
pub(crate) const EXAMPLES: usize = 3;
/// Reasons are padded to the longest, up to so many characters.
const WIDEST: usize = 60;

/// Rows by what is wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Reasons(BTreeMap<String, (u64, Vec<u64>)>);

impl Reasons {
    pub(crate) fn add(&mut self, reason: String, row: u64) {
        let (count, rows) = self.0.entry(reason).or_default();
        *count += 1;
        if rows.len() < EXAMPLES {
            rows.push(row);
        }
    }

    /// `208 x stageId: no stage "X"        rows 14, 77, 90 …`, the most frequent first.
    pub(crate) fn lines(&self, row: &str, rows: &str) -> Vec<String> {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        let shown = &all[..all.len().min(TOLD)];
        let lengths = shown.iter().map(|(reason, _)| reason.chars().count());
        let widest = lengths.max().unwrap_or_default().min(WIDEST);
        let mut lines: Vec<String> = shown
            .iter()
            .map(|(reason, (count, examples))| {
                let word = if *count == 1 { row } else { rows };
                let more = if *count > examples.len() as u64 {
                    " …"
                } else {
                    ""
                };
                let examples: Vec<String> = examples.iter().map(u64::to_string).collect();
                format!(
                    "{count} x {reason:<widest$}  {word} {}{more}",
                    examples.join(", ")
                )
            })
            .collect();
        if all.len() > TOLD {
            lines.push(format!("and {} more reasons", all.len() - TOLD));
        }
        lines
    }
}

/// `field: what is wrong`.
pub(crate) fn reason(code: &str, reason: &str) -> String {
    match (code, reason) {
        ("", reason) => reason.to_owned(),
        (code, "") => code.to_owned(),
        (code, reason) => format!("{code}: {reason}"),
    }
}

/// One line for each reason and each doubled row. `row` and `rows` are what the journal's rows are called.
pub(crate) fn leftover(
    journal: &SharedJournal,
    row: &str,
    rows: &str,
) -> Result<Vec<String>, JournalError> {
    const WANTED: [State; 4] = [State::Failed, State::Unknown, State::Sent, State::Doubled];
    let mut reasons = Reasons::default();
    let mut doubled = Vec::new();
    let mut last = 0;
    loop {
        let page = journal.with(|journal| journal.entries(&WANTED, last, PAGE))?;
        let Some(end) = page.last() else { break };
        last = end.row;
        for entry in page {
            let code = entry.code.unwrap_or_default();
            let why = reason(&code, &entry.reason.unwrap_or_default());
            match entry.state {
                State::Doubled => {
                    let ids = entry.id.unwrap_or_default().replace(',', " and ");
                    doubled.push(format!("{row} {} is there twice: {ids}", entry.row));
                }
                State::Failed => reasons.add(why, entry.row),
                _ if why.is_empty() => reasons.add("no answer".to_owned(), entry.row),
                _ => reasons.add(without_request(&why), entry.row),
            }
        }
    }
    let mut lines = reasons.lines(row, rows);
    let more = doubled.len().saturating_sub(TOLD);
    lines.extend(doubled.into_iter().take(TOLD));
    if more > 0 {
        lines.push(format!("and {more} more {rows} are there twice"));
    }
    Ok(lines)
}

/// Reasons that differ by the request alone are one.
fn without_request(reason: &str) -> String {
    let end = reason.find(" (request ").unwrap_or(reason.len());
    reason[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reason_is_one_line_with_three_rows() {
        let mut reasons = Reasons::default();
        for row in [14, 77, 90, 91] {
            reasons.add("stageId: no stage \"X\"".into(), row);
        }
        reasons.add("title: is empty".into(), 2);
        assert_eq!(
            reasons.lines("row", "rows"),
            [
                "4 x stageId: no stage \"X\"  rows 14, 77, 90 …",
                "1 x title: is empty        row 2",
            ]
        );
    }
}
