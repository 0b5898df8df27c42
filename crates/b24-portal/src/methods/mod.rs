//! The methods that the portal plays.

mod applications;
mod crm;
mod directories;
pub(crate) mod disk;
mod grammar;
mod im;
mod page;
mod payments;
mod people;
mod rights;
mod short;
mod statuses;
mod system;
mod tasks;
#[cfg(test)]
mod tests;
mod v3;

use crate::php::Php;
use crate::play::{Call, Method, Play, Refusal, Version};

/// Every method played, by family.
static FAMILIES: &[&[Method]] = &[
    system::METHODS,
    applications::METHODS,
    rights::METHODS,
    people::METHODS,
    directories::METHODS,
    statuses::METHODS,
    crm::classic::METHODS,
    crm::item::METHODS,
    crm::import::METHODS,
    crm::duplicates::METHODS,
    crm::userfields::METHODS,
    crm::productrows::METHODS,
    crm::products::METHODS,
    crm::payments::METHODS,
    disk::STORAGES,
    disk::FOLDERS,
    disk::FILES,
    tasks::METHODS,
    payments::METHODS,
    im::METHODS,
    v3::METHODS,
];

/// Every method played.
pub(crate) fn all() -> impl Iterator<Item = &'static Method> {
    FAMILIES.iter().copied().flatten()
}

/// The method of this name (in lower case).
pub(crate) fn find(version: Version, lower_case_name: &str) -> Option<&'static Method> {
    all().find(|method| {
        method.version == version && method.name.eq_ignore_ascii_case(lower_case_name)
    })
}

/// A method of v2.
const fn v2(name: &'static str, scope: &'static str, play: Play) -> Method {
    Method {
        name,
        version: Version::V2,
        scope,
        app_only: false,
        play,
    }
}

/// What classic methods say to a parameter that is missing or empty.
fn argument_missing(name: &str) -> Refusal {
    let text = format!("Argument '{name}' is null or empty");
    Refusal::new("ERROR_ARGUMENT", text).extra("argument", name)
}

/// A parameter by its exact name, as engine controllers bind it; null counts as missing.
fn required<'a>(params: &'a Php, name: &str) -> Result<&'a Php, Refusal> {
    let missing = || {
        Refusal::new(
            "100",
            format!("Could not find value for parameter {{{name}}}"),
        )
    };
    params
        .get(name)
        .filter(|value| !value.is_null())
        .ok_or_else(missing)
}

/// An array parameter by its exact name; absent and empty are one.
fn optional_array<'a>(call: &Call<'a>, name: &str) -> Result<Option<&'a Php>, Refusal> {
    match call.params.get(name) {
        None | Some(Php::Null) => Ok(None),
        Some(array @ Php::Array(_)) => Ok(Some(array)),
        Some(Php::Str(text)) if text.is_empty() => Ok(None),
        Some(other) => {
            let text = format!(
                "Invalid value {{{}}} to match with parameter {{{name}}}. Should be value of type array.",
                other.to_text()
            );
            Err(Refusal::new("100", text))
        }
    }
}
