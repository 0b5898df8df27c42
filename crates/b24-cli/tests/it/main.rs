//! The command from outside: what it prints, and how it ends.

mod auth;
mod batch;
mod call;
mod export;
mod frame;
mod machine;
mod messages;
mod portal;
mod served;
mod support;
