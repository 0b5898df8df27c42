//! Integration tests of the stores: one contract for all of them, real files, a real PostgreSQL, killed processes.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod bad_stores;
mod contract;
mod dead_process;
mod killed;
mod place_cost;
mod process;
mod proof;
mod server;
mod set_clock;
mod shared_budget;
mod stores;
mod tls;
