//! The portal's limits: pure state machines that are told the time.

pub(crate) mod bucket;
pub(crate) mod operating;
#[cfg(test)]
mod tests;
