//! How one family of methods shows an entity: names of fields, their order, the form of values.

use std::collections::HashMap;

use super::schema::{Field, Kind};
use super::table::FieldNo;
use crate::php::json;

/// The form of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `crm.deal.*` and their kin: everything is text.
    Classic,
    /// `crm.item.*`: numbers are numbers.
    Item,
    /// `tasks.task.*` of v2: ids are text, nothing is null.
    Task,
    /// `user.*`.
    User,
    /// REST 3.0: strict types.
    V3,
}

/// What a `select` must say to get a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// `*`, or nothing.
    Standard,
    /// `UF_*`.
    Custom,
    /// Its name.
    Named,
}

/// Numbers that are shown as words, such as states of tasks.
pub(crate) type Words = &'static [(i64, &'static str)];

/// A field as a view shows it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Box<str>,
    pub(crate) field: FieldNo,
    pub(crate) kind: Kind,
    pub(crate) group: Group,
    pub(crate) words: Words,
    /// `"NAME":`
    pub(crate) key: Box<[u8]>,
}

/// How one family of methods shows an entity.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) style: Style,
    pub(crate) entries: Vec<Entry>,
    /// Every spelling in which a field may be asked for.
    names: HashMap<Box<str>, usize>,
}

impl View {
    pub(crate) fn new(style: Style) -> Self {
        Self {
            style,
            entries: Vec::new(),
            names: HashMap::new(),
        }
    }

    pub(crate) fn add(
        &mut self,
        name: &str,
        field: FieldNo,
        kind: Kind,
        group: Group,
        words: Words,
    ) {
        let mut key = Vec::with_capacity(name.len() + 3);
        json::write_str(name, &mut key);
        key.push(b':');
        let key = key.into_boxed_slice();
        self.names.insert(name.into(), self.entries.len());
        self.entries.push(Entry {
            name: name.into(),
            field,
            kind,
            group,
            words,
            key,
        });
    }

    /// One more spelling of the entry added last.
    fn also(&mut self, name: &str) {
        let last = self.entries.len().saturating_sub(1);
        self.names.entry(name.into()).or_insert(last);
    }

    /// As `crm.deal.list` and its kin show an entity.
    pub(crate) fn classic(fields: &[Field], style: Style) -> Self {
        let mut view = Self::new(style);
        for (place, field) in fields.iter().enumerate().filter(|(_, field)| field.classic) {
            let group = match field.kind {
                Kind::Multifield => Group::Named,
                _ if field.custom => Group::Custom,
                Kind::References(_) if style == Style::Classic => Group::Named,
                _ => Group::Standard,
            };
            view.add(field.name, place, field.kind, group, &[]);
        }
        view
    }

    /// As `crm.item.list` shows an entity, custom fields by their original names if asked.
    pub(crate) fn item(fields: &[Field], original_names: bool) -> Self {
        let mut view = Self::new(Style::Item);
        let shown = |field: &Field| !field.camel.is_empty() && field.kind != Kind::Multifield;
        for (place, field) in fields.iter().enumerate().filter(|(_, field)| shown(field)) {
            let name = if field.custom && original_names {
                field.name
            } else {
                field.camel
            };
            view.add(name, place, field.kind, Group::Standard, &[]);
            view.also(field.camel);
            view.also(&if field.custom {
                field.name.to_owned()
            } else {
                upper_snake(field.camel)
            });
        }
        view
    }

    /// As `tasks.task.*` of v2 shows an entity: answers in camelCase, questions in either.
    pub(crate) fn task(fields: &[Field]) -> Self {
        let mut view = Self::new(Style::Task);
        for (place, field) in fields
            .iter()
            .enumerate()
            .filter(|(_, field)| !field.camel.is_empty())
        {
            view.add(field.camel, place, field.kind, Group::Standard, &[]);
            view.also(field.name);
        }
        view
    }

    /// The place of the entry of this name.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.place(name).map(|place| &self.entries[place])
    }

    /// The places of all entries of some groups.
    pub(crate) fn of_groups(&self, groups: &[Group]) -> Vec<usize> {
        let entries = self.entries.iter().enumerate();
        entries
            .filter(|(_, entry)| groups.contains(&entry.group))
            .map(|(place, _)| place)
            .collect()
    }
}

/// `createdTime` → `CREATED_TIME`, `parentId128` → `PARENT_ID_128`.
pub(crate) fn upper_snake(camel: &str) -> String {
    let mut upper = String::with_capacity(camel.len() + 4);
    let mut last = 'A';
    for character in camel.chars() {
        let starts_number = character.is_ascii_digit() && !last.is_ascii_digit() && last != '_';
        if character.is_ascii_uppercase() || starts_number {
            upper.push('_');
        }
        upper.push(character.to_ascii_uppercase());
        last = character;
    }
    upper
}
