//! The methods that the portal plays.

use crate::play::{Method, Version};

/// Every method played.
pub(crate) static ALL: &[Method] = &[];

/// The method of this name (in lower case).
pub(crate) fn find(version: Version, lower_case_name: &str) -> Option<&'static Method> {
    ALL.iter().find(|method| method.version == version && method.name.eq_ignore_ascii_case(lower_case_name))
}
