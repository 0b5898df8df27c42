//! A local Bitrix24 portal.

mod methods;
mod php;
mod play;
mod settings;
mod world;

pub use settings::{Edition, PastTheEnd, V3Profile};
