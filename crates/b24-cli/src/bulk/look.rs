//! Asking the portal what became of rows whose answers are lost.

use std::collections::HashMap;
use std::sync::Arc;

use b24::Client;
use serde_json::{Map, json};

use super::Difference;
use super::compare::{differences, has_all};
use super::machine::Finding;
use crate::entity::selecting;
use crate::parameters::Tree;

/// How rows of one kind are looked up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Question {
    /// The list method, of REST 2: `crm.item.list`.
    pub(crate) method: String,
    /// What it needs: `entityTypeId`.
    pub(crate) params: Tree,
    /// The field that tells the rows: `originId`, or `id`.
    pub(crate) field: String,
    /// The field of a row that holds its id.
    pub(crate) id: String,
    /// Only rows above this id: what was there before is none of ours.
    pub(crate) above: Option<u64>,
}

/// How one row is looked up.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) question: Arc<Question>,
    /// The value of the field in this row.
    pub(crate) value: String,
    /// The fields that were sent, to compare with.
    pub(crate) fields: Tree,
    pub(crate) purpose: Purpose,
}

/// What was to happen to the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It was to be made: found, it has run.
    Create,
    /// Values were to be added to it: if they are there, it has run.
    Change,
    /// It was to go: absent, it has run.
    Delete,
}

/// What was found out about rows.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) findings: Vec<(u64, Finding)>,
    pub(super) differing: Vec<Difference>,
}

/// Why nothing was found out.
#[derive(Debug)]
pub(super) enum Unseen {
    Portal(b24::Error),
    /// The rows of the answer have not the field that tells them.
    Field,
}

/// Rows that one request asks about.
type Group = (Arc<Question>, Vec<(u64, Look)>);

/// Asks about these rows, with one request for each question.
pub(super) async fn look(client: Client, rows: Vec<(u64, Look)>) -> Result<Found, Unseen> {
    let mut found = Found {
        findings: Vec::with_capacity(rows.len()),
        differing: Vec::new(),
    };
    let mut groups: Vec<Group> = Vec::new();
    for (row, look) in rows {
        match groups
            .iter_mut()
            .find(|(question, _)| *question == look.question)
        {
            Some((_, group)) => group.push((row, look)),
            None => groups.push((Arc::clone(&look.question), vec![(row, look)])),
        }
    }
    for (question, group) in groups {
        let there = ask(&client, &question, &group).await?;
        for (row, look) in group {
            let same = there.get(key(&look.value)).map_or(&[][..], Vec::as_slice);
            let finding = judge(row, &look, same, &mut found.differing);
            found.findings.push((row, finding));
        }
    }
    Ok(found)
}

/// The rows on the portal by the value of the field.
async fn ask(
    client: &Client,
    question: &Question,
    rows: &[(u64, Look)],
) -> Result<HashMap<String, Vec<Tree>>, Unseen> {
    let values: Vec<&str> = rows.iter().map(|(_, look)| look.value.as_str()).collect();
    let mut filter = Map::new();
    filter.insert(format!("@{}", question.field), json!(values));
    if let Some(above) = question.above {
        filter.insert(format!(">{}", question.id), json!(above));
    }
    let mut select = vec![question.id.clone(), question.field.clone()];
    for (_, look) in rows {
        for (name, _) in look.fields.entries() {
            if !select.contains(name) {
                select.push(name.clone());
            }
        }
    }
    let found = client
        .v2()
        .list(&question.method)
        .params(&question.params)
        .filter(filter)
        .select(selecting(select))
        .typed::<Tree>()
        .await
        .map_err(Unseen::Portal)?;
    let mut by_value: HashMap<String, Vec<Tree>> = HashMap::new();
    for row in found {
        // Without it nothing would be known, and "absent" would be a guess.
        let Some(value) = row.get(&question.field).and_then(Tree::word) else {
            return Err(Unseen::Field);
        };
        by_value
            .entry(key(&value).to_owned())
            .or_default()
            .push(row);
    }
    Ok(by_value)
}

/// Portals trim what they keep.
fn key(value: &str) -> &str {
    value.trim()
}

fn judge(row: u64, look: &Look, there: &[Tree], differing: &mut Vec<Difference>) -> Finding {
    let id = |found: &Tree| found.get(&look.question.id).and_then(Tree::word);
    match (look.purpose, there) {
        (Purpose::Delete, []) => Finding::Ran { id: None },
        (Purpose::Change, []) => Finding::Refused {
            code: "NOT_FOUND".to_owned(),
            reason: format!("there is no {} {}", look.question.field, look.value),
        },
        (Purpose::Change, [found, ..]) if has_all(&look.fields, found) => {
            Finding::Ran { id: id(found) }
        }
        (Purpose::Delete | Purpose::Change, _) | (Purpose::Create, []) => Finding::NotRun,
        (Purpose::Create, [found]) => {
            let fields = differences(&look.fields, found);
            let id = id(found);
            if !fields.is_empty() {
                differing.push(Difference {
                    row,
                    id: id.clone().unwrap_or_default(),
                    fields,
                });
            }
            Finding::Ran { id }
        }
        (Purpose::Create, several) => Finding::Doubled {
            ids: several.iter().filter_map(id).collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(json: &str) -> Tree {
        serde_json::from_str(json).unwrap()
    }

    fn judged(purpose: Purpose, there: &[&str]) -> (Finding, Vec<Difference>) {
        let look = Look {
            question: Arc::new(Question {
                method: "crm.item.list".into(),
                params: tree(r#"{"entityTypeId":2}"#),
                field: "originId".into(),
                id: "id".into(),
                above: None,
            }),
            value: "b24-7".into(),
            fields: tree(r#"{"title":"A","opportunity":"10.50"}"#),
            purpose,
        };
        let there: Vec<Tree> = there.iter().map(|row| tree(row)).collect();
        let mut differing = Vec::new();
        (judge(7, &look, &there, &mut differing), differing)
    }

    #[test]
    fn what_was_made_is_found_once_twice_or_not() {
        let same = r#"{"id":5,"title":"A","opportunity":10.5}"#;
        let other = r#"{"id":6,"title":"B","opportunity":10.5}"#;
        let ran = |id: &str| Finding::Ran {
            id: Some(id.to_owned()),
        };
        assert_eq!(judged(Purpose::Create, &[same]), (ran("5"), Vec::new()));
        let (finding, differing) = judged(Purpose::Create, &[other]);
        assert_eq!(finding, ran("6"));
        assert_eq!(differing[0].fields, [r#"title: sent "A", is "B""#]);
        assert_eq!(judged(Purpose::Create, &[]).0, Finding::NotRun);
        let doubled = Finding::Doubled {
            ids: vec!["5".into(), "6".into()],
        };
        assert_eq!(judged(Purpose::Create, &[same, other]).0, doubled);
    }

    #[test]
    fn what_was_deleted_or_changed_is_told_by_what_is_there() {
        let same = r#"{"id":5,"title":"A","opportunity":10.5}"#;
        let other = r#"{"id":5,"title":"B"}"#;
        assert_eq!(judged(Purpose::Delete, &[]).0, Finding::Ran { id: None });
        assert_eq!(judged(Purpose::Delete, &[same]).0, Finding::NotRun);
        assert!(matches!(
            judged(Purpose::Change, &[same]).0,
            Finding::Ran { .. }
        ));
        assert_eq!(judged(Purpose::Change, &[other]).0, Finding::NotRun);
        assert!(matches!(
            judged(Purpose::Change, &[]).0,
            Finding::Refused { .. }
        ));
    }
}
