//! Reading `catalogue/catalogue.json.gz`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use flate2::bufread::GzDecoder;
use serde_json::Value;

/// The facts, with the methods in the order all generated files use.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// Methods by name (bytewise), then by version.
    pub(super) methods: Vec<Method>,
    /// Error codes by code.
    pub(super) errors: BTreeMap<String, ErrorCode>,
    /// The facts of each event, by name.
    pub(super) events: BTreeMap<String, Value>,
}

/// What the pages tell about one error code.
#[derive(Debug, Default)]
pub(super) struct ErrorCode {
    pub(super) statuses: BTreeSet<u16>,
    /// How many methods name it.
    pub(super) methods: u64,
}

/// One method in one version of the API.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) name: String,
    pub(super) version: String,
    facts: Value,
}

impl Catalogue {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let path = root.join("catalogue/catalogue.json.gz");
        let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        let mut root: Value = serde_json::from_reader(GzDecoder::new(BufReader::new(file)))
            .with_context(|| format!("{} is not gzipped JSON", path.display()))?;
        Ok(Self {
            methods: methods(root["methods"].take())?,
            errors: error_codes(&root)?,
            events: events(root["events"].take())?,
        })
    }

    /// A catalogue of nothing but methods.
    #[cfg(test)]
    pub(super) fn with_methods(list: Value) -> Result<Self> {
        Ok(Self {
            methods: methods(list)?,
            errors: BTreeMap::new(),
            events: BTreeMap::new(),
        })
    }
}

/// The events by name.
fn events(list: Value) -> Result<BTreeMap<String, Value>> {
    let Value::Array(list) = list else {
        bail!("the catalogue has no list of events");
    };
    list.into_iter()
        .map(|event| match event["event"].as_str() {
            Some(name) => Ok((name.to_owned(), event)),
            None => bail!("an event without a name"),
        })
        .collect()
}

/// The methods in order, each once.
fn methods(list: Value) -> Result<Vec<Method>> {
    let Value::Array(list) = list else {
        bail!("the catalogue has no list `methods`");
    };
    let mut methods = list
        .into_iter()
        .map(Method::new)
        .collect::<Result<Vec<_>>>()?;
    methods.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    for pair in methods.windows(2) {
        ensure!(
            (&pair[0].name, &pair[0].version) != (&pair[1].name, &pair[1].version),
            "{} {} is in the catalogue twice",
            pair[0].name,
            pair[0].version
        );
    }
    Ok(methods)
}

/// The codes of all pages and of the lists that hold for every method; empty ones left out.
fn error_codes(root: &Value) -> Result<BTreeMap<String, ErrorCode>> {
    let mut codes = BTreeMap::<String, ErrorCode>::new();
    for key in ["error_codes", "system_errors", "oauth_errors", "v3_errors"] {
        let list = root[key]
            .as_array()
            .with_context(|| format!("the catalogue has no list `{key}`"))?;
        for error in list {
            let code = error["code"]
                .as_str()
                .with_context(|| format!("a code of `{key}` is no text"))?;
            let known = codes.entry(code.trim().to_owned()).or_default();
            let statuses = texts(&error["status"]);
            known.statuses.extend(
                statuses
                    .iter()
                    .filter_map(|status| status.parse::<u16>().ok()),
            );
            known.methods = known.methods.max(error["methods"].as_u64().unwrap_or(0));
        }
    }
    codes.remove("");
    Ok(codes)
}

impl Method {
    fn new(facts: Value) -> Result<Self> {
        let field = |key: &str| {
            facts[key]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("a method of the catalogue has no `{key}`"))
        };
        Ok(Self {
            name: field("name")?,
            version: field("version")?,
            facts,
        })
    }

    /// A fact about the method; `Null` if the catalogue does not tell it.
    pub(super) fn fact(&self, key: &str) -> &Value {
        &self.facts[key]
    }

    /// The texts of a list of the catalogue, none if it is absent.
    pub(super) fn texts(&self, key: &str) -> Vec<&str> {
        texts(&self.facts[key])
    }

    /// Whether a webhook is refused: the method answers an application only.
    pub(super) fn is_for_applications(&self) -> bool {
        ["app_context_only", "app_context_error"]
            .iter()
            .any(|key| self.facts[key] == Value::Bool(true))
    }

    /// The documented parameters.
    pub(super) fn params(&self) -> &[Value] {
        self.facts["params"].as_array().map_or(&[], Vec::as_slice)
    }

    /// A documented parameter by its name in any case.
    pub(super) fn param(&self, name: &str) -> Option<&Value> {
        self.params().iter().find(|param| {
            param["name"]
                .as_str()
                .is_some_and(|n| n.eq_ignore_ascii_case(name))
        })
    }
}

/// The texts of a JSON list.
pub(super) fn texts(list: &Value) -> Vec<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_method_may_be_there_once_per_version() {
        let one = json!({"name": "a.get", "version": "v2"});
        let other = json!({"name": "a.get", "version": "v3"});
        let read = methods(json!([other, one])).unwrap();
        assert_eq!(read[0].version, "v2");
        let error = methods(json!([one, one])).unwrap_err().to_string();
        assert_eq!(error, "a.get v2 is in the catalogue twice");
    }

    #[test]
    fn lists_of_error_codes_are_joined() {
        let root = json!({
            "error_codes": [
                {"code": " A ", "status": ["400"], "methods": 1},
                {"code": "A", "status": ["403"], "methods": 7},
                {"code": "", "status": ["400"], "methods": 9},
            ],
            "system_errors": [{"code": "B", "status": ["503"]}],
            "oauth_errors": [],
            "v3_errors": [],
        });
        let codes = error_codes(&root).unwrap();
        assert_eq!(codes.len(), 2);
        assert_eq!(codes["A"].statuses, [400, 403].into());
        assert_eq!((codes["A"].methods, codes["B"].methods), (7, 0));
    }
}
