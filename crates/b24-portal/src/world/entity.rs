//! One entity: its rows and the ways in which methods show them.

use super::schema::Field;
use super::table::Table;
use super::view::{Group, Style, View};

/// Rows of one kind and the ways in which methods show them.
#[derive(Debug)]
pub(crate) struct Entity {
    /// As tests and the control API name it: `deal`, `task`.
    pub(crate) name: &'static str,
    /// The entity type id of the CRM; 0 outside of it.
    pub(crate) type_id: i64,
    pub(crate) table: Table,
    pub(crate) classic: View,
    /// camelCase: `crm.item.*`, `tasks.task.*` of v2.
    pub(crate) camel: View,
    /// As [`Self::camel`] with custom fields by their original names.
    pub(crate) original: View,
    pub(crate) v3: View,
}

impl Entity {
    pub(super) fn crm(name: &'static str, type_id: i64, fields: &'static [Field]) -> Self {
        Self {
            name,
            type_id,
            table: Table::new(fields),
            classic: View::classic(fields, Style::Classic),
            camel: View::item(fields, false),
            original: View::item(fields, true),
            v3: View::new(Style::V3),
        }
    }

    /// Shows the fields as they are now.
    pub(super) fn renew_views(&mut self) {
        let fields = self.table.fields();
        self.classic = View::classic(fields, Style::Classic);
        self.camel = View::item(fields, false);
        self.original = View::item(fields, true);
    }

    pub(super) fn users(fields: &'static [Field]) -> Self {
        Self {
            classic: View::classic(fields, Style::User),
            ..Self::crm("user", 0, fields)
        }
    }

    pub(super) fn tasks(fields: &'static [Field], v3_names: &[super::entities::TaskV3]) -> Self {
        let mut entity = Self {
            camel: View::task(fields),
            ..Self::crm("task", 0, fields)
        };
        for (name, behind, words) in v3_names {
            if let Some(field) = entity.table.field_no(behind) {
                entity
                    .v3
                    .add(name, field, fields[field].kind, Group::Standard, words);
            }
        }
        entity
    }

    pub(super) fn event_log(fields: &'static [Field], v3_names: &[&str]) -> Self {
        let mut entity = Self::crm("eventlog", 0, fields);
        for (field, name) in v3_names.iter().enumerate() {
            entity
                .v3
                .add(name, field, fields[field].kind, Group::Standard, &[]);
        }
        entity
    }
}
