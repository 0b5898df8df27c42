//! The documented methods, played or not.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::methods;
use crate::php::Php;
use crate::play::Version;

/// One line a method; written by `cargo xtask codegen`.
static LINES: &str = include_str!("../data/methods.jsonl");

/// A method of the documentation.
#[derive(Debug)]
pub(crate) struct Documented {
    pub(crate) name: &'static str,
    /// Any of these scopes, separated by commas, will do; `basic` needs none.
    pub(crate) scope: &'static str,
    pub(crate) app_only: bool,
    shape: Option<&'static RawValue>,
}

impl Documented {
    /// The documented shape of `result`: names of types in place of values.
    pub(crate) fn shape(&self) -> Php {
        self.shape
            .and_then(|shape| Php::from_json(shape.get().as_bytes()))
            .unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Line {
    name: &'static str,
    version: &'static str,
    scope: &'static str,
    app: bool,
    #[serde(borrow)]
    shape: Option<&'static RawValue>,
}

static METHODS: LazyLock<HashMap<(Version, String), Documented>> = LazyLock::new(|| {
    // A test checks that every line can be read.
    let lines = LINES
        .lines()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok());
    let entry = |line: Line| {
        let version = if line.version == "v3" {
            Version::V3
        } else {
            Version::V2
        };
        let documented = Documented {
            name: line.name,
            scope: line.scope,
            app_only: line.app,
            shape: line.shape,
        };
        ((version, line.name.to_ascii_lowercase()), documented)
    };
    lines.map(entry).collect()
});

/// The documented method of this name (in lower case).
pub(crate) fn find(version: Version, lower_case_name: &str) -> Option<&'static Documented> {
    METHODS.get(&(version, lower_case_name.to_owned()))
}

/// A documented method, and whether this portal plays it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Coverage {
    /// As documented.
    pub name: &'static str,
    /// 2 or 3.
    pub version: u8,
    /// Whether it has state and rules here, or answers 501 or a stub.
    pub is_played: bool,
}

/// Every documented method, by version and name.
pub fn coverage() -> Vec<Coverage> {
    let entry = |((version, lower), method): (&(Version, String), &Documented)| Coverage {
        name: method.name,
        version: version.number(),
        is_played: methods::find(*version, lower).is_some(),
    };
    let mut all: Vec<_> = METHODS.iter().map(entry).collect();
    all.sort_unstable_by_key(|method| (method.version, method.name));
    all
}

/// Every scope that a documented method asks for, sorted.
pub(crate) fn scopes() -> Vec<String> {
    let mut scopes: Vec<_> = METHODS
        .values()
        .flat_map(|method| method.scope.split(','))
        .collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
        .into_iter()
        .filter(|scope| *scope != "basic" && !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{LINES, METHODS, Version, find, scopes};

    #[test]
    fn every_line_is_read() {
        assert_eq!(METHODS.len(), LINES.lines().count());
        let method = find(Version::V2, "event.bind").unwrap();
        assert!(method.app_only);
        assert!(find(Version::V3, "main.eventlog.tail").is_some());
        assert!(scopes().contains(&"crm".to_owned()));
    }
}
