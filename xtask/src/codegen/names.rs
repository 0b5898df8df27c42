//! The names of all methods, for the SDK's snapshot of effects.

use super::catalogue::Catalogue;
use super::json;

/// `name version`, one method a line.
pub(super) fn lines(catalogue: &Catalogue) -> String {
    json::lines(
        catalogue
            .methods
            .iter()
            .map(|method| format!("{} {}", method.name, method.version)),
    )
}
