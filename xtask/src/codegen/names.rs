//! The names of all methods, for the SDK's snapshot of effects.

use anyhow::Result;

use super::catalogue::Catalogue;

/// `name version`, one method a line.
pub(super) fn lines(catalogue: &Catalogue) -> Result<String> {
    Ok(catalogue
        .methods
        .iter()
        .map(|method| format!("{} {}\n", method.name, method.version))
        .collect())
}
