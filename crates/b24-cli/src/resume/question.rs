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

    /// Sixteen letters and digits that stand for it among others.
    pub(crate) fn name(&self) -> String {
        let text = serde_json::to_string(&self.0).unwrap_or_default();
        format!("{:016x}", fnv1a(text.as_bytes()))
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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hash {
    state: u64,
    length: u64,
}

impl Default for Hash {
    fn default() -> Self {
        Self {
            state: 0xcbf2_9ce4_8422_2325,
            length: 0,
        }
    }
}

impl Hash {
    /// Takes in more.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        self.state = bytes.iter().fold(self.state, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    }

    /// The hash and the length of all that was added.
    pub(crate) fn text(self) -> String {
        format!("{:016x}-{}", self.state, self.length)
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = Hash::default();
    hash.add(bytes);
    hash.state
}
