use serde_json::json;

use super::*;

/// Metadata of a workspace: `(crate, dependency, kind, features)`; every crate is its own id.
fn metadata(members: &[&str], arrows: &[(&str, &str, Option<&str>, &[&str])]) -> Value {
    let names = members
        .iter()
        .copied()
        .chain(arrows.iter().flat_map(|arrow| [arrow.0, arrow.1]))
        .collect::<BTreeSet<_>>();
    let of = |name: &str| {
        arrows
            .iter()
            .filter(move |arrow| arrow.0 == name)
            .collect::<Vec<_>>()
    };
    let packages = names.iter().map(|name| {
        let dependencies = of(name)
            .iter()
            .map(|arrow| json!({"name": arrow.1, "kind": arrow.2, "features": arrow.3}))
            .collect::<Vec<_>>();
        json!({"id": name, "name": name, "dependencies": dependencies})
    });
    let nodes = names.iter().map(|name| {
        let dependencies = of(name)
            .iter()
            .map(|arrow| json!({"pkg": arrow.1, "dep_kinds": [{"kind": arrow.2}]}))
            .collect::<Vec<_>>();
        json!({"id": name, "features": [], "deps": dependencies})
    });
    json!({
        "workspace_members": members,
        "packages": packages.collect::<Vec<_>>(),
        "resolve": {"nodes": nodes.collect::<Vec<_>>()},
    })
}

fn found(members: &[&str], arrows: &[(&str, &str, Option<&str>, &[&str])]) -> Vec<String> {
    violations(&Graph::read(&metadata(members, arrows)).unwrap())
}

#[test]
fn the_portal_never_depends_on_the_client() {
    let members = ["b24", "b24-portal"];
    assert!(found(&members, &[("b24", "b24-portal", Some("dev"), &[])]).is_empty());
    let wrong = found(&members, &[("b24-portal", "b24", Some("dev"), &[])]);
    assert_eq!(wrong, ["b24-portal must not depend on b24"]);
    let wrong = found(&members, &[("b24", "b24-portal", None, &[])]);
    assert_eq!(wrong, ["b24 must not depend on b24-portal"]);
}

#[test]
fn a_forbidden_crate_is_found_at_any_depth_but_not_in_tests() {
    let deep = [
        ("b24", "reqwest", None, &[][..]),
        ("reqwest", "axum", None, &[]),
    ];
    assert_eq!(
        found(&["b24"], &deep),
        ["b24 must not have axum in its tree"]
    );
    let tests = [
        ("b24", "reqwest", None, &[][..]),
        ("reqwest", "axum", Some("dev"), &[]),
    ];
    assert!(found(&["b24"], &tests).is_empty());
}

#[test]
fn the_sdk_starts_no_runtime_and_takes_only_listed_crates() {
    let features = ["rt", "rt-multi-thread"];
    let wrong = found(&["b24"], &[("b24", "tokio", None, &features)]);
    assert_eq!(wrong, ["b24 must not turn on tokio's rt-multi-thread"]);
    assert!(found(&["b24"], &[("b24", "tokio", None, &["rt", "time"])]).is_empty());
    let wrong = found(&["b24"], &[("b24", "left-pad", None, &[])]);
    assert_eq!(wrong, ["b24 depends on left-pad, which is not on its list"]);
}

#[test]
fn a_new_crate_needs_a_rule() {
    assert_eq!(found(&["b24-new"], &[]), ["b24-new has no rule; add one"]);
}

#[test]
fn preserve_order_is_seen_wherever_it_is_turned_on() {
    let mut metadata = metadata(&["b24"], &[("b24", "serde_json", None, &[])]);
    assert!(violations(&Graph::read(&metadata).unwrap()).is_empty());
    let node = metadata["resolve"]["nodes"]
        .as_array_mut()
        .and_then(|nodes| nodes.iter_mut().find(|node| node["id"] == "serde_json"))
        .unwrap();
    node["features"] = json!(["std", "preserve_order"]);
    let wrong = violations(&Graph::read(&metadata).unwrap());
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].contains("preserve_order"), "{wrong:?}");
}
