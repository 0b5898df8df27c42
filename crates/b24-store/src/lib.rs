#![doc = include_str!("../README.md")]

mod keys;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod wire;

pub use keys::{KEY_FILE_VARIABLE, KEY_VARIABLE, Keys};
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

/// The examples of the page about applications, tested with the crate's own.
#[cfg(all(doctest, feature = "postgres"))]
#[doc = include_str!("../../../docs/applications.md")]
struct Applications;
