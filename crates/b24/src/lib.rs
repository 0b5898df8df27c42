//! Bitrix24 REST client.

mod effect;
pub mod value;

pub use effect::Effect;
