//! Deals, leads, contacts, companies and items.

use std::marker::PhantomData;

use serde::Serialize;
use serde_json::Value;

use super::Done;
use super::fields::Fields;
use crate::call::Call;
use crate::client::Client;
use crate::list::List;
use crate::value::EntityType;

/// CRM objects of one kind: `crm.item.*`. Made by [`Client::deals`] and its kin.
///
/// Names of fields are in camel case, in filters too. An unknown one is refused in a filter, and passed over silently
/// in `select` and in writes.
#[derive(Debug)]
pub struct CrmItems<T> {
    client: Client,
    entity_type: EntityType,
    row: PhantomData<fn() -> T>,
}

impl<T> CrmItems<T> {
    pub(super) fn new(client: &Client, entity_type: EntityType) -> Self {
        Self {
            client: client.clone(),
            entity_type,
            row: PhantomData,
        }
    }

    fn call(&self, method: &str) -> Call<Value> {
        let call = self.client.v2().call(method);
        call.param("entityTypeId", self.entity_type)
    }

    /// One by its id. There is none: an error with the code `NOT_FOUND`.
    pub fn get(&self, id: u64) -> Call<T> {
        self.call("crm.item.get")
            .param("id", id)
            .key("item")
            .typed()
    }

    /// Those that match, in the order of their ids.
    pub fn list(&self) -> List<T> {
        let list = self.client.v2().list("crm.item.list");
        list.param("entityTypeId", self.entity_type).typed()
    }

    /// Makes one: of a model, a struct of your own or `json!`. What is `None` or null is not sent. It comes back as
    /// the portal has it now.
    pub fn add(&self, fields: impl Serialize) -> Call<T> {
        let call = self.call("crm.item.add");
        call.param("fields", Fields::new(fields))
            .key("item")
            .typed()
    }

    /// Changes one. What is `None` or null stays as it is, empty text empties a field. It comes back as the portal has
    /// it now.
    pub fn update(&self, id: u64, fields: impl Serialize) -> Call<T> {
        let call = self.call("crm.item.update").param("id", id);
        call.param("fields", Fields::new(fields))
            .key("item")
            .typed()
    }

    /// Deletes one.
    pub fn delete(&self, id: u64) -> Call<Done> {
        self.call("crm.item.delete").param("id", id).typed()
    }
}
