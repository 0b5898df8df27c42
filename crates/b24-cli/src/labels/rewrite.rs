//! A row with texts for codes.

use serde_json::value::RawValue;

use super::{Labelling, Labels, Texts, beside_key};
use crate::formats::{Entries, compact, elements, text};

impl Labels {
    /// The row with texts; a code that nobody knows stays.
    pub(super) fn rewrite(&self, row: Box<RawValue>) -> Box<RawValue> {
        match self.rewritten(&row) {
            Some(text) => RawValue::from_string(text).unwrap_or(row),
            None => row,
        }
    }

    fn rewritten(&self, row: &RawValue) -> Option<String> {
        let Entries(entries) = Entries::read(row)?;
        let mut out = Vec::with_capacity(row.get().len() + 64);
        let mut before = b'{';
        let mut put = |key: &str, value: &str| {
            out.push(std::mem::replace(&mut before, b','));
            out.extend_from_slice(quoted(key).as_bytes());
            out.push(b':');
            compact(value, &mut out);
        };
        for (key, value) in &entries {
            let texts = self.texts.get(key.as_ref());
            match (texts, self.labelling) {
                (None, _) => put(key, value.get()),
                (Some(texts), Labelling::Text) => put(key, &self.texts_of(texts, value)),
                (Some(texts), Labelling::Both) => {
                    put(key, value.get());
                    put(&beside_key(key), &self.texts_of(texts, value));
                }
            }
        }
        if entries.is_empty() {
            return None;
        }
        out.push(b'}');
        String::from_utf8(out).ok()
    }

    /// The text of a code, or a list of them, as JSON.
    fn texts_of(&self, texts: &Texts, value: &RawValue) -> String {
        if value.get().starts_with('[') {
            let each = elements(value);
            let each: Vec<String> = each
                .iter()
                .map(|value| self.text_of(texts, value))
                .collect();
            return format!("[{}]", each.join(","));
        }
        self.text_of(texts, value)
    }

    fn text_of(&self, texts: &Texts, value: &RawValue) -> String {
        if value.get() == "null" {
            return "null".to_owned();
        }
        let code = text(Some(value));
        let found = match texts {
            Texts::Book(book) => book.get(code.as_ref()).map(String::as_str),
            Texts::Users => self.users.name(&code),
        };
        found.map_or_else(|| value.get().to_owned(), quoted)
    }
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
