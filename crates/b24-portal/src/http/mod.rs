//! HTTP: from a request to the protocol and back.

mod answer;
mod incoming;
mod params;
mod route;
mod serve;
mod struck;

pub use answer::ConnectionCut;
pub(crate) use answer::HttpAnswer;
pub(crate) use incoming::{Incoming, JsonBody};
pub(crate) use serve::{serve, serve_oauth};
