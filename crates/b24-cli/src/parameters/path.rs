//! `name[key][>other][]`: where in the parameters a value goes.

use super::tree::Tree;

/// A path as PHP writes it: a name and the brackets after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) name: String,
    /// What stood in the brackets; empty for `[]`.
    pub(crate) keys: Vec<String>,
}

impl Path {
    /// Reads a path from the start of `text`; returns it and what follows.
    pub(crate) fn read(text: &str) -> Result<(Self, &str), &'static str> {
        let end = text
            .find(['[', '=', '@'])
            .map_or(text.len(), |at| match &text[at..] {
                rest if rest.starts_with('=') && text[..at].ends_with(':') => at - 1,
                _ => at,
            });
        let (name, mut rest) = text.split_at(end);
        if name.is_empty() {
            return Err("it has no name");
        }
        if let Some(bad) = name.chars().find(|c| c.is_whitespace() || *c == ']') {
            return Err(match bad {
                ']' => "a \"]\" without a \"[\" before it",
                _ => "a space in the name",
            });
        }
        let mut keys = Vec::new();
        while let Some(inner) = rest.strip_prefix('[') {
            let Some(close) = inner.find(']') else {
                return Err("a \"[\" without a \"]\"");
            };
            keys.push(inner[..close].to_owned());
            rest = &inner[close + 1..];
        }
        let path = Self {
            name: name.to_owned(),
            keys,
        };
        Ok((path, rest))
    }

    /// What is at this path.
    pub(crate) fn get<'a>(&self, root: &'a Tree) -> Option<&'a Tree> {
        let keys = self.keys.iter().map(String::as_str);
        std::iter::once(self.name.as_str())
            .chain(keys)
            .try_fold(root, |place, key| match place {
                Tree::List(items) => items.get(key.parse::<usize>().ok()?),
                other => other.get(key),
            })
    }

    /// Puts `value` at this path by the rules of PHP: `[]` appends, keys that
    /// count 0, 1, 2 … make a list, any other key makes an object.
    pub(crate) fn put(&self, root: &mut Tree, value: Tree) -> Result<(), String> {
        let mut place = entry(root, &self.name).ok_or("the parameters are not an object")?;
        let mut shown = self.name.clone();
        for key in &self.keys {
            let kind = place.kind();
            place = entry(place, key)
                .ok_or_else(|| format!("{shown} is {kind} already, it has no [{key}]"))?;
            shown = format!("{shown}[{key}]");
        }
        *place = value;
        Ok(())
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.name)?;
        self.keys.iter().try_for_each(|key| write!(out, "[{key}]"))
    }
}

/// The place of `key` in a list or object, made if it is not there.
fn entry<'a>(place: &'a mut Tree, key: &str) -> Option<&'a mut Tree> {
    if matches!(place, Tree::Null) {
        *place = match key {
            "" | "0" => Tree::List(Vec::new()),
            _ => Tree::empty(),
        };
    }
    if let Tree::List(items) = place
        && position(items.len(), key).is_none()
    {
        *place = Tree::Map(
            std::mem::take(items)
                .into_iter()
                .enumerate()
                .map(|(index, item)| (index.to_string(), item))
                .collect(),
        );
    }
    match place {
        Tree::List(items) => {
            let at = position(items.len(), key)?;
            if at == items.len() {
                items.push(Tree::Null);
            }
            items.get_mut(at)
        }
        Tree::Map(entries) => {
            let key = if key.is_empty() {
                next_index(entries).to_string()
            } else {
                key.to_owned()
            };
            let at = entries.iter().position(|(name, _)| *name == key);
            let at = at.unwrap_or_else(|| {
                entries.push((key, Tree::Null));
                entries.len() - 1
            });
            Some(&mut entries[at].1)
        }
        _ => None,
    }
}

/// Where `key` lies in a list of `len` items, its end included.
fn position(len: usize, key: &str) -> Option<usize> {
    if key.is_empty() {
        return Some(len);
    }
    let index: usize = key.parse().ok()?;
    (index <= len && index.to_string() == key).then_some(index)
}

fn next_index(entries: &[(String, Tree)]) -> u64 {
    let last = entries
        .iter()
        .filter_map(|(key, _)| key.parse::<u64>().ok())
        .max();
    last.map_or(0, |index| index.saturating_add(1))
}
