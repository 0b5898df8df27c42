//! placeholder
use anyhow::Result;
use super::catalogue::Catalogue;
pub(super) fn rust_table(_c: &Catalogue) -> Result<String> { Ok(String::new()) }
