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
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct PhpArray {
    entries: Vec<(Key, Php)>,
    next_index: i64,
}

impl PhpArray {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Vec::new(),
            next_index: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// `$array[] = $value`.
    pub(crate) fn push(&mut self, value: Php) {
        self.entries.push((Key::Int(self.next_index), value));
        self.next_index = self.next_index.saturating_add(1);
    }

    /// `$array[$key] = $value`: a known key keeps its place.
    pub(crate) fn insert(&mut self, key: impl Into<Key>, value: Php) {
        let key = key.into();
        if let Key::Int(number) = key
            && number >= self.next_index
        {
            self.next_index = number.saturating_add(1);
            self.entries.push((key, value));
        } else if let Some(place) = self.position(&key) {
            self.entries[place].1 = value;
        } else {
            self.entries.push((key, value));
        }
    }

    /// `unset($array[$key])`.
    pub(crate) fn remove(&mut self, key: &Key) -> Option<Php> {
        self.position(key).map(|place| self.entries.remove(place).1)
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Php> {
        self.position(key).map(|place| &self.entries[place].1)
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

    pub(crate) fn get_mut(&mut self, key: &Key) -> Option<&mut Php> {
        self.position(key).map(|place| &mut self.entries[place].1)
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&Key, &Php)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = &Php> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// Whether the keys are 0..n-1 in this order, so that JSON shows a list.
    pub(crate) fn is_list(&self) -> bool {
        self.entries
            .iter()
            .zip(0..)
            .all(|((key, _), place)| *key == Key::Int(place))
    }

    fn position(&self, key: &Key) -> Option<usize> {
        // Lists are the only long arrays, and there the key is the place.
        if let Key::Int(number) = key
            && let Ok(place) = usize::try_from(*number)
            && self
                .entries
                .get(place)
                .is_some_and(|(found, _)| found == key)
        {
            return Some(place);
        }
        self.entries.iter().position(|(found, _)| found == key)
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
    type IntoIter = std::vec::IntoIter<(Key, Php)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}
