//! The rooms a call walks through; `corridor` says in which order.

pub(crate) mod as_is;
pub(crate) mod auth;
pub(crate) mod bucket;
pub(crate) mod corridor;
pub(crate) mod decode;
pub(crate) mod found;
pub(crate) mod gate;
pub(crate) mod learn;
pub(crate) mod operating;
mod places;
pub(crate) mod retry;
pub(crate) mod transport;
