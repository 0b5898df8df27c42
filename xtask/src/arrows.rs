//! Who may depend on whom, checked against `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::metadata;

struct Rule {
    name: &'static str,
    /// Crates of the workspace it may depend on.
    may: &'static [&'static str],
    /// Crates of the workspace its tests may depend on besides.
    in_tests: &'static [&'static str],
    /// Crates that must not be anywhere in its tree.
    never: &'static [&'static str],
    /// Direct dependencies from outside the workspace; `None` if they are free.
    outside: Option<&'static [&'static str]>,
}

/// Every crate of the workspace has a rule here.
const RULES: &[Rule] = &[
    Rule {
        name: "b24",
        may: &[],
        in_tests: &["b24-portal", "b24-seen"],
        never: &[
            "anyhow",
            "axum",
            "chrono",
            "clap",
            "deadpool",
            "libsqlite3-sys",
            "redis",
            "rusqlite",
            "sqlx",
            "tokio-postgres",
        ],
        outside: Some(&[
            "bytes",
            "fastrand",
            "form_urlencoded",
            "futures-core",
            "futures-util",
            "gloo-timers",
            "http",
            "jiff",
            "memchr",
            "percent-encoding",
            "reqwest",
            "secrecy",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "sha2",
            "subtle",
            "thiserror",
            "tokio",
            "tracing",
            "url",
            "uuid",
            "wasm-bindgen-futures",
            "web-time",
        ]),
    },
    Rule {
        name: "b24-portal",
        may: &[],
        // No b24, not even in tests: sharing the client's code would share its bugs.
        in_tests: &["b24-seen"],
        never: &["b24", "clap"],
        outside: None,
    },
    Rule {
        name: "b24-store",
        may: &["b24"],
        in_tests: &["b24-portal", "b24-seen", "b24-store"],
        never: &["axum", "clap"],
        outside: Some(&[
            "base64",
            "chacha20poly1305",
            "percent-encoding",
            "rusqlite",
            "rustls",
            "rustls-platform-verifier",
            "secrecy",
            "serde_json",
            "tokio",
            "tokio-postgres",
            "tokio-postgres-rustls",
            "tracing",
        ]),
    },
    Rule {
        name: "b24-cli",
        may: &["b24", "b24-portal", "b24-store"],
        in_tests: &["b24-seen"],
        never: &[],
        outside: None,
    },
    Rule {
        name: "b24-seen",
        may: &[],
        in_tests: &[],
        never: &[],
        outside: Some(&["tempfile", "tracing"]),
    },
    Rule {
        name: "xtask",
        may: &[],
        in_tests: &[],
        never: &[],
        // It is built before anything else can run.
        outside: Some(&["anyhow", "flate2", "serde_json"]),
    },
];

/// What `b24` may turn on in tokio: no runtime of its own, no sockets, no files.
const TOKIO_IN_B24: &[&str] = &["rt", "sync", "time"];

/// Fails with every arrow that is not allowed.
pub(crate) fn check(root: &Path) -> Result<()> {
    let violations = violations(&Graph::read(&metadata(root)?)?);
    if violations.is_empty() {
        return Ok(());
    }
    bail!(
        "dependencies that the design does not allow (rules: xtask/src/arrows.rs):\n  {}",
        violations.join("\n  ")
    )
}

fn violations(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for member in &graph.members {
        let Some(rule) = RULES.iter().find(|rule| rule.name == member) else {
            found.push(format!("{member} has no rule; add one"));
            continue;
        };
        for dependency in &graph.direct[member] {
            found.extend(direct_violation(graph, rule, dependency));
        }
        let tree = graph.tree(member);
        for name in rule.never {
            if tree.contains(name) {
                found.push(format!("{member} must not have {name} in its tree"));
            }
        }
    }
    if graph.preserve_order {
        found.push(
            "a dependency turns on the feature `preserve_order` of serde_json: \
             it hides code that relies on the order of a map"
                .to_owned(),
        );
    }
    found
}

fn direct_violation(graph: &Graph, rule: &Rule, dependency: &Dependency) -> Option<String> {
    let Dependency {
        name,
        in_tests,
        features,
    } = dependency;
    let from = rule.name;
    if graph.members.contains(name) {
        let allowed = rule.may.contains(&name.as_str())
            || (*in_tests && rule.in_tests.contains(&name.as_str()));
        return (!allowed).then(|| format!("{from} must not depend on {name}"));
    }
    if *in_tests {
        return None;
    }
    if from == "b24" && name == "tokio" {
        let extra = features
            .iter()
            .filter(|feature| !TOKIO_IN_B24.contains(&feature.as_str()))
            .map(String::as_str)
            .collect::<Vec<_>>();
        if !extra.is_empty() {
            return Some(format!("b24 must not turn on tokio's {}", extra.join(", ")));
        }
    }
    let outside = rule.outside?;
    (!outside.contains(&name.as_str()))
        .then(|| format!("{from} depends on {name}, which is not on its list"))
}

/// What the rules need of `cargo metadata`.
#[derive(Debug, Default)]
struct Graph {
    members: BTreeSet<String>,
    direct: BTreeMap<String, Vec<Dependency>>,
    /// Names of packages by the name of the package that depends on them, tests left out.
    edges: BTreeMap<String, BTreeSet<String>>,
    preserve_order: bool,
}

#[derive(Debug)]
struct Dependency {
    name: String,
    in_tests: bool,
    features: Vec<String>,
}

impl Graph {
    fn read(metadata: &Value) -> Result<Self> {
        let mut graph = Self::default();
        let mut names = BTreeMap::new();
        let member_ids = list(metadata, "workspace_members")?;
        for package in list(metadata, "packages")? {
            let name = text(package, "name")?;
            names.insert(text(package, "id")?, name);
            if member_ids.contains(&package["id"]) {
                graph.members.insert(name.to_owned());
                let direct = list(package, "dependencies")?
                    .iter()
                    .map(Dependency::read)
                    .collect::<Result<_>>()?;
                graph.direct.insert(name.to_owned(), direct);
            }
        }
        for node in list(&metadata["resolve"], "nodes")? {
            let name = names
                .get(text(node, "id")?)
                .context("a node without a package")?;
            if *name == "serde_json" {
                graph.preserve_order |= list(node, "features")?
                    .iter()
                    .any(|feature| feature == "preserve_order");
            }
            let edges = graph.edges.entry((*name).to_owned()).or_default();
            for dependency in list(node, "deps")? {
                let kinds = list(dependency, "dep_kinds")?;
                if kinds.iter().any(|kind| kind["kind"] != "dev") {
                    let to = names
                        .get(text(dependency, "pkg")?)
                        .context("an unknown package")?;
                    edges.insert((*to).to_owned());
                }
            }
        }
        Ok(graph)
    }

    /// Everything a package is built from, without what only its tests need.
    fn tree(&self, name: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![name];
        while let Some(package) = open.pop() {
            for next in self.edges.get(package).into_iter().flatten() {
                if seen.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        seen
    }
}

impl Dependency {
    fn read(declared: &Value) -> Result<Self> {
        Ok(Self {
            name: text(declared, "name")?.to_owned(),
            in_tests: declared["kind"] == "dev",
            features: list(declared, "features")?
                .iter()
                .filter_map(|feature| feature.as_str().map(str::to_owned))
                .collect(),
        })
    }
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a [Value]> {
    value[key]
        .as_array()
        .map(Vec::as_slice)
        .with_context(|| format!("`cargo metadata` has no list `{key}`"))
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key]
        .as_str()
        .with_context(|| format!("`cargo metadata` has no text `{key}`"))
}

#[cfg(test)]
mod tests;
