#![doc = include_str!("../README.md")]

mod access;
mod builder;
mod catalogue;
mod clock;
mod control;
mod faults;
mod http;
mod limits;
mod links;
mod log;
mod methods;
mod oauth;
mod php;
mod play;
mod portal;
mod refusals;
mod run;
mod server;
mod settings;
mod shared;
mod stub;
mod v2;
mod v3;
mod world;

pub use builder::{PortalBuilder, StartError};
pub use catalogue::{Coverage, coverage};
pub use faults::{Fault, FaultRule};
pub use http::ConnectionCut;
pub use log::LogEntry;
pub use oauth::{App, AppStatus, Delivery, Installation, InstalledApp, OAuthCounts, Tokens};
pub use portal::Portal;
pub use server::{Tls, TlsError};
pub use settings::{Edition, Operating, PastTheEnd, Rate, Statuses, Unplayed, V3Profile};
pub use shared::{Condition, Refusals};
pub use world::automation::{Automation, Occasion};
