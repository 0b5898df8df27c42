//! The third version of the protocol.

mod batch;
mod call;
mod envelope;
pub(crate) mod idempotency;
mod references;

pub(crate) use call::{answer, refuse};
