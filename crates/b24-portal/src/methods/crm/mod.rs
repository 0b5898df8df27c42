//! The CRM: the same rows by classic methods and by `crm.item.*`.

pub(super) mod classic;
mod describe;
pub(super) mod item;
mod store;
