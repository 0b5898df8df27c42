//! Reading `catalogue/catalogue.json.gz`.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::bufread::GzDecoder;
use serde_json::Value;

/// The facts, with the methods in the order all generated files use.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// Methods by name (bytewise), then by version.
    pub(super) methods: Vec<Method>,
    root: Value,
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
        let Value::Array(methods) = root["methods"].take() else {
            anyhow::bail!("{} has no list `methods`", path.display());
        };
        Self::new(methods, root)
    }

    fn new(methods: Vec<Value>, root: Value) -> Result<Self> {
        let mut methods = methods
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
        Ok(Self { methods, root })
    }

    /// A list of the catalogue other than the methods.
    pub(super) fn list(&self, key: &str) -> Result<&[Value]> {
        self.root[key]
            .as_array()
            .map(Vec::as_slice)
            .with_context(|| format!("the catalogue has no list `{key}`"))
    }
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
        self.params()
            .iter()
            .find(|param| param["name"].as_str().is_some_and(|n| n.eq_ignore_ascii_case(name)))
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
