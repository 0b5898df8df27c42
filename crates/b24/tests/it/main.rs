//! Integration tests of the SDK: scripted answers in virtual time, raw sockets, and the local portal.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![expect(
    clippy::needless_pass_by_value,
    reason = "json! in the arguments reads best"
)]
#![expect(
    clippy::duplicate_mod,
    reason = "each example brings the module that they share"
)]

mod authority;
mod batches;
mod budgets;
mod calls;
mod docs;
mod doors;
mod doors_beyond_crm;
mod everyday;
mod examples;
mod floor;
mod forward;
mod helper;
mod in_process;
mod lists;
mod lists_portal;
mod oauth;
mod oauth_closed;
mod oauth_portal;
mod oauth_stores;
mod retries;
mod script;
mod secrets;
mod seen;
mod strangers;
mod weather;
