//! Texts and the codes that they stand for.

use std::collections::{HashMap, HashSet};

/// The codes of a directory by their texts.
#[derive(Debug, Default)]
pub(super) struct Words {
    codes: HashSet<String>,
    by_text: HashMap<String, Vec<String>>,
    /// What messages call an entry.
    entry: &'static str,
}

impl Words {
    /// Pairs of a code and its text.
    pub(super) fn of<'a>(
        entry: &'static str,
        pairs: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Self {
        let mut words = Self {
            entry,
            ..Self::default()
        };
        for (code, text) in pairs {
            words.codes.insert(code.clone());
            words
                .by_text
                .entry(plain(text))
                .or_default()
                .push(code.clone());
        }
        for codes in words.by_text.values_mut() {
            codes.sort_unstable();
            codes.dedup();
        }
        words
    }

    /// The code that `text` is, or is the text of.
    pub(super) fn find(&self, text: &str) -> Result<String, String> {
        if self.codes.contains(text) {
            return Ok(text.to_owned());
        }
        match self.by_text.get(&plain(text)).map(Vec::as_slice) {
            Some([one]) => Ok(one.clone()),
            None | Some([]) => Err(format!("no {} {text:?}", self.entry)),
            Some(many) => Err(format!(
                "{text:?} is the text of {}: write one of these",
                many.join(" and ")
            )),
        }
    }
}

/// A text as it is compared: white space and capitals do not count.
pub(super) fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}
