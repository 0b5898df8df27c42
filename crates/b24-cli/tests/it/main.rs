//! The command from outside: what it prints, and how it ends.

mod auth;
mod frame;
mod machine;
mod messages;
mod portal;
mod support;
