//! Which rows of a file are on the portal already, by their key, and what they hold.

use std::collections::HashMap;

use b24::Outcome;
use serde_json::{Map, json};

use crate::check::Checked;
use crate::connection::Connection;
use crate::entity::selecting;
use crate::parameters::Tree;

use super::target::Target;

/// Values in one list; the portal's page.
const PAGE: usize = 50;

/// The value of a row's key, as text.
pub(super) fn key_of(checked: &Checked, key: &str) -> Option<String> {
    if key.eq_ignore_ascii_case("id") {
        return checked.id.map(|id| id.to_string());
    }
    let value = checked.fields.get(key)?.word()?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// The rows of the portal that have one of these values, by the value. One request for 2,500 values.
pub(super) async fn ask(
    values: &[String],
    key: &str,
    select: &[&str],
    target: &Target,
    connection: &Connection,
) -> Result<HashMap<String, Vec<Tree>>, b24::Error> {
    let client = &connection.client;
    let mut found: HashMap<String, Vec<Tree>> = HashMap::new();
    let mut keep = |rows: Vec<Tree>| {
        for row in rows {
            if let Some(value) = row.get(key).and_then(Tree::word) {
                found.entry(value.trim().to_owned()).or_default().push(row);
            }
        }
    };
    let mut names = vec![target.entity.id_field(), key];
    names.extend(select);
    names.dedup();
    let names = selecting(names.into_iter().map(str::to_owned).collect());
    let filter = |values: &[String]| {
        let mut filter = Map::new();
        filter.insert(format!("@{key}"), json!(values));
        filter
    };
    let chunks: Vec<&[String]> = values.chunks(PAGE).collect();
    let mut batch = client.v2().batch();
    for values in &chunks {
        let call = client
            .v2()
            .call(&target.entity.method)
            .params(target.entity.parameters());
        batch.push(call.param("filter", filter(values)).param("select", &names));
    }
    for (values, (_, outcome)) in chunks.into_iter().zip(batch.await?) {
        let answer = match outcome {
            Outcome::Ok(answer) => answer,
            Outcome::Err(error) | Outcome::Unknown(error) => return Err(error),
            Outcome::Skipped => continue,
        };
        if answer.next().is_none() {
            keep(rows_of(answer.read()?));
            continue;
        }
        // More rows than values: some values have several.
        let all = client
            .v2()
            .list(&target.entity.method)
            .params(target.entity.parameters())
            .filter(filter(values))
            .select(&names)
            .typed::<Tree>();
        keep(all.await?);
    }
    Ok(found)
}

/// The rows in the result of a list method.
fn rows_of(result: Tree) -> Vec<Tree> {
    match result {
        Tree::List(rows) => rows,
        Tree::Map(entries) => {
            let list = entries.into_iter().find_map(|(_, value)| match value {
                Tree::List(rows) => Some(rows),
                _ => None,
            });
            list.unwrap_or_default()
        }
        _ => Vec::new(),
    }
}
