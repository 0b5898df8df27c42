//! Reading a form by the rules of `parse_str`.

use std::collections::HashMap;

use serde_json::Value;

use super::FormError;
use super::encode::is_c_space;
use crate::value::Tree;

/// How much of a form is read before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Levels of nesting, the top one included: `a[b][c]` is three.
    pub depth: usize,
    /// Fields, empty ones included.
    pub pairs: usize,
    /// Bytes of the encoded form.
    pub bytes: usize,
}

impl Default for Limits {
    /// 32 levels, 10,000 fields, 1 MiB.
    fn default() -> Self {
        Self {
            depth: 32,
            pairs: 10_000,
            bytes: 1 << 20,
        }
    }
}

/// Reads a form into a value; all its leaves are texts.
///
/// A level whose keys are exactly `0`, `1`, … in this order becomes an array,
/// any other an object; the form itself is always an object. The last of two
/// values of one key stays. Keys are taken with raw and with encoded brackets,
/// bytes that are not UTF-8 become `U+FFFD`.
///
/// # Errors
/// Only when a limit is passed: any bytes are some form.
pub fn decode(form: &[u8], limits: Limits) -> Result<Value, FormError> {
    decode_tree(form, limits).map(Value::from)
}

/// [`decode`], keeping the order of the fields.
pub(super) fn decode_tree(form: &[u8], limits: Limits) -> Result<Tree, FormError> {
    if form.len() > limits.bytes {
        return Err(FormError::TooLong {
            limit: limits.bytes,
        });
    }
    let mut root = Level::default();
    for (count, (key, value)) in form_urlencoded::parse(form).enumerate() {
        if count == limits.pairs {
            return Err(FormError::TooManyPairs {
                limit: limits.pairs,
            });
        }
        let Some(path) = Path::parse(&key) else {
            continue;
        };
        if path.inner.len() >= limits.depth {
            return Err(FormError::TooDeep {
                limit: limits.depth,
            });
        }
        root.put(path, value.into_owned());
    }
    Ok(root.into_map())
}

/// The key of a pair: `name[inner][inner]`, `None` for "append".
struct Path<'a> {
    name: String,
    inner: Vec<Option<&'a str>>,
}

impl<'a> Path<'a> {
    /// `None` for a key that PHP drops.
    fn parse(key: &'a str) -> Option<Self> {
        let key = key.trim_start_matches(' ');
        let key = key.split_once('\0').map_or(key, |(before, _)| before);
        let (name, mut rest) = key.split_at(key.find('[').unwrap_or(key.len()));
        if name.is_empty() {
            return None;
        }
        let mut inner = Vec::new();
        while let Some(opened) = rest.strip_prefix('[') {
            let blank = usize::from(opened.bytes().next().is_some_and(is_c_space));
            if opened[blank..].starts_with(']') {
                inner.push(None);
                rest = &opened[blank + 1..];
            } else if let Some((index, after)) = opened.split_once(']') {
                inner.push(Some(index));
                rest = after;
            } else {
                // Never closed: no index, and at the top part of the name.
                let name = if inner.is_empty() { key } else { name };
                return Some(Self {
                    name: flat(name),
                    inner,
                });
            }
        }
        Some(Self {
            name: flat(name),
            inner,
        })
    }
}

/// PHP's variable names hold no space, dot or opening bracket.
fn flat(name: &str) -> String {
    name.replace([' ', '.', '['], "_")
}

/// One level being read. The place of a key is looked up, so that a long form
/// takes linear time; an index is a key like any other, so that a large one
/// allocates nothing.
#[derive(Default)]
struct Level {
    entries: Vec<(String, Node)>,
    places: HashMap<String, usize>,
    largest_index: Option<i64>,
}

/// What a key holds: its text, unless it has keys of its own.
#[derive(Default)]
struct Node {
    text: String,
    level: Option<Level>,
}

impl Level {
    fn put(&mut self, path: Path<'_>, text: String) {
        let mut level = self;
        let mut key = path.name;
        for index in path.inner {
            level = level.node(key).level.get_or_insert_default();
            key = match (index, level.free_index()) {
                (Some(index), _) => index.to_owned(),
                (None, Some(free)) => free.to_string(),
                (None, None) => return,
            };
        }
        *level.node(key) = Node { text, level: None };
    }

    /// The node of a key, a new one if need be.
    fn node(&mut self, key: String) -> &mut Node {
        let place = if let Some(place) = self.places.get(&key) {
            *place
        } else {
            self.largest_index = self.largest_index.max(php_index(&key));
            self.places.insert(key.clone(), self.entries.len());
            self.entries.push((key, Node::default()));
            self.entries.len() - 1
        };
        &mut self.entries[place].1
    }

    /// The index that `[]` takes: none is left after PHP's largest integer.
    fn free_index(&self) -> Option<i64> {
        self.largest_index
            .map_or(Some(0), |largest| largest.checked_add(1))
    }

    fn into_map(self) -> Tree {
        Tree::Map(
            self.entries
                .into_iter()
                .map(|(key, node)| (key, node.into_tree()))
                .collect(),
        )
    }
}

impl Node {
    fn into_tree(self) -> Tree {
        let Some(level) = self.level else {
            return Tree::Text(self.text);
        };
        let is_list = level
            .entries
            .iter()
            .enumerate()
            .all(|(place, (key, _))| *key == place.to_string());
        if is_list {
            Tree::List(
                level
                    .entries
                    .into_iter()
                    .map(|(_, node)| node.into_tree())
                    .collect(),
            )
        } else {
            level.into_map()
        }
    }
}

/// The integer that PHP makes of a key; `None` where it stays text (`05`, `-0`,
/// `1.0`).
fn php_index(key: &str) -> Option<i64> {
    let index: i64 = key.parse().ok()?;
    (index.to_string() == key).then_some(index)
}
