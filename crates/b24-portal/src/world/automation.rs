//! What writes would have set in motion on a real portal.

/// Robots and workflows that would have started: those of an entity, on a row that was added or changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Automation {
    /// `deal`, `contact`, `dynamic_128` …
    pub entity: &'static str,
    /// The row.
    pub id: i64,
    /// What was done to it.
    pub on: Occasion,
    /// The stage it was in then; empty where there are none.
    pub stage: String,
}

/// What robots start on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Occasion {
    /// The row was added.
    Add,
    /// The row was changed.
    Update,
}
