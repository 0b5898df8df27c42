//! The command from outside: what it prints, and how it ends.

#![expect(
    clippy::expect_used,
    reason = "a test ends at the first thing that is not there"
)]

mod applications;
#[cfg(unix)]
mod applications_ended;
mod applications_refused;
mod applications_sealed;
mod applications_shared;
mod applications_status;
mod auth;
mod batch;
mod budget;
mod call;
mod change;
#[cfg(unix)]
mod documents;
mod export;
mod files;
mod formats;
mod frame;
mod import;
mod import_change;
mod import_faults;
mod import_input;
mod labels;
mod machine;
#[cfg(unix)]
mod memory;
mod messages;
mod once;
mod portal;
mod proxy;
mod proxy_files;
mod resume;
mod served;
mod stage;
mod support;
mod understand;
