//! The second version of the protocol.

mod batch;
mod call;
mod envelope;
mod macros;

pub(crate) use call::{answer, refuse};
