//! Integration tests of the SDK: scripted answers in virtual time, raw sockets, and the local portal.

mod batches;
mod calls;
mod everyday;
mod in_process;
mod lists;
mod lists_portal;
mod retries;
mod script;
mod weather;
