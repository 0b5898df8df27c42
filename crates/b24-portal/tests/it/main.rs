//! The portal over real HTTP and in process, against the tables of how real portals answer.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bad_input;
mod batch;
mod client;
mod control;
mod data;
mod envelope;
mod faults;
mod files;
mod https;
mod limits;
mod measure;
mod oauth;
mod oauth_calls;
mod oauth_portals;
mod params;
mod routing;
mod secrets;
mod v3;
