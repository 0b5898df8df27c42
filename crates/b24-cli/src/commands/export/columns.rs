//! The columns of a file: what they are called, and what the portal says they hold.

use super::plan::Plan;
use crate::formats::{Column, Layout};

/// What the file of a plan looks like.
pub(super) fn layout(plan: &Plan) -> Layout {
    let described = |path: &String| {
        let fields = plan.fields.iter().flat_map(|fields| fields.iter());
        let field = fields.into_iter().find(|field| field.key == *path);
        match field {
            Some(field) => Column::of(path.as_str(), field),
            None => Column::named(path.as_str()),
        }
    };
    Layout {
        file_type: plan.file_type,
        columns: plan.columns.iter().map(described).collect(),
        only: plan.only.clone(),
        csv_for: plan.csv_for,
        title: plan.entity.stem.clone(),
    }
}
