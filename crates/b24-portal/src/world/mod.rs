//! All data of the portal.

/// All data of the portal.
#[derive(Debug, Default)]
pub(crate) struct World;

impl World {
    /// Reference data only.
    pub(crate) fn empty() -> Self {
        Self
    }

    /// The demo set with this many deals.
    pub(crate) fn demo(_deals: u64) -> Self {
        Self
    }

    /// The rows of an entity, as a test looks at them.
    pub(crate) fn rows(&self, _entity: &str) -> Vec<serde_json::Value> {
        Vec::new()
    }

    /// The ids of an entity, rising.
    pub(crate) fn ids(&self, _entity: &str) -> Vec<i64> {
        Vec::new()
    }

    /// Deletes rows as another user would.
    pub(crate) fn delete_rows(&mut self, _entity: &str, _ids: &[i64]) {}

    /// Adds rows as another user would.
    pub(crate) fn insert_rows(&mut self, _entity: &str, _count: usize) {}
}
