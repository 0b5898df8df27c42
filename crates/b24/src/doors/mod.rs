//! Typed doors: what most programs ask for, by name.
//!
//! A door knows its methods and the [model](crate::model) of its rows, and hands out the same [`Call`](crate::Call)s
//! and [`List`](crate::List)s as [`V2`](crate::V2): filter, select, stream, batch and resume them as any other.
//!
//! ```no_run
//! # use serde_json::json;
//! # async fn run(b24: b24::Client) -> Result<(), b24::Error> {
//! let mut deals = b24.deals().list().filter(json!({ ">=createdTime": "2026-01-01" })).items::<b24::model::Deal>();
//! while let Some(deal) = deals.try_next().await? {
//!     println!("{} {:?} {:?}", deal.id, deal.title, deal.opportunity);
//! }
//! let deal = b24.deals().add(json!({ "title": "Lathe", "opportunity": "1990.50", "currencyId": "EUR" })).await?;
//! b24.deals().update(deal.id, json!({ "stageId": "WON" })).await?;
//! b24.deals().delete(deal.id).await?;
//! # Ok(()) }
//! ```
//!
//! The doors of the CRM speak `crm.item.*`: numbers are numbers, names are in camel case, and a field in a filter that
//! the portal does not know is refused, where the classic methods would pass over it and answer everything.

mod crm;
mod fields;
mod payments;
mod tasks;
mod users;

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny};

use crate::client::Client;
use crate::model::{Company, Contact, Deal, Item, Lead};
use crate::value::EntityType;

pub use crm::CrmItems;
pub use payments::Payments;
pub use tasks::Tasks;
pub use users::Users;

impl Client {
    /// Deals.
    pub fn deals(&self) -> CrmItems<Deal> {
        CrmItems::new(self, EntityType::Deal)
    }

    /// Leads.
    pub fn leads(&self) -> CrmItems<Lead> {
        CrmItems::new(self, EntityType::Lead)
    }

    /// Contacts.
    pub fn contacts(&self) -> CrmItems<Contact> {
        CrmItems::new(self, EntityType::Contact)
    }

    /// Companies.
    pub fn companies(&self) -> CrmItems<Company> {
        CrmItems::new(self, EntityType::Company)
    }

    /// Invoices, estimates, and items of smart processes.
    ///
    /// ```no_run
    /// # use b24::value::EntityType;
    /// # async fn run(b24: b24::Client) -> Result<(), b24::Error> {
    /// let invoices = b24.items(EntityType::SmartInvoice).list().limit(10).await?;
    /// let project = b24.items(EntityType::Dynamic(128)).get(5).await?;
    /// # Ok(()) }
    /// ```
    pub fn items(&self, entity_type: EntityType) -> CrmItems<Item> {
        CrmItems::new(self, entity_type)
    }

    /// Payments of orders, deals and invoices. Needs the scope `sale` and an administrator.
    pub fn payments(&self) -> Payments {
        Payments::new(self)
    }

    /// Tasks.
    pub fn tasks(&self) -> Tasks {
        Tasks::new(self)
    }

    /// Users of the portal.
    pub fn users(&self) -> Users {
        Users::new(self)
    }
}

/// It is done, and the portal had nothing more to say.
///
/// Read of any answer but `false`, which says that it was not done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done;

impl<'de> Deserialize<'de> for Done {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DoneVisitor;

        impl<'de> serde::de::Visitor<'de> for DoneVisitor {
            type Value = Done;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything but false")
            }

            fn visit_bool<E: Error>(self, done: bool) -> Result<Done, E> {
                if done {
                    Ok(Done)
                } else {
                    Err(E::custom("the portal says that it was not done"))
                }
            }

            fn visit_i64<E>(self, _: i64) -> Result<Done, E> {
                Ok(Done)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Done, E> {
                Ok(Done)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Done, E> {
                Ok(Done)
            }

            fn visit_str<E>(self, _: &str) -> Result<Done, E> {
                Ok(Done)
            }

            fn visit_unit<E>(self) -> Result<Done, E> {
                Ok(Done)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Done, A::Error> {
                IgnoredAny.visit_seq(seq).map(|_| Done)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Done, A::Error> {
                IgnoredAny.visit_map(map).map(|_| Done)
            }
        }

        deserializer.deserialize_any(DoneVisitor)
    }
}
