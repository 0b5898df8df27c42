//! The CRM: the same rows by classic methods and by `crm.item.*`.

pub(super) mod classic;
mod describe;
pub(super) mod duplicates;
mod files;
pub(super) mod import;
pub(super) mod item;
pub(super) mod payments;
pub(super) mod productrows;
pub(super) mod products;
mod store;
pub(super) mod userfields;
