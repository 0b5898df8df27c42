#![doc = include_str!("../README.md")]
//!
//! # The map of this crate
//!
//! [`Client`] makes [`Call`]s, [`List`]s and [`Batch`]es; all of them walk one path, `room/corridor.rs`: limiter,
//! endpoint, transport, decoding, verdict. What decides is pure and what waits is thin. [`value`] knows PHP's habits,
//! [`Effect`] what a method does, [`filter`] the filters of v3, [`redact`] what must not be shown.

mod aggregate;
pub mod batch;
mod builder;
mod call;
mod client;
pub mod doors;
mod effect;
mod error;
pub mod filter;
mod forward;
pub mod helper;
mod install;
mod limits;
pub mod list;
pub mod model;
mod oauth;
mod observe;
pub mod redact;
mod room;
mod rt;
pub mod store;
pub mod value;
mod webhook;

pub use aggregate::{Aggregate, Aggregates, Function};
pub use batch::{Batch, Outcome, Outcomes, Ref, Slot};
pub use builder::ClientBuilder;
pub use call::{Call, Replay, Reply, Version};
pub use client::{Client, V2, V3};
pub use effect::Effect;
pub use error::{ApiError, Error, Kind, Reason, Validation};
pub use forward::{Forward, Forwarded, ForwardedBody};
pub use install::{InstallError, Installation, Uninstallation};
pub use limits::{Limits, LimitsError};
pub use list::{
    BadRow, Cursor, Items, List, Lossy, Moved, Page, Pages, Plan, Progress, Tail, Wall,
};
pub use oauth::{
    App, Denial, Grant, OAuth, Portal, REFRESH_LIFETIME, RefreshError, Refresher, Renewed,
    TokenError,
};
pub use observe::{BeforeSend, Event, Observer, OperatingUsage, RateUsage, Stats, Usage};
pub use room::decode::Time;
pub use room::transport::{ByteStream, Sent, Transport, TransportError};
pub use rt::{BoxFuture, BoxStream, MaybeSend, MaybeSync};
pub use store::{MemoryStore, SharedBudget, TokenStore};
pub use webhook::{WebhookError, WebhookUrl};

/// The examples of the repository's front page, tested with the crate's own.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FrontPage;
