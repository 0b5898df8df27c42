//! Lists: every row once, in the fewest requests the platform allows.
//!
//! ```no_run
//! # use b24::Client;
//! # use serde_json::json;
//! # async fn run(b24: Client) -> Result<(), b24::Error> {
//! #[derive(serde::Deserialize)]
//! struct Deal { id: i64, title: String, opportunity: f64 }
//!
//! let mut deals = b24.v2().list("crm.item.list").param("entityTypeId", 2)
//!     .filter(json!({ ">opportunity": 1000 })).select(["id", "title", "opportunity"])
//!     .items::<Deal>();
//! while let Some(deal) = deals.try_next().await? {
//!     println!("{} {}", deal.id, deal.title);
//! }
//! # Ok(()) }
//! ```
//!
//! v2 lists are read in the order of their ids: up to 50 pages of 50 rows in one request, each page
//! bounded by the last id of the one before it. So 250,000 rows take 101 requests, and rows that are
//! deleted or inserted meanwhile neither hide others nor repeat them. v3 lists are read by id too,
//! up to 1,000 rows a request. A method that cannot filter by id is read by offset.

mod builder;
mod chain;
mod chained;
mod cursor;
mod estimate;
mod feed;
mod id;
mod keyset_v3;
mod lane;
mod lossy;
mod offset;
mod planner;
mod progress;
mod query;
mod reader;
mod rows;
mod settings;
mod shape;
mod size;
mod stream;
mod tail;

pub use builder::List;
pub use cursor::Cursor;
pub use estimate::Plan;
pub use lossy::{BadRow, Lossy};
pub use progress::{Progress, Wall};
pub use stream::{Items, Moved, Page, Pages};
pub use tail::Tail;
