//! Many writes by several clients, each row of which has to be on the portal exactly once.

mod job;
mod limit;
mod page;
mod report;
mod troubles;
mod writers;

pub use report::run;
