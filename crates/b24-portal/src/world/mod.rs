//! All data of the portal, in memory: compact tables, and nothing that knows about HTTP.

pub(crate) mod automation;
mod cell;
mod column;
mod demo;
pub(crate) mod directory;
pub(crate) mod drive;
mod entities;
mod entity;
pub(crate) mod files;
pub(crate) mod filter;
pub(crate) mod input;
mod money;
pub(crate) mod product_rows;
mod results;
pub(crate) mod scan;
pub(crate) mod schema;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod time;
pub(crate) mod user_fields;
pub(crate) mod view;
pub(crate) mod write;

use std::collections::BTreeMap;

use automation::Automation;
use drive::Drive;
use files::Files;
use product_rows::{Owner, ProductRows};
use schema::Kind;
use user_fields::UserFields;

use crate::links::Signer;

pub(crate) use cell::{Cell, CellRef, Multifield};
pub(crate) use directory::Directory;
pub(crate) use entities::PAY_SYSTEMS;
pub(crate) use entity::Entity;

/// All data of the portal.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) crm: Vec<Entity>,
    pub(crate) tasks: Entity,
    pub(crate) users: Entity,
    pub(crate) payments: Entity,
    pub(crate) events: Entity,
    pub(crate) products: Entity,
    pub(crate) directory: Directory,
    pub(crate) user_fields: UserFields,
    pub(crate) product_rows: ProductRows,
    /// Payments of items of the CRM, by id.
    pub(crate) item_payments: BTreeMap<i64, Owner>,
    pub(crate) drive: Drive,
    /// Contents of the drive and of the CRM's files.
    pub(crate) files: Files,
    /// Signs links to files.
    pub(crate) signer: Signer,
    /// Robots and workflows that would have started, oldest first.
    pub(crate) automation: Vec<Automation>,
    /// The id of the next phone or e-mail.
    pub(crate) next_multifield: i64,
    /// The id of the next notification.
    pub(crate) next_notification: i64,
}

impl World {
    /// Users and directories only.
    pub(crate) fn empty() -> Self {
        let crm = vec![
            Entity::crm("lead", 1, entities::LEAD),
            Entity::crm("deal", 2, entities::DEAL),
            Entity::crm("contact", 3, entities::CONTACT),
            Entity::crm("company", 4, entities::COMPANY),
            Entity::crm("smart_invoice", 31, entities::INVOICE),
            Entity::crm("dynamic_128", 128, entities::PROJECT),
            Entity::crm("dynamic_1032", 1032, entities::EQUIPMENT),
        ];
        let mut world = Self {
            user_fields: UserFields::of(&crm),
            crm,
            tasks: Entity::tasks(entities::TASK, entities::TASK_V3),
            users: Entity::users(entities::USER),
            payments: Entity::crm("payment", 0, entities::PAYMENT),
            events: Entity::event_log(entities::EVENT_LOG, entities::EVENT_LOG_V3),
            products: Entity::crm("product", 0, entities::PRODUCT),
            directory: Directory::new(),
            automation: Vec::new(),
            product_rows: ProductRows::default(),
            item_payments: BTreeMap::new(),
            drive: Drive::default(),
            files: Files::default(),
            signer: Signer::default(),
            next_multifield: 1,
            next_notification: 1,
        };
        demo::users(&mut world);
        world.add_storages();
        world
    }

    /// The company's drive and one for each user.
    fn add_storages(&mut self) {
        self.drive
            .add_storage("Общий диск", "common", "shared_files_s1");
        let users = &self.users.table;
        for row in users.places() {
            let name = format!(
                "{} {}",
                users.text(row, "NAME"),
                users.text(row, "LAST_NAME")
            );
            let id = users.id(row).to_string();
            self.drive.add_storage(name.trim(), "user", &id);
        }
    }

    /// The demo set with this many deals.
    pub(crate) fn demo(deals: u64) -> Self {
        let mut world = Self::empty();
        demo::fill(&mut world, usize::try_from(deals).unwrap_or(usize::MAX));
        world
    }

    /// The CRM entity of this type.
    pub(crate) fn crm(&self, type_id: i64) -> Option<&Entity> {
        self.crm.iter().find(|entity| entity.type_id == type_id)
    }

    /// As [`Self::crm`], to be changed.
    pub(crate) fn crm_mut(&mut self, type_id: i64) -> Option<&mut Entity> {
        self.crm.iter_mut().find(|entity| entity.type_id == type_id)
    }

    /// The rows of an entity, with classic names and values; none for an unknown entity.
    pub(crate) fn rows(&self, entity: &str) -> Vec<serde_json::Value> {
        let Some(entity) = self.entity(entity) else {
            return Vec::new();
        };
        let all: Vec<usize> = (0..entity.classic.entries.len()).collect();
        let mut json = Vec::new();
        let live = entity
            .table
            .places()
            .filter(|&row| entity.table.is_live(row));
        live.map(|row| {
            json.clear();
            entity
                .classic
                .write_row(&all, &entity.table, row, &mut json);
            serde_json::from_slice(&json).unwrap_or_default()
        })
        .collect()
    }

    /// The ids of an entity, rising.
    pub(crate) fn ids(&self, entity: &str) -> Vec<i64> {
        self.entity(entity)
            .map(|entity| entity.table.ids())
            .unwrap_or_default()
    }

    /// Whether there is an entity of this name.
    pub(crate) fn has(&self, entity: &str) -> bool {
        self.entity(entity).is_some()
    }

    /// Deletes rows as another user would; how many there were.
    pub(crate) fn delete_rows(&mut self, entity: &str, ids: &[i64]) -> usize {
        let Some(entity) = self.entity_mut(entity) else {
            return 0;
        };
        ids.iter().filter(|id| entity.table.delete(**id)).count()
    }

    /// Adds rows as another user would.
    pub(crate) fn insert_rows(&mut self, entity: &str, count: usize) {
        if let Some(entity) = self.entity_mut(entity) {
            (0..count).for_each(|_| demo::plain_row(&mut entity.table));
        }
    }

    /// Sets text fields of rows as another user would.
    pub(crate) fn update_rows(
        &mut self,
        entity: &str,
        ids: &[i64],
        fields: &BTreeMap<String, String>,
    ) {
        let Some(table) = self.entity_mut(entity).map(|entity| &mut entity.table) else {
            return;
        };
        for (name, text) in fields {
            let holds_text = |field: &usize| {
                matches!(
                    table.field(*field).kind,
                    Kind::Text | Kind::Code | Kind::Status(_) | Kind::Currency
                )
            };
            let Some(field) = table.field_no(name).filter(holds_text) else {
                continue;
            };
            for &id in ids {
                if let Some(row) = table.find(id) {
                    table.set(row, field, CellRef::Text(text));
                }
            }
        }
    }

    /// Notes in the event log that something was done.
    pub(crate) fn note(&mut self, now: i64, user_id: i64, event: &Event<'_>) {
        let table = &mut self.events.table;
        let row = table.append();
        table.set_named(row, "TIMESTAMP_X", now);
        table.set_named(row, "AUDIT_TYPE_ID", event.audit_type);
        table.set_named(row, "MODULE_ID", event.module);
        table.set_named(row, "ITEM_ID", event.item);
        table.set_named(row, "USER_ID", user_id);
        table.set_named(row, "REMOTE_ADDR", "127.0.0.1");
        table.set_named(row, "REQUEST_URI", "/rest/");
        table.set_named(row, "USER_AGENT", "REST");
    }

    /// An entity by name; for the CRM also by type id (`128`).
    fn entity(&self, name: &str) -> Option<&Entity> {
        let single = [
            &self.tasks,
            &self.users,
            &self.payments,
            &self.events,
            &self.products,
        ];
        self.crm
            .iter()
            .chain(single)
            .find(|entity| entity.is_called(name))
    }

    fn entity_mut(&mut self, name: &str) -> Option<&mut Entity> {
        let single = [
            &mut self.tasks,
            &mut self.users,
            &mut self.payments,
            &mut self.events,
            &mut self.products,
        ];
        self.crm
            .iter_mut()
            .chain(single)
            .find(|entity| entity.is_called(name))
    }
}

/// What the event log is told.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) audit_type: &'a str,
    pub(crate) module: &'a str,
    pub(crate) item: &'a str,
}

impl Entity {
    fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || (self.type_id > 0 && name.parse() == Ok(self.type_id))
    }
}
