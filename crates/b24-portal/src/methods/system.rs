//! What the portal says about itself.

#![expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]

use super::{all, v2};
use crate::php::Php;
use crate::play::{Call, Method, Refusal, Reply, Version};
use crate::world::time;

pub(super) const METHODS: &[Method] = &[
    v2("methods", "", methods),
    v2("method.get", "", method),
    v2("scope", "", scope),
    v2("server.time", "", |call| {
        Ok(Reply::value(time::text(call.now)))
    }),
];

fn methods(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let wanted = call.params.get_ci("scope").map(Php::to_text);
    let everything = call.params.get_ci("full").is_some_and(Php::truthy);
    let shown = |method: &&Method| match &wanted {
        Some(scope) if !scope.is_empty() => method.scope.split(',').any(|known| known == scope),
        _ => everything || allowed(call, method),
    };
    let played = all()
        .filter(|method| method.version == Version::V2)
        .filter(shown);
    let batch = wanted.is_none().then(|| Php::from("batch"));
    Ok(Reply::value(Php::list(
        batch
            .into_iter()
            .chain(played.map(|method| method.name.into())),
    )))
}

fn method(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let name = call
        .params
        .get_ci("name")
        .map(Php::to_text)
        .unwrap_or_default()
        .to_lowercase();
    let found = super::find(Version::V2, &name);
    let is_basic = name == "batch";
    Ok(Reply::value(Php::map([
        ("isExisting", (is_basic || found.is_some()).into()),
        (
            "isAvailable",
            (is_basic || found.is_some_and(|method| allowed(call, method))).into(),
        ),
    ])))
}

fn scope(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let full = call.params.get_ci("full").is_some_and(Php::truthy);
    let mut scopes: Vec<&str> = call.actor.scopes.iter().map(String::as_str).collect();
    if full {
        scopes.extend(
            all()
                .map(|method| method.scope)
                .filter(|scope| !scope.is_empty()),
        );
        scopes.sort_unstable();
        scopes.dedup();
    }
    Ok(Reply::value(Php::list(scopes.into_iter().map(Php::from))))
}

/// Whether the credential's scopes cover a method.
fn allowed(call: &Call<'_>, method: &Method) -> bool {
    let granted = |wanted: &str| call.actor.scopes.iter().any(|scope| scope == wanted);
    method.scope.is_empty() || method.scope.split(',').any(granted)
}
