//! Phones and the like of a row that is on the portal already: what is there is not added once more.

use std::borrow::Cow;

use super::contacts::{KINDS, Names, plain};
use super::value::text_of;
use crate::parameters::Tree;

/// What happens to the phones and the like that a row of the portal has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Contacts {
    /// They stay; those of the file that are not there yet are added
    #[default]
    Add,
    /// Those of a kind that the row of the file has are replaced by it
    Replace,
}

/// The `fields` for a row that is on the portal already (`current`, as the portal gave it): what it
/// has is not added once more, and with [`Contacts::Replace`] what the file has not goes.
pub(crate) fn merge(mut fields: Tree, current: &Tree, contacts: Contacts) -> Tree {
    let keys: Vec<&str> = std::iter::once("fm")
        .chain(KINDS.iter().map(|(kind, _)| *kind))
        .collect();
    for key in keys {
        let Some(Tree::List(wanted)) = fields.get(key) else {
            continue;
        };
        let own = match current.get(key) {
            Some(Tree::List(own)) => own.as_slice(),
            _ => &[],
        };
        let changes = changes(wanted, own, key, contacts);
        if changes.is_empty() {
            fields = without(fields, key);
        } else {
            fields.set(key, Tree::List(changes));
        }
    }
    fields
}

fn changes(wanted: &[Tree], own: &[Tree], key: &str, contacts: Contacts) -> Vec<Tree> {
    let names = Names::of(key == "fm");
    let part = |item: &Tree, name: &str| {
        let part = item.get(name).map(text_of).and_then(Result::ok);
        part.map(Cow::into_owned)
    };
    let kind = |item: &Tree| part(item, names.kind).unwrap_or_else(|| key.to_owned());
    let alike = |one: &Tree, other: &Tree| {
        let plain = |item: &Tree| plain(&kind(item), &part(item, names.value).unwrap_or_default());
        kind(one) == kind(other) && plain(one) == plain(other)
    };
    let mut changes = Vec::new();
    for item in wanted {
        match own.iter().find(|own| alike(own, item)) {
            None => changes.push(item.clone()),
            Some(own) if part(own, names.value_type) != part(item, names.value_type) => {
                let mut other = item.clone();
                other.set(names.id, own.get(names.id).cloned().unwrap_or(Tree::Null));
                changes.push(other);
            }
            Some(_) => {}
        }
    }
    if contacts == Contacts::Replace {
        let gone = own.iter().filter(|own| {
            wanted.iter().any(|item| kind(item) == kind(own))
                && !wanted.iter().any(|item| alike(own, item))
        });
        changes.extend(gone.map(|own| {
            let mut gone = own.clone();
            // Without a value it goes.
            gone.set(names.value, "".into());
            gone.set("DELETE", "Y".into());
            gone
        }));
    }
    changes
}

fn without(fields: Tree, key: &str) -> Tree {
    match fields {
        Tree::Map(entries) => Tree::Map(
            entries
                .into_iter()
                .filter(|(name, _)| name != key)
                .collect(),
        ),
        other => other,
    }
}
