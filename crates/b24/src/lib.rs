//! Bitrix24 REST client.

pub mod value;
