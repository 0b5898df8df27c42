//! The commands that go to the SDK at once.

use std::collections::{HashMap, VecDeque};

use b24::{Batch, Slot};
use serde_json::Value;

use super::input::{Line, Reference};
use super::results::Results;
use crate::catalogue::Version;
use crate::connection::Connection;
use crate::parameters::Tree;

/// What the portal takes in one request.
const REQUEST: usize = 50;
/// Commands handed to the SDK at once: four requests, which it sends side by side.
pub(super) const GROUP: usize = 4 * REQUEST;

/// One line of a group.
pub(super) enum Entry {
    /// Goes to the portal.
    Send(Line),
    /// Cannot be sent: what it refers to is not there.
    Refused(Line, String),
}

/// Commands that are sent together.
pub(super) struct Group {
    pub(super) batch: Batch,
    pub(super) entries: Vec<Entry>,
    /// Whether a command refers to another of the group.
    pub(super) depends: bool,
    slots: HashMap<String, Slot<Value>>,
}

/// How groups are made.
pub(super) struct Maker<'a> {
    pub(super) connection: &'a Connection,
    pub(super) version: Version,
    pub(super) halt: bool,
    /// References are filled in from answers only: the SDK cannot put them into one request.
    pub(super) references_wait: bool,
}

impl Maker<'_> {
    /// Takes the next commands: as many as may go together.
    pub(super) fn gather(&self, waiting: &mut VecDeque<Line>, results: &Results) -> Group {
        let batch = match self.version {
            Version::V2 => self.connection.client.v2().batch(),
            Version::V3 => self.connection.client.v3().batch(),
        };
        let mut group = Group {
            batch: if self.halt { batch.halt(true) } else { batch },
            entries: Vec::new(),
            depends: false,
            slots: HashMap::new(),
        };
        while group.entries.len() < GROUP
            && let Some(line) = waiting.pop_front()
        {
            let near = group.targets(&line);
            if !near.is_empty() && (self.references_wait || !group.has_in_one_request(&near)) {
                waiting.push_front(line);
                break;
            }
            group.depends |= !near.is_empty();
            let filled = results.fill(&line.params, &mut |reference| group.place(reference));
            match filled {
                Ok(params) => self.add(&mut group, line, params),
                Err(why) => {
                    group.entries.push(Entry::Refused(line, why));
                    if self.halt {
                        break;
                    }
                }
            }
        }
        group
    }

    fn add(&self, group: &mut Group, line: Line, params: Tree) {
        let call = match self.version {
            Version::V2 => self.connection.client.v2().call(&line.method),
            Version::V3 => self.connection.client.v3().call(&line.method),
        };
        let slot = group.batch.push(call.params(params));
        if let Some(name) = &line.name {
            group.slots.insert(name.clone(), slot);
        }
        group.entries.push(Entry::Send(line));
    }
}

impl Group {
    /// The positions of commands of this group that a line refers to.
    fn targets(&self, line: &Line) -> Vec<usize> {
        let references = line.references().into_iter();
        references
            .filter_map(|reference| Some(self.slots.get(reference.name)?.index()))
            .collect()
    }

    /// Whether the next command goes in the same request as these.
    fn has_in_one_request(&self, positions: &[usize]) -> bool {
        let request = self.batch.len() / REQUEST;
        positions
            .iter()
            .all(|position| position / REQUEST == request)
    }

    /// The SDK's mark for a result of this group.
    fn place(&self, reference: Reference<'_>) -> Option<Tree> {
        let slot = self.slots.get(reference.name)?;
        let place = if reference.each {
            slot.each(reference.path)
        } else {
            slot.field(reference.path)
        };
        match serde_json::to_value(place) {
            Ok(Value::String(place)) => Some(Tree::Text(place)),
            _ => None,
        }
    }
}
