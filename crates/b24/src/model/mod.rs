//! Models of what the typed doors read and write: [`Client::deals`](crate::Client::deals) and its kin.
//!
//! **Reading.** Every field is optional: it is empty where the portal has nothing (`null`, `""`, `false`,
//! `[]`; for links to others also `0`) and where it was not selected. Amounts keep their digits
//! ([`Decimal`](crate::value::Decimal)), times their offset ([`DateTime`](crate::value::DateTime)). Custom fields and
//! others that a model does not name are in its [`extra`](Extra), and [`Extra::read`] reads them into a struct of your
//! own. Or leave the model out: `b24.deals().list().items::<MyDeal>()`, `b24.deals().get(5).typed::<MyDeal>()`.
//!
//! **Writing.** What is empty is not sent, and stays as it is at the portal. To empty a field send it as empty text, a
//! list as an empty list:
//!
//! ```no_run
//! # use serde_json::json;
//! # async fn run(b24: b24::Client) -> Result<(), b24::Error> {
//! let mut changes = b24::model::Deal::default();
//! changes.title = Some("Lathe".to_owned());
//! changes.opportunity = Some("1990.50".parse().unwrap());
//! b24.deals().update(5, &changes).await?;
//! b24.deals().update(5, json!({ "closedate": "", "observers": [] })).await?;
//! # Ok(()) }
//! ```
//!
//! Send what changes, not the whole row that was read: the rest of it would undo what others changed meanwhile. Fields
//! "written by the portal" are passed over by it.

mod company;
mod contact;
mod deal;
mod extra;
mod item;
mod lead;
mod payment;
mod read;
mod task;
#[cfg(test)]
mod tests;
mod user;

pub use company::Company;
pub use contact::Contact;
pub use deal::Deal;
pub use extra::Extra;
pub use item::Item;
pub use lead::Lead;
pub use payment::Payment;
pub use task::{Group, Person, Task};
pub use user::User;

/// Whether a row has no id yet.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_unset(id: &u64) -> bool {
    *id == 0
}
