//! The OAuth server of the portals of one process: applications, installations, codes and tokens.

mod app;
mod control;
mod endpoint;
mod events;
mod exchange;
mod grants;
mod install;
mod listener;
mod portal;
mod realm;
mod registry;
#[cfg(test)]
mod tests;
mod tokens;

pub use app::{App, AppStatus, Installation};
pub(crate) use control::routes;
pub(crate) use endpoint::{Door, member_of};
pub use events::Delivery;
pub(crate) use events::{Deliveries, Event};
pub(crate) use exchange::NoEntry;
pub(crate) use grants::LENGTH as TOKEN_LENGTH;
pub(crate) use listener::{OAuthListener, url as server_url};
pub(crate) use realm::{Host, Realm};
pub(crate) use registry::{Lifetimes, Registry, Seat};
pub use tokens::{InstalledApp, OAuthCounts, Tokens};

/// So many hexadecimal digits.
pub(crate) fn hex(length: usize) -> String {
    const DIGITS: &[u8] = b"0123456789abcdef";
    (0..length)
        .map(|_| char::from(DIGITS[fastrand::usize(..DIGITS.len())]))
        .collect()
}
