use indexmap::IndexMap;

use super::Php;

/// A key of a PHP array.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Int(i64),
    Str(Box<str>),
}

impl Key {
    /// The key as text, as `foreach` with a string cast would show it.
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Int(number) => std::borrow::Cow::Owned(number.to_string()),
            Self::Str(text) => std::borrow::Cow::Borrowed(text),
        }
    }
}

impl From<&str> for Key {
    /// Text in the canonical form of an integer is that integer: `"5"` and `"-5"`, not `"05"`, `"-0"`, `"1a"`.
    fn from(text: &str) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let canonical = match digits.as_bytes() {
            [b'0'] => digits.len() == text.len(),
            [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
            _ => false,
        };
        match text.parse() {
            Ok(number) if canonical => Self::Int(number),
            _ => Self::Str(text.into()),
        }
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// An ordered map, as every PHP array is.
#[derive(Debug, Clone, Default)]
pub(crate) struct PhpArray {
    entries: IndexMap<Key, Php>,
    /// One above the largest integer key so far; past [`i64::MAX`] nothing can be appended.
    next_index: u64,
}

impl PhpArray {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// `$array[] = $value`; as in PHP nothing can follow the largest key there is, and the value is lost.
    pub(crate) fn push(&mut self, value: Php) {
        if let Some(key) = self.next_key() {
            self.insert(key, value);
        }
    }

    /// The key that an appended value gets.
    pub(crate) fn next_key(&self) -> Option<Key> {
        i64::try_from(self.next_index).ok().map(Key::Int)
    }

    /// `$array[$key] = $value`: a known key keeps its place.
    pub(crate) fn insert(&mut self, key: impl Into<Key>, value: Php) {
        let key = key.into();
        if let Key::Int(number) = key
            && let Ok(number) = u64::try_from(number)
        {
            self.next_index = self.next_index.max(number + 1);
        }
        self.entries.insert(key, value);
    }

    /// `unset($array[$key])`.
    pub(crate) fn remove(&mut self, key: &Key) -> Option<Php> {
        self.entries.shift_remove(key)
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Php> {
        self.entries.get(key)
    }

    /// As [`Self::get`], but the key's ASCII case does not matter; an exact match wins.
    pub(crate) fn get_ci(&self, key: &str) -> Option<&Php> {
        let is_same =
            |found: &Key| matches!(found, Key::Str(text) if text.eq_ignore_ascii_case(key));
        self.get(&Key::from(key)).or_else(|| {
            self.iter()
                .find(|(found, _)| is_same(found))
                .map(|(_, value)| value)
        })
    }

    /// The array under a key, made (or put in place of a scalar) when needed.
    pub(crate) fn child(&mut self, key: &Key) -> &mut Self {
        if !matches!(self.get(key), Some(Php::Array(_))) {
            self.insert(key.clone(), Php::empty_array());
        }
        match self.entries.get_mut(key) {
            Some(Php::Array(child)) => child,
            _ => unreachable!("an array was put there just now"),
        }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&Key, &Php)> {
        self.entries.iter()
    }

    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = &Php> {
        self.entries.values()
    }

    /// Whether the keys are 0..n-1 in this order, so that JSON shows a list.
    pub(crate) fn is_list(&self) -> bool {
        self.entries
            .keys()
            .zip(0..)
            .all(|(key, place)| *key == Key::Int(place))
    }
}

/// As PHP's `===`: the order counts.
impl PartialEq for PhpArray {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Into<Key>> FromIterator<(K, Php)> for PhpArray {
    fn from_iter<I: IntoIterator<Item = (K, Php)>>(entries: I) -> Self {
        let mut array = Self::new();
        for (key, value) in entries {
            array.insert(key, value);
        }
        array
    }
}

impl IntoIterator for PhpArray {
    type Item = (Key, Php);
    type IntoIter = indexmap::map::IntoIter<Key, Php>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}
