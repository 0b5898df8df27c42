//! The portal's values: PHP's habits, once.

pub mod form;
pub(crate) mod tree;

pub(crate) use tree::Tree;
