//! What a part answers: rows of another question must not be joined to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The parts of a question by name. Values may be personal, so only their hashes are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question(BTreeMap<String, String>);

impl Question {
    /// Adds a part; whatever serialises the same is the same.
    pub(crate) fn with(mut self, name: &str, value: &impl Serialize) -> Self {
        let text = serde_json::to_string(value).unwrap_or_default();
        self.0
            .insert(name.to_owned(), format!("{:016x}", fnv1a(text.as_bytes())));
        self
    }

    /// The names of what is not the same in both.
    pub(crate) fn differs(&self, other: &Self) -> Vec<String> {
        let names = self.0.keys().chain(other.0.keys());
        let mut names: Vec<String> = names
            .filter(|name| self.0.get(*name) != other.0.get(*name))
            .cloned()
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

/// FNV-1a: the same in every version of the command, which files on disk need.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
