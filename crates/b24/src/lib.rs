//! Bitrix24 REST client.

mod effect;
mod webhook;
pub mod value;

pub use effect::Effect;
pub use webhook::{WebhookError, WebhookUrl};
