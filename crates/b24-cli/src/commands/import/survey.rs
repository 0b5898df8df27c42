//! The first pass: every row is checked before any is sent.

use std::collections::{HashMap, HashSet};

use super::known::key_of;
use crate::bulk::{self, EXAMPLES, Reasons, reason};
use crate::check::{Checked, Checker, Files, Reason};
use crate::failure::Failure;
use crate::intake::{BadRow, Row, Source};
use crate::parameters::Tree;
use crate::printer::Progress;
use crate::resume::Hash;
use crate::session::Session;

/// Progress is told after so many rows: a file of less is checked at once.
const SHOWN: u64 = 10_000;

/// What the first pass has found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// All rows.
    pub(super) rows: u64,
    /// Rows that can be sent.
    pub(super) good: u64,
    /// The first of them, as they are sent.
    pub(super) first: Vec<Tree>,
    pub(super) reasons: Reasons,
    /// Rows whose key an earlier row has, and that row.
    pub(super) repeated: HashMap<u64, u64>,
    /// Fields that may be external ids, of which a row has none or that of another.
    not_unique: HashSet<&'static str>,
    /// What the file says, whatever its format.
    pub(super) content: String,
}

/// Everything that is wrong with a row, in one line.
pub(super) fn told(reasons: &[Reason]) -> (String, String) {
    let field = reasons.first().map(|reason| reason.field.clone());
    let words = |reason: &Reason| {
        if Some(&reason.field) == field.as_ref() {
            reason.message.clone()
        } else {
            format!("{}: {}", reason.field, reason.message)
        }
    };
    let all: Vec<String> = reasons.iter().map(words).collect();
    (field.unwrap_or_default(), all.join("; "))
}

/// Reads and checks all rows. `key`: the field that tells the rows that are changed.
pub(super) fn survey(
    source: &Source,
    checker: &Checker,
    key: Option<&str>,
    session: &Session,
) -> Result<Survey, Failure> {
    let mut found = Survey::default();
    let mut seen = Seen::default();
    let mut content = Hash::default();
    hash(&mut content, &source.columns());
    let mut rows = source.rows()?;
    while let Some(read) = rows.read()? {
        if let Some(reason) = session.stop.reason() {
            return Err(Failure::stopped(reason, "import").state("nothing was sent"));
        }
        found.rows += 1;
        if found.rows.is_multiple_of(SHOWN) {
            session.printer.progress(&Progress {
                what: "rows checked".to_owned(),
                done: found.rows,
                ..Progress::default()
            });
        }
        match read {
            Ok(row) => {
                hash(&mut content, &row.cells);
                found.look(&row, checker.check(&row, Files::Look), key, &mut seen);
            }
            Err(BadRow {
                number,
                message,
                cells,
            }) => {
                hash(&mut content, &(&message, cells));
                found.reasons.add(message, number);
            }
        }
    }
    session.printer.progress_ends();
    found.content = content.text();
    Ok(found)
}

fn hash(content: &mut Hash, value: &impl serde::Serialize) {
    content.add(&serde_json::to_vec(value).unwrap_or_default());
    content.add(b"\n");
}

/// Values that earlier rows had.
#[derive(Default)]
struct Seen {
    keys: HashMap<String, u64>,
    external: HashMap<&'static str, HashSet<String>>,
}

impl Survey {
    fn look(
        &mut self,
        row: &Row,
        checked: Result<Checked, Vec<Reason>>,
        key: Option<&str>,
        seen: &mut Seen,
    ) {
        let checked = match checked {
            Ok(checked) => checked,
            Err(reasons) => {
                let (field, message) = told(&reasons);
                self.reasons.add(reason(&field, &message), row.number);
                return;
            }
        };
        if let Some(key) = key {
            let Some(value) = key_of(&checked, key) else {
                self.reasons.add(reason(key, "is empty"), row.number);
                return;
            };
            if let Some(first) = seen.keys.get(&value) {
                self.repeated.insert(row.number, *first);
                self.reasons
                    .add(reason(key, "an earlier row has the same"), row.number);
                return;
            }
            seen.keys.insert(value, row.number);
        }
        for name in bulk::external_names() {
            let value = key_of(&checked, name);
            let fresh =
                value.is_some_and(|value| seen.external.entry(name).or_default().insert(value));
            if !fresh {
                self.not_unique.insert(name);
            }
        }
        self.good += 1;
        if self.first.len() < EXAMPLES {
            self.first.push(checked.fields);
        }
    }

    /// Whether each row that can be sent has another value of this field.
    pub(super) fn is_unique(&self, field: &str) -> bool {
        !self.not_unique.contains(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_reasons_of_a_row_are_told_together() {
        let of = |field: &str, message: &str| Reason {
            field: field.into(),
            message: message.into(),
        };
        let (code, text) = told(&[of("title", "is empty"), of("opportunity", "no number")]);
        assert_eq!(
            reason(&code, &text),
            "title: is empty; opportunity: no number"
        );
    }
}
