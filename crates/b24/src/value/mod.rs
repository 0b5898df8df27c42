//! The portal's values: PHP's habits, once.
//!
//! The portal is written in PHP, and its answers show it: one number comes as
//! `410` from one method and as `"410"` from another, a truth as `true`, `"Y"`
//! or `"1"`, nothing as `null`, `false`, `""` or `[]`, and an empty map as a
//! list. Name these modules and types in your structs, and they read all of it:
//!
//! | in Rust | the portal writes | here |
//! |---|---|---|
//! | `bool` | `"Y"`, `"N"`, `true`, `1`, `"1"`, `"true"` | [`flag`] |
//! | `i64`, `u32`, `f64` … | `410`, `"410"`, `"410.00"` | [`number`] |
//! | `Option<i64>` … | the same, `null`, `""`, `false` | [`number::option`] |
//! | `Option<T>` | nothing as `null`, `""`, `false`, `[]` | [`maybe`] |
//! | `Vec<T>` | a list, `{"0":…,"5":…}`, `false` | [`list`] |
//! | a map, a struct | a map, `[]` when empty | [`map`] |
//! | money | `"1000000.00"`, `"10.50\|EUR"` | [`Decimal`], [`Money`], [`money::option`] |
//! | dates | `"2024-08-30T02:00:00+02:00"`, `""` | [`DateTime`], [`Date`] |
//! | phones, e-mails | `[{"ID":…,"VALUE":…}]` | [`Multifield`] |
//! | object types | `2`, `"D"`, `"CO_3"` | [`EntityType`], [`EntityRef`] |
//!
//! ```
//! use b24::value::{self, DateTime, Decimal, Multifield};
//! use std::collections::BTreeMap;
//!
//! #[derive(serde::Deserialize)]
//! #[serde(rename_all = "UPPERCASE")]
//! struct Contact {
//!     #[serde(with = "value::number")]
//!     id: i64,
//!     #[serde(with = "value::flag")]
//!     opened: bool,
//!     #[serde(default, with = "value::number::option")]
//!     company_id: Option<i64>,
//!     #[serde(default, with = "value::maybe")]
//!     birthdate: Option<DateTime>,
//!     #[serde(default, with = "value::list")]
//!     phone: Vec<Multifield>,
//!     /// Custom fields: their names are known to the portal only.
//!     #[serde(flatten)]
//!     extra: BTreeMap<String, serde_json::Value>,
//! }
//!
//! let contact: Contact = serde_json::from_str(
//!     r#"{"ID":"17","OPENED":"Y","COMPANY_ID":"","BIRTHDATE":"","PHONE":
//!         [{"ID":"3","VALUE":"+49 30 901820","VALUE_TYPE":"WORK","TYPE_ID":"PHONE"}],
//!         "UF_CRM_1704067221":"tea"}"#,
//! )?;
//! assert_eq!((contact.id, contact.opened, contact.company_id), (17, true, None));
//! assert_eq!(contact.birthdate, None);
//! assert_eq!(contact.phone[0].value, "+49 30 901820");
//! assert_eq!(contact.extra["UF_CRM_1704067221"], "tea");
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! The names of custom fields differ between the old and the new CRM methods:
//! [`field`] converts them.

mod decimal;
mod entity;
pub mod field;
pub mod flag;
pub mod form;
pub mod list;
pub mod map;
pub mod maybe;
pub mod money;
pub mod multifield;
pub mod number;
#[cfg(test)]
mod tests;
mod time;
pub(crate) mod tree;

pub use decimal::{Decimal, DecimalError};
pub use entity::{EntityError, EntityRef, EntityType};
pub use money::Money;
pub use multifield::Multifield;
pub use time::{Date, DateTime, TimeError};
pub(crate) use tree::Tree;
